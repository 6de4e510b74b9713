/*
 * One promotion's card and announcements: two senders, a Slack that answers late, ambiguously or not at all.
 * A sender's turn: look (surface and promotion), claim (compare-and-set on the surface), act (one call to Slack), record
 * (on whatever the surface has become meanwhile). Times are kept as what may still happen before them:
 *   a claim's time passes (postingUntil, drawingUntil, tellingUntil) once its sender was answered, gave up or died
 *   redrawAt passes once an edit that was never answered has arrived or is lost
 * SLEEPER: a sender may sleep past its own claim's time (but not past redrawAt); it may then say something twice.
 * NOROOM: so often the budget has no room after a claim, which is then given back. DELETED: somebody deletes the card.
 * The promotion is saved REVISIONS times, one announcement each; the last save ends it.
 */
#ifndef REVISIONS
#define REVISIONS 3
#endif
#ifndef UNKNOWNS
#define UNKNOWNS 1
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef NOROOM
#define NOROOM 0
#endif
#define S 2
#define CARDS (3 + UNKNOWNS + CRASHES)

mtype:event = { nothing, post, edit, tell, rest };

/* --- Stored: the promotion's revision (and as many announcements), and its surface. ------------------------------- */
byte revision = 1;
byte ts = 0;                       /* which card is ours; 0 none yet */
byte drawn = 0, told = 0;
byte posting = 0, drawing = 0, telling = 0;   /* 0 none, 1 claimed, 2 claimed and its time has passed */
byte poster = 9, drawer = 9, teller = 9;      /* whose claim it is */
byte redraw = 0;                   /* redrawAt: 0 none, 1 set, 2 its time has come */
bool due = true;
bool fresh[S] = false;             /* nobody changed the surface since this sender looked */

/* --- Slack. --------------------------------------------------------------------------------------------------------- */
byte cards = 0;
byte shows[CARDS] = 0;            /* the revision that each card shows */
bool gone[CARDS] = false;
byte delivered[REVISIONS + 1] = 0;
byte stray[2] = 0, strayCard[2] = 0;   /* edits that nobody waits for any more and that may still arrive */

/* --- What each sender is at. ---------------------------------------------------------------------------------------- */
mtype:event at[S] = nothing;
bool out[S] = false;               /* its call to Slack is made and not answered */
byte unknowns = 0, crashes = 0, norooms = 0;
bool deleted = false;
byte excuses = 0;                  /* ghost: ambiguous answers and crashes, each of which may repeat one message */
byte cardExcuses = 0;

#define ENDED (revision == REVISIONS)
#define MID(x) (at[0] == x || at[1] == x)
#ifdef SLEEPER
#define ANSWERED(x, owner) true
#define OLDER (at[0] == edit && drawer != 0) || (at[1] == edit && drawer != 1)
#else
#define ANSWERED(x, owner) (!MID(x))
#define OLDER false
#endif

#if defined(M_POST_WITHOUT_CLAIM)
#define MAYPOST (ts == 0)
#else
#define MAYPOST (ts == 0 && posting != 1)
#endif
#if defined(M_TELL_WITHOUT_CLAIM)
#define MAYTELL (told < revision && ts != 0)
#else
#define MAYTELL (told < revision && ts != 0 && telling != 1)
#endif
#if defined(M_EDIT_WITHOUT_CLAIM)
#define MAYEDIT (ts != 0 && drawn < revision)
#elif defined(M_NO_REDRAW)
#define MAYEDIT (ts != 0 && drawing != 1 && drawn < revision)
#else
#define MAYEDIT (ts != 0 && drawing != 1 && (drawn < revision || redraw == 2 || !ENDED))
#endif
#if defined(M_POST_WITHOUT_CLAIM)
#define UNCLAIMED (todo == post)
#elif defined(M_TELL_WITHOUT_CLAIM)
#define UNCLAIMED (todo == tell)
#elif defined(M_EDIT_WITHOUT_CLAIM)
#define UNCLAIMED (todo == edit)
#else
#define UNCLAIMED false
#endif
#define NOTHINGNEW (told >= revision && drawn >= revision && redraw == 0 && ts != 0)

inline touched() { fresh[0] = false; fresh[1] = false }
inline strays(rev, card) {
  if
  :: stray[0] == 0 -> stray[0] = rev; strayCard[0] = card
  :: stray[0] != 0 -> stray[1] = rev; strayCard[1] = card
  fi
}
inline excuse() {
  if
  :: at[w] == tell -> excuses++
  :: at[w] == post -> cardExcuses++
  :: else
  fi
}

/* --- record ------------------------------------------------------------------------------------------------------------ */
inline endClaim() {
  if
  :: at[w] == post && poster == w -> posting = 0; poster = 9
  :: at[w] == edit && drawer == w -> drawing = 0; drawer = 9
  :: at[w] == tell && teller == w -> telling = 0; teller = 9
  :: else
  fi
}
inline recordSent() {
  if
  :: at[w] == post ->
     if
     :: ts == 0 -> ts = card; drawn = rev; drawing = 0; drawer = 9; redraw = 0
     :: else
     fi
  :: at[w] == edit ->
#ifdef M_DRAWN_ONLY_RISES
     drawn = (drawn > rev -> drawn : rev)
#elif defined(M_RECORD_NEWEST)
     drawn = revision
#else
     drawn = rev
#endif
     ; if :: settles && drawer == w -> redraw = 0 :: else fi
  :: at[w] == tell -> told = (told > seq -> told : seq)
  fi;
  endClaim(); due = true; touched()
}
inline recordUnknown() {
  if
  :: at[w] == edit ->
#ifdef M_NO_REDRAW
     skip;
#else
     redraw = 1;
#endif
     drawing = 1; drawer = 8; due = true; touched()             /* may be tried again a little later */
  :: at[w] == post -> skip                          /* the claim stands until its time has passed */
  :: at[w] == tell ->
#ifdef M_UNKNOWN_IS_TOLD
     told = (told > seq -> told : seq); endClaim(); touched()
#else
     skip
#endif
  fi
}
inline recordGone() {
  if :: ts == card -> ts = 0; drawn = 0; posting = 0; drawing = 0; redraw = 0; poster = 9; drawer = 9 :: else fi;
  endClaim(); due = true; touched()
}
inline done() { at[w] = nothing; out[w] = false; rev = 0; seq = 0; card = 0; arrived = false; settles = false; wasClaimed = 0; wasRedraw = 0 }

#ifdef M_GIVE_BACK_BLINDLY
#define STILL(owner) true
#else
#define STILL(owner) (owner == w)
#endif
inline giveBack() {
  if
  :: at[w] == post && STILL(poster) -> posting = wasClaimed; poster = 8
  :: at[w] == edit && STILL(drawer) -> drawing = wasClaimed; redraw = wasRedraw; drawer = 8
  :: at[w] == tell && STILL(teller) -> telling = wasClaimed; teller = 8
  :: else
  fi
}

proctype Sender(byte w) {
  mtype:event todo = nothing;
  byte rev = 0, seq = 0, card = 0, wasClaimed = 0, wasRedraw = 0;
  bool arrived = false, settles = false;
end:
  do
  :: atomic { due && todo == nothing && at[w] == nothing ->
       if
       :: MAYPOST -> todo = post
       :: MAYEDIT -> todo = edit
       :: MAYTELL -> todo = tell
       :: NOTHINGNEW -> todo = rest
       :: else
       fi;
       if :: todo != nothing -> fresh[w] = true; rev = revision; seq = told + 1; card = ts :: else fi }
  :: atomic { todo == rest ->
       if
#ifdef M_REST_BLINDLY
       :: fresh[w] -> due = false; touched()
#else
       :: fresh[w] && drawn >= revision && told >= revision -> due = false; touched()
#endif
       :: else                                       /* a save came between: due as that save set it */
       fi;
       todo = nothing; rev = 0; seq = 0; card = 0; fresh[w] = false }
  :: atomic { todo != nothing && todo != rest ->
       if
       :: fresh[w] || UNCLAIMED ->
          at[w] = todo; touched();
          if
          :: todo == post -> wasClaimed = posting; posting = 1; poster = w
          :: todo == edit -> wasClaimed = drawing; wasRedraw = redraw;
#ifdef M_FORGET_UNFINISHED
             redraw = (redraw == 2 -> 0 : redraw);
#elif defined(M_REDRAW_FORGOTTEN_AT_CLAIM)
             redraw = (drawing != 0 -> 1 : (redraw == 2 -> 0 : redraw));
#elif !defined(M_NO_REDRAW)
             settles = (redraw == 2 && drawing == 0);
             redraw = ((drawing != 0 || redraw == 2) -> 1 : redraw);   /* somebody's drawing may still come, or ours fail */
#endif
             drawing = 1; drawer = w
          :: todo == tell -> wasClaimed = telling; telling = 1; teller = w;
#ifdef M_TOLD_BEFORE_SENT
             told = (told > seq -> told : seq)
#endif
          fi
       :: else -> rev = 0; seq = 0; card = 0
       fi;
       todo = nothing; fresh[w] = false }

#if NOROOM > 0
  /* the budget has no room: what is still ours of the claim is given back */
  :: atomic { at[w] != nothing && !out[w] && todo == nothing && norooms < NOROOM ->
       norooms++; giveBack(); due = true; touched(); done() }
#endif
  /* act: the call goes out */
  :: atomic { at[w] != nothing && !out[w] && todo == nothing -> out[w] = true }
  /* Slack does it */
  :: atomic { out[w] && !arrived && !(at[w] == edit && gone[card]) ->
       arrived = true;
       if
       :: at[w] == post ->
          if :: cards < CARDS - 1 -> cards++ :: else fi;
          card = cards; shows[card] = rev;
#ifndef SLEEPER
          assert(cards <= 1 + cardExcuses + deleted)          /* a second card only after doubt about the first */
#endif
       :: at[w] == edit -> shows[card] = rev
       :: at[w] == tell ->
          delivered[seq]++;
          assert(seq == 1 || delivered[seq - 1] > 0);         /* in their order */
#ifndef SLEEPER
          assert(delivered[seq] <= 1 + excuses)               /* twice only after doubt */
#endif
       fi }
  /* ... and answers */
  :: atomic { out[w] && arrived -> recordSent(); done() }
  :: atomic { out[w] && !arrived && at[w] == edit && gone[card] -> recordGone(); done() }
  /* ... or nobody knows */
  :: atomic { out[w] && unknowns < UNKNOWNS ->
       unknowns++; excuse();
       if :: at[w] == edit && !arrived -> strays(rev, card) :: else fi;
       recordUnknown(); done() }
  /* ... or the sender dies, its call made or not */
  :: atomic { at[w] != nothing && crashes < CRASHES ->
       crashes++; excuse();
       if :: out[w] && !arrived && at[w] == edit -> strays(rev, card) :: else fi;
       done() }
  od
}

active proctype Slack() {
endk:
  do
  :: atomic { stray[0] != 0 -> shows[strayCard[0]] = stray[0]; stray[0] = 0; strayCard[0] = 0 }
  :: atomic { stray[1] != 0 -> shows[strayCard[1]] = stray[1]; stray[1] = 0; strayCard[1] = 0 }
  :: atomic { stray[0] != 0 -> stray[0] = 0; strayCard[0] = 0 }
#ifdef DELETED
  :: atomic { !deleted && !ENDED && ts != 0 -> deleted = true; gone[ts] = true }
#endif
  od
}

active proctype Engine() {
ende:
  do
  :: atomic { !ENDED -> revision++; due = true }     /* a save, with its announcement, makes the surface due */
  od
}

/* Times pass. */
active proctype Clock() {
endc:
  do
  :: atomic { posting == 1 && (ANSWERED(post, poster)) -> posting = 2 }
  :: atomic { drawing == 1 && (ANSWERED(edit, drawer)) -> drawing = 2 }
  :: atomic { telling == 1 && (ANSWERED(tell, teller)) -> telling = 2 }
  :: atomic { redraw == 1 && stray[0] == 0 && stray[1] == 0 && !(OLDER) -> redraw = 2 }
  od
}

/* Nothing more will happen: the newest state is shown, and everything was told. */
active proctype Judge() {
  do
  :: timeout ->
     assert(ENDED && !due);
     assert(ts != 0 && shows[ts] == REVISIONS && told == REVISIONS);
     assert(delivered[1] > 0 && delivered[2] > 0 && delivered[REVISIONS] > 0);
     break
  od
}

init { atomic { run Sender(0); run Sender(1) } }

#ifdef LIVE
ltl shown { <> [] (ts != 0 && shows[ts] == REVISIONS && told == REVISIONS) }
#endif

/*
 * One promotion on a target with compare-and-set: approval, gate, claim, act, record, rollback, hand-over to people.
 * docs/model.md ties every name here to the function it stands for. A worker's tick is three steps:
 *   look   load the promotion, read directory and target, judge what the saved state calls for
 *   save   one conditional write; it counts only while the promotion is as it was loaded (fresh)
 *   act    one call under the precondition that the saved claim holds
 * Two things are kept as bits where the code keeps texts, which loses nothing because only equality is ever asked:
 *   the revision   fresh[w]: nobody saved since worker w loaded
 *   the ETag       age[w]: how often the target was written since what w saw. A request under an older ETag can never
 *                  be accepted, so it is dropped at once, and requests on their way all carry the ETag of now.
 * Sizes: WORKERS CRASHES LOSSES TRIES RETRIES REFUSALS. World: APPROVED (starts with both approvals) BUMP STALE FOREIGN
 * UNDO. M_*: one mistake in the protocol, each. LIVE, LIVE_PEOPLE: with a liveness property.
 */
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef LOSSES
#define LOSSES 1
#endif
#ifndef TRIES
#define TRIES 2
#endif
#ifndef RETRIES
#define RETRIES 1
#endif
#ifndef REFUSALS
#define REFUSALS 0
#endif
#ifndef STALE
#define STALE 0
#endif

/* Phases. Cancelled, rejected, expired and failed are one end here: nothing was touched. */
mtype:phase = { awaiting, waiting, deploying, verifying, monitoring, rollingback, rollbackfailed,
                promoted, rolledback, resolved, untouched };
/* What a look leads to: the event that is saved. */
mtype:event = { nothing, claimgranted, claimdenied, approvalexpired, locktaken, waitelapsed, gaterecorded, planchanged,
                planrefused, approvallapsed, cancelgranted, canceldenied, rollbackgranted, stepclaimed, stepcompleted,
                stepfailed, driftfound, probegood, probebad, notverified, readinggood, readingbad, retrygranted,
                resolvegranted };

/* --- The stored promotion. People are bits: 1, 2 and 4 may approve, 8 is the requester. ------------------------ */
mtype:phase phase = awaiting;
bool dirty = false;
byte round = 1;                        /* which plan; its digest goes with it */
byte approvals = 0, asked = 0;         /* granted; claimed and not settled yet */
bool wantCancel = false, wantBack = false, wantRetry = false;
byte wantResolve = 0, resolutions = 0;
byte gate = 0;                         /* 0 none, 1 fresh, 2 older than 60 s */
byte tries = 0;                        /* attempts of the forward step */
byte back = 0;                         /* the step back: 0 none, 1 claimed, 2 done */
byte backPre = 0;                      /* its precondition: 0 the target's ETag of now, 1 the one before, 2 older */
byte again = 0;                        /* how often people ordered the rollback again; a new key each time */
bool fresh[WORKERS] = false;
bool rests[WORKERS] = false;           /* found nothing to do and waits for the next save */

/* --- The target: 0 the release before, 1 the candidate, 2 somebody else's change; and whose mark it carries. --- */
byte config = 0, mark = 0;
byte oldConfig = 0, oldMark = 0;       /* what a read may still show */
byte age[WORKERS] = 2;                 /* ETag that each worker's look or claim holds: 0 of now, 1 the one before, 2 older */
byte onway = 0;                        /* requests on their way: 1 forward, 2 back, 4 back again */

/* --- The world around. ------------------------------------------------------------------------------------------ */
byte worldPlan = 1;                    /* the plan that an analysis would make now */
byte eligible = 7;
bool timeUp = false;                   /* the approvals' time is over */
byte seen[4] = 0;                      /* the round on each person's screen */
byte clicks[4] = 0;
byte crashes = 0, losses = 0, minutes = 0, stales = 0, refusals = 0;
byte sending = 0;                      /* claims saved whose request is not sent yet */
bool lapsed = false, bumped = false, foreign = false, undone = false, mended = false;
bool cancelled = false, called = false;

/* --- Ghosts: only assertions read them. ------------------------------------------------------------------------ */
byte clickedOn[4] = 0;                 /* the round that each person's counted click was about */
byte eligibleLately = 7;               /* allowed at some moment of the last minute */
bool planLately = true;                /* the plan was the world's at some moment of the last minute */
byte grants = 0;
byte applied = 0;                      /* accepted forward requests */
bool sawDone = false;

#define OPEN (phase != promoted && phase != rolledback && phase != resolved && phase != untouched)
#define NOBODY 9
#define BACKKEY (again == 0 -> 2 : 4)
#define IDLE (!fresh[0] && !fresh[WORKERS - 1])

/* --- Each mistake is one rule of the protocol left out. --------------------------------------------------------- */
#ifdef M_NO_CAS
#define MINE true
#else
#define MINE (fresh[w])
#endif
#define PAIR ((approvals & (approvals - 1)) != 0)   /* two distinct people at least */
#if defined(M_COUNT_CLICKS)
#define ENOUGH (grants >= 2)
#define NOTYET(p) true
#elif defined(M_SELF_APPROVE)
#define ENOUGH PAIR
#define NOTYET(p) (!(approvals & p) && !(asked & p))
#else
#define ENOUGH PAIR
#define NOTYET(p) (!(approvals & p) && !(asked & p))
#endif
#ifdef M_IGNORE_DIGEST
#define PLANSHOWN(i) true
#else
#define PLANSHOWN(i) (seen[i] == round)
#endif
#ifdef M_NO_EXPIRY
#define INTIME true
#else
#define INTIME (!timeUp)
#endif
#ifdef M_CLAIM_DESPITE_CANCEL
#define NOCANCEL true
#else
#define NOCANCEL (!wantCancel)
#endif
#if defined(M_SKIP_GATE)
#define GATED true
#elif defined(M_OLD_GATE)
#define GATED (gate != 0)
#else
#define GATED (gate == 1)
#endif
#ifdef M_OVERWRITE_DRIFT
#define FOREIGNSEEN false
#define NOTTHERE (oc != 1)
#else
#define FOREIGNSEEN (oc == 2)
#define NOTTHERE (oc == 0)
#endif
#ifdef M_DONE_BY_LOOKS
#define FORWARDDONE (oc == 1)
#else
#define FORWARDDONE (oc == 1 && om == 1)
#endif
#ifdef M_TAKE_UNDO_FOR_BUMP
#define TAKENBACK false
#else
#define TAKENBACK (oc == 0 && om == 1)
#endif
/* The step back is done by a write of its own only: old content, its mark, and an ETag that its claim did not hold. */
#define WRITTEN (oc == 0 && back == 1 && om == BACKKEY && backPre != age[w])
#if defined(M_BACK_DONE_BY_LOOKS)
#define BACKDONE (oc == 0 && back == 1)
#elif defined(M_NO_OP_ROLLBACK)
#define BACKDONE ((oc == 0 && back == 0) || WRITTEN)
#else
#define BACKDONE WRITTEN
#endif
/* What was there under the ETag that the claim held is an answer from before our own write. */
#ifdef M_OLD_READ_IS_DRIFT
#define OLDREAD false
#else
#define OLDREAD (age[w] == 1 && oc == 0 && config == 1 && mark == 1)
#endif
#ifdef M_PROMOTE_DESPITE_WISH
#define NOWISH true
#else
#define NOWISH (!wantBack)
#endif
#ifdef M_REFRESH_ETAG
#define ACCEPTABLE true
#else
#define ACCEPTABLE (age[w] == 0)
#endif
/* Six minutes after the newest claim: what was sent under it has arrived or never will. */
#ifdef M_RESOLVE_AT_ONCE
#define QUIET true
#else
#define QUIET (onway == 0 && sending == 0)
#endif

/* Somebody saved: every other load is old, and whoever rested looks again. */
inline saved(self, keeps) {
  d_step {
    slot = 0;
    do :: slot < WORKERS -> fresh[slot] = (slot == self && keeps); rests[slot] = false; slot++ :: else -> break od;
    slot = 0 }
}
/* Time or the world moved on: loads stay what they are, whoever rested looks again. */
inline woken() {
  d_step { slot = 0; do :: slot < WORKERS -> rests[slot] = false; slot++ :: else -> break od; slot = 0 }
}
/* The target was written: its ETag moved, so no request that is on its way can be accepted any more. */
inline changed(to, by) {
  d_step {
    oldConfig = config; oldMark = mark; config = to; mark = by; onway = 0;
    backPre = (back == 1 && backPre < 2 -> backPre + 1 : backPre);
    slot = 0; do :: slot < WORKERS -> age[slot] = (age[slot] < 2 -> age[slot] + 1 : 2); slot++ :: else -> break od; slot = 0 }
}
/* Reads the target; the answer may be older than the newest write (age 1). */
inline observe() {
  if
  :: oc = config; om = mark; age[w] = 0
  :: stales < STALE -> stales++; oc = oldConfig; om = oldMark; age[w] = 1
  fi
}

/* --- Look: nextAction, carryOut and judge, passGate ------------------------------------------------------------- */
inline lookWhileAwaiting() {
  if
  :: timeUp -> todo = approvalexpired
  :: !timeUp && (asked & 1) -> who = 1; todo = ((eligible & 1) -> claimgranted : claimdenied)
  :: !timeUp && (asked & 2) -> who = 2; todo = ((eligible & 2) -> claimgranted : claimdenied)
  :: !timeUp && (asked & 4) -> who = 4; todo = ((eligible & 4) -> claimgranted : claimdenied)
  :: !timeUp && (asked & 8) -> who = 8; todo = claimgranted
  :: !timeUp && wantCancel -> if :: todo = cancelgranted :: todo = canceldenied fi
  :: !timeUp && ENOUGH -> todo = locktaken
  :: else -> todo = nothing
  fi
}
inline lookWhileWaiting() {
  if
  :: timeUp -> todo = approvalexpired
  :: !timeUp -> todo = waitelapsed
  :: !timeUp && wantCancel -> if :: todo = cancelgranted :: todo = canceldenied fi
  fi
}
inline lookAtGate() {
  if
  :: (approvals & 1) && !(eligible & 1) -> who = 1; todo = approvallapsed
  :: (approvals & 2) && !(eligible & 2) -> who = 2; todo = approvallapsed
  :: else ->
     if
     :: config != 0 -> todo = planrefused
     :: config == 0 && worldPlan != round -> todo = planchanged
     :: else -> todo = gaterecorded
     fi
  fi
}
inline lookBeforeFirstChange() {
  if
  :: !INTIME -> todo = approvalexpired
  :: INTIME && wantCancel -> if :: todo = cancelgranted :: todo = canceldenied fi
  :: INTIME && !GATED -> lookAtGate()
  :: INTIME && GATED && NOCANCEL -> observe();
     if :: oc != 0 -> todo = driftfound :: else -> todo = stepclaimed fi
  fi
}
inline lookForward() {
  observe();
  if
  :: FOREIGNSEEN -> todo = driftfound
  :: FORWARDDONE -> todo = stepcompleted
  :: oc == 1 && !FORWARDDONE -> todo = driftfound
  :: TAKENBACK -> todo = driftfound
#ifdef M_CARRIED_TODO
  :: NOTTHERE && !TAKENBACK && tries < TRIES -> todo = nothing       /* whoever claimed will send it */
#else
  :: NOTTHERE && !TAKENBACK && tries < TRIES -> todo = stepclaimed   /* under the same ETag, or a new claim when it moved */
#endif
  :: NOTTHERE && !TAKENBACK && tries >= TRIES -> todo = stepfailed
  fi
}
inline lookBack() {
  observe();
  if
  :: back < 2 && FOREIGNSEEN -> todo = driftfound
  :: back < 2 && !FOREIGNSEEN && BACKDONE -> todo = stepcompleted
  :: back < 2 && !FOREIGNSEEN && !BACKDONE -> todo = stepclaimed
  :: back < 2 && !FOREIGNSEEN && !BACKDONE && (back == 1 || oc == 1) -> todo = stepfailed   /* deadline; way back gone */
  :: back == 2 && oc == 0 -> todo = probegood
  :: back == 2 -> todo = notverified
  fi
}
inline lookWhileFailed() {
  if
  :: wantRetry -> todo = retrygranted
  :: (wantResolve & 1) -> who = 1; todo = resolvegranted
  :: (wantResolve & 2) -> who = 2; todo = resolvegranted
  :: else -> todo = nothing
  fi
}
inline look() {
  if
  :: phase == awaiting -> lookWhileAwaiting()
  :: phase == waiting -> lookWhileWaiting()
  :: phase == deploying && !dirty -> lookBeforeFirstChange()
  :: phase == deploying && dirty -> lookForward()
  :: phase == verifying -> observe(); if :: oc == 1 -> todo = probegood :: todo = probebad fi
  :: phase == monitoring -> observe();
     if
     :: FORWARDDONE && NOWISH -> todo = readinggood
     :: FORWARDDONE -> todo = readingbad
     :: !FORWARDDONE && OLDREAD -> todo = nothing
     :: !FORWARDDONE && !OLDREAD -> todo = driftfound
     fi
  :: (phase == deploying || phase == verifying || phase == monitoring) && wantBack -> todo = rollbackgranted
  :: phase == rollingback -> lookBack()
  :: phase == rollbackfailed -> lookWhileFailed()
  fi
}

/* --- Save: transition ------------------------------------------------------------------------------------------- */
inline endUntouched() { assert(!dirty); phase = untouched }
inline toRollingBack() { phase = rollingback; back = 0; backPre = 0; tries = 0; wantBack = false; wantCancel = false }
inline toRollbackFailed() { phase = rollbackfailed; back = 0; backPre = 0; tries = 0; wantBack = false; wantCancel = false }
/* From here nothing reads what came before any more; forgetting it keeps the model small. */
inline forgetApproval() {
  d_step {
    round = 1; worldPlan = 1; approvals = 0; asked = 0; grants = 0; gate = 0; timeUp = false; eligible = 7; minutes = 0;
    eligibleLately = 7; planLately = true; lapsed = false; cancelled = false;
    seen[0] = 0; seen[1] = 0; seen[2] = 0; seen[3] = 0; clicks[0] = 0; clicks[1] = 0; clicks[2] = 0; clicks[3] = 0;
    clickedOn[0] = 0; clickedOn[1] = 0; clickedOn[2] = 0; clickedOn[3] = 0 }
}
inline firstClaim() {
  assert(PAIR && !(approvals & 8));                         /* two distinct people, the requester not among them */
  assert(!(approvals & 1) || clickedOn[0] == round);        /* each of whom saw this very plan */
  assert(!(approvals & 2) || clickedOn[1] == round);
  assert(!(approvals & 4) || clickedOn[2] == round);
  assert((approvals & eligibleLately) == approvals);        /* and was allowed to a minute ago at most */
  assert(planLately);
  assert(!timeUpAtLook && !wantCancel);
  forgetApproval()
}
inline takeClaim() {
  if
  :: at == rollingback -> back = 1; backPre = age[w]; key = BACKKEY
  :: at == deploying && !dirty -> firstClaim(); phase = deploying; tries = 1; key = 1
  :: else -> phase = deploying; tries++; key = 1
  fi;
  dirty = true; sending++
}
inline changePlan() {
  round = worldPlan; planLately = true; approvals = 0; gate = 0; phase = awaiting;
#ifndef M_KEEP_CLAIMS
  asked = 0
#endif
}
inline decide() {
  assert(OPEN);
  if
  :: todo == claimgranted -> asked = asked & (15 - who); approvals = approvals | who; grants++
  :: todo == claimdenied -> asked = asked & (15 - who)
  :: todo == approvalexpired || todo == planrefused || todo == cancelgranted -> endUntouched()
  :: todo == canceldenied -> wantCancel = false
  :: todo == locktaken -> phase = waiting
  :: todo == waitelapsed -> phase = deploying; gate = 0
  :: todo == gaterecorded -> gate = 1
  :: todo == approvallapsed -> approvals = approvals & (15 - who); gate = 0; phase = awaiting
  :: todo == planchanged -> changePlan()
  :: todo == stepclaimed -> takeClaim()
  :: todo == stepcompleted ->
     if
     :: at == deploying -> tries = 0; sawDone = true; phase = verifying
     :: else -> back = 2; backPre = 0
     fi
  :: todo == stepfailed ->
     if
     :: at == deploying && !dirty -> endUntouched()
#ifdef M_CLEAR_DIRTY
     :: at == deploying && dirty -> dirty = false; endUntouched()
#else
     :: at == deploying && dirty -> toRollingBack()
#endif
     :: else -> toRollbackFailed()
     fi
  :: todo == driftfound -> assert(foreign || undone || mended);   /* nobody is blamed for what nobody did */
     if :: !dirty -> endUntouched() :: else -> toRollbackFailed() fi
  :: todo == probegood -> if :: at == verifying -> phase = monitoring :: else -> phase = rolledback; back = 0 fi
  :: todo == readinggood -> assert(sawDone && applied == 1 && !wantBack); phase = promoted
  :: todo == probebad || todo == readingbad || todo == rollbackgranted -> toRollingBack()
#ifdef M_PAGE_ENDS
  :: todo == notverified -> phase = resolved
#else
  :: todo == notverified -> toRollbackFailed()
#endif
  :: todo == retrygranted -> wantRetry = false; wantResolve = 0; resolutions = 0; again++; toRollingBack()
  :: todo == resolvegranted -> wantResolve = wantResolve & (3 - who); resolutions = resolutions | who;
#ifdef M_ONE_RESOLVES
     phase = resolved
#else
     if :: resolutions == 3 -> phase = resolved :: else fi
#endif
  fi;
  if
  :: phase == rolledback -> assert(dirty && (config != 1 || undone))
  :: phase == resolved -> assert(dirty && resolutions == 3); wantResolve = 0; wantRetry = false
  :: else
  fi
}

/* --- Act: one call with exactly what was claimed ---------------------------------------------------------------- */
inline send() {
  if
  :: ACCEPTABLE -> onway = onway | key
  :: else
  fi
}
inline unarm() { sending--; fresh[w] = false; age[w] = 2; key = 0 }

proctype Worker(byte w) {
  mtype:event todo = nothing; mtype:phase at = awaiting;
  byte who = 0, oc = 0, om = 0, slot = 0, key = 0;
  bool timeUpAtLook = false;
end:
  do
  :: atomic { OPEN && !rests[w] ->
       look();
       if
       :: todo == nothing -> rests[w] = (phase == awaiting || phase == rollbackfailed)
       :: else -> fresh[w] = true; at = phase; timeUpAtLook = timeUp;
          if :: todo != stepclaimed -> age[w] = 2 :: else fi
       fi;
       oc = 0; om = 0 }
     if
     :: todo == nothing
     :: else ->
#ifdef M_ACT_FIRST
        if :: todo == stepclaimed -> atomic { key = (at == rollingback -> BACKKEY : 1); send() } :: else fi;
#endif
        atomic {
          if
          :: MINE -> decide(); saved(w, (key != 0 && REFUSALS > 0))
          :: else
          fi;
#ifdef M_ACT_FIRST
          if :: MINE && key != 0 -> sending-- :: else fi;
          key = 0;
#endif
          who = 0; timeUpAtLook = false; todo = nothing; at = awaiting;
          if :: key == 0 -> age[w] = 2 :: else fi }
        if
        :: key != 0 -> atomic { send(); unarm() }
        :: key != 0 && crashes < CRASHES -> atomic { crashes++; unarm() }
        :: atomic { key != 0 && MINE && refusals < REFUSALS ->   /* the provider refuses for good */
             refusals++; todo = stepfailed; at = phase; decide(); saved(w, false); todo = nothing; at = awaiting; unarm() }
        :: key == 0
        fi
     fi
  od
}

/* --- The target and its network: late, in any order, lossy ------------------------------------------------------ */
inline landBack(key) {
  assert(dirty && phase != promoted && phase != resolved && config != 2);
  changed(0, key)
}
active proctype Target() {
  byte slot = 0;
endt:
  do
  :: atomic { (onway & 1) ->
       assert(dirty && phase != untouched && phase != rolledback && phase != resolved);
       assert(config == 0 && !undone);
       applied++; assert(applied <= 1);
       changed(1, 1) }
  :: atomic { (onway & 2) -> landBack(2) }
  :: atomic { (onway & 4) -> landBack(4) }
  :: atomic { losses < LOSSES && (onway & 1) -> onway = onway & 6; losses++ }
  :: atomic { losses < LOSSES && (onway & 2) -> onway = onway & 5; losses++ }
  :: atomic { losses < LOSSES && (onway & 4) -> onway = onway & 3; losses++ }
  od
}

/* --- People. The desk reads, decides and saves, and does it again when it lost the race: one step. ---------------- */
inline click(i, p) {
  clicks[i]++;
  if
  :: phase == awaiting && !timeUp && NOTYET(p) && !ENOUGH && PLANSHOWN(i) ->
     asked = asked | p; clickedOn[i] = seen[i]; saved(NOBODY, false)
  :: else
  fi
}
active proctype People() {
  byte slot = 0;
#ifdef M_BLIND_CANCEL
  bool blind = false;   /* decided on what was loaded, saved whatever has happened since */
#endif
endp:
  do
#ifndef APPROVED
  :: atomic { OPEN && !dirty && seen[0] != round -> seen[0] = round }
  :: atomic { OPEN && !dirty && seen[1] != round -> seen[1] = round }
  :: atomic { OPEN && !dirty && seen[0] != 0 && clicks[0] < 3 -> click(0, 1) }
  :: atomic { OPEN && !dirty && seen[1] != 0 && clicks[1] < 2 -> click(1, 2) }
#ifdef THIRD
  :: atomic { OPEN && !dirty && clicks[2] < 1 -> seen[2] = round; click(2, 4) }
#endif
#ifdef M_SELF_APPROVE
  :: atomic { OPEN && !dirty && clicks[3] < 1 -> seen[3] = round; click(3, 8) }
#endif
#endif
#ifdef M_BLIND_CANCEL
  :: atomic { !cancelled && OPEN && !dirty -> cancelled = true; blind = true }
  :: atomic { blind -> blind = false; phase = untouched; saved(NOBODY, false); assert(!dirty) }
#else
  :: atomic { !cancelled && OPEN && !dirty -> cancelled = true; wantCancel = true; saved(NOBODY, false) }
#endif
  :: atomic { !called && (phase == deploying || phase == verifying || phase == monitoring) && dirty ->
       called = true; wantBack = true; saved(NOBODY, false) }
  :: atomic { phase == rollbackfailed && !wantRetry && again < RETRIES -> wantRetry = true; saved(NOBODY, false) }
  :: atomic { phase == rollbackfailed && QUIET && !((resolutions | wantResolve) & 1) ->
       wantResolve = wantResolve | 1; saved(NOBODY, false) }
  :: atomic { phase == rollbackfailed && QUIET && !((resolutions | wantResolve) & 2) ->
       wantResolve = wantResolve | 2; saved(NOBODY, false) }
  :: atomic { phase == rollbackfailed && !mended -> mended = true; changed(0, mark) }   /* by hand, in the console */
  od
}

/* --- Time, the directory, other people's edits ------------------------------------------------------------------- */
active proctype World() {
  byte slot = 0;
endw:
  do
  :: atomic { !timeUp && OPEN && !dirty -> timeUp = true; woken() }
  :: atomic { minutes < 1 && OPEN && !dirty && IDLE -> minutes++;   /* no tick lasts longer than a minute */
       eligibleLately = eligible; planLately = (worldPlan == round);
       if :: gate == 1 -> gate = 2 :: else fi; woken() }
  :: atomic { !lapsed && OPEN && !dirty -> lapsed = true; eligible = 6; woken() }
  :: atomic { worldPlan == 1 && OPEN && !dirty -> worldPlan = 2 }
#ifdef BUMP
  :: atomic { !bumped && OPEN && dirty -> bumped = true; changed(config, mark) }   /* the ETag moves by itself */
#endif
#ifdef FOREIGN
  :: atomic { !foreign && OPEN -> foreign = true; changed(2, mark) }
#endif
#ifdef UNDO
  :: atomic { config != 2 && !undone && OPEN && dirty -> undone = true; changed(1 - config, mark) }   /* in the console */
#endif
  od
}

init {
  atomic {
#ifdef APPROVED
    approvals = 3; clickedOn[0] = 1; clickedOn[1] = 1; phase = waiting;
#endif
    run Worker(0);
#if WORKERS > 1
    run Worker(1)
#endif
  }
}

#if defined(LIVE)
ltl ends { [] (dirty -> <> !OPEN) }
#elif defined(LIVE_PEOPLE)
ltl settled { [] (asked != 0 -> <> (asked == 0 || phase != awaiting)) && [] (wantBack -> <> (!wantBack || !OPEN)) }
#endif

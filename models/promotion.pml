/*
 * One promotion on a target with compare-and-set: approval, gate, claim, act, record, rollback, hand-over to people.
 * docs/model.md says which function each action stands for. Worker steps:
 *   look   load the promotion, read directory and target, judge (nextAction, judge, transition)
 *   save   the one conditional write; it counts only while the promotion is as it was loaded (fresh)
 *   act    one call, with what the saved claim says
 * The revision is kept as one bit per worker: whoever saves makes everybody else's load stale.
 * Switches: WORKERS CRASHES LOSSES TRIES RETRIES BOUND sizes; APPROVED starts with both approvals; BUMP STALE FOREIGN
 * UNDO weaken the world; M_* puts one mistake into the protocol.
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

/* Phases. Cancelled, rejected, expired and failed are one end here: nothing was touched. */
mtype:phase = { awaiting, waiting, deploying, verifying, monitoring, rollingback, rollbackfailed,
                promoted, rolledback, resolved, untouched };
/* What a look leads to: the event that is saved. */
mtype:event = { nothing, granted, denied, expired, locktaken, waitelapsed, gaterecorded, planchanged, planrefused,
                lapsed, cancelgranted, cancelclaimdenied, rollbackgranted, stepclaimed, stepcompleted, stepfailed, driftfound,
                probegood, probebad, readinggood, readingbad, notverified, retrygranted, resolvegranted };

/* The stored promotion. People are bits: 1 and 2 approve, 4 is the requester. */
mtype:phase phase = awaiting;
bool dirty = false;
byte round = 1;                  /* plan and digest: a changed plan is a new round */
byte approvals = 0, asked = 0;   /* granted approvals; approval claims not settled yet */
bool wantCancel = false, wantBack = false, wantRetry = false;
byte wantResolve = 0, resolutions = 0;
byte gate = 0;                   /* 0 none, 1 fresh, 2 older than 60 s */
byte fwd = 0, fwdPre = 0, tries = 0;   /* the forward step: 0 none, 1 claimed, 2 done; its precondition; attempts */
byte back = 0, backPre = 0, again = 0; /* the step back; how often people ordered it again */
bool fresh[WORKERS] = false;     /* this worker's load is the newest revision */
bool rests[WORKERS] = false;     /* it found nothing to do */

/* The target: 0 the release before, 1 the candidate, 2 somebody else's change. The mark names the claim's key. */
byte config = 0, etag = 0, mark = 0;
byte oldConfig = 0, oldEtag = 0, oldMark = 0;
chan net = [3] of { byte, byte };      /* key, If-Match: unordered, lossy, arbitrarily late */

/* The world. */
byte worldPlan = 1;              /* what an analysis would say now */
byte eligible = 3;
bool timeUp = false;             /* the approvals' time is over */
byte seen[3] = 0;                /* round on each person's screen */
byte clicks[3] = 0;
byte crashes = 0, losses = 0, minutes = 0, stale = 0;
bool lapsedOnce = false, bumped = false, foreign = false, undone = false, mended = false;
bool cancelOnce = false, backOnce = false;
byte refusals = 0, granted_ = 0;
byte sending = 0;                /* claims saved whose request is not sent yet */

/* Ghosts, only read by assertions. */
byte clickedOn[3] = 0;   /* the round each person's counted click was about */
byte eligibleLately = 3;         /* allowed at some time in the last minute */
bool planLately = true;          /* the plan was what an analysis would have said, in the last minute */
byte applied = 0;
bool sawDone = false;

#define OPEN (phase != promoted && phase != rolledback && phase != resolved && phase != untouched)
#ifdef M_COUNT_CLICKS
#define ENOUGH (granted_ >= 2)
#elif defined(M_SELF_APPROVE)
#define ENOUGH (approvals == 3 || approvals >= 5)
#else
#define ENOUGH (approvals == 3)
#endif
#define BACKKEY (2 + again)

#ifdef M_NO_EXPIRY
#define EXPIRYHOLDS true
#else
#define EXPIRYHOLDS (!timeUp)
#endif
#ifdef M_CLAIM_DESPITE_CANCEL
#define CANCELHOLDS true
#else
#define CANCELHOLDS (!wantCancel)
#endif
#ifdef M_OVERWRITE_DRIFT
#define NOTTHERE (oc == 0 || oc == 2)
#define BACKFOREIGN false
#else
#define NOTTHERE (oc == 0)
#define BACKFOREIGN (oc == 2)
#endif
#if defined(M_BACK_DONE_BY_LOOKS)
#define BACKDONE (oc == 0 && back == 1)
#elif defined(M_NO_OP_ROLLBACK)
#define BACKDONE (oc == 0 && (back == 0 || (om == BACKKEY && backPre != oe)))
#else
#define BACKDONE (oc == 0 && back == 1 && om == BACKKEY && backPre != oe)
#endif
#ifdef REFUSALS
#define KEEPS armed
#else
#define KEEPS false
#endif
#ifdef M_COUNT_CLICKS
#define NOTYET(who) true
#else
#define NOTYET(who) !(approvals & who) && !(asked & who)
#endif
#ifdef M_IGNORE_DIGEST
#define PLANSHOWN(i) true
#else
#define PLANSHOWN(i) seen[i] == round
#endif
/* Six minutes have passed since the newest claim: whatever was sent under it has arrived or never will. */
#ifdef M_RESOLVE_AT_ONCE
#define QUIET true
#else
#define QUIET (empty(net) && sending == 0)
#endif

#ifdef M_NO_CAS
#define MINE true
#else
#define MINE (fresh[w])
#endif

/* Somebody saved: every other load is stale, and whoever rested looks again. */
inline saved(self, keeps) {
  d_step {
    slot = 0;
    do :: slot < WORKERS -> fresh[slot] = (slot == self && keeps); rests[slot] = false; slot++ :: else -> break od;
    slot = 0 }
}
inline woken() {
  d_step { slot = 0; do :: slot < WORKERS -> rests[slot] = false; slot++ :: else -> break od; slot = 0 }
}
#define NOBODY 9
#define IDLE (!fresh[0] && !fresh[WORKERS - 1])
inline observe() {
  if
  :: oc = config; oe = etag; om = mark
#ifdef STALE
  :: stale < STALE && oldEtag != etag -> stale++; oc = oldConfig; oe = oldEtag; om = oldMark
#endif
  fi
}
inline changed(to, by) {
  oldConfig = config; oldEtag = etag; oldMark = mark;
  config = to; mark = by; etag++
}

/* --- What the saved state calls for: nextAction, carryOut/judge, passGate ----------------------------------- */

inline lookWhileAwaiting() {
  if
  :: timeUp -> todo = expired
  :: !timeUp && (asked & 1) -> who = 1; todo = ((eligible & 1) -> granted : denied)
  :: !timeUp && (asked & 2) -> who = 2; todo = ((eligible & 2) -> granted : denied)
  :: !timeUp && (asked & 4) -> who = 4; todo = granted
  :: !timeUp && wantCancel -> if :: todo = cancelgranted :: todo = cancelclaimdenied fi
  :: !timeUp && ENOUGH -> todo = locktaken
  :: else -> todo = nothing
  fi
}
inline lookWhileWaiting() {
  if
  :: timeUp -> todo = expired
  :: !timeUp -> todo = waitelapsed
  :: !timeUp && wantCancel -> if :: todo = cancelgranted :: todo = cancelclaimdenied fi
  fi
}
inline lookAtGate() {
  if
  :: (approvals & 1) && !(eligible & 1) -> who = 1; todo = lapsed
  :: (approvals & 2) && !(eligible & 2) -> who = 2; todo = lapsed
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
#ifndef M_NO_EXPIRY
  :: timeUp -> todo = expired
#endif
  :: EXPIRYHOLDS && wantCancel -> if :: todo = cancelgranted :: todo = cancelclaimdenied fi
#ifdef M_SKIP_GATE
  :: EXPIRYHOLDS && CANCELHOLDS -> observe(); lookForwardUnclaimed()
#else
#ifdef M_STALE_GATE
  :: EXPIRYHOLDS && gate == 0 -> lookAtGate()
  :: EXPIRYHOLDS && gate != 0 && CANCELHOLDS -> observe(); lookForwardUnclaimed()
#else
  :: EXPIRYHOLDS && gate != 1 -> lookAtGate()
  :: EXPIRYHOLDS && gate == 1 && CANCELHOLDS -> observe(); lookForwardUnclaimed()
#endif
#endif
  fi
}
inline lookForwardUnclaimed() {
  if
  :: oc != 0 -> todo = driftfound
  :: else -> todo = stepclaimed
  fi
}
inline lookForwardClaimed() {
  observe();
  if
#ifndef M_OVERWRITE_DRIFT
  :: oc == 2 -> todo = driftfound
#endif
#ifdef M_DONE_BY_LOOKS
  :: oc == 1 -> todo = stepcompleted
#else
  :: oc == 1 && om == 1 -> todo = stepcompleted
  :: oc == 1 && om != 1 -> todo = driftfound
#endif
  :: NOTTHERE && tries < TRIES -> todo = stepclaimed   /* same precondition, or a new claim when it moved */
  :: NOTTHERE && tries >= TRIES -> todo = stepfailed
  fi
}
inline lookBack() {
  observe();
  if
  :: back < 2 ->
     if
     :: BACKFOREIGN -> todo = driftfound
     :: !BACKFOREIGN && BACKDONE -> todo = stepcompleted
     :: !BACKFOREIGN && !BACKDONE -> todo = stepclaimed
     :: !BACKFOREIGN && !BACKDONE && (back == 1 || oc == 1) -> todo = stepfailed   /* deadline; the way back is gone */
     fi
  :: back == 2 ->
     if
     :: oc == 0 -> todo = probegood
     :: todo = notverified
     fi
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
  :: phase == deploying && dirty -> if :: lookForwardClaimed() :: wantBack -> todo = rollbackgranted fi
  :: phase == verifying -> observe(); if :: oc == 1 -> todo = probegood :: todo = probebad :: wantBack -> todo = rollbackgranted fi
  :: phase == monitoring -> observe();
     if
     :: oc == 1 && om == 1 -> if :: todo = readinggood :: todo = readingbad fi
     :: !(oc == 1 && om == 1) -> todo = driftfound
     :: wantBack -> todo = rollbackgranted
     fi
  :: phase == rollingback -> lookBack()
  :: phase == rollbackfailed -> lookWhileFailed()
  :: !OPEN -> todo = nothing
  fi
}

/* --- transition: what each event makes of the promotion ----------------------------------------------------- */

inline endUntouched() {
  assert(!dirty);
  phase = untouched; approvals = 0; asked = 0; gate = 0; wantCancel = false; wantBack = false
}
inline takeClaim() {
  if
  :: at != rollingback ->
     if
     :: !dirty ->
        assert(approvals == 3);
        assert(clickedOn[0] == round && clickedOn[1] == round);
        assert((eligibleLately & 3) == 3 && planLately);
        assert(!timeUpAtLook && !wantCancel);
        gate = 0
     :: else
     fi;
     phase = deploying; dirty = true; fwd = 1; fwdPre = oe; tries++
  :: else ->
     dirty = true; back = 1; backPre = oe
  fi;
  armed = true; sending++; who = 0
}
inline toRollingBack() { phase = rollingback; back = 0; backPre = 0; wantBack = false; wantCancel = false; fwdPre = 0; tries = 0 }
inline toRollbackFailed() { phase = rollbackfailed; wantBack = false; wantCancel = false; back = 0; backPre = 0; fwdPre = 0; tries = 0 }
inline newRound() { round = worldPlan; approvals = 0; gate = 0; phase = awaiting;
#ifndef M_KEEP_CLAIMS
  asked = 0
#endif
}
inline decide() {
  assert(OPEN);
  if
  :: todo == granted -> granted_++; asked = asked & (7 - who); approvals = approvals | who
  :: todo == denied -> asked = asked & (7 - who)
  :: todo == expired || todo == planrefused || todo == cancelgranted -> endUntouched()
  :: todo == cancelclaimdenied -> wantCancel = false
  :: todo == locktaken -> phase = waiting
  :: todo == waitelapsed -> phase = deploying; gate = 0
  :: todo == gaterecorded -> gate = 1
  :: todo == lapsed -> approvals = approvals & (7 - who); gate = 0; phase = awaiting
  :: todo == planchanged -> newRound()
  :: todo == stepclaimed -> takeClaim()
  :: todo == stepcompleted ->
     if
     :: at == deploying -> fwd = 2; sawDone = true; phase = verifying; fwdPre = 0; tries = 0
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
  :: todo == driftfound ->
     if :: at == deploying && !dirty -> endUntouched() :: else -> toRollbackFailed() fi
  :: todo == probegood ->
     if :: at == verifying -> phase = monitoring :: else -> phase = rolledback fi
  :: todo == readinggood -> assert(sawDone); phase = promoted
  :: todo == probebad || todo == readingbad || todo == rollbackgranted -> toRollingBack()
#ifdef M_PAGE_ENDS
  :: todo == notverified -> phase = resolved
#else
  :: todo == notverified -> toRollbackFailed()
#endif
  :: todo == retrygranted -> wantRetry = false; resolutions = 0; wantResolve = 0; again++; toRollingBack()
  :: todo == resolvegranted -> wantResolve = wantResolve & (3 - who); resolutions = resolutions | who;
#ifdef M_ONE_RESOLVES
     phase = resolved
#else
     if :: resolutions == 3 -> phase = resolved :: else fi
#endif
  fi;
  if
  :: phase == rolledback -> assert(config != 1); back = 0
  :: phase == resolved -> assert(resolutions == 3); wantResolve = 0; wantRetry = false
  :: else
  fi
}

inline send() {
#ifdef M_REFRESH_ETAG
  oe = etag;
#endif
  if
  :: nfull(net) -> net!(phaseKey),oe
  :: full(net)
  fi
}

inline unarm() { sending--; fresh[w] = false; armed = false; oe = 0; phaseKey = 0 }
proctype Worker(byte w) {
  mtype:event todo = nothing; mtype:phase at = awaiting;
  byte who = 0, oe = 0, oc = 0, om = 0, slot = 0, phaseKey = 0;
  bool armed = false, timeUpAtLook = false;
end:
  do
  :: atomic { OPEN && !rests[w] ->
       look();
       if
       :: todo == nothing -> rests[w] = true
       :: else ->
          fresh[w] = true; at = phase; timeUpAtLook = timeUp;
          if :: todo == stepclaimed -> phaseKey = (phase == rollingback -> BACKKEY : 1) :: else -> oe = 0 fi
       fi;
       oc = 0; om = 0 }
     if
     :: todo == nothing
     :: else ->
#ifdef M_ACT_FIRST
        if :: todo == stepclaimed -> atomic { send() } :: else fi;
#endif
        atomic {
          if
          :: MINE -> decide(); saved(w, KEEPS)
          :: else
          fi;
          who = 0; timeUpAtLook = false; todo = nothing; at = awaiting;
#ifdef M_ACT_FIRST
          if :: armed -> armed = false; sending-- :: else fi;
#endif
          if :: !armed -> oe = 0; phaseKey = 0 :: else fi }
        if
        :: armed -> atomic { send(); unarm() }
        :: armed && crashes < CRASHES -> atomic { crashes++; unarm() }
#ifdef REFUSALS
        :: armed && MINE && refusals < REFUSALS ->   /* the provider refuses for good: step.failed */
           atomic { refusals++; todo = stepfailed; at = phase; decide(); saved(w, false); todo = nothing; at = awaiting; unarm() }
#endif
        :: !armed
        fi
     fi
  od
}

/* --- The target and its network ------------------------------------------------------------------------------ */

inline landBack(key) {
  if
  :: pre == etag -> assert(dirty && phase != promoted && phase != resolved && config != 2); changed(0, key)
  :: else
  fi; pre = 0
}
active proctype Target() {
  byte pre = 0;
endt:
  do
  :: atomic { net??[1,_] -> net??1,pre;
       if
       :: pre == etag ->
          applied++;
          assert(dirty && phase != untouched && phase != rolledback && phase != resolved);
          assert(applied <= 1);
          assert(config == 0);
          assert(!undone);
          changed(1, 1)
       :: else
       fi; pre = 0 }
  :: atomic { net??[2,_] -> net??2,pre; landBack(2) }
  :: atomic { net??[3,_] -> net??3,pre; landBack(3) }
  :: atomic { losses < LOSSES && net??[1,_] -> net??1,_; losses++ }
  :: atomic { losses < LOSSES && net??[2,_] -> net??2,_; losses++ }
  :: atomic { losses < LOSSES && net??[3,_] -> net??3,_; losses++ }
  od
}

/* --- People: what they do is one read and one conditional write, run again when the race was lost, so one step -- */

inline click(i, who) {
  clicks[i]++;
  if
  :: phase == awaiting && !timeUp && NOTYET(who) && !ENOUGH && (PLANSHOWN(i)) ->
     asked = asked | who; clickedOn[i] = seen[i]; saved(NOBODY, false)
  :: else
  fi
}
active proctype People() {
  byte slot = 0;
  mtype:phase was = awaiting;
endp:
  do
#ifndef APPROVED
  :: atomic { OPEN && !dirty && seen[0] != round -> seen[0] = round }
  :: atomic { OPEN && !dirty && seen[1] != round -> seen[1] = round }
  :: atomic { OPEN && !dirty && seen[0] != 0 && clicks[0] < 3 -> click(0, 1) }
  :: atomic { OPEN && !dirty && seen[1] != 0 && clicks[1] < 2 -> click(1, 2) }
#ifdef M_SELF_APPROVE
  :: atomic { OPEN && !dirty && clicks[2] < 1 -> seen[2] = round; click(2, 4) }
#endif
#endif
#ifdef M_BLIND_CANCEL
  :: atomic { !cancelOnce && OPEN && !dirty -> cancelOnce = true; was = phase };
     atomic { phase = untouched; assert(!dirty); saved(NOBODY, false) }
#else
  :: atomic { !cancelOnce && OPEN && !dirty -> cancelOnce = true; wantCancel = true; saved(NOBODY, false) }
#endif
  :: atomic { !backOnce && (phase == deploying || phase == verifying || phase == monitoring) && dirty ->
       backOnce = true; wantBack = true; saved(NOBODY, false) }
  :: atomic { phase == rollbackfailed && !wantRetry && again < RETRIES -> wantRetry = true; saved(NOBODY, false) }
  :: atomic { phase == rollbackfailed && QUIET && !(resolutions & 1) && !(wantResolve & 1) -> wantResolve = wantResolve | 1; saved(NOBODY, false) }
  :: atomic { phase == rollbackfailed && QUIET && !(resolutions & 2) && !(wantResolve & 2) -> wantResolve = wantResolve | 2; saved(NOBODY, false) }
  :: atomic { phase == rollbackfailed && !mended -> mended = true; changed(0, mark) }
  od
}

/* --- Time, the directory, other people's edits ---------------------------------------------------------------- */

active proctype World() {
  byte slot = 0;
endw:
  do
  :: atomic { !timeUp && OPEN && !dirty -> timeUp = true; woken() }
  :: atomic { minutes < 1 && OPEN && !dirty && IDLE -> minutes++;   /* no tick lasts longer than a minute */
       eligibleLately = eligible; planLately = (worldPlan == round);
       if :: gate == 1 -> gate = 2 :: else fi; woken() }
  :: atomic { !lapsedOnce && OPEN && !dirty -> lapsedOnce = true; eligible = 2; woken() }
  :: atomic { worldPlan == 1 && OPEN && !dirty -> worldPlan = 2 }
#ifdef BUMP
  :: atomic { !bumped && OPEN && dirty -> bumped = true; changed(config, mark) }   /* the ETag moves by itself */
#endif
#ifdef FOREIGN
  :: atomic { !foreign && OPEN -> foreign = true; changed(2, mark) }
#endif
#ifdef UNDO
  :: atomic { config == 1 && !undone && OPEN -> undone = true; changed(0, mark) }
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

#ifdef LIVE
ltl ends { [] (dirty -> <> !OPEN) }
#endif

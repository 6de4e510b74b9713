/*
 * A target that takes every request unconditionally (Step.fence 'hold'): the quiescence hold, with a clock.
 * Nothing fences a request that is still on its way, so an end has to wait until none can arrive any more: unfencedMs
 * after the newest claim, of either direction. Meanwhile a rollback looks again and again, and takes back what a late
 * request brought (step.reopened). One unit of time is 30 s: a worker is KILLed one unit after it loaded (or does not
 * act any more), a signature LIVEs ten units after it was sent, and one unit more is for clocks: HOLD is twelve.
 * Claims carry the time at which the promotion was loaded, as the code's do.
 */
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef KILL
#define KILL 1
#endif
#ifndef LIFE
#define LIFE 3
#endif
#ifndef HOLD
#define HOLD (KILL + LIFE + 1)
#endif
#ifndef TRIES
#define TRIES 2
#endif
#ifndef REOPENS
#define REOPENS 2
#endif
#define SLOTS 3

mtype:phase = { deploying, monitoring, rollingback, rollbackfailed, promoted, rolledback, resolved };
mtype:event = { nothing, stepclaimed, stepcompleted, stepfailed, turned, readinggood, probegood, probeheld, reopened,
                undone, notverified, resolvegranted };

mtype:phase phase = deploying;
byte tries = 0, reopens = 0;
byte back = 0;                         /* the step back: 0 none, 1 claimed, 2 done */
byte unfenced = HOLD;                  /* how long ago the newest recorded claim was; HOLD and more are the same */
byte resolutions = 0;
bool dirty = false;

byte config = 0;                       /* 0 the release before, 1 the candidate */
byte what[SLOTS] = 0, sent[SLOTS] = 0; /* requests on their way: 1 forward, 2 back; how long ago they were signed */

mtype:event todo[WORKERS] = nothing;
byte acts[WORKERS] = 0;                /* a saved claim whose request is not sent yet: 1 forward, 2 back */
byte since[WORKERS] = 0;               /* how long ago the promotion was loaded */
bool fresh[WORKERS] = false;
bool called = false;
byte faults = 0;

#define BUSY(i) (todo[i] != nothing || acts[i] != 0)
#define TIRED ((BUSY(0) && since[0] >= KILL) || (BUSY(WORKERS - 1) && since[WORKERS - 1] >= KILL))
#define PENDING (unfenced < HOLD || what[0] + what[1] + what[2] > 0 || BUSY(0) || BUSY(WORKERS - 1))
#define EXPIRING ((what[0] != 0 && sent[0] >= LIFE) || (what[1] != 0 && sent[1] >= LIFE) || (what[2] != 0 && sent[2] >= LIFE))
/* For liveness faults have to stop: deaths and lost requests are counted then. */
#ifdef LIVE
#define FAULTSLEFT (faults < 2)
#define FAULT faults++
#else
#define FAULTSLEFT true
#define FAULT skip
#endif

#define OPEN (phase != promoted && phase != rolledback && phase != resolved)
#if defined(M_NO_HOLD)
#define HELD false
#elif defined(M_SHORT_HOLD)
#define HELD (unfenced < HOLD - 1)
#else
#define HELD (unfenced < HOLD)
#endif

inline saved() {
  d_step { i = 0; do :: i < WORKERS -> fresh[i] = false; i++ :: else -> break od; i = 0 }
}

inline look(w) {
  fresh[w] = true; since[w] = 0;
  if
  :: phase == deploying && config == 0 && tries < TRIES -> todo[w] = stepclaimed
  :: phase == deploying && config == 0 && tries >= TRIES -> todo[w] = stepfailed
  :: phase == deploying && config == 1 && tries > 0 -> todo[w] = stepcompleted
  :: phase == deploying && dirty && !called -> todo[w] = turned          /* a person's claim, granted */
  :: phase == monitoring -> todo[w] = turned
  :: phase == monitoring && config == 1 && !HELD -> todo[w] = readinggood
  :: phase == rollingback && back == 0 -> todo[w] = stepclaimed           /* always writes */
  :: phase == rollingback && back == 1 && config == 0 -> todo[w] = stepcompleted
  :: phase == rollingback && back == 1 && config == 1 -> if :: todo[w] = stepclaimed :: todo[w] = stepfailed fi
#ifndef M_NO_REASSERT
  :: phase == rollingback && back == 2 && config == 1 -> todo[w] = (reopens < REOPENS -> reopened : undone)
  :: phase == rollingback && back == 2 && config == 0 && !HELD -> todo[w] = probegood
#else
  :: phase == rollingback && back == 2 && !HELD -> todo[w] = probegood
#endif
  :: phase == rollingback && back == 2 && config == 0 -> todo[w] = notverified
  :: phase == rollbackfailed && resolutions >= 1 && !HELD -> todo[w] = resolvegranted
  :: else -> fresh[w] = false
  fi
}

inline recordClaim(w) {
#if defined(M_HOLD_FROM_FIRST_CLAIM)
  unfenced = (dirty -> unfenced : since[w]);
#elif defined(M_HOLD_FROM_ACTED)
  skip;                                  /* counted from the recorded answer, which a dead worker never records */
#elif defined(M_HOLD_FORWARD_ONLY)
  unfenced = (phase == deploying -> since[w] : unfenced);
#else
  unfenced = since[w];
#endif
  dirty = true
}
inline decide(w) {
  if
  :: todo[w] == stepclaimed && phase == deploying -> recordClaim(w); tries++; acts[w] = 1
  :: todo[w] == stepclaimed && phase == rollingback -> recordClaim(w); back = 1; acts[w] = 2
  :: todo[w] == stepcompleted && phase == deploying -> phase = monitoring; tries = 0
  :: todo[w] == stepcompleted && phase == rollingback -> back = 2
  :: todo[w] == stepfailed && phase == deploying -> phase = rollingback; tries = 0
  :: todo[w] == stepfailed && phase == rollingback -> phase = rollbackfailed; back = 0
  :: todo[w] == turned -> called = true; phase = rollingback; tries = 0
  :: todo[w] == reopened -> back = 0; reopens++
  :: todo[w] == undone || todo[w] == notverified -> phase = rollbackfailed; back = 0
  :: todo[w] == readinggood -> phase = promoted
  :: todo[w] == probegood -> phase = rolledback; back = 0; assert(config == 0)
  :: todo[w] == resolvegranted -> phase = resolved; resolutions = 0
  fi
}
inline send(kind) {
  if
  :: what[0] == 0 -> what[0] = kind
  :: what[0] != 0 && what[1] == 0 -> what[1] = kind
  :: what[0] != 0 && what[1] != 0 && what[2] == 0 -> what[2] = kind
  :: else
  fi
}
inline land(s) {
  assert(OPEN);                          /* nothing of ours arrives once it has ended and its lock is free */
  config = 2 - what[s]; what[s] = 0; sent[s] = 0
}

inline work(w) {
  if
  :: todo[w] == nothing && acts[w] == 0 -> look(w)
  :: todo[w] != nothing ->
     if
     :: fresh[w] -> decide(w); saved()
     :: else -> since[w] = 0
     fi;
     todo[w] = nothing;
     if :: acts[w] == 0 -> since[w] = 0 :: else fi
  :: acts[w] != 0 -> send(acts[w]); acts[w] = 0; since[w] = 0
#ifdef M_HOLD_FROM_ACTED
     ; unfenced = 0
#endif
  :: acts[w] != 0 && FAULTSLEFT -> FAULT; acts[w] = 0; since[w] = 0   /* killed between claim and act */
  fi
}

active proctype Workers() {
  byte i = 0;
endw:
  do
  :: atomic { OPEN || todo[0] != nothing || acts[0] != 0 -> work(0) }
#if WORKERS > 1
  :: atomic { OPEN || todo[1] != nothing || acts[1] != 0 -> work(1) }
#endif
  od
}

active proctype Network() {
endn:
  do
  :: atomic { what[0] != 0 -> land(0) }
  :: atomic { what[1] != 0 -> land(1) }
  :: atomic { what[2] != 0 -> land(2) }
  od
}

active proctype People() {
endp:
  do
  :: atomic { phase == rollbackfailed && !HELD && resolutions < 1 -> resolutions++ }
  od
}

/* Thirty seconds pass. Whoever loaded longer than KILL ago is dead, or does not act any more. */
active proctype Clock() {
  byte i = 0;
endc:
  do
  :: d_step { PENDING && (FAULTSLEFT || !(TIRED || EXPIRING)) ->
       if :: TIRED || EXPIRING -> FAULT :: else fi;
       if :: unfenced < HOLD -> unfenced++ :: else fi;
       i = 0;
       do
       :: i < SLOTS ->
          if
          :: what[i] != 0 && sent[i] >= LIFE -> what[i] = 0; sent[i] = 0
          :: what[i] != 0 && sent[i] < LIFE -> sent[i]++
          :: else
          fi; i++
       :: else -> break
       od;
       i = 0;
       do
       :: i < WORKERS ->
          if
#ifdef M_SLEEPER_ACTS
          :: BUSY(i) && since[i] < HOLD -> since[i]++
#else
          :: BUSY(i) && since[i] >= KILL -> todo[i] = nothing; acts[i] = 0; fresh[i] = false; since[i] = 0
          :: BUSY(i) && since[i] < KILL -> since[i]++
#endif
          :: else
          fi; i++
       :: else -> break
       od;
       i = 0 }
  od
}

#ifdef LIVE
ltl ends { [] (dirty -> <> !OPEN) }
#endif

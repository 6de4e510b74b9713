/*
 * Several promotions on one environment: locks, pre-emption, hand-over, the next promotion, two-person unlock.
 *   1 P  a promotion; its way back goes to what was live before it (content 0)
 *   2 R  a rollback asked for meanwhile, to content 0
 *   3 N  the next promotion
 *   4 S  another rollback, to content 4 (TWO_ROLLBACKS)
 * Every promotion has its own worker; SLEEPER gives P a second one. A look and a save are as in promotion.pml: fresh[w] says
 * that nobody saved the worker's own promotion since it loaded it, freshHolder[w] the same of the lock's holder, which a
 * rollback loads when the lock is refused. All locks of an environment move together, so one stands for all of them.
 * UNFENCED: the target takes requests unconditionally, and ends wait until none can arrive (hold.pml has the clock).
 * UNLOCK: P's row cannot be read for a while and two people free its lock.
 */
#ifndef TRIES
#define TRIES 2
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef LOSSES
#define LOSSES 1
#endif
#define N 5
#define NW 5

mtype:phase = { absent, asked, held, acting, broken, promoted, rolledback, resolved, superseded, handedover, failed };
mtype:event = { nothing, locktaken, supersede, takeover, refused, stepclaimed, turned, finished, stepfailed, driftfound };

/* --- The stored promotions and the lock. 'asked': planned and approved, the lock is next. ------------------------ */
mtype:phase phase[N] = absent;
bool dirty[N] = false, back[N] = false;   /* back: P is rolling back */
byte tries[N] = 0, pre[N] = 2;            /* attempts forward; age of the claimed ETag: 0 of now, 1 older; 2 no claim */
byte lineage[N] = 0;                      /* whose changes this one answers for, itself included: a bit each */
byte since[N] = 0, asks = 0;              /* the order in which they were asked for */
byte holder = 0;
bool rests = false;                       /* freed by two people, and not to be taken yet: freeFromMs */
bool unreadable = false, unlocked = false;

/* --- The target: whose content it has, and whose mark; requests on their way, 1 to 4 and 5 for P's way back. ------ */
byte config = 0, mark = 0;
byte net[6] = 0;

bool fresh[NW] = false, freshHolder[NW] = false, armed[NW] = false;
byte age[NW] = 2;                         /* of the ETag that a look or claim holds */
byte seen2 = 0, seen4 = 0;                /* the holder that R and S loaded */
byte crashes = 0, losses = 0;
bool debt = false;                        /* ghost: production was changed and nobody has ended it well */
bool covered = true;                      /* ghost: the heir knows of every claim it inherited */

#define OPEN(p) (phase[p] == asked || phase[p] == held || phase[p] == acting || phase[p] == broken)
#define ROLLBACK(p) (p == 2 || p == 4)
#define KEY(p) (back[p] -> 5 : p)
#define CONTENT(key) ((key == 2 || key == 5) -> 0 : key)
#define BIT(p) (1 << p)

#ifdef M_TAKE_OVER_NEWER
#define NEWER(h, p) false
#else
#define NEWER(h, p) (since[h] > since[p])
#endif
#ifdef M_LOCK_UNCHECKED
#define HELDBY(p) true
#else
#define HELDBY(p) (holder == p)
#endif
#ifdef M_NO_QUARANTINE
#define FREE (holder == 0)
#else
#define FREE (holder == 0 && !rests)
#endif
#define SILENT1 (net[1] == 0 && net[5] == 0 && !armed[0] && !armed[1])
#define SILENT2 (net[2] == 0 && !armed[2])
#define SILENT3 (net[3] == 0 && !armed[3])
#define SILENT4 (net[4] == 0 && !armed[4])
#if defined(M_HOLD_NOT_INHERITED)
#define QUIET(p) ((p != 1 || SILENT1) && (p != 2 || SILENT2) && (p != 3 || SILENT3) && (p != 4 || SILENT4))
#else
#define COVERS(p, q) ((lineage[p] & BIT(q)) != 0)
#define QUIET(p) ((!COVERS(p, 1) || !covered || SILENT1) && (!COVERS(p, 2) || SILENT2) && (!COVERS(p, 3) || SILENT3) && (!COVERS(p, 4) || SILENT4))
#endif
#if !defined(UNFENCED) || defined(M_NO_HOLD)
#define SETTLED(p) true
#else
#define SETTLED(p) QUIET(p)
#endif
#ifdef UNFENCED
#define WRITTEN(p) (pre[p] != 2)
#elif defined(M_NO_OP_ROLLBACK)
#define WRITTEN(p) (ROLLBACK(p) || pre[p] == 1)
#else
#define WRITTEN(p) (pre[p] == 1)
#endif
#if defined(M_NO_OP_ROLLBACK)
#define MARKED(p) (ROLLBACK(p) || mark == KEY(p))
#else
#define MARKED(p) (mark == KEY(p))
#endif
#define DONE(p) (config == CONTENT(KEY(p)) && MARKED(p) && WRITTEN(p))

/* Whose saves make which loads old: own workers, and rollbacks that loaded p as the lock's holder. */
inline saved(p) {
  d_step {
    if :: p == 1 -> fresh[0] = false; fresh[1] = false :: p == 2 -> fresh[2] = false
       :: p == 3 -> fresh[3] = false :: p == 4 -> fresh[4] = false fi;
    freshHolder[2] = freshHolder[2] && !(seen2 == p);
    freshHolder[4] = freshHolder[4] && !(seen4 == p) }
}

inline changed(key) {
  d_step {
    config = CONTENT(key); mark = key;
    slot = 0; do :: slot < NW -> age[slot] = (age[slot] == 0 -> 1 : age[slot]); slot++ :: else -> break od;
    slot = 1; do :: slot < N -> pre[slot] = (pre[slot] == 0 -> 1 : pre[slot]); slot++ :: else -> break od;
    slot = 0;
#ifndef UNFENCED
    net[1] = 0; net[2] = 0; net[3] = 0; net[4] = 0; net[5] = 0   /* none carries the ETag of now */
#endif
  }
}

/* Somebody who is open, dirty and holds the lock answers for what was changed; after an unlock the two people do. */
inline answered() {
  assert(!debt || unlocked || (holder != 0 && OPEN(holder) && dirty[holder]));
  assert(holder == 0 || unlocked || phase[holder] == held || phase[holder] == acting || phase[holder] == broken)
}

/* --- Look: nextAction, carryOut, takeLock and preempt ------------------------------------------------------------ */
inline loadHolder(w) {
  freshHolder[w] = true;
  if :: w == 2 -> seen2 = holder :: else -> seen4 = holder fi
}
inline lookForLock(w, p) {
  if
  :: FREE -> todo = locktaken
  :: holder == p -> todo = locktaken
  :: holder != 0 && holder != p && ROLLBACK(p) && !(unreadable && holder == 1) ->
     loadHolder(w); h = holder;
     if
     :: NEWER(h, p) -> todo = refused
     :: !NEWER(h, p) && (ROLLBACK(h) || back[h]) && phase[h] != broken -> todo = (CONTENT(KEY(h)) == CONTENT(KEY(p)) -> refused : takeover)
     :: !NEWER(h, p) && !ROLLBACK(h) && !back[h] && !dirty[h] -> todo = supersede
#ifdef M_SUPERSEDE_DIRTY
     :: !NEWER(h, p) && dirty[h] -> todo = supersede
#else
     :: !NEWER(h, p) && dirty[h] && (!(ROLLBACK(h) || back[h]) || phase[h] == broken) -> todo = takeover
#endif
     fi
  :: else -> todo = nothing
  fi
}
inline look(w, p) {
  fresh[w] = true; age[w] = 0;
  if
  :: phase[p] == asked -> lookForLock(w, p)
  :: phase[p] == held && p == 1 && config != 0 -> todo = driftfound
  :: phase[p] == held && !(p == 1 && config != 0) -> todo = stepclaimed
  :: phase[p] == acting && p == 1 && config > 1 -> todo = driftfound
  :: phase[p] == acting && !(p == 1 && config > 1) && DONE(p) ->
     if
     :: SETTLED(p) -> todo = finished
     :: !SETTLED(p) -> todo = nothing
     :: p == 1 && !back[p] -> todo = turned
     :: p == 3 || ROLLBACK(p) -> todo = stepfailed
     fi
  :: phase[p] == acting && !(p == 1 && config > 1) && !DONE(p) ->
     if
     :: back[p] || ROLLBACK(p) -> if :: todo = stepclaimed :: todo = stepfailed fi
     :: !back[p] && !ROLLBACK(p) && tries[p] < TRIES -> todo = stepclaimed
     :: !back[p] && !ROLLBACK(p) && tries[p] >= TRIES -> todo = (p == 1 -> turned : stepfailed)
     fi
  :: else -> todo = nothing
  fi;
  if :: todo == nothing -> fresh[w] = false :: else fi;
  if :: todo != stepclaimed -> age[w] = 2 :: else fi
}

/* --- Save: transition and the one conditional write with its lock conditions ------------------------------------- */
inline free(p) { if :: holder == p -> holder = 0 :: else fi }
inline loseLock(p) { phase[p] = (dirty[p] -> broken : failed) }
inline decide(w, p) {
  if
  :: todo == locktaken ->                                            /* take: free or ours */
     if
     :: FREE || holder == p -> holder = p; phase[p] = held; rests = false; lineage[p] = BIT(p); saved(p)
     :: else
     fi
  :: todo == supersede ->                                            /* the holder's own last write, lock and all */
     if
     :: freshHolder[w] -> assert(since[h] < since[p]); phase[h] = superseded; free(h); saved(h)
     :: else
     fi
  :: todo == refused -> phase[p] = failed; saved(p)
  :: todo == takeover ->
#if defined(M_HANDOVER_TWO_WRITES)
     if
     :: freshHolder[w] && holder == h -> phase[h] = handedover; holder = 0; lineage[p] = lineage[h] | BIT(p); saved(h)
     :: else
     fi
#else
     if
#if defined(M_HANDOVER_NO_VERSION)
     :: holder == h -> covered = covered && freshHolder[w];
#elif defined(M_HANDOVER_LOCK_UNCHECKED)
     :: freshHolder[w] ->
#else
     :: freshHolder[w] && holder == h ->
#endif
        assert(OPEN(h) && since[h] < since[p]);   /* never what was asked for after it */
        phase[h] = handedover; holder = p; lineage[p] = lineage[h] | BIT(p);
        phase[p] = held;
#ifndef M_HANDOVER_CLEAN
        dirty[p] = dirty[h];
#endif
        saved(h); saved(p)
     :: else
     fi
#endif
  :: todo == stepclaimed ->                                          /* hold: the lock is still ours */
     if
     :: HELDBY(p) ->
        if :: p == 3 -> assert(holder == 3) :: else fi;
        phase[p] = acting; dirty[p] = true; debt = true; armed[w] = true; key = KEY(p); pre[p] = age[w];
        if :: !back[p] && !ROLLBACK(p) -> tries[p]++ :: else fi
     :: else -> loseLock(p)
     fi; saved(p)
  :: todo == turned ->
     if
     :: HELDBY(p) -> back[p] = true; pre[p] = 2; tries[p] = 0;
#ifdef M_RELEASE_EARLY
        free(p);
#endif
     :: else -> loseLock(p)
     fi; saved(p)
  :: todo == finished ->                                             /* return: all were ours until now */
     if
     :: HELDBY(p) ->
        assert(config == CONTENT(KEY(p)));
        phase[p] = (ROLLBACK(p) || back[p] -> rolledback : promoted); debt = false; free(p)
     :: else -> loseLock(p)
     fi; pre[p] = 2; saved(p)
  :: todo == stepfailed -> phase[p] = broken; pre[p] = 2; saved(p)
  :: todo == driftfound -> phase[p] = (dirty[p] -> broken : failed); pre[p] = 2;
     if :: phase[p] == failed -> free(p) :: else fi; saved(p)
  fi;
  answered()
}

proctype Worker(byte w, p) {
  mtype:event todo = nothing;
  byte h = 0, key = 0;
end:
  do
  :: atomic { OPEN(p) && !(p == 1 && unreadable) && todo == nothing -> look(w, p) }
     if
     :: todo == nothing
     :: else ->
        atomic {
          if
          :: fresh[w] -> decide(w, p)
          :: else
          fi;
          todo = nothing; h = 0; fresh[w] = false; freshHolder[w] = false;
          if :: w == 2 -> seen2 = 0 :: w == 4 -> seen4 = 0 :: else fi;
          if :: !armed[w] -> age[w] = 2 :: else fi }
        if
        :: armed[w] ->
           atomic {
#ifdef UNFENCED
             if :: net[key] < 2 -> net[key]++ :: else fi;
#else
             if :: age[w] == 0 -> net[key] = 1 :: else fi;
#endif
             armed[w] = false; age[w] = 2; key = 0 }
        :: armed[w] && crashes < CRASHES -> atomic { crashes++; armed[w] = false; age[w] = 2; key = 0 }
        :: !armed[w]
        fi
     fi
  od
}

/* --- The target and its network: late, in any order, lossy ------------------------------------------------------ */
inline land(k, owner) {
  net[k]--;
  /* Whoever holds the lock answers for every request that still arrives. */
  assert(rests || (holder != 0 && (lineage[holder] & BIT(owner))));
  changed(k)
}
active proctype Target() {
  byte slot = 0;
endt:
  do
  :: atomic { net[1] > 0 -> land(1, 1) }
  :: atomic { net[2] > 0 -> land(2, 2) }
  :: atomic { net[3] > 0 -> land(3, 3) }
  :: atomic { net[4] > 0 -> land(4, 4) }
  :: atomic { net[5] > 0 -> land(5, 1) }
  :: atomic { net[1] > 0 && losses < LOSSES -> net[1]--; losses++ }
  :: atomic { net[2] > 0 && losses < LOSSES -> net[2]--; losses++ }
  :: atomic { net[5] > 0 && losses < LOSSES -> net[5]--; losses++ }
  od
}

/* --- People ------------------------------------------------------------------------------------------------------ */
inline resolve(p) { phase[p] = resolved; if :: holder == p -> debt = false :: else fi; free(p); saved(p) }
inline ask(p) { phase[p] = asked; asks++; since[p] = asks }
active proctype People() {
endp:
  do
  :: atomic { phase[2] == absent -> ask(2) }
  :: atomic { phase[3] == absent -> ask(3) }
#ifdef TWO_ROLLBACKS
  :: atomic { phase[4] == absent -> ask(4) }
#endif
  :: atomic { phase[1] == broken && !unreadable && QUIET(1) -> resolve(1) }
  :: atomic { phase[2] == broken && QUIET(2) -> resolve(2) }
  :: atomic { phase[3] == broken && QUIET(3) -> resolve(3) }
  :: atomic { phase[4] == broken && QUIET(4) -> resolve(4) }
#ifdef UNLOCK
  :: atomic { holder == 1 && !unreadable && !unlocked -> unreadable = true }
  :: atomic { holder == 1 && unreadable -> holder = 0; rests = true; unlocked = true }   /* two people */
  :: atomic { unreadable && unlocked -> unreadable = false }
  :: atomic { rests && SILENT1 -> rests = false }                                        /* six minutes later */
#endif
  od
}

init {
  atomic {
    phase[1] = held; holder = 1; lineage[1] = BIT(1);
    run Worker(0, 1);
#ifdef SLEEPER
    run Worker(1, 1);
#endif
    run Worker(2, 2); run Worker(3, 3);
#ifdef TWO_ROLLBACKS
    run Worker(4, 4)
#endif
  }
}

#ifdef LIVE
ltl answered_for { [] (debt -> <> (!debt || unlocked)) }
#endif

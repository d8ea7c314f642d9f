/* The way back of what is apart: mode to-old, then old. Marks R lie at S beside O: "T is history".
 *
 * It begins in every state that apart.pml's invariants allow: O may be stale, N deleted with its mark left, created at T without a mark, or never
 * moved. T's replica has everything, and nobody writes N or M any more.
 * ensure: at S, WATCH R O; R there: done (O proves nothing, it may be stale). Else read N with its expiry and M at T. One of them there: at S
 *   MULTI, O becomes what N is (absent: UNLINK), SET R, EXEC; nil: from the start. Neither: S is right already.
 * overwrite without looking: R and O in one EXEC. The sweep goes over every N and every M, then WAIT at S; in one life of S: mode `old`.
 * CLEAN: in `old`, N's and M's go, WAIT at T (again if T failed over), then the R's.
 * S fails over once and loses a suffix. A deadline passes. Proxies go on for ever and may leave an operation between any two steps.
 * LIVE: the sweep ends, under weak fairness.
 *
 * Each of these drops a rule and must fail:
 *   NAIVE_INSERT    an O that is there is not replaced         NAIVE_HIT        an O that is there counts as ensured
 *   NAIVE_KEYSONLY  the sweep passes over marks without N      NAIVE_NOWATCH    EXEC looks at R alone
 *   NAIVE_CACHE     "ensured" outlives a failover of S         NAIVE_RETURN     no WAIT behind the sweep
 *   NAIVE_FLIP      T's replica lagged at the flip             NAIVE_CLEAN      (CLEAN) R's before N's and M's
 *   NAIVE_CLEANWAIT (CLEAN) no WAIT between N's, M's and R's                                                            */
#ifndef PROXIES
#define PROXIES 2
#endif
#define ACTORS (PROXIES + 1)

byte O; bool Ox, R;                              /* S */
byte rO; bool rOx, rR;
byte N; bool Nx, M;                              /* T */
byte rN; bool rNx, rM;
byte ref, rref; bool refx, rrefx;                /* rref: at the moment of S's replica */
bool now, later, genS, genT, swept;
bool Mx;                                         /* M dies some time after its O */
bool dirty[ACTORS];
#ifdef LIVE
ltl sweeps { <> swept }
#endif

inline touchS() { byte z_; for (z_ : 0 .. ACTORS - 1) { dirty[z_] = 1 }; z_ = 0 }
inline syncS()  { rO = O; rOx = Ox; rR = R; rref = ref; rrefx = refx }
inline must_match() { assert(O == ref && Ox == refx) }
inline command() {
  if
  :: k == 0 -> must_match()
  :: k == 1 -> must_match(); O = (O == 1 -> 2 : 1); ref = O; touchS()
  :: k == 2 -> must_match(); O = 0; Ox = 0; ref = 0; refx = 0; touchS()
  :: k == 3 -> must_match(); if :: O != 0 && !now -> Ox = 1; refx = 1; touchS() :: else fi
  :: k == 4 -> must_match(); if :: Ox -> Ox = 0; refx = 0; touchS() :: else fi
  fi }

bool knows[ACTORS], kgen[ACTORS];
inline lookS() {
  g = genS; dirty[me] = 0;
  if :: R -> knows[me] = 1; kgen[me] = g
#ifdef NAIVE_HIT
     :: !R && O != 0 -> knows[me] = 1; kgen[me] = g
     :: !R && O == 0 -> knows[me] = 0
#else
     :: else -> knows[me] = 0
#endif
  fi }
inline readT() { v = N; x = Nx; there = (N != 0 || M) }
#ifdef NAIVE_NOWATCH
#define compare (!R)
#else
#define compare (!dirty[me])
#endif
inline commitS() {
  if
  :: g != genS
  :: g == genS && there && compare ->
#ifdef NAIVE_INSERT
     if :: O == 0 && v != 0 && !(x && now) -> O = v; Ox = x :: else fi;
#else
     if :: v != 0 && !(x && now) -> O = v; Ox = x :: else -> O = 0; Ox = 0 fi;
#endif
     R = 1; knows[me] = 1; kgen[me] = g; touchS()
  :: g == genS && !there -> knows[me] = 1; kgen[me] = g      /* T has nothing, now and later: S is right */
  :: else
  fi; v = 0; x = 0; there = 0 }

#ifdef NAIVE_CACHE
#define ensured (knows[me])
#else
#define ensured (knows[me] && kgen[me] == genS)
#endif

proctype Proxy(byte me) {
  byte k, v; bool g, x, there, back;
end: do
  :: atomic { swept && !back -> back = 1 }                               /* takes up `old` */
  :: atomic {
     if :: k = 0 :: k = 1 :: k = 2 :: k = 3 :: k = 4 :: k = 5 fi;
     if
     :: k == 5 -> O = 2; Ox = 0; ref = 2; refx = 0; if :: !back -> R = 1 :: else fi; touchS(); k = 0
     :: k < 5 && (back || ensured) -> command(); k = 0
     :: else -> lookS(); goto work
     fi }
     if :: false ->
work:   do
        :: atomic { ensured -> command(); break }
        :: atomic { knows[me] && !ensured -> knows[me] = 0; lookS() }
        :: atomic { !knows[me] -> readT() };
           if
           :: atomic { commitS(); if :: !knows[me] -> lookS() :: else fi }
           :: atomic { v = 0; x = 0; there = 0; break }
           fi
        od;
        atomic { k = 0; v = 0; x = 0; there = 0; g = 0 }
     :: else fi
  od }

proctype Sweeper(byte me) {
  byte v; bool g, g0, x, there, k;
  do
  :: atomic { g0 = genS; knows[me] = 0 }
     if
#ifdef NAIVE_KEYSONLY
     :: N != 0 ->
#else
     :: N != 0 || M ->
#endif
        atomic { lookS() }
        do
        :: atomic { knows[me] -> break }
        :: atomic { !knows[me] -> readT() }; atomic { commitS(); if :: !knows[me] -> lookS() :: else fi }
        od
     :: else
     fi;
     atomic {
       if :: genS == g0 ->
#ifndef NAIVE_RETURN
             syncS();
#endif
             swept = 1; break
          :: else -> skip fi }
  od }

#ifdef CLEAN
proctype Cleaner() {                             /* a proxy may be in to-old still */
  bool g;
  swept;
#ifdef NAIVE_CLEAN
  atomic { R = 0; touchS() }
  atomic { N = 0; Nx = 0; M = 0 }
#else
  do
  :: atomic { g = genT; N = 0; Nx = 0; M = 0 }                           /* every N and every M at T */
#ifdef NAIVE_CLEANWAIT
     break
#else
     atomic { if :: g == genT -> rN = N; rNx = Nx; rM = M; break :: else fi }   /* WAIT at T; another life of T: again */
#endif
  od;
  atomic { R = 0; touchS() }                                             /* marks last */
#endif
}
#endif

proctype Time() {
  atomic { now = 1; if :: Ox -> touchS() :: else fi;
    if :: Ox -> O = 0; Ox = 0 :: else fi; if :: rOx -> rO = 0; rOx = 0 :: else fi;
    if :: Nx -> N = 0; Nx = 0 :: else fi; if :: rNx -> rN = 0; rNx = 0 :: else fi;
    if :: refx -> ref = 0; refx = 0 :: else fi; if :: rrefx -> rref = 0; rrefx = 0 :: else fi }
  atomic { later = 1; if :: Mx -> M = 0; rM = 0; Mx = 0 :: else fi } }

proctype Source() {
end: do
  :: atomic { !genS && (rO != O || rOx != Ox || rR != R || rref != ref || rrefx != refx) -> syncS() }
  :: atomic { !genS -> genS = 1; O = rO; Ox = rOx; R = rR; ref = rref; refx = rrefx; touchS(); break }
  od }
proctype Target() { atomic { genT = 1; N = rN; Nx = rNx; M = rM } }      /* nothing changes here but by cleaning */

init {
  byte p;
  atomic {
    if :: O = 0 :: O = 1 :: O = 1; Ox = 1 fi;
    if :: M = 0 :: M = 1 fi;
    if :: M && (O == 0 || Ox) -> Mx = 1 :: skip fi;
    if :: N = 0 :: N = 2 :: N = 2; Nx = 1 fi;
    if :: !M && N != 0 -> O = 0; Ox = 0 :: else fi;                      /* apart.pml's inv2 */
    if :: M || N != 0 -> ref = N; refx = Nx :: else -> ref = O; refx = Ox fi;
    rN = N; rNx = Nx; rM = M;
    rO = O; rOx = Ox; rref = ref; rrefx = refx;                          /* S's replica may not know of a purge: */
    if :: M && O == 0 -> if :: rO = 1; rOx = Mx :: skip fi :: else fi;
#ifdef NAIVE_FLIP
    if :: M -> if :: rM = 0; rN = 0; rNx = 0 :: rN = 1; rNx = 0 fi :: else fi;
#endif
    for (p : 0 .. PROXIES - 1) { run Proxy(p) }
#ifndef NOSWEEP
    run Sweeper(PROXIES);
#endif
#ifdef CLEAN
    run Cleaner();
#endif
    run Time(); run Source(); run Target()
  } }

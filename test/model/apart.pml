/* Apart: O at server S, N at server T, mode to-new and then new. Beside N lies its mark M: "O is history".
 *
 * It begins behind the flip (flip.pml, fence.pml): nobody writes O, and S's replica has the last write.
 * ensure: at T, WATCH M N and look; one of them there: done. Else read O with its expiry at S; at T MULTI, write N and M, EXEC (an absent O:
 *   nothing to write); nil: from the start. Remembered for this life of T; commands then run at N alone.
 * overwrite without looking: M and N in one EXEC. A read that finds N is believed. A read that finds neither M nor N may answer from O,
 *   but an absent O says nothing.
 * PURGE: O is given back once M is there and WAIT at T has seen it on the replica; M stays.
 * new: after a sweep in one life of T, and WAIT. CLEAN: in `new`, the O's go, WAIT at S (again if S failed over), then the marks.
 * S and T replicate when they like and fail over once each. A deadline passes; marks die some time after it. Proxies go on for ever and may
 * leave an operation between any two steps. MAXOPS bounds the operations of all proxies together.
 * Two invariants are checked at every moment (`inv`, `inv2`); rollback.pml begins with every state that they allow. NOMONITOR leaves them out, so that
 * what is wrong must show in a wrong answer. LIVE: the sweep ends, under weak fairness.
 *
 * Each of these drops a rule and must fail:
 *   NAIVE_COPIER     EXEC whatever happened since the look       NAIVE_CACHE      "ensured" outlives a failover of T
 *   NAIVE_CUTOVER    no WAIT behind the sweep                    NAIVE_FLIP       S's replica lagged at the flip
 *   NAIVE_NOMARK     DEL removes the mark too                    NAIVE_AGAIN      begun over marks of an earlier run
 *   NAIVE_PURGE      (PURGE) no WAIT before O goes               NAIVE_DROPMARK   (PURGE) the mark goes with O
 *   NAIVE_READNIL    (PURGE) an absent O is answered as nil      NAIVE_CLEAN      (CLEAN) marks before O's
 *   NAIVE_CLEANWAIT  (CLEAN) no WAIT between O's and marks                                                              */
#ifndef PROXIES
#define PROXIES 2
#endif
#define ACTORS (PROXIES + 2)
#ifdef MAXOPS                    /* where an unbounded search is too large */
#define may_start (ops < MAXOPS)
#define count_op ops++
#else
#define may_start true
#define count_op skip
#endif

byte O; bool Ox;                                 /* S */
byte rO; bool rOx;                               /* its replica */
byte N; bool Nx, M, Mx;                          /* T */
byte rN; bool rNx, rM, rMx;                      /* its replica */
byte ref, rref; bool refx, rrefx;                /* what one key would hold: now, and at the moment of T's replica */
bool now, later;                                 /* the deadline has passed; so has the margin of the marks */
bool genS, genT, swept;
bool dirty[ACTORS];
#ifdef LIVE
ltl sweeps { <> swept }
#endif
byte ops;

#define deadly (refx && now)
#ifdef NAIVE_READNIL
bool gone[ACTORS];
inline touchT() { byte z_; for (z_ : 0 .. ACTORS - 1) { dirty[z_] = 1; gone[z_] = gone[z_] || (ref == 0) }; z_ = 0 }
#else
inline touchT() { byte z_; for (z_ : 0 .. ACTORS - 1) { dirty[z_] = 1 }; z_ = 0 }
#endif
inline syncT()  { rN = N; rNx = Nx; rM = M; rMx = Mx; rref = ref; rrefx = refx }
inline must_match() { assert(N == ref && Nx == refx) }

inline command() {
  if
  :: k == 0 -> must_match()
  :: k == 1 -> must_match(); N = (N == 1 -> 2 : 1); ref = N; touchT()             /* INCR: keeps the expiry */
  :: k == 2 -> must_match(); N = 0; Nx = 0; ref = 0; refx = 0; touchT();          /* DEL, LPOP of the last ... */
#ifdef NAIVE_NOMARK
               M = 0; Mx = 0
#endif
  :: k == 3 -> must_match(); if :: N != 0 && !now -> Nx = 1; refx = 1; touchT() :: else fi   /* PEXPIREAT */
  :: k == 4 -> must_match(); if :: Nx -> Nx = 0; refx = 0; touchT() :: else fi               /* PERSIST */
  fi }

bool knows[ACTORS], kgen[ACTORS];
inline lookT() {                                 /* WATCH M N; GET M; EXISTS N */
  g = genT; dirty[me] = 0;
#ifdef NAIVE_READNIL
  gone[me] = (ref == 0);
#endif
  if :: M || N != 0 -> knows[me] = 1; kgen[me] = g :: else -> knows[me] = 0 fi }
inline readS() { v = O; x = Ox }
inline commitT() {                               /* MULTI .. EXEC */
  if
  :: g != genT                                   /* connection broke */
#ifdef NAIVE_COPIER
  :: g == genT && v != 0 -> if :: !(x && now) -> N = v; Nx = x :: else fi; M = 1; Mx = x; knows[me] = 1; kgen[me] = g; touchT()
#else
  :: g == genT && v != 0 && !dirty[me] ->
     if :: !(x && now) -> N = v; Nx = x :: else fi;
     if :: !(x && later) -> M = 1; Mx = x :: else fi;
     knows[me] = 1; kgen[me] = g; touchT()
#endif
  :: g == genT && v == 0 -> knows[me] = 1; kgen[me] = g       /* O is absent and stays so */
  :: else                                        /* EXEC nil */
  fi; v = 0; x = 0 }

#ifdef NAIVE_CACHE
#define ensured (knows[me])
#else
#define ensured (knows[me] && kgen[me] == genT)
#endif

proctype Proxy(byte me) {
  byte k, v; bool g, x, cut; byte was; bool wasx;
end: do
  :: atomic { may_start && swept && !cut -> cut = 1 }                   /* takes up `new`, perhaps alone */
  :: atomic { may_start -> count_op;
     if :: k = 0 :: k = 1 :: k = 2 :: k = 3 :: k = 4 :: k = 5 :: k = 6 fi;
     if
     :: k == 5 ->                                                       /* overwrites without looking */
        N = 2; Nx = 0; ref = 2; refx = 0; if :: !cut -> M = 1; Mx = 0 :: else fi; touchT(); k = 0
     :: k < 5 && cut -> command(); k = 0
     :: k < 5 && !cut && ensured -> command(); k = 0
     :: k == 0 && !cut && N != 0 -> must_match()              /* found at N: believed */
     :: k == 6 && (cut || M || N != 0) -> k = 0               /* no need to look at O */
     :: else -> lookT(); was = ref; wasx = refx; goto work
     fi }
     if :: false ->
work:   do
        :: atomic { k != 6 && ensured -> command(); break }
        :: atomic { k != 6 && knows[me] && !ensured -> knows[me] = 0; lookT() }
        :: atomic { !knows[me] -> readS() };
           if
           :: atomic { k == 6 ->                                        /* answers from O */
#ifdef NAIVE_READNIL
                if :: v != 0 -> assert(v == was) :: else -> assert(gone[me]) fi; v = 0; x = 0; break }   /* was it ever absent since the request began? */
#else
                if :: v != 0 -> assert(v == was && x == wasx) :: else fi; v = 0; x = 0; break }
#endif
           :: atomic { k != 6 -> commitT(); if :: !knows[me] -> lookT() :: else fi }
           :: atomic { v = 0; x = 0; break }                            /* left where it is */
           fi
        od;
        atomic { k = 0; v = 0; x = 0; g = 0; was = 0; wasx = 0 }
     :: else fi
  od }

proctype Sweeper(byte me) {
  byte v; bool g, g0, x, k;
  do
  :: atomic { g0 = genT; knows[me] = 0 }
     if
     :: O != 0 -> atomic { lookT() }
        do
        :: atomic { knows[me] -> break }
        :: atomic { !knows[me] -> readS() }; atomic { commitT(); if :: !knows[me] -> lookT() :: else fi }
        od
     :: else
     fi;
     atomic {
#ifdef NAIVE_CUTOVER
       if :: genT == g0 -> swept = 1; break :: else -> skip fi
#else
       if :: genT == g0 -> syncT(); swept = 1; break :: else -> skip fi  /* WAIT at T; another life of T: again */
#endif
     }
  od }

#ifdef PURGE
proctype Purger() {
  bool g;
end: atomic { M -> g = genT }
#ifndef NAIVE_PURGE
  atomic { if :: genT == g -> syncT() :: else -> goto out fi }           /* WAIT at T */
#endif
  atomic { O = 0; Ox = 0 }
#ifdef NAIVE_DROPMARK
  atomic { if :: genT == g -> M = 0; Mx = 0; touchT() :: else fi }
#endif
out: skip }
#endif

#ifdef CLEAN
proctype Cleaner() {                             /* a proxy may be in to-new still */
  bool g;
  swept;
#ifdef NAIVE_CLEAN
  atomic { M = 0; Mx = 0; touchT() }
  atomic { O = 0; Ox = 0 }
#else
  do
  :: atomic { g = genS; O = 0; Ox = 0 }                                  /* UNLINK every O at S */
#ifdef NAIVE_CLEANWAIT
     break
#else
     atomic { if :: g == genS -> rO = O; rOx = Ox; break :: else fi }    /* WAIT at S; another life of S: again */
#endif
  od;
  atomic { M = 0; Mx = 0; touchT() }                                     /* marks last */
#endif
}
#endif

proctype Time() {
  atomic { now = 1; if :: Nx -> touchT() :: else fi;
    if :: Ox -> O = 0; Ox = 0 :: else fi; if :: rOx -> rO = 0; rOx = 0 :: else fi;
    if :: Nx -> N = 0; Nx = 0 :: else fi; if :: rNx -> rN = 0; rNx = 0 :: else fi;
    if :: refx -> ref = 0; refx = 0; touchT() :: else fi; if :: rrefx -> rref = 0; rrefx = 0 :: else fi }
  atomic { later = 1; if :: Mx -> M = 0; Mx = 0; touchT() :: else fi; if :: rMx -> rM = 0; rMx = 0 :: else fi } }

proctype Target() {
end: do
  :: atomic { !genT && (rN != N || rNx != Nx || rM != M || rMx != Mx || rref != ref || rrefx != refx) -> syncT() }
  :: atomic { !genT -> genT = 1; N = rN; Nx = rNx; M = rM; Mx = rMx; ref = rref; refx = rrefx; touchT(); break }
  od }
proctype Source() {
end: do
  :: atomic { !genS && (rO != O || rOx != Ox) -> rO = O; rOx = Ox }
  :: atomic { !genS -> genS = 1; O = rO; Ox = rOx; break }
  od }

/* true at every moment; rollback.pml begins here */
#define inv ((M || N != 0) -> (ref == N && refx == Nx) : (ref == O && refx == Ox))
#define inv2 (M || N == 0 || O == 0)
#ifndef NOMONITOR                /* left out: what is wrong must show in an answer */
active proctype Monitor() { atomic { true -> assert(inv && inv2) } }
#endif

init {
  byte p;
  atomic {
    if :: O = 0 :: O = 1 :: O = 1; Ox = 1 fi;
    rO = O; rOx = Ox; ref = O; refx = Ox; rref = ref; rrefx = refx;
#ifdef NAIVE_AGAIN
    if :: M = 1; N = 2 :: skip fi;                            /* M and a stale N of an earlier run */
#endif
#ifdef NAIVE_FLIP
    if :: O == 0 -> rO = 1 :: else -> rO = 2; rOx = 0 fi;     /* S's replica lags */
#endif
    for (p : 0 .. PROXIES - 1) { run Proxy(p) }
#ifndef NOSWEEP
    run Sweeper(PROXIES);
#endif
    run Time(); run Target();
#if defined(PURGE) || defined(CLEAN) || defined(NAIVE_FLIP)
    run Source();
#endif
#ifdef PURGE
    run Purger();
#endif
#ifdef CLEAN
    run Cleaner();
#endif
  } }

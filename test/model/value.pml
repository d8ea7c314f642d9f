/* Near changes of form: the record is read at O, transformed, and written at N, on one server (mode to-new).
 *
 * ensure: WATCH O N, read O, transform, MULTI, write N, UNLINK O, EXEC; a nil EXEC means that somebody was there: again.
 * Who has ensured a record remembers it for this life of the server, and runs commands at N alone.
 * Reads go ahead: EXISTS O and the read of N; good if O was absent or N was there, else ensure and read again.
 * A command that overwrites without looking: MULTI, UNLINK O, SET N, EXEC. The sweeper only ensures.
 * A deadline passes; the server fails over once and loses a suffix. Value 0 is "absent"; which form a value has is told by its name, so the same
 * model serves rules with O = N: read O as "the key, old form" and N as "the key, new form".
 *
 * Each of these drops a rule and must fail:
 *   NAIVE_NOWATCH  EXEC without WATCH              NAIVE_NOCHECK  a write does not ensure
 *   NAIVE_CACHE    "ensured" outlives a failover    NAIVE_SPLIT    the overwrite is two commands instead of one EXEC    */
#ifndef PROXIES
#define PROXIES 2
#endif
#ifndef OPS
#define OPS 2
#endif
#define ACTORS (PROXIES + 1)

byte O, N; bool Ox, Nx;
byte ref;  bool refx;
byte rO, rN, rref; bool rOx, rNx, rrefx;
bool now, gen;
bool dirty[ACTORS];              /* somebody touched what it watches */

inline touch() { byte z_; for (z_ : 0 .. ACTORS - 1) { dirty[z_] = 1 }; z_ = 0 }

#ifndef NAIVE_NOWATCH
#define compare (!dirty[me])
#else
#define compare true
#endif
#if defined(NAIVE_NOWATCH) || defined(NAIVE_NOCHECK) || defined(NAIVE_CACHE) || defined(NAIVE_SPLIT)
#define no_old true
#else
#define no_old (O == 0)
#endif
inline must_match() { assert(no_old); assert(N == ref && Nx == refx) }

inline write(k) {
  if
  :: k == 1 -> assert(no_old); N = 1; Nx = 0; ref = 1; refx = 0; touch()
  :: k == 2 -> must_match(); N = (N % 3) + 1; ref = (ref % 3) + 1; touch()
  :: k == 3 -> must_match(); N = 0; Nx = 0; ref = 0; refx = 0; touch()
  :: k == 4 -> must_match(); if :: N != 0 && !now -> Nx = 1; refx = 1; touch() :: else fi
  fi }

/* knows[me]: ensured, in life kgen[me] of the server */
bool knows[ACTORS], kgen[ACTORS];
inline ensure() {
  do
  :: atomic { knows[me] && kgen[me] == gen -> break }
#ifdef NAIVE_CACHE
  :: atomic { knows[me] -> break }
#endif
  :: atomic { else -> g = gen; dirty[me] = 0 }        /* WATCH O N */
     atomic { if :: g == gen -> v = O :: else -> goto lost fi }
     atomic { if :: g == gen -> x = Ox :: else -> goto lost fi }
     atomic {
       if
       :: g != gen -> goto lost
       :: else ->
          if
          :: v == 0 && compare -> knows[me] = 1; kgen[me] = g     /* an empty EXEC: O was absent and is */
          :: v != 0 && compare ->
             if :: !(x && now) -> N = v; Nx = x :: else fi;       /* an expiry in the past leaves nothing */
             O = 0; Ox = 0; touch(); knows[me] = 1; kgen[me] = g
          :: else                                                  /* nil */
          fi
       fi; v = 0; x = 0 }
     if :: false -> 
lost:   atomic { v = 0; x = 0; g = 0 } :: else fi
  od }

proctype Proxy(byte me) {
  byte i, k, v, e; bool g, x;
  for (i : 1 .. OPS) {
    if :: k = 0 :: k = 1 :: k = 2 :: k = 3 :: k = 4 :: k = 5 fi;
    if
    :: k == 0 ->                                       /* GET, ahead of any move */
       atomic { g = gen; e = O }
       atomic {
         if
         :: g == gen && (e == 0 || N != 0) -> assert(N == ref && Nx == refx); e = 0; k = 9
         :: else -> e = 0
         fi }
       if
       :: k == 0 -> 
r_again:  ensure();
          atomic { if :: (knows[me] && kgen[me] == gen) -> must_match() :: else -> goto r_again fi }
       :: else
       fi
    :: k == 5 ->                                       /* overwrites without looking */
#ifdef NAIVE_SPLIT
       atomic { O = 0; Ox = 0; touch() }
       atomic { N = 3; Nx = 0; ref = 3; refx = 0; touch() }
#else
       atomic { O = 0; Ox = 0; N = 3; Nx = 0; ref = 3; refx = 0; touch() }
#endif
    :: else ->
w_again:
#ifndef NAIVE_NOCHECK
       ensure();
#endif
       atomic {
#if defined(NAIVE_CACHE) || defined(NAIVE_NOCHECK)
         write(k)
#else
         if :: (knows[me] && kgen[me] == gen) -> write(k) :: else -> goto w_again fi   /* still the same life of the server */
#endif
       }
    fi;
    k = 0
  } }

proctype Sweeper(byte me) { byte v; bool g, x; ensure() }

proctype Time() { atomic { now = 1;
  if :: Ox || Nx -> touch() :: else fi;             /* a watched key that expired makes EXEC nil as well */
  if :: Ox -> O = 0; Ox = 0 :: else fi;   if :: Nx -> N = 0; Nx = 0 :: else fi;   if :: refx -> ref = 0; refx = 0 :: else fi;
  if :: rOx -> rO = 0; rOx = 0 :: else fi; if :: rNx -> rN = 0; rNx = 0 :: else fi; if :: rrefx -> rref = 0; rrefx = 0 :: else fi } }

proctype Server() {
  atomic { rO = O; rOx = Ox; rN = N; rNx = Nx; rref = ref; rrefx = refx }
  atomic { O = rO; Ox = rOx; N = rN; Nx = rNx; ref = rref; refx = rrefx; gen = 1 } }

init {
  byte p;
  atomic {
    if :: O = 0 :: O = 2 :: O = 2; Ox = 1 fi;
    ref = O; refx = Ox;
    for (p : 0 .. PROXIES - 1) { run Proxy(p) }
    run Sweeper(PROXIES); run Time(); run Server()
  }
  atomic { _nr_pr == 1 -> assert((N != 0 -> N : O) == ref);
#if !defined(NAIVE_NOWATCH) && !defined(NAIVE_NOCHECK) && !defined(NAIVE_CACHE) && !defined(NAIVE_SPLIT)
    assert(N == 0 || O == 0)
#endif
  } }

/* Near renames: a record leaves O for N on one server while apps use it (mode to-new, then new).
 *
 * Proxies send each command of an app as two commands of the server, pipelined: RENAMENX O N, then the command at N. Other clients may come
 * between the two. A sweeper moves the record too, a deadline passes, the server fails over once to a replica that lags.
 * One record; value 0 is "absent". `ref` is what one plain Redis key would hold; each command changes `ref` in the step in which the
 * server executes it, and asserts that N says the same.
 *
 * REFUSED  the server may refuse RENAMENX at any time: writes are MULTI, RENAMENX, command, EXEC; refused reads look at both names in one MULTI
 * CUT      after a sweep in one life of the server, and WAIT, proxies take up `new` one after the other
 *
 * Each of these drops a rule and must fail:
 *   NAIVE_CUTOVER  (CUT) the sweep is not followed by WAIT
 *   NAIVE_COPIER   the sweeper reads O, writes N, deletes O
 *   NAIVE_OLD      one proxy is still in mode `old`
 *   NAIVE_RETRY    when the connection broke, the command is repeated without its RENAMENX
 *   NAIVE_REFUSED  a read is believed although its RENAMENX was refused
 *   NAIVE_PIPED    a write follows its RENAMENX outside MULTI, and only the RENAMENX is refused                       */
#ifndef PROXIES
#define PROXIES 2
#endif
#ifndef OPS
#define OPS 3
#endif

byte O, N; bool Ox, Nx;          /* value, and whether it ends at the deadline */
byte ref;  bool refx;
byte rO, rN, rref; bool rOx, rNx, rrefx;   /* the replica, at some earlier moment */
bool now;                        /* the deadline has passed */
bool gen;                        /* another life of the server: connections break */
bool swept;                      /* CUT: `new` is announced */


#if defined(NAIVE_COPIER) || defined(NAIVE_OLD) || defined(NAIVE_RETRY) || defined(NAIVE_PIPED) || defined(NAIVE_CUTOVER)
#define no_old true              /* what is wrong must show in an answer */
#else
#define no_old (O == 0)          /* no command executes at N while O exists */
#endif
inline must_match() { assert(no_old); assert(N == ref && Nx == refx) }

inline command(k) {              /* a command of an app at N */
  if
  :: k == 0 -> must_match()                                            /* GET */
  :: k == 1 -> assert(no_old); N = 1; Nx = 0; ref = 1; refx = 0        /* SET 1 */
  :: k == 2 && !now -> assert(no_old); N = 2; Nx = 1; ref = 2; refx = 1 /* SET 2 with the deadline */
  :: k == 2 && now -> skip
  :: k == 3 -> must_match(); N = (N % 3) + 1; ref = (ref % 3) + 1      /* INCR: keeps the expiry */
  :: k == 4 -> must_match(); N = 0; Nx = 0; ref = 0; refx = 0          /* DEL, LPOP of the last, GETDEL... */
  :: k == 5 -> must_match(); if :: N != 0 && !now -> Nx = 1; refx = 1 :: else fi  /* PEXPIREAT */
  :: k == 6 -> must_match(); Nx = 0; refx = 0                          /* PERSIST */
  fi }

inline renamenx() {
  if
  :: O != 0 && N == 0 -> N = O; Nx = Ox; O = 0; Ox = 0
  :: else
  fi }

proctype Proxy() {
  byte i, k; bool g, refused, cut;
  for (i : 1 .. OPS) {
    select(k : 0 .. 6);
#ifdef CUT
    if :: atomic { swept -> cut = 1 } :: skip fi;      /* takes up `new`, or not yet */
#endif
again:
    refused = 0;
    atomic { g = gen;
#if defined(REFUSED)
      if
      :: k != 0 -> if :: renamenx(); command(k) :: skip fi; k = 9      /* all of it, or EXECABORT */
      :: k == 0 -> if :: renamenx() :: refused = 1 fi
      fi
#elif defined(NAIVE_REFUSED)
      if :: renamenx() :: k == 0 -> refused = 1 fi     /* such a server refuses writes, too */
#elif defined(NAIVE_PIPED)
      if :: renamenx() :: k != 0 fi                    /* the refusal ends between the two */
#elif defined(CUT)
      if :: cut :: !cut -> renamenx() fi
#else
      renamenx()
#endif
    }
    atomic {
#ifdef NAIVE_RETRY
      command(k)
#else
      if
      :: k == 9 -> k = 0                               /* the EXEC was the whole of it */
      :: k != 9 && gen != g -> goto again                        /* lost before the command ran: both again */
      :: else ->
#ifdef REFUSED
         if
         :: refused -> assert((N != 0 -> N : O) == ref && (N != 0 -> Nx : Ox) == refx)
         :: else -> command(k)
         fi
#elif defined(NAIVE_REFUSED)
         if :: refused -> assert(N == ref) :: else -> command(k) fi
#else
         command(k)
#endif
      fi
#endif
    }
  }

}

#ifdef NAIVE_OLD
proctype OldProxy() {
  if
  :: atomic { O = 3; Ox = 0; ref = 3; refx = 0 }
  :: atomic { assert(O == ref) }
  fi }
#endif

proctype Sweeper() {
#ifdef NAIVE_COPIER
  byte v; bool x;
  atomic { v = O; x = Ox }
  if
  :: v != 0 ->
     atomic { if :: !(x && now) -> N = v; Nx = x :: else fi }
     atomic { O = 0; Ox = 0 }
  :: else
  fi
#elif defined(CUT)
  bool g;
  do
  :: atomic { g = gen; renamenx() }
     atomic { if
#ifndef NAIVE_CUTOVER
     :: gen == g -> rO = O; rOx = Ox; rN = N; rNx = Nx; rref = ref; rrefx = refx; swept = 1; break      /* WAIT */
     :: gen != g                                                                                    /* once more */
#else
     :: swept = 1; break
#endif
     fi }
  od
#else
  atomic { renamenx() }
#endif
}

proctype Time() { atomic { now = 1;
  if :: Ox -> O = 0; Ox = 0 :: else fi;   if :: Nx -> N = 0; Nx = 0 :: else fi;   if :: refx -> ref = 0; refx = 0 :: else fi;
  if :: rOx -> rO = 0; rOx = 0 :: else fi; if :: rNx -> rN = 0; rNx = 0 :: else fi; if :: rrefx -> rref = 0; rrefx = 0 :: else fi } }

proctype Server() {              /* what the replica has is what survives */
  atomic { rO = O; rOx = Ox; rN = N; rNx = Nx; rref = ref; rrefx = refx }
  atomic { O = rO; Ox = rOx; N = rN; Nx = rNx; ref = rref; refx = rrefx; gen = 1 }
}

init {
  byte p;
  atomic {
    if :: O = 0 :: O = 2 :: O = 2; Ox = 1 fi;
    ref = O; refx = Ox;
    for (p : 1 .. PROXIES) { run Proxy() }
    run Sweeper(); run Time(); run Server();
#ifdef NAIVE_OLD
    run OldProxy();
#endif
  }
  atomic { _nr_pr == 1 -> assert((N != 0 -> N : O) == ref && !(N != 0 && O != 0)) }
}

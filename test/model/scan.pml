/* SCAN through a proxy while a record moves. The record may lie in any bucket of either side, on two nodes of B buckets each; the server's
 * own SCAN visits each bucket once and returns what it holds then.
 *
 * The proxy makes two passes: over the side that records leave, then over the side they go to. After a flip (known by the era in the cursor)
 * it begins again. What it finds it reports unless a mark says that it is history. A pass during which a slot moved is made again.
 * Asserted: whoever was there from begin to end was reported; whatever was reported was there at some time between.
 *
 * BACK   the way back         KEEP   two stores: old copies stay, with marks (M at T, R at S)     PURGE  (KEEP) old copies go, marks stay
 * FLIP   one flip, any time   SLOTS  the slot moves between the nodes
 *
 * Each of these drops a rule and must fail:
 *   NAIVE_ONEPASS    one pass over both names           NAIVE_ORDER  the passes in the other order
 *   NAIVE_NORESTART  (FLIP) goes on after a flip        NAIVE_GHOST  (KEEP) marks are not looked at
 *   NAIVE_NODES      (SLOTS) a moved slot is not noticed                                                                */
#ifndef B
#define B 3
#endif
#define NODES 2
#define ABSENT 255

bool o, n, M, R;                 /* keys and marks of the one record */
byte bo, bn, node;               /* bucket of O, bucket of N, node of the slot (of both) */
bool down;                       /* direction */
bool started, ended, gap, ever, returned;
bool migrating; byte config;

#ifdef KEEP
#define at_T (M || n)            /* who is the record: apart.pml's inv */
#define there_up   (at_T -> n : o)
#define there_down (R -> o : there_up)
#define there (down -> there_down : there_up)
#else
#define there (o || n)
#endif
inline note() { if :: started && !there -> gap = 1 :: else fi; if :: started && there -> ever = 1 :: else fi }

inline ensure() {
#ifdef KEEP
  if
  :: !down && !at_T && o -> n = 1; M = 1
  :: down && !R && at_T  -> o = n; R = 1
  :: else
  fi
#else
  if :: !down && o -> n = 1; o = 0 :: down && n -> o = 1; n = 0 :: else fi
#endif
}
proctype Mover() { byte i; for (i : 1 .. 2) { atomic { ensure(); note() } } }
proctype App() {
  byte i;
  for (i : 1 .. 2) {
    if
    :: atomic { true -> ensure(); if :: down -> o = 0 :: else -> n = 0 fi; note() }     /* DEL */
    :: atomic { true -> ensure(); if :: down -> o = 1 :: else -> n = 1 fi; note() }     /* SET */
    :: skip
    fi } }
#ifdef FLIP
proctype Flipper() { atomic { down = 1; note() } }
#endif
#ifdef PURGE
proctype Purger() {
end: atomic { !down && M -> o = 0 } }                 /* as in apart.pml */
#endif
#ifdef SLOTS
proctype Slots() { byte i; for (i : 1 .. 2) { migrating = 1; atomic { node = 1 - node }; atomic { migrating = 0; config++ } } }
#endif

#ifdef NAIVE_ORDER
#define side_of(pass) ((pass == 0) -> !dir : dir)
#else
#define side_of(pass) ((pass == 0) -> dir : !dir)    /* 0 = O side, 1 = N side; way up (dir 0): O first */
#endif

proctype Scan() {
  byte pass, nd, b, c0; bool dir, found, stable;
  atomic { started = 1; dir = down; note() }
restart:
  atomic { pass = 0; dir = down }
  do
  :: pass == 2 -> break
  :: else ->
again:
     atomic { c0 = config; stable = !migrating; nd = 0 }
     do
     :: nd == NODES -> break
     :: else ->
        b = 0;
        do
        :: b == B -> break
        :: else ->
#if defined(FLIP) && !defined(NAIVE_NORESTART)
           atomic { if :: down != dir -> goto restart :: else fi;      /* a call belongs to its era: flip.pml */
#else
           atomic {
#endif
#ifdef NAIVE_ONEPASS
             found = (node == nd && ((o && bo == b) || (n && bn == b)))
#else
             found = (node == nd && ((side_of(pass) == 0) -> (o && bo == b) : (n && bn == b)))
#endif
           }
           if
           :: found ->
#if defined(KEEP) && !defined(NAIVE_GHOST)
              atomic {                                                  /* the marks, in a step of their own */
                if
                :: !dir && pass == 0 && !(M || n) -> returned = 1; assert(ever)
                :: !dir && pass == 1              -> returned = 1; assert(ever)
                :: dir && pass == 0 && !R         -> returned = 1; assert(ever)
                :: dir && pass == 1 && (R -> o : !(M || n)) -> returned = 1; assert(ever)   /* R and O in one step; T is at rest */
                :: else
                fi }
#else
              atomic { returned = 1; assert(ever) }
#endif
           :: else
           fi;
           atomic { found = 0; b++ }
        od;
        nd++
     od;
#if defined(SLOTS) && !defined(NAIVE_NODES)
     if :: atomic { config != c0 || !stable || migrating -> goto again } :: atomic { config == c0 && stable && !migrating } fi;
#endif
     pass++;
#ifdef NAIVE_ONEPASS
     break
#endif
  od;
  assert(returned || gap)
}

init {
  atomic {
    if :: o = 1 :: n = 1 :: skip fi;
#ifdef KEEP
    if :: n == 1 -> if :: M = 1; o = 1 :: M = 1 :: skip fi :: n == 0 && o == 0 -> if :: M = 1; o = 1 :: skip fi :: else fi;
#endif
    if :: bo = 0 :: bo = 1 :: bo = 2 fi; if :: bn = 0 :: bn = 1 :: bn = 2 fi; if :: node = 0 :: node = 1 fi;
#ifdef BACK
    down = 1;
#endif
    run Scan(); run Mover(); run App();
#ifdef FLIP
    run Flipper();
#endif
#ifdef PURGE
    run Purger();
#endif
#ifdef SLOTS
    run Slots()
#endif
  } }

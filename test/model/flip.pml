/* The flip on one server: how a fleet turns from one era to the next.
 *
 * What all other models build on: every command executed for era e comes before every command executed for era e+1. `maxera` watches; a
 * parked command counts when it is served.
 * Control record: `cur` and `next`, each with epoch, hold and era, on a server that replicates and fails over once. A change: next (compare-and-set, while
 * next == cur), wait for the replica, cur. Anybody finishes a change, writing something of his own before he waits. Proxies act on cur only, and never go
 * back. Anybody may end a hold by a serve of the same era.
 * Connections carry their proxy's epoch as their name; what is on its way arrives in order, at any later time or never. A new one sends its name and reads cur
 * behind it before it is used; a new epoch goes down as a new name first.
 * Driver: cur = hold(e); each connection is seen with name >= e or killed; next = serve(era + 1). When its own connection broke meanwhile it looks again.
 * Proxies may stop for ever anywhere; so may drivers.
 *
 * P proxies, C drivers, MAXEP epochs.   RESTART  proxies die and begin without memory
 * AWAY  the server of a connection is demoted for a while and promoted again; the connection lives through it, as in Redis 7.0
 * LIVE  under weak fairness a flip ends although proxies stop for ever (one driver; un-named connections are killed; nobody ends the hold)
 *
 * Each of these drops a rule and must fail:
 *   NAIVE_LEASE     nobody is killed: proxies look at a lease before they send, the driver waits until leases are over
 *   NAIVE_NOREAD    a new connection is used without reading behind its name
 *   NAIVE_ONESTEP   cur is written without next              NAIVE_IDLEWAIT  who finishes a change waits for nothing
 *   NAIVE_ABORT     a hold is ended without compare          NAIVE_STALECHK  (C=2) a look counts although the driver's connection broke
 *   NAIVE_AWAY      replicas are not asked                   NAIVE_PARKED    parked commands stay
 *   NAIVE_NOKILL    (LIVE) the driver waits for every proxy                                                             */
#ifndef P
#define P 2
#endif
#ifndef C
#define C 1
#endif
#ifndef MAXEP
#define MAXEP 4
#endif
#define UNNAMED 0
#ifdef LIVE                                /* nobody ends the hold, and no connection is spared */
#define may_kill true
ltl flips { <> (cur_era >= 1 && !cur_hold) }
#else
#define may_kill (name[i] != UNNAMED)      /* without a name of ours it is waited for */
#endif

/* the control record */
byte cur_epoch = 1, cur_era; bool cur_hold;
byte next_epoch = 1, next_era; bool next_hold;
byte rc_ep = 1, rc_era, rn_ep = 1, rn_era; bool rc_hold, rn_hold;      /* as the replica has it */
bool gen;

mtype = { NAME, READ, CMD, BPOP };
chan q[P] = [2] of { mtype, byte };        /* to the server */
byte name[P]; bool up[P];
byte parked[P];                            /* 0 = no, else era + 1 */
bool busy[P];                              /* a blocking command is sent and not answered */
bool hs[P]; byte hs_ep[P], hs_era[P]; bool hs_hold[P];   /* what READ answered */
bool lease_over[P];
byte maxera;
#if defined(AWAY) || defined(NAIVE_AWAY)
bool demoted;                              /* connection 0's server is a replica for a while, and does not close it */
#define away(c) (c == 0 && demoted)
active proctype Demotion() { demoted = 1; demoted = 0 }
#else
#define away(c) false
#endif

inline executes(era) { assert(era >= maxera); maxera = era }

proctype Conn(byte c) {                    /* the server takes what is first in line, at any time */
  byte m;
end: do
  :: atomic { parked[c] == 0 && q[c]?[NAME,_] -> q[c]?NAME(m); name[c] = m; m = 0 }
  :: atomic { parked[c] == 0 && q[c]?[READ,_] -> q[c]?READ(m); hs[c] = 1; hs_ep[c] = cur_epoch; hs_era[c] = cur_era; hs_hold[c] = cur_hold; m = 0 }
  :: atomic { parked[c] == 0 && q[c]?[CMD,_] && !away(c) -> q[c]?CMD(m); executes(m); m = 0 }
  :: atomic { parked[c] == 0 && q[c]?[BPOP,_] && !away(c) -> q[c]?BPOP(m); if :: executes(m); busy[c] = 0 :: parked[c] = m + 1 fi; m = 0 }
#if defined(AWAY) || defined(NAIVE_AWAY)
  :: atomic { parked[c] == 0 && q[c]?[CMD,_] && away(c) -> q[c]?CMD(m); m = 0 }         /* READONLY */
  :: atomic { parked[c] == 0 && q[c]?[BPOP,_] && away(c) -> q[c]?BPOP(m); busy[c] = 0; m = 0 }
#endif
  :: atomic { parked[c] != 0 && !away(c) -> executes(parked[c] - 1); parked[c] = 0; busy[c] = 0 }     /* served by a push */
  od }

inline drop(c) { do :: q[c]?_,_ :: empty(q[c]) -> break od; up[c] = 0; name[c] = UNNAMED; parked[c] = 0; busy[c] = 0; hs[c] = 0; hs_ep[c] = 0; hs_era[c] = 0; hs_hold[c] = 0 }

proctype Proxy(byte me) {
  byte epoch, era; bool hold, ok, fresh = 1;
end: do
  :: atomic { !up[me] -> up[me] = 1; ok = 0 }                            /* connect */
#ifdef NAIVE_NOREAD
     if
     :: !fresh -> atomic { if :: up[me] -> q[me]!NAME(epoch); ok = 1 :: else fi }
     :: fresh ->
#endif
     atomic { if :: up[me] -> q[me]!NAME(epoch) :: else fi }
     atomic { if :: up[me] -> q[me]!READ(0) :: else fi }
     atomic { if
     :: hs[me] -> hs[me] = 0; fresh = 0;
        if :: hs_ep[me] > epoch -> epoch = hs_ep[me]; era = hs_era[me]; hold = hs_hold[me] :: else fi;
        hs_ep[me] = 0; hs_era[me] = 0; hs_hold[me] = 0; ok = 1
     :: !up[me]
     fi }
     atomic { if :: ok && up[me] -> q[me]!NAME(epoch) :: else -> ok = 0 fi }
#ifdef NAIVE_NOREAD
     fi
#endif
  :: atomic { up[me] && ok && !busy[me] && cur_epoch > epoch && nfull(q[me]) ->        /* a new epoch */
       epoch = cur_epoch; era = cur_era; hold = cur_hold; q[me]!NAME(epoch) }
  :: atomic { up[me] && ok && busy[me] && cur_epoch > epoch && parked[me] != 0 -> parked[me] = 0; busy[me] = 0 }   /* CLIENT UNBLOCK; the new name goes next */
#ifdef NAIVE_PARKED
  :: atomic { up[me] && ok && parked[me] != 0 && cur_epoch > epoch -> epoch = cur_epoch; era = cur_era; hold = cur_hold; name[me] = epoch }
#endif
#ifdef NAIVE_LEASE
  :: up[me] && ok && !busy[me] && !hold && !lease_over[me] -> atomic { nfull(q[me]) && up[me] -> q[me]!CMD(era) }
#else
  :: atomic { up[me] && ok && !busy[me] && !hold && nfull(q[me]) -> q[me]!CMD(era) }
#endif
  :: atomic { up[me] && ok && !busy[me] && !hold && nfull(q[me]) -> busy[me] = 1; q[me]!BPOP(era) }
#ifdef LIVE
  :: break                                                               /* stops for ever; its connection stays */
#elif !defined(NAIVE_ABORT)
  :: atomic { hold && cur_epoch == epoch && next_epoch == epoch && epoch < MAXEP -> next_epoch = epoch + 1; next_hold = 0; next_era = cur_era }   /* calls the hold off */
#else
  :: atomic { hold && cur_epoch == epoch && epoch < MAXEP -> next_epoch = epoch + 1; next_hold = 0; next_era = era; cur_epoch = next_epoch; cur_hold = 0; cur_era = era }
#endif
#ifdef NAIVE_LEASE
  :: atomic { !lease_over[me] -> lease_over[me] = 1 }                    /* its lease ran out */
#endif
#ifdef RESTART
  :: atomic { up[me] -> drop(me); epoch = 0; era = 0; hold = 0; ok = 0; fresh = 1 }     /* kill -9, and begun anew */
#endif
  od }

proctype Driver() {
  byte epoch, era, i; bool hold, g;
end: do
  :: atomic { g = gen; epoch = cur_epoch; hold = cur_hold; era = cur_era }
     if
     :: atomic { next_epoch != cur_epoch -> epoch = next_epoch }                        /* somebody's change is half made: finish it */
#ifdef NAIVE_IDLEWAIT
        atomic { if :: gen == g -> skip :: else -> goto again fi }
#else
        atomic { if :: gen == g -> rc_ep = cur_epoch; rc_era = cur_era; rc_hold = cur_hold; rn_ep = next_epoch; rn_era = next_era; rn_hold = next_hold :: else -> goto again fi }   /* something of its own, then WAIT */
#endif
        atomic { if :: gen == g && next_epoch == epoch && cur_epoch == epoch - 1 -> cur_epoch = next_epoch; cur_era = next_era; cur_hold = next_hold :: else fi }
     :: else ->
        if
        :: !hold && epoch < MAXEP -> atomic { if :: cur_epoch == epoch && next_epoch == epoch -> next_epoch = epoch + 1; next_hold = 1; next_era = era
#ifdef NAIVE_ONESTEP
                 cur_epoch = next_epoch; cur_hold = 1
#endif
                 :: else fi }
        :: hold && epoch < MAXEP ->
           i = 0;
           do
           :: i < P ->
              if
              :: atomic { !up[i] || name[i] >= epoch -> i++ }
#ifdef NAIVE_AWAY
              :: atomic { away(i) -> i++ }
#endif
#ifdef NAIVE_LEASE
              :: atomic { lease_over[i] -> i++ }
#elif !defined(NAIVE_NOKILL)
              :: atomic { up[i] && name[i] < epoch && may_kill -> drop(i); i++ }   /* CLIENT KILL */
#endif
              :: atomic { cur_epoch != epoch -> goto again }                   /* the hold is over already */
#ifndef NAIVE_STALECHK
              :: atomic { gen != g -> goto again }
#endif
              fi
           :: else -> break
           od;
           atomic { if
#ifndef NAIVE_STALECHK
             :: gen == g && cur_epoch == epoch && next_epoch == epoch -> next_epoch = epoch + 1; next_hold = 0; next_era = era + 1
#else
             :: cur_epoch == epoch && next_epoch == epoch -> next_epoch = epoch + 1; next_hold = 0; next_era = era + 1
#endif
#ifdef NAIVE_ONESTEP
                ; cur_epoch = next_epoch; cur_hold = 0; cur_era = next_era
#endif
             :: else fi }
        :: else -> skip
        fi
     fi;
again: atomic { i = 0; epoch = 0; era = 0; hold = 0; g = 0 }
  od }

#ifndef NOFAIL
active proctype ControlStore() {           /* replicates, and fails over once */
end: do
  :: atomic { !gen && (rc_ep != cur_epoch || rn_ep != next_epoch) -> rc_ep = cur_epoch; rc_era = cur_era; rc_hold = cur_hold; rn_ep = next_epoch; rn_era = next_era; rn_hold = next_hold }
  :: atomic { !gen -> gen = 1; cur_epoch = rc_ep; cur_era = rc_era; cur_hold = rc_hold; next_epoch = rn_ep; next_era = rn_era; next_hold = rn_hold; break }
  od }
#endif

init { byte i; atomic { for (i : 0 .. P - 1) { run Conn(i); run Proxy(i) }; for (i : 1 .. C) { run Driver() } } }

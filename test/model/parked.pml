/* Parked commands: BLPOP across a flip, for a near rename on one server.
 *
 * One proxy pushes PUSHES different elements, another serves two BLPOPs of an app. In the old era all goes to O; in the new one RENAMENX O N
 * goes ahead of the command at N. RENAMENX wakes who is parked on N. During the hold a parked command is ended by CLIENT UNBLOCK ... ERROR;
 * it parks again in the new era, behind its RENAMENX.
 * At the end each element was delivered once or lies in the list, and nobody waits beside elements.
 *
 * Each of these drops a rule and must fail:
 *   NAIVE_CLOSE    the hold ends parked commands by closing their connection
 *   NAIVE_STAY     parked commands stay parked on O
 *   NAIVE_GUARDED  no hold: each side goes over when it likes, and pushers of the old side move the list back down        */
#ifndef PUSHES
#define PUSHES 3
#endif
byte O, N;                       /* which elements each list has, as bits */
byte got, pushed, sent;          /* sent: popped, not yet read by the app */
byte park;                       /* 0 no, 1 on O, 2 on N */
bool reply, unblocked;           /* what waits to be read: an element, UNBLOCKED */
bool hold; byte era; bool quietP, quietC, endP;

inline first(m, e) { if :: m & 1 -> e = 1 :: else -> if :: m & 2 -> e = 2 :: else -> e = 4 fi fi }
inline wake() {                  /* who is parked gets the element in the same step */
  if
  :: park == 1 && O != 0 -> first(O, e); O = O & ~e; sent = e; reply = 1; park = 0
  :: park == 2 && N != 0 -> first(N, e); N = N & ~e; sent = e; reply = 1; park = 0
  :: else
  fi; e = 0 }
inline move_up()   { if :: O != 0 && N == 0 -> N = O; O = 0; wake() :: else fi }
inline move_down() { if :: N != 0 && O == 0 -> O = N; N = 0; wake() :: else fi }

active proctype Pusher() {
  byte i = 0, e, my; bool held;
  do
  :: i == PUSHES -> break
#ifdef NAIVE_GUARDED
  :: atomic { my < era && my == 0 -> my = 1 }
  :: i < PUSHES ->
     if
     :: my == 0 -> atomic { move_down(); O = O | (1 << i); pushed = pushed | (1 << i); wake(); i++ }
     :: else    -> atomic { move_up();   N = N | (1 << i); pushed = pushed | (1 << i); wake(); i++ }
     fi
#else
  :: atomic { hold && !quietP -> quietP = 1 }
  :: i < PUSHES && !hold && !quietP ->
     if
     :: era == 0 -> atomic { O = O | (1 << i); pushed = pushed | (1 << i); wake(); i++ }
     :: else     -> atomic { move_up() }; atomic { N = N | (1 << i); pushed = pushed | (1 << i); wake(); i++ }
     fi
  :: atomic { !hold && quietP -> quietP = 0 }
#endif
  od;
#ifdef NAIVE_GUARDED
  (my == era);
#endif
  atomic { endP = 1; quietP = 1 } }

active proctype Consumer() {
  byte n, e, my;
  do
  :: n == 2 -> break
  :: else ->
     /* park */
#ifdef NAIVE_GUARDED
     if
     :: my == 0 -> atomic { move_down(); if :: O != 0 -> first(O, e); O = O & ~e; sent = e; reply = 1; e = 0 :: else -> park = 1 fi }
     :: else    -> atomic { move_up() }
                   atomic { if :: N != 0 -> first(N, e); N = N & ~e; sent = e; reply = 1; e = 0 :: else -> park = 2 fi }
     fi;
#else
     if
     :: atomic { hold -> quietC = 1 }; atomic { !hold -> quietC = 0 }
     :: !hold && era == 0 -> atomic { if :: O != 0 -> first(O, e); O = O & ~e; sent = e; reply = 1; e = 0 :: else -> park = 1 fi }
     :: !hold && era == 1 -> atomic { move_up() }
                   atomic { if :: N != 0 -> first(N, e); N = N & ~e; sent = e; reply = 1; e = 0 :: else -> park = 2 fi }
     fi;
#endif
     do
     :: atomic { reply -> assert((got & sent) == 0); got = got | sent; sent = 0; reply = 0; n++; break }
     :: atomic { !reply && park == 0 -> break }
#ifdef NAIVE_GUARDED
     :: atomic { my == 0 && era == 1 && park != 0 -> park = 0; my = 1; break }
     :: atomic { my == 0 && era == 1 && park == 0 -> my = 1 }
#elif defined(NAIVE_STAY)
     :: atomic { hold && !quietC && park != 0 -> quietC = 1 }
#else
     :: hold && !quietC && park != 0 ->          /* sends UNBLOCK; an element may be ahead of it */
#ifdef NAIVE_CLOSE
        atomic { park = 0; reply = 0; sent = 0; break }
#else
        atomic { if :: park != 0 -> park = 0; break :: else fi }      /* UNBLOCKED, or the element is what is read */
#endif
#endif
     od
  od;
  quietC = 1 }

active proctype Flip() {
#ifdef NAIVE_GUARDED
  era = 1                        /* announced, and taken up by each in its time */
#else
  hold = 1;
  atomic { quietP && quietC -> era = 1; hold = 0 }
#endif
}

init {
  timeout -> assert((got | O | N | sent) == pushed && (got & O) == 0 && (got & N) == 0);
  assert(!(park != 0 && (O | N) != 0))
}

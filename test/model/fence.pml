/* The flip when the control record and the data are on several servers, and servers split; runs that are added; connections that carry no record.
 *
 * The record is at S (with data), more data at T. Nodes: S0 and its replica S1, T0 and its replica T1.
 *   S may split once: S1 is promoted with any prefix of S0's stream, and S0 goes on answering whoever still asks it. TFAIL: T the same.
 * A change is a number here, and the number is its word; epoch, prev, hold, forced, era and its table of runs belong to it. A hold may add a run: that change is
 *   the run's name, and the scope of what follows. Every flip turns all runs of its table: the worst case.
 * Epoch key: one per node, in the node's stream, the whole change. A hold replaces a key of a lower epoch and of no higher era; a serve replaces its `prev` only.
 *   Anybody who knows the change sets it, also late.
 * Connection: the name, and behind it the epoch key is read. One that carries records is named by the change that its proxy acts on, and used when the key is that
 *   change. A free one is named by the scope of that change, and used when the key's table has no run that the proxy does not know: it passes on what
 *   belongs to no run of the proxy's. Another change, or scope: both again.
 *   One connection (Late) is modelled step by step; Others stands for all quick ones: they set keys to, or run commands of, any change that was ever cur.
 * Driver, with a hold: next = cur = hold; the primaries' keys; every node, replicas too, shows the hold in its key and is looked at then: what is not named
 *   exactly by the hold, or by its scope, is killed; next = serve(era + 1); the keys; every node shows it; cur = serve.
 *   Without a hold (same era): next; the primaries' keys; cur.
 *   Where a key has what may not be replaced, next becomes a hold above all epochs found, with the highest era found, and the table of the key that has it; if
 *   that is above the record's own era it is forced: not ended, looked at, and it serves that era.
 *   Drivers at S1 (T1) have declared S0 (T0) gone. Anybody ends a hold that is not forced.
 * Watched: no command of a lower era behind one of a higher era, over S and T together; no command passed on by somebody who does not know a run, or run under
 *   a table without it, behind one that was run after that run's turn. What S0 runs after the split is lost anyway and does not count.
 *   PERSERVER: each server's surviving stream by itself. EPOCHS: no two changes with one epoch served at T. Both without free connections.
 *
 * C drivers, MAXCH changes with the first, ADDS runs added (0: no free connections). NOPLAIN: no change without a hold. TFIRST: T's nodes are asked before
 * S's. WAITED: S1 has all of S0 when it is promoted. SCOPEEXACT: a free connection is used when the key has exactly its scope.
 * LATEFREE: the late connection is a free one to T0. ENDRESCOPES: a hold that added a run and is ended takes it away, and its end is the new scope.
 *
 * Each of these drops a rule, or has too weak a one, and must fail:
 *   WAITCONN         WAIT in place of reading the replicas' keys, with no replica connected     UNCOUNTED  the same at T only
 *   HOLDONLY         only primaries show the serve before it is cur
 *   SCOPEORDER       a free connection is used unless the key's scope is higher, or another one of its epoch
 *   NAIVE_CURFIRST   the serve is cur before the keys           NAIVE_GONE      S1 is declared gone and promoted all the same
 *   NAIVE_NOKEY      no epoch keys: cur is read instead         NAIVE_SETKEY    keys are set without compare
 *   NAIVE_SKIPHOLD   a serve replaces any lower key             NAIVE_KEYFIRST  the key is read before the name is sent
 *   NAIVE_NOWORD     compared by epoch without the word         NAIVE_NOREREAD  a living connection takes a name and goes on
 *   NAIVE_BACKERA    a hold replaces a key of a higher era      NAIVE_ENDFORCED forced holds are ended too (MAXCH=6)
 *   NAIVE_FREEUNREAD no key is read behind a free name          NAIVE_FREESPARED the look leaves free connections alone
 *   NAIVE_ERAONLY    a hold takes an era from a key without the table of runs there (ADDS=1)
 *   NAIVE_NAMEEPOCH  the look kills by epoch: what has the hold's epoch, or a higher one, is left
 *   NAIVE_ENDFORGETS a hold that added a run is ended without it, under the scope that it began (ADDS=1)
 *   NAIVE_PLAINSETS  a change without a hold sets keys without compare
 * These pass: without them the order still holds (what they give instead: docs/models.md).
 *   PLAINFIRST       a change without a hold is cur before the keys      PLAINUNSET  and sets none               */
#ifndef C
#define C 1
#endif
#ifndef MAXCH
#define MAXCH 5
#endif
#ifndef ADDS
#define ADDS 2
#endif
#define NCH 8
byte epoch[NCH], era[NCH], prev[NCH]; bool hold[NCH], forced[NCH]; byte changes = 1;
byte scope[NCH];                           /* the change that added the last run of its table */
byte runs[NCH], turned[NCH];               /* the table: bit m is the run that change m added; those that have turned since */
byte adds;
#if ADDS > 0 && !defined(PERSERVER) && !defined(EPOCHS) && !defined(NAIVE_NOKEY)
#define FREE
byte seen;                                 /* runs of which a command was executed behind their turn */
#endif
byte key[4];                               /* nodes: 0 S0, 1 S1, 2 T0, 3 T1 */
byte cur[2], next[2];
bool split, tsplit;
#define counts(n) ((n) == (split -> 1 : 0) || (n) == (tsplit -> 3 : 2))
#ifdef NAIVE_NOWORD
#define same(a,b) (epoch[a] == epoch[b])
#else
#define same(a,b) ((a) == (b))
#endif
#ifdef NAIVE_SETKEY
#define may_set(k,n) true
#elif defined(NAIVE_SKIPHOLD)
#define may_set(k,n) (hold[n] -> (epoch[k] < epoch[n] && era[k] <= era[n]) : epoch[k] < epoch[n])
#elif defined(NAIVE_PLAINSETS)
#define may_set(k,n) (hold[n] -> (epoch[k] < epoch[n] && era[k] <= era[n]) : (plain(n) || same(k, prev[n])))
#elif defined(NAIVE_BACKERA)
#define may_set(k,n) (hold[n] -> epoch[k] < epoch[n] : same(k, prev[n]))
#else
#define may_set(k,n) (hold[n] -> (epoch[k] < epoch[n] && era[k] <= era[n]) : same(k, prev[n]))
#endif
#ifdef NAIVE_FREEUNREAD
#define free_fits(k,s) true
#elif defined(SCOPEORDER)
#define free_fits(k,s) (epoch[scope[k]] < epoch[s] || scope[k] == (s))
#elif defined(SCOPEEXACT)
#define free_fits(k,s) (scope[k] == (s))
#else
#define free_fits(k,s) ((runs[k] & ~runs[s]) == 0)
#endif
#ifdef NAIVE_NAMEEPOCH
#define in_step(s) (epoch[name] >= (free -> epoch[scope[s]] : epoch[s]))
#elif defined(NAIVE_FREESPARED)
#define in_step(s) (free || name == (s))
#elif defined(NAIVE_ENDFORGETS)
#define in_step(s) (free -> scope[name] == scope[s] : name == (s))
#else
#define in_step(s) (name == (free -> scope[s] : (s)))
#endif
#define plain(s) (!hold[s] && prev[s] != 0 && !hold[prev[s]])                 /* a change without a hold */
#ifdef NAIVE_ENDFORCED
#define can_end(c) hold[c]
#else
#define can_end(c) (hold[c] && !forced[c])
#endif

bool up, free; byte at, ch, name, use;         /* the late connection: its node, the proxy's change; at the server: name, change whose commands may come */
bool was[NCH];                             /* has it ever been cur anywhere? */
#ifdef EPOCHS
byte act[NCH];
#elif defined(PERSERVER)
byte mx[4];
#else
byte maxera;
#endif

inline new_change(e_, h_, r_, p_, b_) {    /* b_: the change whose table it carries on */
  changes++; epoch[changes] = e_; hold[changes] = h_; era[changes] = r_; prev[changes] = p_;
  scope[changes] = scope[b_]; runs[changes] = runs[b_]; turned[changes] = (r_ > era[b_] -> runs[b_] : turned[b_]) }
#ifdef NAIVE_ENDFORGETS
#define ended(c) runs[changes] = runs[changes] & ~(1 << (c))
#elif defined(ENDRESCOPES)
#define ended(c) if :: scope[c] == (c) -> runs[changes] = runs[changes] & ~(1 << (c)); scope[changes] = changes :: else fi
#else
#define ended(c) skip
#endif
inline add_run() { adds++; scope[changes] = changes; runs[changes] = runs[changes] | (1 << changes) }
inline executes(n, m) {
  if
  :: counts(n) ->
#ifdef EPOCHS
     if :: n >= 2 -> assert(act[epoch[m]] == 0 || act[epoch[m]] == m); act[epoch[m]] = m :: else fi
#elif defined(PERSERVER)
     assert(era[m] >= mx[n]); mx[n] = era[m]
#else
     assert(era[m] >= maxera); maxera = era[m];
#ifdef FREE
     assert((seen & ~runs[m]) == 0); seen = seen | turned[m]
#endif
#endif
  :: else
  fi }
#ifdef FREE
inline passes_on(n, s) {                   /* a command on a key that no run of scope s has: it goes to the old name */
  if :: counts(n) -> assert((seen & ~runs[s]) == 0) :: else fi }
#endif
inline drop() { up = 0; at = 0; ch = 0; name = 0; use = 0; free = 0 }
#ifdef NAIVE_ENDFORGETS                     /* one scope, two tables: a free name is the change here under which it was taken */
#define its_name (free -> (scope[name] == scope[ch] -> name : ch) : ch)
#define known_by(m) m
#else
#define its_name (free -> scope[ch] : ch)
#define known_by(m) scope[m]
#endif
#define fits(k) (free -> free_fits(k, name) : same(k, ch))

active proctype Late() {                   /* one proxy and one connection; what it sends arrives in order, at any time */
end: do
  :: atomic { epoch[cur[0]] > epoch[ch] -> ch = cur[0] }
  :: atomic { split && epoch[cur[1]] > epoch[ch] -> ch = cur[1] }
  :: atomic { !up && ch != 0 -> up = 1; if :: at = (split -> 1 : 0) :: at = (tsplit -> 3 : 2) fi;
#ifdef FREE
#ifdef LATEFREE
       at = 2; free = 1
#else
       if :: free = 1 :: skip fi
#endif
#endif
     }
#ifdef NAIVE_KEYFIRST
  :: atomic { up && !free && name != ch && same(key[at], ch) -> use = ch }
  :: atomic { up && !free && name != ch && use == ch -> name = ch }
  :: atomic { up && !free && use != 0 && !hold[use] && name == use -> executes(at, use) }
#else
  :: atomic { up && name != its_name -> name = its_name;
#ifdef NAIVE_NOREREAD
       if :: use != 0 -> use = name :: else fi
#else
       use = 0
#endif
     }
#ifdef NAIVE_NOKEY
  :: atomic { up && name != 0 && name == ch && use == 0 && (cur[0] == ch || (split && cur[1] == ch)) -> use = ch }
#else
  :: atomic { up && name != 0 && name == its_name && use == 0 && fits(key[at]) -> use = name }
#endif
  :: atomic { up && !free && use != 0 && !hold[use] -> executes(at, use) }
#ifdef FREE
  :: atomic { up && free && use != 0 -> passes_on(at, use) }
#endif
#endif
  :: atomic { up -> drop() }
  od }

active proctype Others() {                 /* everybody else */
  byte n, m;
end: do
  :: atomic { if :: n = (split -> 1 : 0) :: n = (tsplit -> 3 : 2) fi;
       m = 1;
       do :: m < changes -> m++ :: break od;
       if
#ifdef NAIVE_NOKEY
       :: !hold[m] && (cur[0] == m || (split && cur[1] == m)) -> executes(n, m)
#else
       :: was[m] && !hold[m] && same(key[n], m) -> executes(n, m)
       :: was[m] && !same(key[n], m) && may_set(key[n], m) -> key[n] = m
#endif
#ifdef FREE
       :: was[m] && free_fits(key[n], known_by(m)) -> passes_on(n, known_by(m))
#endif
       :: else
       fi;
       n = 0; m = 0 }
  :: atomic { can_end(cur[0]) && same(next[0], cur[0]) && changes < MAXCH -> new_change(epoch[cur[0]] + 1, 0, era[cur[0]], cur[0], cur[0]); ended(cur[0]); next[0] = changes; cur[0] = changes; was[changes] = 1 }
  :: atomic { split && can_end(cur[1]) && same(next[1], cur[1]) && changes < MAXCH -> new_change(epoch[cur[1]] + 1, 0, era[cur[1]], cur[1], cur[1]); ended(cur[1]); next[1] = changes; cur[1] = changes; was[changes] = 1 }
  od }

#ifdef PERSERVER
#define COPY(a,b) mx[a] = mx[b]
#define lags(a,b) (key[a] != key[b] || mx[a] != mx[b])
#else
#define COPY(a,b) skip
#define lags(a,b) (key[a] != key[b])
#endif
#ifdef TFAIL
#define no_t1 false
#else
#define no_t1 true
#endif
#ifdef WAITCONN
#define gone(n) ((n) == 1 - x || (n) == 5 - t)
#elif defined(UNCOUNTED)
#define gone(n) (((n) == 0 && x == 1) || (n) == 5 - t)
#elif defined(HOLDONLY)
#define gone(n) (((n) == 0 && x == 1) || ((n) == 2 && t == 3) || ((n) == 3 && no_t1) || (!hold[s] && (n) != x && (n) != t))
#elif defined(NAIVE_GONE)
#define gone(n) ((n) == 1 - x || ((n) == 2 && t == 3) || ((n) == 3 && no_t1))
#else
#define gone(n) (((n) == 0 && x == 1) || ((n) == 2 && t == 3) || ((n) == 3 && no_t1))
#endif

#ifdef TFIRST
#define node (3 - i)
#else
#define node i
#endif

proctype Driver() {
  byte x, t, s, i, e, r, b;
end: do
  :: atomic { if :: x = 0 :: split -> x = 1 fi; if :: t = 2 :: tsplit -> t = 3 fi; s = next[x];
       if
       :: cur[x] == s && !hold[s] -> goto other                            /* begins with a hold */
#ifndef NOPLAIN
       :: cur[x] == s && !hold[s] && changes < MAXCH -> new_change(epoch[s] + 1, 0, era[s], s, s); next[x] = changes; goto again
#endif
       :: cur[x] != s && hold[s] -> cur[x] = s; was[s] = 1; goto again
#ifdef PLAINFIRST
       :: cur[x] != s && plain(s) -> cur[x] = s; was[s] = 1
#endif
#ifdef NAIVE_CURFIRST
       :: cur[x] != s && !hold[s] -> cur[x] = s; was[s] = 1
#endif
       :: else
       fi }
#ifndef NAIVE_NOKEY
     do                                    /* set the primaries' keys, read every node's */
     :: atomic { i < 4 ->
          if
          :: gone(node) || same(key[node], s) -> i++
#ifdef PLAINUNSET
          :: plain(s) -> i++
#else
          :: !gone(node) && !same(key[node], s) && plain(s) && node != x && node != t -> i++
#endif
          :: else -> if :: node != x && node != t -> goto again :: else -> if :: may_set(key[node], s) -> key[node] = s :: else -> goto other fi fi
          fi }
     :: i == 4 -> break
     od;
#endif
     atomic { if :: hold[s] -> if :: name != 0 && !in_step(s) && !gone(at) -> drop() :: else fi :: else fi; i = 5 }    /* CLIENT KILL */
     atomic { if
       :: same(next[x], s) && hold[s] && same(cur[x], s) && changes < MAXCH -> r = era[s] + 1 - forced[s]; new_change(epoch[s] + 1, 0, r, s, s); next[x] = changes
       :: same(next[x], s) && !hold[s] -> cur[x] = next[x]; was[next[x]] = 1
       :: else
       fi };
     goto again;
other: atomic {                            /* above all epochs found, with the highest era */
       if
       :: same(next[x], s) && changes < MAXCH ->
          e = epoch[s]; b = cur[x]; r = era[b];
#ifndef NAIVE_NOKEY
          if :: epoch[key[x]] > e -> e = epoch[key[x]] :: else fi;
          if :: epoch[key[t]] > e -> e = epoch[key[t]] :: else fi;
#ifndef NAIVE_BACKERA
          if :: era[key[x]] > r -> b = key[x]; r = era[b] :: else fi;
          if :: era[key[t]] > r -> b = key[t]; r = era[b] :: else fi;
#ifdef NAIVE_ERAONLY
          b = cur[x];
#endif
#endif
#endif
          new_change(e + 1, 1, r, cur[x], b); forced[changes] = (r > era[cur[x]] || forced[cur[x]]); next[x] = changes;
#ifdef NAIVE_ERAONLY
          turned[changes] = turned[b];
#endif
          if :: cur[x] == s && b == s && adds < ADDS -> add_run() :: skip fi
       :: else fi };
again: atomic { i = 0; x = 0; t = 0; s = 0; e = 0; r = 0; b = 0 }
  od }

active proctype Servers() {
end: do
  :: atomic { !split && (lags(1, 0) || cur[1] != cur[0] || next[1] != next[0]) -> key[1] = key[0]; cur[1] = cur[0]; next[1] = next[0]; COPY(1, 0) }
#ifdef WAITED
  :: atomic { !split && !lags(1, 0) && cur[1] == cur[0] && next[1] == next[0] -> split = 1; if :: up && at == 0 -> drop() :: else fi }
#else
  :: atomic { !split -> split = 1; if :: up && at == 0 -> drop() :: else fi }
#endif
#ifdef TFAIL
  :: atomic { !tsplit && lags(3, 2) -> key[3] = key[2]; COPY(3, 2) }
  :: atomic { !tsplit -> tsplit = 1; if :: up && at == 2 -> drop() :: else fi }
#endif
  od }

init { byte i; atomic {
  epoch[1] = 1; cur[0] = 1; cur[1] = 1; next[0] = 1; next[1] = 1; was[1] = 1; scope[1] = 1;
  for (i : 0 .. 3) { key[i] = 1 };
  for (i : 1 .. C) { run Driver() } } }

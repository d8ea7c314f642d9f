/* What a careful C programmer writes for the job of the sweep, and no more: SCAN COUNT 1000, keys of one prefix renamed
 * by pipelined RENAMENX in batches of 100, over again until a pass finds nothing (as a sweep has to prove). No
 * throttle, no checkpoint, no conflicts, one fixed rule: user:<id> to {user:<id>}:profile. It is what
 * bench/sweep/run.py compares `keyshift sweep` with. Usage: bench_sweep_pipeline HOST PORT */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { BATCH = 100, NAME = 128 };

static void die(const char* what, redisContext* c) {
  fprintf(stderr, "%s: %s\n", what, c ? c->errstr : "");
  exit(1);
}

static size_t flush_batch(redisContext* c, size_t pending) {
  size_t moved = 0;
  for (size_t i = 0; i < pending; ++i) {
    redisReply* reply = NULL;
    if (redisGetReply(c, (void**)&reply) != REDIS_OK) die("reply", c);
    moved += reply->type == REDIS_REPLY_INTEGER && reply->integer == 1;
    freeReplyObject(reply);
  }
  return moved;
}

static void append_rename(redisContext* c, const redisReply* key) {
  char to[NAME];
  const char* argv[3] = {"RENAMENX", key->str, to};
  size_t lengths[3] = {8, key->len, 0};
  if (key->len + 11 > sizeof to) die("name too long", NULL);
  to[0] = '{';
  memcpy(to + 1, key->str, key->len);
  memcpy(to + 1 + key->len, "}:profile", 9);
  lengths[2] = key->len + 10;
  if (redisAppendCommandArgv(c, 3, argv, lengths) != REDIS_OK) die("append", c);
}

static size_t rename_page(redisContext* c, const redisReply* keys) {
  size_t pending = 0, moved = 0;
  for (size_t i = 0; i < keys->elements; ++i) {
    const redisReply* key = keys->element[i];
    if (key->len < 6 || memcmp(key->str, "user:", 5) != 0) continue;
    append_rename(c, key);
    if (++pending == BATCH) {
      moved += flush_batch(c, pending);
      pending = 0;
    }
  }
  return moved + flush_batch(c, pending);
}

static size_t one_pass(redisContext* c) {
  char cursor[32] = "0";
  size_t moved = 0;
  do {
    redisReply* page = redisCommand(c, "SCAN %s COUNT 1000", cursor);
    if (!page || page->type != REDIS_REPLY_ARRAY) die("SCAN", c);
    snprintf(cursor, sizeof cursor, "%s", page->element[0]->str);
    moved += rename_page(c, page->element[1]);
    freeReplyObject(page);
  } while (strcmp(cursor, "0") != 0);
  return moved;
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  redisContext* c = redisConnect(argv[1], atoi(argv[2]));
  if (!c || c->err) die("connect", c);
  struct timespec begun, ended;
  clock_gettime(CLOCK_MONOTONIC, &begun);
  size_t moved = 0, found = 0;
  do {
    found = one_pass(c);
    moved += found;
  } while (found != 0);
  clock_gettime(CLOCK_MONOTONIC, &ended);
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const double seconds = (double)(ended.tv_sec - begun.tv_sec) + (double)(ended.tv_nsec - begun.tv_nsec) / 1e9;
  const double cpu = (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6 +
                     (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
  printf("{\"moved\": %zu, \"seconds\": %.6f, \"cpu_seconds\": %.6f}\n", moved, seconds, cpu);
  redisFree(c);
  return 0;
}

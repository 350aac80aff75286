/* Readers for pool threads. A taker passes the gate of the log first, then waits for a free reader; both waits together
 * have a ceiling, so that a thread never hangs for good behind a log that cannot be restarted. Readers are opened when
 * they are first needed and kept. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "db/engine.h"

enum { WAIT_MS_MAX = 10000, POOL_MAX = 256 };

struct DbPool {
  char *url;
  DbGate *gate;
  size_t max;
  pthread_mutex_t lock; /* guards what follows */
  pthread_cond_t given;
  Db **idle;
  size_t idle_count;
  size_t made;
};

bool db_pool_new(const char *url, size_t max, DbPool **out, Error *err) {
  ASSERT(max > 0 && max <= POOL_MAX);
  Db *first = NULL;
  if (!db_open(url, DB_READER, &first, err)) return false;
  DbPool *pool = xcalloc(1, sizeof *pool);
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&pool->given, &monotonic);
  pthread_condattr_destroy(&monotonic);
  pthread_mutex_init(&pool->lock, NULL);
  pool->url = xstrdup(url);
  pool->gate = db_gate_share(first->gate);
  pool->max = max;
  pool->idle = xcalloc(max, sizeof(Db *));
  pool->idle[pool->idle_count++] = first;
  pool->made = 1;
  *out = pool;
  return true;
}

void db_pool_free(DbPool *pool) {
  if (!pool) return;
  ASSERT(pool->idle_count == pool->made); /* all were given back */
  for (size_t i = 0; i < pool->idle_count; i++) db_close(pool->idle[i]);
  db_gate_drop(pool->gate);
  pthread_mutex_destroy(&pool->lock);
  pthread_cond_destroy(&pool->given);
  free(pool->idle);
  free(pool->url);
  free(pool);
}

/* Waits for an idle reader or room for one more. *out_db is NULL when the caller has to open it (and `made` counts it).
 */
static bool take_place(DbPool *pool, i64 until_us, Db **out_db) {
  struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
  int result = 0;
  pthread_mutex_lock(&pool->lock);
  while (pool->idle_count == 0 && pool->made == pool->max && result != ETIMEDOUT)
    result = pthread_cond_timedwait(&pool->given, &pool->lock, &until);
  bool idle = pool->idle_count > 0, room = pool->made < pool->max;
  *out_db = idle ? pool->idle[--pool->idle_count] : NULL;
  if (!idle && room) pool->made++;
  pthread_mutex_unlock(&pool->lock);
  return idle || room;
}

static void give_place(DbPool *pool) {
  pthread_mutex_lock(&pool->lock);
  pool->made--;
  pthread_cond_signal(&pool->given);
  pthread_mutex_unlock(&pool->lock);
}

bool db_pool_take(DbPool *pool, Db **out, Error *err) {
  i64 until_us = clock_monotonic_us() + WAIT_MS_MAX * (i64)1000;
  if (!db_gate_pass(pool->gate, WAIT_MS_MAX))
    return fail(err, ERR_UNAVAILABLE, "the database's log is being shortened; try again in a few seconds");
  Db *db = NULL;
  if (!take_place(pool, until_us, &db))
    return fail(err, ERR_UNAVAILABLE, "all %zu readers of the database were busy for %d s; try again later", pool->max,
                WAIT_MS_MAX / 1000);
  if (!db && !db_open(pool->url, DB_READER, &db, err)) {
    give_place(pool);
    return false;
  }
  *out = db;
  return true;
}

void db_pool_give(DbPool *pool, Db *db) {
  if (!db) return;
  if (db_in_transaction(db)) db_rollback(db);
  db_read_limit_ms(db, DB_READ_LIMIT_MS);
  pthread_mutex_lock(&pool->lock);
  ASSERT(pool->idle_count < pool->made);
  pool->idle[pool->idle_count++] = db;
  pthread_cond_signal(&pool->given);
  pthread_mutex_unlock(&pool->lock);
}

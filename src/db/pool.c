/* Readers for pool threads, and the gate that they pass: closed while the writer's log is too long. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "db/engine.h"

/* Gates by path: few (one a database file), never freed, because connections of any thread may hold one. */
struct DbGate {
  char *path;
  pthread_mutex_t lock; /* guards closed */
  pthread_cond_t opened;
  bool closed;
  DbGate *next;
};

static DbGate *gates;
static pthread_mutex_t gates_lock = PTHREAD_MUTEX_INITIALIZER; /* guards the list */

DbGate *db_gate_of(const char *path) {
  pthread_mutex_lock(&gates_lock);
  DbGate *gate = gates;
  while (gate && strcmp(gate->path, path) != 0) gate = gate->next;
  if (!gate) {
    gate = xcalloc(1, sizeof *gate);
    gate->path = xstrdup(path);
    pthread_mutex_init(&gate->lock, NULL);
    pthread_cond_init(&gate->opened, NULL);
    gate->next = gates;
    gates = gate;
  }
  pthread_mutex_unlock(&gates_lock);
  return gate;
}

static void gate_set(DbGate *gate, bool closed) {
  pthread_mutex_lock(&gate->lock);
  gate->closed = closed;
  if (!closed) pthread_cond_broadcast(&gate->opened);
  pthread_mutex_unlock(&gate->lock);
}

void db_gate_close(DbGate *gate) { gate_set(gate, true); }
void db_gate_open(DbGate *gate) { gate_set(gate, false); }

void db_gate_pass(DbGate *gate) {
  pthread_mutex_lock(&gate->lock);
  while (gate->closed) pthread_cond_wait(&gate->opened, &gate->lock);
  pthread_mutex_unlock(&gate->lock);
}

struct DbPool {
  char *url;
  DbGate *gate;
  pthread_mutex_t lock; /* guards free, free_count, made */
  pthread_cond_t given;
  Db **free;
  size_t free_count, made, max;
};

bool db_pool_new(const char *url, size_t max, DbPool **out, Error *err) {
  Db *first = NULL;
  if (!db_open(url, DB_READER, &first, err)) return false;
  DbPool *pool = xcalloc(1, sizeof *pool);
  Str path = str_from_c(url), query = STR_NONE, rest = path;
  if (str_starts_with(path, S("sqlite:"))) path = str_slice(path, 7, path.len);
  if (!str_cut(path, '?', &rest, &query)) rest = path;
  char *text = xmalloc(rest.len + 1);
  memcpy(text, rest.ptr, rest.len);
  text[rest.len] = 0;
  pool->gate = db_gate_of(text);
  free(text);
  pool->url = xstrdup(url);
  pool->max = max;
  pool->free = xcalloc(max, sizeof(Db *));
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->given, NULL);
  pool->free[pool->free_count++] = first;
  pool->made = 1;
  *out = pool;
  return true;
}

void db_pool_free(DbPool *pool) {
  if (!pool) return;
  for (size_t i = 0; i < pool->free_count; i++) db_close(pool->free[i]);
  pthread_mutex_destroy(&pool->lock);
  pthread_cond_destroy(&pool->given);
  free(pool->free);
  free(pool->url);
  free(pool);
}

bool db_pool_take(DbPool *pool, Db **out, Error *err) {
  db_gate_pass(pool->gate);
  pthread_mutex_lock(&pool->lock);
  while (pool->free_count == 0 && pool->made == pool->max) pthread_cond_wait(&pool->given, &pool->lock);
  Db *db = pool->free_count ? pool->free[--pool->free_count] : NULL;
  if (!db) pool->made++;
  pthread_mutex_unlock(&pool->lock);
  if (db || db_open(pool->url, DB_READER, &db, err)) {
    *out = db;
    return true;
  }
  pthread_mutex_lock(&pool->lock);
  pool->made--;
  pthread_cond_signal(&pool->given);
  pthread_mutex_unlock(&pool->lock);
  return false;
}

void db_pool_give(DbPool *pool, Db *db) {
  if (!db) return;
  if (db_in_transaction(db)) db_rollback(db);
  pthread_mutex_lock(&pool->lock);
  pool->free[pool->free_count++] = db;
  pthread_cond_signal(&pool->given);
  pthread_mutex_unlock(&pool->lock);
}

/* See gate.h. The list of gates is the one thing that a process shares between its connections: the writer and the
 * pools are opened apart, by URL, and must meet. */
#include "db/gate.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct DbGate {
  char *path;
  size_t shares;        /* guarded by gates_lock */
  DbGate *next;         /* guarded by gates_lock */
  pthread_mutex_t lock; /* guards closed */
  pthread_cond_t opened;
  bool closed;
};

static DbGate *gates;
static pthread_mutex_t gates_lock = PTHREAD_MUTEX_INITIALIZER; /* guards the list and the shares */

static DbGate *gate_new(const char *path) {
  DbGate *gate = xcalloc(1, sizeof *gate);
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&gate->opened, &monotonic);
  pthread_condattr_destroy(&monotonic);
  pthread_mutex_init(&gate->lock, NULL);
  gate->path = xstrdup(path);
  return gate;
}

static void gate_free(DbGate *gate) {
  pthread_cond_destroy(&gate->opened);
  pthread_mutex_destroy(&gate->lock);
  free(gate->path);
  free(gate);
}

DbGate *db_gate_take(const char *full_path) {
  pthread_mutex_lock(&gates_lock);
  DbGate *gate = gates;
  while (gate && strcmp(gate->path, full_path) != 0) gate = gate->next;
  if (!gate) {
    gate = gate_new(full_path);
    gate->next = gates;
    gates = gate;
  }
  gate->shares++;
  pthread_mutex_unlock(&gates_lock);
  return gate;
}

DbGate *db_gate_share(DbGate *gate) {
  return gate ? db_gate_take(gate->path) : NULL;
}

void db_gate_drop(DbGate *gate) {
  if (!gate) return;
  pthread_mutex_lock(&gates_lock);
  ASSERT(gate->shares > 0);
  bool last = --gate->shares == 0;
  for (DbGate **at = &gates; last && *at; at = &(*at)->next) {
    if (*at != gate) continue;
    *at = gate->next;
    break;
  }
  pthread_mutex_unlock(&gates_lock);
  if (last) gate_free(gate);
}

static void gate_set(DbGate *gate, bool closed) {
  pthread_mutex_lock(&gate->lock);
  gate->closed = closed;
  if (!closed) pthread_cond_broadcast(&gate->opened);
  pthread_mutex_unlock(&gate->lock);
}

void db_gate_close(DbGate *gate) {
  gate_set(gate, true);
}
void db_gate_open(DbGate *gate) {
  gate_set(gate, false);
}

bool db_gate_is_closed(DbGate *gate) {
  pthread_mutex_lock(&gate->lock);
  bool closed = gate->closed;
  pthread_mutex_unlock(&gate->lock);
  return closed;
}

bool db_gate_pass(DbGate *gate, i64 wait_ms) {
  if (!gate) return true;
  i64 until_us = clock_monotonic_us() + wait_ms * 1000;
  struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
  int result = 0;
  pthread_mutex_lock(&gate->lock);
  while (gate->closed && result != ETIMEDOUT) result = pthread_cond_timedwait(&gate->opened, &gate->lock, &until);
  bool open = !gate->closed;
  pthread_mutex_unlock(&gate->lock);
  return open;
}

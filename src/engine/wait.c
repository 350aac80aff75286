/* What callers of the engine need beside its cycle: waiting for one's own command, and undoing inside a round. */
#include "engine/internal.h"

void cycle_undo(Cycle *cycle) {
  db_rollback_to(cycle->db);
  cycle->engine->undone++;
}

u64 cycle_undone(const Cycle *cycle) {
  return cycle->engine->undone;
}

/* Waiting for one's own command
 * ------------------------------------------------------------------------------------------ */

typedef struct Waiter {
  Command command;
  bool (*fn)(Cycle *cycle, void *ctx, Error *err);
  void *ctx;
  pthread_mutex_t lock; /* guards ended, ok, err */
  pthread_cond_t done;
  bool ended, ok;
  Error err;
} Waiter;

static bool waiter_run(Command *command, Cycle *cycle, Error *err) {
  Waiter *waiter = (Waiter *)command;
  return waiter->fn(cycle, waiter->ctx, err);
}

static void waiter_done(Command *command, bool ok, const Error *err) {
  Waiter *waiter = (Waiter *)command;
  pthread_mutex_lock(&waiter->lock);
  waiter->ok = ok;
  if (!ok) waiter->err = *err;
  waiter->ended = true;
  pthread_cond_signal(&waiter->done);
  pthread_mutex_unlock(&waiter->lock);
}

bool engine_run(Engine *engine, bool (*fn)(Cycle *cycle, void *ctx, Error *err), void *ctx, Error *err) {
  Waiter waiter = {.command = {.run = waiter_run, .done = waiter_done}, .fn = fn, .ctx = ctx};
  pthread_mutex_init(&waiter.lock, NULL);
  pthread_cond_init(&waiter.done, NULL);
  bool ok = engine_submit(engine, &waiter.command);
  if (!ok) {
    fail(err, ERR_UNAVAILABLE, "the engine is stopping or its queue is full");
  } else {
    pthread_mutex_lock(&waiter.lock);
    while (!waiter.ended) pthread_cond_wait(&waiter.done, &waiter.lock);
    pthread_mutex_unlock(&waiter.lock);
    ok = waiter.ok;
    if (!ok && err) *err = waiter.err;
  }
  pthread_mutex_destroy(&waiter.lock);
  pthread_cond_destroy(&waiter.done);
  return ok;
}

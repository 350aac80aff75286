/* A copy of the database while the cycle turns: a step between two rounds, never inside one. */
#include "engine/internal.h"

enum { STEP_US = 4000 };

bool engine_copy(Engine *engine, const EngineCopy *copy, Error *err) {
  pthread_mutex_lock(&engine->lock);
  bool busy = engine->copy_wanted != NULL, stopping = engine->stopping;
  if (!busy && !stopping) {
    engine->copy_wanted = copy;
    engine->poked = true;
    pthread_cond_signal(&engine->wake);
  }
  pthread_mutex_unlock(&engine->lock);
  if (stopping) return fail(err, ERR_UNAVAILABLE, "the server is stopping");
  return !busy || fail(err, ERR_CONFLICT, "a backup is being made already; wait until it has ended");
}

static const EngineCopy *wanted(Engine *engine) {
  pthread_mutex_lock(&engine->lock);
  const EngineCopy *copy = engine->copy_wanted;
  pthread_mutex_unlock(&engine->lock);
  return copy;
}

static void end(Engine *engine, const EngineCopy *copy, const Error *err) {
  db_copy_end(engine->copy);
  engine->copy = NULL;
  pthread_mutex_lock(&engine->lock);
  engine->copy_wanted = NULL;
  pthread_mutex_unlock(&engine->lock);
  copy->done(copy->ctx, err);
}

void copy_step(Engine *engine) {
  const EngineCopy *copy = wanted(engine);
  Error err = {0};
  i64 left = 0, pages = 0;
  bool done = false;
  if (!copy) return;
  if (!engine->copy && !db_copy_begin(engine->db, copy->path, &engine->copy, &err)) {
    end(engine, copy, &err);
  } else if (!db_copy_step(engine->copy, STEP_US, &left, &pages, &done, &err)) {
    end(engine, copy, &err);
  } else {
    if (copy->progress) copy->progress(copy->ctx, left, pages);
    if (done) end(engine, copy, NULL);
  }
}

void copy_stop(Engine *engine) {
  const EngineCopy *copy = wanted(engine);
  Error err = {0};
  if (!copy) return;
  fail(&err, ERR_UNAVAILABLE, "the server stopped before the copy was whole");
  end(engine, copy, &err);
}

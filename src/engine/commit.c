/* Beginning and committing on a database that may go away. Waiting for one's turn may fail when another node is stuck:
 * that is tried again. A commit whose answer was lost is asked for until it is known, for COMMIT_ASK_MS at most;
 * meanwhile nothing new is taken and nobody is answered, so that a 2xx stays true and a 503 means "not taken". Only
 * when it cannot be found out the round is answered with 503 although it may be there; what was sent again is then
 * folded into the same alerts by its dedup key.
 *
 * A round that the database chose to undo (a deadlock with a foreign session, a serialization failure) is done once
 * more from its start: nothing of it was kept, and nobody was answered. So is one that met poison without savepoints.
 */
#include <unistd.h>

#include "engine/internal.h"

enum { CAREFUL_ROUNDS = 100 };
enum { BEGIN_TRIES = 3, ROUND_TRIES = 3, COMMIT_ASK_MS = 30000, COMMIT_ASK_EVERY_US = 200000 };

bool commit_begin(Engine *engine, Error *err) {
  for (int tries = 1;; tries++) {
    if (db_begin(engine->db, err)) return true;
    if (err->system != DB_LOCKED || tries == BEGIN_TRIES) return false;
    db_rollback(engine->db);
    log_warn("engine", "another node has held its turn for long: %s", err->message);
  }
}

static void start_over(Engine *engine, Round *round) {
  round->outside.count = round->published.count = 0;
  round->live = NULL;
  round->live_count = 0;
  round->tell = round->trusting = false;
  round->applied_events = round->applied_us = 0;
  for (Arrival *a = round->arrivals; a; a = a->next) {
    a->state = ARRIVAL_APPLIED;
    a->duplicate = false;
    a->stored_answer = STR_NONE;
    a->poisoned = 0;
    a->alert_ids.count = a->change_ids.count = 0;
  }
  engine->sources_stale = true;
  engine->next_due_ms = 0;
  if (engine->options.hooks.undone) engine->options.hooks.undone(engine->options.app);
}

/* Poison: with savepoints the rest of the round is saved. */
static bool turns_careful(Engine *engine, const Round *round, const Error *err) {
  if (!round->trusting || err->code == ERR_STORAGE || err->code == ERR_UNAVAILABLE) return false;
  log_warn("engine", "something in a round cannot be applied (%s); it is done once more, step by step", err->message);
  engine->careful_rounds = CAREFUL_ROUNDS;
  return true;
}

bool commit_may_try_again(Engine *engine, Round *round, int tries, const Error *err) {
  if (turns_careful(engine, round, err)) {
    metric_add(engine->commits, "again", 1);
    start_over(engine, round);
    return true;
  }
  if (err->system != DB_TRY_AGAIN || tries >= ROUND_TRIES) return false;
  log_warn("engine", "the database undid a round (%s); it is done again", err->message);
  metric_add(engine->commits, "again", 1);
  start_over(engine, round);
  return true;
}

static bool is_stopping(Engine *engine) {
  pthread_mutex_lock(&engine->lock);
  bool stopping = engine->stopping;
  pthread_mutex_unlock(&engine->lock);
  return stopping;
}

/* *err tells why it is not known, or that it was undone. */
static bool find_out(Engine *engine, Error *err) {
  i64 until_us = clock_monotonic_us() + (i64)COMMIT_ASK_MS * 1000;
  bool committed = false;
  log_error("engine", "%s; asking for it", err->message);
  atomic_store(&engine->writable, false);
  while (!db_commit_outcome(engine->db, &committed, err)) {
    if (clock_monotonic_us() > until_us || is_stopping(engine)) {
      log_error("engine", "the outcome of a commit is not known (%s); its requests are answered 503", err->message);
      return false;
    }
    atomic_store(&engine->turned_at_us, clock_monotonic_us());
    usleep(COMMIT_ASK_EVERY_US);
  }
  log_warn("engine", "the lost commit %s", committed ? "was done" : "was not done");
  return committed || fail(err, ERR_STORAGE, "the connection to the database was lost before the commit");
}

bool commit_round(Engine *engine, Error *err) {
  if (db_commit(engine->db, err)) return true;
  if (err->system != DB_COMMIT_UNKNOWN) return false;
  db_rollback(engine->db);
  return find_out(engine, err);
}

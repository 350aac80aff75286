/* What follows a round: answers after the commit, the outside's work, live events; or 503 for everybody. Results of
 * jobs that could not be written are put back, because the outside world has already acted on them. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/ballast.h"
#include "engine/internal.h"

static const DbStmt PROBE = {
    "engine_probe",
    "INSERT INTO meta (name, value) VALUES ('probe', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    NULL};
enum { PROBE_EVERY_MS = 500 };

void outcome_end_on_failed_sync(const Error *err) {
  enum { SQLITE_IOERR_FSYNC_CODE = 1034, SQLITE_IOERR_DIR_FSYNC_CODE = 1290 };
  if (err->system != SQLITE_IOERR_FSYNC_CODE && err->system != SQLITE_IOERR_DIR_FSYNC_CODE) return;
  log_error("engine", "fsync failed (%s): what was written may be lost, so the program ends now", err->message);
  _exit(3);
}

static void answer_commands(Round *round, bool committed, const Error *err) {
  for (Command *command = round->commands, *next; command; command = next) {
    next = command->next;
    bool ok = committed && command->ok;
    command->done(command, ok, ok ? NULL : committed ? &command->err : err);
  }
}

static void answer_arrivals(Engine *engine, Round *round, bool committed, const Error *err) {
  if (committed && round->arrival_count) metric_add(engine->arrivals_total, NULL, (double)round->arrival_count);
  for (Arrival *arrival = round->arrivals, *next; arrival; arrival = next) {
    next = arrival->next;
    arrival->done(arrival, committed, committed ? NULL : err);
  }
}

static void answer_all(Engine *engine, Round *round, bool committed, const Error *err) {
  void (*answering)(void *app, bool begins) = engine->options.hooks.answering;
  if (answering) answering(engine->options.app, true);
  answer_commands(round, committed, err);
  answer_arrivals(engine, round, committed, err);
  if (answering) answering(engine->options.app, false);
}

static void drop_results(Engine *engine, Round *round) {
  for (JobResult *result = round->results, *next; result; result = next) {
    next = result->next;
    if (result->kind->free_result && result->result) result->kind->free_result(result->result);
    free(result);
    atomic_fetch_sub(&engine->outside_count, 1);
  }
}

/* The outside has acted; its results wait for a round that can write them. */
static void put_results_back(Engine *engine, Round *round) {
  if (!round->results) return;
  pthread_mutex_lock(&engine->lock);
  JobResult **end = &round->results;
  while (*end) {
    end = &(*end)->next;
    engine->result_count++;
  }
  *end = engine->results;
  if (!engine->results) engine->results_tail = end;
  engine->results = round->results;
  if (engine->results_tail == &round->results) engine->results_tail = &engine->results;
  pthread_mutex_unlock(&engine->lock);
}

/* Once for each reason: what began as a lost connection may go on as a wrong password. */
static void say_why_not(Engine *engine, const char *words, const Error *err) {
  if (strcmp(engine->why_not.message, err->message) == 0) return;
  engine->why_not = *err;
  log_error("engine", "%s: %s; requests are answered 503 until it does", words, err->message);
}

static void set_writable(Engine *engine, bool writable, const Error *err) {
  bool before = atomic_exchange(&engine->writable, writable);
  if (before && !writable) {
    say_why_not(engine, "the database takes no writes", err);
    if (engine->options.data_folder) db_ballast_release(engine->options.data_folder);
  }
  if (!before && writable) {
    log_info("engine", "the database takes writes again");
    error_clear(&engine->why_not);
    if (engine->options.data_folder) db_ballast_make(engine->options.data_folder);
  }
}

void outcome_committed(Engine *engine, Round *round) {
  metric_add(engine->commits, "ok", 1);
  atomic_store(&engine->heard_at_us, clock_monotonic_us());
  set_writable(engine, true, NULL);
  engine_fault(engine, "cycle.after_commit");
  inbox_update_gauges(engine);
  answer_all(engine, round, true, NULL);
  engine_fault(engine, "cycle.after_answers");
  drop_results(engine, round);
  jobs_start_outside(engine, round);
  if (round->live_count && engine->options.hooks.published)
    engine->options.hooks.published(engine->options.app, round->live, round->live_count);
  engine->next_sequence += (i64)round->live_count;
  if (engine->careful_rounds > 0 && round->applied_events > 0) engine->careful_rounds--;
  budget_learn_cost(engine, round);
}

void outcome_failed(Engine *engine, Round *round, const Error *err) {
  metric_add(engine->commits, "failed", 1);
  engine->failed_at_us = clock_monotonic_us();
  Error shown = {0};
  fail(&shown, ERR_UNAVAILABLE, "the storage is not writable (%s); nothing was taken, send it again", err->message);
  set_writable(engine, false, err);
  answer_all(engine, round, false, &shown);
  put_results_back(engine, round);
  engine->sources_stale = true;
  if (engine->options.hooks.undone) engine->options.hooks.undone(engine->options.app);
  engine->next_due_ms = 0; /* claims of this round were undone: look again */
  engine->next_probe_ms = clock_true_ms() + PROBE_EVERY_MS;
}

bool outcome_probe(Engine *engine) {
  if (atomic_load(&engine->writable)) return true;
  i64 left = engine->next_probe_ms - clock_true_ms();
  if (left > 0) usleep((useconds_t)(left * 1000));
  engine->next_probe_ms = clock_true_ms() + PROBE_EVERY_MS;
  Error err = {0};
  Str text = str_format(engine->arena, "%lld", (long long)clock_true_ms());
  if (db_begin(engine->db, &err) && db_run(engine->db, &PROBE, &err, db_text(text)) && db_commit(engine->db, &err)) {
    set_writable(engine, true, NULL);
    return true;
  }
  db_rollback(engine->db);
  engine->undone++;
  outcome_end_on_failed_sync(&err);
  say_why_not(engine, "the database still takes no writes", &err);
  return false;
}

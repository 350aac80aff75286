/* The cycle: one thread, one writer connection, one transaction each time round. engine_round() lists its steps in
 * order; outcome.c says what follows a commit or its failure. Surprise: a command's savepoint may be undone alone. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/internal.h"

static const DbStmt HIGH_WATER = {
    "engine_high_water",
    "INSERT INTO meta (name, value) VALUES ('id_high_water', $1) ON CONFLICT (name) DO "
    "UPDATE SET value = CASE WHEN CAST(meta.value AS BIGINT) > CAST(excluded.value AS BIGINT) "
    "THEN meta.value ELSE excluded.value END",
    NULL};

enum { WAIT_MS_MAX = 1000 };

/* Life ------------------------------------------------------------------------------------------------------------ */

static void make_metrics(Engine *engine) {
  static const double SECONDS[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5};
  static const double SIZES[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 20000};
  Metrics *m = engine->options.metrics;
  engine->rounds = metrics_counter(m, "tocsin_cycle_rounds_total", "Times the cycle went round.", NULL);
  engine->round_seconds =
      metrics_histogram(m, "tocsin_cycle_seconds", "Time of one round, commit included.", SECONDS, COUNT(SECONDS));
  engine->batch_events =
      metrics_histogram(m, "tocsin_cycle_events", "Events applied in one round.", SIZES, COUNT(SIZES));
  engine->commits = metrics_counter(m, "tocsin_commits_total", "Commits by outcome.", "outcome");
  engine->jobs_run = metrics_counter(m, "tocsin_jobs_total", "Jobs claimed by kind.", "kind");
  engine->parked = metrics_counter(m, "tocsin_inbox_parked_total", "Requests that could not be applied.", NULL);
  engine->arrivals_total = metrics_counter(m, "tocsin_arrivals_total", "Requests written to the inbox.", NULL);
}

bool engine_new(const EngineOptions *options, Engine **out, Error *err) {
  Engine *engine = xcalloc(1, sizeof *engine);
  engine->options = *options;
  pthread_mutex_init(&engine->lock, NULL);
  pthread_mutex_init(&engine->blocked_lock, NULL);
  pthread_condattr_t attr;
  pthread_condattr_init(&attr);
  pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  pthread_cond_init(&engine->wake, &attr);
  pthread_condattr_destroy(&attr);
  engine->commands_tail = &engine->commands;
  engine->results_tail = &engine->results;
  engine->arrivals_tail = &engine->arrivals;
  engine->arena = arena_new();
  engine->blocked_arena = arena_new();
  budget_init(engine);
  atomic_store(&engine->writable, true);
  atomic_store(&engine->turned_at_us, clock_monotonic_us());
  make_metrics(engine);
  if (!db_open(options->db_url, DB_WRITER, &engine->db, err) || !node_open(engine, err) || !inbox_open(engine, err) ||
      !jobs_open(engine, err) || !live_open(engine, err)) {
    engine_free(engine);
    return false;
  }
  *out = engine;
  return true;
}

void engine_free(Engine *engine) {
  if (!engine) return;
  if (engine->db) node_close(engine);
  db_close(engine->db);
  arena_free(engine->arena);
  arena_free(engine->blocked_arena);
  arena_free(engine->pending_arena);
  fault_free(engine);
  pthread_cond_destroy(&engine->wake);
  pthread_mutex_destroy(&engine->lock);
  pthread_mutex_destroy(&engine->blocked_lock);
  free(engine);
}

/* Input ----------------------------------------------------------------------------------------------------------- */

bool engine_submit(Engine *engine, Command *command) {
  command->next = NULL;
  pthread_mutex_lock(&engine->lock);
  bool taken = !engine->stopping && engine->command_count < QUEUE_COMMANDS_MAX;
  if (taken) {
    *engine->commands_tail = command;
    engine->commands_tail = &command->next;
    engine->command_count++;
    pthread_cond_signal(&engine->wake);
  }
  pthread_mutex_unlock(&engine->lock);
  return taken;
}

static bool source_is_blocked(Engine *engine, i64 integration_id) {
  bool blocked = false;
  pthread_mutex_lock(&engine->blocked_lock);
  for (size_t i = 0; i < engine->blocked_sources.count && !blocked; i++)
    blocked = engine->blocked_sources.items[i] == integration_id;
  pthread_mutex_unlock(&engine->blocked_lock);
  return blocked;
}

ArrivalVerdict engine_arrive(Engine *engine, Arrival *arrival) {
  if (!atomic_load(&engine->writable)) return ARRIVAL_QUEUE_FULL;
  if (source_is_blocked(engine, arrival->integration_id)) return ARRIVAL_TOO_OLD;
  arrival->next = NULL;
  pthread_mutex_lock(&engine->lock);
  ArrivalVerdict verdict = engine->stopping                              ? ARRIVAL_STOPPING
                           : engine->arrival_count >= QUEUE_ARRIVALS_MAX ? ARRIVAL_QUEUE_FULL
                                                                         : ARRIVAL_TAKEN;
  if (verdict == ARRIVAL_TAKEN) {
    *engine->arrivals_tail = arrival;
    engine->arrivals_tail = &arrival->next;
    engine->arrival_count++;
    pthread_cond_signal(&engine->wake);
  }
  pthread_mutex_unlock(&engine->lock);
  return verdict;
}

i64 engine_inbox_age_ms(Engine *engine) {
  i64 oldest = atomic_load(&engine->oldest_pending_ms);
  return oldest == INT64_MAX ? 0 : MAX(0, clock_now(engine->options.clock) - oldest);
}
i64 engine_backlog(Engine *engine) {
  return atomic_load(&engine->pending_count);
}
bool engine_writable(Engine *engine) {
  return atomic_load(&engine->writable);
}
bool engine_turning(Engine *engine) {
  return clock_monotonic_us() - atomic_load(&engine->turned_at_us) < 5 * 1000 * 1000;
}

void engine_wake(Engine *engine) {
  pthread_mutex_lock(&engine->lock);
  engine->poked = true;
  pthread_cond_signal(&engine->wake);
  pthread_mutex_unlock(&engine->lock);
}

bool engine_idle(Engine *engine) {
  pthread_mutex_lock(&engine->lock);
  bool idle = !engine->commands && !engine->results && !engine->arrivals && !atomic_load(&engine->busy) &&
              !engine->poked && atomic_load(&engine->outside_count) == 0 && atomic_load(&engine->pending_count) == 0;
  pthread_mutex_unlock(&engine->lock);
  return idle;
}

bool engine_is_wanted(Engine *engine) {
  if (engine->next_due_ms <= clock_now(engine->options.clock) || engine->copy) return true;
  pthread_mutex_lock(&engine->lock);
  bool wanted = engine->commands || engine->results || engine->arrivals || engine->stopping || engine->poked;
  pthread_mutex_unlock(&engine->lock);
  return wanted;
}

/* Waiting --------------------------------------------------------------------------------------------------------- */

static i64 wait_ms(const Engine *engine) {
  if (engine->pending.count > 0 || engine->copy) return 0;
  i64 until_due =
      engine->next_due_ms == INT64_MAX ? WAIT_MS_MAX : engine->next_due_ms - clock_now(engine->options.clock);
  return MIN(MAX(until_due, 0), WAIT_MS_MAX);
}

static void wait_for_work(Engine *engine) {
  i64 ms = wait_ms(engine);
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += ms / 1000;
  until.tv_nsec += (long)(ms % 1000) * 1000000;
  if (until.tv_nsec >= 1000000000) {
    until.tv_sec++;
    until.tv_nsec -= 1000000000;
  }
  while (ms > 0 && !engine->commands && !engine->results && !engine->arrivals && !engine->stopping && !engine->poked)
    if (pthread_cond_timedwait(&engine->wake, &engine->lock, &until) == ETIMEDOUT) break;
}

#define TAKE_SOME(type, list, tail, count_field, max, out)                                                             \
  do {                                                                                                                 \
    type *first_ = (list);                                                                                             \
    type **cut_ = &(list);                                                                                             \
    size_t taken_ = 0;                                                                                                 \
    while (*cut_ && taken_ < (size_t)(max)) {                                                                          \
      cut_ = &(*cut_)->next;                                                                                           \
      taken_++;                                                                                                        \
    }                                                                                                                  \
    type *rest_ = *cut_;                                                                                               \
    *cut_ = NULL;                                                                                                      \
    (out) = taken_ ? first_ : NULL;                                                                                    \
    (list) = rest_;                                                                                                    \
    if (!rest_) (tail) = &(list);                                                                                      \
    (count_field) -= taken_;                                                                                           \
  } while (0)

/* Takes what this round will carry. False when there is nothing to do. */
static bool take_input(Engine *engine, Round *round) {
  pthread_mutex_lock(&engine->lock);
  wait_for_work(engine);
  engine->poked = false;
  size_t arrivals_before = engine->arrival_count;
  TAKE_SOME(Command, engine->commands, engine->commands_tail, engine->command_count, ROUND_COMMANDS_MAX,
            round->commands);
  TAKE_SOME(JobResult, engine->results, engine->results_tail, engine->result_count, ROUND_RESULTS_MAX, round->results);
  TAKE_SOME(Arrival, engine->arrivals, engine->arrivals_tail, engine->arrival_count, ROUND_ARRIVALS_MAX,
            round->arrivals);
  round->arrival_count = arrivals_before - engine->arrival_count;
  bool work = round->commands || round->results || round->arrivals || engine->pending.count > 0 ||
              engine->next_due_ms <= clock_now(engine->options.clock) || !atomic_load(&engine->writable) ||
              clock_was_set_back(engine) || engine->shared; /* to look what others did */
  atomic_store(&engine->busy, work);
  pthread_mutex_unlock(&engine->lock);
  return work;
}

/* The steps ------------------------------------------------------------------------------------------------------- */

bool cycle_try(Cycle *cycle, bool (*fn)(Cycle *cycle, void *ctx, Error *err), void *ctx, bool *out_ok, Error *why,
               Error *err) {
  if (!db_savepoint(cycle->db, err)) return false;
  size_t published = cycle->engine->round->published.count;
  error_clear(why);
  *out_ok = fn(cycle, ctx, why) && db_settle(cycle->db, why);
  if (*out_ok) return db_release(cycle->db, err);
  cycle->engine->round->published.count = published;
  if (why->code == ERR_STORAGE || !db_in_transaction(cycle->db)) {
    *err = *why;
    if (err->code == ERR_NONE) fail(err, ERR_STORAGE, "the database undid the transaction");
    return false;
  }
  cycle_undo(cycle);
  return true;
}

static bool run_one(Cycle *cycle, void *ctx, Error *err) {
  Command *command = ctx;
  return command->run(command, cycle, err);
}

static bool run_command(Cycle *cycle, Command *command, Error *err) {
  return cycle_try(cycle, run_one, command, &command->ok, &command->err, err);
}

static bool run_commands(Cycle *cycle, Round *round, Error *err) {
  for (Command *command = round->commands; command; command = command->next)
    if (!run_command(cycle, command, err)) return false;
  return true;
}

static bool border(Engine *engine, const char *fault, Error *err) {
  if (!engine_fault(engine, fault)) return true;
  return fail(err, ERR_STORAGE, "fault %s", fault);
}

static bool write_high_water(Cycle *cycle, Error *err) {
  Str text = str_format(cycle->arena, "%lld", (long long)id_next(cycle->ids));
  return db_run_later(cycle->db, &HIGH_WATER, err, db_text(text)); /* the commit brings its answer home */
}

/* Everything between begin and commit, in the order of ENGINE.md section 2. */
static bool decide_and_write(Cycle *cycle, Round *round, Error *err) {
  Engine *engine = cycle->engine;
  return node_turn(cycle, err) && clock_follow(cycle, err) && border(engine, "cycle.begin", err) &&
         jobs_refresh_hold(cycle, err) && engine->options.hooks.refresh(cycle, err) &&
         run_commands(cycle, round, err) && border(engine, "cycle.after_commands", err) &&
         jobs_take_results(cycle, round, err) && border(engine, "cycle.after_results", err) &&
         engine->options.hooks.refresh(cycle, err) && inbox_append_and_apply(cycle, round, err) &&
         border(engine, "cycle.after_apply", err) && jobs_claim(cycle, round, err) && live_write(cycle, round, err) &&
         node_tell(cycle, round, err) && write_high_water(cycle, err) && border(engine, "cycle.before_commit", err);
}

static bool write_once(Cycle *cycle, Round *round, Error *err) {
  Engine *engine = cycle->engine;
  if (!commit_begin(engine, err)) return false;
  if (decide_and_write(cycle, round, err) && commit_round(engine, err)) return true;
  db_rollback(engine->db);
  engine->undone++;
  outcome_end_on_failed_sync(err);
  return false;
}

static bool write_round(Cycle *cycle, Round *round, Error *err) {
  for (int tries = 1; !write_once(cycle, round, err); tries++) {
    if (!commit_may_try_again(cycle->engine, round, tries, err)) return false;
    error_clear(err);
  }
  return true;
}

/* The round ------------------------------------------------------------------------------------------------------- */

/* The log is moved into the file while hardly anybody waits for it. */
static bool few_wait(Engine *engine) {
  pthread_mutex_lock(&engine->lock);
  bool few = engine->arrival_count < 100;
  pthread_mutex_unlock(&engine->lock);
  return few;
}

static void engine_round(Engine *engine) {
  Round *round = ARENA_NEW(engine->arena, Round);
  engine->round = round;
  i64 came = clock_monotonic_us();
  bool work = take_input(engine, round);
  atomic_store(&engine->turned_at_us, clock_monotonic_us());
  if (!work) {
    budget_learn_load(engine, round, clock_monotonic_us() - came, 0);
    db_checkpoint(engine->db, true); /* opens the readers' gate if the last busy round left it closed */
    return;
  }
  i64 before = clock_monotonic_us();
  Error err = {0};
  if (!outcome_probe(engine)) {
    fail(&err, ERR_STORAGE, "it refused the last write");
    outcome_failed(engine, round, &err);
  } else {
    Cycle cycle = {.engine = engine,
                   .db = engine->db,
                   .arena = engine->arena,
                   .now_ms = clock_now(engine->options.clock),
                   .ids = engine->options.ids,
                   .app = engine->options.app};
    if (write_round(&cycle, round, &err))
      outcome_committed(engine, round);
    else
      outcome_failed(engine, round, &err);
  }
  metric_add(engine->rounds, NULL, 1);
  metric_observe(engine->round_seconds, (double)(clock_monotonic_us() - before) / 1e6);
  db_checkpoint(engine->db, few_wait(engine));
  budget_learn_load(engine, round, before - came, clock_monotonic_us() - before);
  /* what became due by this round keeps it busy, however late the next one begins */
  atomic_store(&engine->busy, engine->next_due_ms <= clock_now(engine->options.clock));
}

static bool finished(Engine *engine) {
  pthread_mutex_lock(&engine->lock);
  bool done = engine->stopping && !engine->commands && !engine->arrivals && !engine->results;
  pthread_mutex_unlock(&engine->lock);
  return done;
}

static void *engine_main(void *ctx) {
  Engine *engine = ctx;
  while (!finished(engine)) {
    engine_round(engine);
    copy_step(engine);
    arena_clear(engine->arena);
  }
  copy_stop(engine);
  return NULL;
}

void engine_start(Engine *engine) {
  engine->started = true;
  int failed = pthread_create(&engine->thread, NULL, engine_main, engine);
  ASSERT(failed == 0);
}

void engine_stop(Engine *engine) {
  if (!engine->started) return;
  pthread_mutex_lock(&engine->lock);
  engine->stopping = true;
  pthread_cond_signal(&engine->wake);
  pthread_mutex_unlock(&engine->lock);
  pthread_join(engine->thread, NULL);
  engine->started = false;
}

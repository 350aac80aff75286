/* The wall clock was set back, while we ran or while we were down: what was due in five minutes would be due in an hour
 * and five minutes, and nobody would be paged meanwhile. Jobs of paging move back by as much, so that each waits as
 * long as it was to wait; what follows the calendar (notices, windows) stays, because it means the clock on the wall.
 *
 * While we run the monotonic clock says what time it should be; over a restart a row of `meta` does, written once a
 * second at most. Forwards needs nothing: everything is due. With several nodes the database's clock is followed, and a
 * node that thinks otherwise moves nobody's jobs. */
#include "engine/internal.h"

enum { SLACK_MS = 5000, KEEP_EVERY_US = 1000 * 1000 };

static const DbStmt SEEN_GET = {"clock_seen_get", "SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'clock_seen'",
                                NULL};
static const DbStmt SEEN_PUT = {
    "clock_seen_put",
    "INSERT INTO meta (name, value) VALUES ('clock_seen', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    NULL};
static const DbStmt MOVE_BACK = {"clock_move_back",
                                 "UPDATE job SET due_at = due_at - $2 WHERE kind = $1 AND due_at < $3", NULL};

/* How far it lies behind what it should be. */
static i64 behind_ms(const Engine *engine, i64 now_ms) {
  i64 passed_ms = (clock_monotonic_us() - engine->clock_mark.at_us) / 1000;
  return engine->clock_mark.now_ms + passed_ms - now_ms;
}

static void mark(Engine *engine, i64 now_ms) {
  engine->clock_mark.now_ms = now_ms;
  engine->clock_mark.at_us = clock_monotonic_us();
}

bool clock_open(Engine *engine, Error *err) {
  i64 now_ms = clock_now(engine->options.clock), seen_ms = 0;
  bool found = false;
  mark(engine, now_ms);
  if (engine->shared) return true;
  if (!db_query_int(engine->db, &SEEN_GET, 0, NULL, &seen_ms, &found, err)) return false;
  engine->clock_mark.now_ms += found ? MAX(0, seen_ms - clock_true_ms()) : 0;
  return true;
}

bool clock_was_set_back(const Engine *engine) {
  return !engine->shared && behind_ms(engine, clock_now(engine->options.clock)) > SLACK_MS;
}

static bool move_back(Cycle *cycle, i64 by_ms, Error *err) {
  Engine *engine = cycle->engine;
  for (const JobKind *const *table = engine->options.job_tables; table && *table; table++)
    for (const JobKind *kind = *table; kind->name; kind++)
      if (kind->paging &&
          !db_run(cycle->db, &MOVE_BACK, err, db_text(str_from_c(kind->name)), db_int(by_ms), db_int(JOB_HELD_MS)))
        return false;
  engine->next_due_ms = 0;
  log_warn("engine", "the clock was set back by %lld s: jobs of paging move with it", (long long)by_ms / 1000);
  return true;
}

static bool keep_seen(Cycle *cycle, Error *err) {
  Engine *engine = cycle->engine;
  i64 now_us = clock_monotonic_us();
  if (engine->clock_mark.kept_us && now_us - engine->clock_mark.kept_us < KEEP_EVERY_US) return true;
  engine->clock_mark.kept_us = now_us;
  Str text = str_format(cycle->arena, "%lld", (long long)clock_true_ms());
  return db_run_later(cycle->db, &SEEN_PUT, err, db_text(text));
}

/* The mark moves with the first round after the one that moved the jobs was committed: one that is undone does it
 * again. */
bool clock_follow(Cycle *cycle, Error *err) {
  Engine *engine = cycle->engine;
  if (engine->shared) return true;
  if (engine->clock_mark.moved && engine->clock_mark.undone == engine->undone) mark(engine, cycle->now_ms);
  engine->clock_mark.moved = false;
  i64 by_ms = behind_ms(engine, cycle->now_ms);
  if (by_ms <= SLACK_MS) {
    mark(engine, cycle->now_ms);
    return keep_seen(cycle, err);
  }
  engine->clock_mark.moved = true;
  engine->clock_mark.undone = engine->undone;
  engine->clock_mark.kept_us = 0;
  return move_back(cycle, by_ms, err) && keep_seen(cycle, err);
}

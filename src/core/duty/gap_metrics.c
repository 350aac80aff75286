/* The gauges of gaps. They are of the whole database, so every node tells the same: a scrape answers what was counted
 * last, and has it counted anew on a worker when that is a minute old. */
#include <stdlib.h>

#include "core/duty/duty.h"
#include "core/server/server.h"

enum { STALE_MS = 60000 };

typedef struct GapCounts {
  App *app;
  _Atomic i64 gap_s, uncovered, counted_ms;
  _Atomic bool counting;
} GapCounts;

static void count_now(void *ctx) {
  GapCounts *c = ctx;
  static const DbStmt LENGTH = {
      "gap_length",
      "SELECT COALESCE(SUM(ends_at - CASE WHEN starts_at < $1 THEN $1 ELSE starts_at END), 0) FROM schedule_gap WHERE "
      "ends_at > $1",
      NULL};
  static const DbStmt NOW = {"gap_now", "SELECT COUNT(*) FROM schedule_gap WHERE starts_at <= $1 AND ends_at > $1",
                             NULL};
  Error ignored = {0};
  Db *db = NULL;
  i64 now = clock_now(&c->app->clock), length_ms = 0, uncovered = 0;
  bool found = false;
  if (db_pool_take(c->app->readers, &db, &ignored)) {
    if (db_query_int(db, &LENGTH, DB_ARGS(db_int(now)), &length_ms, &found, &ignored) &&
        db_query_int(db, &NOW, DB_ARGS(db_int(now)), &uncovered, &found, &ignored)) {
      atomic_store(&c->gap_s, length_ms / 1000);
      atomic_store(&c->uncovered, uncovered);
      atomic_store(&c->counted_ms, now);
    }
    db_pool_give(c->app->readers, db);
  }
  atomic_store(&c->counting, false);
}

static void count_when_old(GapCounts *c) {
  bool idle = false;
  if (clock_now(&c->app->clock) - atomic_load(&c->counted_ms) < STALE_MS) return;
  if (!atomic_compare_exchange_strong(&c->counting, &idle, true)) return;
  if (!workers_do(c->app->workers, count_now, c)) atomic_store(&c->counting, false);
}

static double read_length(void *ctx) {
  GapCounts *c = ctx;
  count_when_old(c);
  return (double)atomic_load(&c->gap_s);
}

static double read_uncovered(void *ctx) {
  return (double)atomic_load(&((GapCounts *)ctx)->uncovered);
}

void duty_metrics(App *app) {
  GapCounts *c = ARENA_NEW(app->arena, GapCounts);
  c->app = app;
  metrics_gauge_fn(app->metrics, "tocsin_schedule_gap_seconds",
                   "Time in the next 14 days for which schedules ask for somebody and have nobody.", read_length, c);
  metrics_gauge_fn(app->metrics, "tocsin_schedules_uncovered", "Schedules that ask for somebody now and have nobody.",
                   read_uncovered, c);
}

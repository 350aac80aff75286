/* Counted once a round for each integration, looked at once a minute by a job. The hour so far is compared with the
 * whole of the usual hour, so an alarm is never early; a storm is past that within minutes. */
#include "core/alerts/rate_alarm.h"

#include <stdlib.h>

#include "core/alerts/batch.h"

enum { EVERY_MS = 60000, LOOKED_AT_MAX = 1000 };

/* Counting -------------------------------------------------------------------------------------------------------- */

typedef struct Tally {
  i64 integration_id, org_id, hour, count;
} Tally;

static i64 fired_in(const Arrival *a) {
  const Event *events = a->events;
  i64 count = 0;
  for (size_t i = 0; events && i < a->event_count; i++)
    count += events[i].kind == EVENT_ALERT && events[i].status == EVENT_TRIGGERED;
  return count;
}

bool rate_count(Cycle *cycle, const Arrival *first, Error *err) {
  static const DbStmt ADD = {"rate_add",
                             "INSERT INTO integration_hour (integration_id, hour, org_id, count) VALUES ($1,$2,$3,$4) "
                             "ON CONFLICT (integration_id, hour) DO UPDATE SET count = integration_hour.count + "
                             "excluded.count",
                             NULL};
  VEC(Tally) tallies = {0};
  for (const Arrival *a = first; a; a = a->next) {
    Tally one = {a->integration_id, a->org_id, a->received_ms / HOUR_MS, 0};
    size_t at = tallies.count;
    if (a->duplicate || a->integration_id == 0 || (one.count = fired_in(a)) == 0) continue;
    while (at > 0 &&
           (tallies.items[at - 1].integration_id != one.integration_id || tallies.items[at - 1].hour != one.hour))
      at--;
    if (at > 0)
      tallies.items[at - 1].count += one.count;
    else
      *VEC_PUSH(cycle->arena, &tallies) = one;
  }
  for (size_t i = 0; i < tallies.count; i++) {
    const Tally *t = &tallies.items[i];
    if (!db_run(cycle->db, &ADD, err, db_int(t->integration_id), db_int(t->hour), db_int(t->org_id), db_int(t->count)))
      return false;
  }
  return true;
}

/* Usual ----------------------------------------------------------------------------------------------------------- */

static int higher(const void *a, const void *b) {
  i64 x = *(const i64 *)a, y = *(const i64 *)b;
  return (x < y) - (x > y);
}

double rate_usual(i64 *counts, size_t count, i64 days_known) {
  i64 days = MIN(days_known, (i64)RATE_DAYS_MAX), sum = 0;
  if (days < RATE_DAYS_MIN) return -1;
  if (count) qsort(counts, count, sizeof *counts, higher);
  for (size_t i = RATE_HIGHEST_LEFT_OUT; i < count; i++) sum += counts[i];
  return (double)sum / (double)(days - RATE_HIGHEST_LEFT_OUT);
}

double rate_threshold(double usual, i64 times, i64 min) {
  return MAX((double)min, usual * (double)times);
}

typedef struct Counts {
  i64 items[RATE_DAYS_MAX];
  size_t count;
} Counts;

static bool read_hour(const DbRow *row, void *ctx) {
  Counts *counts = ctx;
  if (counts->count < RATE_DAYS_MAX) counts->items[counts->count++] = db_row_int(row, 0);
  return true;
}

static bool learn(Db *db, i64 integration_id, i64 hour, double *out, Error *err) {
  static const DbStmt FIRST = {"rate_first", "SELECT MIN(hour) FROM integration_hour WHERE integration_id = $1", NULL};
  static const DbStmt SAME = {
      "rate_same_hour",
      "SELECT count FROM integration_hour WHERE integration_id = $1 AND hour >= $2 AND hour < $3 "
      "AND ($3 - hour) % 24 = 0 ORDER BY hour",
      NULL};
  i64 first = 0;
  bool found = false;
  Counts counts = {0};
  if (!db_query_int(db, &FIRST, DB_ARGS(db_int(integration_id)), &first, &found, err)) return false;
  DbValue args[] = {db_int(integration_id), db_int(hour - RATE_DAYS_MAX * 24), db_int(hour)};
  if (!db_query(db, &SAME, COUNT(args), args, read_hour, &counts, err)) return false;
  return *out = rate_usual(counts.items, counts.count, found && first ? (hour - first) / 24 : 0), true;
}

static bool count_of(Db *db, i64 integration_id, i64 hour, i64 *out, Error *err) {
  static const DbStmt HOUR = {"rate_hour", "SELECT count FROM integration_hour WHERE integration_id = $1 AND hour = $2",
                              NULL};
  bool found = false;
  *out = 0;
  return db_query_int(db, &HOUR, DB_ARGS(db_int(integration_id), db_int(hour)), out, &found, err);
}

/* Watching -------------------------------------------------------------------------------------------------------- */

typedef struct Watched {
  i64 integration_id, org_id, count, times, min;
  Str name;
} Watched;

typedef struct Watching {
  Cycle *cycle;
  i64 hour;
  VEC(Watched) items;
} Watching;

static bool read_watched(const DbRow *row, void *ctx) {
  Watching *w = ctx;
  *VEC_PUSH(w->cycle->arena, &w->items) = (Watched){.integration_id = db_row_int(row, 0),
                                                    .org_id = db_row_int(row, 1),
                                                    .count = db_row_int(row, 2),
                                                    .times = db_row_int(row, 3),
                                                    .min = db_row_int(row, 4),
                                                    .name = db_row_text(row, 5, w->cycle->arena)};
  return true;
}

static AlertOwn own_alert(Cycle *cycle, const Watched *w) {
  return (AlertOwn){.org_id = w->org_id,
                    .integration_id = w->integration_id,
                    .dedup_key = str_format(cycle->arena, "rate/%lld", (long long)w->integration_id),
                    .title = str_format(cycle->arena, "%.*s sends far more than usual", STR_ARG(w->name)),
                    .priority = 2};
}

static bool begin_alarm(Cycle *cycle, const Watched *w, double usual, Error *err) {
  static const DbStmt KEEP = {
      "rate_alarm_keep", "INSERT INTO rate_alarm (integration_id, org_id, alert_id, since_at) VALUES ($1,$2,$3,$4)",
      NULL};
  AlertOwn own = own_alert(cycle, w);
  i64 id = 0;
  own.title =
      str_format(cycle->arena, "%.*s sends %lld times its usual: %lld events this hour, usually %lld", STR_ARG(w->name),
                 (long long)((double)w->count / MAX(usual, 1.0)), (long long)w->count, (long long)(usual + 0.5));
  own.description = S("Until it is steady again, what it pages is one page for each policy. How much is too much: "
                      "rate_alarm_times and rate_alarm_min of the integration.");
  return alert_own(cycle, &own, &id, err) &&
         db_run(cycle->db, &KEEP, err, db_int(w->integration_id), db_int(w->org_id), db_int(id), db_int(cycle->now_ms));
}

static bool look_for_alarms(Watching *w, Error *err) {
  static const DbStmt MANY = {
      "rate_many",
      "SELECT h.integration_id, h.org_id, h.count, i.rate_alarm_times, i.rate_alarm_min, i.name FROM integration_hour "
      "AS "
      "h JOIN integration AS i ON i.id = h.integration_id WHERE h.hour = $1 AND i.enabled = 1 AND i.rate_alarm_times > "
      "0 "
      "AND h.count >= i.rate_alarm_min AND NOT EXISTS (SELECT 1 FROM rate_alarm AS r WHERE r.integration_id = "
      "h.integration_id) ORDER BY h.integration_id LIMIT $2",
      NULL};
  if (!db_query(w->cycle->db, &MANY, DB_ARGS(db_int(w->hour), db_int(LOOKED_AT_MAX)), read_watched, w, err))
    return false;
  for (size_t i = 0; i < w->items.count; i++) {
    const Watched *one = &w->items.items[i];
    double usual = 0;
    if (!learn(w->cycle->db, one->integration_id, w->hour, &usual, err)) return false;
    if (usual < 0 || (double)one->count < rate_threshold(usual, one->times, one->min)) continue;
    if (!begin_alarm(w->cycle, one, usual, err)) return false;
  }
  return true;
}

static bool is_low(Watching *w, const Watched *one, i64 hour, bool *out, Error *err) {
  double usual = 0;
  i64 count = 0;
  if (!learn(w->cycle->db, one->integration_id, hour, &usual, err) ||
      !count_of(w->cycle->db, one->integration_id, hour, &count, err))
    return false;
  return *out = (double)count < rate_threshold(MAX(usual, 0.0), one->times, one->min) / 2, true;
}

static bool end_alarm(Cycle *cycle, const Watched *w, Error *err) {
  static const DbStmt FORGET = {"rate_alarm_forget", "DELETE FROM rate_alarm WHERE integration_id = $1", NULL};
  AlertOwn own = own_alert(cycle, w);
  i64 id = 0;
  own.resolve = true;
  return db_run(cycle->db, &FORGET, err, db_int(w->integration_id)) && alert_own(cycle, &own, &id, err);
}

static bool look_at_alarms(Watching *w, Error *err) {
  static const DbStmt ALARMS = {
      "rate_alarms",
      "SELECT r.integration_id, r.org_id, 0, i.rate_alarm_times, i.rate_alarm_min, i.name FROM rate_alarm AS r JOIN "
      "integration AS i ON i.id = r.integration_id ORDER BY r.integration_id LIMIT $1",
      NULL};
  w->items.count = 0;
  if (!db_query(w->cycle->db, &ALARMS, DB_ARGS(db_int(LOOKED_AT_MAX)), read_watched, w, err)) return false;
  for (size_t i = 0; i < w->items.count; i++) {
    const Watched *one = &w->items.items[i];
    bool low = false, lower = false;
    if (!is_low(w, one, w->hour, &low, err) || !is_low(w, one, w->hour - 1, &lower, err)) return false;
    if (((low && lower) || one->times == 0) && !end_alarm(w->cycle, one, err)) return false;
  }
  return true;
}

static bool watch(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  static const DbStmt OLD = {"rate_old", "DELETE FROM integration_hour WHERE hour < $1", NULL};
  static const DbStmt GONE = {"rate_alarm_gone",
                              "DELETE FROM rate_alarm WHERE integration_id NOT IN (SELECT id FROM integration)", NULL};
  Watching w = {.cycle = cycle, .hour = cycle->now_ms / HOUR_MS};
  (void)out_work;
  *out_verdict = JOB_AGAIN;
  job->due_ms = cycle->now_ms + EVERY_MS;
  return db_run(cycle->db, &OLD, err, db_int(w.hour - (RATE_DAYS_MAX + 1) * 24)) &&
         db_exec(cycle->db, &GONE, 0, NULL, NULL, err) && look_for_alarms(&w, err) && look_at_alarms(&w, err);
}

bool rate_watch_plan(Cycle *cycle, void *ctx, Error *err) {
  (void)ctx;
  JobNew job = {.kind = "rate.watch", .subject_id = 1, .due_ms = cycle->now_ms + EVERY_MS};
  return job_cancel(cycle, job.kind, 1, err) && job_add(cycle, &job, err);
}

const JobKind RATE_JOBS[] = {
    {.name = "rate.watch", .lease_ms = 30000, .claim = watch},
    {.name = NULL},
};

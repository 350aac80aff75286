/* Upkeep: what is old goes, in slices that never hold the cycle, as a job of the engine; and the watchdog outside is
 * told that the cycle turns. How long things are kept is the organization's `retention`. Pending requests are never
 * deleted. */
#include "core/server/upkeep.h"

#include "core/paging/paging.h"
#include "core/server/sweep.h"

enum { ROWS = 500, EVERY_MS = 10 * 60 * 1000, IDLE_US = 4000, BUSY_US = 1000 };

/* Small things: $1 is the time before which they go, $2 how many at once, $3 the organization's id. */
static const DbStmt IDEMPOTENCY_OLD = {
    "upkeep_idempotency",
    "DELETE FROM idempotency WHERE (org_id, scope, \"key\") IN (SELECT org_id, scope, \"key\" FROM idempotency "
    "WHERE expires_at < $1 AND $3 >= 0 ORDER BY expires_at LIMIT $2)",
    NULL};
static const DbStmt SESSION_OLD = {"upkeep_sessions",
                                   "DELETE FROM session WHERE id IN (SELECT id FROM session WHERE expires_at < $1 AND "
                                   "$3 >= 0 ORDER BY expires_at LIMIT $2)",
                                   NULL};
static const DbStmt TOMBSTONE_OLD = {
    "upkeep_tombstones",
    "DELETE FROM alert_key WHERE (org_id, space, \"key\") IN (SELECT org_id, space, \"key\" FROM alert_key "
    "WHERE alert_id IS NULL AND ordered_at < $1 AND $3 >= 0 ORDER BY ordered_at LIMIT $2)",
    NULL};
static const DbStmt LIVE_OLD = {
    "upkeep_live",
    "DELETE FROM live_event WHERE sequence IN (SELECT sequence FROM live_event WHERE at < $1 AND org_id = $3 "
    "ORDER BY at LIMIT $2)",
    NULL};

static bool delete_old(Sweep *sweep, const DbStmt *stmt, i64 before_ms, i64 org_id, Error *err) {
  DbValue args[] = {db_int(before_ms), db_int(ROWS), db_int(org_id)};
  for (i64 gone = ROWS; gone >= ROWS;) {
    if (!sweep_has_time(sweep)) return true;
    if (!db_exec(sweep->cycle->db, stmt, COUNT(args), args, &gone, err)) return false;
  }
  return true;
}

static bool delete_small_things(Sweep *sweep, Error *err) {
  i64 now = sweep->cycle->now_ms;
  if (!delete_old(sweep, &IDEMPOTENCY_OLD, now, 0, err) || !delete_old(sweep, &SESSION_OLD, now, 0, err) ||
      !delete_old(sweep, &TOMBSTONE_OLD, now - DAY_MS, 0, err))
    return false;
  for (size_t i = 0; i < setup_org_count(sweep->setup); i++) {
    const SetupOrg *org = setup_org_at(sweep->setup, i);
    if (!delete_old(sweep, &LIVE_OLD, now - org->keep.live_events_ms, org->id, err)) return false;
  }
  return true;
}

static const DbStmt PLACE_LOAD = {
    "sweep_load", "SELECT position, at FROM sweep WHERE org_id = $1 AND name = $2 AND subject_id = $3", NULL};
static const DbStmt PLACE_KEEP = {
    "sweep_keep",
    "INSERT INTO sweep (org_id, name, subject_id, position, at) VALUES ($1,$2,$3,$4,$5) ON CONFLICT (org_id, name, "
    "subject_id) DO UPDATE SET position = excluded.position, at = excluded.at",
    NULL};

static bool read_place(const DbRow *row, void *ctx) {
  SweepPlace *place = ctx;
  place->position = db_row_int(row, 0);
  place->at_ms = db_row_int(row, 1);
  return true;
}

bool sweep_place_load(Cycle *cycle, SweepPlace *place, Error *err) {
  bool found = false;
  return db_query_one(cycle->db, &PLACE_LOAD,
                      DB_ARGS(db_int(place->org_id), db_text(str_from_c(place->name)), db_int(place->subject_id)),
                      read_place, place, &found, err);
}

bool sweep_place_keep(Cycle *cycle, const SweepPlace *place, Error *err) {
  return db_run(cycle->db, &PLACE_KEEP, err, db_int(place->org_id), db_text(str_from_c(place->name)),
                db_int(place->subject_id), db_int(place->position), db_int(place->at_ms));
}

/* While senders wait in the inbox, a round gives less to what is old. */
static bool upkeep(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  (void)out_work;
  i64 budget_us = engine_backlog(cycle->engine) > 0 ? BUSY_US : IDLE_US;
  Sweep sweep = {.cycle = cycle, .setup = setup_current(cycle_app(cycle)->setup)};
  static bool (*const SWEEPS[])(Sweep *, Error *) = {delete_small_things, sweep_requests, sweep_alerts};
  for (size_t i = 0; i < COUNT(SWEEPS) && !sweep.more; i++) {
    sweep.slices = sweep.rows = 0;
    sweep.end_us = clock_monotonic_us() + budget_us;
    if (!SWEEPS[i](&sweep, err)) return false;
  }
  *out_verdict = JOB_AGAIN;
  job->due_ms = cycle->now_ms + (sweep.more ? 0 : EVERY_MS);
  return true;
}

bool upkeep_plan(Cycle *cycle, void *ctx, Error *err) {
  (void)ctx;
  JobNew job = {.kind = "server.upkeep", .subject_id = 1, .due_ms = cycle->now_ms + 60000};
  return job_cancel(cycle, "server.upkeep", 1, err) && job_add(cycle, &job, err) && connector_checks_plan(cycle, err);
}

const JobKind UPKEEP_JOBS[] = {
    {.name = "server.upkeep", .lease_ms = 30000, .claim = upkeep},
    {.name = NULL},
};

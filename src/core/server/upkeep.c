/* Upkeep: what is old goes, in slices, as jobs of the engine; and the watchdog outside is told that the cycle turns.
 * Pending and parked rows are never deleted here. */
#include "core/server/upkeep.h"

typedef struct Rule {
  DbStmt stmt;
  i64 keep_ms;
} Rule;

enum { SLICE = 2000, EVERY_MS = 10 * 60 * 1000 };

static const Rule RULES[] = {
    {{"upkeep_requests",
      "DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE received_at < $1 AND state = 0 AND outcome IN "
      "('accepted', 'test', 'confirmation', 'filtered') ORDER BY id LIMIT $2)",
      NULL},
     7 * DAY_MS},
    {{"upkeep_bad_requests",
      "DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE received_at < $1 AND state = 0 ORDER BY id LIMIT $2)",
      NULL},
     90 * DAY_MS},
    {{"upkeep_idempotency", "DELETE FROM idempotency WHERE expires_at < $1 AND $2 > 0", NULL}, 0},
    {{"upkeep_sessions", "DELETE FROM session WHERE expires_at < $1 AND $2 > 0", NULL}, 0},
    {{"upkeep_live",
      "DELETE FROM live_event WHERE sequence IN (SELECT sequence FROM live_event WHERE at < $1 ORDER BY at LIMIT $2)",
      NULL},
     DAY_MS},
};

static bool upkeep(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  (void)out_work;
  bool more = false;
  for (size_t i = 0; i < COUNT(RULES); i++) {
    i64 gone = 0;
    DbValue args[] = {db_int(cycle->now_ms - RULES[i].keep_ms), db_int(SLICE)};
    if (!db_exec(cycle->db, &RULES[i].stmt, COUNT(args), args, &gone, err)) return false;
    more = more || gone >= SLICE;
  }
  *out_verdict = JOB_AGAIN;
  job->due_ms = cycle->now_ms + (more ? 1000 : EVERY_MS);
  return true;
}

bool upkeep_plan(Cycle *cycle, void *ctx, Error *err) {
  (void)ctx;
  JobNew job = {.kind = "server.upkeep", .subject_id = 1, .due_ms = cycle->now_ms + 60000};
  return job_cancel(cycle, "server.upkeep", 1, err) && job_add(cycle, &job, err);
}

const JobKind UPKEEP_JOBS[] = {
    {.name = "server.upkeep", .lease_ms = 30000, .claim = upkeep},
    {.name = NULL},
};

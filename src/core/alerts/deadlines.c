/* Deadlines: an alert that nobody repeats ends by itself (`resolve_after_s`, an `endsAt` of the Alertmanager API).
 * `deadline_at` on the alert moves with each repeat and is in no index; a row of alert_deadline says at which second
 * somebody must look, and looks again later when the deadline has moved. All of one second share one job, so that a
 * storm of new alerts writes a row each into one tree and not a job each into three. */
#include <stdlib.h>

#include "core/alerts/batch.h"

static const DbStmt DEADLINE_PUT = {"deadline_put",
                                    "INSERT INTO alert_deadline (second, alert_id, org_id) VALUES ($1, $2, $3) "
                                    "ON CONFLICT (second, alert_id) DO NOTHING",
                                    NULL};
static const DbStmt DEADLINES_DUE = {
    "deadlines_due", "SELECT alert_id, org_id FROM alert_deadline WHERE second = $1 ORDER BY alert_id LIMIT $2", NULL};
static const DbStmt DEADLINES_DONE = {"deadlines_done",
                                      "DELETE FROM alert_deadline WHERE second = $1 AND alert_id <= $2", NULL};

enum {
  SECONDS_KNOWN = 64,
  SLICE = 200,
  AGAIN_MS = 60000,
  START_GRACE_MS = 120000,
  CLOSE_MS = 5000, /* nearer than this another node may be running the second's job: it gets one of its own */
};

/* Seconds that have a job already, as far as this process knows; forgetting one only costs a job too many. */
struct DeadlineSeconds {
  i64 seconds[SECONDS_KNOWN];
  size_t next;
  u64 undone; /* cycle_undone when they were noted: a job that was undone is no job */
};

DeadlineSeconds *deadline_seconds_new(void) {
  return xcalloc(1, sizeof(DeadlineSeconds));
}
void deadline_seconds_free(DeadlineSeconds *known) {
  free(known);
}

static bool has_job(Cycle *cycle, i64 second) {
  DeadlineSeconds *known = cycle_app(cycle)->deadlines;
  if (known->undone != cycle_undone(cycle)) *known = (DeadlineSeconds){.undone = cycle_undone(cycle)};
  for (size_t i = 0; i < SECONDS_KNOWN; i++)
    if (known->seconds[i] == second) return true;
  known->seconds[known->next++ % SECONDS_KNOWN] = second;
  return false;
}

static bool arm(Cycle *cycle, const Alert *alert, Error *err) {
  i64 second = (alert->deadline_ms + 999) / 1000;
  bool close = second * 1000 < cycle->now_ms + CLOSE_MS;
  if (!db_run_later(cycle->db, &DEADLINE_PUT, err, db_int(second), db_int(alert->id), db_int(alert->org_id)))
    return false;
  if (has_job(cycle, second) && !close) return true;
  JobNew job = {.kind = "alert.deadlines", .org_id = alert->org_id, .subject_id = second, .due_ms = second * 1000};
  return job_add(cycle, &job, err);
}

bool alert_deadline_arm(Cycle *cycle, const Alert *alert, Error *err) {
  bool watched = alert->deadline_before > 0 && alert->deadline_before <= alert->deadline_ms;
  if (alert->deadline_ms == 0 || watched) return true; /* whoever looks arms it again */
  return arm(cycle, alert, err);
}

typedef struct Due {
  i64 alert_id, org_id;
} Due;

static bool again_at(Cycle *cycle, const Due *due, i64 at_ms, Error *err) {
  Alert again = {.id = due->alert_id, .org_id = due->org_id, .deadline_ms = at_ms};
  return arm(cycle, &again, err);
}

/* What passed while we were down waits a little longer, so that senders can say again that it still stands. */
static bool look(Cycle *cycle, const Due *due, Error *err) {
  Alert *a = ARENA_NEW(cycle->arena, Alert);
  i64 started = cycle_app(cycle)->started_ms, grace = started + START_GRACE_MS;
  bool found = false, changed = false;
  if (!alert_load(cycle->db, cycle->arena, due->alert_id, a, &found, err)) return false;
  bool open =
      found && (a->status == ALERT_TRIGGERED || a->status == ALERT_ACKNOWLEDGED || a->status == ALERT_DISMISSED);
  if (!open || a->deadline_ms == 0) return true;
  if (a->deadline_ms > cycle->now_ms) return again_at(cycle, due, a->deadline_ms, err);
  if (a->deadline_ms < started && cycle->now_ms < grace) return again_at(cycle, due, grace, err);
  AlertAct act = {.verb = ALERT_VERB_RESOLVE, .who = &WHO_SYSTEM, .reason = S("timeout")};
  return alert_act(cycle, a->id, &act, &changed, err);
}

/* One that cannot be ended stops no other: it is looked at again in a minute. */
static bool look_alone(Cycle *cycle, const Due *due, Error *err) {
  Error why = {0};
  if (!db_savepoint(cycle->db, err)) return false;
  if (look(cycle, due, &why) && db_settle(cycle->db, &why)) return db_release(cycle->db, err);
  if (why.code == ERR_STORAGE || !db_in_transaction(cycle->db)) {
    *err = why;
    return false;
  }
  cycle_undo(cycle);
  log_error("alerts", "alert %lld cannot be ended by its deadline, again in 60 s: %s", (long long)due->alert_id,
            why.message);
  return again_at(cycle, due, cycle->now_ms + AGAIN_MS, err);
}

typedef struct DueList {
  Due items[SLICE];
  size_t count;
} DueList;

static bool take_due(const DbRow *row, void *ctx) {
  DueList *list = ctx;
  list->items[list->count++] = (Due){.alert_id = db_row_int(row, 0), .org_id = db_row_int(row, 1)};
  return list->count < SLICE;
}

bool alert_deadlines_due(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  DueList *list = ARENA_NEW(cycle->arena, DueList);
  (void)out_work;
  *out_verdict = JOB_DONE;
  if (!db_query(cycle->db, &DEADLINES_DUE, DB_ARGS(db_int(job->subject_id), db_int(SLICE)), take_due, list, err))
    return false;
  if (list->count == 0) return true;
  i64 last = list->items[list->count - 1].alert_id;
  if (!db_run(cycle->db, &DEADLINES_DONE, err, db_int(job->subject_id), db_int(last))) return false;
  for (size_t i = 0; i < list->count; i++)
    if (!look_alone(cycle, &list->items[i], err)) return false;
  if (list->count < SLICE) return true;
  *out_verdict = JOB_AGAIN;
  job->due_ms = cycle->now_ms;
  return true;
}

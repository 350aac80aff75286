/* What an alert owes to the clock: the end of a hold; and rules that run outside a batch. */
#include "core/alerts/inhibiting.h"
#include "lang/json.h"

bool alert_run_rules(Cycle *cycle, Alert *alert, const char *why, bool pause_served, Error *err) {
  const Setup *setup = setup_current(cycle_app(cycle)->setup);
  Plan plan = {0};
  alert->why = why;
  alert_decide(setup, cycle->arena, alert, setup_integration(setup, alert->integration_id), pause_served, cycle->now_ms,
               &plan);
  if (!inhibition_sync(cycle, alert, err) || !inhibition_decide(cycle, alert, !pause_served, err)) return false;
  return plan_carry_out(cycle, setup, alert, &plan, err) && plan_keep(cycle, setup, alert, &plan, err) &&
         alert_write(cycle, alert, err);
}

static bool load(Cycle *cycle, i64 id, Alert **out, Error *err) {
  Alert *a = ARENA_NEW(cycle->arena, Alert);
  bool found = false;
  *out = NULL;
  if (!alert_load(cycle->db, cycle->arena, id, a, &found, err)) return false;
  if (found) *out = a;
  return true;
}

/* Holds that end by the clock here; others end with what set them. */
static bool ends_by_clock(const Hold *hold) {
  Str reason = str_from_c(hold->reason);
  return hold->until_ms > 0 && (str_equal_c(reason, "pause") || str_equal_c(reason, "snooze"));
}

/* Takes away what has ended. A hold may have been moved since its job was written: every job looks at all. */
static bool take_ended(Cycle *cycle, Alert *a, bool *out_any, Error *err) {
  size_t kept = 0;
  *out_any = false;
  for (size_t i = 0; i < a->hold_count; i++) {
    Hold hold = a->holds[i];
    if (!ends_by_clock(&hold) || hold.until_ms > cycle->now_ms) {
      a->holds[kept++] = hold;
      continue;
    }
    if (str_equal_c(str_from_c(hold.reason), "snooze")) {
      a->snoozed_until_ms = 0;
      a->page_start++;
    }
    *out_any = a->row_changed = true;
    if (!alert_tell_hold(cycle, a, "hold_ended", &hold, err)) return false;
  }
  a->hold_count = kept;
  return true;
}

/* Whoever takes the last hold away makes the alert run its rules as new: exactly one page, of the incident if it
 * belongs to one whose page ended with the snooze. */
static bool hold_end(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  (void)out_work;
  *out_verdict = JOB_DONE;
  Alert *a = NULL;
  bool any = false;
  if (!load(cycle, job->subject_id, &a, err)) return false;
  if (!a || value_int_or(value_get_c(&job->data, "episode"), 0) != a->episode) return true;
  if (!take_ended(cycle, a, &any, err)) return false;
  if (!any && !hold_has(a, "inhibition")) return true;
  return alert_requiet_after(cycle, a, any, NULL, err);
}

bool hold_end_job(Cycle *cycle, const Alert *alert, i64 until_ms, Error *err) {
  JobNew job = {.kind = "alert.hold_end",
                .org_id = alert->org_id,
                .subject_id = alert->id,
                .due_ms = until_ms,
                .data = str_format(cycle->arena, "{\"episode\":%lld}", (long long)alert->episode)};
  return job_add(cycle, &job, err);
}

/* A rule changed ----------------------------------------------------------------------------------------------------
 */

enum { HELD_SLICE = 200 };

static bool rule_job(Cycle *cycle, i64 org_id, i64 rule_id, i64 after, Error *err) {
  JobNew job = {.kind = "alert.rule_changed",
                .org_id = org_id,
                .subject_id = rule_id,
                .due_ms = cycle->now_ms,
                .data = str_format(cycle->arena, "{\"after\":%lld}", (long long)after)};
  return job_add(cycle, &job, err);
}

bool alerts_held_by_rule(Cycle *cycle, i64 org_id, i64 rule_id, Error *err) {
  return job_cancel(cycle, "alert.rule_changed", rule_id, err) && rule_job(cycle, org_id, rule_id, 0, err);
}

typedef struct Held {
  Str rule; /* its id as holds name it */
  i64 ids[HELD_SLICE], last;
  size_t count, seen;
} Held;

static bool read_held(const DbRow *row, void *ctx) {
  Held *held = ctx;
  held->last = db_row_int(row, 0);
  held->seen++;
  if (str_find(db_row_peek(row, 1), held->rule, 0) != SIZE_MAX) held->ids[held->count++] = held->last;
  return true;
}

/* What the rule held runs the rules as they are now: what is still held by another stays so, the rest pages once. */
static bool rule_changed(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  static const DbStmt HELD = {"alerts_held",
                              "SELECT id, hold_list FROM alert WHERE org_id = $1 AND holds > 0 AND id > $2 ORDER BY id "
                              "LIMIT $3",
                              NULL};
  i64 after = value_int_or(value_get_c(&job->data, "after"), 0);
  Held held = {.rule = id_text(cycle->arena, "rul", job->subject_id)};
  (void)out_work;
  *out_verdict = JOB_DONE;
  if (!db_query(cycle->db, &HELD, DB_ARGS(db_int(job->org_id), db_int(after), db_int(HELD_SLICE)), read_held, &held,
                err))
    return false;
  for (size_t i = 0; i < held.count; i++) {
    Alert *a = NULL;
    if (!load(cycle, held.ids[i], &a, err)) return false;
    if (!a || !hold_has(a, "suppressed") || a->status != ALERT_TRIGGERED) continue;
    if (!alert_run_rules(cycle, a, "released", true, err)) return false;
  }
  return held.seen < HELD_SLICE || rule_job(cycle, job->org_id, job->subject_id, held.last, err);
}

const JobKind ALERT_JOBS[] = {
    {.name = "alert.hold_end", .lease_ms = 30000, .claim = hold_end},
    {.name = "alert.deadlines", .lease_ms = 30000, .claim = alert_deadlines_due},
    {.name = "alert.rule_changed", .lease_ms = 30000, .claim = rule_changed},
    {.name = NULL},
};

/* What an alert owes to the clock: the end of a hold, its deadline; and rules that run outside a batch. */
#include "core/alerts/batch.h"
#include "lang/json.h"

bool alert_run_rules(Cycle *cycle, Alert *alert, const char *why, bool pause_served, Error *err) {
  const Setup *setup = setup_current(cycle_app(cycle)->setup);
  Plan plan = {0};
  alert->why = why;
  alert_decide(setup, cycle->arena, alert, setup_integration(setup, alert->integration_id), pause_served, cycle->now_ms,
               &plan);
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

/* Whoever takes the last hold away makes the alert run its rules as new: exactly one page. */
static bool hold_end(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  (void)out_work;
  *out_verdict = JOB_DONE;
  Alert *a = NULL;
  if (!load(cycle, job->subject_id, &a, err)) return false;
  if (!a || value_int_or(value_get_c(&job->data, "episode"), 0) != a->episode) return true;
  Str reason = value_text_or(value_get_c(&job->data, "reason"), STR_NONE);
  const char *name = str_to_c(cycle->arena, reason);
  if (!hold_remove(a, name, 0)) return true;
  Str data = str_format(cycle->arena, "{\"hold\":\"%s\"}", name);
  if (str_equal_c(reason, "snooze")) {
    a->snoozed_until_ms = 0;
    a->page_start++;
  }
  if (!alert_timeline(cycle, a, "hold_ended", &WHO_SYSTEM, data, err)) return false;
  if (a->status != ALERT_TRIGGERED || a->hold_count > 0) return alert_write(cycle, a, err);
  return alert_run_rules(cycle, a, "released", true, err);
}

/* Deadlines move with each event; the one armed job looks and arms itself again. */
static bool deadline(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  (void)out_work;
  *out_verdict = JOB_DONE;
  Alert *a = NULL;
  if (!load(cycle, job->subject_id, &a, err)) return false;
  bool open = a && (a->status == ALERT_TRIGGERED || a->status == ALERT_ACKNOWLEDGED || a->status == ALERT_DISMISSED);
  if (!open || a->deadline_ms == 0) return true;
  if (a->deadline_ms > cycle->now_ms) {
    *out_verdict = JOB_AGAIN;
    job->due_ms = a->deadline_ms;
    return true;
  }
  bool changed = false;
  AlertAct act = {.verb = ALERT_VERB_RESOLVE, .who = &WHO_SYSTEM, .reason = S("timeout")};
  return alert_act(cycle, a->id, &act, &changed, err);
}

const JobKind ALERT_JOBS[] = {
    {.name = "alert.hold_end", .lease_ms = 30000, .claim = hold_end},
    {.name = "alert.deadline", .lease_ms = 30000, .claim = deadline},
    {.name = NULL},
};

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
    Str data = str_format(cycle->arena, "{\"hold\":\"%s\"}", hold.reason);
    if (!alert_timeline(cycle, a, "hold_ended", &WHO_SYSTEM, data, err)) return false;
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
  if (!any) return true;
  if (a->status != ALERT_TRIGGERED || a->hold_count > 0) return alert_write(cycle, a, err);
  return alert_run_rules(cycle, a, "released", true, err) &&
         (a->incident_id == 0 || page_resume(cycle, a->incident_id, "snooze", err));
}

bool hold_end_job(Cycle *cycle, const Alert *alert, i64 until_ms, Error *err) {
  JobNew job = {.kind = "alert.hold_end",
                .org_id = alert->org_id,
                .subject_id = alert->id,
                .due_ms = until_ms,
                .data = str_format(cycle->arena, "{\"episode\":%lld}", (long long)alert->episode)};
  return job_add(cycle, &job, err);
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

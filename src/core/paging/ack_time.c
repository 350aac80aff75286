/* An acknowledgement that runs out: a warning with a way to extend it before, and then the page starts again at
 * level 1. Anything that a person does about the subject extends it. */
#include "core/alerts/alerts.h"
#include "core/paging/internal.h"
#include "lang/json.h"

enum { WARNING_S = 300 };

static JobNew ack_job(Cycle *cycle, const Page *page, const char *kind, i64 epoch, i64 due_ms) {
  return (JobNew){.kind = kind,
                  .org_id = page->org_id,
                  .subject_id = page->id,
                  .due_ms = due_ms,
                  .data = str_format(cycle->arena, "{\"epoch\":%lld}", (long long)epoch)};
}

/* The warning comes 5 minutes before the end, of short ones at half time. */
bool page_arm_ack_timeout(Cycle *cycle, const Page *page, i64 epoch, Error *err) {
  Snapshot snapshot = {0};
  if (!snapshot_read(cycle->arena, page->policy, &snapshot, err)) return false;
  if (snapshot.ack_timeout_s <= 0) return true;
  i64 end = cycle->now_ms + snapshot.ack_timeout_s * 1000;
  i64 warning = end - MIN(WARNING_S * 1000, snapshot.ack_timeout_s * 500);
  JobNew over = ack_job(cycle, page, "page.ack_timeout", epoch, end);
  JobNew soon = ack_job(cycle, page, "page.ack_warning", epoch, warning);
  return job_cancel(cycle, "page.ack_timeout", page->id, err) && job_cancel(cycle, "page.ack_warning", page->id, err) &&
         job_add(cycle, &over, err) && job_add(cycle, &soon, err);
}

static bool load_acknowledged(Cycle *cycle, const Job *job, Page *page, bool *out_still, Error *err) {
  bool found = false;
  if (!page_load(cycle->db, cycle->arena, job->subject_id, page, &found, err)) return false;
  *out_still =
      found && page->status == PAGE_ACKNOWLEDGED && page->epoch == value_int_or(value_get_c(&job->data, "epoch"), 0);
  return true;
}

/* To whoever acknowledged; a key or a rule reads no warnings. */
bool page_ack_warning(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  (void)out_work;
  *out_verdict = JOB_DONE;
  Page page = {0};
  Value by = value_null();
  Error ignored = {0};
  bool still = false;
  i64 user_id = 0;
  Notified told = {0};
  if (!load_acknowledged(cycle, job, &page, &still, err)) return false;
  if (!still || !page.acknowledged_by.len || !json_parse(cycle->arena, page.acknowledged_by, NULL, &by, &ignored) ||
      !id_parse("usr", value_text_or(value_get_c(&by, "id"), STR_NONE), &user_id))
    return true;
  return notify_user(cycle, &page, user_id, "ack_expires", &told, err);
}

bool page_ack_timeout(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  (void)out_work;
  *out_verdict = JOB_DONE;
  Page page = {0};
  bool still = false, changed = false;
  if (!load_acknowledged(cycle, job, &page, &still, err)) return false;
  if (!still) return true;
  if (!page_tell(cycle, &page, "acknowledgement_timed_out", &WHO_SYSTEM, STR_NONE, err)) return false;
  if (page.incident_id) return page_restart(cycle, page.incident_id, &WHO_SYSTEM, err);
  AlertAct act = {.verb = ALERT_VERB_UNACKNOWLEDGE, .who = &WHO_SYSTEM, .reason = S("acknowledgement timed out")};
  Error refused = {0};
  if (alert_act(cycle, page.alert_id, &act, &changed, &refused) || refused.code == ERR_CONFLICT) return true;
  *err = refused;
  return false;
}

bool page_extend(Cycle *cycle, i64 page_id, const Who *who, Error *err) {
  Page page = {0};
  Snapshot snapshot = {0};
  bool found = false;
  if (!page_load(cycle->db, cycle->arena, page_id, &page, &found, err)) return false;
  if (!found) return fail(err, ERR_NOT_FOUND, "there is no such page");
  if (page.status != PAGE_ACKNOWLEDGED)
    return fail(err, ERR_CONFLICT, "the page is %s: there is no acknowledgement to extend",
                page_status_name(page.status));
  if (!snapshot_read(cycle->arena, page.policy, &snapshot, err)) return false;
  if (snapshot.ack_timeout_s <= 0)
    return fail(err, ERR_CONFLICT, "this acknowledgement does not run out: its policy has no ack_timeout_s");
  return page_arm_ack_timeout(cycle, &page, page.epoch, err) &&
         page_tell(cycle, &page, "acknowledgement_extended", who, STR_NONE, err);
}

bool page_touched(Cycle *cycle, i64 subject_id, Error *err) {
  static const DbStmt RUNNING_OUT = {"page_running_out",
                                     "SELECT p.id FROM page AS p JOIN job AS j ON j.subject_id = p.id AND j.kind = "
                                     "'page.ack_timeout' WHERE (p.alert_id = $1 OR p.incident_id = $1) AND p.status = "
                                     "'acknowledged' ORDER BY p.id LIMIT 1",
                                     NULL};
  Page page = {0};
  i64 id = 0;
  bool found = false;
  if (!db_query_int(cycle->db, &RUNNING_OUT, DB_ARGS(db_int(subject_id)), &id, &found, err)) return false;
  if (!found || !page_load(cycle->db, cycle->arena, id, &page, &found, err)) return !found;
  return page_arm_ack_timeout(cycle, &page, page.epoch, err);
}

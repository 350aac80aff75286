/* Notifications: what a person's steps say becomes rows and jobs; a send marks `sending` in the transaction that
 * checked the page's epoch, happens outside, and its result is written by the next round. A crash in between is an
 * unknown outcome, treated as the channel's file says. When a method fails for good, the person's next step starts at
 * once. */
#include <stdlib.h>

#include "core/paging/notify.h"
#include "lang/json.h"

static const DbStmt NOTIFICATION_INSERT = {
    "notification_insert",
    "INSERT INTO notification (id, org_id, page_id, user_id, user_name, contact_method_id, kind, address, purpose, "
    "level, round, "
    "step, epoch, status, attempts, error, due_at, queued_at, failed_at, created_at, updated_at, version) "
    "VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,0,$15,$16,$17,$18,$17,$17,1)",
    NULL};
static const DbStmt NOTIFICATION_LOAD = {"notification_load",
                                         "SELECT id, org_id, page_id, user_id, user_name, contact_method_id, kind, "
                                         "address, purpose, level, round, step, epoch, status, "
                                         "attempts, version, error FROM notification WHERE id = $1",
                                         NULL};
static const DbStmt NOTIFICATION_SENDING = {
    "notification_sending",
    "UPDATE notification SET status = 'sending', attempts = attempts + 1, covers_until = $2, updated_at = $3, "
    "version = version + 1 WHERE id = $1",
    NULL};
static const DbStmt NOTIFICATION_STATUS = {
    "notification_status",
    "UPDATE notification SET status = $2, error = $3, provider_id = COALESCE($4, provider_id), due_at = $5, "
    "sent_at = COALESCE($6, sent_at), delivered_at = COALESCE($7, delivered_at), failed_at = $8, updated_at = $9, "
    "version = version + 1 WHERE id = $1",
    NULL};
static const DbStmt NEXT_QUEUED = {"notification_next",
                                   "SELECT MIN(step) FROM notification WHERE page_id = $1 AND user_id = $2 AND level = "
                                   "$3 AND round = $4 AND epoch = $5 "
                                   "AND status = 'queued' AND due_at > $6",
                                   NULL};
static const DbStmt OF_STEP = {"notification_of_step",
                               "SELECT id FROM notification WHERE page_id = $1 AND user_id = $2 AND level = $3 AND "
                               "round = $4 AND epoch = $5 AND step = $6 "
                               "AND status = 'queued'",
                               NULL};
static const DbStmt LAST_MEMBER = {"storm_last_member", "SELECT MAX(id) FROM page WHERE storm_page_id = $1", NULL};

static const i64 BACKOFF_S[] = {1, 2, 5, 10, 30, 60};
enum { ATTEMPTS_MAX = 6 };

/* Queueing -------------------------------------------------------------------------------------------------------- */

typedef struct Queueing {
  Cycle *cycle;
  const Page *page;
  const SetupUser *user;
  const char *purpose;
  i64 step; /* counted over all methods, in order of delay */
  size_t queued;
} Queueing;

static bool insert(Queueing *q, const SetupContact *contact, i64 delay_s, const char *error, Error *err) {
  Cycle *cycle = q->cycle;
  i64 id = id_next(cycle->ids), due = cycle->now_ms + delay_s * 1000;
  if (!db_run(cycle->db, &NOTIFICATION_INSERT, err, db_int(id), db_int(q->page->org_id), db_int(q->page->id),
              db_int(q->user->id), db_text(q->user->name), db_id(contact ? contact->id : 0),
              db_text(contact ? contact->kind : S("none")), db_text(contact ? contact->address : S("")),
              db_text(str_from_c(q->purpose)), db_int(q->page->level), db_int(q->page->round), db_int(q->step),
              db_int(q->page->epoch), db_text(error ? S("failed") : S("queued")),
              error ? db_text(str_from_c(error)) : db_null(), db_int(due), db_int(cycle->now_ms),
              error ? db_int(cycle->now_ms) : db_null()))
    return false;
  if (error) notify_count(cycle_app(cycle), contact ? contact->kind : S("none"), "failed");
  q->step++;
  q->queued += error == NULL;
  cycle_publish(cycle, q->page->org_id, "notification", id, 1);
  JobNew job = {.kind = "notify.send", .org_id = q->page->org_id, .subject_id = id, .due_ms = due};
  return error || job_add(cycle, &job, err);
}

bool notify_user(Cycle *cycle, const Page *page, i64 user_id, const char *purpose, size_t *out_queued, Error *err) {
  Finding f = finding_of(cycle);
  const SetupUser *user = setup_user(f.setup, user_id);
  Queueing q = {.cycle = cycle, .page = page, .user = user, .purpose = purpose};
  StepPlan plan = {0};
  *out_queued = 0;
  if (!user) return true;
  steps_plan(&f, user, str_equal_c(page->urgency, "low"), &plan);
  for (size_t i = 0; i < plan.items.count; i++)
    if (!insert(&q, plan.items.items[i].contact, plan.items.items[i].delay_s, plan.items.items[i].error, err))
      return false;
  *out_queued = q.queued;
  return true;
}

bool page_notice(Cycle *cycle, i64 user_id, i64 alert_id, i64 incident_id, const char *purpose, Error *err) {
  static const DbStmt LAST = {
      "page_last_of", "SELECT id FROM page WHERE alert_id = $1 OR incident_id = $2 ORDER BY id DESC LIMIT 1", NULL};
  i64 id = 0;
  bool found = false;
  size_t queued = 0;
  Page page = {0};
  if (!db_query_int(cycle->db, &LAST, DB_ARGS(db_int(alert_id), db_int(incident_id ? incident_id : -1)), &id, &found,
                    err))
    return false;
  if (!found || !page_load(cycle->db, cycle->arena, id, &page, &found, err)) return !found;
  return notify_user(cycle, &page, user_id, purpose, &queued, err);
}

/* Claiming -------------------------------------------------------------------------------------------------------- */

typedef struct Reading {
  Arena *arena;
  Notification *out;
} Reading;

static bool read_notification(const DbRow *row, void *ctx) {
  Reading *r = ctx;
  *r->out = (Notification){.id = db_row_int(row, 0),
                           .org_id = db_row_int(row, 1),
                           .page_id = db_row_int(row, 2),
                           .user_id = db_row_int(row, 3),
                           .user_name = db_row_text(row, 4, r->arena),
                           .contact_id = db_row_int(row, 5),
                           .kind = db_row_text(row, 6, r->arena),
                           .address = db_row_text(row, 7, r->arena),
                           .purpose = db_row_text(row, 8, r->arena),
                           .level = db_row_int(row, 9),
                           .round = db_row_int(row, 10),
                           .step = db_row_int(row, 11),
                           .epoch = db_row_int(row, 12),
                           .status = db_row_text(row, 13, r->arena),
                           .attempts = db_row_int(row, 14),
                           .version = db_row_int(row, 15),
                           .error = db_row_text(row, 16, r->arena)};
  return true;
}

bool notification_load(Db *db, Arena *arena, i64 id, Notification *out, bool *out_found, Error *err) {
  Reading reading = {.arena = arena, .out = out};
  return db_query_one(db, &NOTIFICATION_LOAD, DB_ARGS(db_int(id)), read_notification, &reading, out_found, err);
}

typedef struct Outcome {
  const char *status;
  Str error, provider_id;
  i64 due_ms;
  bool sent, delivered, failed;
} Outcome;

static bool write_status(Cycle *cycle, const Notification *n, const Outcome *o, Error *err) {
  i64 now = cycle->now_ms;
  cycle_publish(cycle, n->org_id, "notification", n->id, n->version + 1);
  return db_run(cycle->db, &NOTIFICATION_STATUS, err, db_int(n->id), db_text(str_from_c(o->status)),
                db_text_or_null(o->error), db_text_or_null(o->provider_id.len ? o->provider_id : STR_NONE),
                db_int(o->due_ms ? o->due_ms : now), o->sent ? db_int(now) : db_null(),
                o->delivered ? db_int(now) : db_null(), o->failed ? db_int(now) : db_null(), db_int(now));
}

/* The person's next waiting step starts at once. */
static bool hurry_next_step(Cycle *cycle, const Notification *n, Error *err) {
  i64 step = 0, id = 0;
  bool found = false;
  DbValue key[] = {db_int(n->page_id), db_int(n->user_id), db_int(n->level),
                   db_int(n->round),   db_int(n->epoch),   db_int(cycle->now_ms)};
  if (!db_query_int(cycle->db, &NEXT_QUEUED, COUNT(key), key, &step, &found, err)) return false;
  if (!found) return true;
  key[5] = db_int(step);
  if (!db_query_int(cycle->db, &OF_STEP, COUNT(key), key, &id, &found, err)) return false;
  return !found || job_hurry(cycle, "notify.send", id, cycle->now_ms, err);
}

/* Of a page that still is where this was sent from. */
static bool give_up_level(Cycle *cycle, const Notification *n, Error *err) {
  Page page = {0};
  bool found = false;
  if (!str_equal_c(n->purpose, "page")) return true;
  if (!page_load(cycle->db, cycle->arena, n->page_id, &page, &found, err)) return false;
  bool here =
      found && page.status == PAGE_ACTIVE && page.epoch == n->epoch && page.level == n->level && page.round == n->round;
  return !here || page_level_lost(cycle, &page, n->id, err);
}

static bool fail_for_good(Cycle *cycle, const Notification *n, Str error, Error *err) {
  Outcome o = {.status = "failed", .error = error, .failed = true};
  notify_count(cycle_app(cycle), n->kind, "failed");
  return write_status(cycle, n, &o, err) && hurry_next_step(cycle, n, err) && give_up_level(cycle, n, err);
}

static bool skip(Cycle *cycle, const Notification *n, Error *err) {
  Outcome o = {.status = "skipped", .error = S("the page had ended")};
  notify_count(cycle_app(cycle), n->kind, "skipped");
  return write_status(cycle, n, &o, err);
}

/* After an acknowledgement only what goes on until it is resolved is left, and that ends with its subject. */
static bool is_due(const Notification *n, const Page *page) {
  bool runs = page->status == PAGE_ACTIVE || page->status == PAGE_ACKNOWLEDGED; /* then for levels until resolved */
  if (str_equal_c(n->purpose, "page")) return runs && page->epoch == n->epoch;
  if (str_equal_c(n->purpose, "ack_expires")) return page->status == PAGE_ACKNOWLEDGED && page->epoch == n->epoch;
  if (str_equal_c(n->purpose, "exhausted")) return page->status == PAGE_EXHAUSTED;
  return true;
}

static bool mark_sending(Cycle *cycle, const Notification *n, const Page *page, Error *err) {
  i64 last = 0;
  bool found = false;
  if (page->subject_id == 0 && !db_query_int(cycle->db, &LAST_MEMBER, DB_ARGS(db_int(page->id)), &last, &found, err))
    return false;
  cycle_publish(cycle, n->org_id, "notification", n->id, n->version + 1);
  return db_run(cycle->db, &NOTIFICATION_SENDING, err, db_int(n->id), found ? db_int(last) : db_null(),
                db_int(cycle->now_ms));
}

/* It was `sending` when the program ended or the lease ran out: nobody knows. */
static bool unknown_outcome(Cycle *cycle, const Notification *n, const Channel *channel, bool *out_again, Error *err) {
  *out_again = channel && channel_resend_unknown(channel) && n->attempts < ATTEMPTS_MAX;
  if (*out_again) return true;
  Outcome o = {.status = "unconfirmed", .error = S("the program ended while it was being sent")};
  notify_count(cycle_app(cycle), n->kind, "unconfirmed");
  return write_status(cycle, n, &o, err) && hurry_next_step(cycle, n, err);
}

bool notify_claim(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  Notification n = {0};
  Page page = {0};
  bool found = false, again = true;
  *out_verdict = JOB_DONE;
  if (!notification_load(cycle->db, cycle->arena, job->subject_id, &n, &found, err)) return false;
  bool sending = found && str_equal_c(n.status, "sending");
  if (!found || (!sending && !str_equal_c(n.status, "queued"))) return true;
  const Channel *channel = channel_find(cycle_app(cycle)->catalog, n.kind);
  if (!page_load(cycle->db, cycle->arena, n.page_id, &page, &found, err)) return false;
  if (sending && !unknown_outcome(cycle, &n, channel, &again, err)) return false;
  if (!again) return true;
  bool due = found && is_due(&n, &page);
  if (due && page.status == PAGE_ACKNOWLEDGED && str_equal_c(n.purpose, "page") &&
      !page_still_burns(cycle, &page, &due, err))
    return false;
  if (!due) return skip(cycle, &n, err);
  if (!channel) return fail_for_good(cycle, &n, S("no_provider"), err);
  Error why = {0};
  n.repeated = sending || n.attempts > 0;
  SendWork *work = send_work_new(cycle, channel, &n, &page, &why);
  if (!work)
    return why.code == ERR_STORAGE ? (*err = why, false)
                                   : fail_for_good(cycle, &n, str_copy(cycle->arena, str_from_c(why.message)), err);
  if (!mark_sending(cycle, &n, &page, err)) {
    send_work_free(work);
    return false;
  }
  *out_verdict = JOB_OUTSIDE;
  *out_work = work;
  return true;
}

/* Results --------------------------------------------------------------------------------------------------------- */

static bool retry_later(Cycle *cycle, Job *job, const Notification *n, const SendResult *r, JobVerdict *out_verdict,
                        Error *err) {
  size_t tries = (size_t)MIN(MAX(n->attempts - 1, 0), (i64)COUNT(BACKOFF_S) - 1);
  i64 wait_s = r->retry_after_s > 0 ? MIN(r->retry_after_s, 120) : BACKOFF_S[tries];
  Outcome o = {.status = "queued", .error = r->error, .due_ms = cycle->now_ms + wait_s * 1000};
  *out_verdict = JOB_AGAIN;
  job->due_ms = o.due_ms;
  notify_count(cycle_app(cycle), n->kind, "retried");
  return write_status(cycle, n, &o, err);
}

static bool record(Cycle *cycle, const Notification *n, const SendResult *r, const char *status, Error *err) {
  bool delivered = str_equal_c(str_from_c(status), "delivered");
  bool unconfirmed = str_equal_c(str_from_c(status), "unconfirmed");
  Outcome o = {.status = status,
               .error = unconfirmed ? r->error : STR_NONE,
               .provider_id = r->provider_id,
               .sent = true,
               .delivered = delivered};
  notify_count(cycle_app(cycle), n->kind, status);
  if (!write_status(cycle, n, &o, err)) return false;
  return !unconfirmed || hurry_next_step(cycle, n, err);
}

bool notify_finish(Cycle *cycle, Job *job, void *result, JobVerdict *out_verdict, Error *err) {
  const SendResult *r = result;
  Notification n = {0};
  bool found = false;
  *out_verdict = JOB_DONE;
  if (!notification_load(cycle->db, cycle->arena, job->subject_id, &n, &found, err)) return false;
  if (!found) return true;
  switch (r->verdict) {
  case SEND_SENT: return record(cycle, &n, r, "sent", err);
  case SEND_DELIVERED: return record(cycle, &n, r, "delivered", err);
  case SEND_PERMANENT: return fail_for_good(cycle, &n, r->error, err);
  case SEND_UNKNOWN:
    if (!r->resend_unknown) return record(cycle, &n, r, "unconfirmed", err);
    break;
  case SEND_RETRY: break;
  }
  if (n.attempts >= ATTEMPTS_MAX) return fail_for_good(cycle, &n, r->error, err);
  return retry_later(cycle, job, &n, r, out_verdict, err);
}

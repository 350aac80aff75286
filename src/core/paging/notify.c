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
    "step, epoch, status, attempts, error, due_at, queued_at, failed_at, created_at, updated_at, version, title, text) "
    "VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,0,$15,$16,$17,$18,$17,$17,1,$19,$20)",
    NULL};
static const DbStmt NOTIFICATION_LOAD = {
    "notification_load",
    "SELECT id, org_id, page_id, user_id, user_name, contact_method_id, kind, "
    "address, purpose, level, round, step, epoch, status, "
    "attempts, version, error, connector_id, bundle_id, title, text, unknowns, doubtful FROM notification WHERE "
    "id = $1",
    NULL};
static const DbStmt NOTIFICATION_SENDING = {
    "notification_sending",
    "UPDATE notification SET status = 'sending', attempts = attempts + 1, covers_until = $2, updated_at = $3, "
    "connector_id = $4, version = version + 1 WHERE id = $1",
    NULL};
static const DbStmt NOTIFICATION_STATUS = {
    "notification_status",
    "UPDATE notification SET status = $2, error = $3, provider_id = COALESCE($4, provider_id), due_at = $5, "
    "sent_at = COALESCE($6, sent_at), delivered_at = COALESCE($7, delivered_at), failed_at = $8, updated_at = $9, "
    "connector_id = CASE WHEN $10 = 1 THEN NULL ELSE connector_id END, doubtful = CASE WHEN $11 = 1 THEN 1 ELSE "
    "doubtful END, text = CASE WHEN purpose = 'verify' AND $2 <> "
    "'queued' THEN NULL ELSE text END, version = version + 1 WHERE id = $1",
    NULL};
static const DbStmt NOTIFICATION_UNKNOWN = {"notification_unknown",
                                            "UPDATE notification SET unknowns = unknowns + 1 WHERE id = $1", NULL};
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
enum { ATTEMPTS_MAX = 6, RECEIPT_S = 90, OTHER_PROVIDER_S = 30, SLOT_AGAIN_S = 2 };

/* Queueing -------------------------------------------------------------------------------------------------------- */

typedef struct Queueing {
  Cycle *cycle;
  const Page *page;
  const SetupUser *user;
  const char *purpose;
  Str title, text; /* of what is about no page */
  i64 step;        /* counted over all methods, in order of delay */
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
              error ? db_int(cycle->now_ms) : db_null(), db_text_or_null(q->title.len ? q->title : STR_NONE),
              db_text_or_null(q->text.len ? q->text : STR_NONE)))
    return false;
  if (error) notify_count(cycle_app(cycle), contact ? contact->kind : S("none"), "failed");
  q->step++;
  q->queued += error == NULL;
  cycle_publish(cycle, q->page->org_id, "notification", id, 1);
  JobNew job = {.kind = "notify.send", .org_id = q->page->org_id, .subject_id = id, .due_ms = due};
  return error || job_add(cycle, &job, err);
}

static bool queue_steps(Queueing *q, const Finding *f, bool low, i64 *out_held_s, Error *err) {
  StepPlan plan = {0};
  steps_plan(f, q->user, low, &plan);
  for (size_t i = 0; i < plan.items.count; i++)
    if (!insert(q, plan.items.items[i].contact, plan.items.items[i].delay_s, plan.items.items[i].error, err))
      return false;
  *out_held_s = plan.held_s;
  return true;
}

/* What a person's own snooze keeps back. */
static bool of_page(const char *purpose) {
  Str word = str_from_c(purpose);
  return str_equal_c(word, "page") || str_equal_c(word, "exhausted");
}

bool notify_user(Cycle *cycle, const Page *page, i64 user_id, const char *purpose, Notified *out, Error *err) {
  Finding f = finding_of(cycle);
  const SetupUser *user = setup_user(f.setup, user_id);
  Queueing q = {.cycle = cycle, .page = page, .user = user, .purpose = purpose};
  *out = (Notified){0};
  if (!user) return true;
  if (of_page(purpose) && !page_asleep(cycle, page, user_id, &out->asleep, err)) return false;
  if (out->asleep) return page_withheld(cycle, page, user_id, err);
  if (!queue_steps(&q, &f, str_equal_c(page->urgency, "low"), &out->held_s, err)) return false;
  out->queued = q.queued;
  return true;
}

/* About no page: kept for ever all the same, under the person. */
bool notify_text(Cycle *cycle, const NotifyText *what, size_t *out_queued, Error *err) {
  Finding f = finding_of(cycle);
  const SetupUser *user = setup_user(f.setup, what->user_id);
  Page none = {.org_id = what->org_id, .urgency = what->low ? S("low") : S("high")};
  Queueing q = {
      .cycle = cycle, .page = &none, .user = user, .purpose = what->purpose, .title = what->title, .text = what->text};
  i64 held_s = 0;
  *out_queued = 0;
  if (!user) return true;
  if (!what->contact_id && !queue_steps(&q, &f, what->low, &held_s, err)) return false;
  for (size_t i = 0; what->contact_id && i < user->contact_count; i++) {
    const SetupContact *contact = &user->contacts[i];
    if (contact->id != what->contact_id) continue;
    const char *error = contact_why_not(&f, user->org_id, contact);
    bool tries = error && (str_equal_c(S("not_verified"), error) || str_equal_c(S("broken"), error));
    if (!insert(&q, contact, 0, tries ? NULL : error, err)) return false;
  }
  *out_queued = q.queued;
  return true;
}

bool page_notice(Cycle *cycle, i64 user_id, i64 alert_id, i64 incident_id, const char *purpose, Error *err) {
  static const DbStmt LAST = {
      "page_last_of", "SELECT id FROM page WHERE alert_id = $1 OR incident_id = $2 ORDER BY id DESC LIMIT 1", NULL};
  i64 id = 0;
  bool found = false;
  Notified told = {0};
  Page page = {0};
  if (!db_query_int(cycle->db, &LAST, DB_ARGS(db_int(alert_id), db_int(incident_id ? incident_id : -1)), &id, &found,
                    err))
    return false;
  if (!found || !page_load(cycle->db, cycle->arena, id, &page, &found, err)) return !found;
  return notify_user(cycle, &page, user_id, purpose, &told, err);
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
                           .error = db_row_text(row, 16, r->arena),
                           .connector_id = db_row_int(row, 17),
                           .bundle_id = db_row_int(row, 18),
                           .title = db_row_text(row, 19, r->arena),
                           .text = db_row_text(row, 20, r->arena),
                           .unknowns = db_row_int(row, 21),
                           .doubtful = db_row_int(row, 22) != 0};
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
  bool any_provider; /* the next try may go by the same one */
  bool doubtful;
} Outcome;

static bool write_status(Cycle *cycle, const Notification *n, const Outcome *o, Error *err) {
  i64 now = cycle->now_ms;
  cycle_publish(cycle, n->org_id, "notification", n->id, n->version + 1);
  return db_run(cycle->db, &NOTIFICATION_STATUS, err, db_int(n->id), db_text(str_from_c(o->status)),
                db_text_or_null(o->error), db_text_or_null(o->provider_id.len ? o->provider_id : STR_NONE),
                db_int(o->due_ms ? o->due_ms : now), o->sent ? db_int(now) : db_null(),
                o->delivered ? db_int(now) : db_null(), o->failed ? db_int(now) : db_null(), db_int(now),
                db_int(o->any_provider), db_int(o->doubtful)) &&
         notify_tested(cycle, n, o->status, o->error, err);
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
      found && page.status == PAGE_ACTIVE && page.epoch == n->epoch && page.level >= n->level && page.round == n->round;
  return !here || page_level_lost(cycle, &page, n->level, n->id, err);
}

static bool fail_for_good(Cycle *cycle, const Notification *n, Str error, Error *err) {
  Outcome o = {.status = "failed", .error = error, .failed = true};
  notify_count(cycle_app(cycle), n->kind, "failed");
  return write_status(cycle, n, &o, err) && bundle_settle(cycle, n, o.status, error, err) &&
         hurry_next_step(cycle, n, err) && give_up_level(cycle, n, err);
}

bool notify_fail_queued(Cycle *cycle, i64 notification_id, Str error, Error *err) {
  Notification n = {0};
  bool found = false;
  if (!notification_load(cycle->db, cycle->arena, notification_id, &n, &found, err)) return false;
  return !found || !str_equal_c(n.status, "queued") || fail_for_good(cycle, &n, error, err);
}

static bool skip(Cycle *cycle, const Notification *n, const char *why, Error *err) {
  Outcome o = {.status = "skipped", .error = str_from_c(why)};
  notify_count(cycle_app(cycle), n->kind, "skipped");
  return write_status(cycle, n, &o, err) && bundle_release(cycle, n, err);
}

/* After an acknowledgement only what goes on until it is resolved is left, and that ends with its subject. */
static bool is_due(const Notification *n, const Page *page) {
  bool runs = page->status == PAGE_ACTIVE || page->status == PAGE_ACKNOWLEDGED; /* then for levels until resolved */
  if (str_equal_c(n->purpose, "page")) return runs && page->epoch == n->epoch;
  if (str_equal_c(n->purpose, "ack_expires")) return page->status == PAGE_ACKNOWLEDGED && page->epoch == n->epoch;
  if (str_equal_c(n->purpose, "exhausted")) return page->status == PAGE_EXHAUSTED;
  return true;
}

static bool mark_sending(Cycle *cycle, const Notification *n, const Page *page, const Provider *provider, Error *err) {
  i64 last = 0;
  bool found = false;
  if (page->id && page->subject_id == 0 &&
      !db_query_int(cycle->db, &LAST_MEMBER, DB_ARGS(db_int(page->id)), &last, &found, err))
    return false;
  cycle_publish(cycle, n->org_id, "notification", n->id, n->version + 1);
  return db_run(cycle->db, &NOTIFICATION_SENDING, err, db_int(n->id), found ? db_int(last) : db_null(),
                db_int(cycle->now_ms), db_id(provider->connector ? provider->connector->id : 0));
}

typedef struct Again {
  Str error;
  i64 due_ms;
  bool any_provider, doubtful;
} Again;

static bool again_at(Cycle *cycle, Job *job, const Notification *n, const Again *again, JobVerdict *out_verdict,
                     Error *err) {
  i64 due_ms = again->due_ms;
  Outcome o = {.status = "queued",
               .error = again->error,
               .due_ms = due_ms,
               .any_provider = again->any_provider,
               .doubtful = again->doubtful};
  *out_verdict = JOB_AGAIN;
  job->due_ms = due_ms;
  notify_count(cycle_app(cycle), n->kind, "retried");
  return write_status(cycle, n, &o, err);
}

/* Nobody knows whether it was taken: a message twice is better than none, thrice is noise. By another provider when
 * there is one, after half a minute; else again at once where the channel's file says so. *out_goes: it is to be sent.
 */
static bool unknown_outcome(Cycle *cycle, Job *job, const Notification *n, bool resend, Str error, bool *out_goes,
                            JobVerdict *out_verdict, Error *err) {
  bool first = n->unknowns == 0 && n->attempts < ATTEMPTS_MAX;
  bool other = n->connector_id && provider_other(cycle, n->org_id, n->kind, n->connector_id);
  Outcome o = {.status = "unconfirmed", .error = error, .sent = true};
  *out_goes = first && resend && !other;
  if (!db_run(cycle->db, &NOTIFICATION_UNKNOWN, err, db_int(n->id))) return false;
  Again later = {.error = error, .due_ms = cycle->now_ms + OTHER_PROVIDER_S * 1000, .doubtful = true};
  if (first && other) return again_at(cycle, job, n, &later, out_verdict, err);
  if (*out_goes) return true;
  notify_count(cycle_app(cycle), n->kind, o.status);
  return write_status(cycle, n, &o, err) && bundle_settle(cycle, n, o.status, o.error, err) &&
         hurry_next_step(cycle, n, err);
}

/* The transaction that marks it `sending` has checked the page's epoch, and takes along what waits for the same
 * address. */
static bool begin_send(Cycle *cycle, Notification *n, const Page *page, const Provider *provider, SendWork **out,
                       Error *err) {
  Error why = {0};
  if (!bundle_gather(cycle, n, provider->channel, err)) return false;
  *out = send_work_new(cycle, provider, n, page, &why);
  if (!*out && why.code == ERR_STORAGE) return *err = why, false;
  if (!*out) return fail_for_good(cycle, n, str_copy(cycle->arena, str_from_c(why.message)), err);
  if (mark_sending(cycle, n, page, provider, err)) return true;
  send_work_free(*out);
  return false;
}

/* False in *out_goes: it waits, and the job comes back. */
static bool ask_bundle(Cycle *cycle, Job *job, const Notification *n, const Page *page, const Channel *channel,
                       bool *out_goes, JobVerdict *out_verdict, Error *err) {
  Waiting waiting;
  if (!bundle_wait(cycle, n, page, channel, &waiting, err)) return false;
  *out_goes = waiting.until_ms == 0;
  if (*out_goes) return true;
  Outcome o = {.status = "queued", .due_ms = waiting.until_ms};
  *out_verdict = JOB_AGAIN;
  job->due_ms = waiting.until_ms;
  return (!waiting.hurry || hurry_next_step(cycle, n, err)) && write_status(cycle, n, &o, err);
}

bool notify_claim(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  Notification n = {0};
  Page page = {0};
  Provider provider = {0};
  bool found = false, again = true, goes = true, asleep = false;
  *out_verdict = JOB_DONE;
  if (!notification_load(cycle->db, cycle->arena, job->subject_id, &n, &found, err)) return false;
  bool sending = found && str_equal_c(n.status, "sending");
  if (!found || (!sending && !str_equal_c(n.status, "queued"))) return true;
  if (sending && n.bundle_id && n.bundle_id != n.id) return true; /* another message carries it */
  if (!provider_choose(cycle, n.org_id, n.kind, n.connector_id, &provider, err)) return false;
  if (n.page_id && !page_load(cycle->db, cycle->arena, n.page_id, &page, &found, err)) return false;
  bool resend = provider.channel && channel_resend_unknown(provider.channel);
  if (sending && !unknown_outcome(cycle, job, &n, resend, S("the program ended while it was being sent"), &again,
                                  out_verdict, err))
    return false;
  if (!again) return true;
  bool due = found && is_due(&n, &page);
  if (due && page.status == PAGE_ACKNOWLEDGED && str_equal_c(n.purpose, "page") &&
      !page_still_burns(cycle, &page, &due, err))
    return false;
  if (!due) return skip(cycle, &n, "the page had ended", err);
  if (of_page(str_to_c(cycle->arena, n.purpose)) && !page_asleep(cycle, &page, n.user_id, &asleep, err)) return false;
  if (asleep) return page_withheld(cycle, &page, n.user_id, err) && skip(cycle, &n, "snoozed", err);
  if (!provider.channel) return fail_for_good(cycle, &n, S("no_provider"), err);
  if (!sending && !ask_bundle(cycle, job, &n, &page, provider.channel, &goes, out_verdict, err)) return false;
  if (!goes) return true;
  SendWork *work = NULL;
  n.repeated = sending || n.doubtful || n.unknowns > 0;
  if (!begin_send(cycle, &n, &page, &provider, &work, err)) return false;
  if (!work) return true;
  *out_verdict = JOB_OUTSIDE;
  *out_work = work;
  return true;
}

/* Results --------------------------------------------------------------------------------------------------------- */

static bool retry_later(Cycle *cycle, Job *job, const Notification *n, const SendResult *r, JobVerdict *out_verdict,
                        Error *err) {
  size_t tries = (size_t)MIN(MAX(n->attempts - 1, 0), (i64)COUNT(BACKOFF_S) - 1);
  i64 wait_s = r->retry_after_s > 0 ? MIN(r->retry_after_s, 120) : BACKOFF_S[tries];
  Again again = {
      .error = r->error, .due_ms = cycle->now_ms + wait_s * 1000, .any_provider = true, .doubtful = r->doubtful};
  return again_at(cycle, job, n, &again, out_verdict, err);
}

/* A provider that is slower than the storm: what found no connection in time comes again until its page ends, however
 * often, because giving it up would be our doing. The person's next step comes at its own time meanwhile. */
static bool wait_for_slot(Cycle *cycle, Job *job, const Notification *n, const SendResult *r, JobVerdict *out_verdict,
                          Error *err) {
  Again again = {.error = r->error, .due_ms = cycle->now_ms + SLOT_AGAIN_S * 1000};
  return again_at(cycle, job, n, &again, out_verdict, err);
}

/* The provider says later whether it arrived; when it does not say so in time, the person's next step starts. */
static bool expect_receipt(Cycle *cycle, const Notification *n, const SendResult *r, Error *err) {
  JobNew job = {
      .kind = "notify.receipt", .org_id = n->org_id, .subject_id = n->id, .due_ms = cycle->now_ms + RECEIPT_S * 1000};
  return !r->receipts || job_add(cycle, &job, err);
}

static bool record(Cycle *cycle, const Notification *n, const SendResult *r, bool delivered, Error *err) {
  Outcome o = {
      .status = delivered ? "delivered" : "sent", .provider_id = r->provider_id, .sent = true, .delivered = delivered};
  notify_count(cycle_app(cycle), n->kind, o.status);
  return write_status(cycle, n, &o, err) && bundle_settle(cycle, n, o.status, STR_NONE, err) &&
         (delivered || expect_receipt(cycle, n, r, err)) && update_late(cycle, n->id, n->page_id, n->kind, err);
}

static bool unknown(Cycle *cycle, Job *job, const Notification *n, const SendResult *r, JobVerdict *out_verdict,
                    Error *err) {
  bool goes = false;
  if (!unknown_outcome(cycle, job, n, r->resend_unknown, r->error, &goes, out_verdict, err)) return false;
  return !goes || retry_later(cycle, job, n, r, out_verdict, err);
}

static bool refused(Cycle *cycle, Job *job, const Notification *n, const SendResult *r, JobVerdict *out_verdict,
                    Error *err) {
  Again at_once = {.error = r->error, .due_ms = cycle->now_ms}; /* a refusal is sure: what follows repeats nothing */
  if (n->attempts < ATTEMPTS_MAX && provider_other(cycle, n->org_id, n->kind, n->connector_id))
    return again_at(cycle, job, n, &at_once, out_verdict, err);
  return fail_for_good(cycle, n, r->error, err);
}

bool notify_finish(Cycle *cycle, Job *job, void *result, JobVerdict *out_verdict, Error *err) {
  const SendResult *r = result;
  Notification n = {0};
  bool found = false;
  *out_verdict = JOB_DONE;
  if (!notification_load(cycle->db, cycle->arena, job->subject_id, &n, &found, err)) return false;
  if (!found) return true;
  if (r->not_started) return wait_for_slot(cycle, job, &n, r, out_verdict, err);
  if (!provider_judged(cycle, n.connector_id, r->verdict, r->error, err)) return false;
  switch (r->verdict) {
  case SEND_SENT: return record(cycle, &n, r, false, err);
  case SEND_DELIVERED: return record(cycle, &n, r, true, err);
  case SEND_PERMANENT: return fail_for_good(cycle, &n, r->error, err);
  case SEND_BROKEN: return notify_broken(cycle, &n, r->error, err) && fail_for_good(cycle, &n, r->error, err);
  case SEND_CONFIGURATION: return refused(cycle, job, &n, r, out_verdict, err);
  case SEND_UNKNOWN: return unknown(cycle, job, &n, r, out_verdict, err);
  case SEND_RETRY: break;
  }
  if (n.attempts >= ATTEMPTS_MAX) return fail_for_good(cycle, &n, r->error, err);
  return retry_later(cycle, job, &n, r, out_verdict, err);
}

/* Receipts ----------------------------------------------------------------------------------------------------------
 */

/* Receipts come twice, late, and in any order: a status only moves forward. */
bool notify_receipt(Cycle *cycle, i64 notification_id, const ChannelReceipt *receipt, Error *err) {
  Notification n = {0};
  bool found = false;
  if (!notification_load(cycle->db, cycle->arena, notification_id, &n, &found, err)) return false;
  bool sent = found && (str_equal_c(n.status, "sent") || str_equal_c(n.status, "sending"));
  bool open = sent || (found && str_equal_c(n.status, "unconfirmed"));
  Outcome o = {.status = "delivered", .delivered = true};
  if (!open) return true;
  switch (receipt->verdict) {
  case SEND_DELIVERED: break;
  case SEND_BROKEN:
    return notify_broken(cycle, &n, receipt->error, err) && fail_for_good(cycle, &n, receipt->error, err);
  case SEND_PERMANENT: return fail_for_good(cycle, &n, receipt->error, err);
  case SEND_UNKNOWN:
    if (!sent) return true;
    o = (Outcome){.status = "unconfirmed", .error = receipt->error};
    break;
  default: return true;
  }
  notify_count(cycle_app(cycle), n.kind, o.status);
  return write_status(cycle, &n, &o, err) && bundle_settle(cycle, &n, o.status, o.error, err) &&
         (o.delivered || hurry_next_step(cycle, &n, err));
}

bool notify_receipt_missing(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  Notification n = {0};
  bool found = false;
  (void)out_work;
  *out_verdict = JOB_DONE;
  if (!notification_load(cycle->db, cycle->arena, job->subject_id, &n, &found, err)) return false;
  if (!found || !str_equal_c(n.status, "sent")) return true;
  ChannelReceipt none = {.verdict = SEND_UNKNOWN, .error = S("the provider did not say within 90 s that it arrived")};
  return notify_receipt(cycle, n.id, &none, err);
}

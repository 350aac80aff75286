/* Whether somebody is asleep for a page is asked of the rows when they would be told, never of a flag. */
#include "core/paging/own_snooze.h"

#include "core/alerts/alerts.h"
#include "core/paging/internal.h"
#include "lang/json.h"

/* Asleep? --------------------------------------------------------------------------------------------------------- */

/* Alerts of the page that make a noise; and how many of them this person has snoozed. */
#define NOISY                                                                                                          \
  "SELECT COUNT(*), COUNT(s.user_id) FROM alert AS a LEFT JOIN own_snooze AS s ON s.alert_id = a.id AND s.user_id = "  \
  "$2 AND s.episode = a.episode AND s.until_at > $3 WHERE "
static const DbStmt ASLEEP_ALERT = {"own_snooze_alert", NOISY "a.id = $1", NULL};
static const DbStmt ASLEEP_INCIDENT = {"own_snooze_incident",
                                       NOISY "a.incident_id = $1 AND a.status = 'triggered' AND a.holds = 0", NULL};
static const DbStmt ANY = {"own_snooze_any",
                           "SELECT alert_id FROM own_snooze WHERE user_id = $1 AND until_at > $2 "
                           "LIMIT 1",
                           NULL};
static const DbStmt WITHHELD = {"own_snooze_withheld",
                                "UPDATE own_snooze SET withheld = 1 WHERE user_id = $1 AND withheld = 0 AND alert_id "
                                "IN (SELECT id FROM alert WHERE "
                                "id = $2 OR incident_id = $3)",
                                NULL};

static bool read_counts(const DbRow *row, void *ctx) {
  i64 *counts = ctx;
  counts[0] = db_row_int(row, 0);
  counts[1] = db_row_int(row, 1);
  return true;
}

bool page_asleep(Cycle *cycle, const Page *page, i64 user_id, bool *out, Error *err) {
  i64 counts[2] = {0}, id = 0;
  bool found = false;
  *out = false;
  if (page->id == 0 || page->subject_id == 0) return true;
  if (!db_query_int(cycle->db, &ANY, DB_ARGS(db_int(user_id), db_int(cycle->now_ms)), &id, &found, err)) return false;
  if (!found) return true;
  DbValue args[] = {db_int(page->incident_id ? page->incident_id : page->alert_id), db_int(user_id),
                    db_int(cycle->now_ms)};
  if (!db_query_one(cycle->db, page->incident_id ? &ASLEEP_INCIDENT : &ASLEEP_ALERT, COUNT(args), args, read_counts,
                    counts, &found, err))
    return false;
  return *out = counts[0] > 0 && counts[0] == counts[1], true;
}

bool page_withheld(Cycle *cycle, const Page *page, i64 user_id, Error *err) {
  return db_run(cycle->db, &WITHHELD, err, db_int(user_id), db_int(page->incident_id ? 0 : page->alert_id),
                db_int(page->incident_id ? page->incident_id : -1));
}

/* Beginning ------------------------------------------------------------------------------------------------------- */

static const DbStmt CALLING = {"own_snooze_calling",
                               "SELECT p.id FROM page AS p JOIN alert AS a ON a.id = $1 WHERE p.subject_id IN (a.id, "
                               "a.incident_id) AND p.subject_id > 0 AND p.status "
                               "IN ('active', 'exhausted', 'acknowledged') ORDER BY p.id",
                               NULL};

static bool skip_waiting(Cycle *cycle, i64 alert_id, i64 user_id, Error *err) {
  static const DbStmt SKIP = {
      "own_snooze_skip",
      "UPDATE notification SET status = 'skipped', error = 'snoozed', updated_at = $3, version = version + 1 WHERE "
      "page_id = $1 AND user_id = $2 AND status = 'queued' AND purpose IN ('page', 'exhausted')",
      NULL};
  PageIds ids = {.arena = cycle->arena};
  if (!db_query(cycle->db, &CALLING, DB_ARGS(db_int(alert_id)), page_read_id, &ids, err)) return false;
  for (size_t i = 0; i < ids.items.count; i++) {
    Page page = {0};
    bool found = false, asleep = false;
    if (!page_load(cycle->db, cycle->arena, ids.items.items[i], &page, &found, err) ||
        !page_asleep(cycle, &page, user_id, &asleep, err))
      return false;
    if (asleep && !db_run(cycle->db, &SKIP, err, db_int(page.id), db_int(user_id), db_int(cycle->now_ms))) return false;
  }
  return true;
}

static bool end_job(Cycle *cycle, const OwnSnooze *s, Error *err) {
  JobNew job = {.kind = "page.snooze_end",
                .org_id = s->org_id,
                .subject_id = s->alert_id,
                .due_ms = MAX(s->until_ms, cycle->now_ms),
                .data = str_format(cycle->arena, "{\"user\":%lld}", (long long)s->user_id)};
  return job_add(cycle, &job, err);
}

bool own_snooze_set(Cycle *cycle, const OwnSnooze *s, Error *err) {
  static const DbStmt END = {"own_snooze_end",
                             "UPDATE own_snooze SET until_at = $3 WHERE alert_id = $1 AND user_id = $2", NULL};
  static const DbStmt SET = {
      "own_snooze_set",
      "INSERT INTO own_snooze (alert_id, user_id, org_id, episode, since_at, until_at) VALUES ($1,$2,$3,$4,$5,$6) ON "
      "CONFLICT (alert_id, user_id) DO UPDATE SET until_at = excluded.until_at, since_at = CASE WHEN "
      "own_snooze.episode "
      "= excluded.episode THEN own_snooze.since_at ELSE excluded.since_at END, withheld = CASE WHEN own_snooze.episode "
      "= "
      "excluded.episode THEN own_snooze.withheld ELSE 0 END, episode = excluded.episode",
      NULL};
  if (s->until_ms <= cycle->now_ms)
    return db_run(cycle->db, &END, err, db_int(s->alert_id), db_int(s->user_id), db_int(s->until_ms)) &&
           end_job(cycle, s, err);
  return db_run(cycle->db, &SET, err, db_int(s->alert_id), db_int(s->user_id), db_int(s->org_id), db_int(s->episode),
                db_int(cycle->now_ms), db_int(s->until_ms)) &&
         skip_waiting(cycle, s->alert_id, s->user_id, err) && end_job(cycle, s, err);
}

/* Listing --------------------------------------------------------------------------------------------------------- */

static bool read_snoozed(const DbRow *row, void *ctx) {
  OwnSnoozes *list = ctx;
  *VEC_PUSH(list->arena, &list->items) =
      (OwnSnoozed){db_row_int(row, 0), db_row_int(row, 1), db_row_int(row, 2), db_row_int(row, 3)};
  return true;
}

bool own_snooze_list(Db *db, i64 org_id, i64 alert_id, i64 now_ms, i64 max, OwnSnoozes *out, Error *err) {
#define LASTING                                                                                                        \
  "SELECT s.alert_id, s.user_id, s.since_at, s.until_at FROM own_snooze AS s JOIN alert AS a ON a.id = s.alert_id "    \
  "AND "                                                                                                               \
  "a.episode = s.episode WHERE s.org_id = $1 AND s.until_at > $2 AND a.status IN ('triggered', 'acknowledged')"
  static const DbStmt ALL = {"own_snooze_list", LASTING " ORDER BY s.alert_id, s.user_id LIMIT $3", NULL};
  static const DbStmt ONE = {"own_snooze_of", LASTING " AND s.alert_id = $4 ORDER BY s.alert_id, s.user_id LIMIT $3",
                             NULL};
  DbValue args[] = {db_int(org_id), db_int(now_ms), db_int(max), db_int(alert_id)};
  return db_query(db, alert_id ? &ONE : &ALL, alert_id ? 4 : 3, args, read_snoozed, out, err);
}

/* Ending ---------------------------------------------------------------------------------------------------------- */

typedef struct Ended {
  i64 org_id, until_ms, version;
  bool withheld, lasts; /* lasts: the episode is the same, it is triggered, and nothing holds it */
} Ended;

static bool read_ended(const DbRow *row, void *ctx) {
  *(Ended *)ctx = (Ended){.org_id = db_row_int(row, 0),
                          .until_ms = db_row_int(row, 1),
                          .withheld = db_row_int(row, 2) != 0,
                          .lasts = db_row_int(row, 3) == 1,
                          .version = db_row_int(row, 4)};
  return true;
}

/* Were they told of it, or would they have been? And nothing has told them since the end: the clock may have jumped. */
static bool concerns(Cycle *cycle, const Page *page, i64 user_id, const Ended *ended, bool *out, Error *err) {
  static const DbStmt LAST = {"own_snooze_told",
                              "SELECT MAX(queued_at) FROM notification WHERE page_id = $1 AND user_id = $2 AND purpose "
                              "IN ('page', 'exhausted')",
                              NULL};
  i64 last_ms = 0;
  bool found = false;
  if (!db_query_int(cycle->db, &LAST, DB_ARGS(db_int(page->id), db_int(user_id)), &last_ms, &found, err)) return false;
  return *out = (ended->withheld || last_ms > 0) && last_ms < ended->until_ms, true;
}

static bool tell_again(Cycle *cycle, const Page *page, i64 user_id, const Ended *ended, Error *err) {
  bool exhausted = page->status == PAGE_EXHAUSTED, asleep = false, theirs = false;
  const SetupUser *user = setup_user(setup_current(cycle_app(cycle)->setup), user_id);
  Notified told = {0};
  Buf data = buf_new(cycle->arena, KIB(4));
  if (page->status != PAGE_ACTIVE && !exhausted) return true;
  if (page->storm_page_id) return true; /* the page that speaks for it was never quiet */
  if (!page_asleep(cycle, page, user_id, &asleep, err) || !concerns(cycle, page, user_id, ended, &theirs, err))
    return false;
  if (asleep || !theirs || !user) return true;
  if (!notify_user(cycle, page, user_id, exhausted ? "exhausted" : "page", &told, err)) return false;
  buf_format(&data, "{\"level\":%lld,\"users\":[", (long long)page->level);
  json_write_string(&data, user->name);
  buf_puts(&data, "]}");
  return page_tell(cycle, page, "snooze_ended", &WHO_SYSTEM, buf_str(&data), err);
}

static bool tell_pages(Cycle *cycle, i64 alert_id, i64 user_id, const Ended *ended, Error *err) {
  PageIds ids = {.arena = cycle->arena};
  if (!db_query(cycle->db, &CALLING, DB_ARGS(db_int(alert_id)), page_read_id, &ids, err)) return false;
  for (size_t i = 0; i < ids.items.count; i++) {
    Page page = {0};
    bool found = false;
    if (!page_load(cycle->db, cycle->arena, ids.items.items[i], &page, &found, err) ||
        !tell_again(cycle, &page, user_id, ended, err))
      return false;
  }
  return true;
}

/* A snooze may have been moved since its job was written: every job looks at the row. */
bool page_snooze_end(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  static const DbStmt LOAD = {
      "own_snooze_load",
      "SELECT s.org_id, s.until_at, s.withheld, CASE WHEN a.episode = s.episode AND a.status = 'triggered' AND a.holds "
      "= "
      "0 THEN 1 ELSE 0 END, a.version FROM own_snooze AS s LEFT JOIN alert AS a ON a.id = s.alert_id WHERE s.alert_id "
      "= $1 AND "
      "s.user_id = $2",
      NULL};
  static const DbStmt FORGET = {"own_snooze_forget", "DELETE FROM own_snooze WHERE alert_id = $1 AND user_id = $2",
                                NULL};
  i64 user_id = value_int_or(value_get_c(&job->data, "user"), 0);
  Ended ended = {0};
  bool found = false;
  DbValue key[] = {db_int(job->subject_id), db_int(user_id)};
  (void)out_work;
  *out_verdict = JOB_DONE;
  if (!db_query_one(cycle->db, &LOAD, COUNT(key), key, read_ended, &ended, &found, err)) return false;
  if (!found || ended.until_ms > cycle->now_ms) return true;
  if (!db_run(cycle->db, &FORGET, err, key[0], key[1])) return false;
  cycle_publish(cycle, ended.org_id, "alert", job->subject_id, ended.version);
  return !ended.lasts || tell_pages(cycle, job->subject_id, user_id, &ended, err);
}

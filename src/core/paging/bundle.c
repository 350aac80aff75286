/* Many pages at once are one message: the first goes at once; what follows to the same address within a minute waits
 * for the minute to end and goes as one, with the count and the first titles. Its acknowledgement covers what it
 * listed. A channel's limits delay in the same way; nothing is dropped. */
#include "core/paging/notify.h"

enum { BUNDLE_S = 60, DIVERT_S = 120, TITLES_MAX = 3, LOOK_BACK_S = 4 * 3600 };

/* What the clock says is still to come was sent before it was set back. */
#define WENT                                                                                                           \
  "COALESCE(sent_at, updated_at) <= $5 AND contact_method_id = $1 AND id <> $2 AND id > $3 AND status IN "             \
  "('sending','sent','delivered','unconfirmed')"
static const DbStmt LAST_SENT = {"bundle_last",
                                 "SELECT MAX(COALESCE(sent_at, updated_at)) FROM notification WHERE " WENT
                                 " AND purpose = 'page' AND page_id <> $4",
                                 NULL};
static const DbStmt SENT_SINCE = {"bundle_sent_since",
                                  "SELECT COUNT(*) FROM notification WHERE " WENT
                                  " AND COALESCE(bundle_id, id) = id AND COALESCE(sent_at, updated_at) > $4",
                                  NULL};
static const DbStmt OLDEST_SINCE = {"bundle_oldest_since",
                                    "SELECT MIN(COALESCE(sent_at, updated_at)) FROM notification WHERE " WENT
                                    " AND COALESCE(bundle_id, id) = id AND COALESCE(sent_at, updated_at) > $4",
                                    NULL};
static const DbStmt GATHER = {
    "bundle_gather",
    "UPDATE notification SET status = 'sending', bundle_id = $2, attempts = attempts + 1, updated_at = $3, version = "
    "version + 1 WHERE contact_method_id = $1 AND id <> $2 AND id > $4 AND status = 'queued' AND purpose = 'page' AND "
    "due_at <= $3 AND EXISTS (SELECT 1 FROM page AS p WHERE p.id = notification.page_id AND p.status = 'active' AND "
    "p.epoch = notification.epoch)",
    NULL};
static const DbStmt CARRIES = {"bundle_carries",
                               "UPDATE notification SET bundle_id = id WHERE id = $1 AND EXISTS (SELECT 1 FROM "
                               "notification AS o WHERE o.bundle_id = $1)",
                               NULL};
static const DbStmt SETTLE = {
    "bundle_settle",
    "UPDATE notification SET status = $2, error = $3, sent_at = CASE WHEN $2 IN ('sent','delivered','unconfirmed') "
    "THEN "
    "$4 ELSE sent_at END, failed_at = CASE WHEN $2 = 'failed' THEN $4 ELSE failed_at END, updated_at = $4, version = "
    "version + 1 WHERE bundle_id = $1 AND id <> $1",
    NULL};
static const DbStmt RELEASE = {
    "bundle_release",
    "UPDATE notification SET status = 'queued', bundle_id = NULL, version = version + 1 WHERE "
    "bundle_id = $1 AND id <> $1 AND status = 'sending' RETURNING id",
    NULL};
static const DbStmt TITLES = {"bundle_titles",
                              "SELECT p.title FROM notification AS n JOIN page AS p ON p.id = n.page_id WHERE "
                              "n.bundle_id = $1 OR n.id = $1 ORDER BY n.id LIMIT 3",
                              NULL};
static const DbStmt COUNT_ALL = {"bundle_count", "SELECT COUNT(*) FROM notification WHERE bundle_id = $1 OR id = $1",
                                 NULL};

/* Ids follow the true clock, which never runs ahead of the turned one. */
static i64 oldest_id(i64 seconds) {
  return id_at_time(clock_true_ms() - seconds * 1000);
}

static bool wait_for_limits(Cycle *cycle, const Notification *n, const Channel *channel, Waiting *out, Error *err) {
  size_t count = 0;
  const ChannelLimit *limits = channel_limits(channel, &count);
  for (size_t i = 0; i < count; i++) {
    i64 since = cycle->now_ms - limits[i].within_s * 1000, sent = 0, oldest = 0;
    bool found = false;
    DbValue args[] = {db_int(n->contact_id), db_int(n->id), db_int(oldest_id(LOOK_BACK_S)), db_int(since),
                      db_int(cycle->now_ms)};
    if (!db_query_int(cycle->db, &SENT_SINCE, COUNT(args), args, &sent, &found, err)) return false;
    if (sent < limits[i].count) continue;
    if (!db_query_int(cycle->db, &OLDEST_SINCE, COUNT(args), args, &oldest, &found, err)) return false;
    out->until_ms = MAX(out->until_ms, oldest + limits[i].within_s * 1000);
  }
  return true;
}

bool bundle_wait(Cycle *cycle, const Notification *n, const Page *page, const Channel *channel, Waiting *out,
                 Error *err) {
  i64 last = 0;
  bool found = false;
  *out = (Waiting){0};
  if (!channel_bundles(channel) || n->attempts > 0 || !str_equal_c(n->purpose, "page") || !n->contact_id) return true;
  DbValue args[] = {db_int(n->contact_id), db_int(n->id), db_int(oldest_id(LOOK_BACK_S)), db_int(page->id),
                    db_int(cycle->now_ms)};
  if (!db_query_int(cycle->db, &LAST_SENT, COUNT(args), args, &last, &found, err)) return false;
  if (found && last > cycle->now_ms - BUNDLE_S * 1000) out->until_ms = last + BUNDLE_S * 1000;
  if (!wait_for_limits(cycle, n, channel, out, err)) return false;
  if (out->until_ms <= cycle->now_ms) out->until_ms = 0;
  out->hurry = out->until_ms > cycle->now_ms + DIVERT_S * 1000;
  return true;
}

bool bundle_gather(Cycle *cycle, const Notification *n, const Channel *channel, Error *err) {
  if (!channel_bundles(channel) || !str_equal_c(n->purpose, "page") || !n->contact_id) return true;
  return db_run(cycle->db, &GATHER, err, db_int(n->contact_id), db_int(n->id), db_int(cycle->now_ms),
                db_int(oldest_id(LOOK_BACK_S))) &&
         db_run(cycle->db, &CARRIES, err, db_int(n->id));
}

bool bundle_settle(Cycle *cycle, const Notification *n, const char *status, Str error, Error *err) {
  return !n->bundle_id || db_run(cycle->db, &SETTLE, err, db_int(n->id), db_text(str_from_c(status)),
                                 db_text_or_null(error), db_int(cycle->now_ms));
}

typedef struct Released {
  Arena *arena;
  VEC(i64) ids;
} Released;

static bool read_released(const DbRow *row, void *ctx) {
  Released *released = ctx;
  *VEC_PUSH(released->arena, &released->ids) = db_row_int(row, 0);
  return true;
}

bool bundle_release(Cycle *cycle, const Notification *n, Error *err) {
  Released released = {.arena = cycle->arena};
  if (!n->bundle_id) return true;
  if (!db_query(cycle->db, &RELEASE, DB_ARGS(db_int(n->id)), read_released, &released, err)) return false;
  for (size_t i = 0; i < released.ids.count; i++) {
    JobNew job = {
        .kind = "notify.send", .org_id = n->org_id, .subject_id = released.ids.items[i], .due_ms = cycle->now_ms};
    if (!job_add(cycle, &job, err)) return false;
  }
  return true;
}

typedef struct Titles {
  Arena *arena;
  ValueVec items;
} Titles;

static bool read_title(const DbRow *row, void *ctx) {
  Titles *titles = ctx;
  MapBuilder map = map_builder(titles->arena);
  map_put_c(&map, "title", value_string(db_row_text(row, 0, titles->arena)));
  *VEC_PUSH(titles->arena, &titles->items) = map_done(&map);
  return true;
}

bool bundle_titles(Db *db, Arena *arena, i64 id, Value *out, i64 *out_count, Error *err) {
  Titles titles = {.arena = arena};
  bool found = false;
  if (!db_query_int(db, &COUNT_ALL, DB_ARGS(db_int(id)), out_count, &found, err)) return false;
  if (*out_count > 1 && !db_query(db, &TITLES, DB_ARGS(db_int(id)), read_title, &titles, err)) return false;
  *out = list_done(&titles.items);
  return true;
}

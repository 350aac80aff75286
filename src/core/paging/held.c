/* Pages that wait for `tocsin resume`. Their jobs tell: they lie beyond JOB_HELD_MS. */
#include "core/paging/held.h"

#include "core/paging/internal.h"

static const DbStmt HELD_COUNT = {
    "held_count",
    "SELECT count(*) FROM page WHERE status IN ('active', 'exhausted') AND id IN (SELECT subject_id FROM job WHERE "
    "due_at >= $1 AND kind IN ('page.level', 'page.exhausted_again'))",
    NULL};
static const DbStmt HELD_LIST = {
    "held_list",
    "SELECT p.id, p.created_at, p.title, p.status, p.urgency, p.level, (SELECT count(*) FROM notification n WHERE "
    "n.page_id = p.id AND n.status IN ('queued', 'sending')) FROM page p WHERE p.status IN ('active', 'exhausted') AND "
    "p.id IN (SELECT subject_id FROM job WHERE due_at >= $1 AND kind IN ('page.level', 'page.exhausted_again')) ORDER "
    "BY p.created_at, p.id LIMIT $2",
    NULL};
static const DbStmt HELD_OLD = {
    "held_old", "SELECT id FROM page WHERE created_at < $1 AND status IN ('active', 'exhausted') ORDER BY id LIMIT $2",
    NULL};
static const DbStmt NOTICES_SKIP = {
    "held_notices_skip",
    "UPDATE notification SET status = 'skipped', error = 'restored', updated_at = $2, version = version + 1 WHERE "
    "status = 'queued' AND created_at < $1",
    NULL};
/* An acknowledgement from before would run out at once. */
static const DbStmt TIMEOUTS_END = {
    "held_timeouts_end",
    "DELETE FROM job WHERE kind IN ('page.ack_timeout', 'page.ack_warning') AND created_at < $1 AND due_at >= $2",
    NULL};

typedef struct HeldRows {
  Arena *arena;
  VEC(HeldPage) pages;
} HeldRows;

static bool read_held(const DbRow *row, void *ctx) {
  HeldRows *rows = ctx;
  *VEC_PUSH(rows->arena, &rows->pages) = (HeldPage){.id = db_row_int(row, 0),
                                                    .created_ms = db_row_int(row, 1),
                                                    .title = db_row_text(row, 2, rows->arena),
                                                    .status = db_row_text(row, 3, rows->arena),
                                                    .urgency = db_row_text(row, 4, rows->arena),
                                                    .level = MAX(db_row_int(row, 5), 1), /* 0: its first level is due */
                                                    .messages = db_row_int(row, 6)};
  return true;
}

bool held_pages(Db *db, Arena *arena, HeldPage **out, size_t *out_count, i64 *out_total, Error *err) {
  HeldRows rows = {.arena = arena};
  DbValue from = db_int(JOB_HELD_MS);
  bool found = false;
  *out_total = 0;
  if (!db_query_int(db, &HELD_COUNT, 1, &from, out_total, &found, err) ||
      !db_query(db, &HELD_LIST, DB_ARGS(from, db_int(HELD_SHOWN_MAX)), read_held, &rows, err))
    return false;
  *out = rows.pages.items;
  *out_count = rows.pages.count;
  return true;
}

typedef struct OldPages {
  Arena *arena;
  VEC(i64) ids;
} OldPages;

static bool read_old(const DbRow *row, void *ctx) {
  OldPages *old = ctx;
  *VEC_PUSH(old->arena, &old->ids) = db_row_int(row, 0);
  return true;
}

bool held_cancel(Cycle *cycle, i64 before_ms, i64 *out_count, Error *err) {
  OldPages old = {.arena = cycle->arena};
  if (!db_query(cycle->db, &HELD_OLD, DB_ARGS(db_int(before_ms), db_int(HELD_SLICE)), read_old, &old, err))
    return false;
  for (size_t i = 0; i < old.ids.count; i++) {
    Page page = {0};
    bool found = false;
    if (!page_load(cycle->db, cycle->arena, old.ids.items[i], &page, &found, err)) return false;
    if (!found || (page.status != PAGE_ACTIVE && page.status != PAGE_EXHAUSTED)) continue;
    if (!page_end_one(cycle, &page, PAGE_END_CANCELLED, "restored", &WHO_SYSTEM, err)) return false;
  }
  *out_count = (i64)old.ids.count;
  return db_run(cycle->db, &NOTICES_SKIP, err, db_int(before_ms), db_int(cycle->now_ms)) &&
         db_run(cycle->db, &TIMEOUTS_END, err, db_int(before_ms), db_int(JOB_HELD_MS));
}

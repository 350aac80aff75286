/* Silences turn: their job is due at the start, at the end, and when one that ends by itself may be at its end. Every
 * job looks at the row as it is; one that comes too early finds nothing to do. */
#include "core/quiet/silence.h"

#include "core/alerts/quieting.h"
#include "core/paging/paging.h"
#include "core/setup/setup.h"

static const DbStmt LOAD = {"silence_load",
                            "SELECT id, org_id, state, starts_at, ends_at, until_resolved, expires_when_idle, held_at, "
                            "version, told, created_by, comment FROM silence "
                            "WHERE id = $1",
                            NULL};
static const DbStmt BEGIN = {"silence_begin",
                             "UPDATE silence SET state = 'active', updated_at = $2, version = version + 1 WHERE id = "
                             "$1",
                             NULL};
static const DbStmt END = {
    "silence_end",
    "UPDATE silence SET state = 'ended', ends_at = CASE WHEN ends_at IS NULL OR ends_at > $2 THEN $2 ELSE ends_at END, "
    "ended_by = $3, end_reason = $4, stamp = $5, updated_at = $2, version = version + 1 WHERE id = $1",
    NULL};
static const DbStmt LET_GO = {"silence_let_go", "UPDATE silence SET held_at = $2 WHERE id = $1", NULL};
static const DbStmt HOLDS_ANY = {
    "silence_holds_any",
    "SELECT id FROM alert WHERE org_id = $1 AND holds > 0 AND status IN ('triggered', 'acknowledged') AND hold_list "
    "LIKE $2 LIMIT 1",
    NULL};

typedef struct Row {
  i64 id, org_id, starts_ms, ends_ms, held_ms, version;
  bool pending, ended, until_resolved, expires_when_idle;
  i64 told, user_id;
  char comment[200];
} Row;

enum { TOLD_SOON = 1, TOLD_LONG = 2, SOON_MS = 15 * 60 * 1000, LONG_MS = 4 * 3600 * 1000 };

static bool read_row(const DbRow *row, void *ctx) {
  Str state = db_row_peek(row, 2);
  *(Row *)ctx = (Row){.id = db_row_int(row, 0),
                      .org_id = db_row_int(row, 1),
                      .pending = str_equal_c(state, "pending"),
                      .ended = str_equal_c(state, "ended"),
                      .starts_ms = db_row_int(row, 3),
                      .ends_ms = db_row_int(row, 4),
                      .until_resolved = db_row_int(row, 5) != 0,
                      .expires_when_idle = db_row_int(row, 6) != 0,
                      .held_ms = db_row_int(row, 7),
                      .version = db_row_int(row, 8),
                      .told = db_row_int(row, 9)};
  Str who = db_row_peek(row, 10), comment = utf8_cut(db_row_peek(row, 11), sizeof((Row *)0)->comment - 1);
  size_t at = str_find(who, S("\"usr_"), 0);
  if (at == SIZE_MAX || at + 18 > who.len || !id_parse("usr", str_slice(who, at + 1, at + 18), &((Row *)ctx)->user_id))
    ((Row *)ctx)->user_id = 0;
  for (size_t i = 0; i < comment.len; i++) ((Row *)ctx)->comment[i] = comment.ptr[i];
  return true;
}

static bool set_is_stale(Cycle *cycle, Error *err) {
  setup_row_changed(cycle_app(cycle)->setup, "silence", 0); /* the stamp says which */
  return quiet_changed(cycle->db, cycle->ids, err);
}

static bool look_at(Cycle *cycle, i64 org_id, i64 id, Error *err) {
  JobNew job = {.kind = "silence.turn", .org_id = org_id, .subject_id = id, .due_ms = cycle->now_ms};
  return job_cancel(cycle, "silence.turn", id, err) && job_add(cycle, &job, err);
}

static bool sweep(Cycle *cycle, i64 org_id, i64 id, bool ended, Error *err) {
  QuietSweep over = {.org_id = org_id, .id = id, .reason = "silence", .held_only = ended};
  return quiet_sweep(cycle, &over, err);
}

bool silence_written(Cycle *cycle, i64 org_id, i64 id, bool deleted, Error *err) {
  static const DbStmt STAMP = {
      "silence_stamp",
      "UPDATE silence SET stamp = $2, told = NULL, state = CASE WHEN starts_at <= $3 THEN 'active' ELSE "
      "'pending' END WHERE id = $1",
      NULL};
  return db_run(cycle->db, &STAMP, err, db_int(id), db_int(id_next(cycle->ids)), db_int(cycle->now_ms)) &&
         set_is_stale(cycle, err) && sweep(cycle, org_id, id, deleted, err) &&
         (deleted ? job_cancel(cycle, "silence.turn", id, err) : look_at(cycle, org_id, id, err));
}

static bool end_row(Cycle *cycle, const Row *row, const Who *who, const char *reason, Error *err) {
  cycle_publish(cycle, row->org_id, "silence", row->id, row->version + 1);
  return db_run(cycle->db, &END, err, db_int(row->id), db_int(cycle->now_ms), db_text(who_json(cycle->arena, who)),
                db_text(str_from_c(reason)), db_int(id_next(cycle->ids))) &&
         set_is_stale(cycle, err) && sweep(cycle, row->org_id, row->id, true, err) &&
         job_cancel(cycle, "silence.turn", row->id, err);
}

bool silence_end(Cycle *cycle, i64 org_id, i64 id, const Who *who, const char *reason, bool *out_changed, Error *err) {
  Row row = {0};
  bool found = false;
  *out_changed = false;
  if (!db_query_one(cycle->db, &LOAD, DB_ARGS(db_int(id)), read_row, &row, &found, err)) return false;
  if (!found || row.org_id != org_id) return fail(err, ERR_NOT_FOUND, "there is no such silence");
  if (row.ended) return true;
  *out_changed = true;
  return end_row(cycle, &row, who, reason, err);
}

bool silence_let_go(Cycle *cycle, const Silence *s, Error *err) {
  return db_run_later(cycle->db, &LET_GO, err, db_int(s->id), db_int(cycle->now_ms)) &&
         look_at(cycle, s->org_id, s->id, err);
}

/* Turning --------------------------------------------------------------------------------------------------------- */

static bool holds_any(Cycle *cycle, const Row *row, bool *out, Error *err) {
  i64 id = 0;
  Str like = str_format(cycle->arena, "%%%.*s%%", STR_ARG(id_text(cycle->arena, "sil", row->id)));
  return db_query_int(cycle->db, &HOLDS_ANY, DB_ARGS(db_int(row->org_id), db_text(like)), &id, out, err);
}

/* Why it is over; NULL: it is not. *next: when to look again, 0 never. */
static bool is_over(Cycle *cycle, const Row *row, const char **out_reason, i64 *next, Error *err) {
  i64 now = cycle->now_ms;
  bool holds = true;
  *out_reason = NULL;
  *next = row->ends_ms ? row->ends_ms + 1 : 0;
  if (row->ends_ms && now > row->ends_ms) return *out_reason = "time", true;
  if (row->starts_ms > now) return *next = row->starts_ms, true;
  if (!row->until_resolved && !row->expires_when_idle) return true;
  if (!holds_any(cycle, row, &holds, err)) return false;
  if (row->until_resolved && row->held_ms && !holds) return *out_reason = "resolved", true;
  if (!row->expires_when_idle) return true;
  i64 idle_end = (holds ? now : MAX(row->starts_ms, row->held_ms)) + SILENCE_IDLE_MS;
  if (!holds && idle_end <= now) return *out_reason = "idle", true;
  *next = *next ? MIN(*next, idle_end) : idle_end;
  return true;
}

static bool begin(Cycle *cycle, const Row *row, Error *err) {
  cycle_publish(cycle, row->org_id, "silence", row->id, row->version + 1);
  return db_run(cycle->db, &BEGIN, err, db_int(row->id), db_int(cycle->now_ms)) &&
         sweep(cycle, row->org_id, row->id, false, err);
}

/* Telling its maker ------------------------------------------------------------------------------------------------ */

static bool tell(Cycle *cycle, Row *row, i64 what, Str sentence, Error *err) {
  static const DbStmt TOLD = {"silence_told", "UPDATE silence SET told = $2 WHERE id = $1", NULL};
  PageAnnouncement news = {.org_id = row->org_id, .title = sentence, .user_ids = &row->user_id, .user_count = 1};
  row->told |= what;
  return db_run(cycle->db, &TOLD, err, db_int(row->id), db_int(row->told)) && page_announce(cycle, &news, err);
}

static Str name_of(Cycle *cycle, const Row *row) {
  Str comment = str_from_c(row->comment);
  return comment.len ? str_format(cycle->arena, "\"%.*s\"", STR_ARG(comment)) : id_text(cycle->arena, "sil", row->id);
}

static bool count_held(Cycle *cycle, const Row *row, bool urgent, i64 *out, Error *err) {
  static const DbStmt HELD = {"silence_held",
                              "SELECT COUNT(*) FROM alert WHERE org_id = $1 AND holds > 0 AND status = 'triggered' AND "
                              "priority <= $3 AND hold_list LIKE $2",
                              NULL};
  bool found = false;
  Str like = str_format(cycle->arena, "%%%.*s%%", STR_ARG(id_text(cycle->arena, "sil", row->id)));
  return db_query_int(cycle->db, &HELD, DB_ARGS(db_int(row->org_id), db_text(like), db_int(urgent ? 2 : 4)), out,
                      &found, err);
}

/* Before it ends, what will page then; and after 4 hours, what is urgent and nobody hears. *next moves forward to the
 * time of the next of these. */
static bool tell_maker(Cycle *cycle, Row *row, i64 *next, Error *err) {
  i64 now = cycle->now_ms, soon = row->ends_ms - SOON_MS, since_long = row->starts_ms + LONG_MS, held = 0;
  bool ends = row->ends_ms && row->ends_ms - row->starts_ms >= 4 * SOON_MS && !(row->told & TOLD_SOON),
       lasts = !(row->told & TOLD_LONG);
  if (row->user_id == 0 || row->starts_ms > now) return true;
  if (ends && now >= soon) {
    if (!count_held(cycle, row, false, &held, err)) return false;
    Str text = str_format(cycle->arena, "Silence %.*s ends in %lld minutes: %lld alert%s will page",
                          STR_ARG(name_of(cycle, row)), (long long)((row->ends_ms - now) / MINUTE_MS), (long long)held,
                          held == 1 ? "" : "s");
    if (held && !tell(cycle, row, TOLD_SOON, text, err)) return false;
    ends = false;
  }
  if (lasts && now >= since_long) {
    if (!count_held(cycle, row, true, &held, err)) return false;
    Str text = str_format(cycle->arena, "Silence %.*s has held %lld urgent alert%s for hours",
                          STR_ARG(name_of(cycle, row)), (long long)held, held == 1 ? "" : "s");
    if (held && !tell(cycle, row, TOLD_LONG, text, err)) return false;
    since_long = now + HOUR_MS;
    lasts = !held;
  }
  if (ends) *next = *next ? MIN(*next, soon) : soon;
  if (lasts) *next = *next ? MIN(*next, since_long) : since_long;
  return true;
}

static bool turn(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  Row row = {0};
  bool found = false;
  const char *over = NULL;
  i64 next = 0;
  (void)out_work;
  *out_verdict = JOB_DONE;
  if (!db_query_one(cycle->db, &LOAD, DB_ARGS(db_int(job->subject_id)), read_row, &row, &found, err)) return false;
  if (!found || row.ended) return true;
  if (!is_over(cycle, &row, &over, &next, err)) return false;
  if (over) return end_row(cycle, &row, &WHO_SYSTEM, over, err);
  if (row.pending && row.starts_ms <= cycle->now_ms && !begin(cycle, &row, err)) return false;
  if (!tell_maker(cycle, &row, &next, err)) return false;
  if (next == 0) return true;
  *out_verdict = JOB_AGAIN;
  job->due_ms = MAX(next, cycle->now_ms + 1);
  return true;
}

const JobKind SILENCE_JOBS[] = {
    {.name = "silence.turn", .lease_ms = 30000, .claim = turn},
    {.name = NULL},
};

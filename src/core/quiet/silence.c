/* Silences turn: their job is due at the start, at the end, and when one that ends by itself may be at its end. Every
 * job looks at the row as it is; one that comes too early finds nothing to do. */
#include "core/quiet/silence.h"

#include "core/alerts/quieting.h"
#include "core/paging/paging.h"
#include "core/quiet/owner.h"
#include "core/setup/setup.h"

static const DbStmt LOAD = {"silence_load",
                            "SELECT id, org_id, state, starts_at, ends_at, until_resolved, expires_when_idle, held_at, "
                            "version, told FROM silence "
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
  i64 told;
} Row;

enum { TOLD_SOON = 1, SOON_MS = 15 * 60 * 1000, HELD_COUNTED_MAX = 10000 };

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

/* Telling its owner ------------------------------------------------------------------------------------------------ */

typedef struct HeldRow {
  i64 count, team_id, integration_id;
} HeldRow;

static bool read_held(const DbRow *row, void *ctx) {
  HeldRow *held = ctx;
  if (held->count++ == 0) held->team_id = db_row_int(row, 0), held->integration_id = db_row_int(row, 1);
  return held->count < HELD_COUNTED_MAX;
}

static bool find_held(Cycle *cycle, const Row *row, HeldRow *out, Error *err) {
  static const DbStmt HELD = {"silence_held",
                              "SELECT team_id, integration_id FROM alert WHERE org_id = $1 AND holds > 0 AND status = "
                              "'triggered' AND hold_list LIKE $2 ORDER BY id",
                              NULL};
  Str like = str_format(cycle->arena, "%%%.*s%%", STR_ARG(id_text(cycle->arena, "sil", row->id)));
  *out = (HeldRow){0};
  return db_query(cycle->db, &HELD, DB_ARGS(db_int(row->org_id), db_text(like)), read_held, out, err);
}

static bool tell_end(Cycle *cycle, const Row *row, Error *err) {
  static const DbStmt TOLD = {"silence_told", "UPDATE silence SET told = $2 WHERE id = $1", NULL};
  const Setup *setup = setup_current(cycle_app(cycle)->setup);
  HeldRow held;
  QuietOwners owners;
  if (!find_held(cycle, row, &held, err)) return false;
  if (held.count == 0) return true;
  QuietCause cause = {.org_id = row->org_id,
                      .id = row->id,
                      .reason = S("silence"),
                      .team_id = held.team_id,
                      .integration_id = held.integration_id};
  quiet_owners(cycle->arena, setup, &cause, &owners);
  Str text = str_format(cycle->arena, "%.*s ends in %lld minutes: %lld alert%s will page",
                        STR_ARG(quiet_cause_name(cycle->arena, setup, &cause)),
                        (long long)((row->ends_ms - cycle->now_ms) / MINUTE_MS), (long long)held.count,
                        held.count == 1 ? "" : "s");
  PageAnnouncement news = {.org_id = row->org_id,
                           .team_id = owners.team_id,
                           .title = text,
                           .user_ids = owners.user_ids,
                           .user_count = owners.count};
  return db_run(cycle->db, &TOLD, err, db_int(row->id), db_int(TOLD_SOON)) &&
         (owners.count == 0 || page_announce(cycle, &news, err));
}

/* Before it ends, what will page then. *next moves forward to when that is told. */
static bool warn_of_end(Cycle *cycle, const Row *row, i64 *next, Error *err) {
  i64 soon = row->ends_ms - SOON_MS;
  bool ends = row->ends_ms && row->ends_ms - row->starts_ms >= 4 * SOON_MS && !(row->told & TOLD_SOON);
  if (!ends || row->starts_ms > cycle->now_ms) return true;
  if (cycle->now_ms >= soon) return tell_end(cycle, row, err);
  *next = *next ? MIN(*next, soon) : soon;
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
  if (!warn_of_end(cycle, &row, &next, err)) return false;
  if (next == 0) return true;
  *out_verdict = JOB_AGAIN;
  job->due_ms = MAX(next, cycle->now_ms + 1);
  return true;
}

const JobKind SILENCE_JOBS[] = {
    {.name = "silence.turn", .lease_ms = 30000, .claim = turn},
    {.name = NULL},
};

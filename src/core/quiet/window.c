/* Maintenance windows turn: a job is due before each occurrence (to announce it), at its start and at its end. */
#include "core/quiet/window.h"

#include "core/alerts/quieting.h"
#include "core/paging/paging.h"
#include "core/quiet/owner.h"
#include "core/setup/setup.h"
#include "lang/ical.h"

static const DbStmt LOAD = {
    "window_load",
    "SELECT id, org_id, 0, name, state, starts_at, ends_at, rrule, time_zone, announce_before_s, next_starts_at, "
    "next_ends_at, passed_at, told_at, version, warned_at FROM maintenance_window WHERE id = $1",
    NULL};
static const DbStmt MOVE = {
    "window_move",
    "UPDATE maintenance_window SET state = $2, next_starts_at = $3, next_ends_at = $4, passed_at = $5, told_at = $6, "
    "stamp = $7, updated_at = $8, warned_at = $9, version = version + 1 WHERE id = $1",
    NULL};
static const DbStmt ENDED_BY = {"window_ended_by", "UPDATE maintenance_window SET ended_by = $2 WHERE id = $1", NULL};
static const DbStmt HELD_COUNT = {
    "window_held_count",
    "SELECT COUNT(*) FROM alert WHERE org_id = $1 AND holds > 0 AND status = 'triggered' AND hold_list LIKE $2", NULL};

enum { SOON_MS = 15 * 60 * 1000 };

typedef struct Row {
  i64 id, org_id, announce_ms, next_starts, next_ends, told_ms, warned_ms, version;
  Str name, state;
  WindowSpan span;
} Row;

typedef struct Reading {
  Cycle *cycle;
  Row *out;
} Reading;

static bool read_row(const DbRow *row, void *ctx) {
  Reading *r = ctx;
  Arena *arena = r->cycle->arena;
  const Zone *zone = zone_utc();
  Error ignored = {0};
  if (!zone_find(cycle_app(r->cycle)->zones, db_row_peek(row, 8), &zone, &ignored)) zone = zone_utc();
  *r->out = (Row){.id = db_row_int(row, 0),
                  .org_id = db_row_int(row, 1),
                  .name = db_row_text(row, 3, arena),
                  .state = db_row_text(row, 4, arena),
                  .span = {.starts_ms = db_row_int(row, 5),
                           .ends_ms = db_row_int(row, 6),
                           .rrule = db_row_text(row, 7, arena),
                           .zone = zone,
                           .passed_ms = db_row_int(row, 12)},
                  .announce_ms = db_row_int(row, 9) * 1000,
                  .next_starts = db_row_int(row, 10),
                  .next_ends = db_row_int(row, 11),
                  .told_ms = db_row_int(row, 13),
                  .version = db_row_int(row, 14),
                  .warned_ms = db_row_int(row, 15)};
  return true;
}

static bool load(Cycle *cycle, i64 id, Row *out, bool *out_found, Error *err) {
  Reading reading = {cycle, out};
  return db_query_one(cycle->db, &LOAD, DB_ARGS(db_int(id)), read_row, &reading, out_found, err);
}

bool window_occurrence(Arena *arena, const WindowSpan *span, i64 now_ms, i64 *out_starts, i64 *out_ends, Error *err) {
  i64 length = span->ends_ms - span->starts_ms;
  *out_starts = *out_ends = 0;
  if (span->rrule.len == 0) {
    if (now_ms > span->ends_ms || (span->passed_ms && span->starts_ms <= span->passed_ms)) return true;
    return *out_starts = span->starts_ms, *out_ends = span->ends_ms, true;
  }
  i64 from_s = MAX(span->starts_ms / 1000, (now_ms - length + 999) / 1000);
  if (span->passed_ms) from_s = MAX(from_s, span->passed_ms / 1000 + 1);
  IcalRange range = {.from_s = from_s, .count_max = 1}; /* calendars know whole seconds */
  IcalTimes times = {0};
  range.to_s = range.from_s + (i64)ICAL_YEARS_MAX * 366 * 86400;
  if (!ical_occurrences(arena, span->rrule, zone_to_local(span->zone, span->starts_ms / 1000), span->zone, &range,
                        &times, err))
    return false;
  if (times.count == 0) return true;
  *out_starts = times.items[0].at_s * 1000;
  *out_ends = *out_starts + length;
  return true;
}

static bool set_is_stale(Cycle *cycle, Error *err) {
  setup_row_changed(cycle_app(cycle)->setup, "maintenance_window", 0); /* the stamp says which */
  return quiet_changed(cycle->db, cycle->ids, err);
}

static bool look_at(Cycle *cycle, i64 org_id, i64 id, Error *err) {
  JobNew job = {.kind = "maintenance.turn", .org_id = org_id, .subject_id = id, .due_ms = cycle->now_ms};
  return job_cancel(cycle, "maintenance.turn", id, err) && job_add(cycle, &job, err);
}

static bool sweep(Cycle *cycle, i64 org_id, i64 id, bool ended, Error *err) {
  QuietSweep over = {.org_id = org_id, .id = id, .reason = "maintenance", .held_only = ended};
  return quiet_sweep(cycle, &over, err);
}

/* An edit begins anew: what is over of another rule is not over of this one. */
bool window_written(Cycle *cycle, i64 org_id, i64 id, bool deleted, Error *err) {
  static const DbStmt AGAIN = {"window_again",
                               "UPDATE maintenance_window SET state = 'scheduled', passed_at = NULL, stamp = $2 WHERE "
                               "id = $1",
                               NULL};
  if (deleted)
    return set_is_stale(cycle, err) && job_cancel(cycle, "maintenance.turn", id, err) &&
           sweep(cycle, org_id, id, true, err);
  return db_run(cycle->db, &AGAIN, err, db_int(id), db_int(id_next(cycle->ids))) && set_is_stale(cycle, err) &&
         sweep(cycle, org_id, id, true, err) && look_at(cycle, org_id, id, err);
}

/* Announcing ------------------------------------------------------------------------------------------------------ */

static bool announce(Cycle *cycle, const Row *row, Str sentence, Error *err) {
  const Setup *setup = setup_current(cycle_app(cycle)->setup);
  QuietCause cause = {.org_id = row->org_id, .id = row->id, .reason = S("maintenance")};
  QuietOwners owners;
  quiet_owners(cycle->arena, setup, &cause, &owners);
  PageAnnouncement news = {.org_id = row->org_id,
                           .team_id = owners.team_id,
                           .title = sentence,
                           .user_ids = owners.user_ids,
                           .user_count = owners.count};
  return news.user_count == 0 || page_announce(cycle, &news, err);
}

static bool announce_start(Cycle *cycle, const Row *row, i64 starts, i64 ends, Error *err) {
  Str from = zone_text_ms(cycle->arena, row->span.zone, starts), to = zone_text_ms(cycle->arena, row->span.zone, ends);
  return announce(cycle, row,
                  str_format(cycle->arena, "Maintenance \"%.*s\" from %.*s to %.*s: its alerts will be quiet",
                             STR_ARG(row->name), STR_ARG(from), STR_ARG(to)),
                  err);
}

static bool count_held(Cycle *cycle, const Row *row, i64 *out, Error *err) {
  bool found = false;
  Str like = str_format(cycle->arena, "%%%.*s%%", STR_ARG(id_text(cycle->arena, "mnt", row->id)));
  *out = 0;
  return db_query_int(cycle->db, &HELD_COUNT, DB_ARGS(db_int(row->org_id), db_text(like)), out, &found, err);
}

/* Before it ends, what will page then. */
static bool warn_of_end(Cycle *cycle, const Row *row, Error *err) {
  i64 held = 0;
  if (!count_held(cycle, row, &held, err)) return false;
  return held == 0 ||
         announce(cycle, row,
                  str_format(cycle->arena, "Maintenance \"%.*s\" ends in %lld minutes: %lld alert%s will page",
                             STR_ARG(row->name), (long long)((row->next_ends - cycle->now_ms) / MINUTE_MS),
                             (long long)held, held == 1 ? "" : "s"),
                  err);
}

static bool announce_end(Cycle *cycle, const Row *row, Error *err) {
  i64 held = 0;
  if (!count_held(cycle, row, &held, err)) return false;
  return announce(cycle, row,
                  str_format(cycle->arena, "Maintenance \"%.*s\" is over: %lld alert%s still triggered",
                             STR_ARG(row->name), (long long)held, held == 1 ? " is" : "s are"),
                  err);
}

/* The present occurrence is long enough, and its end has not been told. */
static bool wants_warning(const Row *row, i64 starts, i64 ends) {
  return row->announce_ms > 0 && row->warned_ms != starts && ends - starts >= 4 * SOON_MS;
}

/* Turning --------------------------------------------------------------------------------------------------------- */

/* Writes where it stands now; tells and sweeps what became different. */
static bool settle(Cycle *cycle, Row *row, i64 *out_next, Error *err) {
  i64 now = cycle->now_ms, starts = 0, ends = 0;
  bool was_active = str_equal_c(row->state, "active");
  if (!window_occurrence(cycle->arena, &row->span, now, &starts, &ends, err)) return false;
  bool active = starts > 0 && starts <= now, same = starts == row->next_starts;
  bool over = was_active && !(active && same);
  if (over && !announce_end(cycle, row, err)) return false;
  if (over) row->span.passed_ms = MAX(row->span.passed_ms, row->next_starts);
  bool tell = starts > 0 && row->told_ms != starts && row->announce_ms > 0 && starts - row->announce_ms <= now;
  if (tell && !announce_start(cycle, row, starts, ends, err)) return false;
  if (tell) row->told_ms = starts;
  bool warn = active && same && was_active && wants_warning(row, starts, ends) && ends - SOON_MS <= now;
  if (warn && !warn_of_end(cycle, row, err)) return false;
  if (warn) row->warned_ms = starts;
  *out_next = starts == 0                                  ? 0
              : active && wants_warning(row, starts, ends) ? MAX(ends - SOON_MS, now + 1)
              : active                                     ? ends + 1
              : row->told_ms != starts && row->announce_ms && starts - row->announce_ms > now
                  ? starts - row->announce_ms
                  : starts;
  const char *state = active ? "active" : starts ? "scheduled" : "ended";
  if (same && !tell && !warn && str_equal_c(row->state, state)) return true;
  cycle_publish(cycle, row->org_id, "maintenance_window", row->id, row->version + 1);
  return db_run(cycle->db, &MOVE, err, db_int(row->id), db_text(str_from_c(state)), db_id(starts), db_id(ends),
                db_id(row->span.passed_ms), db_id(row->told_ms), db_int(id_next(cycle->ids)), db_int(now),
                db_id(row->warned_ms)) &&
         set_is_stale(cycle, err) && (!(active || over) || sweep(cycle, row->org_id, row->id, !active, err));
}

bool window_end(Cycle *cycle, i64 org_id, i64 id, const Who *who, bool *out_changed, Error *err) {
  Row row = {0};
  bool found = false;
  i64 next = 0;
  *out_changed = false;
  if (!load(cycle, id, &row, &found, err)) return false;
  if (!found || row.org_id != org_id) return fail(err, ERR_NOT_FOUND, "there is no such maintenance window");
  if (str_equal_c(row.state, "ended")) return true;
  bool active = row.next_starts > 0 && row.next_starts <= cycle->now_ms;
  if (!active && row.span.rrule.len)
    return fail(err, ERR_CONFLICT,
                "\"%.*s\" is not active now; it comes again by its rrule: delete it, or change the rule, to end all",
                STR_ARG(row.name));
  *out_changed = true;
  row.span.passed_ms = row.next_starts ? row.next_starts : row.span.starts_ms;
  if (active) row.state = S("active");
  return settle(cycle, &row, &next, err) &&
         db_run(cycle->db, &ENDED_BY, err, db_int(id), db_text(who_json(cycle->arena, who))) &&
         look_at(cycle, org_id, id, err);
}

static bool turn(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  Row row = {0};
  bool found = false, fresh = false;
  i64 next = 0;
  (void)out_work;
  if (!quiet_is_fresh(setup_quiet(setup_current(cycle_app(cycle)->setup)), cycle->db, &fresh, err)) return false;
  *out_verdict = fresh ? JOB_DONE : JOB_AGAIN;
  if (!fresh) return job->due_ms = cycle->now_ms, true; /* whom it belongs to is read from the picture */
  if (!load(cycle, job->subject_id, &row, &found, err)) return false;
  if (!found || !settle(cycle, &row, &next, err)) return !found;
  if (next == 0) return true;
  *out_verdict = JOB_AGAIN;
  job->due_ms = MAX(next, cycle->now_ms + 1);
  return true;
}

const JobKind WINDOW_JOBS[] = {
    {.name = "maintenance.turn", .lease_ms = 30000, .claim = turn},
    {.name = NULL},
};

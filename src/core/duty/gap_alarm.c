/* Gaps alarm: a job for each schedule looks 14 days ahead each hour, and 5 minutes after a write. Owners are told of
 * what is new since the last look, in one message; what was told is kept in schedule_gap. A gap that only came into
 * sight and is the same as a week before is not news. */
#include "core/duty/duty.h"
#include "core/paging/notify.h"

enum { LOOK_EVERY_S = 3600, SETTLE_S = 300, LISTED_MAX = 10 };

typedef struct Told {
  i64 starts_ms, ends_ms;
  bool open; /* it went on past what was looked at then */
} Told;

typedef struct Looking {
  Cycle *cycle;
  const SetupSchedule *schedule;
  VEC(Told) told;
  VEC(Shift) fresh;
  ShiftList gaps;
  i64 horizon_ms, seen_until_ms;
} Looking;

static const DbStmt TOLD = {
    "gap_told", "SELECT starts_at, ends_at, open FROM schedule_gap WHERE schedule_id = $1 ORDER BY starts_at", NULL};
static const DbStmt FORGET = {"gap_forget", "DELETE FROM schedule_gap WHERE schedule_id = $1", NULL};
static const DbStmt KEEP = {"gap_keep",
                            "INSERT INTO schedule_gap (id, org_id, schedule_id, starts_at, ends_at, open, created_at) "
                            "VALUES ($1, $2, $3, $4, $5, $6, $7)",
                            NULL};

static bool read_told(const DbRow *row, void *ctx) {
  Looking *l = ctx;
  *VEC_PUSH(l->cycle->arena, &l->told) = (Told){db_row_int(row, 0), db_row_int(row, 1), db_row_int(row, 2) != 0};
  return true;
}

/* News ------------------------------------------------------------------------------------------------------------ */

static bool is_told(const Looking *l, i64 from_ms, i64 to_ms) {
  for (size_t i = 0; i < l->told.count; i++) {
    const Told *t = &l->told.items[i];
    if (t->starts_ms <= from_ms && from_ms < t->ends_ms && (to_ms <= t->ends_ms || t->open)) return true;
  }
  return false;
}

static i64 week_before(const Zone *zone, i64 ms) {
  Civil civil = zone_to_local(zone, ms / 1000);
  return zone_to_utc(zone, civil_from_seconds(civil_to_seconds(civil) - 7 * 86400)) * 1000;
}

static bool comes_each_week(const Looking *l, const Shift *gap) {
  const Zone *zone = l->schedule->zone;
  if (gap->starts_ms < l->seen_until_ms) return false; /* it was made, it did not come into sight */
  return is_told(l, week_before(zone, gap->starts_ms), week_before(zone, gap->ends_ms));
}

static void find_fresh(Looking *l) {
  for (size_t i = 0; i < l->gaps.count; i++) {
    const Shift *gap = &l->gaps.items[i];
    if (!is_told(l, gap->starts_ms, gap->ends_ms) && !comes_each_week(l, gap))
      *VEC_PUSH(l->cycle->arena, &l->fresh) = *gap;
  }
}

/* Telling --------------------------------------------------------------------------------------------------------- */

static Str time_for(Arena *arena, const Zone *zone, i64 ms) {
  return str_format(arena, "%.*s (%.*s)", STR_ARG(zone_text_ms(arena, zone, ms)), STR_ARG(time_text_ms(arena, ms)));
}

static Str gap_line(const Looking *l, const Zone *zone, const Shift *gap) {
  Arena *arena = l->cycle->arena;
  if (gap->ends_ms >= l->horizon_ms)
    return str_format(arena, "from %.*s on", STR_ARG(time_for(arena, zone, gap->starts_ms)));
  return str_format(arena, "from %.*s to %.*s", STR_ARG(time_for(arena, zone, gap->starts_ms)),
                    STR_ARG(time_for(arena, zone, gap->ends_ms)));
}

static Str gap_text(const Looking *l, const Zone *zone) {
  Arena *arena = l->cycle->arena;
  Buf text = buf_new(arena, KIB(8));
  Str name = l->schedule->name;
  buf_format(&text, "Nobody is on call from the schedule %.*s:\n\n", STR_ARG(name));
  for (size_t i = 0; i < MIN(l->fresh.count, (size_t)LISTED_MAX); i++)
    buf_format(&text, "- %.*s\n", STR_ARG(gap_line(l, zone, &l->fresh.items[i])));
  if (l->fresh.count > LISTED_MAX) buf_format(&text, "- and %zu more\n", l->fresh.count - LISTED_MAX);
  buf_format(&text,
             "\nPages that go there then go on to the next level at once. Add a turn, or somebody for that time "
             "(%s/schedules/%.*s). If it is meant, set the schedule's coverage to windows or best_effort.",
             cycle_app(l->cycle)->public_url, STR_ARG(l->schedule->slug));
  return buf_str(&text);
}

static bool tell_owners(const Looking *l, Error *err) {
  Arena *arena = l->cycle->arena;
  Finding f = finding_of(l->cycle);
  Snapshot none = {0};
  People owners = {0};
  const SetupOrg *org = setup_org(f.setup, l->schedule->org_id);
  if (!exhausted_users(&f, &none, l->schedule->org_id, l->schedule->team_id, &owners, err)) return false;
  for (size_t i = 0; i < owners.count; i++) {
    const SetupUser *user = setup_user(f.setup, owners.ids[i]);
    const Zone *zone = user && user->zone ? user->zone : org ? org->zone : zone_utc();
    const Shift *first = &l->fresh.items[0];
    size_t queued = 0;
    Str more = l->fresh.count > 1 ? str_format(arena, ", and %zu more", l->fresh.count - 1) : S("");
    NotifyText what = {.org_id = l->schedule->org_id,
                       .user_id = owners.ids[i],
                       .purpose = "schedule_gap",
                       .low = true,
                       .title = str_format(arena, "%.*s: nobody is on call from %.*s%.*s", STR_ARG(l->schedule->name),
                                           STR_ARG(zone_text_ms(arena, zone, first->starts_ms)), STR_ARG(more)),
                       .text = gap_text(l, zone)};
    if (!notify_text(l->cycle, &what, &queued, err)) return false;
  }
  return true;
}

/* Keeping --------------------------------------------------------------------------------------------------------- */

/* Told already with another start: it goes on, and time has passed. */
static bool same_rows(const Looking *l) {
  if (l->told.count != l->gaps.count) return false;
  for (size_t i = 0; i < l->gaps.count; i++) {
    const Told *t = &l->told.items[i];
    const Shift *gap = &l->gaps.items[i];
    bool starts =
        t->starts_ms == gap->starts_ms || (gap->starts_ms == l->cycle->now_ms && t->starts_ms < gap->starts_ms);
    if (!starts || t->ends_ms != gap->ends_ms || t->open != (gap->ends_ms >= l->horizon_ms)) return false;
  }
  return true;
}

static bool keep(const Looking *l, Error *err) {
  Cycle *cycle = l->cycle;
  if (same_rows(l)) return true;
  cycle_publish(cycle, l->schedule->org_id, "schedule", l->schedule->id, 0);
  if (!db_run(cycle->db, &FORGET, err, db_int(l->schedule->id))) return false;
  for (size_t i = 0; i < l->gaps.count; i++) {
    const Shift *gap = &l->gaps.items[i];
    if (!db_run(cycle->db, &KEEP, err, db_int(id_next(cycle->ids)), db_int(l->schedule->org_id),
                db_int(l->schedule->id), db_int(gap->starts_ms), db_int(gap->ends_ms),
                db_int(gap->ends_ms >= l->horizon_ms), db_int(cycle->now_ms)))
      return false;
  }
  return true;
}

/* The job --------------------------------------------------------------------------------------------------------- */

static bool plan_look(Cycle *cycle, i64 org_id, i64 schedule_id, i64 due_ms, i64 seen_until_ms, Error *err) {
  JobNew job = {.kind = "schedule.gaps",
                .org_id = org_id,
                .subject_id = schedule_id,
                .due_ms = due_ms,
                .data = str_format(cycle->arena, "{\"seen_until\":%lld}", (long long)seen_until_ms)};
  return job_add(cycle, &job, err);
}

static bool look(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  App *app = cycle_app(cycle);
  Looking l = {.cycle = cycle,
               .schedule = setup_schedule(setup_current(app->setup), job->subject_id),
               .horizon_ms = cycle->now_ms + GAP_DAYS * DAY_MS,
               .seen_until_ms = value_int_or(value_get_c(&job->data, "seen_until"), INT64_MAX)};
  Rendered rendered;
  Error why = {0};
  (void)out_work;
  *out_verdict = JOB_DONE;
  if (!l.schedule) return db_run(cycle->db, &FORGET, err, db_int(job->subject_id));
  if (!db_query(cycle->db, &TOLD, DB_ARGS(db_int(l.schedule->id)), read_told, &l, err)) return false;
  if (!oncall_range(cycle->db, cycle->arena, app, l.schedule, cycle->now_ms, l.horizon_ms, &rendered, &why)) {
    if (why.code == ERR_STORAGE) return *err = why, false;
    log_warn("duty", "schedule %lld cannot be rendered, ignoring its gaps: %s", (long long)l.schedule->id, why.message);
    return plan_look(cycle, job->org_id, job->subject_id, cycle->now_ms + LOOK_EVERY_S * 1000, l.seen_until_ms, err);
  }
  duty_gaps(app, cycle->arena, l.schedule, &rendered.gaps, rendered.holidays, &l.gaps);
  find_fresh(&l);
  return (l.fresh.count == 0 || tell_owners(&l, err)) && keep(&l, err) &&
         plan_look(cycle, job->org_id, job->subject_id, cycle->now_ms + LOOK_EVERY_S * 1000, l.horizon_ms, err);
}

bool duty_changed(Cycle *cycle, i64 org_id, i64 schedule_id, Error *err) {
  static const DbStmt PLANNED = {"gap_planned",
                                 "SELECT due_at FROM job WHERE subject_id = $1 AND kind = 'schedule.gaps'", NULL};
  static const DbStmt CHANGED = {"shifts_changed", "UPDATE schedule SET shifts_at = $2 WHERE id = $1", NULL};
  i64 due_ms = 0, soon_ms = cycle->now_ms + SETTLE_S * 1000;
  bool found = false;
  if (!duty_notices_changed(cycle, org_id, err)) return false;
  if (schedule_id == 0) return true; /* of no schedule alone: the next look is within the hour */
  if (!db_run(cycle->db, &CHANGED, err, db_int(schedule_id), db_int(cycle->now_ms))) return false;
  if (!db_query_int(cycle->db, &PLANNED, DB_ARGS(db_int(schedule_id)), &due_ms, &found, err)) return false;
  if (!found) return plan_look(cycle, org_id, schedule_id, soon_ms, INT64_MAX, err);
  return due_ms <= soon_ms || job_hurry(cycle, "schedule.gaps", schedule_id, soon_ms, err);
}

typedef struct Unwatched {
  Arena *arena;
  VEC(i64) ids;
  VEC(i64) org_ids;
} Unwatched;

static bool read_unwatched(const DbRow *row, void *ctx) {
  Unwatched *u = ctx;
  *VEC_PUSH(u->arena, &u->ids) = db_row_int(row, 0);
  *VEC_PUSH(u->arena, &u->org_ids) = db_row_int(row, 1);
  return true;
}

bool duty_plan(Cycle *cycle, void *ctx, Error *err) {
  static const DbStmt UNWATCHED = {"gap_unwatched",
                                   "SELECT s.id, s.org_id FROM schedule AS s WHERE NOT EXISTS (SELECT 1 FROM job AS j "
                                   "WHERE j.subject_id = s.id AND j.kind = 'schedule.gaps') ORDER BY s.id",
                                   NULL};
  Unwatched u = {.arena = cycle->arena};
  (void)ctx;
  if (!db_query(cycle->db, &UNWATCHED, 0, NULL, read_unwatched, &u, err)) return false;
  for (size_t i = 0; i < u.ids.count; i++)
    if (!duty_changed(cycle, u.org_ids.items[i], u.ids.items[i], err)) return false;
  return true;
}

const JobKind DUTY_JOBS[] = {
    {.name = "schedule.gaps", .lease_ms = 30000, .claim = look},
    {.name = "duty.notice", .lease_ms = 30000, .claim = duty_notice_due},
    {.name = "duty.test_page", .lease_ms = 30000, .claim = duty_test_page_due},
    {.name = NULL},
};

/* What a rendering is made of, from the database: overrides, absences when the schedule skips them, and for the time
 * before its last edit the plans that held then. A schedule that holds for the whole range is taken from the picture.
 */
#include "core/oncall/oncall.h"
#include "core/oncall/versions.h"

static const DbStmt OVERRIDES = {
    "oncall_overrides",
    "SELECT id, user_id, replaces_user_id, starts_at, ends_at, kind FROM schedule_override "
    "WHERE schedule_id = $1 AND ends_at > $2 AND starts_at < $3 ORDER BY id",
    NULL};
static const DbStmt ABSENCES = {
    "oncall_absences",
    "SELECT user_id, starts_at, ends_at FROM absence WHERE org_id = $1 AND ends_at > $2 AND starts_at < $3 ORDER BY id",
    NULL};

typedef struct Rows {
  Arena *arena;
  VEC(Override) overrides;
  VEC(Absence) absences;
} Rows;

static const char *kind_name(Str kind) {
  if (str_equal_c(kind, "add")) return "add";
  return str_equal_c(kind, "remove") ? "remove" : "cover";
}

static bool read_override(const DbRow *row, void *ctx) {
  Rows *rows = ctx;
  *VEC_PUSH(rows->arena, &rows->overrides) = (Override){.id = db_row_int(row, 0),
                                                        .user_id = db_row_int(row, 1),
                                                        .replaces_user_id = db_row_int(row, 2),
                                                        .starts_ms = db_row_int(row, 3),
                                                        .ends_ms = db_row_int(row, 4),
                                                        .kind = kind_name(db_row_peek(row, 5))};
  return true;
}

static bool read_absence(const DbRow *row, void *ctx) {
  Rows *rows = ctx;
  *VEC_PUSH(rows->arena, &rows->absences) = (Absence){db_row_int(row, 0), db_row_int(row, 1), db_row_int(row, 2)};
  return true;
}

static SchedulePlan present_plan(const SetupSchedule *schedule) {
  return (SchedulePlan){.from_ms = schedule->effective_ms,
                        .layers = schedule->layers,
                        .zone = schedule->zone,
                        .skip_absent = schedule->skip_absent};
}

static bool find_plans(Db *db, Arena *arena, const App *app, const SetupSchedule *schedule, i64 from_ms, i64 to_ms,
                       RenderSources *out, Error *err) {
  SchedulePlan *present = ARENA_NEW(arena, SchedulePlan);
  *present = present_plan(schedule);
  out->plans = present;
  out->plan_count = 1;
  return from_ms >= schedule->effective_ms ||
         schedule_version_plans(db, arena, app, schedule->id, present, from_ms, to_ms, out, err);
}

static bool skips(const RenderSources *sources) {
  for (size_t i = 0; i < sources->plan_count; i++)
    if (sources->plans[i].skip_absent) return true;
  return false;
}

bool oncall_range_of(Db *db, Arena *arena, const App *app, const SetupSchedule *schedule, i64 from_ms, i64 to_ms,
                     RenderSources *in, Rendered *out, Error *err) {
  Rows rows = {.arena = arena};
  *in = (RenderSources){0};
  if (!db_query(db, &OVERRIDES, DB_ARGS(db_int(schedule->id), db_int(from_ms), db_int(to_ms)), read_override, &rows,
                err) ||
      !find_plans(db, arena, app, schedule, from_ms, to_ms, in, err))
    return false;
  if (skips(in) && !db_query(db, &ABSENCES, DB_ARGS(db_int(schedule->org_id), db_int(from_ms), db_int(to_ms)),
                             read_absence, &rows, err))
    return false;
  in->overrides = rows.overrides.items;
  in->override_count = rows.overrides.count;
  in->absences = rows.absences.items;
  in->absence_count = rows.absences.count;
  return oncall_render(arena, app->zones, in, from_ms, to_ms, out, err);
}

bool oncall_range(Db *db, Arena *arena, const App *app, const SetupSchedule *schedule, i64 from_ms, i64 to_ms,
                  Rendered *out, Error *err) {
  RenderSources in;
  return oncall_range_of(db, arena, app, schedule, from_ms, to_ms, &in, out, err);
}

bool oncall_now(Db *db, Arena *arena, const App *app, const SetupSchedule *schedule, i64 at_ms, Shift *out,
                Error *err) {
  Rendered rendered = {0};
  *out = (Shift){0};
  if (!oncall_range(db, arena, app, schedule, at_ms, at_ms + 14 * DAY_MS, &rendered, err)) return false;
  if (rendered.final.count && rendered.final.items[0].starts_ms <= at_ms)
    *out = rendered.final.items[0];
  else if (rendered.gaps.count)
    *out = rendered.gaps.items[0];
  return true;
}

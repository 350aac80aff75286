/* What a rendering is made of, from the database: blocks, overrides, absences when the schedule skips them, the days of
 * the calendars of holidays that its windows name, and for the time before its last edit the plans that held then. A
 * schedule that holds for the whole range is taken from the picture.
 */
#include "core/oncall/layer.h"
#include "core/oncall/versions.h"
#include "lang/json.h"

static const DbStmt OVERRIDES = {
    "oncall_overrides",
    "SELECT id, user_id, replaces_user_id, starts_at, ends_at, kind, created_at FROM schedule_override "
    "WHERE schedule_id = $1 AND ends_at > $2 AND starts_at < $3 ORDER BY id",
    NULL};
static const DbStmt BLOCKS = {"oncall_blocks",
                              "SELECT id, name, starts_at, ends_at, shifts FROM schedule_block WHERE schedule_id = $1 "
                              "AND ends_at > $2 AND starts_at < $3 ORDER BY id",
                              NULL};
static const DbStmt HOLIDAYS = {
    "oncall_holidays", "SELECT day FROM holiday WHERE calendar_id = $1 AND day >= $2 AND day <= $3 ORDER BY day", NULL};
static const DbStmt ABSENCES = {
    "oncall_absences",
    "SELECT user_id, starts_at, ends_at FROM absence WHERE org_id = $1 AND ends_at > $2 AND starts_at < $3 ORDER BY id",
    NULL};

typedef struct Rows {
  Arena *arena;
  VEC(Override) overrides;
  VEC(Absence) absences;
  VEC(Block) blocks;
  VEC(i64) days;
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
                                                        .kind = kind_name(db_row_peek(row, 5)),
                                                        .created_ms = db_row_int(row, 6)};
  return true;
}

static bool read_block(const DbRow *row, void *ctx) {
  Rows *rows = ctx;
  Value shifts = value_null();
  Error ignored = {0};
  Block block = {.id = db_row_int(row, 0),
                 .name = db_row_text(row, 1, rows->arena),
                 .starts_ms = db_row_int(row, 2),
                 .ends_ms = db_row_int(row, 3)};
  if (!json_parse(rows->arena, db_row_text(row, 4, rows->arena), NULL, &shifts, &ignored)) shifts = value_null();
  block.shifts = fixed_shifts_read(rows->arena, &shifts, &block.shift_count);
  *VEC_PUSH(rows->arena, &rows->blocks) = block;
  return true;
}

static bool read_day(const DbRow *row, void *ctx) {
  Rows *rows = ctx;
  *VEC_PUSH(rows->arena, &rows->days) = db_row_int(row, 0);
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

/* Holidays -------------------------------------------------------------------------------------------------------- */

enum { AROUND_DAYS = 10 }; /* windows begin before the range, and are asked when they change next */

typedef VEC(HolidaySet) Sets;

static void name_calendar(Arena *arena, Sets *sets, i64 id) {
  for (size_t i = 0; i < sets->count; i++)
    if (sets->items[i].calendar_id == id) return;
  if (id) *VEC_PUSH(arena, sets) = (HolidaySet){.calendar_id = id};
}

static void name_calendars(Arena *arena, Sets *sets, const Value *layers) {
  for (size_t l = 0; value_is(layers, VALUE_LIST) && l < layers->size; l++) {
    const Value *windows = value_get_c(value_at(layers, l), "windows");
    for (size_t w = 0; value_is(windows, VALUE_LIST) && w < windows->size; w++) {
      const Value *id = value_get_c(value_at(windows, w), "holiday_calendar_id");
      if (value_is(id, VALUE_STRING)) name_calendar(arena, sets, setup_ref(id));
    }
  }
}

bool oncall_holidays(Db *db, Arena *arena, const SchedulePlan *plans, size_t count, i64 from_ms, i64 to_ms,
                     Holidays *out, Error *err) {
  Sets sets = {0};
  for (size_t i = 0; i < count; i++) name_calendars(arena, &sets, &plans[i].layers);
  for (size_t i = 0; i < sets.count; i++) {
    Rows rows = {.arena = arena};
    i64 first = from_ms / DAY_MS - AROUND_DAYS, last = to_ms / DAY_MS + AROUND_DAYS;
    if (!db_query(db, &HOLIDAYS, DB_ARGS(db_int(sets.items[i].calendar_id), db_int(first), db_int(last)), read_day,
                  &rows, err))
      return false;
    sets.items[i].days = rows.days.items;
    sets.items[i].count = rows.days.count;
  }
  *out = (Holidays){sets.items, sets.count};
  return true;
}

/* All of it ------------------------------------------------------------------------------------------------------- */

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
  if (!db_query(db, &BLOCKS, DB_ARGS(db_int(schedule->id), db_int(from_ms), db_int(to_ms)), read_block, &rows, err) ||
      !oncall_holidays(db, arena, in->plans, in->plan_count, from_ms, to_ms, &in->holidays, err))
    return false;
  in->blocks = rows.blocks.items;
  in->block_count = rows.blocks.count;
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

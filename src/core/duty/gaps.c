/* Which stretches with nobody are gaps, and how schedules are covered. Pure but for the rendering's overrides. */
#include "core/duty/duty.h"
#include "core/paging/notify.h"

/* Gaps ------------------------------------------------------------------------------------------------------------ */

static i64 instant_of(const Value *layer, const Zone *zone, const char *name, i64 otherwise) {
  Civil civil;
  if (!civil_parse(value_text_or(value_get_c(layer, name), STR_NONE), &civil)) return otherwise;
  return zone_to_utc(zone, civil) * 1000;
}

/* Does a layer that has begun and not ended ask for somebody then? Without any such layer it is asked for. */
static bool asked_for(const App *app, Arena *arena, const SetupSchedule *schedule, Holidays holidays, i64 at_ms,
                      i64 *out_until_ms) {
  bool any = false, asked = false;
  for (size_t i = 0; value_is(&schedule->layers, VALUE_LIST) && i < schedule->layers.size; i++) {
    const Value *layer = value_at(&schedule->layers, i), *windows = value_get_c(layer, "windows");
    const Zone *zone = schedule->zone;
    Error ignored = {0};
    Str name = value_text_or(value_get_c(layer, "time_zone"), STR_NONE);
    i64 changes_ms = *out_until_ms;
    if (name.len && !zone_find(app->zones, name, &zone, &ignored)) zone = schedule->zone;
    i64 starts_ms = instant_of(layer, zone, "starts_at", INT64_MIN),
        ends_ms = instant_of(layer, zone, "ends_at", INT64_MAX);
    if (at_ms < starts_ms) *out_until_ms = MIN(*out_until_ms, starts_ms);
    if (at_ms < starts_ms || at_ms >= ends_ms) continue;
    any = true;
    asked = oncall_in_windows(arena, windows, zone, holidays, at_ms, &changes_ms) || asked;
    *out_until_ms = MIN(*out_until_ms, MIN(changes_ms, ends_ms));
  }
  return asked || !any;
}

typedef VEC(Shift) Spans;

static void push_gap(Arena *arena, Spans *gaps, i64 from_ms, i64 to_ms) {
  Shift *last = gaps->count ? &gaps->items[gaps->count - 1] : NULL;
  if (last && last->ends_ms == from_ms)
    last->ends_ms = to_ms;
  else
    *VEC_PUSH(arena, gaps) = (Shift){.starts_ms = from_ms, .ends_ms = to_ms};
}

void duty_gaps(const App *app, Arena *arena, const SetupSchedule *schedule, const ShiftList *empty, Holidays holidays,
               ShiftList *out) {
  Spans gaps = {0};
  *out = (ShiftList){0};
  if (schedule->coverage == COVERAGE_BEST_EFFORT) return;
  if (schedule->coverage == COVERAGE_ALWAYS) {
    *out = *empty;
    return;
  }
  for (size_t i = 0; i < empty->count; i++)
    for (i64 t = empty->items[i].starts_ms, until = 0; t < empty->items[i].ends_ms; t = until) {
      until = empty->items[i].ends_ms;
      if (asked_for(app, arena, schedule, holidays, t, &until)) push_gap(arena, &gaps, t, until);
    }
  *out = (ShiftList){gaps.items, gaps.count};
}

void duty_shifts_of(Arena *arena, const ShiftList *final, i64 user_id, ShiftList *out) {
  Spans own = {0};
  for (size_t i = 0; i < final->count; i++)
    for (size_t k = 0; k < final->items[i].user_count; k++) {
      if (final->items[i].user_ids[k] != user_id) continue;
      Shift *last = own.count ? &own.items[own.count - 1] : NULL;
      if (last && last->ends_ms == final->items[i].starts_ms)
        last->ends_ms = final->items[i].ends_ms;
      else
        *VEC_PUSH(arena, &own) = final->items[i];
    }
  *out = (ShiftList){own.items, own.count};
}

/* Coverage as JSON ------------------------------------------------------------------------------------------------ */

static const char *const COVERAGE_NAMES[] = {"always", "windows", "best_effort"};

typedef struct Looking {
  Finding find;
  const CoverageAsk *ask;
  ValueVec items;
} Looking;

static Value span_value(Arena *arena, const Shift *span) {
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "starts_at", value_string(time_text_ms(arena, span->starts_ms)));
  map_put_c(&map, "ends_at", value_string(time_text_ms(arena, span->ends_ms)));
  return map_done(&map);
}

static const char *state_of(const Looking *l, const Shift *now) {
  for (size_t i = 0; i < now->user_count; i++)
    if (user_is_available(&l->find, now->user_ids[i])) return "answered";
  return now->user_count ? "unreachable" : "nobody";
}

static bool look_at(Looking *l, const SetupSchedule *schedule, Error *err) {
  Arena *arena = l->find.arena;
  Rendered rendered;
  ShiftList gaps;
  Shift now = {0};
  ValueVec list = {0};
  MapBuilder map = map_builder(arena);
  i64 gap_ms = 0;
  if (!oncall_range(l->find.db, arena, l->find.app, schedule, l->ask->from_ms, l->ask->to_ms, &rendered, err) ||
      !oncall_now(l->find.db, arena, l->find.app, schedule, l->find.at_ms, &now, err))
    return false;
  duty_gaps(l->find.app, arena, schedule, &rendered.gaps, rendered.holidays, &gaps);
  for (size_t i = 0; i < gaps.count; i++) {
    gap_ms += gaps.items[i].ends_ms - gaps.items[i].starts_ms;
    *VEC_PUSH(arena, &list) = span_value(arena, &gaps.items[i]);
  }
  map_put_c(&map, "schedule_id", value_string(id_text(arena, "sch", schedule->id)));
  map_put_c(&map, "schedule", value_string(schedule->name));
  map_put_c(&map, "team_id",
            schedule->team_id ? value_string(id_text(arena, "team", schedule->team_id)) : value_null());
  map_put_c(&map, "coverage", value_c(COVERAGE_NAMES[schedule->coverage]));
  map_put_c(&map, "state", value_c(state_of(l, &now)));
  map_put_c(&map, "until", now.ends_ms ? value_string(time_text_ms(arena, now.ends_ms)) : value_null());
  map_put_c(&map, "gaps", list_done(&list));
  map_put_c(&map, "gap_s", value_int(gap_ms / 1000));
  map_put_c(&map, "covered", value_double(1.0 - (double)gap_ms / (double)MAX(1, l->ask->to_ms - l->ask->from_ms)));
  *VEC_PUSH(arena, &l->items) = map_done(&map);
  return true;
}

bool duty_coverage(Db *db, Arena *arena, App *app, const Setup *setup, const CoverageAsk *ask, Value *out, Error *err) {
  Looking l = {.find = {app, db, arena, setup, clock_now(&app->clock)}, .ask = ask};
  MapBuilder map = map_builder(arena);
  for (size_t i = 0; i < setup_schedule_count(setup); i++) {
    const SetupSchedule *schedule = setup_schedule_at(setup, i);
    bool wanted = schedule->org_id == ask->org_id && (!ask->team_id || schedule->team_id == ask->team_id) &&
                  (!ask->schedule_id || schedule->id == ask->schedule_id);
    if (wanted && !look_at(&l, schedule, err)) return false;
  }
  map_put_c(&map, "from", value_string(time_text_ms(arena, ask->from_ms)));
  map_put_c(&map, "to", value_string(time_text_ms(arena, ask->to_ms)));
  map_put_c(&map, "items", list_done(&l.items));
  *out = map_done(&map);
  return true;
}

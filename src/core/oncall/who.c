/* Who is on call: the rendering asked at an instant or over a range, with the overrides from the database; and its
 * JSON. */
#include "core/oncall/oncall.h"

static const DbStmt OVERRIDES = {
    "oncall_overrides",
    "SELECT id, user_id, replaces_user_id, starts_at, ends_at, kind FROM schedule_override "
    "WHERE schedule_id = $1 AND ends_at > $2 AND starts_at < $3 ORDER BY id",
    NULL};

typedef struct OverrideRows {
  Arena *arena;
  VEC(Override) items;
} OverrideRows;

static const char *kind_name(Str kind) {
  if (str_equal_c(kind, "add")) return "add";
  return str_equal_c(kind, "remove") ? "remove" : "cover";
}

static bool read_override(const DbRow *row, void *ctx) {
  OverrideRows *rows = ctx;
  *VEC_PUSH(rows->arena, &rows->items) = (Override){.id = db_row_int(row, 0),
                                                    .user_id = db_row_int(row, 1),
                                                    .replaces_user_id = db_row_int(row, 2),
                                                    .starts_ms = db_row_int(row, 3),
                                                    .ends_ms = db_row_int(row, 4),
                                                    .kind = kind_name(db_row_peek(row, 5))};
  return true;
}

static bool render(Db *db, Arena *arena, const App *app, const SetupSchedule *schedule, i64 from_ms, i64 to_ms,
                   OverrideRows *rows, Rendered *out, Error *err) {
  *rows = (OverrideRows){.arena = arena};
  if (!db_query(db, &OVERRIDES, DB_ARGS(db_int(schedule->id), db_int(from_ms), db_int(to_ms)), read_override, rows,
                err))
    return false;
  return oncall_render(arena, app->zones, &schedule->layers, schedule->zone, rows->items.items, rows->items.count,
                       from_ms, to_ms, out, err);
}

bool oncall_now(Db *db, Arena *arena, const App *app, const SetupSchedule *schedule, i64 at_ms, Shift *out,
                Error *err) {
  OverrideRows rows;
  Rendered rendered = {0};
  *out = (Shift){0};
  if (!render(db, arena, app, schedule, at_ms, at_ms + 14 * DAY_MS, &rows, &rendered, err)) return false;
  if (rendered.final.count && rendered.final.items[0].starts_ms <= at_ms)
    *out = rendered.final.items[0];
  else if (rendered.gaps.count)
    *out = rendered.gaps.items[0];
  return true;
}

bool oncall_range(Db *db, Arena *arena, const App *app, const SetupSchedule *schedule, i64 from_ms, i64 to_ms,
                  Rendered *out, Error *err) {
  OverrideRows rows;
  *out = (Rendered){0};
  return render(db, arena, app, schedule, from_ms, to_ms, &rows, out, err);
}

/* JSON ------------------------------------------------------------------------------------------------------------ */

static Value time_value(Arena *arena, i64 ms) {
  return value_string(time_text_ms(arena, ms));
}

static Value user_ids(Arena *arena, const Shift *shift) {
  ValueVec ids = {0};
  for (size_t i = 0; i < shift->user_count; i++)
    *VEC_PUSH(arena, &ids) = value_string(id_text(arena, "usr", shift->user_ids[i]));
  return list_done(&ids);
}

static Value shift_value(Arena *arena, const Shift *shift, bool gap) {
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "starts_at", time_value(arena, shift->starts_ms));
  map_put_c(&map, "ends_at", time_value(arena, shift->ends_ms));
  if (!gap) {
    map_put_c(&map, "user_ids", user_ids(arena, shift));
    map_put_c(&map, "source", value_string(shift->source));
  }
  return map_done(&map);
}

static Value shifts_value(Arena *arena, const ShiftList *list, bool gaps) {
  ValueVec items = {0};
  for (size_t i = 0; i < list->count; i++) *VEC_PUSH(arena, &items) = shift_value(arena, &list->items[i], gaps);
  return list_done(&items);
}

static Value override_value(Arena *arena, const Override *o) {
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "id", value_string(id_text(arena, "ovr", o->id)));
  map_put_c(&map, "user_id", value_string(id_text(arena, "usr", o->user_id)));
  map_put_c(&map, "replaces_user_id",
            o->replaces_user_id ? value_string(id_text(arena, "usr", o->replaces_user_id)) : value_null());
  map_put_c(&map, "kind", value_c(o->kind));
  map_put_c(&map, "starts_at", time_value(arena, o->starts_ms));
  map_put_c(&map, "ends_at", time_value(arena, o->ends_ms));
  return map_done(&map);
}

bool oncall_shifts_json(Db *db, Arena *arena, const App *app, const SetupSchedule *schedule, i64 from_ms, i64 to_ms,
                        Value *out, Error *err) {
  OverrideRows rows;
  Rendered rendered = {0};
  ValueVec layers = {0}, overrides = {0};
  if (!render(db, arena, app, schedule, from_ms, to_ms, &rows, &rendered, err)) return false;
  for (size_t i = 0; i < rendered.layer_count; i++) {
    MapBuilder layer = map_builder(arena);
    map_put_c(&layer, "name", value_string(rendered.layer_names[i]));
    map_put_c(&layer, "shifts", shifts_value(arena, &rendered.layers[i], false));
    *VEC_PUSH(arena, &layers) = map_done(&layer);
  }
  for (size_t i = 0; i < rows.items.count; i++)
    *VEC_PUSH(arena, &overrides) = override_value(arena, &rows.items.items[i]);
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "final", shifts_value(arena, &rendered.final, false));
  map_put_c(&map, "layers", list_done(&layers));
  map_put_c(&map, "overrides", list_done(&overrides));
  map_put_c(&map, "gaps", shifts_value(arena, &rendered.gaps, true));
  *out = map_done(&map);
  return true;
}

typedef struct Asking {
  Db *db;
  Arena *arena;
  const App *app;
  const Setup *setup;
  i64 at_ms, user_id;
  ValueVec items;
} Asking;

static Value person_value(Asking *ask, i64 user_id) {
  const SetupUser *user = setup_user(ask->setup, user_id);
  MapBuilder map = map_builder(ask->arena);
  map_put_c(&map, "id", value_string(id_text(ask->arena, "usr", user_id)));
  map_put_c(&map, "name", user ? value_string(user->name) : value_null());
  map_put_c(&map, "email", user ? value_string(user->email) : value_null());
  return map_done(&map);
}

static Value people_value(Asking *ask, const Shift *shift) {
  ValueVec people = {0};
  for (size_t i = 0; i < shift->user_count; i++) *VEC_PUSH(ask->arena, &people) = person_value(ask, shift->user_ids[i]);
  return list_done(&people);
}

static bool holds_user(const Shift *shift, i64 user_id) {
  for (size_t i = 0; i < shift->user_count; i++)
    if (shift->user_ids[i] == user_id) return true;
  return user_id == 0;
}

/* A shift that the horizon cuts is looked at again with a far one; what goes on past that has an open end, ends_ms 0.
 * One render of a month a schedule is the usual cost. */
static bool render_from(Asking *ask, const SetupSchedule *schedule, Rendered *out, Error *err) {
  static const i64 HORIZONS_MS[] = {30 * DAY_MS, 400 * DAY_MS};
  for (size_t i = 0; i < COUNT(HORIZONS_MS); i++) {
    OverrideRows rows;
    i64 end_ms = ask->at_ms + HORIZONS_MS[i];
    *out = (Rendered){0};
    if (!render(ask->db, ask->arena, ask->app, schedule, ask->at_ms, end_ms, &rows, out, err)) return false;
    ShiftList *list = &out->final;
    if (list->count != 1 || list->items[0].ends_ms < end_ms) return true;
    if (i + 1 == COUNT(HORIZONS_MS)) list->items[0].ends_ms = 0;
  }
  return true;
}

static bool ask_schedule(Asking *ask, const SetupSchedule *schedule, i64 level, Error *err) {
  Rendered rendered;
  if (!render_from(ask, schedule, &rendered, err)) return false;
  const ShiftList *list = &rendered.final;
  bool now = list->count && list->items[0].starts_ms <= ask->at_ms;
  Shift nobody = {0};
  const Shift *shift = now ? &list->items[0] : &nobody;
  if (!holds_user(shift, ask->user_id)) return true;
  const Shift *next = list->count > (now ? 1u : 0u) ? &list->items[now ? 1 : 0] : NULL;
  MapBuilder map = map_builder(ask->arena);
  map_put_c(&map, "schedule_id", value_string(id_text(ask->arena, "sch", schedule->id)));
  map_put_c(&map, "schedule", value_string(schedule->name));
  if (level > 0) map_put_c(&map, "level", value_int(level));
  map_put_c(&map, "users", people_value(ask, shift));
  map_put_c(&map, "source", now ? value_string(shift->source) : value_null());
  map_put_c(&map, "until",
            now    ? shift->ends_ms ? time_value(ask->arena, shift->ends_ms) : value_null()
               : next ? time_value(ask->arena, next->starts_ms)
                   : value_null());
  map_put_c(&map, "next", next ? people_value(ask, next) : value_null());
  map_put_c(&map, "next_at", next ? time_value(ask->arena, next->starts_ms) : value_null());
  *VEC_PUSH(ask->arena, &ask->items) = map_done(&map);
  return true;
}

static bool ask_policy(Asking *ask, const SetupPolicy *policy, Error *err) {
  for (size_t l = 0; policy && l < policy->level_count; l++)
    for (size_t t = 0; t < policy->levels[l].target_count; t++) {
      const SetupTarget *target = &policy->levels[l].targets[t];
      const SetupSchedule *schedule = target->kind == TARGET_SCHEDULE ? setup_schedule(ask->setup, target->id) : NULL;
      if (schedule && !ask_schedule(ask, schedule, (i64)l + 1, err)) return false;
      if (target->kind != TARGET_USER || !setup_user(ask->setup, target->id)) continue;
      MapBuilder map = map_builder(ask->arena);
      ValueVec people = {0};
      *VEC_PUSH(ask->arena, &people) = person_value(ask, target->id);
      map_put_c(&map, "level", value_int((i64)l + 1));
      map_put_c(&map, "users", list_done(&people));
      map_put_c(&map, "source", value_string(S("named in the policy")));
      *VEC_PUSH(ask->arena, &ask->items) = map_done(&map);
    }
  return true;
}

static i64 policy_of(const Setup *setup, i64 org_id, i64 service_id, i64 team_id) {
  const SetupService *service = setup_service(setup, service_id);
  const SetupTeam *team = setup_team(setup, service ? service->team_id : team_id);
  const SetupOrg *org = setup_org(setup, org_id);
  if (service && service->policy_id) return service->policy_id;
  if (team && team->policy_id) return team->policy_id;
  return org ? org->policy_id : 0;
}

/* Every schedule of the picture, in order of id. */
static bool ask_all(Asking *ask, i64 org_id, i64 team_id, Error *err) {
  for (size_t i = 0; i < setup_schedule_count(ask->setup); i++) {
    const SetupSchedule *schedule = setup_schedule_at(ask->setup, i);
    if (schedule->org_id != org_id || (team_id && schedule->team_id != team_id)) continue;
    if (!ask_schedule(ask, schedule, 0, err)) return false;
  }
  return true;
}

bool oncall_who_json(Db *db, Arena *arena, const App *app, const Setup *setup, i64 org_id, i64 at_ms, i64 schedule_id,
                     i64 user_id, i64 service_id, i64 policy_id, i64 team_id, Value *out, Error *err) {
  Asking ask = {.db = db, .arena = arena, .app = app, .setup = setup, .at_ms = at_ms, .user_id = user_id};
  const SetupSchedule *schedule = setup_schedule(setup, schedule_id);
  bool ok = true;
  if (schedule)
    ok = ask_schedule(&ask, schedule, 0, err);
  else if (policy_id || service_id)
    ok = ask_policy(&ask, setup_policy(setup, policy_id ? policy_id : policy_of(setup, org_id, service_id, team_id)),
                    err);
  else
    ok = ask_all(&ask, org_id, team_id, err);
  if (!ok) return false;
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "at", time_value(arena, at_ms));
  map_put_c(&map, "items", list_done(&ask.items));
  *out = map_done(&map);
  return true;
}

/* Who is on call, as JSON: shifts of a schedule; the question by schedule, person, policy, service or team, at an
 * instant or over a range. */
#include "core/oncall/oncall.h"

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

/* What the names and times of the sentences are taken from. */
typedef struct Reader {
  Arena *arena;
  const Setup *setup;
  const Zone *zone;
} Reader;

static Value shift_value(const Reader *r, const Shift *shift) {
  bool gap = shift->user_count == 0;
  MapBuilder map = map_builder(r->arena);
  map_put_c(&map, "starts_at", time_value(r->arena, shift->starts_ms));
  map_put_c(&map, "ends_at", time_value(r->arena, shift->ends_ms));
  if (!gap) map_put_c(&map, "user_ids", user_ids(r->arena, shift));
  if (!gap) map_put_c(&map, "source", value_string(shift->source));
  map_put_c(&map, "why", value_string(oncall_why(r->arena, r->setup, r->zone, shift)));
  return map_done(&map);
}

static Value shifts_value(const Reader *r, const ShiftList *list) {
  ValueVec items = {0};
  for (size_t i = 0; i < list->count; i++) *VEC_PUSH(r->arena, &items) = shift_value(r, &list->items[i]);
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

static Value block_value(Arena *arena, const Block *b) {
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "id", b->id ? value_string(id_text(arena, "blk", b->id)) : value_null());
  map_put_c(&map, "name", value_string(b->name));
  map_put_c(&map, "starts_at", time_value(arena, b->starts_ms));
  map_put_c(&map, "ends_at", time_value(arena, b->ends_ms));
  return map_done(&map);
}

static Value rendered_value(const Reader *r, const RenderSources *in, const Rendered *rendered) {
  ValueVec layers = {0}, overrides = {0}, blocks = {0};
  for (size_t i = 0; i < rendered->layer_count; i++) {
    MapBuilder layer = map_builder(r->arena);
    map_put_c(&layer, "name", value_string(rendered->layer_names[i]));
    map_put_c(&layer, "shifts", shifts_value(r, &rendered->layers[i]));
    *VEC_PUSH(r->arena, &layers) = map_done(&layer);
  }
  for (size_t i = 0; i < in->override_count; i++)
    *VEC_PUSH(r->arena, &overrides) = override_value(r->arena, &in->overrides[i]);
  for (size_t i = 0; i < in->block_count; i++) *VEC_PUSH(r->arena, &blocks) = block_value(r->arena, &in->blocks[i]);
  MapBuilder map = map_builder(r->arena);
  map_put_c(&map, "final", shifts_value(r, &rendered->final));
  map_put_c(&map, "layers", list_done(&layers));
  map_put_c(&map, "overrides", list_done(&overrides));
  map_put_c(&map, "blocks", list_done(&blocks));
  map_put_c(&map, "gaps", shifts_value(r, &rendered->gaps));
  return map_done(&map);
}

bool oncall_shifts_json(Db *db, Arena *arena, const App *app, const Setup *setup, const SetupSchedule *schedule,
                        i64 from_ms, i64 to_ms, Value *out, Error *err) {
  const Reader r = {arena, setup, schedule->zone};
  RenderSources in = {0};
  Rendered rendered = {0};
  if (!oncall_range_of(db, arena, app, schedule, from_ms, to_ms, &in, &rendered, err)) return false;
  *out = rendered_value(&r, &in, &rendered);
  return true;
}

bool oncall_preview_json(Db *db, Arena *arena, const App *app, const Setup *setup, const OnCallPreview *ask, Value *out,
                         Error *err) {
  const Reader r = {arena, setup, ask->draft.zone};
  RenderSources in = {0};
  Rendered rendered = {0};
  VEC(SchedulePlan) plans = {0};
  VEC(Override) overrides = {0};
  VEC(Block) blocks = {0};
  if (ask->schedule && !oncall_range_of(db, arena, app, ask->schedule, ask->from_ms, ask->to_ms, &in, &rendered, err))
    return false;
  for (size_t i = 0; i < in.plan_count; i++) *VEC_PUSH(arena, &plans) = in.plans[i];
  *VEC_PUSH(arena, &plans) = ask->draft;
  for (size_t i = 0; i < in.override_count; i++) *VEC_PUSH(arena, &overrides) = in.overrides[i];
  for (size_t i = 0; i < ask->override_count; i++) *VEC_PUSH(arena, &overrides) = ask->overrides[i];
  for (size_t i = 0; i < in.block_count; i++) *VEC_PUSH(arena, &blocks) = in.blocks[i];
  for (size_t i = 0; i < ask->block_count; i++) *VEC_PUSH(arena, &blocks) = ask->blocks[i];
  if (!oncall_holidays(db, arena, plans.items, plans.count, ask->from_ms, ask->to_ms, &in.holidays, err)) return false;
  in.blocks = blocks.items;
  in.block_count = blocks.count;
  in.plans = plans.items;
  in.plan_count = plans.count;
  in.overrides = overrides.items;
  in.override_count = overrides.count;
  if (!oncall_render(arena, app->zones, &in, ask->from_ms, ask->to_ms, &rendered, err)) return false;
  *out = rendered_value(&r, &in, &rendered);
  return true;
}

typedef struct Asking {
  Db *db;
  Arena *arena;
  const App *app;
  const Setup *setup;
  i64 at_ms, to_ms, user_id; /* to_ms 0: at an instant */
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
    i64 end_ms = ask->at_ms + HORIZONS_MS[i];
    *out = (Rendered){0};
    if (!oncall_range(ask->db, ask->arena, ask->app, schedule, ask->at_ms, end_ms, out, err)) return false;
    ShiftList *list = &out->final;
    if (list->count != 1 || list->items[0].ends_ms < end_ms) return true;
    if (i + 1 == COUNT(HORIZONS_MS)) list->items[0].ends_ms = 0;
  }
  return true;
}

static Value range_shift(Asking *ask, const Zone *zone, const Shift *shift) {
  MapBuilder map = map_builder(ask->arena);
  map_put_c(&map, "starts_at", time_value(ask->arena, shift->starts_ms));
  map_put_c(&map, "ends_at", time_value(ask->arena, shift->ends_ms));
  map_put_c(&map, "users", people_value(ask, shift));
  map_put_c(&map, "source", shift->user_count ? value_string(shift->source) : value_null());
  map_put_c(&map, "why", value_string(oncall_why(ask->arena, ask->setup, zone, shift)));
  return map_done(&map);
}

/* Of one person their shifts; of all the gaps, too, in order. */
static bool ask_range(Asking *ask, const SetupSchedule *schedule, i64 level, Error *err) {
  Rendered rendered;
  ValueVec shifts = {0};
  size_t g = 0;
  if (!oncall_range(ask->db, ask->arena, ask->app, schedule, ask->at_ms, ask->to_ms, &rendered, err)) return false;
  for (size_t i = 0; i <= rendered.final.count; i++) {
    const Shift *shift = i < rendered.final.count ? &rendered.final.items[i] : NULL;
    for (; g < rendered.gaps.count && (!shift || rendered.gaps.items[g].starts_ms < shift->starts_ms); g++)
      if (!ask->user_id) *VEC_PUSH(ask->arena, &shifts) = range_shift(ask, schedule->zone, &rendered.gaps.items[g]);
    if (shift && holds_user(shift, ask->user_id))
      *VEC_PUSH(ask->arena, &shifts) = range_shift(ask, schedule->zone, shift);
  }
  if (ask->user_id && shifts.count == 0) return true;
  MapBuilder map = map_builder(ask->arena);
  map_put_c(&map, "schedule_id", value_string(id_text(ask->arena, "sch", schedule->id)));
  map_put_c(&map, "schedule", value_string(schedule->name));
  if (level > 0) map_put_c(&map, "level", value_int(level));
  map_put_c(&map, "shifts", list_done(&shifts));
  *VEC_PUSH(ask->arena, &ask->items) = map_done(&map);
  return true;
}

static bool ask_schedule(Asking *ask, const SetupSchedule *schedule, i64 level, Error *err) {
  Rendered rendered;
  if (ask->to_ms) return ask_range(ask, schedule, level, err);
  if (!render_from(ask, schedule, &rendered, err)) return false;
  const ShiftList *list = &rendered.final;
  bool now = list->count && list->items[0].starts_ms <= ask->at_ms;
  const Shift *shift = now ? &list->items[0] : &rendered.gaps.items[0];
  if (!holds_user(shift, ask->user_id)) return true;
  const Shift *next = list->count > (now ? 1u : 0u) ? &list->items[now ? 1 : 0] : NULL;
  MapBuilder map = map_builder(ask->arena);
  map_put_c(&map, "schedule_id", value_string(id_text(ask->arena, "sch", schedule->id)));
  map_put_c(&map, "schedule", value_string(schedule->name));
  if (level > 0) map_put_c(&map, "level", value_int(level));
  map_put_c(&map, "users", people_value(ask, shift));
  map_put_c(&map, "source", now ? value_string(shift->source) : value_null());
  map_put_c(&map, "why", value_string(oncall_why(ask->arena, ask->setup, schedule->zone, shift)));
  map_put_c(&map, "until",
            now    ? shift->ends_ms ? time_value(ask->arena, shift->ends_ms) : value_null()
               : next ? time_value(ask->arena, next->starts_ms)
                   : value_null());
  map_put_c(&map, "next", next ? people_value(ask, next) : value_null());
  map_put_c(&map, "next_at", next ? time_value(ask->arena, next->starts_ms) : value_null());
  *VEC_PUSH(ask->arena, &ask->items) = map_done(&map);
  return true;
}

/* People and teams that a policy names are there at every time. */
static void ask_named(Asking *ask, const SetupTarget *target, i64 level) {
  const SetupTeam *team = target->kind == TARGET_TEAM ? setup_team(ask->setup, target->id) : NULL;
  size_t count = team ? team->member_count : target->kind == TARGET_USER;
  MapBuilder map = map_builder(ask->arena);
  ValueVec people = {0};
  bool theirs = ask->user_id == 0;
  for (size_t i = 0; i < count; i++) {
    i64 id = team ? team->members[i].user_id : target->id;
    const SetupUser *user = setup_user(ask->setup, id);
    if (!user || str_equal_c(user->status, "deactivated")) continue;
    theirs = theirs || id == ask->user_id;
    *VEC_PUSH(ask->arena, &people) = person_value(ask, id);
  }
  if (!theirs || people.count == 0) return;
  map_put_c(&map, "level", value_int(level));
  map_put_c(&map, "users", list_done(&people));
  map_put_c(&map, "source", value_string(S("named in the policy")));
  map_put_c(&map, "why",
            value_string(team ? str_format(ask->arena, "the policy names the team %.*s", STR_ARG(team->name))
                              : S("the policy names them")));
  *VEC_PUSH(ask->arena, &ask->items) = map_done(&map);
}

static bool ask_policy(Asking *ask, const SetupPolicy *policy, Error *err) {
  for (size_t l = 0; policy && l < policy->level_count; l++)
    for (size_t t = 0; t < policy->levels[l].target_count; t++) {
      const SetupTarget *target = &policy->levels[l].targets[t];
      const SetupSchedule *schedule = target->kind == TARGET_SCHEDULE ? setup_schedule(ask->setup, target->id) : NULL;
      if (schedule && !ask_schedule(ask, schedule, (i64)l + 1, err)) return false;
      if (target->kind == TARGET_USER || target->kind == TARGET_TEAM) ask_named(ask, target, (i64)l + 1);
    }
  return true;
}

static i64 policy_of(const Setup *setup, const OnCallAsk *what) {
  const SetupService *service = setup_service(setup, what->service_id);
  const SetupTeam *team = setup_team(setup, service ? service->team_id : what->team_id);
  const SetupOrg *org = setup_org(setup, what->org_id);
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

bool oncall_who_json(Db *db, Arena *arena, const App *app, const Setup *setup, const OnCallAsk *what, Value *out,
                     Error *err) {
  Asking ask = {.db = db,
                .arena = arena,
                .app = app,
                .setup = setup,
                .at_ms = what->at_ms,
                .to_ms = what->to_ms,
                .user_id = what->user_id};
  const SetupSchedule *schedule = setup_schedule(setup, what->schedule_id);
  i64 policy_id = what->policy_id;
  bool ok = true;
  if (schedule)
    ok = ask_schedule(&ask, schedule, 0, err);
  else if (policy_id || what->service_id)
    ok = ask_policy(&ask, setup_policy(setup, policy_id ? policy_id : policy_of(setup, what)), err);
  else
    ok = ask_all(&ask, what->org_id, what->team_id, err);
  if (!ok) return false;
  MapBuilder map = map_builder(arena);
  map_put_c(&map, what->to_ms ? "from" : "at", time_value(arena, what->at_ms));
  if (what->to_ms) map_put_c(&map, "to", time_value(arena, what->to_ms));
  map_put_c(&map, "items", list_done(&ask.items));
  *out = map_done(&map);
  return true;
}

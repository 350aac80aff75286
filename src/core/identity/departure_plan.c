/* What somebody who leaves holds, and what becomes of it. */
#include "core/identity/departure.h"
#include "core/oncall/oncall.h"

typedef struct Owner {
  Str kind;
  i64 id;
} Owner;

typedef struct Owners {
  Arena *arena;
  VEC(Owner) rows;
} Owners;

static bool take_owner(const DbRow *row, void *ctx) {
  Owners *o = ctx;
  *VEC_PUSH(o->arena, &o->rows) = (Owner){db_row_text(row, 0, o->arena), db_row_int(row, 1)};
  return true;
}

static const DbStmt OWNERS = {
    "departure_owners",
    "SELECT DISTINCT owner_kind, owner_id FROM ref WHERE target_kind = 'user' AND target_id = $1 "
    "AND org_id = $2 ORDER BY owner_kind, owner_id",
    NULL};
static const DbStmt OPEN_INCIDENTS = {"departure_incidents",
                                      "SELECT 'incident', id FROM incident WHERE org_id = $2 AND commander_id = $1 AND "
                                      "status <> 'closed' ORDER BY id",
                                      NULL};
static const DbStmt OPEN_ALERTS = {"departure_alerts",
                                   "SELECT 'alert', id FROM alert WHERE org_id = $2 AND assignee_id = $1 AND status IN "
                                   "('triggered', 'acknowledged') ORDER BY id",
                                   NULL};

/* Words ------------------------------------------------------------------------------------------------------------ */

static Value note(Departure *d, const Resource *r, const Value *row, Str what, const char *becomes) {
  Arena *arena = d->ctx->arena;
  const Value *name = value_get_c(row, "name"), *title = value_get_c(row, "title");
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "kind", value_c(r->name));
  map_put_c(&map, "id", *value_get_c(row, "id"));
  map_put_c(&map, "name", name ? *name : title ? *title : value_null());
  map_put_c(&map, "what", value_string(what));
  if (becomes) map_put_c(&map, "becomes", value_c(becomes));
  return map_done(&map);
}

static void change(Departure *d, const Resource *r, const Value *row, Str what) {
  *VEC_PUSH(d->ctx->arena, &d->changes) = note(d, r, row, what, d->replacement_id ? "handed over" : "given up");
}

static void block(Departure *d, const Resource *r, const Value *row, Str what) {
  *VEC_PUSH(d->ctx->arena, &d->blockers) = note(d, r, row, what, NULL);
}

static void patch(Departure *d, const Resource *r, const Value *row, const char *member, Value value) {
  MapBuilder change_of = map_builder(d->ctx->arena), map = map_builder(d->ctx->arena);
  map_put_c(&change_of, member, value);
  map_put_c(&map, "kind", value_c(r->name));
  map_put_c(&map, "id", *value_get_c(row, "id"));
  map_put_c(&map, "patch", map_done(&change_of));
  *VEC_PUSH(d->ctx->arena, &d->patches) = map_done(&map);
}

static Value person(const Departure *d, i64 id) {
  return id ? value_string(id_text(d->ctx->arena, "usr", id)) : value_null();
}

static bool is_person(const Departure *d, const Value *ref, i64 id) {
  return id && resource_ref_id(d->ctx->registry, ref) == id;
}

/* Lists of people -------------------------------------------------------------------------------------------------- */

/* How an item names somebody: {"user_id"}, {"kind": "user", "id"}, or the id itself. */
static const Value *named(const Value *item) {
  if (item->kind != VALUE_MAP) return item;
  const Value *user = value_get_c(item, "user_id");
  if (user) return user;
  return str_equal_c(value_text_or(value_get_c(item, "kind"), STR_NONE), "user") ? value_get_c(item, "id") : NULL;
}

static Value with_person(Departure *d, const Value *item, i64 id) {
  if (item->kind != VALUE_MAP) return person(d, id);
  Value copy = *item;
  resource_put(d->ctx, &copy, value_get_c(item, "user_id") ? "user_id" : "id", person(d, id));
  return copy;
}

/* The list with the replacement in their place, once; without one, without them. */
static Value handed_over(Departure *d, const Value *list, bool *out_changed) {
  ValueVec out = {0};
  bool there = false;
  for (size_t i = 0; i < list->size; i++) there = there || is_person(d, named(&list->items[i]), d->replacement_id);
  for (size_t i = 0; i < list->size; i++) {
    if (!is_person(d, named(&list->items[i]), d->user_id)) {
      *VEC_PUSH(d->ctx->arena, &out) = list->items[i];
      continue;
    }
    *out_changed = true;
    if (d->replacement_id && !there)
      *VEC_PUSH(d->ctx->arena, &out) = with_person(d, &list->items[i], d->replacement_id);
    there = true;
  }
  return list_done(&out);
}

/* Kinds ------------------------------------------------------------------------------------------------------------ */

static size_t leads(const Value *members) {
  size_t count = 0;
  for (size_t i = 0; i < members->size; i++) {
    Str role = value_text_or(value_get_c(&members->items[i], "role"), STR_NONE);
    count += str_equal_c(role, "owner") || str_equal_c(role, "admin");
  }
  return count;
}

static void plan_team(Departure *d, const Resource *r, const Value *row) {
  const Value *members = value_get_c(row, "members");
  bool changed = false;
  Value after = handed_over(d, members, &changed);
  if (!changed) return;
  change(d, r, row, S("a member"));
  if (leads(members) && !leads(&after)) block(d, r, row, S("is the only one who leads it"));
  patch(d, r, row, "members", after);
}

static i64 end_of(const Value *row) {
  i64 ends = 0;
  return time_parse_ms(value_text_or(value_get_c(row, "ends_at"), STR_NONE), &ends) ? ends : INT64_MAX;
}

/* Fixed shifts that are not over, handed over; what is over stays a record of what was. */
static Value fixed_shifts(Departure *d, const Value *shifts, bool *out_changed, bool *out_empty) {
  ValueVec out = {0};
  for (size_t i = 0; value_is(shifts, VALUE_LIST) && i < shifts->size; i++) {
    Value shift = shifts->items[i];
    bool here = false;
    Value people = handed_over(d, value_get_c(&shift, "user_ids"), &here);
    if (here && end_of(&shift) > d->ctx->now_ms) {
      *out_changed = true;
      *out_empty = *out_empty || people.size == 0;
      resource_put(d->ctx, &shift, "user_ids", people);
    }
    *VEC_PUSH(d->ctx->arena, &out) = shift;
  }
  return list_done(&out);
}

static void plan_block(Departure *d, const Resource *r, const Value *row) {
  bool changed = false, empty = false;
  Value shifts = fixed_shifts(d, value_get_c(row, "shifts"), &changed, &empty);
  if (!changed) return;
  change(d, r, row, S("fixed shifts that are not over"));
  if (empty) block(d, r, row, S("has a fixed shift alone"));
  patch(d, r, row, "shifts", shifts);
}

static void plan_schedule(Departure *d, const Resource *r, const Value *row) {
  const Value *layers = value_get_c(row, "layers");
  Arena *arena = d->ctx->arena;
  ValueVec out = {0};
  bool any = false;
  for (size_t i = 0; i < layers->size; i++) {
    Value layer = layers->items[i];
    const Value *sets = value_get_c(&layer, "members");
    Str name = value_text_or(value_get_c(&layer, "name"), S("?"));
    ValueVec turns = {0};
    bool changed = false, empty = false;
    Value shifts = fixed_shifts(d, value_get_c(&layer, "shifts"), &changed, &empty);
    for (size_t k = 0; k < sets->size; k++) {
      bool here = false;
      Value set = handed_over(d, &sets->items[k], &here);
      empty = empty || (here && set.size == 0);
      changed = changed || here;
      *VEC_PUSH(arena, &turns) = set;
    }
    any = any || changed;
    if (changed) change(d, r, row, str_format(arena, "turns of the layer \"%.*s\"", STR_ARG(name)));
    if (empty) block(d, r, row, str_format(arena, "has a turn of the layer \"%.*s\" alone", STR_ARG(name)));
    resource_put(d->ctx, &layer, "members", list_done(&turns));
    if (shifts.size) resource_put(d->ctx, &layer, "shifts", shifts);
    *VEC_PUSH(arena, &out) = layer;
  }
  if (any) patch(d, r, row, "layers", list_done(&out));
}

static void plan_policy(Departure *d, const Resource *r, const Value *row) {
  const Value *levels = value_get_c(row, "levels"), *exhausted = value_get_c(row, "exhausted");
  Arena *arena = d->ctx->arena;
  ValueVec out = {0};
  bool any = false, told = false;
  for (size_t i = 0; i < levels->size; i++) {
    Value level = levels->items[i];
    bool changed = false;
    Value targets = handed_over(d, value_get_c(&level, "targets"), &changed);
    if (changed) change(d, r, row, str_format(arena, "level %zu", i + 1));
    if (changed && targets.size == 0) block(d, r, row, str_format(arena, "is the only target of level %zu", i + 1));
    any = any || changed;
    resource_put(d->ctx, &level, "targets", targets);
    *VEC_PUSH(arena, &out) = level;
  }
  Value last = handed_over(d, exhausted, &told);
  if (told) change(d, r, row, S("told when nobody answers"));
  if (told) patch(d, r, row, "exhausted", last);
  if (any) patch(d, r, row, "levels", list_done(&out));
}

static bool is_over(const Departure *d, const Value *row) {
  return end_of(row) <= d->ctx->now_ms;
}

static void plan_override(Departure *d, const Resource *r, const Value *row) {
  if (is_over(d, row)) return; /* a record of what was */
  if (is_person(d, value_get_c(row, "user_id"), d->user_id)) {
    change(d, r, row, S("an override that is not over"));
    if (!d->replacement_id) block(d, r, row, S("covers a shift that is not over"));
    patch(d, r, row, "user_id", person(d, d->replacement_id));
  }
  if (!is_person(d, value_get_c(row, "replaces_user_id"), d->user_id) || !d->replacement_id) return;
  change(d, r, row, S("is covered by somebody"));
  patch(d, r, row, "replaces_user_id", person(d, d->replacement_id));
}

static void plan_incident(Departure *d, const Resource *r, const Value *row) {
  if (!is_person(d, value_get_c(row, "commander_id"), d->user_id) ||
      str_equal_c(value_text_or(value_get_c(row, "status"), STR_NONE), "closed"))
    return;
  change(d, r, row, S("leads the response"));
  if (!d->replacement_id) block(d, r, row, S("leads the response"));
  patch(d, r, row, "commander_id", person(d, d->replacement_id));
}

static void plan_alert(Departure *d, const Resource *r, const Value *row) {
  change(d, r, row, S("an open alert that is their task"));
}

static const struct {
  const char *kind;
  void (*plan)(Departure *d, const Resource *r, const Value *row);
} PLANS[] = {{"team", plan_team},
             {"schedule", plan_schedule},
             {"escalation_policy", plan_policy},
             {"schedule_override", plan_override},
             {"schedule_block", plan_block},
             {"incident", plan_incident},
             {"alert", plan_alert}};

static bool owns(const Resource *r) {
  return r->owner_column && !str_equal_c(S("id"), r->owner_column);
}

static bool plan_row(Departure *d, const Owner *owner, Error *err) {
  const Resource *r = registry_find(d->ctx->registry, owner->kind);
  Value row = value_null();
  bool found = false;
  if (!r || !resource_load(d->ctx, r, owner->id, &row, &found, err)) return r == NULL;
  if (found && owns(r)) {
    *VEC_PUSH(d->ctx->arena, &d->ended) = owner->id;
    *VEC_PUSH(d->ctx->arena, &d->ended_kinds) = r;
    *VEC_PUSH(d->ctx->arena, &d->changes) = note(d, r, &row, S("their own"), "ended");
    return true;
  }
  for (size_t i = 0; found && i < COUNT(PLANS); i++)
    if (str_equal_c(owner->kind, PLANS[i].kind)) PLANS[i].plan(d, r, &row);
  return true;
}

bool departure_plan(Departure *d, Error *err) {
  static const DbStmt *const ALL[] = {&OWNERS, &OPEN_INCIDENTS, &OPEN_ALERTS};
  Owners owners = {.arena = d->ctx->arena};
  for (size_t i = 0; i < COUNT(ALL); i++)
    if (!db_query(d->ctx->db, ALL[i], DB_ARGS(db_int(d->user_id), db_int(d->ctx->org_id)), take_owner, &owners, err))
      return false;
  for (size_t i = 0; i < owners.rows.count; i++) {
    bool twice = false; /* an incident that was changed over the API is found by its reference, too */
    for (size_t k = 0; k < i && !twice; k++) twice = owners.rows.items[k].id == owners.rows.items[i].id;
    if (!twice && !plan_row(d, &owners.rows.items[i], err)) return false;
  }
  return true;
}

/* Showing it ------------------------------------------------------------------------------------------------------- */

static bool on_call_of(Departure *d, App *app, ValueVec *out, Error *err) {
  const Setup *setup = setup_take(app->setup);
  bool ok = true;
  for (size_t i = 0; ok && i < setup_schedule_count(setup); i++) {
    const SetupSchedule *schedule = setup_schedule_at(setup, i);
    Shift shift = {0};
    if (schedule->org_id != d->ctx->org_id) continue;
    ok = oncall_now(d->ctx->db, d->ctx->arena, app, schedule, d->ctx->now_ms, &shift, err);
    for (size_t k = 0; ok && k < shift.user_count; k++)
      if (shift.user_ids[k] == d->user_id)
        *VEC_PUSH(d->ctx->arena, out) = value_string(id_text(d->ctx->arena, "sch", schedule->id));
  }
  setup_give(setup);
  return ok;
}

bool departure_value(Departure *d, App *app, Value *out, Error *err) {
  ValueVec on_call = {0};
  MapBuilder map = map_builder(d->ctx->arena);
  if (!on_call_of(d, app, &on_call, err)) return false;
  map_put_c(&map, "user_id", person(d, d->user_id));
  map_put_c(&map, "replacement_id", person(d, d->replacement_id));
  map_put_c(&map, "changes", list_done(&d->changes));
  map_put_c(&map, "blockers", list_done(&d->blockers));
  map_put_c(&map, "on_call", list_done(&on_call));
  *out = map_done(&map);
  return true;
}

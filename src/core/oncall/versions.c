/* Versions of schedules. */
#include "core/oncall/versions.h"

#include "core/resources.h"
#include "lang/json.h"

/* A row whose number is there stays: it was kept when it was written. */
static const DbStmt KEEP = {
    "schedule_version_keep",
    "INSERT INTO schedule_version (id, org_id, schedule_id, number, effective_from, actor, body) VALUES "
    "($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (schedule_id, number) DO NOTHING",
    NULL};
static const DbStmt ANY = {"schedule_version_any", "SELECT COUNT(*) FROM schedule_version WHERE schedule_id = $1",
                           NULL};
static const DbStmt DROP = {"schedule_version_drop",
                            "DELETE FROM schedule_version WHERE schedule_id = $1 AND org_id = $2", NULL};
static const DbStmt LIST = {
    "schedule_versions",
    "SELECT number, effective_from, actor, body FROM schedule_version WHERE schedule_id = $1 AND "
    "org_id = $2 ORDER BY number DESC LIMIT 1000",
    NULL};
static const DbStmt ONE = {"schedule_version",
                           "SELECT body FROM schedule_version WHERE schedule_id = $1 AND org_id = $2 AND number = $3",
                           NULL};
/* The one that held at $2, and those that began until $3. */
static const DbStmt PLANS = {
    "schedule_version_plans",
    "SELECT effective_from, body FROM schedule_version WHERE schedule_id = $1 AND effective_from < $3 AND "
    "effective_from >= COALESCE((SELECT MAX(v.effective_from) FROM schedule_version AS v WHERE v.schedule_id = $1 AND "
    "v.effective_from <= $2), 0) ORDER BY effective_from, number",
    NULL};

static const char *const PLAN[] = {"time_zone", "layers", "skip_absent"};

bool schedule_plan_changed(const Value *old, const Value *fresh) {
  for (size_t i = 0; i < COUNT(PLAN); i++) {
    const Value *a = value_get_c(old, PLAN[i]), *b = value_get_c(fresh, PLAN[i]);
    if (a && b ? !value_equal(a, b) : a != b) return true;
  }
  return false;
}

static i64 time_of(const Value *row, const char *name) {
  i64 ms = 0;
  return time_parse_ms(value_text_or(value_get_c(row, name), STR_NONE), &ms) ? ms : 0;
}

static Value plan_of(Arena *arena, const Value *schedule) {
  MapBuilder map = map_builder(arena);
  for (size_t i = 0; i < COUNT(PLAN); i++) {
    const Value *member = value_get_c(schedule, PLAN[i]);
    if (member) map_put_c(&map, PLAN[i], *member);
  }
  return map_done(&map);
}

static bool keep(ResourceCtx *ctx, const Value *schedule, const Value *actor, Error *err) {
  Value plan = plan_of(ctx->arena, schedule);
  return db_run(ctx->db, &KEEP, err, db_int(id_next(ctx->ids)), db_int(ctx->org_id),
                db_int(resource_ref_id(ctx->registry, value_get_c(schedule, "id"))),
                db_int(value_int_or(value_get_c(schedule, "version"), 0)), db_int(time_of(schedule, "effective_from")),
                db_text(json_text(ctx->arena, actor)), db_text(json_text(ctx->arena, &plan)));
}

static Value nobody_known(Arena *arena) {
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "kind", value_c("system"));
  map_put_c(&map, "id", value_null());
  map_put_c(&map, "name", value_c(""));
  return map_done(&map);
}

bool schedule_version_keep(ResourceCtx *ctx, const Value *old, const Value *fresh, Error *err) {
  Value actor = actor_value(ctx), unknown = nobody_known(ctx->arena);
  i64 id = resource_ref_id(ctx->registry, value_get_c(fresh, "id")), kept = 0;
  bool found = false;
  if (old && !db_query_int(ctx->db, &ANY, DB_ARGS(db_int(id)), &kept, &found, err)) return false;
  if (old && !kept && !keep(ctx, old, &unknown, err)) return false;
  return keep(ctx, fresh, &actor, err);
}

bool schedule_versions_drop(ResourceCtx *ctx, i64 schedule_id, Error *err) {
  static const DbStmt RECORDS = {"shift_record_drop", "DELETE FROM shift_record WHERE schedule_id = $1 AND org_id = $2",
                                 NULL};
  return db_run(ctx->db, &RECORDS, err, db_int(schedule_id), db_int(ctx->org_id)) &&
         db_run(ctx->db, &DROP, err, db_int(schedule_id), db_int(ctx->org_id));
}

/* Reading --------------------------------------------------------------------------------------------------------- */

typedef struct Versions {
  Arena *arena;
  ValueVec items;
  i64 until_ms; /* of the row to come: rows come newest first */
} Versions;

static Value parsed(Arena *arena, Str text) {
  Value value = value_null();
  Error ignored = {0};
  return json_parse(arena, text, NULL, &value, &ignored) ? value : value_null();
}

static Value time_or_null(Arena *arena, i64 ms) {
  return ms ? value_string(time_text_ms(arena, ms)) : value_null();
}

static bool read_version(const DbRow *row, void *ctx) {
  Versions *v = ctx;
  MapBuilder map = map_builder(v->arena);
  map_put_c(&map, "version", value_int(db_row_int(row, 0)));
  map_put_c(&map, "effective_from", time_or_null(v->arena, db_row_int(row, 1)));
  map_put_c(&map, "effective_until", time_or_null(v->arena, v->until_ms));
  map_put_c(&map, "actor", parsed(v->arena, db_row_text(row, 2, v->arena)));
  map_put_c(&map, "schedule", parsed(v->arena, db_row_text(row, 3, v->arena)));
  *VEC_PUSH(v->arena, &v->items) = map_done(&map);
  v->until_ms = db_row_int(row, 1);
  return true;
}

bool schedule_versions(ResourceCtx *ctx, i64 schedule_id, Value *out, Error *err) {
  Versions v = {.arena = ctx->arena};
  MapBuilder map = map_builder(ctx->arena);
  if (!db_query(ctx->db, &LIST, DB_ARGS(db_int(schedule_id), db_int(ctx->org_id)), read_version, &v, err)) return false;
  map_put_c(&map, "items", list_done(&v.items));
  map_put_c(&map, "next_cursor", value_null());
  *out = map_done(&map);
  return true;
}

static bool read_body(const DbRow *row, void *ctx) {
  Versions *v = ctx;
  *VEC_PUSH(v->arena, &v->items) = parsed(v->arena, db_row_text(row, 0, v->arena));
  return true;
}

/* Anchors are nobody's to write. */
static Value without_anchors(ResourceCtx *ctx, const Value *layers) {
  ValueVec out = {0};
  for (size_t i = 0; value_is(layers, VALUE_LIST) && i < layers->size; i++) {
    MapBuilder map = map_builder(ctx->arena);
    const Value *layer = value_at(layers, i);
    for (size_t m = 0; m < layer->size; m++) {
      Str name = value_text(&layer->members[m].key);
      if (!str_equal_c(name, "anchor")) map_put(&map, name, layer->members[m].value);
    }
    *VEC_PUSH(ctx->arena, &out) = map_done(&map);
  }
  return list_done(&out);
}

static bool load_version(ResourceCtx *ctx, i64 schedule_id, i64 version, Value *out, Error *err) {
  Versions v = {.arena = ctx->arena};
  if (!db_query(ctx->db, &ONE, DB_ARGS(db_int(schedule_id), db_int(ctx->org_id), db_int(version)), read_body, &v, err))
    return false;
  if (v.items.count == 0)
    return fail_at(err, ERR_NOT_FOUND, "/version", "the schedule has no version %lld; GET .../versions lists them",
                   (long long)version);
  *out = v.items.items[0];
  return true;
}

bool schedule_restore(ResourceCtx *ctx, i64 schedule_id, i64 version, Value *out, Error *err) {
  Value was = value_null();
  if (!load_version(ctx, schedule_id, version, &was, err)) return false;
  Value body = was;
  resource_put(ctx, &body, "layers", without_anchors(ctx, value_get_c(&was, "layers")));
  ctx->restored = &was;
  bool ok = resource_update(ctx, registry_find(ctx->registry, S("schedule")), schedule_id, &body, 0, out, err);
  ctx->restored = NULL;
  return ok;
}

/* Plans ----------------------------------------------------------------------------------------------------------- */

typedef struct Plans {
  Arena *arena;
  ZoneDb *zones;
  VEC(SchedulePlan) items;
} Plans;

static bool read_plan(const DbRow *row, void *ctx) {
  Plans *plans = ctx;
  Value body = parsed(plans->arena, db_row_text(row, 1, plans->arena));
  const Value *layers = value_get_c(&body, "layers");
  Error ignored = {0};
  SchedulePlan plan = {.from_ms = db_row_int(row, 0),
                       .layers = layers ? *layers : value_null(),
                       .zone = zone_utc(),
                       .skip_absent = value_bool_or(value_get_c(&body, "skip_absent"), false)};
  if (!zone_find(plans->zones, value_text_or(value_get_c(&body, "time_zone"), S("UTC")), &plan.zone, &ignored))
    plan.zone = zone_utc();
  *VEC_PUSH(plans->arena, &plans->items) = plan;
  return true;
}

bool schedule_version_plans(Db *db, Arena *arena, const App *app, i64 schedule_id, const SchedulePlan *present,
                            i64 from_ms, i64 to_ms, RenderSources *out, Error *err) {
  Plans plans = {.arena = arena, .zones = app->zones};
  i64 before_ms = MIN(to_ms, present->from_ms);
  if (!db_query(db, &PLANS, DB_ARGS(db_int(schedule_id), db_int(from_ms), db_int(before_ms)), read_plan, &plans, err))
    return false;
  if (present->from_ms < to_ms || plans.items.count == 0) *VEC_PUSH(arena, &plans.items) = *present;
  out->plans = plans.items.items;
  out->plan_count = plans.items.count;
  return true;
}

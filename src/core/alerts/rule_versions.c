/* Versions of alert rules. */
#include "core/alerts/rule_versions.h"

#include "core/resources.h"
#include "lang/json.h"

static const DbStmt KEEP = {
    "rule_version_keep",
    "INSERT INTO alert_rule_version (id, org_id, rule_id, number, at, actor, name, body) VALUES "
    "($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (rule_id, number) DO NOTHING",
    NULL};
static const DbStmt LIST = {
    "rule_versions",
    "SELECT number, at, actor, name, body FROM alert_rule_version WHERE rule_id = $1 AND org_id = "
    "$2 ORDER BY number DESC LIMIT 1000",
    NULL};
static const DbStmt ONE = {
    "rule_version", "SELECT body FROM alert_rule_version WHERE rule_id = $1 AND org_id = $2 AND number = $3", NULL};

static Str actor_text(ResourceCtx *ctx, bool known) {
  MapBuilder map = map_builder(ctx->arena);
  map_put_c(&map, "kind", value_c(known && ctx->actor.kind ? ctx->actor.kind : "system"));
  map_put_c(&map, "id", known && ctx->actor.id.len ? value_string(ctx->actor.id) : value_null());
  map_put_c(&map, "name", value_string(known && ctx->actor.name.ptr ? ctx->actor.name : S("")));
  Value value = map_done(&map);
  return json_text(ctx->arena, &value);
}

static i64 time_of(const Value *row, const char *name) {
  i64 ms = 0;
  return time_parse_ms(value_text_or(value_get_c(row, name), STR_NONE), &ms) ? ms : 0;
}

static bool keep(ResourceCtx *ctx, const Value *rule, bool by_actor, Error *err) {
  return db_run(ctx->db, &KEEP, err, db_int(id_next(ctx->ids)), db_int(ctx->org_id),
                db_int(resource_ref_id(ctx->registry, value_get_c(rule, "id"))),
                db_int(value_int_or(value_get_c(rule, "version"), 0)), db_int(time_of(rule, "updated_at")),
                db_text(actor_text(ctx, by_actor)), db_text(value_text_or(value_get_c(rule, "name"), S(""))),
                db_text(json_text(ctx->arena, rule)));
}

bool rule_version_keep(ResourceCtx *ctx, const Value *old, const Value *fresh, Error *err) {
  return (!old || keep(ctx, old, false, err)) && keep(ctx, fresh, true, err);
}

typedef struct Versions {
  Arena *arena;
  ValueVec items;
} Versions;

static Value parsed(Arena *arena, Str text) {
  Value value = value_null();
  Error ignored = {0};
  return json_parse(arena, text, NULL, &value, &ignored) ? value : value_null();
}

static bool read_version(const DbRow *row, void *ctx) {
  Versions *v = ctx;
  MapBuilder map = map_builder(v->arena);
  map_put_c(&map, "version", value_int(db_row_int(row, 0)));
  map_put_c(&map, "at", value_string(time_text_ms(v->arena, db_row_int(row, 1))));
  map_put_c(&map, "actor", parsed(v->arena, db_row_text(row, 2, v->arena)));
  map_put_c(&map, "name", value_string(db_row_text(row, 3, v->arena)));
  map_put_c(&map, "rule", parsed(v->arena, db_row_text(row, 4, v->arena)));
  *VEC_PUSH(v->arena, &v->items) = map_done(&map);
  return true;
}

bool rule_versions(ResourceCtx *ctx, i64 rule_id, Value *out, Error *err) {
  Versions v = {.arena = ctx->arena};
  MapBuilder map = map_builder(ctx->arena);
  if (!db_query(ctx->db, &LIST, DB_ARGS(db_int(rule_id), db_int(ctx->org_id)), read_version, &v, err)) return false;
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

bool rule_version_load(ResourceCtx *ctx, i64 rule_id, i64 version, Value *out, Error *err) {
  Versions v = {.arena = ctx->arena};
  MapBuilder map = map_builder(ctx->arena);
  if (!db_query(ctx->db, &ONE, DB_ARGS(db_int(rule_id), db_int(ctx->org_id), db_int(version)), read_body, &v, err))
    return false;
  if (v.items.count == 0)
    return fail_at(err, ERR_NOT_FOUND, "/version", "the rule has no version %lld; GET .../versions lists them",
                   (long long)version);
  for (size_t i = 0; i < ALERT_RULE.field_count; i++) {
    const Field *f = &ALERT_RULE.fields[i];
    const Value *was = value_get_c(&v.items.items[0], f->name);
    if (was && !f->read_only && !f->immutable && !f->computed && !f->hidden) map_put_c(&map, f->name, *was);
  }
  *out = map_done(&map);
  return true;
}

/* Audit: who changed what from what to what. Secrets are named, never shown; of an update only what changed is kept. */
#include "lang/json.h"
#include "resource/internal.h"

static const DbStmt AUDIT_ADD = {
    "audit_add",
    "INSERT INTO audit (id, org_id, at, actor, verb, kind, object_id, before, after, address, "
    "via) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    NULL};

static Str actor_json(ResourceCtx *ctx) {
  MapBuilder map = map_builder(ctx->arena);
  map_put_c(&map, "kind", value_c(ctx->actor.kind ? ctx->actor.kind : "system"));
  map_put_c(&map, "id", ctx->actor.id.len ? value_string(ctx->actor.id) : value_null());
  map_put_c(&map, "name", value_string(ctx->actor.name.ptr ? ctx->actor.name : S("")));
  Value value = map_done(&map);
  return json_text(ctx->arena, &value);
}

static bool keeps(const Value *row, const Value *other, const Member *m) {
  if (!other) return true;
  Str name = value_text(&m->key);
  const Value *there = value_get(other, name);
  (void)row;
  return !str_equal_c(name, "updated_at") && !str_equal_c(name, "version") && !(there && value_equal(there, &m->value));
}

static DbValue side(ResourceCtx *ctx, const Resource *r, const Value *row, const Value *other) {
  if (!row) return db_null();
  MapBuilder map = map_builder(ctx->arena);
  for (u32 i = 0; i < row->size; i++) {
    const Member *m = &row->members[i];
    const Field *f = resource_field(r, value_text(&m->key));
    if ((f && f->hidden) || !keeps(row, other, m)) continue;
    bool secret = f && f->write_only && m->value.kind != VALUE_NULL;
    map_put(&map, value_text(&m->key), secret ? value_c("(secret)") : m->value);
  }
  Value value = map_done(&map);
  return db_text(json_text(ctx->arena, &value));
}

bool resource_audit(ResourceCtx *ctx, const Resource *r, i64 id, const char *verb, const Value *before,
                    const Value *after, Error *err) {
  i64 org_id = r->is_organization ? id : ctx->org_id;
  return db_run(ctx->db, &AUDIT_ADD, err, db_int(id_next(ctx->ids)), db_int(org_id), db_int(ctx->now_ms),
                db_text(actor_json(ctx)), db_text(str_from_c(verb)), db_text(str_from_c(r->name)), db_int(id),
                side(ctx, r, before, after), side(ctx, r, after, before), db_text_or_null(ctx->address),
                db_text_or_null(ctx->via));
}

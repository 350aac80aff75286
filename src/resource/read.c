/* One row: loading it whole, and what of it is answered. */
#include "resource/internal.h"

typedef struct Loading {
  ResourceCtx *ctx;
  const ResourceSql *sql;
  Value row;
} Loading;

static bool take_row(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  load->row = row_value(load->ctx, load->sql, row);
  return true;
}

bool resource_load(ResourceCtx *ctx, const Resource *r, i64 id, Value *out, bool *out_found, Error *err) {
  Loading load = {.ctx = ctx, .sql = registry_sql(ctx->registry, r)};
  DbValue args[] = {db_int(id), db_int(ctx->org_id)};
  bool found = false;
  if (!db_query_one(ctx->db, &load.sql->select, COUNT(args), args, take_row, &load, &found, err)) return false;
  if (found) *out = load.row;
  *out_found = found;
  return !found || resource_seen(ctx, r, id, out_found, err);
}

Value resource_render(ResourceCtx *ctx, const Resource *r, const Value *row) {
  MapBuilder out = map_builder(ctx->arena);
  for (u32 i = 0; i < row->size; i++) {
    const Field *f = resource_field(r, value_text(&row->members[i].key));
    if (f && (f->write_only || f->hidden)) continue;
    map_put(&out, value_text(&row->members[i].key), row->members[i].value);
  }
  if (r->render) r->render(ctx, row, &out);
  return map_done(&out);
}

bool resource_get(ResourceCtx *ctx, const Resource *r, i64 id, Value *out, Error *err) {
  Value row = value_null();
  bool found = false;
  if (!resource_load(ctx, r, id, &row, &found, err)) return false;
  if (!found) return fail(err, ERR_NOT_FOUND, "there is no %s %.*s", r->name, STR_ARG(resource_id_text(ctx, r, id)));
  *out = resource_render(ctx, r, &row);
  return true;
}

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
  *out_found = found && team_may_see(ctx, r, &load.row);
  return true;
}

/* Rows of a team the caller is not in do not exist for them; rows of no team are everybody's. */
bool team_may_see(const ResourceCtx *ctx, const Resource *r, const Value *row) {
  if (!ctx->teams_limited || !r->team_column) return true;
  const Value *team = value_get_c(row, r->team_column);
  if (!team || team->kind == VALUE_NULL) return true;
  i64 id = resource_ref_id(ctx->registry, team);
  for (size_t i = 0; i < ctx->team_count; i++)
    if (ctx->team_ids[i] == id) return true;
  return false;
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

/* Names to ids: typed id, number, slug, e-mail, in this order. Everything is looked for in the caller's organization
 * only; what belongs to another one is not found. */
#include "resource/internal.h"

static bool find_int(ResourceCtx *ctx, const DbStmt *stmt, DbValue key, i64 *out, bool *out_found, Error *err) {
  DbValue args[] = {key, db_int(ctx->org_id)};
  return db_query_int(ctx->db, stmt, COUNT(args), args, out, out_found, err);
}

/* "escalation policy" */
static const char *words_of(ResourceCtx *ctx, const Resource *r) {
  char *words = str_to_c(ctx->arena, str_from_c(r->name));
  for (char *at = words; *at; at++)
    if (*at == '_') *at = ' ';
  return words;
}

static bool not_found(ResourceCtx *ctx, const Resource *r, Str text, Error *err) {
  const Resource *other = registry_prefix(ctx->registry, text);
  if (other && other != r && str_find_char(text, '_', 0) != SIZE_MAX)
    return fail(err, ERR_NOT_FOUND, "\"%.*s\" is the id of %s %s; %s %s is needed", STR_ARG(utf8_cut(text, 80)),
                str_article(other->name), words_of(ctx, other), str_article(r->name), words_of(ctx, r));
  return fail(err, ERR_NOT_FOUND, "there is no %s \"%.*s\"; name it by its id (%s_...)%s%s%s%s%s", words_of(ctx, r),
              STR_ARG(utf8_cut(text, 80)), r->prefix, r->has_slug ? " or slug" : "", r->number ? " or number (" : "",
              r->number ? r->number : "", r->number ? "-1)" : "", r->lookup ? " or e-mail" : "");
}

/* "INC-42", "inc-42" or "42" */
static bool read_number(const Resource *r, Str text, i64 *out) {
  Str head, tail;
  if (!r->number) return false;
  if (str_to_i64(text, 1, INT64_MAX, out)) return true;
  return str_cut(text, '-', &head, &tail) && str_equal_nocase(head, str_from_c(r->number)) &&
         str_to_i64(tail, 1, INT64_MAX, out);
}

bool resource_resolve(ResourceCtx *ctx, const Resource *r, Str text, i64 *out_id, Error *err) {
  const ResourceSql *sql = registry_sql(ctx->registry, r);
  bool found = false;
  i64 id = 0, key = 0;
  bool asked = true;
  if (id_parse(r->prefix, text, &key))
    asked = find_int(ctx, &sql->exists, db_int(key), &id, &found, err);
  else if (read_number(r, text, &key))
    asked = find_int(ctx, &sql->by_number, db_int(key), &id, &found, err);
  else if (r->has_slug && slug_valid(text))
    asked = find_int(ctx, &sql->by_slug, db_text(text), &id, &found, err);
  else if (r->lookup)
    asked = find_int(ctx, &sql->by_lookup, db_text(str_lower(ctx->arena, text)), &id, &found, err);
  if (!asked || (found && !resource_seen(ctx, r, id, &found, err))) return false;
  if (!found) return not_found(ctx, r, text, err);
  *out_id = id;
  return true;
}

bool resource_resolve_record(ResourceCtx *ctx, const Resource *r, Str text, i64 *out_id) {
  const Resource *record = r->remains ? registry_find(ctx->registry, str_from_c(r->remains)) : NULL;
  i64 id = 0;
  Error ignored = {0};
  if (!record) return false;
  if (id_parse(r->prefix, text, &id)) text = id_text(ctx->arena, record->prefix, id);
  return resource_resolve(ctx, record, text, out_id, &ignored);
}

Str resource_id_text(ResourceCtx *ctx, const Resource *r, i64 id) {
  return id_text(ctx->arena, r->prefix, id);
}

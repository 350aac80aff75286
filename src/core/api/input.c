/* What a verb takes: body and query are checked against the tables of its route before it runs, so that every verb
 * names every wrong member, and takes slugs, numbers and e-mails wherever it takes an id. */
#include "core/api/internal.h"

#include "lang/json.h"

const Field API_WHOLE_LIST[API_WHOLE_LIST_COUNT] = {
    {.name = "limit", .kind = F_INT, .min = 1, .max = LIST_LIMIT_MAX, .doc = "Changes nothing: all are answered."},
    {.name = "cursor", .kind = F_TEXT, .doc = "Changes nothing: all are answered."}};

/* Query ----------------------------------------------------------------------------------------------------------- */

bool api_read_query(Call *call, QueryPairs *out, Error *err) {
  QueryPairs pairs = {0};
  Str rest = call->request->query, part;
  while (rest.len) {
    Str name, value = STR_NONE;
    (void)str_cut(rest, '&', &part, &rest);
    if (part.len == 0) continue;
    if (!str_cut(part, '=', &name, &value)) name = part;
    if (!url_decode(call->arena, name, true, VEC_PUSH(call->arena, &pairs.names)) ||
        !url_decode(call->arena, value, true, VEC_PUSH(call->arena, &pairs.values)))
      return fail(err, ERR_INVALID, "the query \"%.*s\" has a malformed escape", STR_ARG(utf8_cut(part, 100)));
  }
  for (size_t i = 0; i < pairs.names.count; i++)
    if (!utf8_valid(pairs.names.items[i]) || !utf8_valid(pairs.values.items[i]) ||
        str_find_char(pairs.values.items[i], 0, 0) != SIZE_MAX)
      return fail(err, ERR_INVALID, "the query is not UTF-8 text");
  *out = pairs;
  return true;
}

static const Field *parameter(const Route *route, Str name) {
  for (size_t i = 0; i < route->query_count; i++)
    if (str_equal_c(name, route->query[i].name)) return &route->query[i];
  return NULL;
}

/* Numbers and truth come as text here. */
static Value from_text(const Field *f, Str text) {
  i64 n = 0;
  if ((f->kind == F_INT || f->kind == F_TIME) && str_to_i64(text, INT64_MIN, INT64_MAX, &n)) return value_int(n);
  if (f->kind == F_BOOL && str_equal_c(text, "true")) return value_bool(true);
  if (f->kind == F_BOOL && str_equal_c(text, "false")) return value_bool(false);
  return value_string(text);
}

static bool unknown_parameter(const Call *call, Str name, Error *err) {
  const char *names[32];
  size_t count = 0;
  for (size_t i = 0; i < call->route->query_count && count < COUNT(names); i++)
    names[count++] = call->route->query[i].name;
  return fail(err, ERR_INVALID, "there is no parameter \"%.*s\" here%.*s", STR_ARG(utf8_cut(name, 60)),
              STR_ARG(count ? resource_suggest(call->arena, name, names, count) : S("; it takes none")));
}

static bool check_query(Call *call, ResourceCtx *ctx, Error *err) {
  QueryPairs pairs = {0};
  MapBuilder given = map_builder(call->arena);
  if (call->route->query_is_free) return true;
  if (!api_read_query(call, &pairs, err)) return false;
  for (size_t i = 0; i < pairs.names.count; i++) {
    const Field *f = parameter(call->route, pairs.names.items[i]);
    if (!f) return unknown_parameter(call, pairs.names.items[i], err);
    if (map_put_c(&given, f->name, from_text(f, pairs.values.items[i])))
      return fail(err, ERR_INVALID, "parameter %s is given twice", f->name);
  }
  Value map = map_done(&given);
  if (resource_check(ctx, call->route->query, call->route->query_count, &map, &call->query, err)) return true;
  bool absent = true; /* what the parameters name is not there: as if it stood in the path */
  for (size_t i = 0; i < ctx->errors.count; i++)
    absent = absent && str_equal_c(S("not_found"), ctx->errors.items[i].code);
  if (absent) err->code = ERR_NOT_FOUND;
  ctx->errors.count = 0; /* pointers are for bodies */
  return error_prefix(err, "parameter ");
}

i64 api_query_ref(const Call *call, const char *name) {
  return resource_ref_id(call->app->registry, value_get_c(&call->query, name));
}

i64 api_query_time(const Call *call, const char *name, i64 otherwise) {
  i64 ms = 0;
  return time_parse_ms(value_text_or(value_get_c(&call->query, name), STR_NONE), &ms) ? ms : otherwise;
}

/* Body ------------------------------------------------------------------------------------------------------------ */

bool api_read_body(Call *call, Error *err) {
  if (call->request->body.len == 0) return true;
  JsonOptions options = {0};
  if (!json_parse(call->arena, call->request->body, &options, &call->body, err))
    return error_prefix(err, "the body is not JSON: ");
  if (call->body.kind == VALUE_MAP) return true;
  return fail(err, ERR_INVALID, "the body must be a JSON object, not %s %s",
              str_article(value_kind_name(call->body.kind)), value_kind_name(call->body.kind));
}

static bool check_body(Call *call, ResourceCtx *ctx, Error *err) {
  Value given = call->body.kind == VALUE_MAP ? call->body : (Value){.kind = VALUE_MAP};
  if (call->route->method == HTTP_GET || call->route->bulk) return true;
  return resource_check(ctx, call->route->body, call->route->body_count, &given, &call->body, err);
}

/* Of one resource: a list reads its own. A misspelt dry_run would write. */
static bool check_resource_query(Call *call, Error *err) {
  bool reads = call->route->read != NULL;
  const char *known = reads ? "fields" : "dry_run";
  QueryPairs pairs = {0};
  if (reads && call->param_count == 0) return true;
  if (!api_read_query(call, &pairs, err)) return false;
  for (size_t i = 0; i < pairs.names.count; i++) {
    if (!str_equal_c(pairs.names.items[i], known))
      return fail(err, ERR_INVALID, "there is no parameter \"%.*s\" here%.*s",
                  STR_ARG(utf8_cut(pairs.names.items[i], 60)),
                  STR_ARG(resource_suggest(call->arena, pairs.names.items[i], &known, 1)));
    if (i > 0) return fail(err, ERR_INVALID, "parameter %s is given twice", known);
  }
  return true;
}

bool api_check_input(Call *call, Db *db, Error *err) {
  ApiCtx ctx = api_ctx(call, db, NULL);
  if (call->resource) return check_resource_query(call, err); /* the registry checks bodies itself */
  bool ok = check_query(call, &ctx.rc, err) && check_body(call, &ctx.rc, err);
  call->errors = ctx.rc.errors;
  return ok;
}

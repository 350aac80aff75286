/* The doors that every resource has: create, read, list, change, delete. */
#include "core/api/bulk.h"

static void note_version(Call *call) {
  call->answer_version = value_int_or(value_get_c(&call->answer, "version"), 0);
}

static bool generic_list(Call *call, Db *db, Error *err) {
  ApiCtx ctx = api_ctx(call, db, NULL);
  QueryPairs pairs = {0};
  ListQuery query = {0};
  ResourceList list = {0};
  if (!api_read_query(call, &pairs, err) ||
      !resource_query_read(call->arena, pairs.names.items, pairs.values.items, pairs.names.count, &query, err) ||
      !resource_list(&ctx.rc, call->resource, &query, &list, err))
    return false;
  call->answer = resource_list_value(&ctx.rc, &list);
  return true;
}

static bool generic_get(Call *call, Db *db, Error *err) {
  ApiCtx ctx = api_ctx(call, db, NULL);
  i64 id = 0;
  Str fields = api_query(call, "fields");
  if (!resource_fields_check(call->arena, call->resource, fields, err) ||
      !resource_resolve(&ctx.rc, call->resource, call->params[0], &id, err) ||
      !resource_get(&ctx.rc, call->resource, id, &call->answer, err))
    return false;
  note_version(call);
  call->answer = resource_fields_only(call->arena, fields, call->answer);
  return true;
}

static i64 answered_id(const Call *call) {
  return resource_ref_id(call->app->registry, value_get_c(&call->answer, "id"));
}

static bool generic_create(Call *call, Cycle *cycle, Error *err) {
  ApiCtx ctx = api_ctx(call, cycle->db, cycle);
  bool ok = resource_create(&ctx.rc, call->resource, &call->body, &call->answer, err) &&
            api_may_change(call, cycle->db, call->resource, answered_id(call), err);
  call->errors = ctx.rc.errors;
  call->shown_once = value_is(&ctx.rc.once, VALUE_MAP);
  call->status = 201;
  note_version(call);
  return ok;
}

static bool generic_update(Call *call, Cycle *cycle, Error *err) {
  ApiCtx ctx = api_ctx(call, cycle->db, cycle);
  i64 id = 0, version = 0;
  bool ok = api_if_match(call, &version, err) && resource_resolve(&ctx.rc, call->resource, call->params[0], &id, err) &&
            api_may_change(call, cycle->db, call->resource, id, err) &&
            resource_update(&ctx.rc, call->resource, id, &call->body, version, &call->answer, err) &&
            api_may_change(call, cycle->db, call->resource, id, err); /* as it is now, too */
  call->errors = ctx.rc.errors;
  note_version(call);
  return ok;
}

static bool generic_delete(Call *call, Cycle *cycle, Error *err) {
  ApiCtx ctx = api_ctx(call, cycle->db, cycle);
  i64 id = 0, version = 0;
  call->status = 204;
  return api_if_match(call, &version, err) && resource_resolve(&ctx.rc, call->resource, call->params[0], &id, err) &&
         api_may_change(call, cycle->db, call->resource, id, err) &&
         resource_delete(&ctx.rc, call->resource, id, version, err);
}

/* The whole write with all its checks, undone by its own savepoint: it answers as if it were kept. */
bool api_try(Call *call, Cycle *cycle, Error *err) {
  if (!call->route->bulk && (!call->resource || !call->resource->configured))
    return fail(err, ERR_INVALID, "dry_run is for creating, changing and deleting what people configure");
  if (!call->route->write(call, cycle, err)) return false;
  call->tried = true;
  return fail(err, ERR_CONFLICT, "a dry run keeps nothing");
}

const GenericDoor API_GENERIC_DOORS[] = {
    {HTTP_GET, false, VERB_LIST, "read", {.read = generic_list}},
    {HTTP_GET, true, VERB_READ, "read", {.read = generic_get}},
    {HTTP_POST, false, VERB_CREATE, "create", {.write = generic_create}},
    {HTTP_PATCH, true, VERB_UPDATE, "update", {.write = generic_update}},
    {HTTP_DELETE, true, VERB_DELETE, "delete", {.write = generic_delete}},
    {HTTP_POST,
     true,
     VERB_DELETE,
     "delete",
     {.write = api_bulk, .bulk = "delete", QUERY(API_DRY_RUN), ANSWER(BULK_ANSWER)}},
};
const size_t API_GENERIC_DOOR_COUNT = COUNT(API_GENERIC_DOORS);

const Route *api_generic_route(Call *call, Str path, HttpMethod method, u32 *methods) {
  Str plural = path, id = STR_NONE;
  bool with_id = str_cut(path, '/', &plural, &id);
  if (str_equal_c(path, "organization")) { /* the caller's own: there is no other */
    plural = S("organizations");
    id = id_text(call->arena, "org", call->org_id);
    with_id = true;
  }
  call->resource = registry_plural(call->app->registry, plural);
  if (!call->resource || str_find_char(id, '/', 0) != SIZE_MAX || (with_id && id.len == 0)) return NULL;
  call->params[0] = id;
  call->param_count = with_id;
  const Route *found = NULL;
  for (size_t i = 0; i < API_GENERIC_DOOR_COUNT; i++) {
    const GenericDoor *door = &API_GENERIC_DOORS[i];
    if (door->with_id != with_id || !(call->resource->verbs & door->verb)) continue;
    if (door->route.bulk && !str_equal_c(id, door->route.bulk)) continue;
    *methods |= 1u << door->method;
    if (door->method == method) found = &door->route;
  }
  return found;
}

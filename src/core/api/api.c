/* The door of /api/: who calls, which route, JSON in, JSON or problem+json out. */
#include "core/api/api.h"

#include "core/api/hooks.h"
#include "lang/json.h"

enum { BODY_MAX = 1024 * 1024 };

static const Route *const TABLES[] = {ALERT_ROUTES, INCIDENT_ROUTES, PAGING_ROUTES, ONCALL_ROUTES, SETUP_ROUTES};

/* Answers --------------------------------------------------------------------------------------------------------- */

void respond_json(App *app, HttpRequest *request, int status, const Value *body) {
  Buf buf = buf_new(request->arena, MIB(64));
  json_write(&buf, body);
  respond_text(app, request, status, "application/json", buf_str(&buf));
}

void respond_text(App *app, HttpRequest *request, int status, const char *content_type, Str body) {
  HttpResponse response = {.status = status, .content_type = content_type, .body = body};
  http_respond(app->http, request, &response);
}

static Value field_error_value(Arena *arena, Str pointer, const char *code, Str message) {
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "pointer", value_string(pointer));
  map_put_c(&map, "code", value_c(code));
  map_put_c(&map, "message", value_string(message));
  return map_done(&map);
}

static const char *problem_title(int status) {
  static const char *const TITLES[] = {
      [400] = "Bad Request",         [401] = "Unauthorized",          [403] = "Forbidden",
      [404] = "Not Found",           [405] = "Method Not Allowed",    [409] = "Conflict",
      [412] = "Precondition Failed", [413] = "Content Too Large",     [422] = "Unprocessable Content",
      [429] = "Too Many Requests",   [500] = "Internal Server Error", [503] = "Service Unavailable"};
  bool known = status >= 0 && (size_t)status < COUNT(TITLES) && TITLES[status];
  return known ? TITLES[status] : "Error";
}

static void respond_problem(Call *call, const Error *err) {
  Arena *arena = call->arena;
  int status = error_http_status(err->code);
  MapBuilder map = map_builder(arena);
  ValueVec errors = {0};
  for (size_t i = 0; i < call->errors.count; i++) {
    const FieldError *e = &call->errors.items[i];
    *VEC_PUSH(arena, &errors) = field_error_value(arena, e->pointer, e->code, e->message);
  }
  if (errors.count == 0 && err->pointer[0])
    *VEC_PUSH(arena, &errors) =
        field_error_value(arena, str_from_c(err->pointer), error_code_name(err->code), str_from_c(err->message));
  map_put_c(&map, "type", value_string(S("about:blank")));
  map_put_c(&map, "title", value_c(problem_title(status)));
  map_put_c(&map, "status", value_int(status));
  map_put_c(&map, "code", value_c(error_code_name(err->code)));
  map_put_c(&map, "detail", value_c(err->message));
  if (err->detail[0]) map_put_c(&map, "context", value_c(err->detail));
  map_put_c(&map, "errors", list_done(&errors));
  Value body = map_done(&map);
  Buf buf = buf_new(arena, MIB(1));
  json_write(&buf, &body);
  HttpHeader retry = {S("Retry-After"), S("5")};
  HttpHeader challenge = {S("WWW-Authenticate"), S("Bearer")};
  HttpResponse response = {.status = status,
                           .content_type = "application/problem+json",
                           .body = buf_str(&buf),
                           .headers = status == 503 ? &retry : &challenge,
                           .header_count = status == 503 || status == 401};
  http_respond(call->app->http, call->request, &response);
}

static void respond_call(Call *call) {
  int status = call->status ? call->status : 200;
  if (call->raw.ptr || status == 204) {
    respond_text(call->app, call->request, status, call->content_type, call->raw);
    return;
  }
  Buf buf = buf_new(call->arena, MIB(64));
  json_write(&buf, &call->answer);
  HttpHeader etag = {S("ETag"), str_format(call->arena, "\"%lld\"", (long long)call->answer_version)};
  HttpResponse response = {.status = status,
                           .content_type = "application/json",
                           .body = buf_str(&buf),
                           .headers = &etag,
                           .header_count = call->answer_version > 0};
  http_respond(call->app->http, call->request, &response);
}

/* Contexts -------------------------------------------------------------------------------------------------------- */

static void changed(ResourceCtx *rc, const Resource *resource, i64 id, i64 version) {
  ApiCtx *ctx = (ApiCtx *)(void *)rc;
  if (!ctx->cycle) return;
  cycle_publish(ctx->cycle, rc->org_id, resource->name, id, version);
  setup_changed(cycle_app(ctx->cycle)->setup);
}

static ApiCtx make_ctx(App *app, Arena *arena, Db *db, Cycle *cycle, i64 org_id, Actor actor) {
  return (ApiCtx){.rc = {.db = db,
                         .arena = arena,
                         .org_id = org_id,
                         .now_ms = cycle ? cycle->now_ms : clock_now(&app->clock),
                         .ids = &app->ids,
                         .zones = app->zones,
                         .actor = actor,
                         .registry = app->registry,
                         .app = app,
                         .hooks = &API_HOOKS,
                         .public_url = app->public_url,
                         .check_cel = api_check_cel,
                         .changed = changed},
                  .cycle = cycle};
}

ApiCtx api_ctx(Call *call, Db *db, Cycle *cycle) {
  ApiCtx ctx = make_ctx(call->app, call->arena, db, cycle, call->org_id, call->actor);
  ctx.call = call;
  ctx.rc.administrator =
      !call->user || str_equal_c(call->user->role, "owner") || str_equal_c(call->user->role, "admin");
  return ctx;
}

ApiCtx api_ctx_of(App *app, Cycle *cycle, i64 org_id, Actor actor) {
  ApiCtx ctx = make_ctx(app, cycle->arena, cycle->db, cycle, org_id, actor);
  ctx.rc.administrator = true;
  return ctx;
}

bool api_resolve(Call *call, Db *db, const char *resource, size_t param, i64 *out_id, Error *err) {
  ApiCtx ctx = api_ctx(call, db, NULL);
  return resource_resolve(&ctx.rc, registry_find(call->app->registry, str_from_c(resource)), call->params[param],
                          out_id, err);
}

bool api_answer_with(Call *call, Db *db, const char *resource, i64 id, Error *err) {
  ApiCtx ctx = api_ctx(call, db, NULL);
  return resource_get(&ctx.rc, registry_find(call->app->registry, str_from_c(resource)), id, &call->answer, err);
}

Str api_text(const Call *call, const char *name) {
  return value_text_or(value_get_c(&call->body, name), STR_NONE);
}
Str api_query(const Call *call, const char *name) {
  return http_query(call->request, name, 0);
}

bool api_time(const Call *call, const char *name, i64 *out_ms, Error *err) {
  const Value *v = value_get_c(&call->body, name);
  char pointer[64] = "/";
  for (size_t i = 0; name[i] && i < sizeof pointer - 2; i++) pointer[i + 1] = name[i];
  if (value_is(v, VALUE_INT)) return *out_ms = v->i, true;
  if (time_parse_ms(value_text_or(v, STR_NONE), out_ms)) return true;
  return fail_at(err, ERR_INVALID, pointer, "%s is a time such as 2026-01-05T09:00:00Z", name);
}

/* The generic doors ----------------------------------------------------------------------------------------------- */

static i64 if_match(const Call *call) {
  Str text = str_trim(http_header(call->request, "If-Match"));
  if (text.len >= 2 && text.ptr[0] == '"') text = str_slice(text, 1, text.len - 1);
  i64 version = 0;
  return str_to_i64(text, 1, INT64_MAX, &version) ? version : 0;
}

static void note_version(Call *call) {
  call->answer_version = value_int_or(value_get_c(&call->answer, "version"), 0);
}

static bool read_query(Call *call, ListQuery *out, Error *err) {
  VEC(Str) names = {0}, values = {0};
  Str rest = call->request->query, part;
  while (rest.len) {
    Str name, value = STR_NONE;
    (void)str_cut(rest, '&', &part, &rest);
    if (!str_cut(part, '=', &name, &value)) name = part;
    if (!url_decode(call->arena, name, true, VEC_PUSH(call->arena, &names)) ||
        !url_decode(call->arena, value, true, VEC_PUSH(call->arena, &values)))
      return fail(err, ERR_INVALID, "the query \"%.*s\" has a malformed escape", STR_ARG(part));
  }
  return resource_query_read(call->arena, names.items, values.items, names.count, out, err);
}

static bool generic_list(Call *call, Db *db, Error *err) {
  ApiCtx ctx = api_ctx(call, db, NULL);
  ListQuery query = {0};
  ResourceList list = {0};
  if (!read_query(call, &query, err) || !resource_list(&ctx.rc, call->resource, &query, &list, err)) return false;
  call->answer = resource_list_value(&ctx.rc, &list);
  return true;
}

static bool generic_get(Call *call, Db *db, Error *err) {
  ApiCtx ctx = api_ctx(call, db, NULL);
  i64 id = 0;
  if (!resource_resolve(&ctx.rc, call->resource, call->params[0], &id, err) ||
      !resource_get(&ctx.rc, call->resource, id, &call->answer, err))
    return false;
  note_version(call);
  return true;
}

static bool generic_create(Call *call, Cycle *cycle, Error *err) {
  ApiCtx ctx = api_ctx(call, cycle->db, cycle);
  bool ok = resource_create(&ctx.rc, call->resource, &call->body, &call->answer, err);
  call->errors = ctx.rc.errors;
  call->status = 201;
  note_version(call);
  return ok;
}

static bool generic_update(Call *call, Cycle *cycle, Error *err) {
  ApiCtx ctx = api_ctx(call, cycle->db, cycle);
  i64 id = 0;
  bool ok = resource_resolve(&ctx.rc, call->resource, call->params[0], &id, err) &&
            resource_update(&ctx.rc, call->resource, id, &call->body, if_match(call), &call->answer, err);
  call->errors = ctx.rc.errors;
  note_version(call);
  return ok;
}

static bool generic_delete(Call *call, Cycle *cycle, Error *err) {
  ApiCtx ctx = api_ctx(call, cycle->db, cycle);
  i64 id = 0;
  call->status = 204;
  return resource_resolve(&ctx.rc, call->resource, call->params[0], &id, err) &&
         resource_delete(&ctx.rc, call->resource, id, if_match(call), err);
}

static const struct {
  HttpMethod method;
  bool with_id;
  ResourceVerbs verb;
  Route route;
} GENERIC[] = {
    {HTTP_GET, false, VERB_LIST, {.read = generic_list}},
    {HTTP_GET, true, VERB_READ, {.read = generic_get}},
    {HTTP_POST, false, VERB_CREATE, {.write = generic_create}},
    {HTTP_PATCH, true, VERB_UPDATE, {.write = generic_update}},
    {HTTP_DELETE, true, VERB_DELETE, {.write = generic_delete}},
};

/* Routing --------------------------------------------------------------------------------------------------------- */

static bool path_matches(const char *pattern, Str path, Call *call) {
  Str want = str_from_c(pattern), have = path, want_part, have_part;
  call->param_count = 0;
  for (;;) {
    bool more_want = str_cut(want, '/', &want_part, &want), more_have = str_cut(have, '/', &have_part, &have);
    if (want_part.len && want_part.ptr[0] == '{') {
      if (have_part.len == 0) return false;
      call->params[call->param_count++] = have_part;
    } else if (!str_equal(want_part, have_part)) {
      return false;
    }
    if (more_want != more_have) return false;
    if (!more_want) return true;
  }
}

static const Route *find_verb(Call *call, Str path, HttpMethod method, bool *out_path_known) {
  for (size_t t = 0; t < COUNT(TABLES); t++)
    for (const Route *route = TABLES[t]; route->path; route++) {
      if (!path_matches(route->path, path, call)) continue;
      *out_path_known = true;
      if (route->method == method) return route;
    }
  return NULL;
}

static const Route *find_generic(Call *call, Str path, HttpMethod method, bool *out_path_known) {
  Str plural = path, id = STR_NONE;
  bool with_id = str_cut(path, '/', &plural, &id);
  if (str_equal_c(path, "organization")) { /* the caller's own: there is no other */
    plural = S("organizations");
    id = id_text(call->arena, "org", call->org_id);
    with_id = true;
  }
  call->resource = registry_plural(call->app->registry, plural);
  if (!call->resource || str_find_char(id, '/', 0) != SIZE_MAX || (with_id && id.len == 0)) return NULL;
  *out_path_known = true;
  call->params[0] = id;
  call->param_count = with_id;
  for (size_t i = 0; i < COUNT(GENERIC); i++)
    if (GENERIC[i].method == method && GENERIC[i].with_id == with_id && call->resource->verbs & GENERIC[i].verb)
      return &GENERIC[i].route;
  return NULL;
}

/* Who ------------------------------------------------------------------------------------------------------------- */

static bool authenticate(Call *call, const SetupKey **out_key, Error *err) {
  Str header = http_header(call->request, "Authorization");
  if (!str_starts_with(header, S("Bearer ")))
    return fail(err, ERR_UNAUTHORIZED, "this needs an API key: send \"Authorization: Bearer tk_...\"");
  const SetupKey *key =
      setup_key_by_hash(call->setup, sha256_hex(call->arena, str_trim(str_slice(header, 7, header.len))));
  if (!key) return fail(err, ERR_UNAUTHORIZED, "the API key is not known");
  if (key->expires_ms && key->expires_ms <= clock_now(&call->app->clock))
    return fail(err, ERR_UNAUTHORIZED, "the API key has expired");
  *out_key = key;
  call->org_id = key->org_id;
  call->user = setup_user(call->setup, key->user_id);
  if (key->user_id && (!call->user || str_equal_c(call->user->status, "deactivated")))
    return fail(err, ERR_UNAUTHORIZED, "the user of this API key is deactivated");
  call->actor = call->user ? (Actor){"user", id_text(call->arena, "usr", call->user->id), call->user->name}
                           : (Actor){"key", id_text(call->arena, "key", key->id), key->name};
  call->who = (Who){call->actor.kind, call->actor.id, call->actor.name};
  return true;
}

/* Running --------------------------------------------------------------------------------------------------------- */

static void run_read(void *ctx) {
  Call *call = ctx;
  Db *db = NULL;
  Error err = {0};
  bool ok = db_pool_take(call->app->readers, &db, &err) && call->route->read(call, db, &err);
  db_pool_give(call->app->readers, db);
  if (ok)
    respond_call(call);
  else
    respond_problem(call, &err);
}

static const DbStmt ANSWER_GET = {"api_answer_get",
                                  "SELECT status, answer FROM idempotency WHERE org_id = $1 AND scope = $2 AND "
                                  "\"key\" = $3 AND expires_at > $4",
                                  NULL};
static const DbStmt ANSWER_PUT = {
    "api_answer_put",
    "INSERT INTO idempotency (org_id, scope, \"key\", status, answer, expires_at) VALUES ($1,$2,$3,$4,$5,$6) "
    "ON CONFLICT (org_id, scope, \"key\") DO UPDATE SET status = excluded.status, answer = excluded.answer, "
    "expires_at = excluded.expires_at",
    NULL};

static bool read_answer(const DbRow *row, void *ctx) {
  Call *call = ctx;
  call->status = (int)db_row_int(row, 0);
  call->raw = db_row_text(row, 1, call->arena);
  call->content_type = "application/json";
  return true;
}

/* The same Idempotency-Key on the same path within 24 h: the first answer again, and nothing is written. */
static bool write_once(Call *call, Cycle *cycle, Str key, Error *err) {
  Str scope = str_format(call->arena, "%.*s %.*s %.*s", STR_ARG(call->actor.id), STR_ARG(call->request->method_text),
                         STR_ARG(call->request->path));
  bool found = false;
  if (!db_query_one(cycle->db, &ANSWER_GET,
                    DB_ARGS(db_int(call->org_id), db_text(scope), db_text(key), db_int(cycle->now_ms)), read_answer,
                    call, &found, err))
    return false;
  if (found) return true;
  if (!call->route->write(call, cycle, err)) return false;
  Str answer = call->status == 204 ? S("") : json_text(call->arena, &call->answer);
  return db_run(cycle->db, &ANSWER_PUT, err, db_int(call->org_id), db_text(scope), db_text(key),
                db_int(call->status ? call->status : 200), db_text(answer), db_int(cycle->now_ms + DAY_MS));
}

static bool run_write(Command *command, Cycle *cycle, Error *err) {
  Call *call = (Call *)command;
  Str key = http_header(call->request, "Idempotency-Key");
  if (key.len > 255) return fail(err, ERR_INVALID, "an Idempotency-Key has at most 255 characters");
  return key.len ? write_once(call, cycle, key, err) : call->route->write(call, cycle, err);
}

static void write_done(Command *command, bool ok, const Error *err) {
  Call *call = (Call *)command;
  if (ok)
    respond_call(call);
  else
    respond_problem(call, err);
}

static bool read_body(Call *call, Error *err) {
  if (call->request->body.len == 0) return true;
  JsonOptions options = {0};
  if (!json_parse(call->arena, call->request->body, &options, &call->body, err))
    return error_prefix(err, "the body is not JSON: ");
  if (call->body.kind == VALUE_MAP) return true;
  return fail(err, ERR_INVALID, "the body must be a JSON object");
}

static void api_request(App *app, HttpRequest *request) {
  Call *call = request->user;
  Error err = {0};
  (void)app;
  if (!read_body(call, &err)) {
    respond_problem(call, &err);
  } else if (call->route->direct) {
    call->route->direct(call);
  } else if (call->route->read) {
    if (workers_do(call->app->workers, run_read, call)) return;
    fail(&err, ERR_UNAVAILABLE, "too many reads are waiting; try again");
    respond_problem(call, &err);
  } else {
    call->command = (Command){.run = run_write, .done = write_done};
    if (engine_submit(call->app->engine, &call->command)) return;
    fail(&err, ERR_UNAVAILABLE, "the server is stopping or its queue is full; try again");
    respond_problem(call, &err);
  }
}

static void give_setup(void *setup) {
  setup_give(setup);
}

/* Scopes of a key: "*", "read" or "write" for everything, "alerts:read", "alerts:*". None given: everything. A viewer
 * reads. */
static bool scope_allows(Str scope, Str kind, bool writes) {
  Str of = scope, verb = STR_NONE;
  Str wanted = writes ? S("write") : S("read");
  if (str_equal_c(scope, "*") || str_equal(scope, wanted)) return true;
  if (!str_cut(scope, ':', &of, &verb)) return str_equal_c(scope, "write") && !writes;
  bool all_verbs = str_equal_c(verb, "*") || str_equal_c(verb, "write");
  return (str_equal_c(of, "*") || str_equal(of, kind)) && (str_equal(verb, wanted) || all_verbs);
}

static bool allowed(Call *call, const SetupKey *key, Error *err) {
  Str permission = str_from_c(call->route->permission), kind = permission, verb = STR_NONE;
  if (!call->route->permission)
    kind = str_from_c(call->resource->permission ? call->resource->permission : call->resource->plural);
  else
    (void)str_cut(permission, ':', &kind, &verb);
  bool writes = call->route->write != NULL, ok = !value_is(&key->scopes, VALUE_LIST) || key->scopes.size == 0;
  for (size_t i = 0; !ok && i < key->scopes.size; i++)
    ok = scope_allows(value_text_or(value_at(&key->scopes, i), STR_NONE), kind, writes);
  if (ok && writes && call->user && str_equal_c(call->user->role, "viewer"))
    return fail(err, ERR_FORBIDDEN, "%.*s is a viewer: viewers read and change nothing", STR_ARG(call->user->name));
  return ok || fail(err, ERR_FORBIDDEN, "the scopes of this API key do not allow %.*s:%s", STR_ARG(kind),
                    writes ? "write" : "read");
}

static bool route_call(Call *call, Error *err) {
  Str path = call->request->path;
  bool known = false;
  const SetupKey *key = NULL;
  if (!authenticate(call, &key, err)) return false;
  if (!str_starts_with(path, S("/api/v1/"))) return fail(err, ERR_NOT_FOUND, "there is nothing at %.*s", STR_ARG(path));
  path = str_slice(path, 8, path.len);
  HttpMethod method = call->request->method == HTTP_HEAD ? HTTP_GET : call->request->method;
  call->route = find_verb(call, path, method, &known);
  if (!call->route) call->route = find_generic(call, path, method, &known);
  if (call->route) return allowed(call, key, err);
  if (known) return fail(err, ERR_METHOD, "%.*s is not possible here", STR_ARG(call->request->method_text));
  return fail(err, ERR_NOT_FOUND, "there is nothing at %.*s", STR_ARG(call->request->path));
}

static Str plain_problem(Arena *arena, const Error *err) {
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "type", value_string(S("about:blank")));
  map_put_c(&map, "title", value_c(problem_title(error_http_status(err->code))));
  map_put_c(&map, "status", value_int(error_http_status(err->code)));
  map_put_c(&map, "code", value_c(error_code_name(err->code)));
  map_put_c(&map, "detail", value_c(err->message));
  Value v = map_done(&map);
  return json_text(arena, &v);
}

static void api_head(App *app, HttpRequest *request, HttpHeadVerdict *verdict) {
  Call *call = ARENA_NEW(request->arena, Call);
  Error err = {0};
  *call = (Call){.app = app, .request = request, .arena = request->arena, .setup = setup_take(app->setup)};
  arena_defer(request->arena, give_setup, (void *)(uintptr_t)call->setup);
  request->user = call;
  verdict->body_bytes_max = BODY_MAX;
  if (route_call(call, &err)) return;
  verdict->respond = true;
  verdict->response = (HttpResponse){.status = error_http_status(err.code),
                                     .content_type = "application/problem+json",
                                     .body = plain_problem(request->arena, &err)};
}

const Door API_DOORS[] = {
    {.prefix = "/api/", .head = api_head, .request = api_request},
    {.prefix = NULL},
};

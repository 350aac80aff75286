/* The door of /api/: who calls, which route, JSON in, JSON or problem+json out. */
#include "core/api/internal.h"

#include "lang/json.h"

enum { BODY_MAX = 1024 * 1024 };

/* Running --------------------------------------------------------------------------------------------------------- */

static void run_read(void *ctx) {
  Call *call = ctx;
  Db *db = NULL;
  Error err = {0};
  Str before = log_about(call->request->id);
  bool ok = db_pool_take(call->app->readers, &db, &err) && api_check_input(call, db, &err) &&
            call->route->read(call, db, &err);
  db_pool_give(call->app->readers, db);
  if (ok)
    api_respond(call);
  else
    api_respond_problem(call, &err);
  log_about(before);
}

/* If-Match of a verb: the thing in its path must still be at that version. */
static bool match_version(Call *call, Db *db, Error *err) {
  ApiCtx ctx = api_ctx(call, db, NULL);
  Str plural = str_from_c(call->route->path), rest;
  i64 id = 0, want = 0;
  Value row = value_null();
  if (!api_if_match(call, &want, err)) return false;
  if (want == 0 || call->param_count == 0) return true;
  (void)str_cut(plural, '/', &plural, &rest);
  const Resource *r = registry_plural(call->app->registry, plural);
  if (!r) return true;
  if (!resource_resolve(&ctx.rc, r, call->params[0], &id, err) || !resource_get(&ctx.rc, r, id, &row, err))
    return false;
  return resource_at_version(r, &row, want, err);
}

bool api_write(Call *call, Cycle *cycle, Error *err) {
  if (call->route->creates) call->status = 201;
  return call->route->write(call, cycle, err) && api_audit_after(call, cycle, err);
}

/* A misspelt "yes" must not write. */
static bool check_dry_run(const Call *call, Error *err) {
  Str given = api_query(call, "dry_run");
  if (given.ptr == NULL || str_equal_c(given, "true") || str_equal_c(given, "false")) return true;
  return fail(err, ERR_INVALID, "dry_run is true or false, not \"%.*s\"", STR_ARG(utf8_cut(given, 40)));
}

bool api_checked_write(Call *call, Cycle *cycle, Error *err) {
  bool verb = call->route->path != NULL;
  if (!check_dry_run(call, err) || !api_check_input(call, cycle->db, err) ||
      (verb && !match_version(call, cycle->db, err)))
    return false;
  if (str_equal_c(api_query(call, "dry_run"), "true")) return api_try(call, cycle, err);
  return api_write(call, cycle, err);
}

/* A round that the database undid runs its commands once more. */
static bool run_write(Command *command, Cycle *cycle, Error *err) {
  Call *call = (Call *)command;
  call->target = NULL;
  call->before = call->answer = value_null();
  call->raw = STR_NONE;
  call->status = 0;
  call->tried = call->shown_once = false;
  call->answer_version = 0;
  call->errors = (FieldErrors){0};
  Str before = log_about(call->request->id);
  bool ok = api_write_once(call, cycle, err);
  log_about(before);
  return ok;
}

/* What an answer adds that costs too much for the engine's thread; the write stands, whatever becomes of this. */
static void finish_answer(void *ctx) {
  Call *call = ctx;
  Db *db = NULL;
  Error err = {0};
  if (!db_pool_take(call->app->readers, &db, &err) || !api_rule_after(call, db, &err))
    log_warn("api", "would_mute is left out: %s", err.message);
  db_pool_give(call->app->readers, db);
  api_respond(call);
}

static bool has_more(const Call *call) {
  bool rule = str_equal_c(call->area, "alert-rules") && value_is(&call->answer, VALUE_MAP) && !call->raw.ptr;
  return rule && value_get_c(&call->answer, "actions") != NULL;
}

static void write_done(Command *command, bool ok, const Error *err) {
  Call *call = (Call *)command;
  if ((ok || call->tried) && has_more(call) && workers_do(call->app->workers, finish_answer, call)) return;
  if (ok || call->tried)
    api_respond(call);
  else
    api_respond_problem(call, err);
}

static void submit(Call *call) {
  Error err = {0};
  call->command = (Command){.run = run_write, .done = write_done};
  if (engine_submit(call->app->engine, &call->command)) return;
  fail(&err, ERR_UNAVAILABLE, "the server is stopping or its queue is full; try again");
  api_respond_problem(call, &err);
}

/* On which rows a verb on many works is found out before its turn: it may take a while. */
static void find_and_submit(void *ctx) {
  Call *call = ctx;
  Db *db = NULL;
  Error err = {0};
  bool ok = db_pool_take(call->app->readers, &db, &err) && api_bulk_find(call, db, &err);
  db_pool_give(call->app->readers, db);
  if (ok)
    submit(call);
  else
    api_respond_problem(call, &err);
}

static void api_request(App *app, HttpRequest *request) {
  Call *call = request->user;
  Error err = {0};
  (void)app;
  if (!api_read_body(call, &err)) {
    api_respond_problem(call, &err);
  } else if (call->route->direct) {
    call->route->direct(call);
  } else if (call->route->read || api_bulk_by_filter(call)) {
    if (workers_do(call->app->workers, call->route->read ? run_read : find_and_submit, call)) return;
    fail(&err, ERR_UNAVAILABLE, "too many reads are waiting; try again");
    api_respond_problem(call, &err);
  } else {
    submit(call);
  }
}

static void give_setup(void *setup) {
  setup_give(setup);
}

static Str allow_text(Arena *arena, u32 methods) {
  static const struct {
    HttpMethod method;
    const char *name;
  } NAMES[] = {{HTTP_GET, "GET, HEAD"}, {HTTP_POST, "POST"}, {HTTP_PATCH, "PATCH"}, {HTTP_DELETE, "DELETE"}};
  Buf text = buf_new(arena, 100);
  for (size_t i = 0; i < COUNT(NAMES); i++)
    if (methods & (1u << NAMES[i].method)) buf_format(&text, "%s%s", text.len ? ", " : "", NAMES[i].name);
  return buf_str(&text);
}

static bool route_call(Call *call, Error *err) {
  Str path = call->request->path;
  u32 methods = 0;
  if (!api_authenticate(call, err)) return false;
  if (!str_starts_with(path, S("/api/v1/")))
    return fail(err, ERR_NOT_FOUND, "there is nothing at %.*s; the API is at /api/v1/", STR_ARG(utf8_cut(path, 200)));
  path = str_slice(path, 8, path.len);
  HttpMethod method = call->request->method == HTTP_HEAD ? HTTP_GET : call->request->method;
  call->route = api_verb_route(call, path, method, &methods);
  if (!call->route) call->route = api_generic_route(call, path, method, &methods);
  if (call->route) return api_allowed(call, err);
  if (!methods) return api_no_route(call, path, err);
  call->allow = allow_text(call->arena, methods);
  return fail(err, ERR_METHOD, "%.*s is not possible here; possible: %.*s", STR_ARG(call->request->method_text),
              STR_ARG(call->allow));
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
  verdict->response = api_problem(call, &err);
}

static void document_head(App *app, HttpRequest *request, HttpHeadVerdict *verdict) {
  (void)app;
  (void)request;
  verdict->body_bytes_max = 1024;
}

static void document(App *app, HttpRequest *request) {
  respond_text(app, request, 200, "application/json", app->openapi);
}

/* No script, nothing from elsewhere. */
static void manual_page(App *app, HttpRequest *request) {
  static const HttpHeader HEADERS[] = {
      {STR("Content-Security-Policy"), STR("default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
                                           "form-action 'none'; frame-ancestors 'none'")},
      {STR("Referrer-Policy"), STR("no-referrer")},
      {STR("X-Content-Type-Options"), STR("nosniff")}};
  HttpResponse response = {.status = 200,
                           .content_type = "text/html; charset=utf-8",
                           .headers = HEADERS,
                           .header_count = COUNT(HEADERS),
                           .body = app->api_page};
  http_respond(app->http, request, &response);
}

const Door API_DOORS[] = {
    {.prefix = "/api/docs", .head = document_head, .request = manual_page},
    {.prefix = "/api/openapi.json", .head = document_head, .request = document},
    {.prefix = "/api/", .head = api_head, .request = api_request},
    {.prefix = NULL},
};

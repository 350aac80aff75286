/* The door of /api/: who calls, which route, JSON in, JSON or problem+json out. */
#include "core/api/internal.h"

#include "lang/json.h"

enum { BODY_MAX = 1024 * 1024 };

const Route *const API_ROUTE_TABLES[] = {ALERT_ROUTES, INCIDENT_ROUTES, PAGING_ROUTES, ONCALL_ROUTES,
                                         SETUP_ROUTES, IDENTITY_ROUTES, NULL};

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
  for (const Route *const *table = API_ROUTE_TABLES; *table; table++)
    for (const Route *route = *table; route->path; route++) {
      if (!path_matches(route->path, path, call)) continue;
      *out_path_known = true;
      if (route->method == method) return route;
    }
  return NULL;
}

/* Running --------------------------------------------------------------------------------------------------------- */

static void run_read(void *ctx) {
  Call *call = ctx;
  Db *db = NULL;
  Error err = {0};
  bool ok = db_pool_take(call->app->readers, &db, &err) && call->route->read(call, db, &err);
  db_pool_give(call->app->readers, db);
  if (ok)
    api_respond(call);
  else
    api_respond_problem(call, &err);
}

static bool run_write(Command *command, Cycle *cycle, Error *err) {
  Call *call = (Call *)command;
  Str key = http_header(call->request, "Idempotency-Key");
  if (key.len > 255) return fail(err, ERR_INVALID, "an Idempotency-Key has at most 255 characters");
  return key.len ? api_write_once(call, cycle, key, err) : call->route->write(call, cycle, err);
}

static void write_done(Command *command, bool ok, const Error *err) {
  Call *call = (Call *)command;
  if (ok)
    api_respond(call);
  else
    api_respond_problem(call, err);
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
    api_respond_problem(call, &err);
  } else if (call->route->direct) {
    call->route->direct(call);
  } else if (call->route->read) {
    if (workers_do(call->app->workers, run_read, call)) return;
    fail(&err, ERR_UNAVAILABLE, "too many reads are waiting; try again");
    api_respond_problem(call, &err);
  } else {
    call->command = (Command){.run = run_write, .done = write_done};
    if (engine_submit(call->app->engine, &call->command)) return;
    fail(&err, ERR_UNAVAILABLE, "the server is stopping or its queue is full; try again");
    api_respond_problem(call, &err);
  }
}

static void give_setup(void *setup) {
  setup_give(setup);
}

static bool route_call(Call *call, Error *err) {
  Str path = call->request->path;
  bool known = false;
  if (!api_authenticate(call, err)) return false;
  if (!str_starts_with(path, S("/api/v1/"))) return fail(err, ERR_NOT_FOUND, "there is nothing at %.*s", STR_ARG(path));
  path = str_slice(path, 8, path.len);
  HttpMethod method = call->request->method == HTTP_HEAD ? HTTP_GET : call->request->method;
  call->route = find_verb(call, path, method, &known);
  if (!call->route) call->route = api_generic_route(call, path, method, &known);
  if (call->route) return api_allowed(call, err);
  if (known) return fail(err, ERR_METHOD, "%.*s is not possible here", STR_ARG(call->request->method_text));
  return fail(err, ERR_NOT_FOUND, "there is nothing at %.*s", STR_ARG(call->request->path));
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
                                     .body = api_plain_problem(request->arena, &err)};
}

const Door API_DOORS[] = {
    {.prefix = "/api/", .head = api_head, .request = api_request},
    {.prefix = NULL},
};

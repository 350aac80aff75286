/* Setting a password by a link: "look" says whose it is, "join" sets the password and signs in. Nobody is known yet;
 * the link is the proof. All other sessions of the person end. Who has a second factor is not signed in by it. */
#include "core/api/internal.h"
#include "core/identity/invitation.h"
#include "core/identity/password.h"
#include "core/identity/session.h"
#include "core/identity/totp.h"
#include "lang/json.h"

enum { BODY_BYTES_MAX = 8 * 1024 };

typedef struct Join {
  Command command;
  App *app;
  HttpRequest *request;
  Arena *arena;
  bool sets; /* else only looks */
  Str token, password, hash, cookie;
} Join;

static bool whose(Join *join, Invited *out, Error *err) {
  Db *db = NULL;
  bool ok = db_pool_take(join->app->readers, &db, err) &&
            invitation_read(join->app, db, join->arena, join->token, clock_now(&join->app->clock), out, err);
  db_pool_give(join->app->readers, db);
  return ok;
}

static void answer_whose(Join *join, const Invited *invited) {
  MapBuilder map = map_builder(join->arena);
  map_put_c(&map, "email", value_string(invited->email));
  map_put_c(&map, "name", value_string(invited->name));
  Value body = map_done(&map);
  respond_json(join->app, join->request, 200, &body);
}

static bool set_password(Command *command, Cycle *cycle, Error *err) {
  static const DbStmt ACTIVATE = {
      "join_activate",
      "UPDATE account SET status = 'active', version = version + 1, updated_at = $3 WHERE org_id = $1 AND id = $2 AND "
      "status = 'invited'",
      NULL};
  Join *join = (Join *)command;
  Invited invited = {0};
  Str cookie = STR_NONE;
  /* Again, now that nobody else writes: two that use one link at once are one and a refusal. */
  if (!invitation_read(join->app, cycle->db, cycle->arena, join->token, cycle->now_ms, &invited, err) ||
      !password_store(cycle->db, invited.org_id, invited.user_id, join->hash, cycle->now_ms, err) ||
      !db_run(cycle->db, &ACTIVATE, err, db_int(invited.org_id), db_int(invited.user_id), db_int(cycle->now_ms)) ||
      !session_end_all(cycle, invited.org_id, invited.user_id, 0, err))
    return false;
  Totp totp = {0};
  if (!totp_load(join->app, cycle->db, cycle->arena, invited.user_id, &totp, err)) return false;
  SessionNew session = {.org_id = invited.org_id,
                        .user_id = invited.user_id,
                        .address = join->request->client,
                        .agent = http_header(join->request, "User-Agent")};
  /* A mailbox is not the second factor: with one, they sign in. */
  if (!totp.on && !session_add(cycle, &session, &cookie, err)) return false;
  join->cookie = str_copy(join->arena, cookie);
  Actor actor = {"user", id_text(cycle->arena, "usr", invited.user_id), invited.name};
  ApiCtx ctx = api_ctx_of(join->app, cycle, invited.org_id, actor);
  ctx.rc.address = join->request->client;
  return resource_audit(&ctx.rc, registry_find(join->app->registry, S("user")), invited.user_id, "set_password", NULL,
                        NULL, err);
}

static void password_set(Command *command, bool ok, const Error *err) {
  Join *join = (Join *)command;
  if (ok)
    api_respond_cookie(join->app, join->request, join->cookie);
  else
    api_respond_refusal(join->app, join->request, err, 0);
}

/* On a thread of the pool for hashes. */
static void do_join(void *ctx) {
  Join *join = ctx;
  Invited invited = {0};
  Error err = {0};
  bool ok = whose(join, &invited, &err);
  if (ok && !join->sets) {
    answer_whose(join, &invited);
    return;
  }
  if (ok && !password_check(join->password, invited.email, invited.name, &err)) {
    Error at = {0};
    ok = fail_at(&at, ERR_INVALID, "/password", "%s", err.message);
    err = at;
  }
  join->command = (Command){.run = set_password, .done = password_set};
  if (ok && password_hash(join->arena, join->password, &join->hash, &err)) {
    if (engine_submit(join->app->engine, &join->command)) return;
    fail(&err, ERR_UNAVAILABLE, "the server is stopping; try again");
  }
  api_respond_refusal(join->app, join->request, &err, 0);
}

static void request_of(App *app, HttpRequest *request, bool sets) {
  Join *join = ARENA_NEW(request->arena, Join);
  Error err = {0};
  JsonOptions options = {0};
  Value body = value_null();
  *join = (Join){.app = app, .request = request, .arena = request->arena, .sets = sets};
  if (!json_parse(join->arena, request->body, &options, &body, &err)) {
    error_prefix(&err, "the body is not JSON: ");
    api_respond_refusal(app, request, &err, 0);
    return;
  }
  join->token = value_text_or(value_get_c(&body, "token"), STR_NONE);
  join->password = value_text_or(value_get_c(&body, "password"), STR_NONE);
  if (password_pool_do(app->passwords, do_join, join)) return;
  fail(&err, ERR_UNAVAILABLE, "too many people sign in at this moment; try again in a few seconds");
  api_respond_refusal(app, request, &err, 3000);
}

static void join_request(App *app, HttpRequest *request) {
  request_of(app, request, true);
}
static void look_request(App *app, HttpRequest *request) {
  request_of(app, request, false);
}

static void join_head(App *app, HttpRequest *request, HttpHeadVerdict *verdict) {
  api_open_door_head(app, request, verdict, BODY_BYTES_MAX);
}

const Door JOIN_DOORS[] = {
    {.prefix = "/api/v1/join", .head = join_head, .request = join_request},
    {.prefix = "/api/v1/join/look", .head = join_head, .request = look_request},
    {.prefix = NULL},
};

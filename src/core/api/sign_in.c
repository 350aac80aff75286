/* Signing in and out of the web page. A wrong password, an unknown address and a deactivated user are one answer and
 * one length of time. The password is checked on the pool for hashes; the session is a row before the cookie is sent.
 */
#include "core/api/internal.h"
#include "core/identity/password.h"
#include "core/identity/session.h"
#include "core/identity/totp.h"
#include "lang/json.h"

enum { BODY_BYTES_MAX = 8 * 1024, ACCOUNTS_MAX = 8 };

typedef struct Account {
  i64 id, org_id;
  Str hash;
} Account;

typedef struct SignIn {
  Command command;
  App *app;
  HttpRequest *request;
  Arena *arena;
  Str email, password, code, token;
  Account accounts[ACCOUNTS_MAX]; /* one address may be known to several organizations */
  size_t account_count;
  Account account; /* the one whose password it is */
  Str fresh_hash;  /* when today's costs are others */
} SignIn;

/* Answers --------------------------------------------------------------------------------------------------------- */

void api_respond_refusal(App *app, HttpRequest *request, const Error *err, i64 wait_ms) {
  Call call = {.app = app, .request = request, .arena = request->arena};
  HttpResponse response = api_problem(&call, err);
  HttpHeader headers[] = {
      {S("Cache-Control"), S("no-store")},
      {S("Retry-After"), str_format(request->arena, "%lld", (long long)((wait_ms + 999) / 1000))},
  };
  response.headers = headers;
  response.header_count = wait_ms > 0 ? 2 : 1;
  http_respond(app->http, request, &response);
}

void api_respond_cookie(App *app, HttpRequest *request, Str token) {
  HttpHeader headers[] = {
      {S("Set-Cookie"), session_cookie_header(app, request, token)},
      {S("Cache-Control"), S("no-store")},
  };
  HttpResponse response = {.status = 204, .headers = headers, .header_count = COUNT(headers)};
  http_respond(app->http, request, &response);
}

/* In -------------------------------------------------------------------------------------------------------------- */

static const DbStmt ACCOUNTS = {"sign_in_accounts",
                                "SELECT id, org_id, password_hash FROM account WHERE email = $1 AND status <> "
                                "'deactivated' AND password_hash IS NOT NULL ORDER BY id LIMIT $2",
                                NULL};

static bool read_account(const DbRow *row, void *ctx) {
  SignIn *in = ctx;
  in->accounts[in->account_count++] = (Account){db_row_int(row, 0), db_row_int(row, 1), db_row_text(row, 2, in->arena)};
  return in->account_count < ACCOUNTS_MAX;
}

static bool load_accounts(SignIn *in, Error *err) {
  Db *db = NULL;
  bool ok = db_pool_take(in->app->readers, &db, err) &&
            db_query(db, &ACCOUNTS, DB_ARGS(db_text(in->email), db_int(ACCOUNTS_MAX)), read_account, in, err);
  db_pool_give(in->app->readers, db);
  return ok;
}

static bool check_password(SignIn *in, Error *err) {
  bool known = false;
  for (size_t i = 0; i < in->account_count && !known; i++) {
    known = password_verify(in->accounts[i].hash, in->password);
    in->account = in->accounts[i];
  }
  if (in->account_count == 0) known = password_verify(STR_NONE, in->password);
  if (!known) return fail(err, ERR_UNAUTHORIZED, "the e-mail address or the password is wrong");
  return !password_is_stale(in->account.hash) || password_hash(in->arena, in->password, &in->fresh_hash, err);
}

/* After the password only: who has a second factor is nobody's business. Used up with the session. */
static bool check_code(SignIn *in, Error *err) {
  Db *db = NULL;
  Totp totp = {0};
  bool ok = db_pool_take(in->app->readers, &db, err) && totp_load(in->app, db, in->arena, in->account.id, &totp, err);
  db_pool_give(in->app->readers, db);
  if (!ok || !totp.on) return ok;
  if (in->code.len == 0)
    return fail_at(err, ERR_FORBIDDEN, "/code", "type the code of your authenticator app, or a recovery code");
  return totp_fits(in->arena, &totp, in->code, clock_now(&in->app->clock)) ||
         fail_at(err, ERR_UNAUTHORIZED, "/code", "this code is wrong, too old, or was used already");
}

static bool audit_sign_in(const SignIn *in, Cycle *cycle, Error *err) {
  Actor actor = {"user", id_text(cycle->arena, "usr", in->account.id), in->email};
  ApiCtx ctx = api_ctx_of(in->app, cycle, in->account.org_id, actor);
  ctx.rc.address = in->request->client;
  return resource_audit(&ctx.rc, registry_find(in->app->registry, S("user")), in->account.id, "sign_in", NULL, NULL,
                        err);
}

static bool make_session(Command *command, Cycle *cycle, Error *err) {
  SignIn *in = (SignIn *)command;
  SessionNew session = {.org_id = in->account.org_id,
                        .user_id = in->account.id,
                        .address = in->request->client,
                        .agent = http_header(in->request, "User-Agent")};
  Str token = STR_NONE;
  if (!totp_use(cycle, in->account.id, in->code, err)) return false;
  if (in->fresh_hash.len &&
      !password_store(cycle->db, in->account.org_id, in->account.id, in->fresh_hash, cycle->now_ms, err))
    return false;
  if (!session_add(cycle, &session, &token, err) || !audit_sign_in(in, cycle, err)) return false;
  in->token = str_copy(in->arena, token);
  return true;
}

static void session_made(Command *command, bool ok, const Error *err) {
  SignIn *in = (SignIn *)command;
  if (ok)
    api_respond_cookie(in->app, in->request, in->token);
  else
    api_respond_refusal(in->app, in->request, err, 0);
}

/* On a thread of the pool. */
static void sign_in(void *ctx) {
  SignIn *in = ctx;
  App *app = in->app;
  Error err = {0};
  if (!load_accounts(in, &err) || !check_password(in, &err) || !check_code(in, &err)) {
    if (err.code == ERR_UNAUTHORIZED)
      sign_in_guard_failed(app->sign_in_guard, in->email, in->request->client, clock_now(&app->clock));
    api_respond_refusal(app, in->request, &err, 0);
    return;
  }
  sign_in_guard_passed(app->sign_in_guard, in->email);
  in->command = (Command){.run = make_session, .done = session_made};
  if (engine_submit(app->engine, &in->command)) return;
  fail(&err, ERR_UNAVAILABLE, "the server is stopping; try again");
  api_respond_refusal(app, in->request, &err, 0);
}

static bool read_form(SignIn *in, Error *err) {
  JsonOptions options = {0};
  Value body = value_null();
  if (!json_parse(in->arena, in->request->body, &options, &body, err))
    return error_prefix(err, "the body is not JSON: ");
  in->email = str_lower(in->arena, str_trim(value_text_or(value_get_c(&body, "email"), STR_NONE)));
  in->password = value_text_or(value_get_c(&body, "password"), STR_NONE);
  in->code = str_trim(value_text_or(value_get_c(&body, "code"), STR_NONE));
  if (in->email.len == 0) return fail_at(err, ERR_INVALID, "/email", "the e-mail address is missing");
  if (in->password.len == 0) return fail_at(err, ERR_INVALID, "/password", "the password is missing");
  return true;
}

static void sign_in_request(App *app, HttpRequest *request) {
  SignIn *in = ARENA_NEW(request->arena, SignIn);
  Error err = {0};
  *in = (SignIn){.app = app, .request = request, .arena = request->arena};
  if (!read_form(in, &err)) {
    api_respond_refusal(app, request, &err, 0);
    return;
  }
  i64 wait_ms = sign_in_guard_wait(app->sign_in_guard, in->email, request->client, clock_now(&app->clock));
  if (wait_ms > 0) {
    fail(&err, ERR_LIMITED, "too many attempts failed; the next one is possible in %lld s",
         (long long)((wait_ms + 999) / 1000));
    api_respond_refusal(app, request, &err, wait_ms);
    return;
  }
  if (password_pool_do(app->passwords, sign_in, in)) return;
  fail(&err, ERR_UNAVAILABLE, "too many people sign in at this moment; try again in a few seconds");
  api_respond_refusal(app, request, &err, 3000);
}

/* Out ------------------------------------------------------------------------------------------------------------- */

typedef struct SignOut {
  Command command;
  App *app;
  HttpRequest *request;
  i64 org_id, user_id, session_id;
} SignOut;

static bool end_session(Command *command, Cycle *cycle, Error *err) {
  SignOut *out = (SignOut *)command;
  Error gone = {0};
  if (session_end(cycle, out->org_id, out->user_id, out->session_id, &gone) || gone.code == ERR_NOT_FOUND) return true;
  *err = gone;
  return false;
}

static void session_ended(Command *command, bool ok, const Error *err) {
  SignOut *out = (SignOut *)command;
  if (ok)
    api_respond_cookie(out->app, out->request, STR_NONE);
  else
    api_respond_refusal(out->app, out->request, err, 0);
}

static void sign_out_request(App *app, HttpRequest *request) {
  const Setup *setup = setup_take(app->setup);
  const SetupKey *session = session_find(app, setup, request);
  SignOut *out = ARENA_NEW(request->arena, SignOut);
  *out = (SignOut){.command = {.run = end_session, .done = session_ended}, .app = app, .request = request};
  if (session) out->org_id = session->org_id, out->user_id = session->user_id, out->session_id = session->id;
  setup_give(setup);
  if (!out->session_id) {
    api_respond_cookie(app, request, STR_NONE);
    return;
  }
  if (engine_submit(app->engine, &out->command)) return;
  Error err = {0};
  fail(&err, ERR_UNAVAILABLE, "the server is stopping; try again");
  api_respond_refusal(app, request, &err, 0);
}

/* Doors ----------------------------------------------------------------------------------------------------------- */

void api_open_door_head(App *app, HttpRequest *request, HttpHeadVerdict *verdict, size_t body_bytes_max) {
  Error err = {0};
  verdict->body_bytes_max = body_bytes_max;
  if (request->method != HTTP_POST)
    fail(&err, ERR_METHOD, "%.*s is not possible here; POST is", STR_ARG(request->method_text));
  else if (session_origin_ok(app, request, &err))
    return;
  Call call = {.app = app, .request = request, .arena = request->arena, .allow = S("POST")};
  verdict->respond = true;
  verdict->response = api_problem(&call, &err);
}

static const Field SIGN_IN[] = {
    {.name = "email", .kind = F_EMAIL, .required = true, .doc = "Of the person.", .example = "ann@example.com"},
    {.name = "password", .kind = F_TEXT, .required = true, .max = 1024, .doc = "Theirs."},
    {.name = "code", .kind = F_TEXT, .max = 40, .doc = "Of the authenticator app, when a 403 at /code asks for it."}};

static const Field JOIN[] = {
    {.name = "token", .kind = F_TEXT, .required = true, .max = 200, .doc = "The end of the link."},
    {.name = "password", .kind = F_TEXT, .required = true, .max = 1024, .doc = "The new one."}};
static const Field RESET[] = {
    {.name = "email", .kind = F_EMAIL, .required = true, .doc = "Of the person.", .example = "ann@example.com"}};
static const Field LOOK[] = {
    {.name = "token", .kind = F_TEXT, .required = true, .max = 200, .doc = "The end of the link."}};
static const Field LOOKED[] = {
    {.name = "email", .kind = F_EMAIL, .required = true, .doc = "Of the person.", .example = "ann@example.com"},
    {.name = "name", .kind = F_TEXT, .required = true, .doc = "What people call them."}};

static const Field PROVIDER_FIELDS[] = {
    {.name = "id", .kind = F_TEXT, .required = true, .doc = "GET /sign-in/start/{id}?to=/path begins."},
    {.name = "name", .kind = F_TEXT, .required = true, .doc = "Stands on the button.", .example = "Okta"}};
static const Field PROVIDER_ITEM = {
    .kind = F_OBJECT, .required = true, FIELDS(PROVIDER_FIELDS), .doc = "One identity provider."};
static const Field PROVIDERS[] = {
    {.name = "items", .kind = F_LIST, .of = &PROVIDER_ITEM, .required = true, .doc = "All of them."},
    {.name = "next_cursor", .kind = F_TEXT, .doc = "Always null: all are here."},
    {.name = "redirect_uri", .kind = F_TEXT, .required = true, .doc = "Where a provider sends people back to."}};

const Route SIGN_IN_ROUTES[] = {
    {HTTP_GET, "sign-in/providers", NULL, ANSWER(PROVIDERS), .doc = "The identity providers of the sign-in page."},
    {HTTP_POST, "sign-in", NULL, BODY(SIGN_IN), .answers_nothing = true,
     .doc = "Gives a browser its session cookie. Failures make the next attempt wait."},
    {HTTP_POST, "sign-out", NULL, .answers_nothing = true, .doc = "Ends the session of the cookie."},
    {HTTP_POST, "join", NULL, BODY(JOIN), .answers_nothing = true,
     .doc = "Sets the password of whoever got the link, and gives the session cookie."},
    {HTTP_POST, "password-reset", NULL, BODY(RESET), .answers_nothing = true,
     .doc = "Mails a link that sets a new password, if anybody has the address; the answer does not tell."},
    {HTTP_POST, "join/look", NULL, BODY(LOOK), ANSWER(LOOKED), .doc = "Whose link it is."},
    {.path = NULL},
};

static void post_head(App *app, HttpRequest *request, HttpHeadVerdict *verdict) {
  api_open_door_head(app, request, verdict, BODY_BYTES_MAX);
}

const Door SIGN_IN_DOORS[] = {
    {.prefix = "/api/v1/sign-in", .head = post_head, .request = sign_in_request},
    {.prefix = "/api/v1/sign-out", .head = post_head, .request = sign_out_request},
    {.prefix = NULL},
};

/* "I do not know my password any more": a letter with a link, to the address that is asked for, if anybody has it. The
 * answer is the same and as quick for an address that nobody has. Asking is slowed down like signing in. */
#include "core/api/internal.h"
#include "core/identity/letter.h"
#include "core/identity/session.h"
#include "lang/json.h"

enum { BODY_BYTES_MAX = 8 * 1024, ACCOUNTS_MAX = 8 };

typedef struct Reset {
  Command command;
  App *app;
  HttpRequest *request;
  Str email;
  i64 ids[ACCOUNTS_MAX], org_ids[ACCOUNTS_MAX];
  size_t count;
} Reset;

static bool read_account(const DbRow *row, void *ctx) {
  Reset *reset = ctx;
  reset->ids[reset->count] = db_row_int(row, 0);
  reset->org_ids[reset->count++] = db_row_int(row, 1);
  return reset->count < ACCOUNTS_MAX;
}

static bool ask(Command *command, Cycle *cycle, Error *err) {
  static const DbStmt ACCOUNTS = {"reset_accounts",
                                  "SELECT id, org_id FROM account WHERE email = $1 AND status <> 'deactivated' AND "
                                  "COALESCE(reset_at, 0) <= $2 ORDER BY id LIMIT $3",
                                  NULL};
  Reset *reset = (Reset *)command;
  reset->count = 0;
  if (!db_query(cycle->db, &ACCOUNTS,
                DB_ARGS(db_text(reset->email), db_int(cycle->now_ms - LETTER_EVERY_S * 1000), db_int(ACCOUNTS_MAX)),
                read_account, reset, err))
    return false;
  for (size_t i = 0; i < reset->count; i++)
    if (!letter_ask(cycle, reset->org_ids[i], LETTER_RESET, reset->ids[i], err)) return false;
  return true;
}

static void asked(Command *command, bool ok, const Error *err) {
  Reset *reset = (Reset *)command;
  static const HttpHeader NO_STORE[] = {{STR("Cache-Control"), STR("no-store")}};
  HttpResponse response = {.status = 204, .headers = NO_STORE, .header_count = 1};
  if (ok)
    http_respond(reset->app->http, reset->request, &response);
  else
    api_respond_refusal(reset->app, reset->request, err, 0);
}

static bool read_form(Reset *reset, Error *err) {
  Value body = value_null();
  JsonOptions options = {0};
  if (!json_parse(reset->request->arena, reset->request->body, &options, &body, err))
    return error_prefix(err, "the body is not JSON: ");
  reset->email = str_lower(reset->request->arena, str_trim(value_text_or(value_get_c(&body, "email"), STR_NONE)));
  return reset->email.len > 0 || fail_at(err, ERR_INVALID, "/email", "the e-mail address is missing");
}

static void reset_request(App *app, HttpRequest *request) {
  Reset *reset = ARENA_NEW(request->arena, Reset);
  Error err = {0};
  i64 now = clock_now(&app->clock), wait_ms = 0;
  *reset = (Reset){.command = {.run = ask, .done = asked}, .app = app, .request = request};
  bool ok = read_form(reset, &err);
  if (ok && !app->relay.url)
    ok = fail(&err, ERR_UNAVAILABLE, "this Tocsin sends no mail; ask an admin of your organization for a link");
  Str account = str_format(request->arena, "reset %.*s", STR_ARG(reset->email));
  if (ok && (wait_ms = sign_in_guard_wait(app->sign_in_guard, account, request->client, now)) > 0)
    ok = fail(&err, ERR_LIMITED, "you asked several times; look into your mail, the next one is possible in %lld s",
              (long long)((wait_ms + 999) / 1000));
  if (ok) {
    sign_in_guard_failed(app->sign_in_guard, account, request->client, now);
    if (engine_submit(app->engine, &reset->command)) return;
    fail(&err, ERR_UNAVAILABLE, "the server is stopping; try again");
  }
  api_respond_refusal(app, request, &err, wait_ms);
}

static void reset_head(App *app, HttpRequest *request, HttpHeadVerdict *verdict) {
  api_open_door_head(app, request, verdict, BODY_BYTES_MAX);
}

const Door RESET_DOORS[] = {
    {.prefix = "/api/v1/password-reset", .head = reset_head, .request = reset_request},
    {.prefix = NULL},
};

/* The conversation of a sign-in by OpenID Connect: authorization code with PKCE (S256), state and nonce.
 *
 *   GET /sign-in/start/{provider}?to=/path   sends the browser to the provider, with what must come back in a cookie
 *   GET /sign-in/callback?code&state         code to tokens, the ID token checked, a session, back to where they were
 *
 * Nothing is stored until the provider has vouched for somebody: what belongs to a sign-in under way travels sealed in
 * its cookie. */
#include "core/api/oidc_flow.h"

#include "base/seal.h"
#include "core/identity/id_token.h"
#include "core/identity/session.h"
#include "lang/json.h"

enum { STATE_CHARS = 32, VERIFIER_CHARS = 52, TO_BYTES_MAX = 1000 };

static bool load_provider(OidcFlow *f, i64 id, Error *err) {
  Db *db = NULL;
  bool ok = db_pool_take(f->app->readers, &db, err) && oidc_provider_load(f->app, db, f->arena, id, &f->provider, err);
  db_pool_give(f->app->readers, db);
  return ok;
}

/* There ----------------------------------------------------------------------------------------------------------- */

/* Only a path of ours: a link must not send people who just signed in elsewhere. */
static Str safe_path(Str to) {
  bool ours = to.len > 0 && to.len <= TO_BYTES_MAX && to.ptr[0] == '/' && !str_starts_with(to, S("//"));
  for (size_t i = 0; ours && i < to.len; i++) ours = (u8)to.ptr[i] > ' ' && (u8)to.ptr[i] < 0x7f && to.ptr[i] != '\\';
  return ours ? to : S("/");
}

static Str sealed_flow(OidcFlow *f) {
  MapBuilder map = map_builder(f->arena);
  map_put_c(&map, "provider", value_int(f->provider.id));
  map_put_c(&map, "state", value_string(f->state));
  map_put_c(&map, "nonce", value_string(f->nonce));
  map_put_c(&map, "verifier", value_string(f->verifier));
  map_put_c(&map, "to", value_string(f->to));
  map_put_c(&map, "until", value_int(clock_now(&f->app->clock) + OIDC_COOKIE_S * 1000));
  Value value = map_done(&map);
  return seal(f->arena, f->app->sealer, json_text(f->arena, &value), S("sign-in under way"));
}

static Str callback_url(const OidcFlow *f) {
  return str_format(f->arena, "%s" OIDC_CALLBACK, f->app->public_url);
}

static void send_there(OidcFlow *f) {
  Arena *arena = f->arena;
  f->state = random_token(arena, STATE_CHARS);
  f->nonce = random_token(arena, STATE_CHARS);
  f->verifier = random_token(arena, VERIFIER_CHARS);
  Str challenge = base64url_encode(arena, sha256_raw(arena, f->verifier));
  Str where = str_format(
      arena,
      "%.*s%sresponse_type=code&client_id=%.*s&redirect_uri=%.*s&scope=%.*s&state=%.*s&nonce=%.*s&code_challenge=%.*s"
      "&code_challenge_method=S256",
      STR_ARG(f->at.authorize), str_find_char(f->at.authorize, '?', 0) == SIZE_MAX ? "?" : "&",
      STR_ARG(url_encode(arena, f->provider.client_id)), STR_ARG(url_encode(arena, callback_url(f))),
      STR_ARG(url_encode(arena, f->provider.scopes)), STR_ARG(f->state), STR_ARG(f->nonce), STR_ARG(challenge));
  oidc_redirect(f, where, oidc_cookie(f, sealed_flow(f)), STR_NONE);
}

static void start(OidcFlow *f) {
  static const char PREFIX[] = "/sign-in/start/";
  Str name = str_slice(f->request->path, sizeof PREFIX - 1, f->request->path.len);
  Error err = {0};
  i64 id = 0;
  f->to = safe_path(http_query(f->request, "to", 0));
  if (!id_parse("idp", name, &id))
    fail(&err, ERR_NOT_FOUND, "this is no way to sign in; choose one on the sign-in page");
  if (err.code || !load_provider(f, id, &err)) {
    oidc_give_up(f, &err);
    return;
  }
  f->next = send_there;
  oidc_discover(f);
}

/* And back -------------------------------------------------------------------------------------------------------- */

static Str cookie_of(const HttpRequest *request) {
  Str rest = http_header(request, "Cookie"), part;
  while (rest.len) {
    Str name = STR_NONE, value = STR_NONE;
    if (!str_cut(rest, ';', &part, &rest)) rest = STR_NONE;
    if (str_cut(str_trim(part), '=', &name, &value) && str_equal_c(name, OIDC_COOKIE)) return value;
  }
  return STR_NONE;
}

/* What we sent along; only the browser that began has it. */
static bool open_cookie(OidcFlow *f, i64 *out_provider, Error *err) {
  Str plain = STR_NONE, cookie = cookie_of(f->request);
  JsonOptions options = {0};
  Value kept = value_null();
  Error ignored = {0};
  bool opened = is_sealed(cookie) &&
                unseal(f->arena, f->app->sealer, cookie, S("sign-in under way"), &plain, &ignored) &&
                json_parse(f->arena, plain, &options, &kept, &ignored) &&
                value_int_or(value_get_c(&kept, "until"), 0) > clock_now(&f->app->clock);
  if (!opened)
    return fail(err, ERR_FORBIDDEN,
                "this sign-in did not begin in this browser at %s, was finished already, or began more than 10 minutes "
                "ago; begin it again",
                f->app->public_url);
  *out_provider = value_int_or(value_get_c(&kept, "provider"), 0);
  f->state = value_text_or(value_get_c(&kept, "state"), STR_NONE);
  f->nonce = value_text_or(value_get_c(&kept, "nonce"), STR_NONE);
  f->verifier = value_text_or(value_get_c(&kept, "verifier"), STR_NONE);
  f->to = safe_path(value_text_or(value_get_c(&kept, "to"), STR_NONE));
  return str_equal_secret(http_query(f->request, "state", 0), f->state) ||
         fail(err, ERR_FORBIDDEN, "this answer belongs to another sign-in; perhaps one that began in another tab");
}

static bool check_return(OidcFlow *f, Error *err) {
  Str trouble = http_query(f->request, "error", 0), text = http_query(f->request, "error_description", 0),
      issuer = http_query(f->request, "iss", 0);
  if (issuer.len && !issuer_fits(issuer, f->at.issuer, &f->provider.tenants))
    return fail(err, ERR_FORBIDDEN, "this answer came from \"%.*s\", not from \"%.*s\"", STR_ARG(utf8_cut(issuer, 200)),
                STR_ARG(f->at.issuer));
  if (trouble.len)
    return fail(err, ERR_FORBIDDEN, "%.*s says: %.*s%s%.*s", STR_ARG(f->provider.name), STR_ARG(utf8_cut(trouble, 100)),
                text.len ? ", " : "", STR_ARG(utf8_cut(utf8_clean(f->arena, text), 300)));
  f->code = http_query(f->request, "code", 0);
  return f->code.len > 0 || fail(err, ERR_FORBIDDEN, "%.*s sent no code", STR_ARG(f->provider.name));
}

/* In -------------------------------------------------------------------------------------------------------------- */

static bool admit(Command *command, Cycle *cycle, Error *err) {
  OidcFlow *f = (OidcFlow *)command;
  Str token = STR_NONE;
  if (!oidc_admit(cycle, &f->arrival, &token, err)) return false;
  f->cookie = str_copy(f->arena, token);
  return true;
}

static bool note_refusal(Command *command, Cycle *cycle, Error *err) {
  OidcFlow *f = (OidcFlow *)command;
  return oidc_note_refusal(cycle, &f->arrival, f->refusal.message, err);
}

static void refused(Command *command, bool ok, const Error *err) {
  OidcFlow *f = (OidcFlow *)command;
  if (!ok) log_error("identity", "a refused sign-in was not written into the audit: %s", err->message);
  oidc_give_up(f, &f->refusal);
}

static void admitted(Command *command, bool ok, const Error *err) {
  OidcFlow *f = (OidcFlow *)command;
  if (ok) {
    oidc_redirect(f, f->to, oidc_cookie(f, S("")), session_cookie_header(f->app, f->request, f->cookie));
    return;
  }
  f->refusal = *err;
  f->command = (Command){.run = note_refusal, .done = refused};
  bool vouched = f->refusal.code == ERR_FORBIDDEN || f->refusal.code == ERR_CONFLICT; /* *err went with the command */
  if (!vouched || !engine_submit(f->app->engine, &f->command)) oidc_give_up(f, &f->refusal);
}

static void let_in(OidcFlow *f) {
  f->arrival = (OidcArrival){.provider = &f->provider,
                             .claims = &f->claims,
                             .state = f->state,
                             .address = f->request->client,
                             .agent = http_header(f->request, "User-Agent")};
  f->command = (Command){.run = admit, .done = admitted};
  if (!engine_submit(f->app->engine, &f->command)) oidc_busy(f);
}

/* Claims that the ID token holds count; only what it lacks is taken from here. */
static void userinfo_answered(OidcFlow *f) {
  Value more = value_null();
  Error err = {0};
  if (oidc_answered(f, &more, &err) && !str_equal(value_text_or(value_get_c(&more, "sub"), STR_NONE),
                                                  value_text_or(value_get_c(&f->claims, "sub"), STR_NONE)))
    fail(&err, ERR_UNAUTHORIZED, "%.*s spoke of somebody else when asked who signed in", STR_ARG(f->provider.name));
  if (err.code) {
    oidc_give_up(f, &err);
    return;
  }
  MapBuilder all = map_builder(f->arena);
  for (size_t i = 0; i < more.size; i++) map_put(&all, value_text(&more.members[i].key), more.members[i].value);
  bool own_email = value_get_c(&f->claims, "email") != NULL;
  if (own_email) map_put_c(&all, "email_verified", value_null()); /* it would be of another address */
  for (size_t i = 0; i < f->claims.size; i++)
    map_put(&all, value_text(&f->claims.members[i].key), f->claims.members[i].value);
  f->claims = map_done(&all);
  let_in(f);
}

static void keys_answered(OidcFlow *f) {
  IdTokenWanted wanted = {.issuer = f->at.issuer,
                          .tenants = &f->provider.tenants,
                          .client_id = f->provider.client_id,
                          .nonce = f->nonce,
                          .now_ms = clock_now(&f->app->clock)};
  Error err = {0};
  if (!oidc_answered(f, &f->keys, &err) || !id_token_read(f->arena, f->id_token, &f->keys, &wanted, &f->claims, &err)) {
    oidc_give_up(f, &err);
    return;
  }
  bool groups = f->provider.role_map.size > 0 && !value_get(&f->claims, f->provider.groups_claim);
  bool more = groups || !value_get_c(&f->claims, "email");
  if (!more || f->at.userinfo.len == 0 || f->access_token.len == 0) {
    let_in(f);
    return;
  }
  oidc_ask(f,
           &(OidcAsking){.what = "who signed in",
                         .url = f->at.userinfo,
                         .authorization = str_format(f->arena, "Authorization: Bearer %.*s", STR_ARG(f->access_token)),
                         .answered = userinfo_answered});
}

static void tokens_answered(OidcFlow *f) {
  Value tokens = value_null();
  Error err = {0};
  if (!oidc_answered(f, &tokens, &err)) {
    oidc_give_up(f, &err);
    return;
  }
  f->id_token = value_text_or(value_get_c(&tokens, "id_token"), STR_NONE);
  Str access = value_text_or(value_get_c(&tokens, "access_token"), STR_NONE);
  bool plain = access.len < KIB(16);
  for (size_t i = 0; plain && i < access.len; i++) plain = (u8)access.ptr[i] > ' ' && (u8)access.ptr[i] < 0x7f;
  if (plain) f->access_token = access;
  oidc_ask(f, &(OidcAsking){.what = "its keys", .url = f->at.keys, .answered = keys_answered});
}

static void exchange(OidcFlow *f) {
  Arena *arena = f->arena;
  Error err = {0};
  if (!check_return(f, &err)) {
    oidc_give_up(f, &err);
    return;
  }
  const OidcProvider *p = &f->provider;
  Str id = url_encode(arena, p->client_id), secret = url_encode(arena, p->client_secret), authorization = STR_NONE;
  Str form = str_format(arena, "grant_type=authorization_code&code=%.*s&redirect_uri=%.*s&code_verifier=%.*s",
                        STR_ARG(url_encode(arena, f->code)), STR_ARG(url_encode(arena, callback_url(f))),
                        STR_ARG(f->verifier));
  if (p->client_secret.len == 0 || f->at.post_secret)
    form = str_format(arena, "%.*s&client_id=%.*s%s%.*s", STR_ARG(form), STR_ARG(id),
                      p->client_secret.len ? "&client_secret=" : "", STR_ARG(secret));
  else
    authorization =
        str_format(arena, "Authorization: Basic %.*s",
                   STR_ARG(base64_encode(arena, str_format(arena, "%.*s:%.*s", STR_ARG(id), STR_ARG(secret)))));
  oidc_ask(f, &(OidcAsking){.what = "tokens",
                            .url = f->at.token,
                            .form = form,
                            .authorization = authorization,
                            .answered = tokens_answered});
}

static void come_back(OidcFlow *f) {
  Error err = {0};
  i64 id = 0;
  if (!open_cookie(f, &id, &err) || !load_provider(f, id, &err)) {
    oidc_give_up(f, &err);
    return;
  }
  f->next = exchange;
  oidc_discover(f);
}

/* Doors ----------------------------------------------------------------------------------------------------------- */

static void get_head(App *app, HttpRequest *request, HttpHeadVerdict *verdict) {
  (void)app;
  if (request->method == HTTP_GET) return;
  static const HttpHeader ALLOW[] = {{STR("Allow"), STR("GET")}};
  verdict->respond = true;
  verdict->response = (HttpResponse){.status = 405, .headers = ALLOW, .header_count = COUNT(ALLOW)};
}

static void begin(App *app, HttpRequest *request, void (*step)(OidcFlow *f)) {
  OidcFlow *f = ARENA_NEW(request->arena, OidcFlow);
  *f = (OidcFlow){.app = app, .request = request, .arena = request->arena, .answered = step};
  if (!workers_do(app->workers, oidc_on_worker, f)) oidc_busy(f);
}

static void start_request(App *app, HttpRequest *request) {
  begin(app, request, start);
}
static void callback_request(App *app, HttpRequest *request) {
  begin(app, request, come_back);
}

static void list_on_worker(void *ctx) {
  OidcFlow *f = ctx;
  Db *db = NULL;
  Value list = value_null();
  Error err = {0};
  bool ok = db_pool_take(f->app->readers, &db, &err) && oidc_provider_list(f->app, db, f->arena, &list, &err);
  db_pool_give(f->app->readers, db);
  if (ok)
    respond_json(f->app, f->request, 200, &list);
  else
    api_respond_refusal(f->app, f->request, &err, 0);
}

static void list_request(App *app, HttpRequest *request) {
  OidcFlow *f = ARENA_NEW(request->arena, OidcFlow);
  Error err = {0};
  *f = (OidcFlow){.app = app, .request = request, .arena = request->arena};
  if (workers_do(app->workers, list_on_worker, f)) return;
  fail(&err, ERR_UNAVAILABLE, "the server is busy; try again in a few seconds");
  api_respond_refusal(app, request, &err, 3000);
}

const Door OIDC_DOORS[] = {
    {.prefix = "/sign-in/start/", .head = get_head, .request = start_request},
    {.prefix = OIDC_CALLBACK, .head = get_head, .request = callback_request},
    {.prefix = "/api/v1/sign-in/providers", .head = get_head, .request = list_request},
    {.prefix = NULL},
};

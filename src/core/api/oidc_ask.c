/* Signing in by OpenID Connect: what the provider is asked, and what the browser is told. */
#include "base/embedded.h"
#include "core/api/oidc_flow.h"
#include "lang/json.h"
#include "lang/mustache/mustache.h"

extern const EmbeddedFile CATALOG_FILES[];
extern const size_t CATALOG_FILES_COUNT;

enum { ANSWER_BYTES_MAX = 256 * 1024, CALL_TIMEOUT_MS = 10000 };
#define COOKIE_PATH "/sign-in/"

/* Answers --------------------------------------------------------------------------------------------------------- */

static const char PAGE_POLICY[] =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

Str oidc_cookie(const OidcFlow *f, Str value) {
  bool secure = f->request->https || str_starts_with(str_from_c(f->app->public_url), S("https://"));
  return str_format(f->arena, OIDC_COOKIE "=%.*s; Path=" COOKIE_PATH "; Max-Age=%d; HttpOnly; SameSite=Lax%s",
                    STR_ARG(value), value.len ? OIDC_COOKIE_S : 0, secure ? "; Secure" : "");
}

static Str page_template(void) {
  for (size_t i = 0; i < CATALOG_FILES_COUNT; i++)
    if (str_ends_with(str_from_c(CATALOG_FILES[i].path), S("pages/sign-in.html.mustache")))
      return (Str){CATALOG_FILES[i].data, CATALOG_FILES[i].bytes};
  return S("{{why}}");
}

/* "it went wrong", as a sentence. */
static Str sentence(Arena *arena, const char *text) {
  char *out = str_to_c(arena, utf8_clean(arena, str_format(arena, "%s.", text)));
  if (out[0] >= 'a' && out[0] <= 'z') out[0] = (char)(out[0] - 'a' + 'A');
  return str_from_c(out);
}

void oidc_give_up(OidcFlow *f, const Error *why) {
  MapBuilder map = map_builder(f->arena);
  MustacheOptions options = {.context = MUSTACHE_HTML};
  const Mustache *template = NULL;
  Buf out = buf_new(f->arena, KIB(32));
  CelRun run = {0};
  Error err = {0};
  int status = error_http_status(why->code);
  map_put_c(&map, "why", value_string(sentence(f->arena, why->message)));
  map_put_c(&map, "request_id", value_string(f->request->id));
  if (f->provider.id) {
    map_put_c(&map, "provider", value_string(f->provider.name));
    map_put_c(&map, "again",
              value_string(str_format(f->arena, "/sign-in/start/%.*s?to=%.*s",
                                      STR_ARG(id_text(f->arena, "idp", f->provider.id)),
                                      STR_ARG(url_encode(f->arena, f->to.len ? f->to : S("/"))))));
  }
  Value context = map_done(&map);
  if (!mustache_compile(f->arena, page_template(), &options, &template, &err) ||
      !mustache_render(template, f->arena, &context, &run, &out, &err))
    log_error("identity", "the page of a failed sign-in cannot be rendered: %s", err.message);
  log_info("identity", "signing in%s%.*s failed: %s", f->provider.id ? " by " : "", STR_ARG(f->provider.name),
           why->message);
  HttpHeader headers[] = {{S("Cache-Control"), S("no-store")},
                          {S("Referrer-Policy"), S("no-referrer")},
                          {S("X-Content-Type-Options"), S("nosniff")},
                          {S("Content-Security-Policy"), S(PAGE_POLICY)},
                          {S("Set-Cookie"), oidc_cookie(f, S(""))}};
  HttpResponse response = {.status = status,
                           .content_type = "text/html; charset=utf-8",
                           .headers = headers,
                           .header_count = COUNT(headers),
                           .body = buf_str(&out)};
  http_respond(f->app->http, f->request, &response);
}

void oidc_redirect(OidcFlow *f, Str where, Str cookie, Str session) {
  HttpHeader headers[] = {{S("Location"), where},
                          {S("Cache-Control"), S("no-store")},
                          {S("Referrer-Policy"), S("no-referrer")},
                          {S("Set-Cookie"), cookie},
                          {S("Set-Cookie"), session}};
  HttpResponse response = {
      .status = 303, .headers = headers, .header_count = session.len ? COUNT(headers) : COUNT(headers) - 1};
  http_respond(f->app->http, f->request, &response);
}

/* Calls of the provider -------------------------------------------------------------------------------------------- */

void oidc_on_worker(void *ctx) {
  OidcFlow *f = ctx;
  f->answered(f);
}

void oidc_busy(OidcFlow *f) {
  Error err = {0};
  fail(&err, ERR_UNAVAILABLE, "the server is busy or stopping; try again in a few seconds");
  oidc_give_up(f, &err);
}

/* On the client's thread. */
static void call_done(void *ctx, const OutboundResult *result) {
  OidcFlow *f = ctx;
  f->ok = result->outcome == OUTBOUND_ANSWERED && result->status == 200;
  f->status = result->status;
  f->answer = str_copy(f->arena, result->body);
  f->trouble = str_copy(f->arena, str_from_c(result->error));
  if (!workers_do(f->app->workers, oidc_on_worker, f)) oidc_busy(f);
}

void oidc_ask(OidcFlow *f, const OidcAsking *asking) {
  Str headers[3] = {S("Accept: application/json")};
  size_t count = 1;
  if (asking->form.len) headers[count++] = S("Content-Type: application/x-www-form-urlencoded");
  if (asking->authorization.len) headers[count++] = asking->authorization;
  f->asked = asking->what;
  f->answered = asking->answered;
  HttpCall call = {.method = asking->form.len ? S("POST") : S("GET"),
                   .url = asking->url,
                   .body = asking->form,
                   .headers = headers,
                   .header_count = count,
                   .timeout_ms = CALL_TIMEOUT_MS,
                   .body_bytes_max = ANSWER_BYTES_MAX,
                   .done = call_done,
                   .ctx = f};
  http_client_call(f->app->outbound, &call);
}

/* What OAuth says of a failure, in the provider's words. */
static Str said(OidcFlow *f) {
  JsonOptions options = {0};
  Value body = value_null();
  Error ignored = {0};
  if (!json_parse(f->arena, f->answer, &options, &body, &ignored)) return STR_NONE;
  Str code = value_text_or(value_get_c(&body, "error"), STR_NONE),
      text = value_text_or(value_get_c(&body, "error_description"), STR_NONE);
  if (code.len == 0) return STR_NONE;
  return str_format(f->arena, ": %.*s%s%.*s", STR_ARG(utf8_cut(code, 100)), text.len ? ", " : "",
                    STR_ARG(utf8_cut(text, 300)));
}

bool oidc_answered(OidcFlow *f, Value *out, Error *err) {
  JsonOptions options = {0};
  Str name = f->provider.name;
  if (f->status == 0)
    return fail(err, ERR_UNAVAILABLE, "%.*s could not be asked for %s: %.*s", STR_ARG(name), f->asked,
                STR_ARG(f->trouble));
  if (!f->ok)
    return fail(err, f->status >= 500 ? ERR_UNAVAILABLE : ERR_UNAUTHORIZED, "%.*s answered %ld when asked for %s%.*s",
                STR_ARG(name), f->status, f->asked, STR_ARG(said(f)));
  if (f->answer.len >= ANSWER_BYTES_MAX)
    return fail(err, ERR_UNAVAILABLE, "the answer of %.*s when asked for %s is too long", STR_ARG(name), f->asked);
  if (!json_parse(f->arena, f->answer, &options, out, err))
    return error_prefix(err, "the answer of %.*s when asked for %s is not JSON: ", STR_ARG(name), f->asked);
  return value_is(out, VALUE_MAP) ||
         fail(err, ERR_UNAVAILABLE, "the answer of %.*s when asked for %s is not an object", STR_ARG(name), f->asked);
}

static void discovered(OidcFlow *f) {
  Value document = value_null();
  Error err = {0};
  if (!oidc_answered(f, &document, &err) || !oidc_endpoints(f->arena, &f->provider, f->answer, &f->at, &err)) {
    oidc_give_up(f, &err);
    return;
  }
  oidc_cache_put(f->app->oidc, &f->provider, f->answer, clock_now(&f->app->clock));
  f->next(f);
}

void oidc_discover(OidcFlow *f) {
  Str document = STR_NONE, issuer = f->provider.issuer;
  Error ignored = {0};
  if (oidc_cache_get(f->app->oidc, f->arena, &f->provider, clock_now(&f->app->clock), &document) &&
      oidc_endpoints(f->arena, &f->provider, document, &f->at, &ignored)) {
    f->next(f);
    return;
  }
  if (str_ends_with(issuer, S("/"))) issuer.len--;
  oidc_ask(f, &(OidcAsking){.what = "its configuration",
                            .url = str_format(f->arena, "%.*s/.well-known/openid-configuration", STR_ARG(issuer)),
                            .answered = discovered});
}

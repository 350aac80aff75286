/* What stands before every door of /api/: pages of other origins, and how much may come from whom. */
#include "core/api/gate.h"

#include "core/api/internal.h"
#include "core/api/limits.h"
#include "net/address.h"

/* Origins --------------------------------------------------------------------------------------------------------- */

enum { ORIGINS_MAX = 64, PREFLIGHT_S = 600 };

struct Origins {
  Str list[ORIGINS_MAX];
  size_t count;
};

/* scheme://host or scheme://host:port, as a browser writes it. */
static bool is_origin(Str text) {
  size_t at = str_find(text, S("://"), 0);
  Str host = at == SIZE_MAX ? STR_NONE : str_slice(text, at + 3, text.len);
  bool web = str_starts_with(text, S("https://")) || str_starts_with(text, S("http://"));
  if (!web || host.len == 0) return false;
  for (size_t i = 0; i < host.len; i++) {
    char c = host.ptr[i];
    bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!word && c != '-' && c != '.' && c != ':' && c != '[' && c != ']') return false;
  }
  return true;
}

bool origins_new(Arena *arena, const char *list, Origins **out, Error *err) {
  Origins *origins = ARENA_NEW(arena, Origins);
  Str rest = str_from_c(list), part;
  *out = NULL;
  while (rest.len) {
    (void)str_cut(rest, ',', &part, &rest);
    part = str_lower(arena, str_trim(part));
    if (part.len == 0) continue;
    if (!is_origin(part))
      return fail(err, ERR_INVALID,
                  "--cors-origins: \"%.*s\" is no origin; write each as https://status.example.com or "
                  "https://status.example.com:8443, without a path. There are no wildcards",
                  STR_ARG(utf8_cut(part, 100)));
    if (origins->count == ORIGINS_MAX)
      return fail(err, ERR_INVALID, "--cors-origins: more than %d origins", ORIGINS_MAX);
    origins->list[origins->count++] = part;
  }
  if (origins->count) *out = origins;
  return true;
}

static bool allowed(const Origins *origins, Str origin) {
  for (size_t i = 0; i < origins->count; i++)
    if (str_equal(origins->list[i], origin)) return true;
  return false;
}

/* Never with credentials: a page elsewhere brings an API key of its own, not somebody's cookie. */
static void allow_origin(HttpRequest *request, Str origin) {
  http_answer_with(request, "Access-Control-Allow-Origin", origin);
  http_answer_with(request, "Access-Control-Expose-Headers",
                   S("ETag, Retry-After, X-Request-Id, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset"));
}

static void answer_problem(App *app, HttpRequest *request, HttpHeadVerdict *verdict, const Error *err, i64 wait_ms) {
  Call call = {.app = app, .request = request, .arena = request->arena, .wait_ms = wait_ms};
  verdict->respond = true;
  verdict->response = api_problem(&call, err);
}

/* OPTIONS, by which a browser asks before it sends. */
static void answer_preflight(HttpRequest *request, HttpHeadVerdict *verdict) {
  http_answer_with(request, "Access-Control-Allow-Methods", S("GET, HEAD, POST, PATCH, DELETE"));
  http_answer_with(request, "Access-Control-Allow-Headers",
                   S("Authorization, Content-Type, If-Match, Idempotency-Key, On-Behalf-Of, X-Request-Id, "
                     "Last-Event-ID"));
  http_answer_with(request, "Access-Control-Max-Age", str_format(request->arena, "%d", PREFLIGHT_S));
  verdict->respond = true;
  verdict->response = (HttpResponse){.status = 204};
}

/* True when it answered. Without --cors-origins nothing here says a word, and browsers refuse by themselves. */
static bool origin_gate(App *app, HttpRequest *request, HttpHeadVerdict *verdict) {
  Str origin = http_header(request, "Origin");
  if (!app->origins) return false;
  http_answer_with(request, "Vary", S("Origin"));
  if (origin.len == 0) return false;
  bool asks = request->method == HTTP_OPTIONS && http_header(request, "Access-Control-Request-Method").len;
  if (allowed(app->origins, origin)) {
    allow_origin(request, origin);
    if (asks) answer_preflight(request, verdict);
    return asks;
  }
  if (!asks) return false;
  Error err = {0};
  fail(&err, ERR_FORBIDDEN, "pages of %.*s may not call this server; its administrator can add them to --cors-origins",
       STR_ARG(utf8_cut(origin, 200)));
  answer_problem(app, request, verdict, &err, 0);
  return true;
}

/* Limits ---------------------------------------------------------------------------------------------------------- */

static void tell_limit(HttpRequest *request, const LimitState *state) {
  Arena *arena = request->arena;
  http_answer_with(request, "RateLimit-Limit", str_format(arena, "%lld", (long long)state->limit));
  http_answer_with(request, "RateLimit-Remaining", str_format(arena, "%lld", (long long)state->remaining));
  http_answer_with(request, "RateLimit-Reset", str_format(arena, "%lld", (long long)state->reset_s));
}

static bool take(App *app, HttpRequest *request, Str who, i64 per_minute, LimitState *out) {
  if (limits_take(app->limits, who, per_minute, clock_now(&app->clock), out)) return tell_limit(request, out), true;
  tell_limit(request, out);
  metric_add(app->limited, NULL, 1);
  return false;
}

/* A household has 2^64 IPv6 addresses: their first half counts. */
static Str network_of(const HttpRequest *request) {
  u8 bytes[ADDRESS_BYTES];
  bool ipv4 = false;
  if (!address_parse(str_to_c(request->arena, request->client), bytes, &ipv4) || ipv4) return request->client;
  return str_copy(request->arena, (Str){(const char *)bytes, ADDRESS_BYTES / 2});
}

static bool address_gate(App *app, HttpRequest *request, HttpHeadVerdict *verdict) {
  LimitState state = {0};
  if (app->address_limit <= 0 || take(app, request, network_of(request), app->address_limit, &state)) return false;
  Error err = {0};
  fail(&err, ERR_LIMITED,
       "%.*s made more than %lld requests within a minute (--rate-limit-address); the next one is possible in %lld s",
       STR_ARG(request->client), (long long)state.limit, (long long)((state.wait_ms + 999) / 1000));
  answer_problem(app, request, verdict, &err, state.wait_ms);
  return true;
}

bool api_gate(App *app, HttpRequest *request, HttpHeadVerdict *verdict) {
  if (str_starts_with(request->path, S("/sign-in/"))) return address_gate(app, request, verdict);
  if (!str_starts_with(request->path, S("/api/"))) return false;
  return origin_gate(app, request, verdict) || address_gate(app, request, verdict);
}

bool api_limit_key(Call *call, i64 of_key, Error *err) {
  i64 per_minute = of_key > 0 ? of_key : call->app->key_limit;
  LimitState state = {0};
  if (per_minute <= 0 || take(call->app, call->request, call->via, per_minute, &state)) return true;
  call->wait_ms = state.wait_ms;
  return fail(err, ERR_LIMITED,
              "%s made more than %lld requests within a minute; the next one is possible in %lld s. An administrator "
              "can raise %s",
              call->session_id ? "this session" : "this API key", (long long)state.limit,
              (long long)((state.wait_ms + 999) / 1000),
              of_key > 0 ? "requests_per_minute of the key" : "the server's --rate-limit");
}

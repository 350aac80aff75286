/* /healthz, /readyz, /metrics. */
#include "core/identity/access.h"
#include "core/server/first_page.h"

enum { METRICS_BYTES_MAX = 4 * 1024 * 1024 };

static void no_body(App *app, HttpRequest *request, HttpHeadVerdict *verdict) {
  (void)app;
  (void)request;
  verdict->body_bytes_max = 1024;
}

static void health(App *app, HttpRequest *request) {
  respond_text(app, request, 200, "text/plain", S("ok\n"));
}

/* Reasons for 503; and what is worth a word although traffic may come. */
static void ready(App *app, HttpRequest *request) {
  const char *why = NULL, *word = "ready\n";
  if (atomic_load(&app->draining))
    why = "the server is stopping\n";
  else if (!engine_writable(app->engine))
    why = "the storage is not writable\n";
  else if (!engine_trusted(app->engine))
    why = "nothing was heard of the database for 5 s\n";
  else if (!engine_turning(app->engine))
    why = "the cycle has not come round for 5 s\n";
  else if (first_page_wanted(app))
    word = "ready; no organization yet: open the set-up link that the log tells\n";
  else if (engine_paging_held(app->engine))
    word = "ready; all paging is held after a restore: see tocsin resume\n";
  respond_text(app, request, why ? 503 : 200, "text/plain", str_from_c(why ? why : word));
}

static bool is_loopback(Str peer) {
  return str_starts_with(peer, S("127.")) || str_equal_c(peer, "::1") || str_equal_c(peer, "::ffff:127.0.0.1");
}

/* A proxy on this machine that is not trusted speaks for somebody unknown. */
static bool is_local(const HttpRequest *request) {
  bool forwarded = http_header(request, "X-Forwarded-For").ptr || http_header(request, "Forwarded").ptr;
  return is_loopback(request->client) && !(forwarded && str_equal(request->client, request->peer));
}

static bool has_key(App *app, HttpRequest *request) {
  Str header = http_header(request, "Authorization");
  if (!str_starts_with(header, S("Bearer "))) return false;
  const Setup *setup = setup_take(app->setup);
  const SetupKey *key =
      setup_key_by_hash(setup, sha256_hex(request->arena, str_trim(str_slice(header, 7, header.len))));
  bool valid = key && (key->expires_ms == 0 || key->expires_ms > clock_now(&app->clock)) &&
               grants_scope(key->grants, S("metrics"), S("read")) == ROWS_ALL && setup_org_count(setup) == 1;
  setup_give(setup);
  return valid;
}

/* They count all organizations together: of several, none may read them with a key of its own. */
static void metrics(App *app, HttpRequest *request) {
  if (!is_local(request) && !has_key(app, request)) {
    respond_text(
        app, request, 401, "text/plain",
        S("metrics are for loopback, or with an API key that holds metrics:read where there is one organization\n"));
    return;
  }
  Buf out = buf_new(request->arena, METRICS_BYTES_MAX);
  metrics_write(app->metrics, &out);
  respond_text(app, request, 200, "text/plain; version=0.0.4", buf_str(&out));
}

const Door SERVER_DOORS[] = {
    {.prefix = "/healthz", .head = no_body, .request = health},
    {.prefix = "/readyz", .head = no_body, .request = ready},
    {.prefix = "/metrics", .head = no_body, .request = metrics},
    {.prefix = NULL},
};

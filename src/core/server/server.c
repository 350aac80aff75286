/* One running server: its folder and its parts (parts.c), the door of each path, the signals; closes in the opposite
 * order. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/seal.h"
#include "core/alerts/alerts.h"
#include "core/alerts/quiet_watch.h"
#include "core/alerts/rate_alarm.h"
#include "core/api/api.h"
#include "core/api/gate.h"
#include "core/api/limits.h"
#include "core/api/oidc.h"
#include "core/duty/duty.h"
#include "core/identity/password.h"
#include "core/identity/session.h"
#include "core/operations/operations.h"
#include "core/paging/paging.h"
#include "core/server/first_page.h"
#include "core/server/folder.h"
#include "core/server/inbound_internal.h"
#include "core/server/parts.h"
#include "core/server/test_control.h"
#include "core/server/upkeep.h"
#include "db/ballast.h"
#include "net/proxies.h"

enum { DRAIN_MS = 20000 };

/* What belongs to this running server beside the App. */
typedef struct Server {
  App app;
  const ServeOptions *options;
  int lock_fd;
  TestControl *control;
  Local *local;
  BackupTimer *backups;
  pthread_t watchdog;
  bool watchdog_runs;
  const char *address; /* http://ADDR:PORT, once it listens */
} Server;

static Server *server_of(App *app) {
  return (Server *)app;
}

bool app_open(const ServeOptions *options, App **out, Error *err) {
  Server *server = xcalloc(1, sizeof *server);
  server->options = options;
  server->lock_fd = -1;
  server->app.arena = arena_new();
  server->app.data_folder_new = !folder_is_there(options->data_folder);
  if (!folder_lock(options->data_folder, &server->lock_fd, err) || !parts_open(&server->app, options, err)) {
    app_close(&server->app);
    return false;
  }
  server->app.public_url = options->public_url ? options->public_url : "http://127.0.0.1:8080";
  *out = &server->app;
  return true;
}

void app_close(App *app) {
  if (!app) return;
  Server *server = server_of(app);
  if (app->engine) engine_stop(app->engine);
  backup_timer_stop(server->backups);
  local_stop(server->local);
  http_client_free(app->outbound); /* its results find the queue, which is drained below with the engine */
  password_pool_free(app->passwords);
  workers_free(app->workers);
  live_free(app->live);
  http_server_free(app->http);
  db_pool_free(app->readers);
  engine_free(app->engine);
  setup_store_free(app->setup);
  registry_free((Registry *)(uintptr_t)app->registry);
  catalog_free(app->catalog);
  inbound_tables_free(app->inbound);
  page_rates_free(app->page_rates);
  deadline_seconds_free(app->deadlines);
  sign_in_guard_free(app->sign_in_guard);
  oidc_cache_free(app->oidc);
  zone_db_free(app->zones);
  proxies_free(app->proxies);
  limits_free(app->limits);
  sealer_free(app->sealer);
  metrics_free(app->metrics);
  if (server->lock_fd >= 0) close(server->lock_fd);
  arena_free(app->arena);
  free(server);
}

/* Doors ----------------------------------------------------------------------------------------------------------- */

static bool door_fits(const Door *door, Str path) {
  Str prefix = str_from_c(door->prefix);
  return str_ends_with(prefix, S("/")) ? str_starts_with(path, prefix) : str_equal(path, prefix);
}

static const Door *find_door(const Server *server, Str path) {
  static const Door *const OWN[] = {INBOUND_DOORS,  SIGN_IN_DOORS, OIDC_DOORS,  JOIN_DOORS,
                                    RESET_DOORS,    API_DOORS,     ACK_DOORS,   HEARTBEAT_DOORS,
                                    CALENDAR_DOORS, SERVER_DOORS,  FIRST_DOORS, NULL};
  const Door *const *const lists[] = {OWN, server->options->door_tables};
  for (size_t l = 0; l < COUNT(lists); l++)
    for (const Door *const *table = lists[l]; table && *table; table++)
      for (const Door *door = *table; door->prefix; door++)
        if (door_fits(door, path)) return door;
  return NULL;
}

static void on_head(void *ctx, HttpRequest *request, HttpHeadVerdict *verdict) {
  Server *server = ctx;
  const Door *door = find_door(server, request->path);
  if (str_equal_c(request->path, "/") && first_page_wanted(&server->app)) {
    static const HttpHeader TO_SETUP[] = {{STR("Location"), STR("/setup")}, {STR("Cache-Control"), STR("no-store")}};
    verdict->respond = true;
    verdict->response = (HttpResponse){.status = 303, .headers = TO_SETUP, .header_count = COUNT(TO_SETUP)};
    return;
  }
  if (api_gate(&server->app, request, verdict)) return;
  if (door) {
    Str before = log_about(request->id);
    door->head(&server->app, request, verdict);
    log_about(before);
    return;
  }
  verdict->respond = true;
  verdict->response = page_answer(request);
}

static void on_request(void *ctx, HttpRequest *request) {
  Server *server = ctx;
  Str before = log_about(request->id);
  find_door(server, request->path)->request(&server->app, request);
  log_about(before);
}

static void on_too_large(void *ctx, HttpRequest *request) {
  Server *server = ctx;
  const Door *door = find_door(server, request->path);
  if (door && door->too_large) {
    door->too_large(&server->app, request);
    return;
  }
  Error err = {0};
  fail(&err, ERR_TOO_LARGE, "the body is larger than this path takes");
  http_respond_error(server->app.http, request, &err);
}

/* --log-requests. Paths outside the API hold keys and tokens: only their first word is told. */
static void on_answered(void *ctx, const HttpRequest *request, int status, i64 took_us) {
  Str path = request->raw_path, first, rest;
  bool shown = str_starts_with(path, S("/api/")) || path.len < 2;
  (void)ctx;
  if (!shown && str_cut(str_slice(path, 1, path.len), '/', &first, &rest))
    path = str_format(request->arena, "/%.*s/...", STR_ARG(first));
  Str before = log_about(request->id);
  log_info("request", "%.*s %.*s %d %lld.%03lld ms %.*s", STR_ARG(request->method_text), STR_ARG(path), status,
           (long long)took_us / 1000, (long long)took_us % 1000, STR_ARG(request->client));
  log_about(before);
}

/* Watchdog -------------------------------------------------------------------------------------------------------- */

static void pinged(void *ctx, const OutboundResult *result) {
  (void)ctx;
  if (result->outcome != OUTBOUND_ANSWERED || result->status >= 400)
    log_warn("server", "the watchdog did not answer: %s", result->error);
}

/* Tells the outside each minute that the cycle turns; silence there means that we are dead. */
static void *watchdog_main(void *ctx) {
  App *app = ctx;
  for (int second = 0; !atomic_load(&app->draining); second++) {
    if (second % 60 == 0 && engine_turning(app->engine) && engine_writable(app->engine)) {
      HttpCall call = {
          .method = S("GET"), .url = str_from_c(app->watchdog_url), .trusted_target = true, .done = pinged};
      http_client_call(app->outbound, &call);
    }
    sleep(1);
  }
  return NULL;
}

/* Serving --------------------------------------------------------------------------------------------------------- */

static bool listen_on(Server *server, Error *err) {
  App *app = &server->app;
  const ServeOptions *o = server->options;
  HttpServerOptions options = {.listen = o->listen,
                               .tls_cert = o->tls_cert,
                               .tls_key = o->tls_key,
                               .proxies = app->proxies,
                               .io_threads = (u32)o->io_threads,
                               .metrics = app->metrics,
                               .ctx = server,
                               .on_head = on_head,
                               .on_request = on_request,
                               .on_answered = o->log_requests ? on_answered : NULL,
                               .on_too_large = on_too_large};
  return http_server_start(&options, &app->http, err);
}

static void write_address(const App *app, const char *address) {
  char path[4096];
  snprintf(path, sizeof path, "%s/address", app->data_folder);
  FILE *file = fopen(path, "we");
  if (!file) return;
  fprintf(file, "%s\n", address);
  fclose(file);
}

/* Where it listens, which is known only now: links in messages need it before the first job runs. */
static void find_address(Server *server) {
  App *app = &server->app;
  Str host = str_from_c(server->options->listen);
  size_t colon = host.len;
  while (colon > 0 && host.ptr[colon - 1] != ':') colon--;
  Str address = str_format(app->arena, "%s://%.*s:%u", server->options->tls_cert ? "https" : "http",
                           (int)(colon ? colon - 1 : 0), host.ptr, http_server_port(app->http));
  server->address = str_to_c(app->arena, address);
  if (!server->options->public_url) app->public_url = server->address;
}

/* A mistyped --data must not look like a server that has forgotten everything. */
static void say_folder(const App *app) {
  char whole[PATH_MAX];
  if (app->data_folder_new)
    log_warn("server", "new data folder %s: it was not there before",
             realpath(app->data_folder, whole) ? whole : app->data_folder);
}

static void say_ready(Server *server) {
  App *app = &server->app;
  say_folder(app);
  if (!server->options->public_url)
    log_warn("server", "links in messages point to %s, which only this machine can open; set --public-url",
             app->public_url);
  write_address(app, server->address);
  printf("ready on %s\n", server->address);
  if (first_page_wanted(app)) {
    Str url = first_page_url(app, app->arena);
    log_warn("server", "there is no organization yet; make it at %.*s", STR_ARG(url));
    printf("set up at %.*s\n", STR_ARG(url));
  }
  fflush(stdout);
  if (server->options->ready) server->options->ready(app, server->options->hook);
}

static int wait_for_signal(const sigset_t *set) {
  int number = 0;
  while (sigwait(set, &number) != 0) continue;
  return number;
}

static void *second_signal(void *ctx) {
  const sigset_t *set = ctx;
  wait_for_signal(set);
  _exit(1);
}

static void drain(Server *server, sigset_t *set) {
  App *app = &server->app;
  pthread_t impatient;
  log_info("server", "stopping: answering what is queued");
  if (server->options->stopping) server->options->stopping(server->options->hook);
  if (pthread_create(&impatient, NULL, second_signal, set) == 0) pthread_detach(impatient);
  atomic_store(&app->draining, true);
  http_server_drain(app->http, DRAIN_MS);
  if (server->watchdog_runs) pthread_join(server->watchdog, NULL);
  test_control_stop(server->control);
}

static bool start_serving(Server *server, Error *err) {
  App *app = &server->app;
  const ServeOptions *o = server->options;
  db_ballast_make(o->data_folder);
  if (!listen_on(server, err)) return false;
  find_address(server);
  engine_start(app->engine);
  if (!engine_run(app->engine, upkeep_plan, NULL, err) || !engine_run(app->engine, quiet_watch_plan, NULL, err) ||
      !engine_run(app->engine, rate_watch_plan, NULL, err) || !engine_run(app->engine, duty_plan, NULL, err))
    return false;
  if (!local_start(app, &server->local, err) || !backup_timer_start(app, &o->backups, &server->backups, err))
    return false;
  held_say(app);
  if (o->test_control && !test_control_start(app, o->test_control, &server->control, err)) return false;
  server->watchdog_runs = app->watchdog_url && pthread_create(&server->watchdog, NULL, watchdog_main, app) == 0;
  say_ready(server);
  return true;
}

int server_run(const ServeOptions *options) {
  App *app = NULL;
  Error err = {0};
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files is told like a full disk */
  if (!app_open(options, &app, &err)) {
    fprintf(stderr, "tocsin: %s\n", err.message);
    return 1;
  }
  Server *server = server_of(app);
  bool ok = start_serving(server, &err);
  if (ok) {
    wait_for_signal(&set);
    drain(server, &set);
  } else {
    fprintf(stderr, "tocsin: %s\n", err.message);
  }
  app_close(app);
  return ok ? 0 : 1;
}

/* The server: options, threads, drain, end. What a connection does is in http_conn.c, what a loop does in http_loop.c.
 */
#include "net/http_server_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { IO_THREADS_DEFAULT_MAX = 4, DESCRIPTORS_KEPT = 128, CONNECTIONS_DEFAULT_MAX = 100000 };

/* ---- options ---- */

/* Descriptors are also needed for databases, outbound calls and files. */
static u32 connections_by_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024 - DESCRIPTORS_KEPT;
  u64 most = MIN((u64)limit.rlim_cur, (u64)CONNECTIONS_DEFAULT_MAX);
  return (u32)(most > 2 * DESCRIPTORS_KEPT ? most - DESCRIPTORS_KEPT : MAX(most / 2, (u64)1));
}

static u32 threads_by_cores(void) {
  long cores = sysconf(_SC_NPROCESSORS_ONLN);
  return (u32)MAX(1, MIN(cores, (long)IO_THREADS_DEFAULT_MAX));
}

static i64 or_default(i64 value, i64 fallback) {
  return value > 0 ? value : fallback;
}

static void fill_defaults(HttpServer *server) {
  HttpServerOptions *o = &server->options;
  if (o->io_threads == 0) o->io_threads = threads_by_cores();
  o->io_threads = MIN(o->io_threads, (u32)IO_THREADS_MAX);
  if (o->in_flight_bytes_max == 0) o->in_flight_bytes_max = MIB(256);
  if (o->connections_max == 0) o->connections_max = connections_by_limit();
  o->head_timeout_ms = or_default(o->head_timeout_ms, 10 * SECOND_MS);
  o->body_timeout_ms = or_default(o->body_timeout_ms, 30 * SECOND_MS);
  o->idle_timeout_ms = or_default(o->idle_timeout_ms, 75 * SECOND_MS);
  server->wait_us[WAIT_HEAD] = o->head_timeout_ms * 1000;
  server->wait_us[WAIT_BODY] = server->wait_us[WAIT_WRITE] = o->body_timeout_ms * 1000;
  server->wait_us[WAIT_IDLE] = o->idle_timeout_ms * 1000;
  server->wait_us[WAIT_LINGER] = LINGER_MS * 1000;
}

static void make_metrics(HttpServer *server) {
  static const double SECONDS[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
  Metrics *metrics = server->options.metrics;
  if (!metrics) return;
  server->metrics = (HttpMetrics){
      .requests = metrics_counter(metrics, "tocsin_http_requests_total", "Answers sent, by class of status.", "class"),
      .connections = metrics_gauge(metrics, "tocsin_http_connections", "Open connections of clients.", NULL),
      .seconds = metrics_histogram(metrics, "tocsin_http_request_seconds",
                                   "From the end of a request's head to its answer.", SECONDS, COUNT(SECONDS)),
      .malformed = metrics_counter(metrics, "tocsin_http_malformed_total",
                                   "Requests refused because they do not follow RFC 9112.", NULL),
  };
}

/* ---- life ---- */

/* A peer that leaves while we write must be an error code, not the end of the process. */
static void ignore_broken_pipes(void) {
  signal(SIGPIPE, SIG_IGN);
}

static HttpServer *server_new(const HttpServerOptions *options) {
  HttpServer *server = xcalloc(1, sizeof(*server));
  server->options = *options;
  atomic_init(&server->references, 1);
  pthread_mutex_init(&server->drain_mutex, NULL);
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&server->drained, &attributes);
  pthread_condattr_destroy(&attributes);
  fill_defaults(server);
  return server;
}

void http_server_release(HttpServer *server) {
  if (atomic_fetch_sub(&server->references, 1) != 1) return;
  for (u32 i = 0; i < server->loop_count; i++) pthread_mutex_destroy(&server->loops[i].mutex);
  pthread_mutex_destroy(&server->drain_mutex);
  pthread_cond_destroy(&server->drained);
  free(server->loops);
  free(server);
}

static void stop_loops(HttpServer *server, u32 started) {
  for (u32 i = 0; i < started; i++) http_loop_post(&server->loops[i], &server->loops[i].stop_parcel);
  for (u32 i = 0; i < started; i++) pthread_join(server->loops[i].handle, NULL);
  for (u32 i = 0; i < server->loop_count; i++) http_loop_done(&server->loops[i]);
  http_tls_free(server->tls);
  http_server_release(server);
}

/* Takes over the sockets, also when it fails. */
static bool make_loops(HttpServer *server, const int *fds, Error *err) {
  u32 count = server->options.io_threads;
  server->loops = xcalloc(count, sizeof(*server->loops));
  for (u32 i = 0; i < count; i++) {
    if (http_loop_init(&server->loops[i], server, i, fds[i], err)) {
      server->loop_count++;
      continue;
    }
    while (++i < count) close(fds[i]);
    return false;
  }
  return true;
}

static bool start_loops(HttpServer *server, u32 *out_started, Error *err) {
  for (*out_started = 0; *out_started < server->loop_count; ++*out_started)
    if (!http_loop_start(&server->loops[*out_started], err)) return false;
  return true;
}

static bool open_server(HttpServer *server, u32 *out_started, Error *err) {
  const HttpServerOptions *o = &server->options;
  int fds[IO_THREADS_MAX];
  if (!o->tls_cert != !o->tls_key)
    return fail(err, ERR_INVALID, "--tls-cert and --tls-key belong together: give both, or none");
  if (o->tls_cert && !http_tls_new(o->tls_cert, o->tls_key, &server->tls, err)) return false;
  if (!http_listen(o->listen, o->io_threads, fds, &server->port, err)) return false;
  return make_loops(server, fds, err) && start_loops(server, out_started, err);
}

bool http_server_start(const HttpServerOptions *options, HttpServer **out, Error *err) {
  ASSERT(options->on_head && options->on_request);
  ignore_broken_pipes();
  HttpServer *server = server_new(options);
  u32 started = 0;
  make_metrics(server);
  /* Handlers may run before we return; the one who starts us gives them the server by *out. */
  *out = server;
  if (open_server(server, &started, err)) return true;
  *out = NULL;
  stop_loops(server, started);
  return false;
}

u16 http_server_port(const HttpServer *server) {
  return server->port;
}

static struct timespec deadline_after(i64 ms) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  at.tv_sec += (time_t)(ms / SECOND_MS);
  at.tv_nsec += (long)(ms % SECOND_MS) * 1000000;
  if (at.tv_nsec >= 1000000000) at.tv_sec++, at.tv_nsec -= 1000000000;
  return at;
}

void http_server_hold(HttpServer *server) {
  atomic_store(&server->holding, true);
}

void http_server_let_go(HttpServer *server) {
  atomic_store(&server->holding, false);
  for (u32 i = 0; i < server->loop_count; i++) http_loop_wake_if_posted(&server->loops[i]);
}

void http_server_drain(HttpServer *server, i64 limit_ms) {
  if (!atomic_exchange(&server->draining, true))
    for (u32 i = 0; i < server->loop_count; i++) http_loop_post(&server->loops[i], &server->loops[i].drain_parcel);
  struct timespec deadline = deadline_after(limit_ms);
  int code = 0;
  pthread_mutex_lock(&server->drain_mutex);
  while (code != ETIMEDOUT && (server->loops_drained < server->loop_count || atomic_load(&server->connections) > 0))
    code = pthread_cond_timedwait(&server->drained, &server->drain_mutex, &deadline);
  pthread_mutex_unlock(&server->drain_mutex);
}

void http_server_free(HttpServer *server) {
  if (server) stop_loops(server, server->loop_count);
}

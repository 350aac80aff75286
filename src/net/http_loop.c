/* A loop: one thread, one event base, one listening socket, and the parcels that other threads send it.
 * Each turn is: wait and run callbacks, flush what they marked, free what died in the turn before. */
#include "net/http_server_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ACCEPTS_PER_TURN = 64, TICK_MS_MAX = 250, TICK_MS_MIN = 5 };

/* ---- time ---- */

i64 http_loop_now_us(Loop *loop) {
  if (loop->now_us == 0) loop->now_us = clock_monotonic_us();
  return loop->now_us;
}

const char *http_loop_date_line(Loop *loop) {
  i64 second = clock_true_ms() / SECOND_MS;
  if (second == loop->date_second) return loop->date_line;
  static const char DAYS[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static const char MONTHS[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  time_t time = (time_t)second;
  struct tm tm;
  gmtime_r(&time, &tm);
  char text[128];
  int len = snprintf(text, sizeof(text), "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", DAYS[tm.tm_wday], tm.tm_mday,
                     MONTHS[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
  ASSERT(len == DATE_LINE_BYTES);
  memcpy(loop->date_line, text, DATE_LINE_BYTES);
  loop->date_second = second;
  return loop->date_line;
}

/* ---- parcels ---- */

bool http_loop_is_here(const Loop *loop) {
  return pthread_equal(loop->thread, pthread_self());
}

static void wake(Loop *loop) {
  u64 one = 1;
  ssize_t written = write(loop->wake_fd, &one, sizeof(one));
  (void)written; /* only fails when the counter is full: then it is awake */
}

bool http_loop_post(Loop *loop, Parcel *parcel) {
  parcel->next = NULL;
  pthread_mutex_lock(&loop->mutex);
  bool open = !loop->closed;
  if (open) {
    if (loop->first_parcel)
      loop->last_parcel->next = parcel;
    else
      loop->first_parcel = parcel;
    loop->last_parcel = parcel;
    /* the others of the batch find it awake; of answers that are held together, the last wakes it */
    if (loop->parcel_count++ == 0 && !atomic_load(&loop->server->holding)) wake(loop);
  }
  pthread_mutex_unlock(&loop->mutex);
  return open;
}

/* Whoever posted while it was held did so before we have the mutex: nothing is left lying. */
void http_loop_wake_if_posted(Loop *loop) {
  pthread_mutex_lock(&loop->mutex);
  if (!loop->closed && loop->parcel_count > 0) wake(loop);
  pthread_mutex_unlock(&loop->mutex);
}

static void begin_drain(Loop *loop) {
  loop->draining = true;
  http_loop_accept(loop, false);
  if (loop->listen_fd >= 0) close(loop->listen_fd);
  loop->listen_fd = -1;
  for (int kind = 0; kind < WAIT_COUNT; kind++)
    for (Conn *conn = loop->waits[kind].first; conn; conn = conn->wait_next) http_conn_mark(conn);
  HttpServer *server = loop->server;
  pthread_mutex_lock(&server->drain_mutex);
  server->loops_drained++;
  pthread_cond_broadcast(&server->drained);
  pthread_mutex_unlock(&server->drain_mutex);
}

static void open_parcel(Loop *loop, Parcel *parcel) {
  switch (parcel->kind) {
  case PARCEL_ANSWER:
  case PARCEL_STREAM_START: http_exchange_answer(loop, PARCEL_OWNER(parcel, Ticket)); break;
  case PARCEL_STREAM_SEND:
  case PARCEL_STREAM_END: http_stream_parcel(loop, parcel); break;
  case PARCEL_DRAIN: begin_drain(loop); break;
  case PARCEL_STOP: loop->stopping = true; break;
  }
}

static void open_parcels(Loop *loop, Parcel *parcel) {
  while (parcel) {
    Parcel *next = parcel->next;
    open_parcel(loop, parcel);
    parcel = next;
  }
}

static Parcel *take_parcels(Loop *loop, bool close_box) {
  pthread_mutex_lock(&loop->mutex);
  Parcel *first = loop->first_parcel;
  loop->first_parcel = loop->last_parcel = NULL;
  loop->parcel_count = 0;
  if (close_box) {
    loop->closed = true;
    u32 late = loop->requests_out;
    for (Parcel *p = first; p; p = p->next)
      if (p->kind == PARCEL_ANSWER || p->kind == PARCEL_STREAM_START) late--;
    /* Whoever still has a request finds the box closed from here on, and holds the server by it. */
    atomic_fetch_add(&loop->server->references, late);
  }
  pthread_mutex_unlock(&loop->mutex);
  return first;
}

static void on_wake(evutil_socket_t fd, short what, void *ctx) {
  (void)what;
  Loop *loop = ctx;
  u64 count;
  ssize_t bytes = read((int)fd, &count, sizeof(count));
  (void)bytes; /* a spurious wake-up finds no parcels */
  open_parcels(loop, take_parcels(loop, false));
}

/* ---- connections ---- */

void http_loop_accept(Loop *loop, bool on) {
  if (on == loop->accepting || !loop->accept_event) return;
  loop->accepting = on;
  if (on)
    event_add(loop->accept_event, NULL);
  else
    event_del(loop->accept_event);
}

static void peer_text(const struct sockaddr_storage *address, char out[PEER_TEXT_BYTES]) {
  const void *ip = address->ss_family == AF_INET6 ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
                                                  : (const void *)&((const struct sockaddr_in *)address)->sin_addr;
  if (!inet_ntop(address->ss_family, ip, out, PEER_TEXT_BYTES)) out[0] = '\0';
}

static bool is_full(const HttpServer *server) {
  return atomic_load(&server->connections) >= server->options.connections_max;
}

/* When the server is full, the longest idle connection of the loop gives way to a newcomer; when none is idle,
 * newcomers wait in the kernel's queue until a tick sees room. The same pause helps when the process is out of
 * descriptors. */
static bool may_accept(const Loop *loop) {
  return !is_full(loop->server) || loop->waits[WAIT_IDLE].first;
}

/* Once a minute: it may last. */
static void tell_full(Loop *loop) {
  i64 now_us = clock_monotonic_us();
  if (loop->told_full_us && now_us - loop->told_full_us < MINUTE_MS * 1000) return;
  loop->told_full_us = now_us;
  log_warn("http",
           "%u connections are open, as many as may be: newcomers wait, idle ones are closed; raise the limit of open "
           "files (LimitNOFILE, ulimit -n), or look who opens them",
           loop->server->options.connections_max);
}

static void take_in(Loop *loop, int client, const struct sockaddr_storage *address) {
  if (is_full(loop->server)) tell_full(loop);
  if (is_full(loop->server) && loop->waits[WAIT_IDLE].first) http_conn_close(loop->waits[WAIT_IDLE].first);
  int on = 1;
  setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  char peer[PEER_TEXT_BYTES];
  peer_text(address, peer);
  http_conn_open(loop, client, peer);
}

static void on_accept(evutil_socket_t fd, short what, void *ctx) {
  (void)what;
  Loop *loop = ctx;
  for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
    if (!may_accept(loop)) {
      tell_full(loop);
      http_loop_accept(loop, false);
      return;
    }
    struct sockaddr_storage address = {0};
    socklen_t bytes = sizeof(address);
    int client = accept4((int)fd, (struct sockaddr *)&address, &bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) http_loop_accept(loop, false);
      return;
    }
    take_in(loop, client, &address);
  }
}

/* ---- tick ---- */

static void expire(Loop *loop, WaitList *list) {
  while (list->first && list->first->deadline_us <= http_loop_now_us(loop)) {
    Conn *conn = list->first;
    http_conn_expire(conn);
    ASSERT(list->first != conn || conn->deadline_us > http_loop_now_us(loop));
  }
}

static void tell_metrics(Loop *loop) {
  static const char *const CLASSES[] = {"other", "1xx", "2xx", "3xx", "4xx", "5xx"};
  const HttpMetrics *metrics = &loop->server->metrics;
  for (size_t i = 0; i < COUNT(CLASSES) && metrics->requests; i++)
    if (loop->counts.by_class[i] > 0) metric_add(metrics->requests, CLASSES[i], loop->counts.by_class[i]);
  if (metrics->malformed && loop->counts.malformed > 0) metric_add(metrics->malformed, NULL, loop->counts.malformed);
  loop->counts = (LoopCounts){0};
}

static void on_tick(evutil_socket_t fd, short what, void *ctx) {
  (void)fd;
  (void)what;
  Loop *loop = ctx;
  HttpServer *server = loop->server;
  for (int kind = 0; kind < WAIT_COUNT; kind++)
    if (server->wait_us[kind] > 0) expire(loop, &loop->waits[kind]);
  if (!loop->draining && may_accept(loop)) http_loop_accept(loop, true);
  if (loop->index == 0 && server->tls) http_tls_reload_if_changed(server->tls);
  tell_metrics(loop);
}

/* ---- turns ---- */

static void flush_dirty(Loop *loop) {
  while (
      loop->dirty) { /* a flush may let a stalled connection read on, and so mark again: each time it uses up input */
    Conn *conn = loop->dirty;
    loop->dirty = conn->next_dirty;
    conn->dirty = false;
    if (!conn->dead) http_exchange_flush(conn);
  }
}

static void free_dying(Conn *dying) {
  while (dying) {
    Conn *next = dying->next_dying;
    http_conn_free(dying);
    dying = next;
  }
}

static void turn(Loop *loop) {
  Conn *dying = loop->dying;
  loop->dying = NULL;
  loop->now_us = 0;
  /* With something to free, only look; else wait. */
  event_base_loop(loop->base, EVLOOP_ONCE | (dying ? EVLOOP_NONBLOCK : 0));
  flush_dirty(loop);
  free_dying(dying);
}

static void close_connections(Loop *loop) {
  for (int kind = 0; kind < WAIT_COUNT; kind++)
    while (loop->waits[kind].first) http_conn_close(loop->waits[kind].first);
  loop->dirty = NULL;
  free_dying(loop->dying);
  loop->dying = NULL;
}

static void *run(void *ctx) {
  Loop *loop = ctx;
  loop->thread = pthread_self();
  atomic_store(&loop->running, true);
  http_loop_accept(loop, true);
  while (!loop->stopping) turn(loop);
  Parcel *last = take_parcels(loop, true);
  atomic_store(&loop->running, false); /* who answers from now on, even from on_closed, finds the box closed */
  open_parcels(loop, last);
  close_connections(loop);
  tell_metrics(loop);
  return NULL;
}

/* ---- life ---- */

static i64 tick_ms(const HttpServer *server) {
  i64 least = TICK_MS_MAX;
  for (int kind = 0; kind < WAIT_COUNT; kind++)
    if (server->wait_us[kind] > 0) least = MIN(least, server->wait_us[kind] / 4000);
  return MAX(least, (i64)TICK_MS_MIN);
}

static bool add_events(Loop *loop) {
  struct event_config *config = event_config_new();
  if (!config) return false;
  event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
  loop->base = event_base_new_with_config(config);
  event_config_free(config);
  if (!loop->base) return false;
  loop->accept_event = event_new(loop->base, loop->listen_fd, EV_READ | EV_PERSIST, on_accept, loop);
  loop->wake_event = event_new(loop->base, loop->wake_fd, EV_READ | EV_PERSIST, on_wake, loop);
  loop->tick_event = event_new(loop->base, -1, EV_PERSIST, on_tick, loop);
  loop->scratch = evbuffer_new();
  if (!loop->accept_event || !loop->wake_event || !loop->tick_event || !loop->scratch) return false;
  i64 ms = tick_ms(loop->server);
  struct timeval every = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};
  return event_add(loop->wake_event, NULL) == 0 && event_add(loop->tick_event, &every) == 0;
}

bool http_loop_init(Loop *loop, HttpServer *server, u32 index, int listen_fd, Error *err) {
  *loop = (Loop){.server = server, .index = index, .listen_fd = listen_fd, .id_seed = random_u64()};
  loop->drain_parcel.kind = PARCEL_DRAIN;
  loop->stop_parcel.kind = PARCEL_STOP;
  pthread_mutex_init(&loop->mutex, NULL);
  loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (loop->wake_fd < 0 || !add_events(loop)) {
    http_loop_done(loop);
    return fail(err, ERR_UNAVAILABLE, "cannot set up an I/O loop: %s; is the limit of open files too low?",
                strerror(errno));
  }
  return true;
}

bool http_loop_start(Loop *loop, Error *err) {
  int code = pthread_create(&loop->handle, NULL, run, loop);
  if (code != 0) return fail(err, ERR_UNAVAILABLE, "cannot start an I/O thread: %s", strerror(code));
  return true;
}

void http_loop_done(Loop *loop) {
  if (loop->accept_event) event_free(loop->accept_event);
  if (loop->wake_event) event_free(loop->wake_event);
  if (loop->tick_event) event_free(loop->tick_event);
  if (loop->scratch) evbuffer_free(loop->scratch);
  if (loop->base) event_base_free(loop->base); /* runs what bufferevents left to be finalised, which may free tickets */
  for (u32 i = 0; i < loop->arena_count; i++) arena_free(loop->arenas[i]);
  for (u32 i = 0; i < loop->exchange_count; i++) free(loop->exchanges[i]);
  free(loop->exchanges);
  if (loop->wake_fd >= 0) close(loop->wake_fd);
  if (loop->listen_fd >= 0) close(loop->listen_fd);
}

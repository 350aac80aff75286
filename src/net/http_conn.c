/* Connections: from bytes to requests. A connection reads heads and bodies in turn, as long as its peer may have more
 * requests under way; whatever is doubtful is answered once and ends the connection, so that bytes which two programs
 * might divide differently are never taken for a second request. */
#include "net/http_server_internal.h"
#include "net/proxies.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

size_t http_conn_unsent(const Conn *conn) {
  return evbuffer_get_length(bufferevent_get_output(conn->bev));
}

static size_t unread(const Conn *conn) {
  return evbuffer_get_length(bufferevent_get_input(conn->bev));
}

void http_conn_mark(Conn *conn) {
  if (conn->dirty || conn->dead) return;
  conn->dirty = true;
  conn->next_dirty = conn->loop->dirty;
  conn->loop->dirty = conn;
}

/* ---- waiting ---- */

static void wait_leave(Conn *conn) {
  WaitList *list = &conn->loop->waits[conn->wait];
  *(conn->wait_prev ? &conn->wait_prev->wait_next : &list->first) = conn->wait_next;
  *(conn->wait_next ? &conn->wait_next->wait_prev : &list->last) = conn->wait_prev;
  conn->wait_prev = conn->wait_next = NULL;
}

static void wait_enter(Conn *conn, WaitKind kind) {
  Loop *loop = conn->loop;
  WaitList *list = &loop->waits[kind];
  conn->wait = kind;
  conn->deadline_us = http_loop_now_us(loop) + loop->server->wait_us[kind];
  conn->wait_prev = list->last;
  *(list->last ? &list->last->wait_next : &list->first) = conn;
  list->last = conn;
  conn->moved_bytes = 0;
  conn->output_before = http_conn_unsent(conn);
}

void http_conn_wait(Conn *conn, WaitKind kind) {
  wait_leave(conn);
  wait_enter(conn, kind);
}

static WaitKind what_now(const Conn *conn) {
  if (conn->lingering) return WAIT_LINGER;
  if (http_conn_unsent(conn) > 0) return WAIT_WRITE;
  if (conn->first || conn->stream) return WAIT_US;
  if (conn->reading == READ_BODY) return WAIT_BODY;
  return conn->fresh || unread(conn) > 0 ? WAIT_HEAD : WAIT_IDLE;
}

void http_conn_rest(Conn *conn) {
  WaitKind kind = what_now(conn);
  if (kind != conn->wait) http_conn_wait(conn, kind);
}

/* True when enough went through since the wait began: a slow line, not a peer that holds us. */
static bool made_progress(const Conn *conn) {
  size_t output = http_conn_unsent(conn);
  size_t written = output < conn->output_before ? conn->output_before - output : 0;
  return (conn->wait == WAIT_BODY ? conn->moved_bytes : written) >= PROGRESS_BYTES_MIN;
}

void http_conn_expire(Conn *conn) {
  if (made_progress(conn)) {
    http_conn_wait(conn, conn->wait);
    return;
  }
  bool started = conn->wait == WAIT_BODY || (conn->wait == WAIT_HEAD && unread(conn) > 0);
  if (!started) {
    http_conn_close(conn);
    return;
  }
  http_body_drop(conn);
  http_conn_refuse(conn, NULL, (HttpProblem){408, "the request took too long to arrive"});
  http_conn_wait(conn, WAIT_WRITE);
}

/* ---- the end ---- */

void http_conn_close(Conn *conn) {
  if (conn->dead) return;
  Loop *loop = conn->loop;
  conn->dead = true;
  wait_leave(conn);
  bufferevent_setcb(conn->bev, NULL, NULL, NULL, NULL);
  bufferevent_disable(conn->bev, EV_READ | EV_WRITE);
  http_body_drop(conn);
  http_exchange_close_all(conn);
  conn->next_dying = loop->dying;
  loop->dying = conn;
  HttpServer *server = loop->server;
  if (server->metrics.connections) metric_add(server->metrics.connections, NULL, -1);
  u32 left = atomic_fetch_sub(&server->connections, 1) - 1;
  if (left > 0 || !atomic_load(&server->draining)) return;
  pthread_mutex_lock(&server->drain_mutex);
  pthread_cond_broadcast(&server->drained);
  pthread_mutex_unlock(&server->drain_mutex);
}

void http_conn_free(Conn *conn) {
  bufferevent_free(conn->bev);
  free(conn);
}

/* libevent calls back for ever while the input stands at its high watermark and reading is on: off with it until
 * somebody takes from the input again. Below the watermark reading stays on, so that a peer's leaving is seen. */
static void pause_when_full(Conn *conn) {
  if (conn->dead || conn->paused || unread(conn) < READ_AHEAD_BYTES_MAX) return;
  conn->paused = true;
  bufferevent_disable(conn->bev, EV_READ);
}

static void resume(Conn *conn) {
  if (!conn->paused || conn->dead) return;
  conn->paused = false;
  bufferevent_enable(conn->bev, EV_READ);
}

/* Closing with unread input would send a reset, which can destroy the answer before the peer has read it. */
void http_conn_linger(Conn *conn) {
  if (conn->lingering) return;
  conn->lingering = true;
  conn->reading = READ_NOTHING;
  if (conn->peer_done) {
    http_conn_close(conn);
    return;
  }
  if (conn->tls) http_tls_goodbye(conn->bev);
  shutdown(conn->fd, SHUT_WR);
  struct evbuffer *input = bufferevent_get_input(conn->bev);
  evbuffer_drain(input, evbuffer_get_length(input));
  resume(conn);
  http_conn_wait(conn, WAIT_LINGER);
}

static void discard(Conn *conn) {
  struct evbuffer *input = bufferevent_get_input(conn->bev);
  size_t bytes = evbuffer_get_length(input);
  evbuffer_drain(input, bytes);
  conn->lingered_bytes += bytes;
  if (conn->lingered_bytes > LINGER_BYTES_MAX) http_conn_close(conn);
}

static Str code_of(int status) {
  switch (status) {
  case 408: return S("timeout");
  case 413: return S("too_large");
  case 503: return S("unavailable");
  default: return S("malformed");
  }
}

void http_conn_refuse(Conn *conn, Ticket *ticket, HttpProblem problem) {
  if (!ticket) ticket = http_ticket_new(conn->loop);
  if (ticket->request.id.len == 0) http_ticket_name(conn->loop, ticket, STR_NONE);
  ticket->keep_alive = false;
  conn->reading = READ_NOTHING;
  conn->continue_due = false;
  Str code = code_of(problem.status);
  if (str_equal_c(code, "malformed")) conn->loop->counts.malformed++;
  http_response_build_problem(ticket, problem.status, code, str_from_c(problem.message));
  http_exchange_open(conn, ticket)->answer = ticket;
  http_conn_mark(conn);
}

/* ---- heads ---- */

static void fill_request(Conn *conn, Ticket *ticket, const HttpHead *head) {
  HttpRequest *request = &ticket->request;
  request->method = head->method;
  request->method_text = head->method_text;
  request->path = head->path;
  request->raw_path = head->raw_path;
  request->query = head->query;
  request->headers = head->headers;
  request->header_count = head->header_count;
  request->peer = str_copy(request->arena, str_from_c(conn->peer));
  request->tls = conn->tls;
  proxies_find_client(conn->loop->server->options.proxies, request);
  http_ticket_name(conn->loop, ticket, http_header(request, "X-Request-Id"));
  request->received_ms = clock_true_ms();
  ticket->old = head->old;
  ticket->keep_alive = head->keep_alive;
}

static void begin_request(Conn *conn, Ticket *ticket, const HttpHead *head) {
  const HttpServerOptions *options = &conn->loop->server->options;
  HttpHeadVerdict verdict = {0};
  bool has_body = head->chunked || head->content_length > 0;
  options->on_head(options->ctx, &ticket->request, &verdict);
  if (verdict.respond) {
    /* What follows is a body that nobody reads; it must not be taken for a request. */
    if (has_body) ticket->keep_alive = false;
    http_response_build(ticket, &verdict.response);
    if (ticket->close) conn->reading = READ_NOTHING;
    http_exchange_open(conn, ticket)->answer = ticket;
    http_conn_mark(conn);
    return;
  }
  http_body_begin(conn, ticket, head, verdict.body_bytes_max);
}

static HttpStep parse_head(Conn *conn, const char *bytes, size_t head_bytes) {
  Ticket *ticket = http_ticket_new(conn->loop);
  Str block = str_copy(ticket->request.arena, (Str){bytes, head_bytes});
  evbuffer_drain(bufferevent_get_input(conn->bev), head_bytes);
  conn->scan = (HttpScan){0};
  conn->fresh = false;
  HttpHead head;
  HttpProblem problem;
  if (!http_head_parse(ticket->request.arena, block, &head, &problem)) {
    http_conn_refuse(conn, ticket, problem);
    return HTTP_STEP_BAD;
  }
  fill_request(conn, ticket, &head);
  begin_request(conn, ticket, &head);
  return HTTP_STEP_DONE;
}

static HttpStep read_head(Conn *conn) {
  struct evbuffer *input = bufferevent_get_input(conn->bev);
  size_t bytes = MIN(evbuffer_get_length(input), (size_t)HTTP_HEAD_BYTES_MAX);
  if (bytes == 0) return HTTP_STEP_MORE;
  const char *linear = (const char *)evbuffer_pullup(input, (ev_ssize_t)bytes);
  size_t head_bytes = 0;
  HttpProblem problem;
  HttpStep step = http_head_scan(&conn->scan, (Str){linear, bytes}, &head_bytes, &problem);
  if (step == HTTP_STEP_DONE) return parse_head(conn, linear, head_bytes);
  if (step == HTTP_STEP_BAD) http_conn_refuse(conn, NULL, problem);
  return step;
}

/* A peer may send requests faster than it takes answers: then it is not read until it has caught up. */
static bool may_begin(const Conn *conn) {
  return conn->exchange_count < PIPELINE_MAX && http_conn_unsent(conn) < OUTPUT_BYTES_MAX && !conn->closing;
}

void http_conn_advance(Conn *conn) {
  conn->stalled = false;
  while (!conn->dead && conn->reading != READ_NOTHING) {
    if (conn->reading == READ_HEAD && !may_begin(conn)) {
      conn->stalled = true;
      break;
    }
    HttpStep step = conn->reading == READ_HEAD ? read_head(conn) : http_body_read(conn);
    if (step != HTTP_STEP_MORE) continue;
    if (conn->peer_done) { /* what there is of a request will never be whole */
      http_body_drop(conn);
      conn->reading = READ_NOTHING;
    }
    break;
  }
  if (conn->stalled || conn->reading == READ_NOTHING)
    pause_when_full(conn);
  else
    resume(conn);
  http_conn_mark(conn);
}

/* ---- events ---- */

static void on_read(struct bufferevent *bev, void *ctx) {
  (void)bev;
  Conn *conn = ctx;
  if (conn->lingering)
    discard(conn);
  else if (conn->reading != READ_NOTHING)
    http_conn_advance(conn);
  else if (conn->first)
    pause_when_full(conn); /* the answer is due, and the connection ends with it */
  else
    http_conn_mark(conn);
}

static void on_written(struct bufferevent *bev, void *ctx) {
  (void)bev;
  http_conn_mark(ctx);
}

static void on_event(struct bufferevent *bev, short what, void *ctx) {
  (void)bev;
  Conn *conn = ctx;
  if (what & BEV_EVENT_CONNECTED) return; /* TLS is up */
  bool half_closed = (what & BEV_EVENT_EOF) && !conn->lingering && !conn->stream;
  if (!half_closed) {
    http_conn_close(conn);
    return;
  }
  conn->peer_done = true;
  http_conn_advance(conn);
}

void http_conn_open(Loop *loop, int fd, const char *peer) {
  HttpServer *server = loop->server;
  struct bufferevent *bev = server->tls ? http_tls_accept(server->tls, loop->base, fd)
                                        : bufferevent_socket_new(loop->base, fd, BEV_OPT_CLOSE_ON_FREE);
  if (!bev) {
    close(fd);
    return;
  }
  Conn *conn = xcalloc(1, sizeof(*conn));
  conn->loop = loop;
  conn->bev = bev;
  conn->fd = fd;
  conn->tls = server->tls != NULL;
  conn->fresh = true;
  memcpy(conn->peer, peer, sizeof(conn->peer));
  wait_enter(conn, WAIT_HEAD);
  bufferevent_setcb(bev, on_read, on_written, on_event, conn);
  bufferevent_setwatermark(bev, EV_READ, 0, READ_AHEAD_BYTES_MAX);
  bufferevent_enable(bev, EV_READ | EV_WRITE);
  atomic_fetch_add(&server->connections, 1);
  if (server->metrics.connections) metric_add(server->metrics.connections, NULL, 1);
}

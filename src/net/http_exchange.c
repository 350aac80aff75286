/* Exchanges: from answers to bytes. Requests of a connection stand in line; an answer waits until those before it have
 * been written. All answers that are ready when a turn ends leave together: with one writev on a plain socket, past
 * libevent's output buffer, which takes over only what the kernel did not want yet. */
#include "net/http_server_internal.h"

#include <errno.h>
#include <string.h>

/* ---- slots ---- */

static Exchange *slot_take(Loop *loop) {
  Exchange *exchange = loop->free_exchanges;
  if (exchange) {
    loop->free_exchanges = exchange->next;
    return exchange;
  }
  if (loop->exchange_count == loop->exchange_capacity) { /* bounded by connections_max * PIPELINE_MAX */
    loop->exchange_capacity = MAX(loop->exchange_capacity * 2, 64u);
    loop->exchanges = xrealloc(loop->exchanges, loop->exchange_capacity * sizeof(*loop->exchanges));
  }
  exchange = xcalloc(1, sizeof(*exchange));
  exchange->slot = loop->exchange_count;
  loop->exchanges[loop->exchange_count++] = exchange;
  return exchange;
}

static void slot_free(Loop *loop, Exchange *exchange) {
  exchange->generation = 0; /* no answer finds it from now on */
  exchange->conn = NULL;
  exchange->answer = NULL;
  exchange->next = loop->free_exchanges;
  loop->free_exchanges = exchange;
}

static Exchange *slot_find(Loop *loop, const HttpRequest *request) {
  ASSERT(request->slot < loop->exchange_count);
  Exchange *exchange = loop->exchanges[request->slot];
  return exchange->generation == request->generation ? exchange : NULL;
}

/* ---- the line of a connection ---- */

Exchange *http_exchange_open(Conn *conn, Ticket *ticket) {
  Loop *loop = conn->loop;
  Exchange *exchange = slot_take(loop);
  exchange->generation = ++loop->generation;
  exchange->conn = conn;
  exchange->next = NULL;
  *(conn->first ? &conn->last->next : &conn->first) = exchange;
  conn->last = exchange;
  conn->exchange_count++;
  ticket->request.loop = loop->index;
  ticket->request.slot = exchange->slot;
  ticket->request.generation = exchange->generation;
  if (!ticket->keep_alive) conn->reading = READ_NOTHING;
  return exchange;
}

void http_exchange_hand_over(Conn *conn, Ticket *ticket, void (*handler)(void *, HttpRequest *)) {
  Loop *loop = conn->loop;
  http_exchange_open(conn, ticket);
  http_conn_wait(conn, WAIT_US);
  loop->requests_out++;
  handler(loop->server->options.ctx, &ticket->request);
}

static void pop(Conn *conn) {
  Exchange *exchange = conn->first;
  conn->first = exchange->next;
  conn->exchange_count--;
  slot_free(conn->loop, exchange);
}

void http_exchange_close_all(Conn *conn) {
  while (conn->first) {
    Ticket *answer = conn->first->answer;
    HttpStream *waiting = answer ? answer->stream : NULL;
    http_ticket_free(answer);
    if (waiting) http_stream_closed(waiting);
    pop(conn);
  }
  if (conn->stream) http_stream_closed(conn->stream);
  conn->stream = NULL;
}

void http_exchange_answer(Loop *loop, Ticket *ticket) {
  loop->requests_out--;
  Exchange *exchange = slot_find(loop, &ticket->request);
  if (ticket->stream) http_stream_arrive(loop, ticket, exchange ? exchange->conn : NULL);
  if (!exchange) {
    http_ticket_free(ticket); /* the peer has left */
    return;
  }
  ASSERT(!exchange->answer);
  exchange->answer = ticket;
  http_conn_mark(exchange->conn);
}

/* ---- writing ---- */

static void body_written(const void *data, size_t bytes, void *ticket) {
  (void)data;
  (void)bytes;
  http_ticket_free(ticket);
}

static void count_answer(Loop *loop, const Ticket *ticket) {
  size_t class = (size_t)ticket->status / 100;
  loop->counts.by_class[class < COUNT(loop->counts.by_class) ? class : 0]++;
  const HttpServerOptions *options = &loop->server->options;
  Metric *seconds = loop->server->metrics.seconds;
  i64 took_us = http_loop_now_us(loop) - ticket->started_us;
  if (seconds) metric_observe(seconds, (double)took_us / 1e6);
  if (options->on_answered) options->on_answered(options->ctx, &ticket->request, ticket->status, took_us);
}

/* libevent returns an error where xmalloc would abort; half an answer must not leave. */
static void put_bytes(struct evbuffer *out, const char *bytes, size_t count) {
  bool has_memory = evbuffer_add(out, bytes, count) == 0;
  ASSERT(has_memory);
}

/* Puts one answer into the loop's scratch buffer, which takes over the ticket. */
static void put_answer(Conn *conn, Ticket *ticket) {
  Loop *loop = conn->loop;
  memcpy(ticket->head + ticket->date_at, http_loop_date_line(loop), DATE_LINE_BYTES);
  put_bytes(loop->scratch, ticket->head, ticket->head_bytes);
  count_answer(loop, ticket);
  if (ticket->close) conn->closing = true;
  if (ticket->stream) {
    conn->stream = ticket->stream;
    conn->reading = READ_NOTHING; /* the connection ends with it */
    ticket->stream = NULL;
  }
  if (ticket->body.len == 0) {
    http_ticket_free(ticket);
    return;
  }
  bool has_memory =
      evbuffer_add_reference(loop->scratch, ticket->body.ptr, ticket->body.len, body_written, ticket) == 0;
  ASSERT(has_memory);
}

static void put_ready(Conn *conn) {
  while (conn->first && conn->first->answer && !conn->closing && !conn->stream) {
    Ticket *ticket = conn->first->answer;
    conn->first->answer = NULL;
    put_answer(conn, ticket);
    pop(conn);
  }
  if (conn->continue_due && !conn->first && !conn->closing) {
    static const char CONTINUE[] = "HTTP/1.1 100 Continue\r\n\r\n";
    conn->continue_due = false;
    put_bytes(conn->loop->scratch, CONTINUE, sizeof(CONTINUE) - 1);
  }
  if (conn->stream && (http_stream_flush(conn->stream, conn->loop->scratch) || conn->loop->draining))
    conn->closing = true;
}

/* False when the connection broke. */
static bool write_scratch(Conn *conn) {
  struct evbuffer *scratch = conn->loop->scratch;
  if (evbuffer_get_length(scratch) == 0) return true;
  if (!conn->tls && http_conn_unsent(conn) == 0 && evbuffer_write(scratch, conn->fd) < 0 && errno != EAGAIN &&
      errno != EINTR) {
    evbuffer_drain(scratch, evbuffer_get_length(scratch));
    return false;
  }
  if (evbuffer_get_length(scratch) > 0) bufferevent_write_buffer(conn->bev, scratch);
  return !conn->dead;
}

/* Nothing is left to be answered, and nothing more will be asked. */
static bool is_over(const Conn *conn) {
  return conn->closing || (!conn->first && !conn->stream && conn->reading == READ_NOTHING);
}

/* Between two requests while the server drains. */
static bool is_unwanted(const Conn *conn, size_t unsent) {
  bool between = !conn->first && conn->reading == READ_HEAD && unsent == 0;
  return between && conn->loop->draining && evbuffer_get_length(bufferevent_get_input(conn->bev)) == 0;
}

void http_exchange_flush(Conn *conn) {
  if (conn->lingering) return;
  put_ready(conn);
  if (!write_scratch(conn)) {
    http_conn_close(conn);
    return;
  }
  size_t unsent = http_conn_unsent(conn);
  bool too_slow = conn->stream && unsent > OUTPUT_BYTES_MAX; /* it reads slower than things happen */
  if (too_slow || is_unwanted(conn, unsent)) {
    http_conn_close(conn);
    return;
  }
  if (is_over(conn)) {
    if (unsent == 0) http_conn_linger(conn);
    if (!conn->dead) http_conn_rest(conn);
    return;
  }
  if (conn->stalled && conn->exchange_count < PIPELINE_MAX && unsent < OUTPUT_BYTES_MAX) http_conn_advance(conn);
  if (!conn->dead) http_conn_rest(conn);
}

/* Bodies: read into the request's arena, charged to the server's budget as the memory is taken (not as it is promised,
 * so a peer cannot reserve what it does not send). With a known length on a plain socket the rest of a large body is
 * received straight into its place. */
#include "net/http_server_internal.h"

#include <string.h>
#include <sys/socket.h>

enum {
  BODY_FIRST_BYTES = 64 * 1024,
  DIRECT_BYTES_MIN = 4 * 1024,
  DIRECT_BYTES_PER_TURN = 256 * 1024, /* then other connections have their turn */
};

void http_body_drop(Conn *conn) {
  if (conn->ticket) http_ticket_free(conn->ticket);
  conn->ticket = NULL;
}

static Ticket *take_ticket(Conn *conn) {
  Ticket *ticket = conn->ticket;
  conn->ticket = NULL;
  conn->body = NULL;
  return ticket;
}

static HttpStep too_large(Conn *conn) {
  const HttpServerOptions *options = &conn->loop->server->options;
  Ticket *ticket = take_ticket(conn);
  if (!options->on_too_large) {
    http_conn_refuse(conn, ticket, (HttpProblem){413, "the body is larger than is accepted here"});
    return HTTP_STEP_BAD;
  }
  ticket->keep_alive = false;
  http_exchange_hand_over(conn, ticket, options->on_too_large);
  return HTTP_STEP_BAD;
}

static HttpStep refuse(Conn *conn, HttpProblem problem) {
  http_conn_refuse(conn, take_ticket(conn), problem);
  return HTTP_STEP_BAD;
}

static HttpStep finish(Conn *conn) {
  const HttpServerOptions *options = &conn->loop->server->options;
  Ticket *ticket = take_ticket(conn);
  http_exchange_hand_over(conn, ticket, options->on_request);
  return HTTP_STEP_DONE;
}

void http_body_begin(Conn *conn, Ticket *ticket, const HttpHead *head, size_t body_bytes_max) {
  conn->ticket = ticket;
  conn->body = NULL;
  conn->body_bytes = conn->body_capacity = 0;
  conn->body_bytes_max = body_bytes_max;
  conn->chunked = head->chunked;
  conn->body_left = head->content_length;
  conn->chunks = (ChunkDecoder){0};
  if (!head->chunked && head->content_length == 0) {
    finish(conn);
    return;
  }
  if (head->content_length > body_bytes_max) {
    too_large(conn);
    return;
  }
  conn->reading = READ_BODY;
  conn->continue_due = head->expect_continue && evbuffer_get_length(bufferevent_get_input(conn->bev)) == 0;
  http_conn_wait(conn, WAIT_BODY);
}

/* Room for `bytes` more, which the limit allows. False when the budget is spent. */
static bool reserve(Conn *conn, size_t bytes) {
  size_t wanted = conn->body_bytes + bytes;
  if (wanted <= conn->body_capacity) return true;
  size_t known = conn->chunked ? conn->body_bytes_max : conn->body_bytes + (size_t)conn->body_left;
  size_t step = MAX(MAX(conn->body_capacity * 2, (size_t)(conn->chunked ? 1024 : BODY_FIRST_BYTES)), wanted);
  size_t capacity = MIN(step, known);
  if (!http_ticket_charge(conn->ticket, capacity - conn->body_capacity)) return false;
  conn->body = arena_grow(conn->ticket->request.arena, conn->body, conn->body_capacity, capacity);
  conn->body_capacity = capacity;
  return true;
}

static HttpStep over_budget(Conn *conn) {
  return refuse(conn, (HttpProblem){503, "too many bodies are under way at once; try again in a second"});
}

static void count_in(Conn *conn, size_t bytes) {
  conn->body_bytes += bytes;
  conn->moved_bytes += bytes;
}

/* ---- a length is known ---- */

/* Past libevent: one copy less, and more than 4 KiB at a time. The end of the stream is left for libevent to see. */
static bool receive_direct(Conn *conn) {
  size_t turn_bytes = 0;
  while (conn->body_left >= DIRECT_BYTES_MIN && turn_bytes < DIRECT_BYTES_PER_TURN) {
    size_t wanted = (size_t)MIN(conn->body_left, (u64)BODY_FIRST_BYTES);
    if (!reserve(conn, wanted)) return false;
    ssize_t got = recv(conn->fd, conn->body + conn->body_bytes, wanted, MSG_DONTWAIT);
    if (got <= 0) break;
    count_in(conn, (size_t)got);
    conn->body_left -= (u64)got;
    turn_bytes += (size_t)got;
  }
  return true;
}

static HttpStep read_counted(Conn *conn) {
  struct evbuffer *input = bufferevent_get_input(conn->bev);
  size_t bytes = (size_t)MIN((u64)evbuffer_get_length(input), conn->body_left);
  if (bytes > 0) {
    if (!reserve(conn, bytes)) return over_budget(conn);
    evbuffer_remove(input, conn->body + conn->body_bytes, bytes);
    count_in(conn, bytes);
    conn->body_left -= bytes;
  }
  if (conn->body_left > 0 && bytes > 0 && !conn->tls && !receive_direct(conn)) return over_budget(conn);
  return conn->body_left > 0 ? HTTP_STEP_MORE : HTTP_STEP_DONE;
}

/* ---- chunked ---- */

static HttpStep append(Conn *conn, Str data) {
  if (data.len > conn->body_bytes_max - conn->body_bytes) return too_large(conn);
  if (!reserve(conn, data.len)) return over_budget(conn);
  memcpy(conn->body + conn->body_bytes, data.ptr, data.len);
  count_in(conn, data.len);
  return HTTP_STEP_DATA;
}

static HttpStep read_chunks(Conn *conn) {
  struct evbuffer *input = bufferevent_get_input(conn->bev);
  for (;;) { /* each round uses up input, or ends */
    size_t bytes = evbuffer_get_contiguous_space(input);
    if (bytes == 0) return HTTP_STEP_MORE;
    Str piece = {(const char *)evbuffer_pullup(input, (ev_ssize_t)bytes), bytes}, data = STR_NONE;
    size_t used = 0;
    HttpProblem problem;
    HttpStep step = http_chunk_next(&conn->chunks, piece, &used, &data, &problem);
    if (step == HTTP_STEP_BAD) return refuse(conn, problem);
    if (step == HTTP_STEP_DATA) step = append(conn, data);
    if (step == HTTP_STEP_BAD) return step;
    evbuffer_drain(input, used);
    if (step == HTTP_STEP_DONE) return step;
  }
}

HttpStep http_body_read(Conn *conn) {
  HttpStep step = conn->chunked ? read_chunks(conn) : read_counted(conn);
  if (step != HTTP_STEP_DONE) return step;
  conn->ticket->request.body = conn->body_bytes > 0 ? (Str){conn->body, conn->body_bytes} : S("");
  conn->reading = READ_HEAD;
  return finish(conn);
}

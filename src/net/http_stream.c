/* Streams: answers without an end. What is sent is queued in the stream (any thread may send; the queue is the loop's
 * parcels), moves to the connection's output when the turn ends, and is shared by all streams that send it.
 * The stream lives until its owner was told that it closed, and until the last parcel that names it was opened. */
#include "net/http_server_internal.h"

#include <stdlib.h>
#include <string.h>

struct SharedBytes {
  _Atomic u32 references;
  size_t bytes;
  char text[];
};

struct HttpStream {
  Parcel parcel;               /* END, posted once at most */
  _Atomic u32 references;      /* its owner (until on_closed), and each parcel */
  _Atomic size_t queued_bytes; /* in parcels */
  _Atomic bool end_posted;
  Loop *loop;
  void (*on_closed)(void *ctx);
  void *ctx;
  /* of the loop */
  struct evbuffer *pending;
  Conn *conn; /* NULL once closed */
  bool ended;
  bool closed;
  bool head_only; /* HEAD */
};

typedef struct StreamPiece {
  Parcel parcel;
  HttpStream *stream;
  SharedBytes *bytes;
} StreamPiece;

/* ---- shared bytes ---- */

SharedBytes *shared_bytes_new(Str text) {
  SharedBytes *bytes = xmalloc(sizeof(*bytes) + text.len);
  atomic_init(&bytes->references, 1);
  bytes->bytes = text.len;
  if (text.len > 0) memcpy(bytes->text, text.ptr, text.len);
  return bytes;
}

SharedBytes *shared_bytes_keep(SharedBytes *bytes) {
  atomic_fetch_add(&bytes->references, 1);
  return bytes;
}

void shared_bytes_drop(SharedBytes *bytes) {
  if (bytes && atomic_fetch_sub(&bytes->references, 1) == 1) free(bytes);
}

static void drop_written(const void *data, size_t len, void *bytes) {
  (void)data;
  (void)len;
  shared_bytes_drop(bytes);
}

/* ---- life ---- */

static void stream_release(HttpStream *stream) {
  if (atomic_fetch_sub(&stream->references, 1) != 1) return;
  evbuffer_free(stream->pending);
  free(stream);
}

HttpStream *http_stream_start(HttpServer *server, HttpRequest *request, const char *content_type,
                              void (*on_closed)(void *ctx), void *ctx) {
  Ticket *ticket = http_ticket_of(request);
  Loop *loop = &server->loops[request->loop];
  HttpStream *stream = xcalloc(1, sizeof(*stream));
  stream->parcel.kind = PARCEL_STREAM_END;
  atomic_init(&stream->references, 1);
  stream->loop = loop;
  stream->on_closed = on_closed;
  stream->ctx = ctx;
  stream->head_only = request->method == HTTP_HEAD;
  stream->pending = evbuffer_new();
  ASSERT(stream->pending);
  http_response_build_stream(ticket, content_type);
  ticket->stream = stream;
  ticket->parcel.kind = PARCEL_STREAM_START;
  if (http_loop_post(loop, &ticket->parcel)) return stream;
  http_ticket_free_late(ticket);
  stream_release(stream);
  return NULL;
}

/* Posts the end without regard to who asks; later calls do nothing. */
static void post_end(HttpStream *stream) {
  if (atomic_exchange(&stream->end_posted, true)) return;
  atomic_fetch_add(&stream->references, 1);
  if (!http_loop_post(stream->loop, &stream->parcel)) stream_release(stream);
}

void http_stream_end(HttpStream *stream) {
  if (stream) post_end(stream);
}

void http_stream_send(HttpStream *stream, SharedBytes *bytes) {
  if (!stream || atomic_load(&stream->end_posted) || bytes->bytes == 0) return;
  size_t before = atomic_fetch_add(&stream->queued_bytes, bytes->bytes);
  if (before + bytes->bytes > OUTPUT_BYTES_MAX) {
    atomic_fetch_sub(&stream->queued_bytes, bytes->bytes);
    post_end(stream);
    return;
  }
  StreamPiece *piece = xmalloc(sizeof(*piece));
  *piece = (StreamPiece){.parcel.kind = PARCEL_STREAM_SEND, .stream = stream, .bytes = shared_bytes_keep(bytes)};
  atomic_fetch_add(&stream->references, 1);
  if (http_loop_post(stream->loop, &piece->parcel)) return;
  shared_bytes_drop(bytes);
  free(piece);
  stream_release(stream);
}

/* ---- on the loop ---- */

void http_stream_arrive(Loop *loop, Ticket *ticket, Conn *conn) {
  (void)loop;
  HttpStream *stream = ticket->stream;
  stream->conn = conn;
  if (stream->head_only) stream->ended = true;
  if (!conn) http_stream_closed(stream);
}

void http_stream_closed(HttpStream *stream) {
  if (stream->closed) return;
  stream->closed = true;
  stream->conn = NULL;
  if (stream->on_closed) stream->on_closed(stream->ctx);
  stream_release(stream);
}

static void take_piece(HttpStream *stream, StreamPiece *piece) {
  SharedBytes *bytes = piece->bytes;
  atomic_fetch_sub(&stream->queued_bytes, bytes->bytes);
  bool wanted = stream->conn && !stream->ended &&
                evbuffer_add_reference(stream->pending, bytes->text, bytes->bytes, drop_written, bytes) == 0;
  if (!wanted) shared_bytes_drop(bytes);
  free(piece);
}

void http_stream_parcel(Loop *loop, Parcel *parcel) {
  (void)loop;
  StreamPiece *piece = parcel->kind == PARCEL_STREAM_SEND ? PARCEL_OWNER(parcel, StreamPiece) : NULL;
  HttpStream *stream = piece ? piece->stream : PARCEL_OWNER(parcel, HttpStream);
  if (piece)
    take_piece(stream, piece);
  else
    stream->ended = true;
  Conn *conn = stream->conn;
  if (conn && evbuffer_get_length(stream->pending) + http_conn_unsent(conn) > OUTPUT_BYTES_MAX)
    http_conn_close(conn);
  else if (conn)
    http_conn_mark(conn);
  stream_release(stream);
}

bool http_stream_flush(HttpStream *stream, struct evbuffer *out) {
  evbuffer_add_buffer(out, stream->pending);
  return stream->ended;
}

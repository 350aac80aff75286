/* Inside of the server. Files: http_server.c (start, drain, free), http_listen.c (sockets), http_loop.c (threads,
 * parcels, time), http_conn.c (from bytes to requests), http_body.c (bodies), http_exchange.c (from answers to bytes),
 * http_respond.c (what an answer looks like), http_ticket.c (a request's memory), http_stream.c, http_tls.c; pure:
 * http_head.c, http_chunked.c, http_url.c.
 *
 * Threads: a loop, its connections and exchanges belong to the loop's thread and have no locks. Others reach a loop
 * only by parcels. The few fields that are shared say so. Callbacks of libevent only read and mark connections dirty;
 * what is dirty is flushed once, after the turn, so that all answers that are ready together leave in one write. What
 * died in a turn is freed after it, from the list `dying`. */
#ifndef TOCSIN_NET_HTTP_SERVER_INTERNAL_H
#define TOCSIN_NET_HTTP_SERVER_INTERNAL_H

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>

#include "net/http_head.h"

enum {
  PIPELINE_MAX = 16, /* requests of one connection that wait for their answers; further ones are not read */
  READ_AHEAD_BYTES_MAX = 64 * 1024,     /* of one connection, beyond what a body needs */
  OUTPUT_BYTES_MAX = 256 * 1024,        /* unsent: a stream is closed past it, a connection reads no further request */
  BODY_REFERENCE_BYTES_MIN = 32 * 1024, /* smaller bodies are copied behind their head */
  LINGER_MS = 2000, /* how long a closed connection may still talk into the void, lest a reset eat the answer */
  LINGER_BYTES_MAX = 1024 * 1024,
  PROGRESS_BYTES_MIN = 16 * 1024, /* a body (or a reader) that moved less in a whole time-out is given up */
  ARENAS_KEPT_MAX = 256,          /* per loop, for the next requests */
  ARENA_KEPT_BYTES_MAX = 256 * 1024,
  DATE_LINE_BYTES = 37, /* "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" */
  PEER_TEXT_BYTES = 64,
  IO_THREADS_MAX = 64,
};

typedef struct Loop Loop;
typedef struct Conn Conn;
typedef struct Exchange Exchange;
typedef struct Ticket Ticket;

/* ---- parcels: what other threads send to a loop ---- */

typedef enum ParcelKind {
  PARCEL_ANSWER,       /* in a Ticket */
  PARCEL_STREAM_START, /* in a Ticket */
  PARCEL_STREAM_SEND,  /* a StreamPiece */
  PARCEL_STREAM_END,   /* in the stream itself, once */
  PARCEL_DRAIN,        /* in the loop itself, as STOP */
  PARCEL_STOP,
} ParcelKind;

typedef struct Parcel {
  struct Parcel *next;
  ParcelKind kind;
} Parcel;

#define PARCEL_OWNER(parcel, type) ((type *)(void *)((char *)(parcel)-offsetof(type, parcel)))

/* A request on its way: what handlers see, and the answer it brings back. Lives in its own request.arena. */
struct Ticket {
  Parcel parcel;
  HttpRequest request;
  Loop *home;           /* for arenas whose bodies are still being written */
  size_t charged_bytes; /* of the server's budget for bodies */
  i64 started_us;
  bool old;        /* HTTP/1.0 */
  bool keep_alive; /* the client agrees */
  /* the answer */
  HttpStream *stream;
  char *head; /* with the body behind it when that is small */
  size_t head_bytes;
  size_t date_at; /* where the loop puts its Date line */
  Str body;       /* large: sent by reference */
  int status;
  bool close;
};

/* ---- connections ---- */

/* One request and its answer, in the order in which they came. The slot's generation tells a late answer that its
 * connection is gone. */
struct Exchange {
  u32 slot;
  u64 generation;
  Conn *conn;
  Ticket *answer; /* NULL until there is one */
  Exchange *next;
};

/* What a connection waits for, each with its own limit; a list per kind is sorted by deadline because the limit is one.
 */
typedef enum WaitKind {
  WAIT_HEAD, /* TLS handshake and request head */
  WAIT_BODY,
  WAIT_IDLE,   /* between requests */
  WAIT_WRITE,  /* the peer must read */
  WAIT_LINGER, /* our half is closed */
  WAIT_US,     /* a handler has it, or it is a stream: no limit */
  WAIT_COUNT
} WaitKind;

typedef enum ReadState {
  READ_HEAD,
  READ_BODY,
  READ_NOTHING, /* the next request is not wanted: the connection ends with the answers that are due */
} ReadState;

struct Conn {
  Loop *loop;
  struct bufferevent *bev;
  int fd;
  bool tls;
  ReadState reading;
  HttpScan scan;
  /* the request whose body is being read */
  Ticket *ticket;
  char *body;
  size_t body_bytes, body_capacity, body_bytes_max;
  bool chunked;
  u64 body_left; /* when not chunked */
  ChunkDecoder chunks;
  bool continue_due; /* "100 Continue" goes out after the answers before it */

  Exchange *first, *last;
  u32 exchange_count;
  HttpStream *stream; /* the first exchange has become one */
  bool stalled;       /* stopped reading although there is input */
  bool paused;        /* reading is off: the input is at its watermark and nobody takes it now */
  bool fresh;         /* no request yet */
  bool peer_done;     /* the peer has sent its last byte */
  bool closing;       /* close once all is written */
  bool lingering;
  bool dead;
  bool dirty;
  Conn *next_dirty, *next_dying;
  /* waiting */
  WaitKind wait;
  i64 deadline_us;
  Conn *wait_prev, *wait_next;
  size_t moved_bytes;   /* since the wait began */
  size_t output_before; /* unsent when it began */
  size_t lingered_bytes;
  char peer[PEER_TEXT_BYTES];
};

typedef struct WaitList {
  Conn *first, *last;
} WaitList;

/* ---- loops ---- */

typedef struct LoopCounts {
  u32 by_class[6]; /* index: status / 100 */
  u32 malformed;
} LoopCounts;

struct Loop {
  HttpServer *server;
  u32 index;
  pthread_t handle;     /* for the one who joins */
  pthread_t thread;     /* the same, written by the thread itself before the first request exists */
  _Atomic bool running; /* until its box is closed; ids of threads are used again */
  struct event_base *base;
  struct event *accept_event, *wake_event, *tick_event;
  i64 told_full_us; /* when it last said that there is no room */
  int listen_fd, wake_fd;

  pthread_mutex_t mutex; /* guards the four fields below; the wake-up is written under it, so that wake_fd is open */
  Parcel *first_parcel, *last_parcel;
  u32 parcel_count;
  bool closed; /* no parcel is taken any more */

  Parcel drain_parcel, stop_parcel;
  Exchange **exchanges; /* by slot */
  u32 exchange_capacity, exchange_count;
  Exchange *free_exchanges;
  u64 generation;
  u64 id_seed, ids_made; /* of the names that requests are given */
  u32 requests_out;      /* handed to handlers and not yet back */
  Arena *arenas[ARENAS_KEPT_MAX];
  u32 arena_count;
  WaitList waits[WAIT_COUNT];
  Conn *dirty, *dying;
  struct evbuffer *scratch; /* what is being written now; empty between connections */
  bool accepting, draining, stopping;
  i64 now_us; /* monotonic, of this turn; 0 until someone asks */
  i64 date_second;
  char date_line[DATE_LINE_BYTES + 1];
  LoopCounts counts; /* told to the metrics at each tick */
};

/* ---- the server ---- */

typedef struct HttpTls HttpTls;

typedef struct HttpMetrics {
  Metric *requests, *connections, *seconds, *malformed;
} HttpMetrics;

struct HttpServer {
  HttpServerOptions options; /* defaults filled in */
  HttpMetrics metrics;
  HttpTls *tls; /* NULL: plain */
  u16 port;
  Loop *loops;
  u32 loop_count;
  i64 wait_us[WAIT_COUNT];   /* 0: no limit */
  _Atomic u32 references;    /* the owner, and each request that outlived its loop */
  _Atomic size_t body_bytes; /* in flight, over all loops */
  _Atomic u32 connections;
  _Atomic bool draining;
  _Atomic bool holding;        /* http_server_hold */
  pthread_mutex_t drain_mutex; /* guards loops_drained; drained is told when it or the connections change */
  pthread_cond_t drained;
  u32 loops_drained;
};

/* ---- http_listen.c ---- */
/* Opens one listening socket per loop, all on one port. */
MUST_CHECK bool http_listen(const char *address, u32 count, int *out_fds, u16 *out_port, Error *err);

/* ---- http_loop.c ---- */
MUST_CHECK bool http_loop_init(Loop *loop, HttpServer *server, u32 index, int listen_fd, Error *err);
MUST_CHECK bool http_loop_start(Loop *loop, Error *err);
/* After its thread has ended, or never began. The mutex stays: answers that come late still ask whether the box is
 * open. */
void http_loop_done(Loop *loop);
bool http_loop_is_here(const Loop *loop); /* on the loop's own thread? */
/* False when the loop is closed: the parcel stays with the caller. Any thread. */
bool http_loop_post(Loop *loop, Parcel *parcel);
void http_loop_wake_if_posted(Loop *loop);
i64 http_loop_now_us(Loop *loop);
const char *http_loop_date_line(Loop *loop);
void http_loop_accept(Loop *loop, bool on);

/* ---- http_ticket.c ---- */
Ticket *http_ticket_new(Loop *loop);
/* Gives arena and budget back. On the loop's thread. */
void http_ticket_free(Ticket *ticket);
/* The same after the loop has closed, on any thread. */
void http_ticket_free_late(Ticket *ticket);
/* False when the server's budget for bodies does not have it. */
bool http_ticket_charge(Ticket *ticket, size_t bytes);
Ticket *http_ticket_of(HttpRequest *request);
/* Names the request: as the client does, when that is 1 to 128 harmless characters. */
void http_ticket_name(Loop *loop, Ticket *ticket, Str wanted);
void http_server_release(HttpServer *server);

/* ---- http_conn.c ---- */
void http_conn_open(Loop *loop, int fd, const char *peer);
/* Reads as many requests as are there and allowed. */
void http_conn_advance(Conn *conn);
/* Answers with an error after the answers that are due, reads nothing more. `ticket` may be NULL. */
void http_conn_refuse(Conn *conn, Ticket *ticket, HttpProblem problem);
void http_conn_close(Conn *conn); /* at once; freed after the turn */
void http_conn_free(Conn *conn);
void http_conn_linger(Conn *conn);              /* closes our half */
void http_conn_mark(Conn *conn);                /* to be flushed after the turn */
void http_conn_wait(Conn *conn, WaitKind kind); /* begins a new wait, even of the same kind */
void http_conn_rest(Conn *conn);                /* finds out what is waited for now */
void http_conn_expire(Conn *conn);              /* the deadline has passed */
size_t http_conn_unsent(const Conn *conn);

/* ---- http_body.c ---- */
void http_body_begin(Conn *conn, Ticket *ticket, const HttpHead *head, size_t body_bytes_max);
/* MORE, DONE (the request was handed over), BAD (it was refused). */
HttpStep http_body_read(Conn *conn);
void http_body_drop(Conn *conn); /* forgets a half-read request */

/* ---- http_exchange.c ---- */
/* Puts the request in line and gives it to the handler. */
Exchange *http_exchange_open(Conn *conn, Ticket *ticket);
void http_exchange_hand_over(Conn *conn, Ticket *ticket, void (*handler)(void *ctx, HttpRequest *request));
void http_exchange_close_all(Conn *conn);
/* The answer has come back to its loop. Frees it when nobody waits for it any more. */
void http_exchange_answer(Loop *loop, Ticket *ticket);
void http_exchange_flush(Conn *conn);

/* ---- http_respond.c ---- */
void http_response_build(Ticket *ticket, const HttpResponse *response);
void http_response_build_error(Ticket *ticket, const Error *err);
void http_response_build_stream(Ticket *ticket, const char *content_type);
void http_response_build_problem(Ticket *ticket, int status, Str code, Str detail);

/* ---- http_stream.c ---- */
void http_stream_parcel(Loop *loop, Parcel *parcel);             /* SEND and END */
void http_stream_arrive(Loop *loop, Ticket *ticket, Conn *conn); /* conn is NULL when the peer has left */
void http_stream_refuse(Parcel *parcel);                         /* SEND and END after the loop has closed */
/* Moves what is queued to `out`; true when the stream has ended and the connection should close. */
bool http_stream_flush(HttpStream *stream, struct evbuffer *out);
void http_stream_closed(HttpStream *stream); /* tells the owner, once */

/* ---- http_tls.c ---- */
MUST_CHECK bool http_tls_new(const char *cert_path, const char *key_path, HttpTls **out, Error *err);
void http_tls_free(HttpTls *tls);
struct bufferevent *http_tls_accept(HttpTls *tls, struct event_base *base, int fd); /* NULL when it cannot */
void http_tls_goodbye(struct bufferevent *bev); /* close_notify, so that the end is not taken for a cut */
void http_tls_reload_if_changed(HttpTls *tls);

#endif

/* HTTP/1.1 server: our strict head parser and framing over libevent's bufferevents, plain and TLS, one base per I/O
 * thread.
 *
 * Life of a request: the head is parsed; on_head decides (on the I/O thread, quickly, no blocking) whether to take the
 * body and how much of it, or answers at once; when the body is whole on_request gets the request and OWNS it until it
 * calls http_respond exactly once, from any thread. Pipelined requests are answered in order. A request never points
 * into the connection: it carries (loop, slot, generation), and only its loop looks the connection up. If the peer
 * left, the answer is dropped and the request freed just the same. */
#ifndef TOCSIN_NET_HTTP_SERVER_H
#define TOCSIN_NET_HTTP_SERVER_H

#include "base/base.h"

typedef struct HttpServer HttpServer;
struct Proxies; /* proxies.h */
typedef struct HttpStream HttpStream;

typedef enum HttpMethod {
  HTTP_GET,
  HTTP_HEAD,
  HTTP_POST,
  HTTP_PUT,
  HTTP_PATCH,
  HTTP_DELETE,
  HTTP_OPTIONS,
  HTTP_OTHER,
  HTTP_METHOD_COUNT
} HttpMethod;
const char *http_method_name(HttpMethod method);

typedef struct HttpHeader {
  Str name;  /* as sent */
  Str value; /* trimmed */
} HttpHeader;

typedef struct HttpRequest {
  Arena *arena; /* everything below lives here; freed by http_respond */
  HttpMethod method;
  Str method_text;
  Str path;     /* percent-decoded, dot segments refused (400) */
  Str raw_path; /* as sent, without query */
  Str query;    /* as sent, without "?" */
  HttpHeader *headers;
  size_t header_count;
  Str body;   /* whole, unchunked; empty until on_request */
  Str peer;   /* address of the socket, without port */
  Str client; /* who is behind trusted proxies, else the peer: for limits, the audit, the log */
  bool tls;
  bool https;                 /* as the client sees it */
  i64 received_ms;            /* true clock, when the head was complete */
  Str id;                     /* X-Request-Id: the client's own when it is sane, else made here; in every answer */
  void *user;                 /* on_head may leave something here for on_request; arena-owned */
  HttpHeader *answer_headers; /* http_answer_with */
  size_t answer_header_count;
  u32 loop, slot; /* the server's own */
  u64 generation;
} HttpRequest;

Str http_header(const HttpRequest *request, const char *name); /* first, case-insensitive; STR_NONE when absent */
/* Value of a query parameter, percent-decoded; STR_NONE when absent. i counts repeated ones from 0. */
Str http_query(const HttpRequest *request, const char *name, size_t i);
/* Percent-decoding; '+' is a space when `form`. False on malformed escapes. */
MUST_CHECK bool url_decode(Arena *arena, Str text, bool form, Str *out);
Str url_encode(Arena *arena, Str text);
/* First value of that name in an application/x-www-form-urlencoded body, decoded; STR_NONE when absent. */
Str http_form_value(Arena *arena, Str form, const char *name);

/* Sets a header of whatever the answer will be, a stream's included. From the thread that has the request. */
void http_answer_with(HttpRequest *request, const char *name, Str value);

typedef struct HttpResponse {
  int status;
  const char *content_type;  /* NULL: no body type */
  const HttpHeader *headers; /* further ones */
  size_t header_count;
  Str body;   /* in the request's arena or static */
  bool close; /* close after this */
} HttpResponse;

/* Copies what it needs, may be called from any thread, exactly once; frees the request. */
void http_respond(HttpServer *server, HttpRequest *request, const HttpResponse *response);
/* application/problem+json by an Error. */
void http_respond_error(HttpServer *server, HttpRequest *request, const Error *err);

typedef struct HttpHeadVerdict {
  size_t body_bytes_max; /* a longer body is 413: on_too_large is told, with request->body empty */
  bool respond; /* answer now with `response`, without reading the body (the connection is closed if one follows) */
  HttpResponse response;
} HttpHeadVerdict;

typedef struct HttpServerOptions {
  const char *listen;                                    /* "127.0.0.1:8080", "[::1]:0" */
  const struct Proxies *proxies;                         /* whose X-Forwarded-For is believed; NULL: nobody's */
  const char *tls_cert, *tls_key;                        /* PEM files, re-read when they change; NULL: plain */
  u32 io_threads;                                        /* 0: number of cores, at most 4 */
  size_t in_flight_bytes_max;                            /* 0: 256 MiB of bodies over all connections, else 503 */
  u32 connections_max;                                   /* 0: by RLIMIT_NOFILE */
  i64 head_timeout_ms, body_timeout_ms, idle_timeout_ms; /* 0: 10 s, 30 s, 75 s */
  Metrics *metrics;                                      /* may be NULL */
  void *ctx;
  void (*on_head)(void *ctx, HttpRequest *request, HttpHeadVerdict *verdict);
  void (*on_request)(void *ctx, HttpRequest *request);
  /* Told of each answer as it leaves, on its loop; may be NULL. Must not block. */
  void (*on_answered)(void *ctx, const HttpRequest *request, int status, i64 took_us);
  /* The body passed the verdict's limit: must answer (413 by itself when NULL). Connection closes after. */
  void (*on_too_large)(void *ctx, HttpRequest *request);
} HttpServerOptions;

/* Has --listen a host and a port? Resolves and opens nothing. */
MUST_CHECK bool http_listen_check(const char *address, Error *err);

/* Binds (once without SO_REUSEPORT first, so that "port in use" is seen), starts the threads, accepts. */
MUST_CHECK bool http_server_start(const HttpServerOptions *options, HttpServer **out, Error *err);
u16 http_server_port(const HttpServer *server);
/* For whoever answers many requests at once, one thread of the program: what is answered between the two goes to each
 * I/O thread together, with one wake-up (each costs a system call here and a turn there, and both want one lock). What
 * others answer meanwhile goes with it, so do nothing else between them. */
void http_server_hold(HttpServer *server);
void http_server_let_go(HttpServer *server);
/* Stops accepting, ends streams, answers what is queued, at most `limit_ms`. */
void http_server_drain(HttpServer *server, i64 limit_ms);
void http_server_free(HttpServer *server);

/* Server-sent events and other endless bodies. Bytes are shared between streams by reference count. */
typedef struct SharedBytes SharedBytes;
SharedBytes *shared_bytes_new(Str text);
SharedBytes *shared_bytes_keep(SharedBytes *bytes);
void shared_bytes_drop(SharedBytes *bytes);

/* Turns the request into a stream: writes the head (status 200), keeps the connection open, frees the request.
 * on_closed is called once, on any thread, after which the handle must not be used; never from inside the functions
 * below, so an owner can hold one lock round them and take it in on_closed. More than 256 KiB unsent closes the stream.
 * NULL when the server has ended: the request is freed, on_closed is not called; send and end accept NULL. */
HttpStream *http_stream_start(HttpServer *server, HttpRequest *request, const char *content_type,
                              void (*on_closed)(void *ctx), void *ctx);
void http_stream_send(HttpStream *stream, SharedBytes *bytes); /* any thread; takes its own reference */
void http_stream_end(HttpStream *stream);

#endif

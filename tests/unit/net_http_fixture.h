/* A server in this process whose answers depend on the path, and a client of raw sockets, for the tests of the server.
 * Paths: /echo answers "METHOD path?query body"; /hold keeps the request until fixture_answer; /stream becomes a
 * stream; /refuse is answered 403 by on_head; /small takes 4 bytes of body; /big answers 1 MiB; /smuggled must never be
 * reached. */
#ifndef TOCSIN_TESTS_NET_HTTP_FIXTURE_H
#define TOCSIN_TESTS_NET_HTTP_FIXTURE_H

#include "net/http_server.h" /* before cmocka.h, which has a macro named fail */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HELD_MAX = 1024, WAIT_MS_MAX = 10000, ANSWER_BYTES_MAX = 2 * 1024 * 1024 };

typedef struct Fixture {
  HttpServer *server;
  _Atomic u32 requests, smuggled, streams_closed, too_large;
  pthread_mutex_t mutex; /* guards what follows */
  HttpRequest *held[HELD_MAX];
  u32 held_count;
  HttpStream *streams[HELD_MAX];
  u32 stream_count;
} Fixture;

/* ---- the server's side ---- */

/* Under the lock that fixture_send holds: a handle is good until this returns. */
static void fixture_stream_closed(void *ctx) {
  Fixture *f = ctx;
  pthread_mutex_lock(&f->mutex);
  f->streams_closed++;
  pthread_mutex_unlock(&f->mutex);
}

static void fixture_on_head(void *ctx, HttpRequest *request, HttpHeadVerdict *verdict) {
  (void)ctx;
  verdict->body_bytes_max = str_equal_c(request->path, "/small") ? 4 : MIB(4);
  if (!str_equal_c(request->path, "/refuse")) return;
  verdict->respond = true;
  verdict->response = (HttpResponse){.status = 403, .content_type = "text/plain", .body = STR("no")};
}

static void fixture_echo(Fixture *f, HttpRequest *r) {
  Str text = str_format(r->arena, "%.*s %.*s?%.*s %.*s", STR_ARG(r->method_text), STR_ARG(r->path), STR_ARG(r->query),
                        STR_ARG(r->body));
  HttpHeader further[] = {
      {STR("X-Peer"), r->peer}, {STR("X-Bad"), STR("a\r\nX-Injected: b")}, {STR("Connection"), STR("x")}};
  http_respond(f->server, r,
               &(HttpResponse){.status = 200,
                               .content_type = "text/plain",
                               .headers = further,
                               .header_count = COUNT(further),
                               .body = text});
}

static void fixture_big(Fixture *f, HttpRequest *r) {
  char *body = arena_alloc(r->arena, MIB(1));
  memset(body, 'b', MIB(1));
  http_respond(f->server, r, &(HttpResponse){.status = 200, .content_type = "text/plain", .body = {body, MIB(1)}});
}

static void fixture_on_request(void *ctx, HttpRequest *request) {
  Fixture *f = ctx;
  f->requests++;
  if (str_equal_c(request->path, "/smuggled")) f->smuggled++;
  if (str_equal_c(request->path, "/big")) {
    fixture_big(f, request);
    return;
  }
  bool hold = str_equal_c(request->path, "/hold"), stream = str_equal_c(request->path, "/stream");
  if (!hold && !stream) {
    fixture_echo(f, request);
    return;
  }
  pthread_mutex_lock(&f->mutex);
  assert_true(f->held_count < HELD_MAX && f->stream_count < HELD_MAX);
  if (hold)
    f->held[f->held_count++] = request;
  else
    f->streams[f->stream_count++] =
        http_stream_start(f->server, request, "text/event-stream", fixture_stream_closed, f);
  pthread_mutex_unlock(&f->mutex);
}

static void fixture_on_too_large(void *ctx, HttpRequest *request) {
  Fixture *f = ctx;
  f->too_large++;
  Error err = {.code = ERR_TOO_LARGE, .pointer = "/body", .message = "the body is \"too\" large\nreally"};
  http_respond_error(f->server, request, &err);
}

static HttpServerOptions fixture_options(Fixture *f) {
  return (HttpServerOptions){.listen = "127.0.0.1:0",
                             .io_threads = 1,
                             .ctx = f,
                             .on_head = fixture_on_head,
                             .on_request = fixture_on_request,
                             .on_too_large = fixture_on_too_large};
}

UNUSED static Fixture *fixture_start(const HttpServerOptions *given) {
  Fixture *f = xcalloc(1, sizeof(*f));
  pthread_mutex_init(&f->mutex, NULL);
  HttpServerOptions options = given ? *given : fixture_options(f);
  options.ctx = f;
  Error err = {0};
  if (!http_server_start(&options, &f->server, &err)) fail_msg("%s", err.message);
  return f;
}

UNUSED static void fixture_free(Fixture *f) {
  http_server_free(f->server);
  pthread_mutex_destroy(&f->mutex);
  free(f);
}

/* ---- waiting ---- */

static void pause_ms(long ms) {
  struct timespec time = {.tv_nsec = ms * 1000000};
  nanosleep(&time, NULL);
}

#define WAIT_FOR(condition)                                                                                            \
  do {                                                                                                                 \
    i64 until_us = clock_monotonic_us() + (i64)WAIT_MS_MAX * 1000;                                                     \
    while (!(condition) && clock_monotonic_us() < until_us) pause_ms(1);                                               \
    assert_true(condition);                                                                                            \
  } while (0)

UNUSED static u32 fixture_held(Fixture *f) {
  pthread_mutex_lock(&f->mutex);
  u32 count = f->held_count;
  pthread_mutex_unlock(&f->mutex);
  return count;
}

UNUSED static HttpRequest *fixture_take(Fixture *f, u32 i) {
  WAIT_FOR(fixture_held(f) > i);
  pthread_mutex_lock(&f->mutex);
  HttpRequest *request = f->held[i];
  f->held[i] = NULL;
  pthread_mutex_unlock(&f->mutex);
  assert_non_null(request);
  return request;
}

/* Answers the i-th held request from this thread. */
UNUSED static void fixture_answer(Fixture *f, u32 i) {
  fixture_echo(f, fixture_take(f, i));
}

/* ---- the client's side ---- */

static void client_connect(const Fixture *f, int fd) {
  int on = 1;
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(http_server_port(f->server)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

UNUSED static int client_open(const Fixture *f) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  client_connect(f, fd);
  return fd;
}

/* The server may close while we send: that is for the reader to see. */
UNUSED static void client_send(int fd, Str text) {
  while (text.len > 0) {
    ssize_t sent = send(fd, text.ptr, text.len, MSG_NOSIGNAL);
    if (sent <= 0) return;
    text = str_slice(text, (size_t)sent, text.len);
  }
}

UNUSED static void client_send_bytewise(int fd, Str text) {
  for (size_t i = 0; i < text.len; i++) client_send(fd, str_slice(text, i, i + 1));
}

/* Up to `bytes`; fewer at the end of the stream; a reset counts as an end. */
UNUSED static size_t client_receive(int fd, char *out, size_t bytes) {
  size_t total = 0;
  while (total < bytes) {
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    if (poll(&poller, 1, WAIT_MS_MAX) != 1) fail_msg("nothing came for 10 s");
    ssize_t got = recv(fd, out + total, bytes - total, 0);
    if (got <= 0) break;
    total += (size_t)got;
  }
  return total;
}

typedef struct Answer {
  int status; /* 0: the connection ended before a whole head */
  Str head;
  Str body;
} Answer;

UNUSED static Str answer_field(Answer answer, const char *name) {
  Str rest = answer.head, line, field, value;
  while (str_cut(rest, '\n', &line, &rest))
    if (str_cut(line, ':', &field, &value) && str_equal_nocase(field, str_from_c(name))) return str_trim(value);
  return STR_NONE;
}

/* One answer; its body by Content-Length unless `no_body`. */
UNUSED static Answer client_answer(Arena *arena, int fd, bool no_body) {
  char *head = arena_alloc(arena, 4096);
  size_t bytes = 0;
  while (bytes < 4 || memcmp(head + bytes - 4, "\r\n\r\n", 4) != 0) {
    assert_true(bytes < 4096);
    if (client_receive(fd, head + bytes, 1) == 0) return (Answer){.head = {head, bytes}};
    bytes++;
  }
  Answer answer = {.head = {head, bytes}};
  u64 length = 0;
  assert_memory_equal(head, "HTTP/1.1 ", 9);
  answer.status = (head[9] - '0') * 100 + (head[10] - '0') * 10 + (head[11] - '0');
  if (no_body || !str_to_u64(answer_field(answer, "Content-Length"), ANSWER_BYTES_MAX, &length)) return answer;
  char *body = arena_alloc(arena, (size_t)length);
  answer.body = (Str){body, client_receive(fd, body, (size_t)length)};
  assert_int_equal(answer.body.len, length);
  return answer;
}

/* True when nothing more comes. */
UNUSED static bool client_at_end(int fd) {
  char byte;
  return client_receive(fd, &byte, 1) == 0;
}

UNUSED static Answer client_ask(Arena *arena, int fd, Str text) {
  client_send(fd, text);
  return client_answer(arena, fd, false);
}

#endif

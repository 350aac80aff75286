/* A scripted web server on net_fake_server.h, and a client that asks it: what the HTTP tests share. */
#ifndef TESTS_NET_FAKE_HTTP_H
#define TESTS_NET_FAKE_HTTP_H

#include "net_fake_server.h"

/* The server: the path chooses what happens. "{hang}" in an answer waits until the test lets go. */
typedef struct Route {
  const char *path, *answer; /* NULL answer: close without a word */
} Route;

#define OK_HEAD "HTTP/1.1 200 OK\r\n"
static const Route ROUTES[] = {
    {"/ok", OK_HEAD "Content-Length: 5\r\n\r\nhello"},
    {"/missing", "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"},
    {"/broken", "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"},
    {"/redirect", "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n"},
    {"/early", "HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\n\r\n" OK_HEAD "Content-Length: 2\r\n\r\nok"},
    {"/seconds", "HTTP/1.1 429 Slow Down\r\nretry-after: 17\r\nContent-Length: 0\r\n\r\n"},
    {"/seconds-many", "HTTP/1.1 503 No\r\nRetry-After: 99999999999\r\nContent-Length: 0\r\n\r\n"},
    {"/seconds-bad", "HTTP/1.1 503 No\r\nRetry-After: -5\r\nContent-Length: 0\r\n\r\n"},
    {"/date-past", "HTTP/1.1 503 No\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n"},
    {"/date-bad", "HTTP/1.1 503 No\r\nRetry-After: Someday\r\nContent-Length: 0\r\n\r\n"},
    {"/chunked", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"},
    {"/slow-head", "{hang}"},
    {"/slow-body", OK_HEAD "Content-Length: 10\r\n\r\nhalf{hang}"},
    {"/short-body", OK_HEAD "Content-Length: 10\r\n\r\nhalf{close}"},
    {"/drop", NULL},
    {"/noise", "SSH-2.0-nothing\r\n{close}"},
    {"/empty", OK_HEAD "Content-Length: 0\r\n\r\n"},
};

static size_t content_length(const char *head) {
  const char *at = strstr(head, "Content-Length: ");
  return at ? strtoul(at + 16, NULL, 10) : 0;
}

/* Reads one request into `out`; false when the connection ended. */
static bool read_request(int fd, char *out, size_t max) {
  size_t len = 0;
  for (;;) {
    out[len] = '\0';
    char *end = strstr(out, "\r\n\r\n");
    if (end && len >= (size_t)(end - out) + 4 + content_length(out)) return true;
    ssize_t got = recv(fd, out + len, max - 1 - len, 0);
    if (got <= 0) return false;
    len += (size_t)got;
  }
}

/* False when the connection shall close. */
static bool answer(Fake *fake, int fd, const char *text) {
  const char *hang = strstr(text, "{hang}"), *end = strstr(text, "{close}");
  const char *stop = hang ? hang : end;
  if (!stop) return fake_say(fd, text), true;
  (void)!send(fd, text, (size_t)(stop - text), MSG_NOSIGNAL);
  if (hang) fake_hang(fake, fd);
  return false;
}

static void at_once_begin(Fake *fake) {
  int now = atomic_fetch_add(&fake->at_once, 1) + 1, max = atomic_load(&fake->at_once_max);
  while (now > max && !atomic_compare_exchange_weak(&fake->at_once_max, &max, now)) {
  }
}

static void say_date_ahead(int fd) {
  char date[64], text[200];
  time_t then = time(NULL) + 120;
  struct tm tm;
  (void)strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&then, &tm));
  (void)snprintf(text, sizeof(text), "HTTP/1.1 503 No\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n", date);
  fake_say(fd, text);
}

static void say_big(int fd) {
  static const char BLOCK[1024];
  fake_say(fd, OK_HEAD "Content-Length: 1048576\r\n\r\n");
  for (int i = 0; i < 1024; i++)
    if (send(fd, BLOCK, sizeof(BLOCK), MSG_NOSIGNAL) < 0) return;
}

static void say_endless_head(int fd) {
  fake_say(fd, OK_HEAD);
  for (int i = 0; i < 100000; i++)
    if (send(fd, "X-More: and more\r\n", 18, MSG_NOSIGNAL) < 0) return;
}

static bool serve_one(Fake *fake, int fd, const char *path) {
  if (strcmp(path, "/date-ahead") == 0) return say_date_ahead(fd), true;
  if (strcmp(path, "/big") == 0) return say_big(fd), false;
  if (strcmp(path, "/endless-head") == 0) return say_endless_head(fd), false;
  for (size_t i = 0; i < COUNT(ROUTES); i++)
    if (strcmp(path, ROUTES[i].path) == 0) return ROUTES[i].answer && answer(fake, fd, ROUTES[i].answer);
  return fake_say(fd, "HTTP/1.1 418 Teapot\r\nContent-Length: 0\r\n\r\n"), true;
}

static void serve(Fake *fake, int fd) {
  char request[FAKE_TEXT_MAX], method[32], path[256];
  bool more = true;
  while (more && read_request(fd, request, sizeof(request))) {
    fake_keep(fake, request);
    at_once_begin(fake);
    atomic_fetch_add(&fake->requests, 1);
    more = sscanf(request, "%31s %255s", method, path) == 2 && serve_one(fake, fd, path);
    atomic_fetch_sub(&fake->at_once, 1);
  }
}

/* Calling. */

typedef struct Ask {
  const char *method, *path, *body;
  i64 timeout_ms;
  size_t body_bytes_max;
  bool for_page, trusted;
} Ask;

static void ask(HttpClient *client, u16 port, Ask a, OutboundDone done, void *ctx) {
  char url[300];
  (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", port, a.path);
  http_client_call(client, &(HttpCall){.method = str_from_c(a.method ? a.method : "POST"),
                                       .url = str_from_c(url),
                                       .body = str_from_c(a.body),
                                       .timeout_ms = a.timeout_ms,
                                       .body_bytes_max = a.body_bytes_max,
                                       .for_page = a.for_page,
                                       .trusted_target = a.trusted,
                                       .done = done,
                                       .ctx = ctx});
}

static void ask_and_wait(HttpClient *client, u16 port, Ask a, Waiter *w) {
  size_t before = waiter_count(w);
  ask(client, port, a, waiter_done, w);
  waiter_wait(w, before + 1);
}

typedef struct World {
  Fake *fake;
  HttpClient *client;
  Waiter w;
} World;

static int world_setup(void **state) {
  World *world = calloc(1, sizeof(*world));
  world->fake = fake_start(serve, NULL);
  world->client = client_of("127.0.0.0/8");
  waiter_init(&world->w);
  *state = world;
  return 0;
}

static int world_teardown(void **state) {
  World *world = *state;
  http_client_free(world->client);
  fake_stop(world->fake);
  waiter_done_with(&world->w);
  free(world);
  return 0;
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

#endif

/* The outbound client over HTTP, against a scripted loopback server. */
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

/* The second request of a connection gets no answer. */
static void serve_once_each(Fake *fake, int fd) {
  char request[FAKE_TEXT_MAX];
  for (int i = 0; i < 2 && read_request(fd, request, sizeof(request)); i++) {
    atomic_fetch_add(&fake->requests, 1);
    if (i == 0) fake_say(fd, ROUTES[0].answer);
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

static void call_and_wait(HttpClient *client, HttpCall call, Waiter *w) {
  call.done = waiter_done;
  call.ctx = w;
  size_t before = waiter_count(w);
  http_client_call(client, &call);
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

static const struct {
  const char *path;
  OutboundOutcome outcome;
  long status;
  const char *body;
  i64 retry_after_s;
} ANSWERS[] = {
    {"/ok", OUTBOUND_ANSWERED, 200, "hello", -1},
    {"/missing", OUTBOUND_ANSWERED, 404, "no", -1},
    {"/broken", OUTBOUND_ANSWERED, 500, "", -1},
    {"/redirect", OUTBOUND_ANSWERED, 302, "", -1},
    {"/early", OUTBOUND_ANSWERED, 200, "ok", -1},
    {"/seconds", OUTBOUND_ANSWERED, 429, "", 17},
    {"/seconds-many", OUTBOUND_ANSWERED, 503, "", 86400},
    {"/seconds-bad", OUTBOUND_ANSWERED, 503, "", -1},
    {"/date-past", OUTBOUND_ANSWERED, 503, "", 0},
    {"/date-bad", OUTBOUND_ANSWERED, 503, "", -1},
    {"/chunked", OUTBOUND_ANSWERED, 200, "hello world", -1},
    {"/slow-head", OUTBOUND_UNKNOWN, 0, "", -1},
    {"/slow-body", OUTBOUND_UNKNOWN, 200, "half", -1},
    {"/short-body", OUTBOUND_UNKNOWN, 200, "half", -1},
    {"/drop", OUTBOUND_UNKNOWN, 0, "", -1},
    {"/noise", OUTBOUND_UNKNOWN, 0, "", -1},
    {"/empty", OUTBOUND_ANSWERED, 200, "", -1},
};

static void every_answer_has_its_outcome(void **state) {
  World *world = *state;
  for (size_t i = 0; i < COUNT(ANSWERS); i++) {
    ask_and_wait(world->client, world->fake->port, (Ask){.path = ANSWERS[i].path, .body = "x", .timeout_ms = 300},
                 &world->w);
    const OutboundResult *r = &world->w.result;
    if (r->outcome != ANSWERS[i].outcome || r->status != ANSWERS[i].status || !str_equal_c(r->body, ANSWERS[i].body) ||
        r->retry_after_s != ANSWERS[i].retry_after_s || (r->error[0] == '\0') != (r->outcome == OUTBOUND_ANSWERED))
      fail_msg("%s: outcome %d, status %ld, body \"%.*s\", retry after %lld, error \"%s\"", ANSWERS[i].path, r->outcome,
               r->status, STR_ARG(r->body), (long long)r->retry_after_s, r->error);
  }
  assert_int_equal(atomic_load(&world->fake->requests), COUNT(ANSWERS)); /* no redirect followed, nothing repeated */
}

static void retry_after_date_becomes_seconds(void **state) {
  World *world = *state;
  ask_and_wait(world->client, world->fake->port, (Ask){.path = "/date-ahead"}, &world->w);
  assert_in_range(world->w.result.retry_after_s, 115, 120);
}

static void long_body_is_cut_and_answered(void **state) {
  World *world = *state;
  ask_and_wait(world->client, world->fake->port, (Ask){.path = "/big", .body_bytes_max = 5000}, &world->w);
  assert_int_equal(world->w.result.outcome, OUTBOUND_ANSWERED);
  assert_int_equal(world->w.result.status, 200);
  assert_int_equal(world->w.result.body.len, 5000);
}

static void body_of_exactly_the_limit_is_whole(void **state) {
  World *world = *state;
  ask_and_wait(world->client, world->fake->port, (Ask){.path = "/ok", .body_bytes_max = 5}, &world->w);
  assert_int_equal(world->w.result.outcome, OUTBOUND_ANSWERED);
  assert_true(str_equal_c(world->w.result.body, "hello"));
}

static void endless_head_is_given_up(void **state) {
  World *world = *state;
  ask_and_wait(world->client, world->fake->port, (Ask){.path = "/endless-head"}, &world->w);
  assert_int_equal(world->w.result.outcome, OUTBOUND_UNKNOWN);
  assert_non_null(strstr(world->w.result.error, "head"));
}

static void refused_port_means_nothing_was_sent(void **state) {
  World *world = *state;
  u16 port;
  close(fake_listen(&port));
  ask_and_wait(world->client, port, (Ask){.path = "/ok"}, &world->w);
  assert_int_equal(world->w.result.outcome, OUTBOUND_REFUSED);
  assert_false(world->w.result.target_refused);
  assert_true(world->w.result.error[0] != '\0');
}

static void failed_tls_means_nothing_was_sent(void **state) {
  World *world = *state;
  char url[64];
  (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u/noise", world->fake->port);
  call_and_wait(world->client, (HttpCall){.method = S("POST"), .url = str_from_c(url), .timeout_ms = 300}, &world->w);
  assert_int_equal(world->w.result.outcome, OUTBOUND_REFUSED);
  assert_int_equal(atomic_load(&world->fake->requests), 0);
}

static void request_is_sent_as_asked_and_past_no_proxy(void **state) {
  World *world = *state;
  static const Str HEADERS[] = {STR("Content-Type: application/json"), STR("X-Key:  abc\t1 "), STR("X-Empty:")};
  char url[64];
  (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/ok?a=b%%0d%%0ac#frag", world->fake->port);
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
  call_and_wait(
      world->client,
      (HttpCall){.method = S("PATCH"), .url = str_from_c(url), .body = S("{}"), .headers = HEADERS, .header_count = 3},
      &world->w);
  unsetenv("http_proxy");
  unsetenv("ALL_PROXY");
  const char *last = world->fake->last;
  assert_int_equal(strncmp(last, "PATCH /ok?a=b%0d%0ac HTTP/1.1\r\n", 31), 0);
  assert_non_null(strstr(last, "\r\nContent-Type: application/json\r\n"));
  assert_non_null(strstr(last, "\r\nX-Key: abc\t1\r\n"));
  assert_non_null(strstr(last, "\r\nX-Empty:\r\n"));
  assert_non_null(strstr(last, "\r\nContent-Length: 2\r\n"));
  assert_non_null(strstr(last, "\r\n\r\n{}"));
  assert_null(strstr(last, "Expect"));
}

static void methods_carry_bodies_as_they_should(void **state) {
  World *world = *state;
  static const struct {
    const char *method, *body, *expected;
  } ROWS[] = {
      {"GET", NULL, "GET /empty HTTP/1.1\r\n"},       {"HEAD", NULL, "HEAD /empty HTTP/1.1\r\n"},
      {"DELETE", NULL, "DELETE /empty HTTP/1.1\r\n"}, {"DELETE", "x", "Content-Length: 1\r\n"},
      {"POST", NULL, "Content-Length: 0\r\n"},        {"PUT", "abc", "Content-Length: 3\r\n"},
  };
  for (size_t i = 0; i < COUNT(ROWS); i++) {
    ask_and_wait(world->client, world->fake->port,
                 (Ask){.method = ROWS[i].method, .path = "/empty", .body = ROWS[i].body}, &world->w);
    assert_int_equal(world->w.result.status, 200);
    assert_non_null(strstr(world->fake->last, ROWS[i].expected));
    assert_null(strstr(world->fake->last, "Content-Type"));
  }
}

/* What must never reach a wire. The guard's allow list is open, so only the check can refuse. */
static void injections_are_refused_before_anything_is_sent(void **state) {
  World *world = *state;
  static const struct {
    const char *method, *url, *header;
  } ROWS[] = {
      {"POST\r\nX: y", "/ok", NULL},
      {"POST /x HTTP/1.1", "/ok", NULL},
      {"", "/ok", NULL},
      {"CONNECT", "/ok", NULL},
      {"TRACE", "/ok", NULL},
      {"P\x01ST", "/ok", NULL},
      {"AVERYLONGMETHODNAME", "/ok", NULL},
      {"GET", "/ok\r\nX: y", NULL},
      {"GET", "/ok HTTP/1.1", NULL},
      {"GET", "/ok\n", NULL},
      {"GET", "/ok\x7f", NULL},
      {"GET", "/ok", "X: a\r\nY: b"},
      {"GET", "/ok", "X: a\nY: b"},
      {"GET", "/ok", "X: a\rY: b"},
      {"GET", "/ok", "X\r\nY: b"},
      {"GET", "/ok", "no colon"},
      {"GET", "/ok", "X;"},
      {"GET", "/ok", ": b"},
      {"GET", "/ok", "X : b"},
      {"GET", "/ok", " X: b"},
      {"GET", "/ok", "Content-Length: 5"},
      {"GET", "/ok", "transfer-encoding: chunked"},
      {"GET", "/ok", "Connection: X-Key"},
  };
  for (size_t i = 0; i < COUNT(ROWS); i++) {
    char url[128];
    Str header = str_from_c(ROWS[i].header);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", world->fake->port, ROWS[i].url);
    call_and_wait(world->client,
                  (HttpCall){.method = str_from_c(ROWS[i].method),
                             .url = str_from_c(url),
                             .headers = &header,
                             .header_count = ROWS[i].header != NULL},
                  &world->w);
    if (world->w.result.outcome != OUTBOUND_REFUSED || world->w.result.error[0] == '\0')
      fail_msg("row %zu was sent", i);
    assert_null(strpbrk(world->w.result.error, "\r\n"));
  }
  Str nul = {"X: a\0b", 6};
  char url[64];
  (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/ok", world->fake->port);
  call_and_wait(world->client,
                (HttpCall){.method = S("GET"), .url = str_from_c(url), .headers = &nul, .header_count = 1}, &world->w);
  assert_int_equal(world->w.result.outcome, OUTBOUND_REFUSED);
  assert_int_equal(atomic_load(&world->fake->opened), 0);
}

static void other_schemes_and_broken_urls_are_refused(void **state) {
  World *world = *state;
  static const char *const URLS[] = {"",
                                     "file:///etc/passwd",
                                     "ftp://127.0.0.1/",
                                     "gopher://127.0.0.1:25/_x",
                                     "smtp://h/",
                                     "http://",
                                     "http:///x",
                                     "http://[::1/",
                                     "http://h:x",
                                     "http://h:99999/",
                                     "//h/x",
                                     "/x",
                                     "dict://127.0.0.1/"};
  for (size_t i = 0; i < COUNT(URLS); i++) {
    call_and_wait(world->client, (HttpCall){.method = S("GET"), .url = str_from_c(URLS[i]), .timeout_ms = 300},
                  &world->w);
    if (world->w.result.outcome != OUTBOUND_REFUSED) fail_msg("%s: outcome %d", URLS[i], world->w.result.outcome);
  }
}

static void private_targets_are_refused_however_they_are_written(void **state) {
  World *world = *state;
  static const char *const HOSTS[] = {"127.0.0.1",       "localhost",          "LOCALHOST", "[::1]",
                                      "0x7f.1",          "2130706433",         "0.0.0.0",   "127.1",
                                      "017700000001",    "[::ffff:127.0.0.1]", "[::]",      "a@127.0.0.1",
                                      "169.254.169.254", "[64:ff9b::7f00:1]"};
  HttpClient *guarded = client_of(NULL);
  for (size_t i = 0; i < COUNT(HOSTS); i++) {
    char url[128];
    (void)snprintf(url, sizeof(url), "http://%s:%u/ok", HOSTS[i], world->fake->port);
    call_and_wait(guarded, (HttpCall){.method = S("GET"), .url = str_from_c(url), .timeout_ms = 2000}, &world->w);
    if (world->w.result.outcome != OUTBOUND_REFUSED || !world->w.result.target_refused)
      fail_msg("%s: outcome %d, %s", HOSTS[i], world->w.result.outcome, world->w.result.error);
    assert_non_null(strstr(world->w.result.error, "--outbound-allow"));
  }
  http_client_free(guarded);
  assert_int_equal(atomic_load(&world->fake->opened), 0);
}

static void connection_of_a_trusted_call_is_not_lent_to_others(void **state) {
  World *world = *state;
  HttpClient *guarded = client_of(NULL);
  ask_and_wait(guarded, world->fake->port, (Ask){.path = "/ok", .trusted = true}, &world->w);
  assert_int_equal(world->w.result.outcome, OUTBOUND_ANSWERED);
  ask_and_wait(guarded, world->fake->port, (Ask){.path = "/ok"}, &world->w);
  assert_int_equal(world->w.result.outcome, OUTBOUND_REFUSED);
  assert_true(world->w.result.target_refused);
  ask_and_wait(guarded, world->fake->port, (Ask){.path = "/ok", .trusted = true}, &world->w);
  assert_int_equal(world->w.result.outcome, OUTBOUND_ANSWERED);
  http_client_free(guarded);
  assert_int_equal(atomic_load(&world->fake->requests), 2);
}

static void connections_are_used_again(void **state) {
  World *world = *state;
  for (int i = 0; i < 20; i++) ask_and_wait(world->client, world->fake->port, (Ask){.path = "/ok"}, &world->w);
  assert_int_equal(world->w.outcomes[OUTBOUND_ANSWERED], 20);
  assert_int_equal(atomic_load(&world->fake->opened), 1);
}

static void post_on_a_dying_connection_is_not_repeated(void **state) {
  World *world = *state;
  Fake *fake = fake_start(serve_once_each, NULL);
  ask_and_wait(world->client, fake->port, (Ask){.path = "/ok"}, &world->w);
  ask_and_wait(world->client, fake->port, (Ask){.path = "/ok"}, &world->w);
  assert_int_equal(world->w.result.outcome, OUTBOUND_UNKNOWN);
  assert_int_equal(atomic_load(&fake->requests), 2);
  ask_and_wait(world->client, fake->port, (Ask){.path = "/ok"}, &world->w);
  assert_int_equal(world->w.result.outcome, OUTBOUND_ANSWERED);
  ask_and_wait(world->client, fake->port, (Ask){.path = "/ok", .method = "GET"}, &world->w);
  assert_int_equal(world->w.result.outcome, OUTBOUND_ANSWERED); /* a GET is */
  assert_int_equal(atomic_load(&fake->requests), 5);
  fake_stop(fake);
}

/* Crowds. */

static void five_hundred_calls_share_the_slots(void **state) {
  World *world = *state;
  for (int i = 0; i < 500; i++) ask(world->client, world->fake->port, (Ask){.path = "/ok"}, waiter_done, &world->w);
  waiter_wait(&world->w, 500);
  assert_int_equal(world->w.outcomes[OUTBOUND_ANSWERED], 500);
  assert_in_range(atomic_load(&world->fake->at_once_max), 1, 12);
  assert_in_range(atomic_load(&world->fake->opened), 1, 12);
}

static void wait_for_requests(Fake *fake, int count) {
  for (int i = 0; i < 10000 && atomic_load(&fake->requests) < count; i++) fake_nap();
  assert_int_equal(atomic_load(&fake->requests), count);
}

static void pages_pass_a_crowd_of_hanging_calls(void **state) {
  World *world = *state;
  Waiter hanging;
  waiter_init(&hanging);
  for (int i = 0; i < 40; i++)
    ask(world->client, world->fake->port, (Ask){.path = "/slow-head", .timeout_ms = 60000}, waiter_done, &hanging);
  wait_for_requests(world->fake, 12);
  ask_and_wait(world->client, world->fake->port, (Ask){.path = "/ok", .for_page = true}, &world->w);
  assert_int_equal(world->w.result.outcome, OUTBOUND_ANSWERED);
  for (int i = 0; i < 20; i++)
    ask(world->client, world->fake->port, (Ask){.path = "/slow-head", .timeout_ms = 60000, .for_page = true},
        waiter_done, &hanging);
  wait_for_requests(world->fake, 17);
  assert_int_equal(atomic_load(&world->fake->at_once_max), 16);
  http_client_free(world->client);
  world->client = NULL;
  assert_int_equal(hanging.outcomes[OUTBOUND_CANCELLED], 60);
  waiter_done_with(&hanging);
}

static void another_host_is_not_held_up(void **state) {
  World *world = *state;
  Fake *other = fake_start(serve, NULL);
  Waiter hanging;
  waiter_init(&hanging);
  for (int i = 0; i < 300; i++)
    ask(world->client, world->fake->port, (Ask){.path = "/slow-head", .timeout_ms = 60000}, waiter_done, &hanging);
  ask_and_wait(world->client, other->port, (Ask){.path = "/ok"}, &world->w);
  assert_int_equal(world->w.result.outcome, OUTBOUND_ANSWERED);
  http_client_free(world->client);
  world->client = NULL;
  assert_int_equal(hanging.count, 300);
  fake_stop(other);
  waiter_done_with(&hanging);
}

static void waiting_for_a_slot_ends_in_time(void **state) {
  World *world = *state;
  Waiter hanging;
  waiter_init(&hanging);
  for (int i = 0; i < 12; i++)
    ask(world->client, world->fake->port, (Ask){.path = "/slow-head", .timeout_ms = 60000}, waiter_done, &hanging);
  wait_for_requests(world->fake, 12);
  ask_and_wait(world->client, world->fake->port, (Ask){.path = "/ok", .timeout_ms = 100}, &world->w);
  assert_int_equal(world->w.result.outcome, OUTBOUND_REFUSED);
  assert_non_null(strstr(world->w.result.error, "slot"));
  assert_int_equal(atomic_load(&world->fake->requests), 12);
  http_client_free(world->client);
  world->client = NULL;
  waiter_done_with(&hanging);
}

static void more_than_the_ceiling_is_turned_away(void **state) {
  World *world = *state;
  for (int i = 0; i < 5000; i++)
    ask(world->client, world->fake->port, (Ask){.path = "/slow-head", .timeout_ms = 60000}, waiter_done, &world->w);
  waiter_wait(&world->w, 904);
  assert_int_equal(world->w.outcomes[OUTBOUND_REFUSED], 904);
  http_client_free(world->client);
  world->client = NULL;
  assert_int_equal(world->w.count, 5000);
  assert_int_equal(world->w.outcomes[OUTBOUND_CANCELLED], 4096);
}

typedef struct Chain {
  World *world;
  int left;
} Chain;

static void chain_done(void *ctx, const OutboundResult *result) {
  Chain *chain = ctx;
  if (--chain->left > 0)
    ask(chain->world->client, chain->world->fake->port, (Ask){.path = "/ok"}, chain_done, chain);
  else
    waiter_done(&chain->world->w, result);
}

static void done_may_submit_again(void **state) {
  World *world = *state;
  Chain chain = {.world = world, .left = 30};
  ask(world->client, world->fake->port, (Ask){.path = "/ok"}, chain_done, &chain);
  waiter_wait(&world->w, 1);
  assert_int_equal(atomic_load(&world->fake->requests), 30);
}

static void outcomes_and_seconds_are_counted(void **state) {
  World *world = *state;
  Metrics *metrics = metrics_new();
  HttpClient *client = NULL;
  Error err = {0};
  assert_true(http_client_new(&(HttpClientOptions){.outbound_allow = "127.0.0.1", .metrics = metrics}, &client, &err));
  ask_and_wait(client, world->fake->port, (Ask){.path = "/ok"}, &world->w);
  ask_and_wait(client, world->fake->port, (Ask){.path = "/ok"}, &world->w);
  ask_and_wait(client, world->fake->port, (Ask){.path = "/drop"}, &world->w);
  http_client_free(client);
  Arena *arena = arena_new();
  Buf out = buf_new(arena, MIB(1));
  metrics_write(metrics, &out);
  assert_true(str_find(buf_str(&out), S("tocsin_outbound_calls_total{outcome=\"answered\"} 2"), 0) != SIZE_MAX);
  assert_true(str_find(buf_str(&out), S("tocsin_outbound_calls_total{outcome=\"unknown\"} 1"), 0) != SIZE_MAX);
  assert_true(str_find(buf_str(&out), S("tocsin_outbound_seconds_count 3"), 0) != SIZE_MAX);
  arena_free(arena);
  metrics_free(metrics);
}

static void malformed_allow_list_makes_no_client(void **state) {
  (void)state;
  HttpClient *client = NULL;
  Error err = {0};
  assert_false(http_client_new(&(HttpClientOptions){.outbound_allow = "everything"}, &client, &err));
  assert_null(client);
  assert_non_null(strstr(err.message, "everything"));
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_WORLD(every_answer_has_its_outcome),
      IN_WORLD(retry_after_date_becomes_seconds),
      IN_WORLD(long_body_is_cut_and_answered),
      IN_WORLD(body_of_exactly_the_limit_is_whole),
      IN_WORLD(endless_head_is_given_up),
      IN_WORLD(refused_port_means_nothing_was_sent),
      IN_WORLD(failed_tls_means_nothing_was_sent),
      IN_WORLD(request_is_sent_as_asked_and_past_no_proxy),
      IN_WORLD(methods_carry_bodies_as_they_should),
      IN_WORLD(injections_are_refused_before_anything_is_sent),
      IN_WORLD(other_schemes_and_broken_urls_are_refused),
      IN_WORLD(private_targets_are_refused_however_they_are_written),
      IN_WORLD(connection_of_a_trusted_call_is_not_lent_to_others),
      IN_WORLD(connections_are_used_again),
      IN_WORLD(post_on_a_dying_connection_is_not_repeated),
      IN_WORLD(five_hundred_calls_share_the_slots),
      IN_WORLD(pages_pass_a_crowd_of_hanging_calls),
      IN_WORLD(another_host_is_not_held_up),
      IN_WORLD(waiting_for_a_slot_ends_in_time),
      IN_WORLD(more_than_the_ceiling_is_turned_away),
      IN_WORLD(done_may_submit_again),
      IN_WORLD(outcomes_and_seconds_are_counted),
      cmocka_unit_test(malformed_allow_list_makes_no_client),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

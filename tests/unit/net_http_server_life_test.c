/* The life of connections and of the server: time-outs, limits, peers that leave, other threads, streams, drain, end.
 */
#include "unit/net_http_fixture.h"

#include <sys/resource.h>

#define ASK  "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"
#define HOLD "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n"

static Fixture *start_with(HttpServerOptions change) {
  HttpServerOptions options = fixture_options(NULL);
  if (change.io_threads) options.io_threads = change.io_threads;
  options.head_timeout_ms = change.head_timeout_ms;
  options.body_timeout_ms = change.body_timeout_ms;
  options.idle_timeout_ms = change.idle_timeout_ms;
  options.connections_max = change.connections_max;
  options.in_flight_bytes_max = change.in_flight_bytes_max;
  return fixture_start(&options);
}

/* ---- metrics ---- */

static void answers_and_refusals_are_counted(void **state) {
  (void)state;
  Arena *arena = arena_new();
  Metrics *metrics = metrics_new();
  HttpServerOptions options = fixture_options(NULL);
  options.metrics = metrics;
  Fixture *f = fixture_start(&options);
  int fd = client_open(f);
  for (int i = 0; i < 3; i++) assert_int_equal(client_ask(arena, fd, S(ASK)).status, 200);
  assert_int_equal(client_ask(arena, fd, S("GET / HTTP/1.1\r\n\r\n")).status, 400);
  close(fd);
  fixture_free(f);
  Buf text = buf_new(arena, MIB(1));
  metrics_write(metrics, &text);
  static const Str EXPECTED[] = {
      STR("tocsin_http_requests_total{class=\"2xx\"} 3\n"),
      STR("tocsin_http_requests_total{class=\"4xx\"} 1\n"),
      STR("tocsin_http_malformed_total 1\n"),
      STR("tocsin_http_connections 0\n"),
      STR("tocsin_http_request_seconds_count 4\n"),
  };
  for (size_t i = 0; i < COUNT(EXPECTED); i++)
    if (str_find(buf_str(&text), EXPECTED[i], 0) == SIZE_MAX) fail_msg("missing: %.*s", STR_ARG(EXPECTED[i]));
  metrics_free(metrics);
  arena_free(arena);
}

/* ---- time ---- */

static void slow_peers_are_given_up(void **state) {
  (void)state;
  static const struct {
    Str text;
    int status; /* 0: closed without a word */
  } CASES[] = {
      {STR(""), 0},
      {STR("GET / HT"), 408},
      {STR("GET / HTTP/1.1\r\nHost: a\r\nX"), 408},
      {STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"), 408},
      {STR("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"), 408},
  };
  Fixture *f = start_with((HttpServerOptions){.head_timeout_ms = 60, .body_timeout_ms = 60});
  Arena *arena = arena_new();
  for (size_t i = 0; i < COUNT(CASES); i++) {
    int fd = client_open(f);
    assert_int_equal(client_ask(arena, fd, CASES[i].text).status, CASES[i].status);
    assert_true(client_at_end(fd));
    close(fd);
  }
  arena_free(arena);
  fixture_free(f);
}

static void idle_connections_are_closed_but_not_waiting_ones(void **state) {
  (void)state;
  Fixture *f = start_with((HttpServerOptions){.idle_timeout_ms = 60, .head_timeout_ms = 60, .body_timeout_ms = 60});
  Arena *arena = arena_new();
  int idle = client_open(f), waiting = client_open(f);
  client_send(waiting, S(HOLD));
  assert_int_equal(client_ask(arena, idle, S(ASK)).status, 200);
  assert_true(client_at_end(idle));
  fixture_answer(f, 0);
  assert_int_equal(client_answer(arena, waiting, false).status, 200);
  close(idle);
  close(waiting);
  arena_free(arena);
  fixture_free(f);
}

/* ---- limits ---- */

static void bodies_beyond_the_budget_are_503(void **state) {
  (void)state;
  Fixture *f = start_with((HttpServerOptions){.in_flight_bytes_max = 10000});
  Arena *arena = arena_new();
  Buf text = buf_new(arena, MIB(1));
  buf_puts(&text, "POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 6000\r\n\r\n");
  for (int i = 0; i < 6000; i++) buf_putc(&text, 'x');
  int first = client_open(f), second = client_open(f);
  client_send(first, buf_str(&text));
  WAIT_FOR(fixture_held(f) == 1);
  Answer answer = client_ask(arena, second, buf_str(&text));
  assert_int_equal(answer.status, 503);
  assert_true(str_equal_c(answer_field(answer, "Retry-After"), "1"));
  close(second);
  fixture_answer(f, 0);
  assert_int_equal(client_answer(arena, first, false).status, 200);
  client_send(first, buf_str(&text)); /* the budget came back */
  fixture_answer(f, 1);
  assert_int_equal(client_answer(arena, first, false).status, 200);
  close(first);
  arena_free(arena);
  fixture_free(f);
}

static void at_the_limit_newcomers_wait_and_idle_ones_give_way(void **state) {
  (void)state;
  Fixture *f = start_with((HttpServerOptions){.connections_max = 2});
  Arena *arena = arena_new();
  int a = client_open(f), b = client_open(f), c = client_open(f);
  client_send(a, S(HOLD));
  client_send(b, S(HOLD));
  WAIT_FOR(fixture_held(f) == 2);
  client_send(c, S(ASK));
  struct pollfd poller = {.fd = c, .events = POLLIN};
  assert_int_equal(poll(&poller, 1, 50), 0);
  fixture_answer(f, 0);
  assert_int_equal(client_answer(arena, a, false).status, 200);
  assert_int_equal(client_answer(arena, c, false).status, 200);
  assert_true(client_at_end(a)); /* idle, it made room for c */
  fixture_answer(f, 1);
  close(a);
  close(b);
  close(c);
  arena_free(arena);
  fixture_free(f);
}

static void without_descriptors_newcomers_wait(void **state) {
  (void)state;
  Fixture *f = start_with((HttpServerOptions){0});
  Arena *arena = arena_new();
  struct rlimit before, none;
  getrlimit(RLIMIT_NOFILE, &before);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* takes the lowest number: no other is free below it */
  none = (struct rlimit){.rlim_cur = (rlim_t)fd + 1, .rlim_max = before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  client_connect(f, fd);
  client_send(fd, S(ASK));
  struct pollfd poller = {.fd = fd, .events = POLLIN};
  assert_int_equal(poll(&poller, 1, 50), 0);
  setrlimit(RLIMIT_NOFILE, &before);
  assert_int_equal(client_answer(arena, fd, false).status, 200);
  close(fd);
  arena_free(arena);
  fixture_free(f);
}

static void a_port_in_use_is_told(void **state) {
  (void)state;
  Fixture *f = start_with((HttpServerOptions){.io_threads = 2});
  char listen[64], expected[160];
  snprintf(listen, sizeof(listen), "127.0.0.1:%u", http_server_port(f->server));
  snprintf(expected, sizeof(expected),
           "cannot listen on %s: the address is in use by another program; choose another with --listen", listen);
  for (u32 threads = 1; threads <= 2; threads++) {
    HttpServerOptions options = fixture_options(f);
    options.listen = listen;
    options.io_threads = threads;
    HttpServer *server = NULL;
    Error err = {0};
    assert_false(http_server_start(&options, &server, &err));
    assert_string_equal(err.message, expected);
  }
  fixture_free(f);
}

static void wrong_addresses_are_told(void **state) {
  (void)state;
  static const char *const WRONG[] = {"8080", "127.0.0.1:", "127.0.0.1:99999", ":80", "127.0.0.1:x", ""};
  for (size_t i = 0; i < COUNT(WRONG); i++) {
    HttpServerOptions options = fixture_options(NULL);
    options.listen = WRONG[i];
    HttpServer *server = NULL;
    Error err = {0};
    assert_false(http_server_start(&options, &server, &err));
    assert_int_equal(err.code, ERR_INVALID);
  }
}

/* ---- peers that leave ---- */

static void an_answer_to_a_peer_that_left_is_dropped(void **state) {
  (void)state;
  Fixture *f = start_with((HttpServerOptions){0});
  Arena *arena = arena_new();
  struct linger reset = {.l_onoff = 1};
  for (u32 i = 0; i < 20; i++) {
    int fd = client_open(f);
    client_send(fd, S(HOLD));
    HttpRequest *request = fixture_take(f, i);
    if (i % 2) setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(fd);
    fixture_echo(f, request);
  }
  int fd = client_open(f);
  assert_int_equal(client_ask(arena, fd, S(ASK)).status, 200);
  close(fd);
  arena_free(arena);
  fixture_free(f);
}

static void a_peer_that_closes_its_half_still_gets_its_answers(void **state) {
  (void)state;
  Fixture *f = start_with((HttpServerOptions){0});
  Arena *arena = arena_new();
  int fd = client_open(f);
  client_send(fd, S(HOLD ASK "GET /unfinished HTTP/1.1\r\n"));
  shutdown(fd, SHUT_WR);
  fixture_answer(f, 0);
  assert_int_equal(client_answer(arena, fd, false).status, 200);
  assert_int_equal(client_answer(arena, fd, false).status, 200);
  assert_true(client_at_end(fd));
  close(fd);
  arena_free(arena);
  fixture_free(f);
}

static void answers_after_the_server_has_ended_are_dropped(void **state) {
  (void)state;
  Fixture *f = start_with((HttpServerOptions){0});
  int fd = client_open(f);
  client_send(fd, S(HOLD HOLD HOLD));
  HttpRequest *requests[3];
  for (u32 i = 0; i < 3; i++) requests[i] = fixture_take(f, i);
  http_server_free(f->server);
  fixture_echo(f, requests[0]);
  fixture_big(f, requests[1]);
  assert_null(http_stream_start(f->server, requests[2], "text/event-stream", fixture_stream_closed, f));
  close(fd);
  pthread_mutex_destroy(&f->mutex);
  free(f);
}

/* ---- threads ---- */

typedef struct Crowd {
  Fixture *fixture;
  _Atomic bool over;
} Crowd;

static bool answer_one(Fixture *f) {
  pthread_mutex_lock(&f->mutex);
  HttpRequest *request = f->held_count > 0 ? f->held[--f->held_count] : NULL;
  pthread_mutex_unlock(&f->mutex);
  if (request) fixture_echo(f, request);
  return request != NULL;
}

static void *answer_held(void *ctx) {
  Crowd *crowd = ctx;
  while (!crowd->over)
    if (!answer_one(crowd->fixture)) sched_yield();
  return NULL;
}

/* As the engine does after a commit; the other's answers must not be left lying. */
static void *answer_together(void *ctx) {
  Crowd *crowd = ctx;
  while (!crowd->over) {
    http_server_hold(crowd->fixture->server);
    for (int i = 0; i < 4; i++) (void)answer_one(crowd->fixture);
    http_server_let_go(crowd->fixture->server);
    sched_yield();
  }
  return NULL;
}

static void *ask_much(void *ctx) {
  Crowd *crowd = ctx;
  Arena *arena = arena_new();
  int fd = client_open(crowd->fixture);
  for (int i = 0; i < 100; i++) {
    client_send(fd, S(HOLD ASK HOLD));
    for (int k = 0; k < 3; k++) assert_int_equal(client_answer(arena, fd, false).status, 200);
    arena_clear(arena);
  }
  close(fd);
  arena_free(arena);
  return NULL;
}

static void ask_from_many_threads(void *(*answer_too)(void *ctx)) {
  Crowd crowd = {.fixture = start_with((HttpServerOptions){.io_threads = 3})};
  pthread_t askers[6], answerers[2];
  pthread_create(&answerers[0], NULL, answer_held, &crowd);
  pthread_create(&answerers[1], NULL, answer_too, &crowd);
  for (size_t i = 0; i < COUNT(askers); i++) pthread_create(&askers[i], NULL, ask_much, &crowd);
  for (size_t i = 0; i < COUNT(askers); i++) pthread_join(askers[i], NULL);
  crowd.over = true;
  for (size_t i = 0; i < COUNT(answerers); i++) pthread_join(answerers[i], NULL);
  assert_int_equal(crowd.fixture->requests, 6 * 300);
  fixture_free(crowd.fixture);
}

static void requests_may_be_answered_from_any_thread(void **state) {
  (void)state;
  ask_from_many_threads(answer_held);
}

static void answers_that_were_held_together_all_leave(void **state) {
  (void)state;
  ask_from_many_threads(answer_together);
}

/* ---- drain ---- */

static void *drain(void *ctx) {
  http_server_drain(((Fixture *)ctx)->server, 8000);
  return NULL;
}

static void drain_answers_what_is_under_way_and_closes_the_rest(void **state) {
  (void)state;
  Fixture *f = start_with((HttpServerOptions){.io_threads = 2});
  Arena *arena = arena_new();
  int idle = client_open(f), busy = client_open(f), stream = client_open(f);
  assert_int_equal(client_ask(arena, idle, S(ASK)).status, 200);
  client_send(busy, S(HOLD));
  client_send(stream, S("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n"));
  assert_int_equal(client_answer(arena, stream, true).status, 200);
  WAIT_FOR(fixture_held(f) == 1);
  i64 begin_us = clock_monotonic_us();
  pthread_t drainer;
  pthread_create(&drainer, NULL, drain, f);
  assert_true(client_at_end(idle));
  assert_true(client_at_end(stream));
  close(idle);
  close(stream);
  fixture_answer(f, 0);
  Answer answer = client_answer(arena, busy, false);
  assert_int_equal(answer.status, 200);
  assert_true(str_equal_c(answer_field(answer, "Connection"), "close"));
  assert_true(client_at_end(busy));
  close(busy);
  pthread_join(drainer, NULL);
  assert_true(clock_monotonic_us() - begin_us < 7000000);
  assert_int_equal(f->streams_closed, 1);
  arena_free(arena);
  fixture_free(f);
}

static void drain_gives_up_at_its_limit(void **state) {
  (void)state;
  Fixture *f = start_with((HttpServerOptions){0});
  int fd = client_open(f);
  client_send(fd, S(HOLD));
  WAIT_FOR(fixture_held(f) == 1);
  http_server_drain(f->server, 50);
  fixture_answer(f, 0);
  close(fd);
  fixture_free(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(answers_and_refusals_are_counted),
      cmocka_unit_test(slow_peers_are_given_up),
      cmocka_unit_test(idle_connections_are_closed_but_not_waiting_ones),
      cmocka_unit_test(bodies_beyond_the_budget_are_503),
      cmocka_unit_test(at_the_limit_newcomers_wait_and_idle_ones_give_way),
      cmocka_unit_test(without_descriptors_newcomers_wait),
      cmocka_unit_test(a_port_in_use_is_told),
      cmocka_unit_test(wrong_addresses_are_told),
      cmocka_unit_test(an_answer_to_a_peer_that_left_is_dropped),
      cmocka_unit_test(a_peer_that_closes_its_half_still_gets_its_answers),
      cmocka_unit_test(answers_after_the_server_has_ended_are_dropped),
      cmocka_unit_test(requests_may_be_answered_from_any_thread),
      cmocka_unit_test(answers_that_were_held_together_all_leave),
      cmocka_unit_test(drain_answers_what_is_under_way_and_closes_the_rest),
      cmocka_unit_test(drain_gives_up_at_its_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* One outbound HTTP call at a time: what is sent, what comes back, what never goes out. */
#include "net_fake_http.h"

/* The second request of a connection gets no answer. */
static void serve_once_each(Fake *fake, int fd) {
  char request[FAKE_TEXT_MAX];
  for (int i = 0; i < 2 && read_request(fd, request, sizeof(request)); i++) {
    atomic_fetch_add(&fake->requests, 1);
    if (i == 0) fake_say(fd, ROUTES[0].answer);
  }
}

static void call_and_wait(HttpClient *client, HttpCall call, Waiter *w) {
  call.done = waiter_done;
  call.ctx = w;
  size_t before = waiter_count(w);
  http_client_call(client, &call);
  waiter_wait(w, before + 1);
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
  assert_true(fake_heard(world->fake, "PATCH /ok?a=b%0d%0ac HTTP/1.1\r\n"));
  assert_true(fake_heard(world->fake, "\r\nContent-Type: application/json\r\n"));
  assert_true(fake_heard(world->fake, "\r\nX-Key: abc\t1\r\n"));
  assert_true(fake_heard(world->fake, "\r\nX-Empty:\r\n"));
  assert_true(fake_heard(world->fake, "\r\nContent-Length: 2\r\n"));
  assert_true(fake_heard(world->fake, "\r\n\r\n{}"));
  assert_false(fake_heard(world->fake, "Expect"));
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
    assert_true(fake_heard(world->fake, ROWS[i].expected));
    assert_false(fake_heard(world->fake, "Content-Type"));
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
      IN_WORLD(outcomes_and_seconds_are_counted),
      cmocka_unit_test(malformed_allow_list_makes_no_client),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

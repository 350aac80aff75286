/* The server over raw sockets: framing. Nothing malformed reaches a handler, or lets anything behind it reach one. */
#include "unit/net_http_fixture.h"

#include "unit/net_http_malformed.h"

#define SMUGGLED "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

static int setup(void **state) {
  *state = fixture_start(NULL);
  return 0;
}

static int teardown(void **state) {
  fixture_free(*state);
  return 0;
}

/* ---- malformed ---- */

/* Bodies that are wrong although their head is good. */
static const MalformedHead MALFORMED_BODIES[] = {
#define CHUNKED "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    {"chunk size not hex", STR(CHUNKED "g\r\n"), 400},
    {"chunk size with sign", STR(CHUNKED "+5\r\nhello\r\n0\r\n\r\n"), 400},
    {"chunk size with 0x", STR(CHUNKED "0x5\r\nhello\r\n0\r\n\r\n"), 400},
    {"chunk size with space", STR(CHUNKED "5 \r\nhello\r\n0\r\n\r\n"), 400},
    {"chunk size overflows", STR(CHUNKED "10000000000000000\r\nhello\r\n0\r\n\r\n"), 400},
    {"chunk size line with bare LF", STR(CHUNKED "5\nhello\r\n0\r\n\r\n"), 400},
    {"chunk longer than its size", STR(CHUNKED "5\r\nhello!\r\n0\r\n\r\n"), 400},
    {"chunk ends with bare LF", STR(CHUNKED "5\r\nhello\n0\r\n\r\n"), 400},
    {"extension with bare CR", STR(CHUNKED "5;a\rb\r\nhello\r\n0\r\n\r\n"), 400},
    {"trailer folded", STR(CHUNKED "0\r\nX: y\r\n z\r\n\r\n"), 400},
    {"trailer without colon", STR(CHUNKED "0\r\nGET /smuggled HTTP/1.1\r\n\r\n"), 400},
    {"last chunk with bare LF", STR(CHUNKED "0\r\n\n"), 400},
    {"length too large for the path", STR("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 36\r\n\r\n"), 413},
    {"chunks too large for the path",
     STR("POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), 413},
    {"answered before its body", STR("POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 36\r\n\r\n"), 403},
};

static void check_malformed(Fixture *f, const MalformedHead *c, bool bytewise) {
  Arena *arena = arena_new();
  int fd = client_open(f);
  Str text = str_format(arena, "%s", "");
  Str parts[] = {c->text, STR(SMUGGLED)};
  text = str_join(arena, parts, 2, S(""));
  if (bytewise)
    client_send_bytewise(fd, text);
  else
    client_send(fd, text);
  Answer answer = client_answer(arena, fd, false);
  if (answer.status != c->status) fail_msg("%s: %d, not %d", c->name, answer.status, c->status);
  assert_true(str_equal_c(answer_field(answer, "Connection"), "close"));
  if (!client_at_end(fd)) fail_msg("%s: the connection stays open", c->name);
  if (f->smuggled > 0) fail_msg("%s: a smuggled request was run", c->name);
  close(fd);
  arena_free(arena);
}

static void malformed_requests_are_refused_and_smuggle_nothing(void **state) {
  Fixture *f = *state;
  for (size_t i = 0; i < COUNT(MALFORMED_HEADS); i++) check_malformed(f, &MALFORMED_HEADS[i], false);
  for (size_t i = 0; i < COUNT(MALFORMED_BODIES); i++) check_malformed(f, &MALFORMED_BODIES[i], false);
  assert_int_equal(f->requests, 0);
}

static void malformed_requests_byte_by_byte_are_refused_too(void **state) {
  Fixture *f = *state;
  for (size_t i = 0; i < COUNT(MALFORMED_HEADS); i++) check_malformed(f, &MALFORMED_HEADS[i], true);
  for (size_t i = 0; i < COUNT(MALFORMED_BODIES); i++) check_malformed(f, &MALFORMED_BODIES[i], true);
  assert_int_equal(f->requests, 0);
}

static void heads_without_end_are_refused(void **state) {
  Arena *arena = arena_new();
  int fd = client_open(*state);
  client_send(fd, S("GET / HTTP/1.1\r\nHost: a\r\n"));
  for (int i = 0; i < 2000; i++) client_send(fd, S("X-Field: a value of some length\r\n"));
  assert_int_equal(client_answer(arena, fd, false).status, 431);
  assert_true(client_at_end(fd));
  close(fd);
  arena_free(arena);
}

/* ---- good requests, cut anywhere ---- */

typedef struct Good {
  Str text;
  const char *body; /* of the answer */
} Good;

static const Good GOOD[] = {
    {STR("GET /echo?a=b HTTP/1.1\r\nHost: a\r\n\r\n"), "GET /echo?a=b "},
    {STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"), "POST /echo? hello"},
    {STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"), "POST /echo? "},
    {STR("PUT /a%20b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nhe\r\n3\r\nllo\r\n0\r\nT: "
         "x\r\n\r\n"),
     "PUT /a b? hello"},
    {STR("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nfour"), "POST /small? four"},
};

static void requests_may_be_cut_at_every_byte(void **state) {
  Arena *arena = arena_new();
  int fd = client_open(*state);
  for (size_t i = 0; i < COUNT(GOOD); i++) {
    for (size_t cut = 0; cut <= GOOD[i].text.len; cut++) {
      client_send(fd, str_slice(GOOD[i].text, 0, cut));
      client_send(fd, str_slice(GOOD[i].text, cut, GOOD[i].text.len));
      Answer answer = client_answer(arena, fd, false);
      assert_int_equal(answer.status, 200);
      assert_true(str_equal_c(answer.body, GOOD[i].body));
    }
    client_send_bytewise(fd, GOOD[i].text);
    assert_true(str_equal_c(client_answer(arena, fd, false).body, GOOD[i].body));
    arena_clear(arena);
  }
  close(fd);
  arena_free(arena);
}

static void answers_carry_what_every_answer_must(void **state) {
  Arena *arena = arena_new();
  int fd = client_open(*state);
  Answer answer = client_ask(arena, fd, GOOD[0].text);
  assert_int_equal(answer_field(answer, "Date").len, strlen("Sun, 06 Nov 1994 08:49:37 GMT"));
  assert_true(str_equal_c(answer_field(answer, "X-Content-Type-Options"), "nosniff"));
  assert_true(str_equal_c(answer_field(answer, "Content-Type"), "text/plain"));
  assert_true(str_equal_c(answer_field(answer, "X-Peer"), "127.0.0.1"));
  assert_null(answer_field(answer, "Server").ptr);
  assert_null(answer_field(answer, "X-Injected").ptr);
  assert_null(answer_field(answer, "Connection").ptr);
  close(fd);
  arena_free(arena);
}

static void head_answers_without_a_body(void **state) {
  Arena *arena = arena_new();
  int fd = client_open(*state);
  client_send(fd, S("HEAD /big HTTP/1.1\r\nHost: a\r\n\r\n"));
  Answer answer = client_answer(arena, fd, true);
  assert_int_equal(answer.status, 200);
  assert_true(str_equal_c(answer_field(answer, "Content-Length"), "1048576"));
  assert_int_equal(client_ask(arena, fd, GOOD[0].text).status, 200); /* and the next answer begins right behind */
  close(fd);
  arena_free(arena);
}

static void keep_alive_follows_version_and_wish(void **state) {
  static const struct {
    Str text;
    const char *connection; /* NULL: the field is absent and the connection stays */
    bool ends;
  } CASES[] = {
      {STR("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"), NULL, false},
      {STR("GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" SMUGGLED), "close", true},
      {STR("GET /echo HTTP/1.0\r\n\r\n" SMUGGLED), "close", true},
      {STR("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), "keep-alive", false},
  };
  Fixture *f = *state;
  Arena *arena = arena_new();
  for (size_t i = 0; i < COUNT(CASES); i++) {
    int fd = client_open(f);
    Answer answer = client_ask(arena, fd, CASES[i].text);
    Str connection = answer_field(answer, "Connection");
    assert_true(CASES[i].connection ? str_equal_c(connection, CASES[i].connection) : connection.ptr == NULL);
    if (CASES[i].ends)
      assert_true(client_at_end(fd));
    else
      assert_int_equal(client_ask(arena, fd, GOOD[0].text).status, 200);
    close(fd);
  }
  assert_int_equal(f->smuggled, 0);
  arena_free(arena);
}

/* ---- pipelining ---- */

static void pipelined_requests_are_answered_in_order(void **state) {
  Fixture *f = *state;
  Arena *arena = arena_new();
  int fd = client_open(f);
  client_send(fd, S("GET /hold?0 HTTP/1.1\r\nHost: a\r\n\r\nGET /hold?1 HTTP/1.1\r\nHost: a\r\n\r\n"
                    "GET /echo?2 HTTP/1.1\r\nHost: a\r\n\r\n"));
  fixture_answer(f, 1);
  fixture_answer(f, 0);
  assert_true(str_equal_c(client_answer(arena, fd, false).body, "GET /hold?0 "));
  assert_true(str_equal_c(client_answer(arena, fd, false).body, "GET /hold?1 "));
  assert_true(str_equal_c(client_answer(arena, fd, false).body, "GET /echo?2 "));
  close(fd);
  arena_free(arena);
}

static void a_refusal_waits_for_the_answers_before_it(void **state) {
  Fixture *f = *state;
  Arena *arena = arena_new();
  int fd = client_open(f);
  client_send(fd, S("GET /hold HTTP/1.1\r\nHost: a\r\n\r\nGET /x\n\n" SMUGGLED));
  fixture_answer(f, 0);
  assert_int_equal(client_answer(arena, fd, false).status, 200);
  assert_int_equal(client_answer(arena, fd, false).status, 400);
  assert_true(client_at_end(fd));
  assert_int_equal(f->smuggled, 0);
  close(fd);
  arena_free(arena);
}

static void read_ahead_is_bounded_and_nothing_is_lost(void **state) {
  Fixture *f = *state;
  Arena *arena = arena_new();
  int fd = client_open(f);
  for (int i = 0; i < 200; i++) client_send(fd, S("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n"));
  WAIT_FOR(fixture_held(f) == 16);
  pause_ms(20); /* gives it the chance to be wrong */
  assert_int_equal(fixture_held(f), 16);
  for (u32 i = 0; i < 200; i++) fixture_answer(f, i);
  for (int i = 0; i < 200; i++) assert_int_equal(client_answer(arena, fd, false).status, 200);
  close(fd);
  arena_free(arena);
}

static void a_peer_that_does_not_read_is_not_read(void **state) {
  Fixture *f = *state;
  Arena *arena = arena_new();
  int fd = client_open(f);
  for (int i = 0; i < 60; i++) client_send(fd, S("GET /big HTTP/1.1\r\nHost: a\r\n\r\n"));
  WAIT_FOR(f->requests > 0);
  pause_ms(20);
  assert_true(f->requests <= 40); /* 16 in line and what the kernel buffers */
  for (int i = 0; i < 60; i++) {
    assert_int_equal(client_answer(arena, fd, false).body.len, MIB(1));
    arena_clear(arena);
  }
  close(fd);
  arena_free(arena);
}

/* ---- bodies ---- */

static void expect_continue_is_answered_when_the_head_is_accepted(void **state) {
  Arena *arena = arena_new();
  int fd = client_open(*state);
  client_send(fd, S("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"));
  assert_int_equal(client_answer(arena, fd, true).status, 100);
  assert_true(str_equal_c(client_ask(arena, fd, S("hello")).body, "POST /echo? hello"));
  client_send(fd, S("POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"));
  assert_int_equal(client_answer(arena, fd, false).status, 403);
  assert_true(client_at_end(fd));
  close(fd);
  arena_free(arena);
}

static void large_bodies_arrive_whole(void **state) {
  Arena *arena = arena_new();
  int fd = client_open(*state);
  Buf text = buf_new(arena, MIB(4));
  buf_puts(&text, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
  size_t head_bytes = text.len;
  for (u32 i = 0; i < 1000000; i++) buf_putc(&text, (char)('a' + i % 23));
  Answer answer = client_ask(arena, fd, buf_str(&text));
  Str body = str_slice(answer.body, strlen("POST /echo? "), answer.body.len);
  assert_true(str_equal(body, str_slice(buf_str(&text), head_bytes, text.len)));
  close(fd);
  arena_free(arena);
}

static void a_body_over_the_limit_is_told_and_answered_as_problem(void **state) {
  Fixture *f = *state;
  Arena *arena = arena_new();
  int fd = client_open(f);
  Answer answer = client_ask(arena, fd, S("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"));
  assert_int_equal(answer.status, 413);
  assert_int_equal(f->too_large, 1);
  assert_true(str_equal_c(answer_field(answer, "Content-Type"), "application/problem+json"));
  assert_true(str_find(answer.body, S("\"pointer\":\"/body\""), 0) != SIZE_MAX);
  assert_true(str_find(answer.body, S("the body is \\\"too\\\" large\\nreally"), 0) != SIZE_MAX);
  close(fd);
  arena_free(arena);
}

#define SERVER_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      SERVER_TEST(malformed_requests_are_refused_and_smuggle_nothing),
      SERVER_TEST(malformed_requests_byte_by_byte_are_refused_too),
      SERVER_TEST(heads_without_end_are_refused),
      SERVER_TEST(requests_may_be_cut_at_every_byte),
      SERVER_TEST(answers_carry_what_every_answer_must),
      SERVER_TEST(head_answers_without_a_body),
      SERVER_TEST(keep_alive_follows_version_and_wish),
      SERVER_TEST(pipelined_requests_are_answered_in_order),
      SERVER_TEST(a_refusal_waits_for_the_answers_before_it),
      SERVER_TEST(read_ahead_is_bounded_and_nothing_is_lost),
      SERVER_TEST(a_peer_that_does_not_read_is_not_read),
      SERVER_TEST(expect_continue_is_answered_when_the_head_is_accepted),
      SERVER_TEST(large_bodies_arrive_whole),
      SERVER_TEST(a_body_over_the_limit_is_told_and_answered_as_problem),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

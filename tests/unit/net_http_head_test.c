/* Request heads: what is accepted and what it says, and a table of everything that is refused. */
#include "net/http_head.h" /* before cmocka.h, which has a macro named fail */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "unit/net_http_malformed.h"

/* As the server does it: scan, then parse. 0: accepted, -1: more is needed, else the status. */
static int status_of(Arena *arena, Str text, HttpHead *out) {
  HttpScan scan = {0};
  HttpProblem problem = {0};
  size_t bytes = 0;
  HttpStep step = http_head_scan(&scan, text, &bytes, &problem);
  if (step == HTTP_STEP_MORE) return -1;
  if (step == HTTP_STEP_BAD) return problem.status;
  return http_head_parse(arena, str_slice(text, 0, bytes), out, &problem) ? 0 : problem.status;
}

static void doubtful_heads_are_refused(void **state) {
  (void)state;
  Arena *arena = arena_new();
  for (size_t i = 0; i < COUNT(MALFORMED_HEADS); i++) {
    HttpHead head;
    int status = status_of(arena, MALFORMED_HEADS[i].text, &head);
    if (status != MALFORMED_HEADS[i].status)
      fail_msg("%s: %d, not %d", MALFORMED_HEADS[i].name, status, MALFORMED_HEADS[i].status);
  }
  arena_free(arena);
}

static void a_head_given_byte_by_byte_ends_at_the_same_place(void **state) {
  (void)state;
  Arena *arena = arena_new();
  for (size_t i = 0; i < COUNT(MALFORMED_HEADS); i++) {
    HttpScan scan = {0};
    HttpHead head;
    HttpProblem problem = {0};
    size_t bytes = 0;
    HttpStep step = HTTP_STEP_MORE;
    for (size_t given = 1; given <= MALFORMED_HEADS[i].text.len && step == HTTP_STEP_MORE; given++)
      step = http_head_scan(&scan, str_slice(MALFORMED_HEADS[i].text, 0, given), &bytes, &problem);
    assert_int_not_equal(step, HTTP_STEP_MORE);
    if (step == HTTP_STEP_DONE)
      assert_false(http_head_parse(arena, str_slice(MALFORMED_HEADS[i].text, 0, bytes), &head, &problem));
    assert_int_equal(problem.status, MALFORMED_HEADS[i].status);
  }
  arena_free(arena);
}

typedef struct Accepted {
  Str text;
  HttpMethod method;
  const char *path, *query;
  u64 length;
  bool chunked, keep_alive, expects;
} Accepted;

static void good_heads_are_understood(void **state) {
  (void)state;
  static const Accepted GOOD[] = {
      {STR("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), HTTP_GET, "/", "", 0, false, true, false},
      {STR("GET /a%20b/c%2Fd?x=1&y=%41 HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"), HTTP_GET, "/a b/c/d", "x=1&y=%41", 0,
       false, true, false},
      {STR("POST /e HTTP/1.1\r\nHOST: a\r\ncontent-length:12\r\n\r\n"), HTTP_POST, "/e", "", 12, false, true, false},
      {STR("POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: \t012 \t\r\n\r\n"), HTTP_POST, "/e", "", 12, false, true,
       false},
      {STR("PUT /e? HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"), HTTP_PUT, "/e", "", 0, true, true,
       false},
      {STR("PATCH /e HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n"), HTTP_PATCH, "/e", "", 0, false, false,
       false},
      {STR("GET /e HTTP/1.0\r\n\r\n"), HTTP_GET, "/e", "", 0, false, false, false},
      {STR("GET /e HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), HTTP_GET, "/e", "", 0, false, true, false},
      {STR("GET /e HTTP/1.0\r\nExpect: nonsense\r\n\r\n"), HTTP_GET, "/e", "", 0, false, false, false},
      {STR("POST /e HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n"), HTTP_POST, "/e", "", 0, false, true, true},
      {STR("M-SEARCH /.well-known/x HTTP/1.1\r\nHost: a\r\n\r\n"), HTTP_OTHER, "/.well-known/x", "", 0, false, true,
       false},
      {STR("GET /...//b HTTP/1.1\r\nHost: a\r\n\r\n"), HTTP_GET, "/...//b", "", 0, false, true, false},
      {STR("DELETE /x HTTP/1.1\r\nHost: a\r\nX: caf\xe9\r\nEmpty:\r\n\r\n"), HTTP_DELETE, "/x", "", 0, false, true,
       false},
  };
  Arena *arena = arena_new();
  for (size_t i = 0; i < COUNT(GOOD); i++) {
    HttpHead head;
    if (status_of(arena, GOOD[i].text, &head) != 0) fail_msg("refused: %.*s", STR_ARG(GOOD[i].text));
    assert_int_equal(head.method, GOOD[i].method);
    assert_true(str_equal_c(head.path, GOOD[i].path));
    assert_true(str_equal_c(head.query, GOOD[i].query));
    assert_int_equal(head.content_length, GOOD[i].length);
    assert_int_equal(head.chunked, GOOD[i].chunked);
    assert_int_equal(head.keep_alive, GOOD[i].keep_alive);
    assert_int_equal(head.expect_continue, GOOD[i].expects);
  }
  arena_free(arena);
}

/* "GET / ..." with `count` fields whose values have `bytes` each. */
static Str head_with(Arena *arena, size_t count, size_t bytes) {
  Buf out = buf_new(arena, MIB(1));
  buf_puts(&out, "GET / HTTP/1.1\r\nHost: a\r\n");
  for (size_t i = 1; i < count; i++) {
    buf_puts(&out, "X: ");
    for (size_t k = 0; k < bytes; k++) buf_putc(&out, 'v');
    buf_puts(&out, "\r\n");
  }
  buf_puts(&out, "\r\n");
  return buf_str(&out);
}

static void heads_have_ceilings(void **state) {
  (void)state;
  Arena *arena = arena_new();
  HttpHead head;
  assert_int_equal(status_of(arena, head_with(arena, 100, 1), &head), 0);
  assert_int_equal(head.header_count, 100);
  assert_int_equal(status_of(arena, head_with(arena, 101, 1), &head), 431);
  assert_int_equal(status_of(arena, head_with(arena, 2, 16000), &head), 0);
  assert_int_equal(status_of(arena, head_with(arena, 2, 16400), &head), 431);
  Buf target = buf_new(arena, MIB(1));
  buf_puts(&target, "GET /");
  for (int i = 0; i < 9000; i++) buf_putc(&target, 'a');
  buf_puts(&target, " HTTP/1.1\r\nHost: a\r\n\r\n");
  assert_int_equal(status_of(arena, buf_str(&target), &head), 414);
  arena_free(arena);
}

static void an_unfinished_head_asks_for_more(void **state) {
  (void)state;
  Arena *arena = arena_new();
  Str whole = S("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  HttpHead head;
  for (size_t bytes = 0; bytes < whole.len; bytes++)
    assert_int_equal(status_of(arena, str_slice(whole, 0, bytes), &head), -1);
  arena_free(arena);
}

static void methods_have_names_in_both_directions(void **state) {
  (void)state;
  Arena *arena = arena_new();
  for (int method = 0; method < HTTP_OTHER; method++) {
    HttpHead head;
    Str text = str_format(arena, "%s / HTTP/1.1\r\nHost: a\r\n\r\n", http_method_name((HttpMethod)method));
    assert_int_equal(status_of(arena, text, &head), 0);
    assert_int_equal(head.method, method);
  }
  arena_free(arena);
}

static void query_and_fields_are_found(void **state) {
  (void)state;
  Arena *arena = arena_new();
  HttpHeader fields[] = {{STR("Accept"), STR("a")}, {STR("X-One"), STR("1")}, {STR("x-one"), STR("2")}};
  HttpRequest request = {
      .arena = arena, .headers = fields, .header_count = 3, .query = STR("a=1&b=x+y%21&a=2&c&d%5B%5D=e&f=")};
  assert_true(str_equal_c(http_header(&request, "x-ONE"), "1"));
  assert_null(http_header(&request, "x-two").ptr);
  assert_true(str_equal_c(http_query(&request, "a", 0), "1"));
  assert_true(str_equal_c(http_query(&request, "a", 1), "2"));
  assert_null(http_query(&request, "a", 2).ptr);
  assert_true(str_equal_c(http_query(&request, "b", 0), "x y!"));
  assert_true(str_equal_c(http_query(&request, "d[]", 0), "e"));
  assert_non_null(http_query(&request, "c", 0).ptr);
  assert_non_null(http_query(&request, "f", 0).ptr);
  assert_int_equal(http_query(&request, "f", 0).len, 0);
  arena_free(arena);
}

static void percent_encoding_reads_back(void **state) {
  (void)state;
  Arena *arena = arena_new();
  char all[256];
  for (int i = 0; i < 256; i++) all[i] = (char)i;
  Str text = {all, sizeof(all)}, back;
  assert_true(url_decode(arena, url_encode(arena, text), false, &back));
  assert_true(str_equal(back, text));
  assert_true(str_equal_c(url_encode(arena, S("a-b_c.d~e f/g")), "a-b_c.d~e%20f%2Fg"));
  assert_false(url_decode(arena, S("%"), false, &back));
  assert_false(url_decode(arena, S("%1"), false, &back));
  assert_false(url_decode(arena, S("%1g"), false, &back));
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(doubtful_heads_are_refused),
      cmocka_unit_test(a_head_given_byte_by_byte_ends_at_the_same_place),
      cmocka_unit_test(good_heads_are_understood),
      cmocka_unit_test(heads_have_ceilings),
      cmocka_unit_test(an_unfinished_head_asks_for_more),
      cmocka_unit_test(methods_have_names_in_both_directions),
      cmocka_unit_test(query_and_fields_are_found),
      cmocka_unit_test(percent_encoding_reads_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

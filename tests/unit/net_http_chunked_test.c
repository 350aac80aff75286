/* Chunked bodies: each case is decoded whole, and again byte by byte, with the same outcome. */
#include "net/http_head.h" /* before cmocka.h, which has a macro named fail */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

typedef struct Outcome {
  HttpStep step;
  size_t used_bytes;
  char body[8192];
  size_t body_bytes;
} Outcome;

/* Gives `input` in pieces of at most `piece_bytes`. */
static Outcome decode(Str input, size_t piece_bytes) {
  ChunkDecoder decoder = {0};
  Outcome out = {.step = HTTP_STEP_MORE};
  while (out.used_bytes < input.len && (out.step == HTTP_STEP_MORE || out.step == HTTP_STEP_DATA)) {
    Str piece = str_slice(input, out.used_bytes, out.used_bytes + piece_bytes), data = STR_NONE;
    size_t used = 0;
    HttpProblem problem = {0};
    out.step = http_chunk_next(&decoder, piece, &used, &data, &problem);
    out.used_bytes += used;
    if (out.step == HTTP_STEP_BAD) assert_int_equal(problem.status, 400);
    if (out.step == HTTP_STEP_MORE) assert_int_equal(used, piece.len);
    if (out.step != HTTP_STEP_DATA) continue;
    assert_true(data.len > 0 && out.body_bytes + data.len <= sizeof(out.body));
    memcpy(out.body + out.body_bytes, data.ptr, data.len);
    out.body_bytes += data.len;
  }
  return out;
}

typedef struct Case {
  const char *name;
  Str input;
  HttpStep step;
  const char *body; /* when DONE */
} Case;

static const Case CASES[] = {
    {"one chunk", STR("5\r\nhello\r\n0\r\n\r\n"), HTTP_STEP_DONE, "hello"},
    {"several chunks", STR("5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n"), HTTP_STEP_DONE, "hello world"},
    {"empty body", STR("0\r\n\r\n"), HTTP_STEP_DONE, ""},
    {"hex in both cases", STR("a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n"), HTTP_STEP_DONE,
     "01234567890123456789a"},
    {"leading zeros", STR("005\r\nhello\r\n000\r\n\r\n"), HTTP_STEP_DONE, "hello"},
    {"extension", STR("5;a=b;c=\"d\"\r\nhello\r\n0;x\r\n\r\n"), HTTP_STEP_DONE, "hello"},
    {"trailers are ignored", STR("5\r\nhello\r\n0\r\nX: y\r\nContent-Length: 9\r\n\r\n"), HTTP_STEP_DONE, "hello"},
    {"line ends in the data", STR("4\r\n\r\n\r\n\r\n0\r\n\r\n"), HTTP_STEP_DONE, "\r\n\r\n"},
    {"unfinished size", STR("5"), HTTP_STEP_MORE, NULL},
    {"unfinished data", STR("5\r\nhel"), HTTP_STEP_DATA, NULL},
    {"unfinished end", STR("0\r\n"), HTTP_STEP_MORE, NULL},
    {"no size", STR("\r\nhello"), HTTP_STEP_BAD, NULL},
    {"size not hex", STR("g\r\n"), HTTP_STEP_BAD, NULL},
    {"size with sign", STR("+5\r\nhello"), HTTP_STEP_BAD, NULL},
    {"size with minus", STR("-1\r\n"), HTTP_STEP_BAD, NULL},
    {"size with 0x", STR("0x5\r\nhello"), HTTP_STEP_BAD, NULL},
    {"size with leading space", STR(" 5\r\nhello"), HTTP_STEP_BAD, NULL},
    {"size with trailing space", STR("5 \r\nhello"), HTTP_STEP_BAD, NULL},
    {"size of nine digits", STR("100000000\r\n"), HTTP_STEP_BAD, NULL},
    {"size overflows", STR("ffffffffffffffff1\r\n"), HTTP_STEP_BAD, NULL},
    {"size line with bare LF", STR("5\nhello\r\n0\r\n\r\n"), HTTP_STEP_BAD, NULL},
    {"size line with bare CR", STR("5\rhello\r\n0\r\n\r\n"), HTTP_STEP_BAD, NULL},
    {"extension with bare LF", STR("5;a\nhello"), HTTP_STEP_BAD, NULL},
    {"extension with NUL", STR("5;a\0\r\nhello"), HTTP_STEP_BAD, NULL},
    {"data longer than its size", STR("5\r\nhello!\r\n"), HTTP_STEP_BAD, NULL},
    {"data ends with bare LF", STR("5\r\nhello\n0\r\n\r\n"), HTTP_STEP_BAD, NULL},
    {"data ends with CR CR", STR("5\r\nhello\r\r\n"), HTTP_STEP_BAD, NULL},
    {"data ends with nothing", STR("5\r\nhello0\r\n\r\n"), HTTP_STEP_BAD, NULL},
    {"end with bare LF", STR("0\r\n\n"), HTTP_STEP_BAD, NULL},
    {"trailer with bare LF", STR("0\r\nX: y\n\r\n"), HTTP_STEP_BAD, NULL},
    {"trailer folded", STR("0\r\nX: y\r\n z\r\n\r\n"), HTTP_STEP_BAD, NULL},
    {"trailer without colon", STR("0\r\nnonsense\r\n\r\n"), HTTP_STEP_BAD, NULL},
    {"trailer with space before colon", STR("0\r\nX : y\r\n\r\n"), HTTP_STEP_BAD, NULL},
    {"trailer with control character", STR("0\r\nX: \x01\r\n\r\n"), HTTP_STEP_BAD, NULL},
};

static void check(const Case *c, size_t piece_bytes) {
  Outcome out = decode(c->input, piece_bytes);
  if (out.step != c->step)
    fail_msg("%s, %zu bytes at a time: step %d, not %d", c->name, piece_bytes, out.step, c->step);
  if (!c->body) return;
  assert_true(str_equal_c((Str){out.body, out.body_bytes}, c->body));
  assert_int_equal(out.used_bytes, c->input.len);
}

static void chunks_are_decoded_or_refused(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(CASES); i++)
    for (size_t piece_bytes = 1; piece_bytes <= CASES[i].input.len; piece_bytes++) check(&CASES[i], piece_bytes);
}

static void what_follows_the_body_is_left_alone(void **state) {
  (void)state;
  Str input = S("1\r\na\r\n0\r\n\r\nGET / HTTP/1.1\r\n");
  Outcome out = decode(input, input.len);
  assert_int_equal(out.step, HTTP_STEP_DONE);
  assert_int_equal(input.len - out.used_bytes, strlen("GET / HTTP/1.1\r\n"));
}

/* Many one-byte chunks, each with an extension: bounded over the whole body, not per chunk. */
static void extensions_of_all_chunks_together_are_bounded(void **state) {
  (void)state;
  Arena *arena = arena_new();
  Buf input = buf_new(arena, MIB(1));
  for (int i = 0; i < 200; i++) buf_puts(&input, "1;12345678901234567890123456789\r\na\r\n");
  buf_puts(&input, "0\r\n\r\n");
  assert_int_equal(decode(buf_str(&input), SIZE_MAX / 2).step, HTTP_STEP_BAD);
  arena_free(arena);
}

static void trailers_are_bounded(void **state) {
  (void)state;
  Arena *arena = arena_new();
  Buf input = buf_new(arena, MIB(1));
  buf_puts(&input, "0\r\n");
  for (int i = 0; i < 600; i++) buf_puts(&input, "X: yyyyyy\r\n");
  assert_int_equal(decode(buf_str(&input), SIZE_MAX / 2).step, HTTP_STEP_BAD);
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(chunks_are_decoded_or_refused),
      cmocka_unit_test(what_follows_the_body_is_left_alone),
      cmocka_unit_test(extensions_of_all_chunks_together_are_bounded),
      cmocka_unit_test(trailers_are_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

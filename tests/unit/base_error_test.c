/* Errors: filled whole, cut between characters, named for every code. */
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* cmocka's; ours is meant */

static void failing_fills_and_returns_false(void **state) {
  (void)state;
  Error err = {.system = 5, .line = 7, .column = 9, .pointer = "/old", .detail = "old"};
  assert_false(fail(&err, ERR_CONFLICT, "version %d is not %d", 3, 4));
  assert_int_equal(err.code, ERR_CONFLICT);
  assert_string_equal(err.message, "version 3 is not 4");
  assert_string_equal(err.pointer, "");
  assert_string_equal(err.detail, "");
  assert_int_equal(err.system + (int)err.line + (int)err.column, 0);
  assert_false(fail_at(&err, ERR_INVALID, "/a/b", "bad"));
  assert_string_equal(err.pointer, "/a/b");
}

static void nobody_needs_to_listen(void **state) {
  (void)state;
  assert_false(fail(NULL, ERR_INVALID, "x"));
  assert_false(fail_at(NULL, ERR_INVALID, "/x", "x"));
  assert_false(error_prefix(NULL, "x"));
  error_clear(NULL);
}

static void the_old_message_may_be_an_argument(void **state) {
  (void)state;
  Error err;
  fail_at(&err, ERR_INVALID, "/a", "inner");
  fail_at(&err, ERR_INVALID, err.pointer, "outer: %s", err.message);
  assert_string_equal(err.message, "outer: inner");
  assert_string_equal(err.pointer, "/a");
}

static void prefixes_come_first_and_keep_the_rest(void **state) {
  (void)state;
  Error err;
  fail_at(&err, ERR_MISSING, "/a", "no such field");
  err.line = 4;
  assert_false(error_prefix(&err, "rule \"%s\": ", "disk"));
  assert_string_equal(err.message, "rule \"disk\": no such field");
  assert_string_equal(err.pointer, "/a");
  assert_int_equal(err.code, ERR_MISSING);
  assert_int_equal(err.line, 4);
  error_clear(&err);
  assert_int_equal(err.code, ERR_NONE);
  assert_string_equal(err.message, "");
}

/* Every length of text before a wide character, so that the cut meets each of its bytes. */
static void long_messages_are_cut_between_characters(void **state) {
  (void)state;
  char wide[2401] = "";
  for (size_t i = 0; i < 600; i++) memcpy(wide + 4 * i, "\xf0\x9f\x94\xa5", 4);
  for (int pad = 0; pad < 4; pad++) {
    Error err;
    fail_at(&err, ERR_INVALID, wide, "%.*s%.*s", pad, "xxxx", (int)strlen(wide), wide);
    assert_true(utf8_valid(str_from_c(err.message)));
    assert_true(strlen(err.message) >= sizeof(err.message) - 4);
    assert_null(strchr(err.message, '?'));
    error_prefix(&err, "%.*s", pad + 1, "yyyyy");
    assert_true(utf8_valid(str_from_c(err.message)));
    assert_null(strchr(err.message, '?'));
  }
}

static void bytes_that_are_no_text_do_not_spread(void **state) {
  (void)state;
  Error err;
  fail(&err, ERR_INVALID, "bad \"%s\"", "\xff\xc3(\xe2\x82");
  assert_string_equal(err.message, "bad \"?\?(?\?\"");
}

static void every_code_has_a_name_and_a_status(void **state) {
  (void)state;
  static const int STATUSES[ERR_COUNT] = {
      [ERR_NONE] = 200,        [ERR_INVALID] = 400,       [ERR_UNAUTHORIZED] = 401, [ERR_FORBIDDEN] = 403,
      [ERR_NOT_FOUND] = 404,   [ERR_METHOD] = 405,        [ERR_CONFLICT] = 409,     [ERR_PRECONDITION] = 412,
      [ERR_TOO_LARGE] = 413,   [ERR_UNPROCESSABLE] = 422, [ERR_LIMITED] = 429,      [ERR_INTERNAL] = 500,
      [ERR_UNAVAILABLE] = 503, [ERR_STORAGE] = 503,       [ERR_MISSING] = 422,      [ERR_COST] = 422,
  };
  for (int code = 0; code < ERR_COUNT; code++) {
    assert_int_equal(error_http_status((ErrorCode)code), STATUSES[code]);
    for (int other = 0; other < code; other++)
      assert_string_not_equal(error_code_name((ErrorCode)code), error_code_name((ErrorCode)other));
  }
  assert_string_equal(error_code_name(ERR_NOT_FOUND), "not_found");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(failing_fills_and_returns_false),
      cmocka_unit_test(nobody_needs_to_listen),
      cmocka_unit_test(the_old_message_may_be_an_argument),
      cmocka_unit_test(prefixes_come_first_and_keep_the_rest),
      cmocka_unit_test(long_messages_are_cut_between_characters),
      cmocka_unit_test(bytes_that_are_no_text_do_not_spread),
      cmocka_unit_test(every_code_has_a_name_and_a_status),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Text being written: numbers read back the same, and the ceiling holds. */
#include "base/buf.h"
#include "base/random.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static Arena *arena;

static int open_arena(void **state) {
  (void)state;
  arena = arena_new();
  return 0;
}

static int close_arena(void **state) {
  (void)state;
  arena_free(arena);
  return 0;
}

static const char *double_text(double number) {
  Buf buf = buf_new(arena, 64);
  buf_double(&buf, number);
  assert_false(buf.overflow);
  return str_to_c(arena, buf_str(&buf));
}

static void pieces_follow_each_other(void **state) {
  (void)state;
  Buf buf = buf_new(arena, KIB(64));
  buf_puts(&buf, "a");
  buf_putc(&buf, 'b');
  buf_put(&buf, STR_NONE);
  buf_i64(&buf, INT64_MIN);
  buf_putc(&buf, ' ');
  buf_u64(&buf, UINT64_MAX);
  buf_format(&buf, " %s%300d", "x", 7);
  assert_int_equal(buf.len, 2 + 20 + 1 + 20 + 2 + 300);
  assert_memory_equal(buf.ptr, "ab-9223372036854775808 18446744073709551615 x ", 46);
  assert_int_equal(buf.ptr[buf.len - 1], '7');
}

static void the_ceiling_is_reached_but_never_passed(void **state) {
  (void)state;
  for (size_t max = 0; max < 20; max++) {
    Buf buf = buf_new(arena, max);
    for (size_t i = 0; i < max; i++) buf_putc(&buf, 'x');
    assert_false(buf.overflow);
    assert_int_equal(buf.len, max);
    buf_putc(&buf, 'y');
    assert_true(buf.overflow);
    assert_int_equal(buf.len, max);
  }
}

static void formatting_may_fill_the_ceiling_exactly(void **state) {
  (void)state;
  Buf exact = buf_new(arena, 5);
  buf_format(&exact, "%d", 12345);
  assert_false(exact.overflow);
  assert_true(str_equal(buf_str(&exact), S("12345")));
  Buf grown = buf_new(arena, 300);
  for (size_t i = 0; i < 60; i++) buf_format(&grown, "%05zu", i);
  assert_false(grown.overflow);
  assert_int_equal(grown.len, 300);
  assert_memory_equal(grown.ptr + 295, "00059", 5);
}

static void after_overflow_nothing_more_is_written(void **state) {
  (void)state;
  Buf buf = buf_new(arena, 5);
  buf_puts(&buf, "abc");
  buf_puts(&buf, "defg");
  buf_puts(&buf, "h");
  buf_format(&buf, "%d", 1);
  assert_true(buf.overflow);
  assert_true(str_equal(buf_str(&buf), S("abc")));
}

static void doubles_are_short_and_valid_json(void **state) {
  (void)state;
  static const struct {
    double number;
    const char *text;
  } CASES[] = {
      {0, "0"},
      {-0.0, "-0"},
      {3, "3"},
      {-17, "-17"},
      {0.1, "0.1"},
      {1.5, "1.5"},
      {1e15, "1000000000000000"},
      {9007199254740992.0, "9007199254740992"},
      {1e300, "1e+300"},
      {1e-7, "1e-07"},
      {0.1 + 0.2, "0.30000000000000004"},
      {DBL_MAX, "1.7976931348623157e+308"},
      {INFINITY, "null"},
      {NAN, "null"},
  };
  for (size_t i = 0; i < COUNT(CASES); i++) assert_string_equal(double_text(CASES[i].number), CASES[i].text);
}

static void doubles_read_back_the_same(void **state) {
  (void)state;
  for (size_t i = 0; i < 20000; i++) {
    u64 bits = random_u64();
    double number, back;
    memcpy(&number, &bits, sizeof(number));
    if (!isfinite(number)) continue;
    ArenaMark mark = arena_mark(arena);
    const char *text = double_text(number);
    if (!str_to_double(str_from_c(text), &back) || back != number) fail_msg("%a became %s", number, text);
    arena_rewind(arena, mark);
  }
}

static void a_locale_with_commas_changes_nothing(void **state) {
  (void)state;
  static const char *const COMMA_LOCALES[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "ps_AF"};
  bool found = false;
  for (size_t i = 0; i < COUNT(COMMA_LOCALES) && !found; i++) found = setlocale(LC_ALL, COMMA_LOCALES[i]) != NULL;
  if (!found) skip();
  double back = 0;
  assert_string_equal(double_text(0.5), "0.5");
  assert_true(str_to_double(S("0.5"), &back) && back == 0.5);
  setlocale(LC_ALL, "C");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pieces_follow_each_other),
      cmocka_unit_test(the_ceiling_is_reached_but_never_passed),
      cmocka_unit_test(formatting_may_fill_the_ceiling_exactly),
      cmocka_unit_test(after_overflow_nothing_more_is_written),
      cmocka_unit_test(doubles_are_short_and_valid_json),
      cmocka_unit_test(doubles_read_back_the_same),
      cmocka_unit_test(a_locale_with_commas_changes_nothing),
  };
  return cmocka_run_group_tests(tests, open_arena, close_arena);
}

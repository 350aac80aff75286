/* Slices, numbers from text, UTF-8, hex and base64: tables of input and outcome. */
#include "base/str.h"

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

#define assert_str(actual, expected)                                                                                   \
  do {                                                                                                                 \
    Str str_actual = (actual);                                                                                         \
    assert_string_equal(str_to_c(arena, str_actual), (expected));                                                      \
    assert_int_equal(str_actual.len, strlen(expected));                                                                \
  } while (0)

static void slices_stay_inside(void **state) {
  (void)state;
  assert_str(str_slice(S("abcdef"), 2, 4), "cd");
  assert_str(str_slice(S("abc"), 2, 99), "c");
  assert_str(str_slice(S("abc"), 5, 2), "");
  assert_str(str_slice(STR_NONE, 0, 9), "");
  assert_str(str_from_c(NULL), "");
}

static void nouns_have_their_article(void **state) {
  (void)state;
  assert_string_equal(str_article("alert_rule"), "an");
  assert_string_equal(str_article("int"), "an");
  assert_string_equal(str_article("user"), "a");
  assert_string_equal(str_article("service"), "a");
  assert_string_equal(str_article(""), "a");
}

static void comparing_orders_bytes_then_lengths(void **state) {
  (void)state;
  static const struct {
    Str a, b;
    int order;
  } CASES[] = {
      {STR(""), STR(""), 0},    {STR("a"), STR("a"), 0},  {STR("a"), STR("b"), -1},
      {STR("ab"), STR("a"), 1}, {STR(""), STR("\0"), -1}, {STR("\x7f"), STR("\x80"), -1},
  };
  for (size_t i = 0; i < COUNT(CASES); i++) {
    int order = str_compare(CASES[i].a, CASES[i].b);
    assert_int_equal((order > 0) - (order < 0), CASES[i].order);
    assert_int_equal(str_equal(CASES[i].a, CASES[i].b), CASES[i].order == 0);
    assert_int_equal(str_equal_secret(CASES[i].a, CASES[i].b), CASES[i].order == 0);
  }
  assert_true(str_equal_c(S("abc"), "abc"));
  assert_true(str_equal_nocase(S("Content-TYPE"), S("content-type")));
  assert_false(str_equal_nocase(S("@"), S("`")));
}

static void finding_gives_the_first_place_or_none(void **state) {
  (void)state;
  static const struct {
    Str s, needle;
    size_t from, at;
  } CASES[] = {
      {STR("hello"), STR("l"), 0, 2}, {STR("hello"), STR("l"), 3, 3},       {STR("hello"), STR("l"), 4, SIZE_MAX},
      {STR("hello"), STR(""), 5, 5},  {STR("hello"), STR(""), 6, SIZE_MAX}, {STR(""), STR("a"), 0, SIZE_MAX},
      {STR("aab"), STR("ab"), 0, 1},  {STR("ab"), STR("abc"), 0, SIZE_MAX},
  };
  for (size_t i = 0; i < COUNT(CASES); i++)
    assert_true(str_find(CASES[i].s, CASES[i].needle, CASES[i].from) == CASES[i].at);
  assert_int_equal(str_find_char(S("a=b=c"), '=', 2), 3);
  assert_true(str_find_char(S("abc"), '=', 0) == SIZE_MAX);
  assert_true(str_find_char(S("abc"), 'a', 9) == SIZE_MAX);
  assert_true(str_starts_with(S("abc"), S("ab")) && !str_starts_with(S("a"), S("ab")) && str_starts_with(S(""), S("")));
  assert_true(str_ends_with(S("abc"), S("bc")) && !str_ends_with(S("c"), S("bc")));
}

static void trimming_and_cutting(void **state) {
  (void)state;
  assert_str(str_trim(S(" \t\r\n a b \v\f")), "a b");
  assert_true(str_is_blank(S(" \n")) && str_is_blank(STR_NONE) && !str_is_blank(S(" x")));
  Str head, tail;
  assert_true(str_cut(S("key=value=more"), '=', &head, &tail));
  assert_str(head, "key");
  assert_str(tail, "value=more");
  assert_false(str_cut(S("key"), '=', &head, &tail));
  assert_str(head, "key");
  assert_str(tail, "");
}

static void making_new_texts(void **state) {
  (void)state;
  static const Str PARTS[] = {STR("a"), STR(""), STR("c")};
  assert_str(str_join(arena, PARTS, 3, S(", ")), "a, , c");
  assert_str(str_join(arena, PARTS, 0, S(", ")), "");
  assert_str(str_lower(arena, S("ABC\xc3\x84xyz")), "abc\xc3\x84xyz");
  assert_str(str_format(arena, "%.*s=%d", STR_ARG(S("n")), 5), "n=5");
  static const int LENGTHS[] = {254, 255, 256, 257,
                                5000}; /* about the size of what is formatted once, and far beyond */
  for (size_t i = 0; i < COUNT(LENGTHS); i++) {
    Str text = str_format(arena, "%*dx", LENGTHS[i] - 1, 7);
    assert_int_equal(text.len, LENGTHS[i]);
    assert_true(str_ends_with(text, S(" 7x")) && text.ptr[text.len] == 0);
  }
}

static void whole_numbers_are_read_whole_or_not_at_all(void **state) {
  (void)state;
  static const struct {
    Str text;
    bool ok;
    i64 number;
  } CASES[] = {
      {STR("0"), true, 0},
      {STR("007"), true, 7},
      {STR("-0"), true, 0},
      {STR("9223372036854775807"), true, INT64_MAX},
      {STR("-9223372036854775808"), true, INT64_MIN},
      {STR("9223372036854775808"), false, 0},
      {STR("-9223372036854775809"), false, 0},
      {STR("99999999999999999999999"), false, 0},
      {STR(""), false, 0},
      {STR("-"), false, 0},
      {STR("--1"), false, 0},
      {STR("+1"), false, 0},
      {STR(" 1"), false, 0},
      {STR("1 "), false, 0},
      {STR("1.0"), false, 0},
      {STR("0x10"), false, 0},
      {STR("1\0"), false, 0},
  };
  for (size_t i = 0; i < COUNT(CASES); i++) {
    i64 number = 77;
    assert_int_equal(str_to_i64(CASES[i].text, INT64_MIN, INT64_MAX, &number), CASES[i].ok);
    assert_true(number == (CASES[i].ok ? CASES[i].number : 77));
  }
  i64 number = 0;
  assert_false(str_to_i64(S("11"), 0, 10, &number));
  assert_false(str_to_i64(S("-1"), 0, 10, &number));
  u64 size = 0;
  assert_true(str_to_u64(S("18446744073709551615"), UINT64_MAX, &size));
  assert_true(size == UINT64_MAX);
  assert_false(str_to_u64(S("18446744073709551616"), UINT64_MAX, &size));
  assert_false(str_to_u64(S("-1"), UINT64_MAX, &size));
  assert_false(str_to_u64(S("65536"), 65535, &size));
}

static void doubles_are_decimal_finite_and_whole(void **state) {
  (void)state;
  static const struct {
    Str text;
    bool ok;
    double number;
  } CASES[] = {
      {STR("1.5"), true, 1.5},  {STR("-0.25e+2"), true, -25}, {STR("1e-400"), true, 0}, {STR("3"), true, 3},
      {STR("1e400"), false, 0}, {STR("nan"), false, 0},       {STR("inf"), false, 0},   {STR("0x1p3"), false, 0},
      {STR("1,5"), false, 0},   {STR("1."), false, 0},        {STR(".5"), false, 0},    {STR(" 1"), false, 0},
      {STR("1e"), false, 0},    {STR("1e+"), false, 0},       {STR(""), false, 0},      {STR("-"), false, 0},
      {STR("1.5 "), false, 0},  {STR("1\0"), false, 0},
  };
  for (size_t i = 0; i < COUNT(CASES); i++) {
    double number = 77;
    assert_int_equal(str_to_double(CASES[i].text, &number), CASES[i].ok);
    assert_true(number == (CASES[i].ok ? CASES[i].number : 77));
  }
}

static const struct {
  Str text;
  bool valid;
  size_t count;
  Str clean;
} UTF8[] = {
    {STR(""), true, 0, STR("")},
    {STR("plain ascii, more than a word"), true, 29, STR("plain ascii, more than a word")},
    {STR("\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\xa5"), true, 3, STR("\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\xa5")},
    {STR("\xf4\x8f\xbf\xbf"), true, 1, STR("\xf4\x8f\xbf\xbf")},
    {STR("\xf4\x90\x80\x80"), false, 4, STR("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd")},
    {STR("\xc0\x80"), false, 2, STR("\xef\xbf\xbd\xef\xbf\xbd")},
    {STR("\xe0\x80\xaf"), false, 3, STR("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd")},
    {STR("\xed\xa0\x80"), false, 3, STR("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd")},
    {STR("12345678\xff"), false, 9, STR("12345678\xef\xbf\xbd")},
    {STR("a\xe2\x82"), false, 3, STR("a\xef\xbf\xbd\xef\xbf\xbd")},
    {STR("a\0b"), true, 3,
     STR("a\xef\xbf\xbd"
         "b")},
};

static void utf8_is_judged_counted_and_cleaned(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(UTF8); i++) {
    assert_int_equal(utf8_valid(UTF8[i].text), UTF8[i].valid);
    assert_int_equal(utf8_count(UTF8[i].text), UTF8[i].count);
    assert_true(str_equal(utf8_clean(arena, UTF8[i].text), UTF8[i].clean));
  }
  Str same = S("clean");
  assert_ptr_equal(utf8_clean(arena, same).ptr, same.ptr);
}

static void every_code_point_is_read_as_it_was_written(void **state) {
  (void)state;
  for (u32 point = 0; point <= 0x10ffff; point++) {
    if (point >= 0xd800 && point <= 0xdfff) continue;
    char text[4];
    Str s = {text, utf8_encode(point, text)};
    size_t pos = 0;
    if (utf8_next(s, &pos) != (i32)point || pos != s.len) fail_msg("U+%04X", point);
  }
}

static void cutting_never_splits_a_character(void **state) {
  (void)state;
  Str text = S("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\xa5z");
  static const size_t ENDS[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
  for (size_t bytes = 0; bytes < COUNT(ENDS); bytes++) assert_int_equal(utf8_cut(text, bytes).len, ENDS[bytes]);
  assert_int_equal(utf8_cut(S("\x80\x80\x80\x80\x80\x80"), 5).len, 5);
}

static void hex_and_base64_go_there_and_back(void **state) {
  (void)state;
  static const struct {
    Str bytes;
    const char *hex, *base64, *url;
  } CASES[] = {
      {STR(""), "", "", ""},
      {STR("f"), "66", "Zg==", "Zg"},
      {STR("fo"), "666f", "Zm8=", "Zm8"},
      {STR("foo"), "666f6f", "Zm9v", "Zm9v"},
      {STR("\xfb\xff\xfe\0"), "fbfffe00", "+//+AA==", "-__-AA"},
  };
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Str back;
    assert_str(hex_encode(arena, CASES[i].bytes.ptr, CASES[i].bytes.len), CASES[i].hex);
    assert_str(base64_encode(arena, CASES[i].bytes), CASES[i].base64);
    assert_str(base64url_encode(arena, CASES[i].bytes), CASES[i].url);
    assert_true(hex_decode(arena, str_from_c(CASES[i].hex), &back) && str_equal(back, CASES[i].bytes));
    assert_true(base64_decode(arena, str_from_c(CASES[i].base64), &back) && str_equal(back, CASES[i].bytes));
    assert_true(base64_decode(arena, str_from_c(CASES[i].url), &back) && str_equal(back, CASES[i].bytes));
  }
}

static void malformed_hex_and_base64_is_refused(void **state) {
  (void)state;
  static const Str HEX[] = {STR("6"), STR("6g"), STR(" 6"), STR("0x66"), STR("66 6")};
  static const Str BASE64[] = {STR("Z"),     STR("Zg="),    STR("Zg==="), STR("Zh=="), STR("Zm9v Zm9v"),
                               STR("Zm9v="), STR("Zm9v=="), STR("=Zg="),  STR("===="), STR("Zg==Zg==")};
  Str out = S("untouched");
  for (size_t i = 0; i < COUNT(HEX); i++) assert_false(hex_decode(arena, HEX[i], &out));
  for (size_t i = 0; i < COUNT(BASE64); i++) assert_false(base64_decode(arena, BASE64[i], &out));
  assert_str(out, "untouched");
  assert_true(hex_decode(arena, S("Ff"), &out));
  assert_str(out, "\xff");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(slices_stay_inside),
      cmocka_unit_test(nouns_have_their_article),
      cmocka_unit_test(comparing_orders_bytes_then_lengths),
      cmocka_unit_test(finding_gives_the_first_place_or_none),
      cmocka_unit_test(trimming_and_cutting),
      cmocka_unit_test(making_new_texts),
      cmocka_unit_test(whole_numbers_are_read_whole_or_not_at_all),
      cmocka_unit_test(doubles_are_decimal_finite_and_whole),
      cmocka_unit_test(utf8_is_judged_counted_and_cleaned),
      cmocka_unit_test(every_code_point_is_read_as_it_was_written),
      cmocka_unit_test(cutting_never_splits_a_character),
      cmocka_unit_test(hex_and_base64_go_there_and_back),
      cmocka_unit_test(malformed_hex_and_base64_is_refused),
  };
  return cmocka_run_group_tests(tests, open_arena, close_arena);
}

/* JSON: the conformance cases, places in errors, exact numbers, what is written and read back. */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lang/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static Str read_file(Arena *arena, const char *path) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  char *text = arena_alloc(arena, MIB(1));
  size_t bytes = fread(text, 1, MIB(1), file);
  fclose(file);
  return str_copy(arena,
                  (Str){text, bytes}); /* a copy of its exact size, so that a sanitizer sees reads past the end */
}

static void every_conformance_case_is_decided_as_the_suite_says(void **state) {
  (void)state;
  DIR *folder = opendir("tests/data/json/cases");
  assert_non_null(folder);
  int total[3] = {0}, right[3] = {0};
  for (struct dirent *entry; (entry = readdir(folder));) {
    const char *kinds = "yni", *kind = strchr(kinds, entry->d_name[0]);
    if (!kind || entry->d_name[1] != '_') continue;
    Arena *arena = arena_new();
    Str text = read_file(arena, str_to_c(arena, str_format(arena, "tests/data/json/cases/%s", entry->d_name)));
    JsonOptions deep = {.depth_max = 100000}, lenient = {.depth_max = 100000, .lenient_text = true};
    Value value;
    Error err = {0};
    bool good = json_parse(arena, text, &deep, &value, &err);
    bool expected = *kind == 'i' || good == (*kind == 'y');
    if (!expected) print_message("%s: %s\n", entry->d_name, good ? "accepted" : err.message);
    total[kind - kinds]++;
    right[kind - kinds] += expected;
    bool lenient_good = json_parse(arena, text, &lenient, &value, &err);
    if (*kind == 'y') assert_true(lenient_good);
    arena_free(arena);
  }
  closedir(folder);
  print_message("JSON conformance: accepted %d of %d, refused %d of %d, survived %d of %d\n", right[0], total[0],
                right[1], total[1], right[2], total[2]);
  assert_true(total[0] == 95 && total[1] == 188 && total[2] == 35);
  assert_memory_equal(right, total, sizeof total);
}

static void errors_say_where_and_what_was_met(void **state) {
  (void)state;
  static const struct {
    const char *text, *message;
  } CASES[] = {
      {"", "line 1, column 1: expected a value, met the end of the text"},
      {"{\"a\": 1, \"b\"}", "line 1, column 13: expected ':' after a key, met '}'"},
      {"{\n  \"a\": tru\n}", "line 2, column 8: expected a value, met \"tru\""},
      {"[1 2]", "line 1, column 4: expected ',' or ']' after an item, met '2'"},
      {"{\"a\":1]", "line 1, column 7: expected ',' or '}' after a member, met ']'"},
      {"{a:1}", "line 1, column 2: expected a key in double quotes, met 'a'"},
      {"{\"a\":1,}", "line 1, column 8: expected a key in double quotes, met '}'"},
      {"[1,]", "line 1, column 4: expected a value, met ']'"},
      {"1 x", "line 1, column 3: expected the end of the text after the value, met 'x'"},
      {"\"\xc3\xa9\xc3\xa9\" \xc3\xa9",
       "line 1, column 6: expected the end of the text after the value, met '\xc3\xa9'"},
      {"\"abc", "line 1, column 1: a string begins here that does not end"},
      {"\"a\\", "line 1, column 1: a string begins here that does not end"},
      {"[\"a\nb\"]", "line 1, column 4: expected control characters in a string to be escaped, met a line break"},
      {"\"\\x\"", "line 1, column 3: expected one of \"\\/bfnrtu after a backslash, met 'x'"},
      {"\"\\u12g4\"", "line 1, column 2: \\u must be followed by four hex digits"},
      {"\"\\ud800\"", "line 1, column 2: half a surrogate pair is not a character"},
      {"\"\xff\"", "line 1, column 2: expected UTF-8, met the byte 0xFF"},
      {"\xef\xbb\xbf{}", "line 1, column 1: expected a value, met a byte order mark (U+FEFF)"},
      {"01", "line 1, column 1: a number must not begin with 0"},
      {"-", "line 1, column 2: expected a digit after '-', met the end of the text"},
      {"1.", "line 1, column 3: expected a digit after the point of a number, met the end of the text"},
      {"1e+", "line 1, column 4: expected a digit in an exponent, met the end of the text"},
      {"NaN", "line 1, column 1: expected a value, met \"NaN\""},
      {"\t\n \x01", "line 2, column 2: expected a value, met the character U+0001"},
  };
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Arena *arena = arena_new();
    Value value;
    Error err = {0};
    assert_false(json_parse(arena, str_from_c(CASES[i].text), NULL, &value, &err));
    assert_string_equal(err.message, CASES[i].message);
    assert_int_equal(err.code, ERR_INVALID);
    unsigned line, column;
    assert_int_equal(sscanf(err.message, "line %u, column %u", &line, &column), 2);
    assert_int_equal(err.line, line);
    assert_int_equal(err.column, column);
    assert_false(json_parse(arena, str_from_c(CASES[i].text), NULL, &value, NULL));
    arena_free(arena);
  }
}

static Value parse(Arena *arena, const char *text, const JsonOptions *options) {
  Value value;
  Error err = {0};
  if (!json_parse(arena, str_from_c(text), options, &value, &err)) fail_msg("%s: %s", text, err.message);
  return value;
}

static void numbers_are_exact(void **state) {
  (void)state;
  static const struct {
    const char *text;
    ValueKind kind;
    i64 i;
    double d;
  } CASES[] = {
      {"0", VALUE_INT, 0, 0},
      {"-0", VALUE_INT, 0, 0},
      {"9223372036854775807", VALUE_INT, INT64_MAX, 0},
      {"-9223372036854775808", VALUE_INT, INT64_MIN, 0},
      {"9223372036854775808", VALUE_UINT, INT64_MIN, 0},
      {"18446744073709551615", VALUE_UINT, -1, 0},
      {"18446744073709551616", VALUE_BIGNUM, 0, 0},
      {"-9223372036854775809", VALUE_BIGNUM, 0, 0},
      {"1e400", VALUE_BIGNUM, 0, 0},
      {"0.1", VALUE_DOUBLE, 0, 0.1},
      {"-0.0", VALUE_DOUBLE, 0, -0.0},
      {"1e2", VALUE_DOUBLE, 0, 100},
      {"1e-400", VALUE_DOUBLE, 0, 0},
      {"0e999999999999999999999", VALUE_DOUBLE, 0, 0},
      {"123456789.123456789", VALUE_DOUBLE, 0, 123456789.123456789},
      {"9007199254740993.0", VALUE_DOUBLE, 0, 9007199254740992.0},
      {"5e-324", VALUE_DOUBLE, 0, 5e-324},
      {"1.7976931348623157e308", VALUE_DOUBLE, 0, 1.7976931348623157e308},
      {"2.2250738585072011e-308", VALUE_DOUBLE, 0, 2.2250738585072011e-308},
      {"3.14159265358979323846264338327950288", VALUE_DOUBLE, 0, 3.14159265358979323846},
  };
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Arena *arena = arena_new();
    Value v = parse(arena, CASES[i].text, NULL);
    assert_int_equal(v.kind, CASES[i].kind);
    if (v.kind == VALUE_INT || v.kind == VALUE_UINT) assert_true(v.i == CASES[i].i);
    if (v.kind == VALUE_DOUBLE) assert_true(v.d == CASES[i].d && signbit(v.d) == signbit(CASES[i].d));
    if (v.kind == VALUE_BIGNUM) assert_true(str_equal_c(value_text(&v), CASES[i].text));
    arena_free(arena);
  }
}

static void doubles_are_read_as_strtod_reads_them(void **state) {
  (void)state;
  u64 seed = 88172645463325252u;
  for (int i = 0; i < 200000; i++) {
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    char text[64];
    snprintf(text, sizeof text, "%llu.%03ue%d", (unsigned long long)(seed >> (seed & 63)), (u32)(seed % 1000),
             (int)(seed % 61) - 30);
    Arena *arena = arena_new();
    Value v = parse(arena, text, NULL);
    assert_true(v.kind == VALUE_DOUBLE && v.d == strtod(text, NULL));
    arena_free(arena);
  }
}

static void what_is_written(void **state) {
  (void)state;
  static const struct {
    const char *text, *compact, *canonical;
  } CASES[] = {
      {" { \"b\" : [ 1 , 2.5 , null ] , \"a\" : true } ", "{\"b\":[1,2.5,null],\"a\":true}",
       "{\"a\":true,\"b\":[1,2.5,null]}"},
      {"{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}", "{\"a\":3,\"b\":2}"},
      {"\"\\u0000\\u001f\\b\\f\\n\\r\\t\\\"\\\\\\/\\u00e9\\ud83d\\ude00\"",
       "\"\\u0000\\u001f\\b\\f\\n\\r\\t\\\"\\\\/\xc3\xa9\xf0\x9f\x98\x80\"",
       "\"\\u0000\\u001f\\b\\f\\n\\r\\t\\\"\\\\/\xc3\xa9\xf0\x9f\x98\x80\""},
      {"[18446744073709551616, 1e18, 1000000000000000000, 2.0]", "[18446744073709551616,1e+18,1000000000000000000,2]",
       "[1.8446744073709552e+19,1000000000000000000,1000000000000000000,2]"},
      {"[[],{},\"\"]", "[[],{},\"\"]", "[[],{},\"\"]"},
      {"[1e999, -1e999]", "[1e999,-1e999]", "[1e999,-1e999]"},
  };
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Arena *arena = arena_new();
    Value v = parse(arena, CASES[i].text, NULL);
    assert_string_equal(str_to_c(arena, json_text(arena, &v)), CASES[i].compact);
    Buf canonical = buf_new(arena, 1000);
    json_write_canonical(&canonical, &v);
    assert_string_equal(str_to_c(arena, buf_str(&canonical)), CASES[i].canonical);
    Buf pretty = buf_new(arena, 1000);
    json_write_pretty(&pretty, &v);
    Value again = parse(arena, str_to_c(arena, buf_str(&pretty)), NULL);
    assert_true(value_equal(&v, &again));
    arena_free(arena);
  }
}

static void kinds_beyond_json_are_written_as_text(void **state) {
  (void)state;
  Arena *arena = arena_new();
  Value one = value_int(1);
  const struct {
    Value value;
    const char *text;
  } cases[] = {
      {value_double(NAN), "null"},
      {value_double(INFINITY), "null"},
      {value_bytes(S("\xff\x00")), "\"/wA=\""},
      {{.kind = VALUE_TIMESTAMP, .i = 1767600000}, "\"2026-01-05T08:00:00Z\""},
      {{.kind = VALUE_TIMESTAMP, .i = -1, .size = 500000000}, "\"1969-12-31T23:59:59.500Z\""},
      {{.kind = VALUE_DURATION, .i = 3600}, "\"3600s\""},
      {{.kind = VALUE_DURATION, .i = -2, .size = 500000000}, "\"-1.5s\""},
      {{.kind = VALUE_DURATION, .i = -1, .size = 999999999}, "\"-0.000000001s\""},
      {{.kind = VALUE_DURATION, .i = INT64_MIN}, "\"-9223372036854775808s\""},
      {{.kind = VALUE_OPTIONAL, .size = 1, .items = &one}, "1"},
      {{.kind = VALUE_OPTIONAL}, "null"},
      {{.kind = VALUE_TYPE, .size = 3, .text = "int"}, "\"int\""},
  };
  for (size_t i = 0; i < COUNT(cases); i++)
    assert_string_equal(str_to_c(arena, json_text(arena, &cases[i].value)), cases[i].text);
  arena_free(arena);
}

static void pretty_text_has_two_spaces(void **state) {
  (void)state;
  Arena *arena = arena_new();
  Value v = parse(arena, "{\"a\":[1,{\"b\":{}}],\"c\":[]}", NULL);
  Buf out = buf_new(arena, 1000);
  json_write_pretty(&out, &v);
  assert_string_equal(str_to_c(arena, buf_str(&out)),
                      "{\n  \"a\": [\n    1,\n    {\n      \"b\": {}\n    }\n  ],\n  \"c\": []\n}");
  arena_free(arena);
}

static void lenient_text_replaces_what_is_not_text(void **state) {
  (void)state;
#define FFFD "\xef\xbf\xbd"
  static const struct {
    const char *text, *expected;
  } CASES[] = {
      {"\"a\xff\xfe z\"", "a" FFFD FFFD " z"},
      {"\"\\ud800x\"", FFFD "x"},
      {"\"\\ud800\\ud800\\udc00\"", FFFD "\xf0\x90\x80\x80"},
      {"\"\\udc00\\u0000\"", FFFD FFFD},
      {"\"\xe2\x82\"", FFFD FFFD},
      {"\xef\xbb\xbf\"mark\"", "mark"},
  };
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Arena *arena = arena_new();
    JsonOptions lenient = {.lenient_text = true};
    Value v = parse(arena, CASES[i].text, &lenient);
    assert_string_equal(str_to_c(arena, value_text(&v)), CASES[i].expected);
    arena_free(arena);
  }
}

static void depth_is_limited(void **state) {
  (void)state;
  Arena *arena = arena_new();
  char *text = arena_zero(arena, 5000, 1);
  static const struct {
    u32 nested, depth_max;
    bool good;
  } CASES[] = {{64, 0, true}, {65, 0, false}, {3, 3, true}, {4, 3, false}, {1024, 99999, true}, {1025, 99999, false}};
  for (size_t i = 0; i < COUNT(CASES); i++) {
    memset(text, '[', CASES[i].nested);
    memset(text + CASES[i].nested, ']', CASES[i].nested);
    Value v;
    Error err = {0};
    JsonOptions options = {.depth_max = CASES[i].depth_max};
    assert_int_equal(json_parse(arena, (Str){text, CASES[i].nested * 2}, &options, &v, &err), CASES[i].good);
    if (!CASES[i].good) assert_non_null(strstr(err.message, "nested deeper than"));
  }
  arena_free(arena);
}

static void a_large_object_keeps_the_last_of_duplicates_in_the_first_place(void **state) {
  (void)state;
  Arena *arena = arena_new();
  Buf text = buf_new(arena, MIB(8));
  for (int i = 0; i < 40000; i++) buf_format(&text, "%s\"key%d\":%d", i ? "," : "{", i % 30000, i);
  buf_putc(&text, '}');
  Duplicates duplicates = {.count = 7};
  JsonOptions options = {.duplicates = &duplicates};
  Value v;
  Error err = {0};
  assert_true(json_parse(arena, buf_str(&text), &options, &v, &err));
  assert_int_equal(duplicates.count, 10000);
  assert_true(str_equal_c(value_text(&duplicates.key), "key0"));
  assert_int_equal(v.size, 30000);
  for (int i = 0; i < 30000; i++) {
    int expected = i < 10000 ? i + 30000 : i;
    assert_int_equal(value_int_or(value_get(&v, str_format(arena, "key%d", i)), -1), expected);
    assert_int_equal(value_int_or(&v.members[i].value, -1), expected);
  }
  assert_null(value_get_c(&v, "key30000"));
  parse(arena, "{\"a\":1,\"b\":{\"a\":1}}", &options);
  assert_int_equal(duplicates.count, 0);
  parse(arena, "{\"a\":1,\"b\":{\"\\u0063\":1,\"c\":2,\"c\":3},\"a\":4}", &options);
  assert_int_equal(duplicates.count, 3);
  assert_true(str_equal_c(value_text(&duplicates.key), "c"));
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_conformance_case_is_decided_as_the_suite_says),
      cmocka_unit_test(errors_say_where_and_what_was_met),
      cmocka_unit_test(numbers_are_exact),
      cmocka_unit_test(doubles_are_read_as_strtod_reads_them),
      cmocka_unit_test(what_is_written),
      cmocka_unit_test(kinds_beyond_json_are_written_as_text),
      cmocka_unit_test(pretty_text_has_two_spaces),
      cmocka_unit_test(lenient_text_replaces_what_is_not_text),
      cmocka_unit_test(depth_is_limited),
      cmocka_unit_test(a_large_object_keeps_the_last_of_duplicates_in_the_first_place),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

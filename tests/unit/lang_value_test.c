/* Values: lookups in small and large maps, pointers, equality and order across kinds, copies, builders. */
#include <math.h>
#include <string.h>

#include "lang/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static Value parse(Arena *arena, const char *text) {
  Value value;
  Error err = {0};
  if (!json_parse(arena, str_from_c(text), NULL, &value, &err)) fail_msg("%s: %s", text, err.message);
  return value;
}

static void questions_accept_null(void **state) {
  (void)state;
  Value v = value_int(1);
  assert_false(value_is(NULL, VALUE_NULL));
  assert_null(value_get_c(NULL, "a"));
  assert_null(value_get_c(&v, "a"));
  assert_null(value_at(NULL, 0));
  assert_null(value_pointer(NULL, S("/a")));
  assert_int_equal(value_int_or(NULL, 7), 7);
  assert_true(value_bool_or(NULL, true));
  assert_true(str_equal_c(value_text_or(NULL, S("x")), "x"));
}

static void integers_are_given_only_when_they_are_whole_and_fit(void **state) {
  (void)state;
  const struct {
    Value value;
    i64 expected;
  } cases[] = {
      {value_int(INT64_MIN), INT64_MIN}, {value_uint(5), 5},
      {value_uint((u64)1 << 63), -7},    {value_double(3), 3},
      {value_double(3.5), -7},           {value_double(-0x1p63), INT64_MIN},
      {value_double(0x1p63), -7},        {value_double(NAN), -7},
      {value_double(INFINITY), -7},      {value_bool(true), -7},
      {value_string(S("3")), -7},
  };
  for (size_t i = 0; i < COUNT(cases); i++) assert_true(value_int_or(&cases[i].value, -7) == cases[i].expected);
}

static void pointers_follow_rfc_6901(void **state) {
  (void)state;
  static const struct {
    const char *pointer, *found; /* NULL: nothing there */
  } CASES[] = {
      {"", "{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"m~n\":8,\" \":7,\"o\":{\"~1\":2}}"},
      {"/foo", "[\"bar\",\"baz\"]"},
      {"/foo/0", "\"bar\""},
      {"/", "0"},
      {"/a~1b", "1"},
      {"/m~0n", "8"},
      {"/ ", "7"},
      {"/o/~01", "2"},
      {"/foo/2", NULL},
      {"/foo/-", NULL},
      {"/foo/01", NULL},
      {"/foo/+1", NULL},
      {"/foo/99999999999999999999", NULL},
      {"/foo/0/x", NULL},
      {"foo", NULL},
      {"/m~2n", NULL},
      {"/m~", NULL},
      {"/foo/", NULL},
  };
  Arena *arena = arena_new();
  Value v = parse(arena, CASES[0].found);
  for (size_t i = 0; i < COUNT(CASES); i++) {
    const Value *found = value_pointer(&v, str_from_c(CASES[i].pointer));
    if (!CASES[i].found)
      assert_null(found);
    else
      assert_string_equal(str_to_c(arena, json_text(arena, found)), CASES[i].found);
  }
  arena_free(arena);
}

/* Each value is below all that follow in another row; values in a row are equal. */
static void order_is_total_over_all_kinds(void **state) {
  (void)state;
  Arena *arena = arena_new();
  const Value list = parse(arena, "[1,2]"), longer = parse(arena, "[1,2,0]"), other = parse(arena, "[1,3]");
  const Value map = parse(arena, "{\"a\":1,\"b\":2}"), turned = parse(arena, "{\"b\":2.0,\"a\":1}");
  const Value larger = parse(arena, "{\"a\":1,\"b\":3}"), none = parse(arena, "{}");
  const Value big = parse(arena, "100000000000000000000"), huge = parse(arena, "1e999");
  const Value rows[][3] = {
      {value_null(), value_null(), value_null()},
      {value_bool(false), value_bool(false), value_bool(false)},
      {value_bool(true), value_bool(true), value_bool(true)},
      {value_double(NAN), value_double(NAN), value_double(NAN)},
      {value_double(-INFINITY), value_double(-INFINITY), value_double(-INFINITY)},
      {value_int(INT64_MIN), value_double(-0x1p63), value_int(INT64_MIN)},
      {value_double(-1.5), value_double(-1.5), value_double(-1.5)},
      {value_int(-1), value_double(-1), value_int(-1)},
      {value_int(0), value_uint(0), value_double(-0.0)},
      {value_double(0.5), value_double(0.5), value_double(0.5)},
      {value_int(1), value_uint(1), value_double(1)},
      {value_int(1LL << 53), value_double(0x1p53), value_uint(1ULL << 53)},
      {value_int((1LL << 53) + 1), value_uint((1ULL << 53) + 1), value_int((1LL << 53) + 1)},
      {value_int(INT64_MAX), value_uint(INT64_MAX), value_int(INT64_MAX)},
      {value_uint(1ULL << 63), value_double(0x1p63), value_uint(1ULL << 63)},
      {value_uint(UINT64_MAX), value_uint(UINT64_MAX), value_uint(UINT64_MAX)},
      {value_double(0x1p64), value_double(0x1p64), value_double(0x1p64)},
      {big, value_double(1e20), big},
      {value_double(INFINITY), huge, huge},
      {value_string(S("")), value_string(S("")), value_string(S(""))},
      {value_string(S("a")), value_string(S("a")), value_string(S("a"))},
      {value_string(S("ab")), value_string(S("ab")), value_string(S("ab"))},
      {value_bytes(S("a")), value_bytes(S("a")), value_bytes(S("a"))},
      {list, list, list},
      {longer, longer, longer},
      {other, other, other},
      {none, none, none},
      {map, turned, map},
      {larger, larger, larger},
  };
  for (size_t i = 0; i < COUNT(rows) * 3; i++)
    for (size_t j = 0; j < COUNT(rows) * 3; j++) {
      const Value *a = &rows[i / 3][i % 3], *b = &rows[j / 3][j % 3];
      int order = value_compare(a, b), expected = i / 3 < j / 3 ? -1 : i / 3 > j / 3;
      if ((order > 0) - (order < 0) != expected) fail_msg("rows %zu and %zu: %d", i / 3, j / 3, order);
      assert_int_equal(value_equal(a, b), expected == 0);
    }
  arena_free(arena);
}

static void maps_of_every_size_find_what_they_hold(void **state) {
  (void)state;
  static const int SIZES[] = {0, 1, 15, 16, 17, 18, 31, 32, 33, 64, 100, 1000, 5000};
  for (size_t s = 0; s < COUNT(SIZES); s++) {
    Arena *arena = arena_new();
    MapBuilder builder = map_builder(arena);
    for (int i = 0; i < SIZES[s]; i++) assert_false(map_put(&builder, str_format(arena, "k%d", i), value_int(i)));
    for (int i = 0; i < SIZES[s]; i += 3) assert_true(map_put(&builder, str_format(arena, "k%d", i), value_int(-i)));
    Value map = map_done(&builder), copy = value_copy(arena, &map);
    assert_int_equal(map.size, SIZES[s]);
    assert_int_equal(map.flags & VALUE_INDEXED, SIZES[s] >= VALUE_INDEX_MIN ? VALUE_INDEXED : 0);
    assert_true(value_equal(&map, &copy));
    for (int i = 0; i < SIZES[s]; i++) {
      Str key = str_format(arena, "k%d", i);
      assert_int_equal(value_int_or(value_get(&map, key), 99999), i % 3 ? i : -i);
      assert_int_equal(value_int_or(value_get(&copy, key), 99999), i % 3 ? i : -i);
      assert_true(str_equal(value_text(&map.members[i].key), key));
    }
    assert_null(value_get_c(&map, "k-1"));
    assert_null(value_get_c(&map, ""));
    arena_free(arena);
  }
}

static void keys_that_are_numbers_are_one_key_whatever_their_kind(void **state) {
  (void)state;
  for (int count = 3; count < 40; count += 12) {
    Arena *arena = arena_new();
    MapBuilder builder = map_builder(arena);
    for (int i = 0; i < count; i++) map_put_value(&builder, value_int(i), value_int(i));
    map_put_c(&builder, "1", value_int(100));
    map_put_value(&builder, value_bool(true), value_int(200));
    assert_true(map_put_value(&builder, value_uint(2), value_int(300)));
    Value map = map_done(&builder);
    const struct {
      Value key;
      i64 expected;
    } cases[] = {
        {value_int(1), 1},       {value_uint(1), 1},      {value_double(1), 1},
        {value_c("1"), 100},     {value_bool(true), 200}, {value_double(2), 300},
        {value_double(1.5), -1}, {value_bool(false), -1}, {value_uint(1ULL << 63), -1},
        {value_double(NAN), -1}, {value_null(), -1},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
      assert_int_equal(value_int_or(value_get_key(&map, &cases[i].key), -1), cases[i].expected);
    arena_free(arena);
  }
}

static void a_copy_shares_nothing(void **state) {
  (void)state;
  Arena *from = arena_new(), *to = arena_new();
  char text[] = "{\"list\":[1,\"two\",{\"three\":3}],\"big\":123456789012345678901234567890,\"null\":null}";
  Value v = parse(from, text), copy = value_copy(to, &v);
  memset(text, 'x', sizeof text);
  arena_free(from);
  assert_string_equal(str_to_c(to, json_text(to, &copy)),
                      "{\"list\":[1,\"two\",{\"three\":3}],\"big\":123456789012345678901234567890,\"null\":null}");
  arena_free(to);
}

static void people_read_texts_without_quotes(void **state) {
  (void)state;
  Arena *arena = arena_new();
  Value list = parse(arena, "[1,\"a\"]");
  const struct {
    Value value;
    const char *text;
  } cases[] = {
      {value_null(), ""},
      {value_bool(true), "true"},
      {value_int(-5), "-5"},
      {value_double(2.5), "2.5"},
      {value_c("as \"it\" is"), "as \"it\" is"},
      {list, "[1,\"a\"]"},
      {{.kind = VALUE_DURATION, .i = 90}, "90s"},
      {{.kind = VALUE_TIMESTAMP, .i = 0}, "1970-01-01T00:00:00Z"},
      {{.kind = VALUE_OPTIONAL}, ""},
  };
  for (size_t i = 0; i < COUNT(cases); i++)
    assert_string_equal(str_to_c(arena, value_display(arena, &cases[i].value)), cases[i].text);
  arena_free(arena);
}

static void every_kind_has_a_name(void **state) {
  (void)state;
  for (int kind = 0; kind < VALUE_KIND_COUNT; kind++) assert_non_null(value_kind_name((ValueKind)kind));
  assert_string_equal(value_kind_name(VALUE_NULL), "null_type");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(questions_accept_null),
      cmocka_unit_test(integers_are_given_only_when_they_are_whole_and_fit),
      cmocka_unit_test(pointers_follow_rfc_6901),
      cmocka_unit_test(order_is_total_over_all_kinds),
      cmocka_unit_test(maps_of_every_size_find_what_they_hold),
      cmocka_unit_test(keys_that_are_numbers_are_one_key_whatever_their_kind),
      cmocka_unit_test(a_copy_shares_nothing),
      cmocka_unit_test(people_read_texts_without_quotes),
      cmocka_unit_test(every_kind_has_a_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

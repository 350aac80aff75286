/* Values as bytes: every kind comes back as it was, and no bytes, cut or bent, do harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lang/json.h"
#include "lang/value_pack.h"

#include <cmocka.h>

/* More members than fit without an index. */
static const char MANY[] =
    "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":10,\"k\":11,\"l\":12,\"m\":13,"
    "\"n\":14,\"o\":15,\"p\":16,\"q\":17,\"r\":18}";

static const char *const TEXTS[] = {
    "null",
    "true",
    "false",
    "0",
    "-1",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "1.5",
    "-0.0",
    "1e400",
    "\"\"",
    "\"\\u00fc \\ud83d\\ude00 \\u0001\"",
    "[]",
    "{}",
    "[1,[2,[3,[]]],{\"a\":{\"b\":[null]}}]",
    "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":0,\"k\":1,\"l\":2,\"m\":3,\"n\":4,"
    "\"o\":5,\"p\":6}",
    MANY,
};

static Value parse(Arena *arena, const char *text) {
  Value value;
  Error err = {0};
  assert_true(json_parse(arena, str_from_c(text), NULL, &value, &err));
  return value;
}

static void every_json_value_survives(void **state) {
  (void)state;
  CLEANUP(arena_freep) Arena *arena = arena_new();
  for (size_t i = 0; i < COUNT(TEXTS); i++) {
    Value value = parse(arena, TEXTS[i]), back;
    Buf buf = buf_new(arena, KIB(64));
    pack_value(&buf, &value);
    Str rest = buf_str(&buf);
    assert_true(unpack_value(arena, &rest, &back));
    assert_int_equal(rest.len, 0);
    assert_int_equal(back.kind, value.kind);
    assert_true(value_equal(&value, &back));
    Str before = json_text(arena, &value), after = json_text(arena, &back);
    assert_true(str_equal(before, after));
  }
}

static void kinds_beyond_json_survive(void **state) {
  (void)state;
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Value inner = value_int(7);
  const Value VALUES[] = {
      value_bytes((Str){"\xff\0x", 3}),
      {.kind = VALUE_TIMESTAMP, .i = -62135596800, .size = 999999999},
      {.kind = VALUE_DURATION, .i = -3, .size = 5},
      {.kind = VALUE_OPTIONAL, .size = 1, .items = &inner},
      {.kind = VALUE_OPTIONAL, .size = 0},
      {.kind = VALUE_TYPE, .size = 3, .text = "int"},
      value_uint(UINT64_MAX),
  };
  for (size_t i = 0; i < COUNT(VALUES); i++) {
    Value back;
    Buf buf = buf_new(arena, KIB(1));
    pack_value(&buf, &VALUES[i]);
    Str rest = buf_str(&buf);
    assert_true(unpack_value(arena, &rest, &back));
    assert_int_equal(back.kind, VALUES[i].kind);
    assert_int_equal(back.size, VALUES[i].size);
    assert_int_equal(value_compare(&back, &VALUES[i]), 0);
  }
}

static void cut_bytes_are_refused(void **state) {
  (void)state;
  CLEANUP(arena_freep) Arena *arena = arena_new();
  for (size_t i = 0; i < COUNT(TEXTS); i++) {
    Value value = parse(arena, TEXTS[i]), back;
    Buf buf = buf_new(arena, KIB(64));
    pack_value(&buf, &value);
    for (size_t cut = 0; cut < buf.len; cut++) {
      Str rest = str_slice(buf_str(&buf), 0, cut);
      assert_false(unpack_value(arena, &rest, &back));
    }
  }
}

/* Any byte changed: refused or read as something else, never more than the bytes hold. */
static void bent_bytes_do_no_harm(void **state) {
  (void)state;
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Value value = parse(arena, TEXTS[15]), back;
  Buf buf = buf_new(arena, KIB(64));
  pack_value(&buf, &value);
  for (size_t at = 0; at < buf.len; at++)
    for (int byte = 0; byte < 256; byte++) {
      CLEANUP(arena_freep) Arena *scratch = arena_new();
      Str bent = str_copy(scratch, buf_str(&buf)), rest = bent;
      ((char *)(uintptr_t)bent.ptr)[at] = (char)byte;
      if (unpack_value(scratch, &rest, &back)) assert_true(json_text(scratch, &back).len > 0);
    }
}

static void numbers_keep_their_ends(void **state) {
  (void)state;
  CLEANUP(arena_freep) Arena *arena = arena_new();
  const i64 NUMBERS[] = {0, 1, -1, 63, 64, -64, -65, INT64_MAX, INT64_MIN, 1772000000000};
  for (size_t i = 0; i < COUNT(NUMBERS); i++) {
    i64 back = 0;
    Buf buf = buf_new(arena, 32);
    pack_i64(&buf, NUMBERS[i]);
    Str rest = buf_str(&buf);
    assert_true(unpack_i64(&rest, &back));
    assert_true(back == NUMBERS[i]);
  }
  u64 number = 0;
  Str eleven = {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11},
      over = {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10};
  assert_false(unpack_u64(&eleven, &number));
  assert_false(unpack_u64(&over, &number));
}

int main(void) {
  const struct CMUnitTest TESTS[] = {
      cmocka_unit_test(every_json_value_survives), cmocka_unit_test(kinds_beyond_json_survive),
      cmocka_unit_test(cut_bytes_are_refused),     cmocka_unit_test(bent_bytes_do_no_harm),
      cmocka_unit_test(numbers_keep_their_ends),
  };
  return cmocka_run_group_tests(TESTS, NULL, NULL);
}

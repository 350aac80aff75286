/* Lines that differ. */
#include "cli/apply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void put_line(void *ctx, char mark, Str text) {
  buf_format(ctx, "%c%.*s\n", mark, STR_ARG(text));
}

static void lines_that_differ_with_what_is_near(void **state) {
  static const struct {
    const char *before, *after;
    size_t context;
    const char *shown;
  } CASES[] = {
      {"a\nb\nc", "a\nx\nc", 1, " a\n-b\n+x\n c\n"},
      {"a\nb\nc\nd\ne", "a\nb\nc\nd\nx", 1, " \xe2\x80\xa6\n d\n-e\n+x\n"},
      {"", "a\nb\n", 2, "+a\n+b\n"},
      {"a\nb\n", "", 2, "-a\n-b\n"},
      {"a", "a", 2, " \xe2\x80\xa6\n"},
      {"a\nb\nc\nd", "b\nc\nd\ne", 9, "-a\n b\n c\n d\n+e\n"},
      {"x\n1\n2\n3\n4\n5\ny", "X\n1\n2\n3\n4\n5\nY", 1, "-x\n+X\n 1\n \xe2\x80\xa6\n 5\n-y\n+Y\n"},
  };
  Arena *arena = arena_new();
  (void)state;
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Buf out = buf_new(arena, 4096);
    diff_lines(arena, str_from_c(CASES[i].before), str_from_c(CASES[i].after), CASES[i].context, put_line, &out);
    if (!str_equal_c(buf_str(&out), CASES[i].shown)) fail_msg("case %zu:\n%.*s", i, STR_ARG(buf_str(&out)));
  }
  arena_free(arena);
}

/* What is shown with all its context is both texts again, whatever they are. */
static void both_texts_can_be_read_from_it(void **state) {
  Arena *arena = arena_new();
  u32 seed = 7;
  (void)state;
  for (int round = 0; round < 200; round++) {
    Buf texts[2] = {buf_new(arena, 4096), buf_new(arena, 4096)}, out = buf_new(arena, 16384), read[2];
    for (int side = 0; side < 2; side++)
      for (u32 n = (seed = seed * 1664525 + 1013904223) >> 28; n > 0; n--)
        buf_format(&texts[side], "%c\n", 'a' + ((seed = seed * 1664525 + 1013904223) >> 30));
    diff_lines(arena, buf_str(&texts[0]), buf_str(&texts[1]), 100, put_line, &out);
    read[0] = buf_new(arena, 4096), read[1] = buf_new(arena, 4096);
    bool same = str_equal(buf_str(&texts[0]), buf_str(&texts[1])); /* then there is nothing to show */
    for (size_t at = 0; !same && at + 2 < out.len; at += 3)
      for (int side = 0; side < 2; side++)
        if (out.ptr[at] == ' ' || out.ptr[at] == (side ? '+' : '-')) buf_put(&read[side], (Str){out.ptr + at + 1, 2});
    for (int side = 0; !same && side < 2; side++) assert_true(str_equal(buf_str(&read[side]), buf_str(&texts[side])));
  }
  arena_free(arena);
}

static void long_texts_go_and_come_whole(void **state) {
  Arena *arena = arena_new();
  Buf before = buf_new(arena, 65536), after = buf_new(arena, 65536), out = buf_new(arena, 65536);
  (void)state;
  for (int i = 0; i < 700; i++) {
    buf_puts(&before, "same\n");
    buf_puts(&after, "same\n");
  }
  buf_puts(&after, "more\n");
  diff_lines(arena, buf_str(&before), buf_str(&after), 1, put_line, &out);
  assert_true(str_starts_with(buf_str(&out), S("-same\n")));
  assert_true(str_ends_with(buf_str(&out), S("+more\n")));
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines_that_differ_with_what_is_near),
      cmocka_unit_test(both_texts_can_be_read_from_it),
      cmocka_unit_test(long_texts_go_and_come_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

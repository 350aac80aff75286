/* Matchers from anybody: what is taken, written out, reads back the same; and asking it ends. */
#include "lang/matcher.h"

#include <stdlib.h>

static bool same(const Matchers *a, const Matchers *b) {
  if (a->count != b->count) return false;
  for (size_t i = 0; i < a->count; i++)
    if (a->items[i].op != b->items[i].op || !str_equal(a->items[i].name, b->items[i].name) ||
        !str_equal(a->items[i].value, b->items[i].value))
      return false;
  return true;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
  static const MatcherDialect DIALECTS[] = {MATCHER_UTF8, MATCHER_CLASSIC, MATCHER_EITHER};
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Str text = {(const char *)data, size};
  for (size_t d = 0; d < COUNT(DIALECTS); d++) {
    Matchers read = {0}, again = {0};
    Error err = {0};
    Buf out = buf_new(arena, MIB(1));
    if (!matchers_parse(arena, text, DIALECTS[d], &read, &err)) continue;
    matchers_put(&out, read.items, read.count);
    if (out.len <= MATCHER_TEXT_MAX && utf8_valid(buf_str(&out)) &&
        (!matchers_parse(arena, buf_str(&out), MATCHER_UTF8, &again, &err) || !same(&read, &again)))
      abort();
    for (size_t i = 0; i < read.count; i++)
      if (matcher_compile(arena, &read.items[i], &err)) (void)matcher_holds(&read.items[i], str_slice(text, 0, 64));
  }
  return 0;
}

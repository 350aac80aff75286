/* JSON: any bytes are a value or an error with a place; a value that is written reads back as itself in each layout. */
#include <stdlib.h>

#include "lang/json.h"

static void check_reads_back(Arena *arena, const Value *value, void (*write)(Buf *, const Value *)) {
  Buf out = buf_new(arena, UINT32_MAX);
  Value again;
  write(&out, value);
  if (!json_parse(arena, buf_str(&out), NULL, &again, NULL) || !value_equal(value, &again)) abort();
  if (value_compare(value, &again) != 0) abort();
}

static void check(Str text, bool lenient) {
  Arena *arena = arena_new();
  Duplicates duplicates;
  JsonOptions options = {.lenient_text = lenient, .duplicates = &duplicates};
  Value value;
  Error err = {0};
  if (json_parse(arena, text, &options, &value, &err)) {
    check_reads_back(arena, &value, json_write);
    check_reads_back(arena, &value, json_write_pretty);
    check_reads_back(arena, &value, json_write_canonical);
    Value copy = value_copy(arena, &value);
    if (!value_equal(&value, &copy)) abort();
  } else if (err.line == 0 || err.column == 0 || !utf8_valid(str_from_c(err.message))) {
    abort();
  }
  arena_free(arena);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t count) {
  Str text = {(const char *)bytes, count};
  check(text, false);
  check(text, true);
  return 0;
}

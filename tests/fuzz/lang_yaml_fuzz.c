/* YAML: any bytes are a value or an error; a value that is written reads back as itself. */
#include <stdlib.h>

#include "lang/json.h"
#include "lang/yaml.h"

/* What aliases repeat may be written larger than what is read. */
static void check_reads_back(Arena *arena, const Value *value) {
  Buf out = buf_new(arena, MIB(1));
  Value again;
  yaml_write(&out, value);
  if (out.overflow) return;
  Error err = {0};
  if (!yaml_parse(arena, buf_str(&out), &again, &err) || !value_equal(value, &again)) abort();
}

static void check_yaml(Str text) {
  Arena *arena = arena_new();
  Value value;
  Error err = {0};
  if (yaml_parse(arena, text, &value, &err))
    check_reads_back(arena, &value);
  else if (err.message[0] == '\0' || !utf8_valid(str_from_c(err.message)))
    abort();
  arena_free(arena);
}

/* What JSON can say, YAML can: the writer sees texts that YAML's reader would not have given. */
static void check_json(Str text) {
  Arena *arena = arena_new();
  Value value;
  JsonOptions options = {.lenient_text = true};
  if (json_parse(arena, text, &options, &value, NULL)) check_reads_back(arena, &value);
  arena_free(arena);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t count) {
  Str text = {(const char *)bytes, count};
  check_yaml(text);
  check_json(text);
  return 0;
}

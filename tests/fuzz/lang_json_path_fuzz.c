/* JSONPath: any text is a path or an error with a column; what a definite path finds, a walk by hand finds, too. */
#include "lang/json.h"
#include "lang/json_path.h"

static const char DOCUMENT[] = "{\"a\":{\"b\":[1,{\"b\":2,\"c\":[[3]]},[3]],\"a "
                               "b\":null},\"b\":\"x\",\"\":[],\"x\":[[[1,2],[3]],{\"a\":{\"a\":{}}}]}";

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t count) {
  Arena *arena = arena_new();
  Str source = {(const char *)bytes, count};
  const JsonPath *path = NULL;
  Value root, out;
  Error err = {0};
  i64 steps = 5000;
  ASSERT(json_parse(arena, S(DOCUMENT), NULL, &root, NULL));
  if (!json_path_compile(arena, source, &path, &err)) {
    ASSERT(err.code == ERR_INVALID && err.message[0] && utf8_valid(str_from_c(err.message)));
    ASSERT(count > JSON_PATH_BYTES_MAX || !utf8_valid(source) || (err.line == 1 && err.column > 0));
  } else if (json_path_find(path, arena, &root, &steps, &out, &err)) {
    ASSERT(json_path_definite(path) || out.kind == VALUE_LIST);
  } else {
    ASSERT(err.code == ERR_COST || (err.code == ERR_MISSING && json_path_definite(path)));
  }
  arena_free(arena);
  return 0;
}

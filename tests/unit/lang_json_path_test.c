/* JSONPath: what is found, in which order; what is refused, and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "lang/json.h"
#include "lang/json_path.h"

#include <cmocka.h>

static const char DOCUMENT[] = "{\"a\":{\"b\":[1,{\"b\":2},[3]],\"c d\":{\"it's\":4}},\"b\":\"x\",\"e\":[],\"n\":null,"
                               "\"1\":\"one\",\"host:9100/a\":5,\"\xC3\xA4\":6}";

static const char *answer(Arena *arena, const char *source, i64 steps) {
  Value root, out;
  Error err = {0};
  const JsonPath *path = NULL;
  if (!json_parse(arena, S(DOCUMENT), NULL, &root, &err)) fail_msg("%s", err.message);
  if (!json_path_compile(arena, str_from_c(source), &path, &err) ||
      !json_path_find(path, arena, &root, &steps, &out, &err))
    return str_to_c(arena, str_format(arena, "!%s", err.message));
  return str_to_c(arena, json_text(arena, &out));
}

static void paths_find_in_the_order_of_the_document(void **state) {
  (void)state;
  static const char *const ROWS[][2] = {
      {"$.b", "\"x\""},
      {"$['b']", "\"x\""},
      {"$.a.b[0]", "1"},
      {"$.a.b[1].b", "2"},
      {"$.a.b[-1][0]", "3"},
      {"$.a[\"c d\"]['it\\'s']", "4"},
      {"$.n", "null"},
      {"$['1']", "\"one\""},
      {"$.host:9100/a", "5"},
      {"$.\xC3\xA4", "6"},
      {"$.e", "[]"},
      {"$.e[*]", "[]"},
      {"$.a.b[*]", "[1,{\"b\":2},[3]]"},
      {"$.a.*", "[[1,{\"b\":2},[3]],{\"it's\":4}]"},
      {"$..b", "[\"x\",[1,{\"b\":2},[3]],2]"},
      {"$..[0]", "[1,3]"},
      {"$.a..b[0]", "[1]"},
      {"$.a..*", "[[1,{\"b\":2},[3]],{\"it's\":4},1,{\"b\":2},[3],2,3,4]"},
      {"$..nope", "[]"},
      {"$[ 'b' ]", "\"x\""},
  };
  for (size_t i = 0; i < COUNT(ROWS); i++) {
    Arena *arena = arena_new();
    const char *got = answer(arena, ROWS[i][0], 1000);
    if (strcmp(got, ROWS[i][1]) != 0) fail_msg("%s gives %s, wanted %s", ROWS[i][0], got, ROWS[i][1]);
    arena_free(arena);
  }
}

static void mistakes_are_told_with_their_place(void **state) {
  (void)state;
  static const char *const ROWS[][2] = {
      {"", "!a path begins with '$', met the end of the path"},
      {"a.b", "!a path begins with '$', met 'a' at character 1 of the path"},
      {"$a", "!expected '.' or '[', met 'a' at character 2 of the path"},
      {"$.", "!expected a name or '*', met the end of the path"},
      {"$.a.[0]", "!expected a name or '*', met '[' at character 5 of the path"},
      {"$...a", "!expected a name or '*', met '.' at character 4 of the path"},
      {"$[", "!expected a name in quotes, a number or '*', met the end of the path"},
      {"$[a]", "!expected a name in quotes, a number or '*', met 'a' at character 3 of the path"},
      {"$['a", "!this quote has no end, met ''' at character 3 of the path"},
      {"$['a\\", "!this quote has no end, met ''' at character 3 of the path"},
      {"$[0", "!expected ']' (slices and lists of names are not part of this), met the end of the path"},
      {"$[0:2]", "!expected ']' (slices and lists of names are not part of this), met ':' at character 4 of the path"},
      {"$[99999999999]", "!expected a name in quotes, a number or '*', met '9' at character 3 of the path"},
      {"$.nope", "!there is no field \"nope\""},
      {"$.b.c", "!there is no field \"c\""},
      {"$.a.b[3]", "!there is no element 3; the list has 3"},
      {"$.a.b[-4]", "!there is no element -4; the list has 3"},
      {"$.b[0]", "!there is no element 0; the list has 0"},
  };
  for (size_t i = 0; i < COUNT(ROWS); i++) {
    Arena *arena = arena_new();
    const char *got = answer(arena, ROWS[i][0], 1000);
    if (strcmp(got, ROWS[i][1]) != 0) fail_msg("%s gives %s, wanted %s", ROWS[i][0], got, ROWS[i][1]);
    arena_free(arena);
  }
}

static void limits_hold(void **state) {
  (void)state;
  Arena *arena = arena_new();
  assert_string_equal(answer(arena, "$..*", 10), "!the path looks at too many values");
  Buf long_path = buf_new(arena, 10000);
  buf_putc(&long_path, '$');
  for (int i = 0; i < 64; i++) buf_puts(&long_path, "..*");
  assert_string_equal(answer(arena, str_to_c(arena, buf_str(&long_path)), 100000), "[]");
  buf_puts(&long_path, ".*");
  assert_string_equal(answer(arena, str_to_c(arena, buf_str(&long_path)), 100000),
                      "!a path has at most 64 steps, met '.' at character 194 of the path");
  while (long_path.len <= JSON_PATH_BYTES_MAX) buf_puts(&long_path, ".a");
  assert_non_null(strstr(answer(arena, str_to_c(arena, buf_str(&long_path)), 1000), "at most 2000 bytes"));
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(paths_find_in_the_order_of_the_document),
      cmocka_unit_test(mistakes_are_told_with_their_place),
      cmocka_unit_test(limits_hold),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Lines of what a pointer names. */
#include "lang/yaml_lines.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char TEXT[] = "# a comment\n"
                           "teams:\n"
                           "  - name: Payments\n"
                           "    members: [{user_id: a},\n"
                           "              {user_id: b}]\n"
                           "  - name: |\n"
                           "      two\n"
                           "      lines\n"
                           "    a/b: 1\n"
                           "services: {x: 1}\n";

static void a_pointer_finds_its_line_or_that_of_the_nearest_above(void **state) {
  static const struct {
    const char *pointer;
    u32 line;
  } CASES[] = {{"", 2},
               {"/teams", 2},
               {"/teams/0", 3},
               {"/teams/0/members", 4},
               {"/teams/0/members/1/user_id", 5},
               {"/teams/1/name", 6},
               {"/teams/1/a~1b", 9},
               {"/services/x", 10},
               {"/teams/0/members/7", 4},
               {"/teams/1/nothing", 6},
               {"/nothing", 2},
               {"/teams/x", 2}};
  Arena *arena = arena_new();
  (void)state;
  for (size_t i = 0; i < COUNT(CASES); i++) {
    u32 line = yaml_line_of(arena, str_from_c(TEXT), str_from_c(CASES[i].pointer));
    if (line != CASES[i].line) fail_msg("%s is at %u, not %u", CASES[i].pointer, line, CASES[i].line);
  }
  arena_free(arena);
}

static void json_and_broken_texts_end(void **state) {
  Arena *arena = arena_new();
  (void)state;
  assert_int_equal(yaml_line_of(arena, S("{\n \"a\": [1,\n 2]}"), S("/a/1")), 3);
  assert_int_equal(yaml_line_of(arena, S(""), S("/a")), 0);
  assert_int_equal(yaml_line_of(arena, S("a: [1, 2"), S("/a/7")), 1);
  assert_int_equal(yaml_line_of(arena, S("- - - -"), S("/0/0/0/0/0")), 1);
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_pointer_finds_its_line_or_that_of_the_nearest_above),
      cmocka_unit_test(json_and_broken_texts_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

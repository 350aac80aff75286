/* Words of senders: what an unknown one was probably meant to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog/internal.h"

#include <cmocka.h> /* after ours: it has a macro named fail */

static void a_near_word_is_named(void **state) {
  (void)state;
  Arena *arena = arena_new();
  static const char *const CASES[][2] = {{"resolvd", "resolved"},
                                         {"Reslved", "resolved"},
                                         {"reoslved", "resolved"},
                                         {"acknowleged", "acknowledged"},
                                         {"clsed", "closed"},
                                         {"xyz", ""},
                                         {"o", ""},
                                         {"", ""},
                                         {"blorp", ""}};
  static const char LONG[] = "resolvedresolvedresolvedresolvedresolvedresolvedresolvedresolvedresolved";
  const WordList none = {0};
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Str near = word_status_near(arena, &none, str_from_c(CASES[i][0]));
    if (!str_equal_c(near, CASES[i][1])) fail_msg("%s: %.*s", CASES[i][0], STR_ARG(near));
  }
  assert_int_equal(word_status_near(arena, &none, str_from_c(LONG)).len, 0);
  assert_true(str_equal_c(word_priority_near(arena, &none, S("critcal")), "critical"));
  Word own[] = {{S("entwarnung"), EVENT_RESOLVED}};
  const WordList theirs = {.items = own, .count = 1};
  assert_true(str_equal_c(word_status_near(arena, &theirs, S("Entwarnug")), "entwarnung"));
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_near_word_is_named)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

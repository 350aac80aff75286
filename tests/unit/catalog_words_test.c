/* Words of senders, what an unknown one was probably meant to be; and the parts of forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog/internal.h"
#include "lang/json.h"

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

static void the_parts_of_a_form(void **state) {
  (void)state;
  CLEANUP(arena_freep) Arena *arena = arena_new();
  static const struct {
    const char *type, *body, *expected;
  } CASES[] = {
      {"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--",
       "{\"a\":\"1\"}"},
      {"Multipart/Form-Data; charset=utf-8; Boundary=\"b c\"",
       "junk\r\n--b c\r\ncontent-disposition: form-data; name=a\r\n\r\n\r\n--b c--", "{\"a\":\"\"}"},
      {"multipart/form-data; boundary=b",
       "--b\nContent-Disposition: form-data; name=\"a\"; filename=\"x.txt\"\n\nl1\nl2\n--b--\n", "{\"a\":\"l1\\nl2\"}"},
      {"multipart/form-data; boundary=b",
       "--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b\r\nX: y\r\n\r\n2\r\n--b--", "{}"},
      {"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nnever ended", "{}"},
      {"multipart/form-data; boundary=b",
       "--b--\r\n--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--", "{}"},
      {"multipart/form-data; boundary=b", "--b", "{}"},
      {"multipart/form-data; boundary=b", "", "{}"},
  };
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Str boundary = STR_NONE;
    assert_true(multipart_boundary(str_from_c(CASES[i].type), &boundary));
    Value got = spec_multipart(arena, str_from_c(CASES[i].body), boundary);
    if (!str_equal_c(json_text(arena, &got), CASES[i].expected))
      fail_msg("%s: %.*s", CASES[i].body, STR_ARG(json_text(arena, &got)));
  }
  static const char *const NOT[] = {
      "", "multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=b",
      "multipart/form-data; boundary=0123456789012345678901234567890123456789012345678901234567890123456789x"};
  for (size_t i = 0; i < COUNT(NOT); i++) {
    Str boundary = STR_NONE;
    assert_false(multipart_boundary(str_from_c(NOT[i]), &boundary));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_near_word_is_named), cmocka_unit_test(the_parts_of_a_form)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

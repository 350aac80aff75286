/* Words of a command line that is being typed. */
#include "cli/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void a_usage_line_says_what_each_word_is(void **state) {
  static const struct {
    const char *usage;
    size_t place;
    const char *word;
  } CASES[] = {{"get KIND [ID] [--filter CEL]", 0, "KIND"},
               {"get KIND [ID] [--filter CEL]", 1, "ID"},
               {"get KIND [ID] [--filter CEL]", 2, ""},
               {"alert ack ALERT... [--reason TEXT]", 0, "ALERT"},
               {"alert ack ALERT... [--reason TEXT]", 5, "ALERT"},
               {"alert note ALERT... TEXT", 1, "TEXT"},
               {"export [KIND...] [--set NAME]", 3, "KIND"},
               {"watch", 0, ""},
               {"delete KIND ID...", 4, "ID"}};
  (void)state;
  for (size_t i = 0; i < COUNT(CASES); i++) {
    VerbSpec spec = {.usage = CASES[i].usage};
    Str word = words_usage(&spec, CASES[i].place);
    if (!str_equal_c(word, CASES[i].word))
      fail_msg("%s: word %zu is \"%.*s\"", CASES[i].usage, CASES[i].place, STR_ARG(word));
  }
}

static void a_line_is_cut_into_command_verb_and_rest(void **state) {
  char *words[] = {"alert", "ack", "--data", "d", "-o", "json", "ALERT-1", ""};
  const char *plain[8];
  Typed typed = words_typed(COUNT(words), words);
  (void)state;
  assert_string_equal(typed.command->name, "alert");
  assert_string_equal(typed.spec->name, "ack");
  assert_int_equal(words_plain(&typed, plain, 8), 1);
  assert_string_equal(plain[0], "ALERT-1");
  assert_string_equal(words_option(&typed, S("-o"))->name, "output");
  assert_string_equal(words_option(&typed, S("--reason"))->name, "reason");
  assert_null(words_option(&typed, S("--nonsense")));
}

static void a_command_without_verbs_has_its_own_options(void **state) {
  char *serve[] = {"serve", "--listen", ""}, *half[] = {"aler"}, *unknown[] = {"nonsense", ""};
  Typed typed = words_typed(3, serve);
  (void)state;
  assert_null(typed.spec);
  assert_string_equal(words_option(&typed, S("--listen"))->name, "listen");
  assert_null(words_option(&typed, S("--output")));
  assert_null(words_typed(1, half).command);
  assert_null(words_typed(2, unknown).command);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_usage_line_says_what_each_word_is),
      cmocka_unit_test(a_line_is_cut_into_command_verb_and_rest),
      cmocka_unit_test(a_command_without_verbs_has_its_own_options),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

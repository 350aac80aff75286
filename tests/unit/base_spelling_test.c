/* Which word was meant. */
#include "base/spelling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *const WORDS[] = {"alert", "ack", "assign", "services", "schedules", "escalation-policies"};

static void the_nearest_word_or_none(void **state) {
  static const struct {
    const char *wrong, *meant;
  } CASES[] = {{"alert", "alert"},
               {"alrt", "alert"},
               {"aelrt", "alert"},
               {"alerts", "alert"},
               {"akc", "ack"},
               {"servises", "services"},
               {"schedul", "schedules"},
               {"esc", "escalation-policies"},
               {"se", NULL},
               {"escalation-policy", "escalation-policies"},
               {"frobnicate", NULL},
               {"", NULL},
               {"xyz", NULL},
               {"x", NULL}};
  (void)state;
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Spelling spelling = spelling_of(str_from_c(CASES[i].wrong));
    for (size_t k = 0; k < COUNT(WORDS); k++) spelling_try(&spelling, str_from_c(WORDS[k]));
    if (!str_equal_c(spelling.word, CASES[i].meant ? CASES[i].meant : ""))
      fail_msg("\"%s\" became \"%.*s\"", CASES[i].wrong, STR_ARG(spelling.word));
  }
}

static void long_words_are_compared_with_nothing(void **state) {
  char wrong[200];
  (void)state;
  memset(wrong, 'a', sizeof wrong);
  Spelling spelling = spelling_of((Str){wrong, sizeof wrong});
  spelling_try(&spelling, S("alert"));
  spelling_try(&spelling, (Str){wrong, sizeof wrong});
  assert_int_equal(spelling.word.len, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_nearest_word_or_none),
      cmocka_unit_test(long_words_are_compared_with_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

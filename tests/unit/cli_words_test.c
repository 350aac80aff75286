/* Words of the command line: kinds, lengths of time, escapes, and what may reach a terminal. */
#include "cli/kinds.h"
#include "cli/verb.h"
#include "core/resources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_text(Str have, const char *want) {
  if (!str_equal_c(have, want)) fail_msg("\"%.*s\" is not \"%s\"", STR_ARG(have), want);
}

static void a_kind_has_one_or_many_and_either_dash(void **state) {
  static const char *const WORDS[] = {"alert-rule", "alert-rules", "alert_rule", "alert_rules"};
  const Resource *kind = NULL;
  Error err = {0};
  (void)state;
  for (size_t i = 0; i < COUNT(WORDS); i++) {
    assert_true(kind_find(str_from_c(WORDS[i]), &kind, &err));
    assert_ptr_equal(kind, &ALERT_RULE);
  }
}

static void every_resource_is_a_kind_with_columns_that_are_its_fields(void **state) {
  static const char *const OWN[] = {"id", "slug", "number", "created_at", "updated_at"};
  Arena *arena = arena_new();
  (void)state;
  for (size_t i = 0; i < CORE_RESOURCE_COUNT; i++) {
    const Resource *kind = NULL;
    Error err = {0};
    assert_true(kind_find(str_from_c(CORE_RESOURCES[i]->plural), &kind, &err));
    for (const Column *column = kind_columns(arena, kind); column->title; column++) {
      Str path = str_from_c(column->path), name = path, rest;
      bool known = false;
      (void)str_cut(path, '/', &name, &rest);
      for (size_t f = 0; f < kind->field_count; f++) known = known || str_equal_c(name, kind->fields[f].name);
      for (size_t f = 0; f < COUNT(OWN); f++) known = known || str_equal_c(name, OWN[f]);
      if (!known) fail_msg("%s has no field %s", kind->name, column->path);
      if (column->form == COLUMN_REF) assert_non_null(kind_by_name(column->ref));
    }
  }
  arena_free(arena);
}

static void an_unknown_kind_lists_all(void **state) {
  const Resource *kind = NULL;
  Error err = {0};
  (void)state;
  assert_false(kind_find(S("gizmo"), &kind, &err));
  assert_non_null(strstr(err.message, "gizmo"));
  assert_non_null(strstr(err.message, "escalation-policies"));
  assert_non_null(strstr(err.message, "audit"));
}

static void lengths_of_time(void **state) {
  static const struct {
    const char *text;
    i64 seconds; /* 0: refused */
  } CASES[] = {{"90s", 90}, {"5m", 300}, {"2h", 7200}, {"3d", 259200}, {"0h", 0}, {"2", 0},
               {"h", 0},    {"", 0},     {"-2h", 0},   {"2 h", 0},     {"2w", 0}, {"999999999h", 0}};
  (void)state;
  for (size_t i = 0; i < COUNT(CASES); i++) {
    i64 seconds = 0;
    assert_int_equal(verb_seconds(str_from_c(CASES[i].text), &seconds), CASES[i].seconds > 0);
    assert_int_equal(seconds, CASES[i].seconds);
  }
}

static void escapes_leave_nothing_that_ends_a_segment(void **state) {
  static const char *const CASES[][2] = {{"INC-1", "INC-1"},
                                         {"ann@example.org", "ann@example.org"},
                                         {"a/b?c#d", "a%2Fb%3Fc%23d"},
                                         {"a b&c=d%", "a%20b%26c%3Dd%25"},
                                         {"\xc3\xa9", "%C3%A9"}};
  Arena *arena = arena_new();
  (void)state;
  for (size_t i = 0; i < COUNT(CASES); i++) assert_text(client_escape(arena, str_from_c(CASES[i][0])), CASES[i][1]);
  arena_free(arena);
}

static void a_terminal_gets_no_control_characters(void **state) {
  static const char *const CASES[][2] = {{"plain \xc3\xa9", "plain \xc3\xa9"},
                                         {"two\nlines\there", "two lines here"},
                                         {"\033[31mred", "\xc2\xb7[31mred"},
                                         {"c1 \xc2\x9b", "c1 \xc2\xb7"},
                                         {"\xe2\x80\xaeturned", "\xc2\xb7turned"}};
  Arena *arena = arena_new();
  (void)state;
  for (size_t i = 0; i < COUNT(CASES); i++) assert_text(print_clean(arena, str_from_c(CASES[i][0])), CASES[i][1]);
  arena_free(arena);
}

static void assert_options_have_words(const Option *options, size_t count) {
  for (size_t i = 0; i < count; i++) {
    assert_true(options[i].doc && options[i].doc[0]);
    assert_true(options[i].form == OPTION_FLAG || options[i].value);
  }
}

static bool has_option(const VerbSpec *spec, const char *name) {
  for (size_t i = 0; i < spec->option_count; i++)
    if (strcmp(spec->options[i].name, name) == 0) return true;
  return false;
}

/* What a verb's table says about itself is true: its body names options that it has, its usage begins with its words.
 */
static void assert_verb_is_whole(const CliCommand *command, const VerbSpec *spec) {
  assert_true(spec->run || spec->path);
  assert_true(spec->doc && spec->doc[0]);
  assert_true(str_starts_with(str_from_c(spec->usage), str_from_c(command->name)));
  assert_non_null(strstr(spec->usage, spec->name));
  assert_true(spec->words_min <= spec->words_max);
  assert_true(spec->run || spec->done);
  assert_options_have_words(spec->options, spec->option_count);
  if (spec->repeated && !has_option(spec, spec->repeated)) fail_msg("%s: --%s", spec->usage, spec->repeated);
  for (const BodyPart *part = spec->body; part && part->source; part++)
    if (part->source[0] != '@' && !has_option(spec, part->source)) fail_msg("%s: --%s", spec->usage, part->source);
  const Resource *kind = NULL;
  Error err = {0};
  if (spec->kind) assert_true(kind_find(str_from_c(spec->kind), &kind, &err));
}

static void every_command_and_verb_is_whole(void **state) {
  (void)state;
  for (size_t t = 0; CLI_TABLES[t]; t++)
    for (const CliCommand *command = CLI_TABLES[t]; command->name; command++) {
      assert_true(command->doc && command->doc[0]);
      assert_ptr_equal(cli_find(command->name), command); /* no name twice */
      assert_true(command->run || command->verb || command->verbs);
      if (command->run) assert_non_null(command->usage);
      if (command->option_count) assert_options_have_words(command->options, *command->option_count);
      if (command->verb) assert_verb_is_whole(command, command->verb);
      for (const VerbSpec *spec = command->verbs; spec && spec->name; spec++) assert_verb_is_whole(command, spec);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_kind_has_one_or_many_and_either_dash),
      cmocka_unit_test(every_resource_is_a_kind_with_columns_that_are_its_fields),
      cmocka_unit_test(an_unknown_kind_lists_all),
      cmocka_unit_test(lengths_of_time),
      cmocka_unit_test(escapes_leave_nothing_that_ends_a_segment),
      cmocka_unit_test(a_terminal_gets_no_control_characters),
      cmocka_unit_test(every_command_and_verb_is_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

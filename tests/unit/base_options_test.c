/* Options: where values come from, and what a mistake is answered. */
#include "base/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const Option TABLE[] = {
    {"listen", OPTION_TEXT, "ADDRESS", "127.0.0.1:8080", "Where to listen."},
    {"public-url", OPTION_TEXT, "URL", NULL, "How people reach it."},
    {"workers", OPTION_NUMBER, NULL, "4", "Threads."},
    {"demo", OPTION_FLAG, NULL, NULL, "With data to try it."},
};

enum { WORDS_MAX = 6 };

static bool parse(Arena *arena, const char *const words[WORDS_MAX], Options **out, Error *err) {
  int argc = 0;
  char *argv[WORDS_MAX + 1] = {0};
  for (; argc < WORDS_MAX && words[argc]; argc++) argv[argc] = str_to_c(arena, str_from_c(words[argc]));
  return options_parse(arena, TABLE, COUNT(TABLE), argc, argv, 2, out, err);
}

static int forget_environment(void **state) {
  (void)state;
  static const char *const VARIABLES[] = {"TOCSIN_LISTEN", "TOCSIN_PUBLIC_URL", "TOCSIN_WORKERS", "TOCSIN_DEMO"};
  for (size_t i = 0; i < COUNT(VARIABLES); i++) unsetenv(VARIABLES[i]);
  return 0;
}

static void both_spellings_flags_and_positionals_are_read(void **state) {
  (void)state;
  Arena *arena = arena_new();
  Options *options;
  Error err;
  const char *words[WORDS_MAX] = {"first", "--listen=a=b", "--workers", "-5", "--demo", "-"};
  assert_true(parse(arena, words, &options, &err));
  assert_string_equal(options_get(options, "listen"), "a=b");
  assert_int_equal(options_number(options, "workers"), -5);
  assert_true(options_flag(options, "demo"));
  assert_null(options_get(options, "public-url"));
  assert_false(options_given(options, "public-url"));
  assert_int_equal(options_positional_count(options), 2);
  assert_string_equal(options_positional(options, 0), "first");
  assert_string_equal(options_positional(options, 1), "-");
  arena_free(arena);
}

static void defaults_count_as_not_given(void **state) {
  (void)state;
  Arena *arena = arena_new();
  Options *options;
  const char *words[WORDS_MAX] = {"--listen=", "--demo=off", "--", "--demo"};
  assert_true(parse(arena, words, &options, NULL));
  assert_string_equal(options_get(options, "listen"), "");
  assert_true(options_given(options, "listen"));
  assert_int_equal(options_number(options, "workers"), 4);
  assert_false(options_given(options, "workers"));
  assert_false(options_flag(options, "demo"));
  assert_string_equal(options_positional(options, 0), "--demo");
  arena_free(arena);
}

static void command_line_wins_over_environment_over_file(void **state) {
  (void)state;
  Arena *arena = arena_new();
  Options *options;
  Error err;
  setenv("TOCSIN_LISTEN", "from-env", 1);
  setenv("TOCSIN_PUBLIC_URL", "from-env", 1);
  setenv("TOCSIN_WORKERS", "", 1); /* counts as not set */
  const char *words[WORDS_MAX] = {"--listen", "from-line"};
  assert_true(parse(arena, words, &options, &err));
  Map *file = map_new(arena);
  static char text[] = "from-file", nine[] = "9", yes[] = "yes";
  map_set(file, S("listen"), text);
  map_set(file, S("public_url"), text);
  map_set(file, S("workers"), nine);
  map_set(file, S("demo"), yes);
  assert_true(options_add_file(options, file, "tocsin.yaml", &err));
  assert_string_equal(options_get(options, "listen"), "from-line");
  assert_string_equal(options_get(options, "public-url"), "from-env");
  assert_int_equal(options_number(options, "workers"), 9);
  assert_true(options_flag(options, "demo"));
  arena_free(arena);
}

static void mistakes_are_one_clear_sentence(void **state) {
  (void)state;
  static const struct {
    const char *words[WORDS_MAX];
    const char *message;
  } CASES[] = {
      {{"--lisen"}, "unknown option --lisen; did you mean --listen?"},
      {{"--public_url=x"}, "unknown option --public_url; did you mean --public-url?"},
      {{"--frobnicate"}, "unknown option --frobnicate; --help lists the options"},
      {{"--listen"}, "--listen needs a value: --listen=ADDRESS"},
      {{"--listen", "--demo"}, "--listen needs a value: --listen=ADDRESS"},
      {{"--workers=many"}, "--workers takes a whole number, not \"many\""},
      {{"--demo=perhaps"}, "--demo is on or off; write true or false, not \"perhaps\""},
      {{"a", "b", "c"}, "\"c\" is one word too many; --help shows how the command is called"},
  };
  Arena *arena = arena_new();
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Options *options;
    Error err;
    assert_false(parse(arena, CASES[i].words, &options, &err));
    assert_string_equal(err.message, CASES[i].message);
    assert_int_equal(err.code, ERR_INVALID);
  }
  arena_free(arena);
}

static void mistakes_name_the_variable_or_the_file(void **state) {
  (void)state;
  Arena *arena = arena_new();
  Options *options;
  Error err;
  const char *words[WORDS_MAX] = {0};
  setenv("TOCSIN_WORKERS", "x", 1);
  assert_false(parse(arena, words, &options, &err));
  assert_string_equal(err.message, "TOCSIN_WORKERS takes a whole number, not \"x\"");
  unsetenv("TOCSIN_WORKERS");
  assert_true(parse(arena, words, &options, &err));
  static char text[] = "x";
  Map *bad = map_new(arena);
  map_set(bad, S("workers"), text);
  assert_false(options_add_file(options, bad, "t.yaml", &err));
  assert_string_equal(err.message, "t.yaml: workers takes a whole number, not \"x\"");
  Map *unknown = map_new(arena);
  map_set(unknown, S("public_ulr"), text);
  assert_false(options_add_file(options, unknown, "t.yaml", &err));
  assert_string_equal(err.message, "t.yaml: unknown key \"public_ulr\"; did you mean \"public_url\"?");
  arena_free(arena);
}

static void help_lists_every_option(void **state) {
  (void)state;
  Arena *arena = arena_new();
  Buf out = buf_new(arena, KIB(4));
  options_help(TABLE, COUNT(TABLE), &out);
  assert_string_equal(str_to_c(arena, buf_str(&out)),
                      "  --listen ADDRESS            Where to listen. (default: 127.0.0.1:8080)\n"
                      "  --public-url URL            How people reach it.\n"
                      "  --workers NUMBER            Threads. (default: 4)\n"
                      "  --demo                      With data to try it.\n");
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(both_spellings_flags_and_positionals_are_read, forget_environment),
      cmocka_unit_test_setup(defaults_count_as_not_given, forget_environment),
      cmocka_unit_test_setup(command_line_wins_over_environment_over_file, forget_environment),
      cmocka_unit_test_setup(mistakes_are_one_clear_sentence, forget_environment),
      cmocka_unit_test_setup(mistakes_name_the_variable_or_the_file, forget_environment),
      cmocka_unit_test(help_lists_every_option),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

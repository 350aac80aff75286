/* Log lines, read back from a pipe in place of standard error. */
#include "base/arena.h"
#include "base/log.h"

#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Standard error goes into a temporary file between begin and end. */
typedef struct Catch {
  FILE *file;
  int real_stderr;
} Catch;

static Catch catch_begin(void) {
  Catch caught = {.file = tmpfile(), .real_stderr = dup(STDERR_FILENO)};
  assert_non_null(caught.file);
  dup2(fileno(caught.file), STDERR_FILENO);
  return caught;
}

static Str catch_end(Catch caught, Arena *arena) {
  dup2(caught.real_stderr, STDERR_FILENO);
  close(caught.real_stderr);
  size_t bytes = (size_t)lseek(fileno(caught.file), 0, SEEK_END);
  char *text = arena_alloc(arena, bytes + 1);
  assert_int_equal(pread(fileno(caught.file), text, bytes, 0), bytes);
  text[bytes] = '\0';
  fclose(caught.file);
  return (Str){text, bytes};
}

enum { TIME_BYTES = sizeof("2026-11-24T23:27:03.123Z") - 1 };

static void lines_have_time_level_part_and_message(void **state) {
  (void)state;
  Arena *arena = arena_new();
  log_setup(LOG_TEXT, LOG_DEBUG);
  Catch caught = catch_begin();
  log_info("engine", "started %d", 5);
  Str text = catch_end(caught, arena);
  assert_int_equal(text.ptr[10], 'T');
  assert_int_equal(text.ptr[TIME_BYTES - 1], 'Z');
  assert_true(str_equal(str_slice(text, TIME_BYTES, text.len), S(" INFO  engine  started 5\n")));
  arena_free(arena);
}

static void lower_levels_are_left_out(void **state) {
  (void)state;
  Arena *arena = arena_new();
  log_setup(LOG_TEXT, LOG_WARN);
  Catch caught = catch_begin();
  log_debug("x", "a");
  log_info("x", "b");
  Str quiet = catch_end(caught, arena);
  caught = catch_begin();
  log_warn("x", "c");
  log_error("x", "d");
  Str loud = catch_end(caught, arena);
  assert_int_equal(quiet.len, 0);
  assert_true(str_find(loud, S(" WARN  x "), 0) != SIZE_MAX);
  assert_true(str_find(loud, S(" ERROR x "), 0) != SIZE_MAX);
  arena_free(arena);
}

static void input_cannot_forge_lines(void **state) {
  (void)state;
  static const struct {
    const char *message;
    Str text, json;
  } CASES[] = {
      {"a\nb\r\tc", STR("a\\nb\\r\\tc"), STR("a\\nb\\r\\tc")},
      {"\x1b[31m", STR("\\x1b[31m"), STR("\\u001b[31m")},
      {"\x7f\xc2\x9b", STR("\\x7f\\x9b"), STR("\\u007f\\u009b")},
      {"\xe2\x80\xa8", STR("\\u2028"), STR("\\u2028")},
      {"say \"\\\"", STR("say \"\\\""), STR("say \\\"\\\\\\\"")},
      {"\xff\xc3", STR("\xef\xbf\xbd\xef\xbf\xbd"), STR("\xef\xbf\xbd\xef\xbf\xbd")},
      {"\xc3\xa4\xf0\x9f\x94\xa5", STR("\xc3\xa4\xf0\x9f\x94\xa5"), STR("\xc3\xa4\xf0\x9f\x94\xa5")},
  };
  Arena *arena = arena_new();
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Catch caught = catch_begin();
    log_setup(LOG_TEXT, LOG_INFO);
    log_info("p", "%s", CASES[i].message);
    Str text = catch_end(caught, arena);
    assert_true(str_ends_with(text, str_format(arena, " p       %.*s\n", STR_ARG(CASES[i].text))));
    caught = catch_begin();
    log_setup(LOG_JSON, LOG_INFO);
    log_info("p", "%s", CASES[i].message);
    Str json = catch_end(caught, arena);
    Str expected =
        str_format(arena, "\",\"level\":\"info\",\"part\":\"p\",\"message\":\"%.*s\"}\n", STR_ARG(CASES[i].json));
    assert_true(str_starts_with(json, S("{\"time\":\"2")));
    assert_true(str_ends_with(json, expected));
  }
  arena_free(arena);
}

static void long_messages_are_cut_and_stay_whole_lines(void **state) {
  (void)state;
  static char wide[12001];
  Arena *arena = arena_new();
  for (int pad = 0; pad < 4; pad++) {
    for (size_t i = 0; i < 3000; i++) memcpy(wide + 4 * i, "\xf0\x9f\x94\xa5", 4);
    Catch caught = catch_begin();
    log_setup(LOG_JSON, LOG_INFO);
    log_info("p", "%.*s%s", pad, "xxxx", wide);
    Str json = catch_end(caught, arena);
    assert_true(json.len <= PIPE_BUF);
    assert_true(utf8_valid(json) && str_ends_with(json, S("...\"}\n")));
    memset(wide, '\x01', sizeof(wide) - 1);
    caught = catch_begin();
    log_setup(LOG_TEXT, LOG_INFO);
    log_info("p", "%s", wide);
    Str text = catch_end(caught, arena);
    assert_true(text.len <= PIPE_BUF && str_ends_with(text, S("\\x01...\n")));
  }
  arena_free(arena);
}

static void *write_lines(void *unused) {
  (void)unused;
  for (size_t i = 0; i < 200; i++) log_info("p", "%0100d", 7);
  return NULL;
}

static void lines_of_several_threads_stay_whole(void **state) {
  (void)state;
  Arena *arena = arena_new();
  pthread_t threads[4];
  log_setup(LOG_TEXT, LOG_INFO);
  Catch caught = catch_begin();
  for (size_t i = 0; i < COUNT(threads); i++) pthread_create(&threads[i], NULL, write_lines, NULL);
  for (size_t i = 0; i < COUNT(threads); i++) pthread_join(threads[i], NULL);
  Str rest = catch_end(caught, arena), line;
  size_t count = 0;
  for (; str_cut(rest, '\n', &line, &rest); count++) assert_int_equal(line.len, TIME_BYTES + 15 + 100);
  assert_int_equal(count, 800);
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines_have_time_level_part_and_message),
      cmocka_unit_test(lower_levels_are_left_out),
      cmocka_unit_test(input_cannot_forge_lines),
      cmocka_unit_test(long_messages_are_cut_and_stay_whole_lines),
      cmocka_unit_test(lines_of_several_threads_stay_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

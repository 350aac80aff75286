/* The official Mustache tests (tests/data/mustache), with HTML escaping as the specification expects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lang/json.h"
#include "lang/mustache/mustache.h"

#include <cmocka.h> /* after ours: it has a macro named fail */

static Str read_file(Arena *arena, const char *name) {
  char path[128];
  snprintf(path, sizeof path, "tests/data/mustache/%s.json", name);
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  char *text = arena_alloc(arena, MIB(1));
  size_t bytes = fread(text, 1, MIB(1), file);
  fclose(file);
  return (Str){text, bytes};
}

static bool find_partial(void *partials, Str name, Str *out) {
  const Value *source = value_get(partials, name);
  if (!source) return false;
  *out = value_text_or(source, STR_NONE);
  return true;
}

static bool run_case(Arena *arena, const Value *test, Str *out, Error *err) {
  Value partials = value_null();
  if (value_get_c(test, "partials")) partials = *value_get_c(test, "partials");
  MustacheOptions options = {.context = MUSTACHE_HTML, .partial = find_partial, .partial_ctx = &partials};
  const Mustache *template = NULL;
  Buf buf = buf_new(arena, MIB(1));
  Str source = value_text_or(value_get_c(test, "template"), STR_NONE);
  bool ok = mustache_compile(arena, source, &options, &template, err) &&
            mustache_render(template, arena, value_get_c(test, "data"), NULL, &buf, err);
  *out = buf_str(&buf);
  return ok;
}

static size_t run_module(const char *name, size_t *out_count) {
  Arena *arena = arena_new();
  Value root;
  Error err = {0};
  assert_true(json_parse(arena, read_file(arena, name), NULL, &root, &err));
  const Value *tests = value_get_c(&root, "tests");
  size_t passed = 0;
  for (u32 i = 0; i < tests->size; i++) {
    const Value *test = value_at(tests, i);
    Str expected = value_text_or(value_get_c(test, "expected"), STR_NONE), met = STR_NONE;
    error_clear(&err);
    bool ok = run_case(arena, test, &met, &err) && str_equal(expected, met);
    passed += ok;
    if (!ok && name[1] != 'l')
      print_message("%s, %.*s:\n  wanted %.*s\n  met    %.*s %s\n", name,
                    STR_ARG(value_text_or(value_get_c(test, "name"), STR_NONE)), STR_ARG(expected), STR_ARG(met),
                    err.message);
  }
  *out_count = tests->size;
  print_message("mustache %s: %zu of %zu\n", name, passed, (size_t)tests->size);
  arena_free(arena);
  return passed;
}

static void every_core_inheritance_and_dynamic_name_case_passes(void **state) {
  (void)state;
  static const char *const MODULES[] = {"comments", "delimiters",     "interpolation", "inverted",
                                        "partials", "~dynamic-names", "sections",      "~inheritance"};
  size_t passed = 0, count = 0;
  for (size_t i = 0; i < COUNT(MODULES); i++) {
    size_t module_count = 0;
    passed += run_module(MODULES[i], &module_count);
    count += module_count;
  }
  print_message("mustache: %zu of %zu\n", passed, count);
  assert_int_equal(passed, count);
}

/* They need code in the data, which JSON has not: printed only. */
static void lambda_cases_do_not_crash(void **state) {
  (void)state;
  size_t count;
  run_module("~lambdas", &count);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_core_inheritance_and_dynamic_name_case_passes),
      cmocka_unit_test(lambda_cases_do_not_crash),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

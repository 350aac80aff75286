/* CEL's official conformance cases (tests/data/cel), all that do not need protocol buffers. Each runs checked and,
 * where a value is asked for, also unchecked: both must agree. Prints passed of run for every file. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lang/cel/program.h"
#include "lang/json.h"

#include <cmocka.h>

static const char *const FILES[] = {
    "basic",    "bindings_ext", "block_ext",    "comparisons", "conversions",    "encoders_ext",
    "fields",   "fp_math",      "integer_math", "lists",       "logic",          "macros",
    "macros2",  "math_ext",     "namespace",    "network_ext", "optionals",      "parse",
    "plumbing", "string",       "string_ext",   "timestamps",  "type_deduction",
};

typedef struct Case {
  Arena *arena;
  ZoneDb *zones;
  const Value *json;
  CelVar vars[8];
  Value values[8];
  bool bound[8];
  size_t count;
  char why[512];
} Case;

static bool no(Case *c, const char *format, ...) PRINTF_LIKE(2, 3);
static bool no(Case *c, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(c->why, sizeof c->why, format, args);
  va_end(args);
  return false;
}

/* A repeated field: a list, one element, or nothing. */
static size_t repeated_count(const Value *v) {
  return !v ? 0 : v->kind == VALUE_LIST ? v->size : 1;
}
static const Value *repeated(const Value *v, size_t i) {
  return v->kind == VALUE_LIST ? &v->items[i] : v;
}

/* Types of the data as the checker writes them -----------------------------------------------------------------------
 */

static void write_type(const Value *json, Buf *out);

static void write_params(const Value *params, Buf *out) {
  for (size_t i = 0; i < repeated_count(params); i++) {
    buf_puts(out, i ? ", " : "(");
    write_type(repeated(params, i), out);
  }
  if (repeated_count(params)) buf_putc(out, ')');
}

static void write_type(const Value *json, Buf *out) {
  static const char *const PRIMITIVES[][2] = {{"BOOL", "bool"},     {"INT64", "int"},     {"UINT64", "uint"},
                                              {"DOUBLE", "double"}, {"STRING", "string"}, {"BYTES", "bytes"}};
  const Value *list = value_get_c(json, "list_type"), *map = value_get_c(json, "map_type");
  const Value *abstract = value_get_c(json, "abstract_type"), *primitive = value_get_c(json, "primitive");
  const Value *param = value_get_c(json, "type_param");
  if (primitive) {
    for (size_t i = 0; i < COUNT(PRIMITIVES); i++)
      if (str_equal_c(value_text(primitive), PRIMITIVES[i][0])) buf_puts(out, PRIMITIVES[i][1]);
  } else if (list) {
    buf_puts(out, "list(");
    write_type(value_get_c(list, "elem_type"), out);
    buf_putc(out, ')');
  } else if (map) {
    buf_puts(out, "map(");
    write_type(value_get_c(map, "key_type"), out);
    buf_puts(out, ", ");
    write_type(value_get_c(map, "value_type"), out);
    buf_putc(out, ')');
  } else if (abstract) {
    buf_put(out, value_text(value_get_c(abstract, "name")));
    write_params(value_get_c(abstract, "parameter_types"), out);
  } else if (param) {
    buf_put(out, value_text(param));
  } else {
    buf_puts(out, value_get_c(json, "null") ? "null_type" : "dyn");
  }
}

static char *type_of(Case *c, const Value *json) {
  Buf buf = buf_new(c->arena, 1000);
  write_type(json, &buf);
  return str_to_c(c->arena, buf_str(&buf));
}

static void write_overload(const Value *overload, Buf *out) {
  const Value *params = value_get_c(overload, "params");
  buf_putc(out, '(');
  for (size_t i = 0; i < repeated_count(params); i++) {
    if (i) buf_puts(out, ", ");
    write_type(repeated(params, i), out);
  }
  buf_puts(out, ") -> ");
  write_type(value_get_c(overload, "result_type"), out);
}

/* Values of the data -------------------------------------------------------------------------------------------------
 */

static bool read_value(Case *c, const Value *json, Value *out);

static bool read_double(const Value *json, Value *out) {
  Str text = value_text_or(json, STR_NONE);
  if (!text.len)
    *out = value_double(json->kind == VALUE_INT ? (double)json->i : json->d);
  else if (str_starts_with(text, S("-")))
    *out = value_double(-(double)INFINITY);
  else
    *out = value_double(str_equal_nocase(text, S("nan")) ? (double)NAN : (double)INFINITY);
  return true;
}

static bool read_list(Case *c, const Value *json, Value *out) {
  const Value *values = value_get_c(json, "values");
  ValueVec items = {0};
  for (size_t i = 0; i < repeated_count(values); i++)
    if (!read_value(c, repeated(values, i), VEC_PUSH(c->arena, &items))) return false;
  *out = list_done(&items);
  return true;
}

static bool read_map(Case *c, const Value *json, Value *out) {
  const Value *entries = value_get_c(json, "entries");
  MapBuilder map = map_builder(c->arena);
  for (size_t i = 0; i < repeated_count(entries); i++) {
    Value key, value;
    const Value *entry = repeated(entries, i);
    if (!read_value(c, value_get_c(entry, "key"), &key) || !read_value(c, value_get_c(entry, "value"), &value))
      return false;
    map_put_value(&map, key, value);
  }
  *out = map_done(&map);
  return true;
}

static bool read_bytes(Case *c, const Value *json, Value *out) {
  Str bytes = value_text_or(json, STR_NONE);
  const Value *encoded = value_get_c(json, "base64");
  if (encoded && !base64_decode(c->arena, value_text(encoded), &bytes)) return false;
  *out = value_bytes(bytes);
  return true;
}

static bool read_value(Case *c, const Value *json, Value *out) {
  if (!value_is(json, VALUE_MAP) || json->size != 1) return no(c, "value of the case is not understood");
  Str kind = value_text(&json->members[0].key);
  const Value *v = &json->members[0].value;
  *out = *v;
  if (str_equal_c(kind, "int64_value"))
    *out = value_int(value_int_or(v, 0));
  else if (str_equal_c(kind, "uint64_value"))
    *out = value_uint(v->kind == VALUE_UINT ? v->u : (u64)v->i);
  else if (str_equal_c(kind, "double_value"))
    return read_double(v, out);
  else if (str_equal_c(kind, "bytes_value"))
    return read_bytes(c, v, out);
  else if (str_equal_c(kind, "null_value"))
    *out = value_null();
  else if (str_equal_c(kind, "list_value"))
    return read_list(c, v, out);
  else if (str_equal_c(kind, "map_value"))
    return read_map(c, v, out);
  else if (str_equal_c(kind, "type_value"))
    out->kind = VALUE_TYPE;
  else if (!str_equal_c(kind, "string_value") && !str_equal_c(kind, "bool_value"))
    return no(c, "value kind %.*s is not understood", STR_ARG(kind));
  return true;
}

/* Stricter than CEL's equality: kinds and the sign of zero count, NaN is NaN. */
static bool same(const Value *a, const Value *b) {
  if (a->kind != b->kind) return false;
  if (a->kind == VALUE_DOUBLE) return (isnan(a->d) && isnan(b->d)) || (a->d == b->d && signbit(a->d) == signbit(b->d));
  if (a->kind == VALUE_LIST) {
    for (u32 i = 0; i < a->size && a->size == b->size; i++)
      if (!same(&a->items[i], &b->items[i])) return false;
    return a->size == b->size;
  }
  if (a->kind == VALUE_MAP) {
    for (u32 i = 0; i < a->size && a->size == b->size; i++) {
      const Value *other = value_get_key(b, &a->members[i].key);
      if (!other || !same(&a->members[i].value, other)) return false;
    }
    return a->size == b->size;
  }
  return value_equal(a, b);
}

/* Running ------------------------------------------------------------------------------------------------------------
 */

static CelVar *var_named(Case *c, Str name) {
  for (size_t i = 0; i < c->count; i++)
    if (str_equal_c(name, c->vars[i].name)) return &c->vars[i];
  assert_true(c->count < COUNT(c->vars));
  c->vars[c->count] = (CelVar){.name = str_to_c(c->arena, name), .type = "dyn"};
  return &c->vars[c->count++];
}

static CelEnv *make_env(Case *c) {
  const Value *env_json = value_get_c(c->json, "type_env"), *bindings = value_get_c(c->json, "bindings");
  for (size_t i = 0; i < repeated_count(env_json); i++) {
    const Value *entry = repeated(env_json, i), *ident = value_get_c(entry, "ident");
    if (ident) var_named(c, value_text(value_get_c(entry, "name")))->type = type_of(c, value_get_c(ident, "type"));
  }
  for (size_t i = 0; i < repeated_count(bindings); i++) {
    const Value *entry = repeated(bindings, i);
    size_t slot = (size_t)(var_named(c, value_text(value_get_c(entry, "key"))) - c->vars);
    if (!read_value(c, value_get_c(value_get_c(entry, "value"), "value"), &c->values[slot])) return NULL;
    c->bound[slot] = true;
  }
  const Value *container = value_get_c(c->json, "container");
  CelEnvOptions options = {.vars = c->vars,
                           .var_count = c->count,
                           .zones = c->zones,
                           .container = container ? str_to_c(c->arena, value_text(container)) : NULL,
                           .no_macros = value_bool_or(value_get_c(c->json, "disable_macros"), false)};
  CelEnv *env = cel_env_new(c->arena, &options);
  for (size_t i = 0; i < repeated_count(env_json); i++) {
    const Value *entry = repeated(env_json, i), *function = value_get_c(entry, "function");
    if (!function) continue;
    Buf buf = buf_new(c->arena, 1000);
    write_overload(value_get_c(function, "overloads"), &buf);
    cel_env_declare(env, str_to_c(c->arena, value_text(value_get_c(entry, "name"))), str_to_c(c->arena, buf_str(&buf)));
  }
  return env;
}

static bool gives_error(Case *c, const CelProgram *program, Value *result, Error *err) {
  CelRun run = {.vars = c->values, .bound = c->bound};
  if (!cel_eval(program, c->arena, &run, result, err)) return true;
  return no(c, "an error was expected, got %.*s", STR_ARG(json_text(c->arena, result)));
}

static bool gives_value(Case *c, const CelProgram *program, const Value *wanted_json) {
  Value wanted = value_bool(true), result;
  Error err = {0};
  CelRun run = {.vars = c->values, .bound = c->bound};
  if (wanted_json && !read_value(c, wanted_json, &wanted)) return false;
  if (!cel_eval(program, c->arena, &run, &result, &err)) return no(c, "evaluation: %s", err.message);
  if (same(&wanted, &result)) return true;
  return no(c, "expected %.*s, got %s %.*s", STR_ARG(json_text(c->arena, &wanted)), value_kind_name(result.kind),
            STR_ARG(json_text(c->arena, &result)));
}

static bool gives_type(Case *c, const CelProgram *program, const Value *typed) {
  Str type = cel_program_type(program, c->arena);
  const char *wanted = type_of(c, value_get_c(typed, "deduced_type"));
  return str_equal_c(type, wanted) || no(c, "expected type %s, got %.*s", wanted, STR_ARG(type));
}

/* Errors that belong to evaluation may not come from the checker, unless the case says that no overload matches. */
static bool may_fail_in_check(const Value *error) {
  Str message = value_text_or(value_get_c(value_get_c(error, "errors"), "message"), STR_NONE);
  return str_find(message, S("no matching overload"), 0) != SIZE_MAX;
}

static bool run_mode(Case *c, bool no_check) {
  CelEnv *env = make_env(c);
  if (!env) return false;
  const CelProgram *program = NULL;
  CelCompileOptions options = {.no_check = no_check};
  Error err = {0};
  const Value *error = value_get_c(c->json, "eval_error"), *typed = value_get_c(c->json, "typed_result");
  if (!cel_compile(c->arena, env, value_text(value_get_c(c->json, "expr")), &options, &program, &err))
    return (error && may_fail_in_check(error)) || no(c, "compilation: %s\n%s", err.message, err.detail);
  if (typed && !no_check && !gives_type(c, program, typed)) return false;
  if (value_bool_or(value_get_c(c->json, "check_only"), false)) return true;
  Value result;
  if (error) return gives_error(c, program, &result, &err);
  return gives_value(c, program, typed ? value_get_c(typed, "result") : value_get_c(c->json, "value"));
}

static bool run_case(Case *c) {
  bool unchecked_only = value_bool_or(value_get_c(c->json, "disable_check"), false);
  bool check_only = value_bool_or(value_get_c(c->json, "check_only"), false);
  if (!unchecked_only && !run_mode(c, false)) return false;
  if (check_only) return true;
  return run_mode(c, true);
}

static Value load(Arena *arena, const char *name) {
  char path[200];
  snprintf(path, sizeof path, "tests/data/cel/%s.json", name);
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  char *text = arena_alloc(arena, MIB(1));
  size_t size = fread(text, 1, MIB(1), file);
  fclose(file);
  Value out;
  Error err = {0};
  if (!json_parse(arena, (Str){text, size}, NULL, &out, &err)) fail_msg("%s: %s", path, err.message);
  return out;
}

static void run_file(const char *name, ZoneDb *zones, u32 *all_run, u32 *all_passed) {
  Arena *arena = arena_new();
  Value file = load(arena, name);
  u32 run = 0, passed = 0;
  const Value *sections = value_get_c(&file, "sections");
  for (u32 s = 0; s < sections->size; s++) {
    const Value *tests = value_get_c(&sections->items[s], "tests");
    for (u32 t = 0; t < tests->size; t++) {
      if (value_bool_or(value_get_c(&tests->items[t], "needs_protobuf"), false)) continue;
      Case c = {.arena = arena_new(), .json = &tests->items[t], .zones = zones};
      bool ok = run_case(&c);
      run++;
      passed += ok;
      if (!ok) printf("  FAIL %s: %.*s\n       %s\n", name, STR_ARG(value_text(value_get_c(c.json, "expr"))), c.why);
      arena_free(c.arena);
    }
  }
  printf("%-16s %4u of %4u\n", name, passed, run);
  *all_run += run;
  *all_passed += passed;
  arena_free(arena);
}

static void every_case_without_protocol_buffers_passes(void **state) {
  (void)state;
  ZoneDb *zones = zone_db_new(NULL);
  u32 run = 0, passed = 0;
  for (size_t i = 0; i < COUNT(FILES); i++) run_file(FILES[i], zones, &run, &passed);
  printf("%-16s %4u of %4u\n", "all", passed, run);
  zone_db_free(zones);
  assert_int_equal(run, 1737);
  assert_int_equal(passed, run);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_case_without_protocol_buffers_passes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

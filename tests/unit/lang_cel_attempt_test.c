/* Attempts (attempt.c) never decide otherwise than the ordinary instructions: the same chains, once with fields of a
 * variable, which are attempted, once with fields of `dyn(p)`, which are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lang/cel/program.h"
#include "lang/json.h"

#include <cmocka.h>

enum { ROUNDS = 4000, OPERANDS_MAX = 5, WIDE = 40 };

static const CelVar VARS[] = {
    {"p", "dyn", "A payload."}, {"wide", "dyn", "A map with an index."}, {"text", "dyn", ""}, {"none", "dyn", ""}};

/* "@" stands for the variable. Each: true, false, a fault, or no bool at all. */
static const char *const TESTS[] = {
    "@.env == 'live'",
    "@.env != 'live'",
    "@.env == 'test'",
    "@.count > 3",
    "@.count >= 8",
    "@.count < 7",
    "@.count <= 7",
    "@.half > 0",
    "@.big > 0",
    "@.env > 3",
    "@.none == 'x'",
    "@.none > 3",
    "@.missing == 'x'",
    "@.missing > 3",
    "@.missing.startsWith('x')",
    "@.on == true",
    "@.on",
    "@.count == 7",
    "@.count == 7.0",
    "@.half == 1",
    "@.env.startsWith('li')",
    "@.env.endsWith('x')",
    "@.env.contains('')",
    "@.count.contains('7')",
    "@.empty == ''",
    "@.empty.startsWith('')",
    "@.env.matches('^l[a-z]+$')",
    "@.long == 'a text that is longer than sixteen bytes'",
    "@.long == 'a text that is longer than sixteen bytez'",
    "@.a_name_longer_than_sixteen == 1",
    "@.a_name_longer_than_sixteem == 1",
    "@.labels == 'x'",
    "@.labels.env == 'live'",
    "@.env",
    "@[''] == 1",
    "!(@.env == 'live')",
    "(@.count > 3 ? @.env == 'live' : @.missing == 1)",
    "[1, 2].exists(n, @.count > 3)",
    "first(@.missing, @.env) == 'live'",
};

static const char PAYLOAD[] =
    "{\"env\":\"live\",\"count\":7,\"half\":0.5,\"big\":12345678901234567890123,\"none\":null,\"on\":true,\"empty\":"
    "\"\","
    "\"long\":\"a text that is longer than sixteen bytes\",\"a_name_longer_than_sixteen\":1,\"\":1,"
    "\"labels\":{\"env\":\"live\"}%s}";

typedef struct Answer {
  bool ok;
  Value value;
  Error err;
  Str decided;
} Answer;

static Str spelt(Arena *arena, const char *test, const char *variable) {
  Buf out = buf_new(arena, 10000);
  for (; *test; test++) {
    if (*test == '@')
      buf_puts(&out, variable);
    else
      buf_putc(&out, *test);
  }
  return buf_str(&out);
}

static Answer answer(Arena *arena, const CelEnv *env, Str source, const Value *vars, const bool *bound) {
  Answer a = {0};
  const CelProgram *program = NULL;
  CelRun run = {.vars = vars, .bound = bound, .explain = true};
  if (!cel_compile(arena, env, source, NULL, &program, &a.err)) return a;
  a.ok = cel_eval(program, arena, &run, &a.value, &a.err);
  a.decided = str_slice(source, run.decided_from, run.decided_to);
  return a;
}

static void same(Arena *arena, const CelEnv *env, const char *test, const char *variable, const Value *vars,
                 const bool *bound) {
  Str other = str_format(arena, "dyn(%s)", variable);
  Str tried = spelt(arena, test, variable), ordinary = spelt(arena, test, str_to_c(arena, other));
  Answer a = answer(arena, env, tried, vars, bound), b = answer(arena, env, ordinary, vars, bound);
  if (a.ok != b.ok || (a.ok && !value_equal(&a.value, &b.value)) ||
      (!a.ok && (a.err.code != b.err.code || strcmp(a.err.message, b.err.message) != 0)))
    fail_msg("%.*s: attempted: %s, ordinary: %s", STR_ARG(tried), a.ok ? "a value" : a.err.message,
             b.ok ? "another value" : b.err.message);
  Str wanted = a.decided;
  Buf got = buf_new(arena, 10000);
  for (size_t i = 0; i < b.decided.len;) { /* without the dyn() */
    Str rest = str_slice(b.decided, i, b.decided.len);
    bool here = str_starts_with(rest, other);
    buf_puts(&got, here ? variable : (char[]){rest.ptr[0], 0});
    i += here ? other.len : 1;
  }
  if (a.ok && !str_equal(wanted, buf_str(&got)))
    fail_msg("%.*s: attempted: decided by \"%.*s\", ordinary: by \"%.*s\"", STR_ARG(tried), STR_ARG(wanted),
             STR_ARG(buf_str(&got)));
}

static void chains_answer_as_the_ordinary_instructions_do(void **state) {
  (void)state;
  static const char *const NAMES[] = {"p", "wide", "text", "none"};
  Arena *arena = arena_new();
  CelEnv *env = cel_env_new(arena, &(CelEnvOptions){.vars = VARS, .var_count = COUNT(VARS)});
  Value vars[COUNT(VARS)] = {0};
  Buf more = buf_new(arena, 10000);
  for (int i = 0; i < WIDE; i++) buf_format(&more, ",\"more%d\":%d", i, i);
  assert_true(json_parse(arena, str_format(arena, PAYLOAD, ""), NULL, &vars[0], NULL));
  assert_true(json_parse(arena, str_format(arena, PAYLOAD, str_to_c(arena, buf_str(&more))), NULL, &vars[1], NULL));
  assert_true(vars[1].flags & VALUE_INDEXED);
  vars[2] = value_string(S("no map"));
  vars[3] = (Value){.kind = VALUE_MAP};
  u32 dice = 12345;
  ArenaMark mark = arena_mark(arena);
  for (int round = 0; round < ROUNDS; round++) {
    Buf test = buf_new(arena, 10000);
    u32 count = round < (int)COUNT(TESTS) ? 1 : 1 + (dice >> 16) % OPERANDS_MAX;
    for (u32 i = 0; i < count; i++) {
      dice = dice * 1103515245 + 12345;
      if (i) buf_puts(&test, dice >> 28 & 1 ? " && " : " || ");
      buf_puts(&test, TESTS[round < (int)COUNT(TESTS) ? (u32)round : (dice >> 16) % COUNT(TESTS)]);
    }
    const bool *bound = round % 16 == 15 ? (const bool[]){false, true, true, true} : NULL;
    for (size_t v = 0; v < COUNT(NAMES); v++) same(arena, env, str_to_c(arena, buf_str(&test)), NAMES[v], vars, bound);
    arena_rewind(arena, mark);
  }
  arena_free(arena);
}

/* The budget is spent at the same call, whether it is attempted or not. */
static void attempted_calls_are_paid(void **state) {
  (void)state;
  Arena *arena = arena_new();
  CelEnv *env = cel_env_new(arena, &(CelEnvOptions){.vars = VARS, .var_count = COUNT(VARS)});
  char *text = arena_alloc(arena, 16000);
  memset(text, 'x', 16000);
  MapBuilder map = map_builder(arena);
  (void)map_put_value(&map, value_string(S("long")), value_string((Str){text, 16000}));
  Value vars[COUNT(VARS)] = {map_done(&map)};
  const CelProgram *program = NULL;
  assert_true(cel_compile(arena, env, S("p.long.contains('y')"), NULL, &program, NULL));
  Value out;
  Error err = {0};
  CelRun run = {.vars = vars};
  assert_true(cel_eval(program, arena, &run, &out, &err) && !out.b && run.cost >= 1000);
  run.cost_max = 500;
  assert_false(cel_eval(program, arena, &run, &out, &err));
  assert_int_equal(err.code, ERR_COST);
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(chains_answer_as_the_ordinary_instructions_do),
      cmocka_unit_test(attempted_calls_are_paid),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Any text as an expression: compiled checked and unchecked, evaluated over a payload with a small budget. Invariants:
 * no crash, places inside the source, errors with a sentence, memory in proportion to the budget. */
#include <stdint.h>
#include <stdlib.h>

#include "lang/cel/cel.h"
#include "lang/json.h"

enum { COST_MAX = 20000, ARENA_MAX = 64 * 1024 * 1024 };

static const char PAYLOAD[] =
    "{\"title\":\"disk full\",\"count\":7,\"big\":12345678901234567890123,\"ratio\":0.5,\"none\":null,\"on\":true,"
    "\"labels\":{\"env\":\"prod\",\"a.b\":\"c\"},\"tags\":[\"x:y\",\"z\",3,[1,[2]]],\"at\":\"2026-01-05T09:00:00Z\"}";

static void evaluate(const CelProgram *program, const Value *vars) {
  static const bool BOUND[] = {true, true, false};
  Arena *arena = arena_new();
  CelRun run = {.vars = vars, .bound = BOUND, .cost_max = COST_MAX, .now_ms = 1767603600000, .explain = true};
  Value out;
  Error err = {0};
  if (cel_eval(program, arena, &run, &out, &err)) {
    ASSERT(out.kind < VALUE_KIND_COUNT);
    Buf buf = buf_new(arena, 100000);
    json_write(&buf, &out);
  } else {
    ASSERT(err.code == ERR_INVALID || err.code == ERR_MISSING || err.code == ERR_COST);
    ASSERT(err.message[0] && err.line > 0 && err.column > 0);
  }
  ASSERT(run.decided_from <= run.decided_to && run.decided_to <= cel_source(program).len);
  ASSERT(arena_bytes(arena) < ARENA_MAX);
  arena_free(arena);
}

typedef struct World { /* made once: reading the libraries takes longer than most inputs */
  Arena *arena;
  CelEnv *env;
  Value vars[3];
} World;

static void make_world(World *w) {
  static const CelVar VARS[] = {
      {"payload", "dyn", ""}, {"alert.labels", "map(string, string)", ""}, {"later", "int", ""}};
  w->arena = arena_new();
  if (!json_parse(w->arena, S(PAYLOAD), NULL, &w->vars[0], NULL)) abort();
  w->vars[1] = *value_get_c(&w->vars[0], "labels");
  CelEnvOptions options = {.vars = VARS, .var_count = COUNT(VARS)};
  w->env = cel_env_new(w->arena, &options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static World world;
  if (!world.arena) make_world(&world);
  Arena *arena = arena_new();
  for (int no_check = 0; no_check < 2; no_check++) {
    const CelProgram *program = NULL;
    Error err = {0};
    Str source = {(const char *)data, size};
    if (cel_compile(arena, world.env, source, &(CelCompileOptions){no_check}, &program, &err))
      evaluate(program, world.vars);
    else
      ASSERT(err.message[0]);
  }
  arena_free(arena);
  return 0;
}

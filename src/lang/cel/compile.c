/* cel_compile: source, tree, names, types, program. The tree lives in an arena of its own that goes at the end. */
#include <string.h>

#include "lang/cel/program.h"

static bool compile(Compilation *c, CelProgram *program) {
  Node *root = NULL;
  if (!cel_parse(c->scratch, c->source, c->env->options.no_macros, &root, c->err)) return false;
  if (!cel_resolve(c, &root)) return false;
  const Type *type = NULL;
  if (!c->no_check) {
    if (!cel_check(c, root, &type)) return false;
    program->type = type_read(c->arena, str_to_c(c->arena, type_text(c->scratch, type)));
  }
  return cel_generate(c, root, program);
}

bool cel_compile(Arena *arena, const CelEnv *env, Str source, const CelCompileOptions *options, const CelProgram **out,
                 Error *err) {
  Error unused;
  Compilation c = {.arena = arena,
                   .scratch = arena_new(),
                   .env = env,
                   .err = err ? err : &unused,
                   .no_check = options && options->no_check};
  if (source.len <= CEL_SOURCE_MAX) source = str_copy(arena, source);
  c.source = source;
  CelProgram *program = ARENA_NEW(arena, CelProgram);
  program->env = env;
  program->source = source;
  bool ok = compile(&c, program);
  arena_free(c.scratch);
  if (ok) *out = program;
  return ok;
}

Str cel_source(const CelProgram *program) {
  return program->source;
}

Str cel_program_type(const CelProgram *program, Arena *arena) {
  return program->type ? type_text(arena, program->type) : S("dyn");
}

bool cel_is_condition(const CelProgram *program, Arena *arena, Error *err) {
  Str type = cel_program_type(program, arena);
  if (str_equal_c(type, "bool") || str_equal_c(type, "dyn")) return true;
  return fail(err, ERR_INVALID,
              "this gives a value of type %.*s; a condition is true or false: compare it with something",
              STR_ARG(type));
}

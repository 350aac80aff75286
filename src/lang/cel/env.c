/* Environments: variables by name and slot, functions by name. Libraries are read once per environment (their overloads
 * are text), which takes some tens of microseconds. */
#include <string.h>

#include "lang/cel/program.h"

static const CelLibrary *const LIBRARIES[] = {
    &LIB_STANDARD, &LIB_CONVERSIONS, &LIB_STRINGS,  &LIB_FORMAT,      &LIB_MATH,
    &LIB_LISTS,    &LIB_SETS,        &LIB_ENCODERS, &LIB_OPTIONAL,    &LIB_REGEX,
    &LIB_TIME,     &LIB_NETWORK,     &LIB_TOCSIN,   &LIB_TOCSIN_TIME, &LIB_PATHS,
};

static void add_function(CelEnv *env, const char *library, const CelFn *row) {
  CelFn *fn = ARENA_NEW(env->arena, CelFn);
  *fn = *row;
  fn->library = library;
  fn->read = overloads_read(env->arena, row->overloads);
  CelFn *first = map_get(env->functions, str_from_c(row->name));
  if (!first) {
    (void)map_set(env->functions, str_from_c(row->name), fn);
    return;
  }
  while (first->next) first = (CelFn *)first->next;
  first->next = fn;
}

CelEnv *cel_env_new(Arena *arena, const CelEnvOptions *options) {
  CelEnv *env = ARENA_NEW(arena, CelEnv);
  env->arena = arena;
  env->options = *options;
  env->vars = map_new(arena);
  env->fields = map_new(arena);
  env->functions = map_new(arena);
  env->var_types = ARENA_ARRAY(arena, const Type *, options->var_count);
  CelVar *vars = ARENA_ARRAY(arena, CelVar, options->var_count);
  for (size_t i = 0; i < options->var_count; i++) {
    vars[i] = options->vars[i];
    env->var_types[i] = vars[i].type ? type_read(arena, vars[i].type) : &TYPE_OF_DYN;
    if (vars[i].absent) continue;
    (void)map_set(vars[i].field ? env->fields : env->vars, str_from_c(vars[i].name), (void *)(uintptr_t)(i + 1));
  }
  env->options.vars = vars;
  for (size_t i = 0; i < COUNT(LIBRARIES); i++)
    for (size_t k = 0; k < LIBRARIES[i]->count; k++) add_function(env, LIBRARIES[i]->name, &LIBRARIES[i]->rows[k]);
  return env;
}

size_t cel_env_var_count(const CelEnv *env) {
  return env->options.var_count;
}

ZoneDb *cel_env_zones(const CelEnv *env) {
  return env->options.zones;
}

i32 cel_env_slot(const CelEnv *env, Str name) {
  return (i32)(uintptr_t)map_get(env->vars, name) - 1;
}

void cel_env_declare(CelEnv *env, const char *name, const char *overloads) {
  add_function(env, NULL, &(CelFn){.name = name, .overloads = overloads});
}

const CelFn *cel_env_function(const CelEnv *env, Str name) {
  return map_get(env->functions, name);
}

/* Candidates from the innermost container outwards; `part` shrinks, false when there is none left. */
static bool next_candidate(Arena *scratch, Str *part, bool *last, Str name, Str *out) {
  if (*last) return false;
  if (part->len == 0) {
    *last = true;
    *out = name;
    return true;
  }
  *out = str_format(scratch, "%.*s.%.*s", STR_ARG(*part), STR_ARG(name));
  size_t dot = part->len;
  while (dot > 0 && part->ptr[dot - 1] != '.') dot--;
  part->len = dot > 0 ? dot - 1 : 0;
  return true;
}

static void *resolve_name(const CelEnv *env, const Map *map, Arena *scratch, Str name, bool rooted) {
  Str part = rooted ? STR_NONE : str_from_c(env->options.container), candidate;
  bool last = false;
  while (next_candidate(scratch, &part, &last, name, &candidate)) {
    void *found = map_get(map, candidate);
    if (found) return found;
  }
  return NULL;
}

i32 cel_env_resolve_var(const CelEnv *env, Arena *scratch, Str name, bool rooted) {
  return (i32)(uintptr_t)resolve_name(env, env->vars, scratch, name, rooted) - 1;
}

const CelFn *cel_env_resolve_function(const CelEnv *env, Arena *scratch, Str name, bool rooted) {
  return resolve_name(env, env->functions, scratch, name, rooted);
}

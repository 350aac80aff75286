/* One expression over one context. Errors of the expression become part of the answer, with place and caret. */
#include "core/expressions/expressions.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lang/json.h"
#include "lang/json_path.h"

enum { TEMPLATE_OUTPUT_MAX = 1024 * 1024, VARIABLES_MAX = 1000 };

/* Reading --------------------------------------------------------------------------------------------------------- */

static bool wrong_kind(const char *name, const char *wanted, const Value *v, Error *err) {
  char pointer[40];
  (void)snprintf(pointer, sizeof pointer, "/%s", name);
  return fail_at(err, ERR_INVALID, pointer, "%s is %s, not %s", name, wanted, value_kind_name(v->kind));
}

static bool read_text(const Value *body, const char *name, Str *out, Error *err) {
  const Value *v = value_get_c(body, name);
  if (!v || v->kind == VALUE_NULL) return true;
  if (v->kind == VALUE_STRING) return *out = value_text(v), true;
  return wrong_kind(name, "a text", v, err);
}

static bool read_flag(const Value *body, const char *name, bool *out_not, Error *err) {
  const Value *v = value_get_c(body, name);
  if (!v || v->kind == VALUE_NULL) return true;
  if (v->kind == VALUE_BOOL) return *out_not = !v->b, true;
  return wrong_kind(name, "true or false", v, err);
}

static bool is_one_of(Str text, const char *const *names) {
  if (text.len == 0) return true;
  for (; *names; names++)
    if (str_equal_c(text, *names)) return true;
  return false;
}

static bool check_words(const Expression *e, Error *err) {
  static const char *const LANGUAGES[] = {"cel", "mustache", "json_path", "json_pointer", NULL};
  static const char *const ESCAPES[] = {"text", "html", "json", "url", "slack", NULL};
  if (!is_one_of(e->language, LANGUAGES))
    return fail_at(err, ERR_INVALID, "/language",
                   "\"%.*s\" is no language; there are cel, mustache, json_path and json_pointer",
                   STR_ARG(utf8_cut(e->language, 40)));
  if (!is_one_of(e->escape, ESCAPES))
    return fail_at(err, ERR_INVALID, "/escape", "\"%.*s\" is no escape; there are text, html, json, url and slack",
                   STR_ARG(utf8_cut(e->escape, 40)));
  bool path = str_starts_with(e->language, S("json_"));
  if (!path && e->context.kind != VALUE_MAP)
    return fail_at(err, ERR_INVALID, "/context", "context is an object: its members are the variables");
  if (e->context.kind == VALUE_MAP && e->context.size > VARIABLES_MAX && !path)
    return fail_at(err, ERR_INVALID, "/context", "context has %u members; at most %d can be variables", e->context.size,
                   VARIABLES_MAX);
  return true;
}

bool expression_read(Arena *arena, ZoneDb *zones, const Value *body, Expression *out, Error *err) {
  Str place = STR_NONE, zone = STR_NONE, now = value_text_or(value_get_c(body, "now"), STR_NONE);
  const Value *context = value_get_c(body, "context"), *source = value_get_c(body, "source");
  Expression e = {.context = context && context->kind != VALUE_NULL ? *context : (Value){.kind = VALUE_MAP},
                  .now_ms = out->now_ms};
  (void)arena;
  if (!value_is(source, VALUE_STRING))
    return fail_at(err, ERR_INVALID, "/source", "source is missing: the expression or template, as a text");
  if (!read_text(body, "source", &e.source, err) || !read_text(body, "language", &e.language, err) ||
      !read_text(body, "escape", &e.escape, err) || !read_text(body, "container", &e.container, err) ||
      !read_text(body, "place", &place, err) || !read_text(body, "time_zone", &zone, err) ||
      !read_flag(body, "check", &e.no_check, err) || !read_flag(body, "macros", &e.no_macros, err) ||
      !check_words(&e, err) || !expression_place(place, &e.place, err))
    return false;
  const Value *now_value = value_get_c(body, "now");
  if (value_is(now_value, VALUE_INT)) e.now_ms = now_value->i;
  if (now.len && !time_parse_ms(now, &e.now_ms))
    return fail_at(err, ERR_INVALID, "/now", "now is a time such as 2026-01-05T09:00:00Z");
  if (zone.len && !zone_find(zones, zone, &e.zone, err)) return false;
  *out = e;
  return true;
}

/* Showing --------------------------------------------------------------------------------------------------------- */

static Value shown_within(Arena *arena, const Value *v, u32 depth) {
  if (v->kind == VALUE_DOUBLE && !isfinite(v->d))
    return value_c(isnan(v->d) ? "NaN" : v->d > 0 ? "Infinity" : "-Infinity");
  if (v->kind == VALUE_OPTIONAL) return v->size ? shown_within(arena, v->items, depth + 1) : value_null();
  if (depth >= VALUE_DEPTH_MAX) return *v;
  if (v->kind == VALUE_LIST) {
    Value *items = ARENA_ARRAY(arena, Value, v->size + 1);
    for (u32 i = 0; i < v->size; i++) items[i] = shown_within(arena, &v->items[i], depth + 1);
    return (Value){.kind = VALUE_LIST, .size = v->size, .items = items};
  }
  if (v->kind != VALUE_MAP) return *v;
  MapBuilder map = map_builder(arena);
  for (u32 i = 0; i < v->size; i++)
    map_put_value(&map, v->members[i].key, shown_within(arena, &v->members[i].value, depth + 1));
  return map_done(&map);
}

Value expression_shown(Arena *arena, const Value *v) {
  return shown_within(arena, v, 0);
}

static Value error_value(Arena *arena, const Error *err) {
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "code", value_c(error_code_name(err->code)));
  map_put_c(&map, "message", value_string(utf8_clean(arena, str_copy(arena, str_from_c(err->message)))));
  map_put_c(&map, "line", err->line ? value_int(err->line) : value_null());
  map_put_c(&map, "column", err->column ? value_int(err->column) : value_null());
  map_put_c(&map, "caret",
            err->detail[0] ? value_string(utf8_clean(arena, str_copy(arena, str_from_c(err->detail)))) : value_null());
  return map_done(&map);
}

static Value failed(Arena *arena, const Error *err, const u64 *cost) {
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "error", error_value(arena, err));
  if (cost) map_put_c(&map, "cost", value_int((i64)*cost));
  return map_done(&map);
}

static MapBuilder succeeded(Arena *arena, const Value *value, u64 cost) {
  MapBuilder map = map_builder(arena);
  Str type = cel_type_name(value);
  map_put_c(&map, "type", value_string(type));
  map_put_c(&map, "value", expression_shown(arena, value));
  map_put_c(&map, "cost", value_int((i64)cost));
  return map;
}

/* Environments ---------------------------------------------------------------------------------------------------- */

/* Without a place the members of the context are the variables. */
static const CelEnv *env_of(Arena *arena, ZoneDb *zones, const Expression *e) {
  if (e->place) return e->place->env(arena, zones);
  CelVar *vars = ARENA_ARRAY(arena, CelVar, e->context.size + 1);
  size_t count = 0;
  for (u32 i = 0; e->context.kind == VALUE_MAP && i < e->context.size; i++) {
    const Value *key = &e->context.members[i].key;
    if (key->kind != VALUE_STRING || key->size == 0 || memchr(key->text, 0, key->size)) continue;
    vars[count++] = (CelVar){.name = str_to_c(arena, value_text(key)), .type = "dyn"};
  }
  CelEnvOptions options = {.vars = vars,
                           .var_count = count,
                           .zones = zones,
                           .container = e->container.len ? str_to_c(arena, e->container) : NULL,
                           .no_macros = e->no_macros};
  return cel_env_new(arena, &options);
}

/* "a.b" is a variable of that name, or the member b of a. */
static const Value *variable_of(const Value *context, Str name) {
  const Value *whole = value_get(context, name);
  Str head, tail;
  if (whole || !str_cut(name, '.', &head, &tail)) return whole;
  return variable_of(value_get(context, head), tail);
}

static void bind(Arena *arena, const CelEnv *env, const Expression *e, CelRun *run) {
  size_t count = 0, var_count = cel_env_var_count(env);
  Value *values = ARENA_ARRAY(arena, Value, var_count + 1);
  bool *bound = ARENA_ARRAY(arena, bool, var_count + 1);
  const CelWord *words = cel_env_words(env, arena, &count);
  for (size_t i = 0; i < count; i++) {
    if (words[i].kind != CEL_WORD_VARIABLE) continue;
    Str name = str_from_c(words[i].name);
    i32 slot = cel_env_slot(env, name);
    const Value *v = variable_of(&e->context, name);
    if (slot < 0 || !v) continue;
    values[slot] = *v;
    bound[slot] = true;
  }
  run->vars = values;
  run->bound = bound;
}

/* Running --------------------------------------------------------------------------------------------------------- */

static Value evaluate_cel(Arena *arena, ZoneDb *zones, const Expression *e) {
  const CelEnv *env = env_of(arena, zones, e);
  const CelProgram *program = NULL;
  Error err = {0};
  if (!cel_compile(arena, env, e->source, &(CelCompileOptions){e->no_check}, &program, &err))
    return failed(arena, &err, NULL);
  CelRun run = {.cost_max = e->cost_max, .now_ms = e->now_ms, .zone = e->zone, .explain = true};
  Value value = value_null();
  bind(arena, env, e, &run);
  if (!cel_eval(program, arena, &run, &value, &err)) return failed(arena, &err, &run.cost);
  MapBuilder map = succeeded(arena, &value, run.cost);
  if (!e->no_check) map_put_c(&map, "checked_type", value_string(cel_program_type(program, arena)));
  if (value.kind == VALUE_BOOL && run.decided_to > run.decided_from)
    map_put_c(&map, "decided", value_string(str_slice(e->source, run.decided_from, run.decided_to)));
  return map_done(&map);
}

static MustacheContext escape_of(Str name) {
  static const char *const NAMES[MUSTACHE_CONTEXT_COUNT] = {[MUSTACHE_TEXT] = "text",
                                                            [MUSTACHE_HTML] = "html",
                                                            [MUSTACHE_JSON] = "json",
                                                            [MUSTACHE_URL] = "url",
                                                            [MUSTACHE_SLACK] = "slack"};
  for (int i = 0; i < MUSTACHE_CONTEXT_COUNT; i++)
    if (str_equal_c(name, NAMES[i])) return (MustacheContext)i;
  return MUSTACHE_TEXT;
}

/* Partials of the caller: the text members of context.partials. */
static bool find_partial(void *ctx, Str name, Str *out_source) {
  const Value *partials = ctx, *found = value_get(partials, name);
  if (!value_is(found, VALUE_STRING)) return false;
  *out_source = value_text(found);
  return true;
}

static Value evaluate_mustache(Arena *arena, ZoneDb *zones, const Expression *e) {
  const Value *partials = value_get_c(&e->context, "partials");
  MustacheOptions options = {.context = escape_of(e->escape), .cel_env = env_of(arena, zones, e)};
  if (value_is(partials, VALUE_MAP)) {
    options.partial = find_partial;
    options.partial_ctx = (void *)(uintptr_t)partials;
  }
  const Mustache *template = NULL;
  CelRun run = {.cost_max = e->cost_max, .now_ms = e->now_ms, .zone = e->zone};
  Buf out = buf_new(arena, TEMPLATE_OUTPUT_MAX);
  Error err = {0};
  if (!mustache_compile(arena, e->source, &options, &template, &err)) return failed(arena, &err, NULL);
  if (!mustache_render(template, arena, &e->context, &run, &out, &err)) return failed(arena, &err, &run.cost);
  Value text = value_string(out.len ? buf_str(&out) : S(""));
  MapBuilder map = succeeded(arena, &text, run.cost);
  return map_done(&map);
}

static Value evaluate_path(Arena *arena, const Expression *e) {
  const JsonPath *path = NULL;
  i64 budget = e->cost_max ? (i64)e->cost_max : CEL_COST_DEFAULT, left = budget;
  Value value = value_null();
  Error err = {0};
  if (!json_path_compile(arena, e->source, &path, &err)) return failed(arena, &err, NULL);
  bool found = json_path_find(path, arena, &e->context, &left, &value, &err);
  u64 cost = (u64)(budget - MAX(left, 0));
  if (!found) return failed(arena, &err, &cost);
  MapBuilder map = succeeded(arena, &value, cost);
  return map_done(&map);
}

static Value evaluate_pointer(Arena *arena, const Expression *e) {
  Error err = {0};
  bool formed = e->source.len == 0 || e->source.ptr[0] == '/';
  const Value *found = formed ? value_pointer(&e->context, e->source) : NULL;
  if (!formed)
    (void)fail(&err, ERR_INVALID, "a pointer is empty or begins with '/', as in \"/alerts/0/labels\"");
  else if (!found)
    (void)fail(&err, ERR_MISSING, "there is nothing at \"%.*s\"", STR_ARG(utf8_cut(e->source, 200)));
  if (!found) return failed(arena, &err, NULL);
  MapBuilder map = succeeded(arena, found, 1);
  return map_done(&map);
}

Value expression_evaluate(Arena *arena, ZoneDb *zones, const Expression *e) {
  if (str_equal_c(e->language, "mustache")) return evaluate_mustache(arena, zones, e);
  if (str_equal_c(e->language, "json_path")) return evaluate_path(arena, e);
  if (str_equal_c(e->language, "json_pointer")) return evaluate_pointer(arena, e);
  return evaluate_cel(arena, zones, e);
}

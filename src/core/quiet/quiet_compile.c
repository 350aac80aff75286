/* From the API's form of matchers and expressions to what can be asked. */
#include "core/quiet/quiet.h"

#include "core/quiet/internal.h"

bool quiet_matchers_read(Arena *arena, const Value *list, Matcher **out, size_t *out_count, Error *err) {
  size_t count = value_is(list, VALUE_LIST) ? list->size : 0;
  Matcher *items = ARENA_ARRAY(arena, Matcher, count + 1);
  for (size_t i = 0; i < count; i++) {
    const Value *item = value_at(list, i);
    Str op = value_text_or(value_get_c(item, "op"), S("="));
    items[i].name = str_copy(arena, value_text_or(value_get_c(item, "name"), STR_NONE));
    items[i].value = str_copy(arena, value_text_or(value_get_c(item, "value"), S("")));
    if (!matcher_op_parse(op, &items[i].op))
      return fail(err, ERR_INVALID, "\"%.*s\" is not one of = != =~ !~", STR_ARG(op));
    if (matcher_compile(arena, &items[i], err)) continue;
    Str pointer = str_format(arena, "/matchers/%zu/value", i);
    for (size_t k = 0; k < pointer.len && k + 1 < sizeof err->pointer; k++)
      err->pointer[k] = pointer.ptr[k], err->pointer[k + 1] = '\0';
    return error_prefix(err, "\"%.*s\" is not RE2: ", STR_ARG(utf8_cut(items[i].value, 100)));
  }
  *out = items;
  *out_count = count;
  return true;
}

Value quiet_matchers_value(Arena *arena, const Matcher *items, size_t count) {
  ValueVec list = {0};
  for (size_t i = 0; i < count; i++) {
    MapBuilder map = map_builder(arena);
    map_put_c(&map, "name", value_string(items[i].name));
    map_put_c(&map, "op", value_c(matcher_op_text(items[i].op)));
    map_put_c(&map, "value", value_string(items[i].value));
    *VEC_PUSH(arena, &list) = map_done(&map);
  }
  return list_done(&list);
}

/* True although nothing is known of the alert: "true", 1 == 1. */
static bool holds_for_nothing(const CelProgram *when) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Value vars[64] = {value_null()}, result = value_null();
  CelRun run = {.vars = vars};
  Error ignored = {0};
  return cel_eval(when, arena, &run, &result, &ignored) && value_bool_or(&result, false);
}

bool quiet_matches_everything(const QuietMatch *match) {
  if (match->when) return holds_for_nothing(match->when);
  for (size_t i = 0; i < match->matcher_count; i++)
    if (!matcher_holds_for_missing(&match->matchers[i])) return false;
  return true;
}

bool quiet_compile(const App *app, Arena *arena, const Value *matchers, Str when, QuietMatch *out, Error *err) {
  Matcher *items = NULL;
  *out = (QuietMatch){0};
  if (!quiet_matchers_read(arena, matchers, &items, &out->matcher_count, err)) return false;
  out->matchers = items;
  return when.len == 0 || cel_compile(arena, app->rule_env, when, NULL, &out->when, err);
}

/* What may be written where. */
#include "catalog/channel.h"
#include "core/alerts/rule.h"
#include "core/expressions/expressions.h"

static const CelEnv *rule_env(Arena *arena, ZoneDb *zones) {
  return rule_env_new(arena, zones);
}

const ExpressionPlace EXPRESSION_PLACES[] = {
    {"rule", "Conditions, groups and texts of alert rules.", rule_env},
    {"mapping", "Mappings of integrations, their overrides and filters.", spec_env_new},
    {"message", "Templates of messages to people.", channel_env_new},
    {NULL, NULL, NULL},
};

bool expression_place(Str name, const ExpressionPlace **out, Error *err) {
  *out = NULL;
  if (name.len == 0) return true;
  for (const ExpressionPlace *place = EXPRESSION_PLACES; place->name; place++)
    if (str_equal_c(name, place->name)) return *out = place, true;
  return fail_at(err, ERR_INVALID, "/place", "\"%.*s\" is no place of expressions; there are rule, mapping and message",
                 STR_ARG(utf8_cut(name, 40)));
}

static Value text_or_null(const char *text) {
  return text && text[0] ? value_c(text) : value_null();
}

static Value variable_value(Arena *arena, const CelWord *word) {
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "name", value_c(word->name));
  map_put_c(&map, "type", value_c(word->type));
  map_put_c(&map, "doc", text_or_null(word->doc));
  return map_done(&map);
}

static Value function_value(Arena *arena, const CelWord *word) {
  MapBuilder map = map_builder(arena);
  ValueVec signatures = {0};
  for (size_t i = 0; i < word->signature_count; i++) *VEC_PUSH(arena, &signatures) = value_string(word->signatures[i]);
  map_put_c(&map, "name", value_c(word->name));
  map_put_c(&map, "kind", value_c(cel_word_kind_name(word->kind)));
  map_put_c(&map, "library", text_or_null(word->library));
  map_put_c(&map, "signatures", list_done(&signatures));
  map_put_c(&map, "doc", text_or_null(word->doc));
  return map_done(&map);
}

static Value words_value(Arena *arena, const CelEnv *env, bool variables) {
  size_t count = 0;
  const CelWord *words = cel_env_words(env, arena, &count);
  ValueVec items = {0};
  for (size_t i = 0; i < count; i++) {
    if ((words[i].kind == CEL_WORD_VARIABLE) != variables) continue;
    *VEC_PUSH(arena, &items) = variables ? variable_value(arena, &words[i]) : function_value(arena, &words[i]);
  }
  return list_done(&items);
}

Value expression_vocabulary(Arena *arena, ZoneDb *zones, const ExpressionPlace *place) {
  ValueVec places = {0};
  const CelEnv *env = NULL;
  for (const ExpressionPlace *p = EXPRESSION_PLACES; p->name; p++) {
    if (place && place != p) continue;
    env = p->env(arena, zones);
    MapBuilder map = map_builder(arena);
    map_put_c(&map, "name", value_c(p->name));
    map_put_c(&map, "doc", value_c(p->doc));
    map_put_c(&map, "variables", words_value(arena, env, true));
    *VEC_PUSH(arena, &places) = map_done(&map);
  }
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "places", list_done(&places));
  map_put_c(&map, "functions", words_value(arena, env, false));
  return map_done(&map);
}

/* inhibition import: inhibit_rules of an Alertmanager's configuration become inhibition rules that mean the same:
 * labels that both sides lack are equal, and a rule without `equal` holds everywhere. */
#include "cli/verbs.h"
#include "core/quiet/quiet.h"
#include "lang/json.h"

typedef VEC(Matcher) MatcherVec;

/* source_match and source_match_re: maps of before 0.22. */
static void take_map(const Verb *verb, const Value *map, MatcherOp op, MatcherVec *out) {
  for (size_t i = 0; value_is(map, VALUE_MAP) && i < map->size; i++)
    *VEC_PUSH(verb->arena, out) = (Matcher){.name = value_text(&map->members[i].key),
                                            .value = value_display(verb->arena, &map->members[i].value),
                                            .op = op};
}

static bool take_side(const Verb *verb, const Value *rule, const char *side, Value *out, Error *err) {
  MatcherVec all = {0};
  const Value *list = value_get(rule, str_format(verb->arena, "%s_matchers", side));
  take_map(verb, value_get(rule, str_format(verb->arena, "%s_match", side)), MATCHER_EQUAL, &all);
  take_map(verb, value_get(rule, str_format(verb->arena, "%s_match_re", side)), MATCHER_REGEX, &all);
  for (size_t i = 0; value_is(list, VALUE_LIST) && i < list->size; i++) {
    Str text = value_text_or(value_at(list, i), STR_NONE);
    Matchers read = {0};
    if (!matchers_parse(verb->arena, text, MATCHER_EITHER, &read, err))
      return error_prefix(err, "%s_matchers: %.*s: ", side, STR_ARG(text));
    if (read.warning) fprintf(stderr, "tocsin: warning: %.*s: %s\n", STR_ARG(text), read.warning);
    for (size_t k = 0; k < read.count; k++) *VEC_PUSH(verb->arena, &all) = read.items[k];
  }
  if (all.count == 0) return fail(err, ERR_INVALID, "it has no %s_matchers", side);
  *out = quiet_matchers_value(verb->arena, all.items, all.count);
  return true;
}

static bool rule_body(const Verb *verb, const Value *rule, size_t number, Value *out, Error *err) {
  const Value *equal = value_get_c(rule, "equal");
  bool any = value_is(equal, VALUE_LIST) && equal->size > 0;
  Value source = value_null(), target = value_null();
  if (!take_side(verb, rule, "source", &source, err) || !take_side(verb, rule, "target", &target, err)) return false;
  MapBuilder body = map_builder(verb->arena);
  map_put_c(&body, "name", value_string(str_format(verb->arena, "Alertmanager %zu", number)));
  map_put_c(&body, "source", source);
  map_put_c(&body, "target", target);
  map_put_c(&body, "missing_equal", value_bool(true));
  if (any) map_put_c(&body, "equal", *equal);
  if (!any) map_put_c(&body, "scope", value_c("all"));
  return *out = map_done(&body), true;
}

static int run_import(Verb *verb) {
  Value config = value_null();
  Error err = {0};
  int code = EXIT_DONE;
  const char *file = verb_word(verb, 0);
  if (!verb_read_value(verb->arena, file, &config, &err)) return verb_usage("%s", err.message);
  const Value *rules = value_get_c(&config, "inhibit_rules");
  if (!value_is(rules, VALUE_LIST)) return verb_usage("%s has no inhibit_rules", file);
  for (size_t i = 0; i < rules->size; i++) {
    Value body = value_null(), row = value_null();
    if (!rule_body(verb, value_at(rules, i), i + 1, &body, &err))
      return verb_usage("%s: rule %zu: %s", file, i + 1, err.message);
    int one = client_call(verb->client, "POST", S("/api/v1/inhibition-rules"), &body, &row);
    if (one != EXIT_DONE) code = one;
    if (one == EXIT_DONE && !verb_printed(verb, &row))
      verb_say(verb, "%.*s made of rule %zu", STR_ARG(verb_text_of(&row, "slug")), i + 1);
  }
  return code;
}

const VerbSpec INHIBITION_VERBS[] = {{.name = "import",
                                      .usage = "inhibition import alertmanager.yml",
                                      .doc = "Makes inhibition rules of an Alertmanager's inhibit_rules.",
                                      .run = run_import,
                                      .words_min = 1,
                                      .words_max = 1},
                                     {.name = NULL}};

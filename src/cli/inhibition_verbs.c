/* inhibition import: inhibit_rules of an Alertmanager's configuration become inhibition rules that mean the same:
 * labels that both sides lack are equal, and a rule without `equal` holds everywhere. */
#include <stdlib.h>

#include "cli/list.h"
#include "cli/verbs.h"
#include "core/quiet/quiet.h"
#include "core/resources.h"
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

static int by_text(const void *a, const void *b) {
  return str_compare(value_text(a), value_text(b));
}

/* What it means: a matcher without an operator is "=", and matchers and labels hold in any order. */
static Str meaning_of_list(Arena *arena, const Value *list, bool matchers) {
  ValueVec texts = {0};
  for (size_t i = 0; value_is(list, VALUE_LIST) && i < list->size; i++) {
    const Value *item = value_at(list, i);
    Str text = value_text_or(item, STR_NONE);
    if (matchers)
      text = str_format(arena, "%.*s\n%.*s\n%.*s", STR_ARG(value_text_or(value_get_c(item, "name"), STR_NONE)),
                        STR_ARG(value_text_or(value_get_c(item, "op"), S("="))),
                        STR_ARG(value_text_or(value_get_c(item, "value"), S(""))));
    *VEC_PUSH(arena, &texts) = value_string(text);
  }
  if (texts.count) qsort(texts.items, texts.count, sizeof(Value), by_text);
  Value sorted = list_done(&texts);
  return json_text(arena, &sorted);
}

static Str meaning_of(Arena *arena, const Value *rule) {
  Str scope = value_text_or(value_get_c(rule, "scope"), S("equal"));
  return str_format(arena, "%.*s %.*s %.*s %.*s %d", STR_ARG(meaning_of_list(arena, value_get_c(rule, "source"), true)),
                    STR_ARG(meaning_of_list(arena, value_get_c(rule, "target"), true)),
                    STR_ARG(meaning_of_list(arena, value_get_c(rule, "equal"), false)), STR_ARG(scope),
                    value_bool_or(value_get_c(rule, "missing_equal"), false));
}

/* The rules that are there, by what they mean. */
static int load_meanings(Verb *verb, Map *out) {
  Value rows = value_null();
  int code = list_all(verb->client, &INHIBITION_RULE, "", &rows);
  for (size_t i = 0; code == EXIT_DONE && value_is(&rows, VALUE_LIST) && i < rows.size; i++) {
    const Value *row = value_at(&rows, i);
    Str *slug = ARENA_NEW(verb->arena, Str);
    *slug = verb_text_of(row, "slug");
    map_set(out, meaning_of(verb->arena, row), slug);
  }
  return code;
}

/* Of one rule; a second import of the same file makes nothing. */
static int import_one(Verb *verb, Map *known, const Value *body, size_t number) {
  Str meaning = meaning_of(verb->arena, body);
  const Str *there = map_get(known, meaning);
  Value row = value_null();
  if (there) {
    if (verb->output == OUTPUT_TABLE || verb->output == OUTPUT_WIDE)
      verb_say(verb, "rule %zu is there already: %.*s", number, STR_ARG(*there));
    return EXIT_DONE;
  }
  int code = client_call(verb->client, "POST", S("/api/v1/inhibition-rules"), body, &row);
  if (code != EXIT_DONE) return code;
  Str *slug = ARENA_NEW(verb->arena, Str);
  *slug = verb_text_of(&row, "slug");
  map_set(known, meaning, slug);
  if (!verb_printed(verb, &row)) verb_say(verb, "%.*s made of rule %zu", STR_ARG(*slug), number);
  return EXIT_DONE;
}

static int run_import(Verb *verb) {
  Value config = value_null();
  Map *known = map_new(verb->arena);
  Error err = {0};
  int code = EXIT_DONE, failed = EXIT_DONE;
  const char *file = verb_word(verb, 0);
  if (!verb_read_value(verb->arena, file, &config, &err)) return verb_usage("%s", err.message);
  const Value *rules = value_get_c(&config, "inhibit_rules");
  if (!value_is(rules, VALUE_LIST)) return verb_usage("%s has no inhibit_rules", file);
  code = load_meanings(verb, known);
  for (size_t i = 0; code == EXIT_DONE && i < rules->size; i++) {
    Value body = value_null();
    if (!rule_body(verb, value_at(rules, i), i + 1, &body, &err))
      return verb_usage("%s: rule %zu: %s", file, i + 1, err.message);
    int one = import_one(verb, known, &body, i + 1);
    if (one != EXIT_DONE) failed = one;
  }
  return code != EXIT_DONE ? code : failed;
}

const VerbSpec INHIBITION_VERBS[] = {
    {.name = "import",
     .usage = "inhibition import alertmanager.yml",
     .doc = "Makes inhibition rules of an Alertmanager's inhibit_rules; what is there already stays as it is.",
     .run = run_import,
     .words_min = 1,
     .words_max = 1},
    {.name = NULL}};

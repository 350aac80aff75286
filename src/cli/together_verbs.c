/* together: which alerts seem to belong together, what you say of it, and a rule of it. */
#include "cli/verbs.h"

static const Column PAIR_COLUMNS[] = {{"ALERT", "alert_number"},
                                      {"TITLE", "alert_title"},
                                      {"WITH", "other_number"},
                                      {"TITLE", "other_title"},
                                      {"SCORE", "score"},
                                      {"BECAUSE", "because"},
                                      {NULL}};

static Str path_of(const Verb *verb, const char *end) {
  return str_format(verb->arena, "/api/v1/alerts/%.*s/%s",
                    STR_ARG(client_escape(verb->arena, str_from_c(verb_word(verb, 0)))), end);
}

static void say_pairs(const Verb *verb, const Value *answer, const char *none) {
  const Value *items = value_get_c(answer, "items");
  if (value_is(items, VALUE_LIST) && items->size)
    print_table(verb->client, &verb->screen, PAIR_COLUMNS, items, verb->output == OUTPUT_WIDE);
  else
    verb_say(verb, "%s", none);
}

static int run_together(Verb *verb) {
  Value answer = value_null();
  bool one = verb_word_count(verb) > 0;
  int code =
      client_call(verb->client, "GET", one ? path_of(verb, "suggestions") : S("/api/v1/suggestions"), NULL, &answer);
  if (code != EXIT_DONE || verb_printed(verb, &answer)) return code;
  say_pairs(verb, &answer,
            one ? "nothing open seems to belong together with it" : "no two open alerts seem to belong together");
  const Value *with = value_get_c(&answer, "correlated"), *rate = value_get_c(&answer, "last_90_days");
  for (size_t i = 0; value_is(with, VALUE_LIST) && i < with->size; i++)
    verb_say(verb, "together with %.*s: %.*s", STR_ARG(verb_text_of(value_at(with, i), "number")),
             STR_ARG(verb_text_of(value_at(with, i), "title")));
  i64 yes = value_int_or(value_get_c(rate, "accepted"), 0), no = value_int_or(value_get_c(rate, "rejected"), 0);
  if (yes + no)
    verb_say(verb, "of %lld that people answered in 90 days they took %lld", (long long)(yes + no), (long long)yes);
  return code;
}

static int run_rule(Verb *verb) {
  Value draft = value_null(), made = value_null(), other = value_c(verb_word(verb, 1));
  MapBuilder body = map_builder(verb->arena);
  map_put_c(&body, "other_id", other);
  Value whole = map_done(&body);
  int code = client_call(verb->client, "POST", path_of(verb, "suggest-rule"), &whole, &draft);
  if (code != EXIT_DONE) return code;
  if (!options_flag(verb->options, "create")) {
    print_value(verb->arena, &draft, verb->output == OUTPUT_JSON ? OUTPUT_JSON : OUTPUT_YAML);
    return code;
  }
  code = client_call(verb->client, "POST", S("/api/v1/alert-rules"), &draft, &made);
  if (code != EXIT_DONE || verb_printed(verb, &made)) return code;
  verb_say(verb, "%.*s made: %.*s", STR_ARG(verb_text_of(&made, "slug")), STR_ARG(verb_text_of(&made, "when")));
  return code;
}

static const BodyPart OTHER[] = {{"@1", "other_id", PART_TEXT, true}, {NULL}};
static const Option RULE_OPTIONS[] = {{"create", OPTION_FLAG, NULL, NULL, "makes the rule; else it is only shown"}};

static int run_answer(Verb *verb) {
  Value body = value_null(), row = value_null();
  Error err = {0};
  bool yes = str_equal_c(str_from_c(verb->spec->name), "accept");
  if (!verb_body(verb, &body, &err)) return verb_usage("%s", err.message);
  int code = client_call(verb->client, "POST", path_of(verb, yes ? "correlate" : "uncorrelate"), &body, &row);
  if (code == EXIT_DONE) verb_say_done(verb, &row);
  return code;
}

const VerbSpec TOGETHER = {.name = "together",
                           .usage = "together [ALERT]",
                           .doc = "Open alerts that seem to belong together, and why. Nothing acts on it by itself.",
                           .run = run_together,
                           .kind = "alerts",
                           .words_max = 1};
const VerbSpec TOGETHER_VERBS[] = {{.name = "accept",
                                    .usage = "together accept ALERT OTHER",
                                    .doc = "They belong together.",
                                    .run = run_answer,
                                    .words_min = 2,
                                    .words_max = 2,
                                    .kind = "alerts",
                                    .body = OTHER,
                                    .done = "put together"},
                                   {.name = "reject",
                                    .usage = "together reject ALERT OTHER",
                                    .doc = "They do not; it is not suggested again.",
                                    .run = run_answer,
                                    .words_min = 2,
                                    .words_max = 2,
                                    .kind = "alerts",
                                    .body = OTHER,
                                    .done = "kept apart"},
                                   {.name = "rule",
                                    .usage = "together rule ALERT OTHER [--create]",
                                    .doc = "The rule that would make one incident of such two.",
                                    .run = run_rule,
                                    .words_min = 2,
                                    .words_max = 2,
                                    .kind = "alerts",
                                    .options = RULE_OPTIONS,
                                    .option_count = COUNT(RULE_OPTIONS)},
                                   {.name = NULL}};

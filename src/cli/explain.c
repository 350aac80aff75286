/* Explain: rules first, in the order in which they were asked, then pages, holds and what came of it. */
#include "cli/explain.h"

static Str text_of(const Value *row, const char *name) {
  return value_text_or(value_get_c(row, name), STR_NONE);
}

/* What was done is written as a list that ends in "; ". */
static Str sentence(Str text) {
  text = str_trim(text);
  if (str_ends_with(text, S(";"))) text.len--;
  return text;
}

static const char *result_words(Str result) {
  static const char *const WORDS[][2] = {
      {"matched", "matches"}, {"not_matched", "does not match"}, {"error", "cannot say"}, {"skipped", "is not asked"}};
  for (size_t i = 0; i < COUNT(WORDS); i++)
    if (str_equal_c(result, WORDS[i][0])) return WORDS[i][1];
  return "?";
}

static void say_rules(const Verb *verb, const Value *rules) {
  static const char *const REASONS[] = {"done", "error", "reason", "decided_by"};
  for (size_t i = 0; value_is(rules, VALUE_LIST) && i < rules->size; i++) {
    const Value *rule = value_at(rules, i);
    Str reason = STR_NONE;
    for (size_t r = 0; reason.len == 0 && r < COUNT(REASONS); r++) reason = text_of(rule, REASONS[r]);
    reason = sentence(reason);
    verb_say(verb, "  rule \"%.*s\" %s%s%.*s", STR_ARG(text_of(rule, "name")), result_words(text_of(rule, "result")),
             reason.len ? ": " : "", STR_ARG(reason));
  }
}

static void say_pages(const Verb *verb, const Value *pages) {
  for (size_t i = 0; value_is(pages, VALUE_LIST) && i < pages->size; i++) {
    const Value *page = value_at(pages, i);
    Str policy = text_of(page, "policy");
    verb_say(verb, "  page by %.*s: %.*s", STR_ARG(policy.len ? policy : text_of(page, "policy_id")),
             STR_ARG(text_of(page, "why")));
  }
}

static void say_holds(const Verb *verb, const Value *holds) {
  for (size_t i = 0; value_is(holds, VALUE_LIST) && i < holds->size; i++) {
    const Value *hold = value_at(holds, i);
    Str until = text_of(hold, "until");
    verb_say(verb, "  held: %.*s%s%.*s", STR_ARG(text_of(hold, "reason")), until.len ? " until " : "", STR_ARG(until));
  }
}

void say_explanation(const Verb *verb, const Value *why) {
  say_rules(verb, value_get_c(why, "rules"));
  say_pages(verb, value_get_c(why, "pages"));
  say_holds(verb, value_get_c(why, "holds"));
  verb_say(verb, "  so: %.*s", STR_ARG(sentence(text_of(why, "outcome"))));
}

/* quiet: what makes no noise now, what that has cost, and who mutes whom. */
#include <string.h>

#include "cli/verbs.h"

static const Column HELD_COLUMNS[] = {{"ALERT", "number"},
                                      {"PRIORITY", "priority", COLUMN_PRIORITY},
                                      {"STATUS", "status", COLUMN_STATUS},
                                      {"HELD", "since", COLUMN_AGE},
                                      {"TITLE", "title"},
                                      {"BECAUSE", "quiet_because"},
                                      {NULL}};

static Str path_with(const Verb *verb, const char *path, const char *option, const char *name) {
  const char *given = options_get(verb->options, option);
  Str value = given ? client_escape(verb->arena, str_from_c(given)) : S("");
  return str_format(verb->arena, "/api/v1/%s%s%s=%.*s", path, strchr(path, '?') ? "&" : "?", name, STR_ARG(value));
}

static void say_reasons(const Verb *verb, const Value *answer) {
  const Value *reasons = value_get_c(answer, "reasons");
  for (size_t i = 0; value_is(reasons, VALUE_LIST) && i < reasons->size; i++) {
    const Value *r = value_at(reasons, i);
    i64 urgent = value_int_or(value_get_c(r, "urgent"), 0);
    Str some = urgent ? str_format(verb->arena, ", %lld urgent", (long long)urgent) : S("");
    verb_say(verb, "%.*s: %lld%.*s, the oldest for %.*s", STR_ARG(verb_text_of(r, "reason")),
             (long long)value_int_or(value_get_c(r, "count"), 0), STR_ARG(some),
             STR_ARG(print_age(verb->arena, verb_text_of(r, "oldest_at"))));
  }
}

static int run_now(Verb *verb) {
  Value answer = value_null();
  const char *reason = options_get(verb->options, "reason");
  Str path = reason ? path_with(verb, "quiet?limit=1000", "reason", "reason") : S("/api/v1/quiet?limit=1000");
  int code = client_call(verb->client, "GET", path, NULL, &answer);
  if (code != EXIT_DONE || verb_printed(verb, &answer)) return code;
  const Value *items = value_get_c(&answer, "items");
  if (value_is(items, VALUE_LIST) && items->size)
    print_table(verb->client, &verb->screen, HELD_COLUMNS, items, verb->output == OUTPUT_WIDE);
  else
    verb_say(verb, reason ? "nothing is held for this" : "nothing is quiet: every open alert may make its noise");
  say_reasons(verb, &answer);
  if (value_bool_or(value_get_c(&answer, "more"), false)) verb_say(verb, "and more than the 1,000 that are shown");
  return code;
}

static const Column MISSED_COLUMNS[] = {{"INCIDENT", "incident_number"},
                                        {"SEVERITY", "severity", COLUMN_SEVERITY},
                                        {"OPENED", "incident_at", COLUMN_AGE},
                                        {"ALERT", "alert_number"},
                                        {"TITLE", "alert_title"},
                                        {"HELD BY", "holds/0/reason"},
                                        {"SINCE", "holds/0/since", COLUMN_AGE},
                                        {NULL}};

static int run_report(Verb *verb) {
  Value answer = value_null();
  Str path =
      options_get(verb->options, "days") ? path_with(verb, "quiet/report", "days", "days") : S("/api/v1/quiet/report");
  int code = client_call(verb->client, "GET", path, NULL, &answer);
  if (code != EXIT_DONE || verb_printed(verb, &answer)) return code;
  const Value *items = value_get_c(&answer, "items"), *causes = value_get_c(&answer, "causes");
  if (!value_is(items, VALUE_LIST) || items->size == 0) {
    verb_say(verb, "no incident since %.*s had an alert that was held before", STR_ARG(verb_text_of(&answer, "since")));
    return code;
  }
  print_table(verb->client, &verb->screen, MISSED_COLUMNS, items, verb->output == OUTPUT_WIDE);
  for (size_t i = 0; value_is(causes, VALUE_LIST) && i < causes->size; i++) {
    const Value *c = value_at(causes, i);
    Str name = verb_text_of(c, "name");
    i64 count = value_int_or(value_get_c(c, "alerts"), 0), late = value_int_or(value_get_c(c, "late_s_max"), 0);
    verb_say(verb, "%.*s had held %lld alert%s, for up to %lld minutes before the incident",
             STR_ARG(name.len ? name : verb_text_of(c, "reason")), (long long)count, count == 1 ? "" : "s",
             (long long)late / 60);
  }
  return code;
}

static const Value *alert_named(const Value *alerts, Str id) {
  for (size_t i = 0; value_is(alerts, VALUE_LIST) && i < alerts->size; i++)
    if (str_equal(verb_text_of(value_at(alerts, i), "id"), id)) return value_at(alerts, i);
  return NULL;
}

static int run_inhibition(Verb *verb) {
  Value answer = value_null();
  int code = client_call(verb->client, "GET", S("/api/v1/quiet/inhibition"), NULL, &answer);
  if (code != EXIT_DONE || verb_printed(verb, &answer)) return code;
  const Value *alerts = value_get_c(&answer, "alerts"), *edges = value_get_c(&answer, "edges");
  if (!value_is(edges, VALUE_LIST) || edges->size == 0) verb_say(verb, "no open alert mutes another");
  for (size_t i = 0; value_is(edges, VALUE_LIST) && i < edges->size; i++) {
    const Value *e = value_at(edges, i), *source = alert_named(alerts, verb_text_of(e, "source_id")),
                *target = alert_named(alerts, verb_text_of(e, "target_id"));
    if (!source || !target) continue;
    const char *verb_word = value_bool_or(value_get_c(target, "muted"), false) ? "mutes" : "could mute";
    Str line = str_format(verb->arena, "%.*s %.*s  %s  %.*s %.*s  by \"%.*s\"", STR_ARG(verb_text_of(source, "number")),
                          STR_ARG(verb_text_of(source, "title")), verb_word, STR_ARG(verb_text_of(target, "number")),
                          STR_ARG(verb_text_of(target, "title")), STR_ARG(verb_text_of(e, "rule_name")));
    verb_say(verb, "%.*s", STR_ARG(print_clean(verb->arena, line)));
  }
  if (value_bool_or(value_get_c(&answer, "more"), false)) verb_say(verb, "and more than the 2,000 that are shown");
  return code;
}

static const Option NOW_OPTIONS[] = {
    {"reason", OPTION_TEXT, "REASON", NULL, "only what is held for this: silence, maintenance, inhibition ..."}};
static const Option REPORT_OPTIONS[] = {
    {"days", OPTION_TEXT, "N", NULL, "incidents opened in so many days; 30 when not given"}};

const VerbSpec QUIET_NOW = {.name = "quiet",
                            .usage = "quiet [--reason REASON]",
                            .doc = "Everything that is quiet now, why and for how long, by reason, the oldest first.",
                            .run = run_now,
                            .options = NOW_OPTIONS,
                            .option_count = COUNT(NOW_OPTIONS)};
const VerbSpec QUIET_VERBS[] = {{.name = "report",
                                 .usage = "quiet report [--days N]",
                                 .doc = "What was held and later turned out to be an incident.",
                                 .run = run_report,
                                 .options = REPORT_OPTIONS,
                                 .option_count = COUNT(REPORT_OPTIONS)},
                                {.name = "inhibition",
                                 .usage = "quiet inhibition",
                                 .doc = "Who mutes whom now, by which rule.",
                                 .run = run_inhibition},
                                {.name = NULL}};

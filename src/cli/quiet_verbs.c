/* silence, maintenance: what keeps alerts quiet for a while. Matchers are written as Alertmanager's: severity=warning,
 * pod=~"db-.*".
 */
#include "cli/list.h"
#include "cli/verbs.h"
#include "core/quiet/quiet.h"
#include "core/resources.h"
#include "lang/json.h"

/* The words: matchers, each with or without braces. */
static bool read_words(const Verb *verb, Value *out, Error *err) {
  VEC(Matcher) all = {0};
  for (size_t i = 0; i < verb_word_count(verb); i++) {
    Matchers read = {0};
    const char *word = verb_word(verb, i);
    if (!matchers_parse(verb->arena, str_from_c(word), MATCHER_EITHER, &read, err))
      return error_prefix(err, "\"%s\": ", word);
    if (read.warning) fprintf(stderr, "tocsin: warning: \"%s\": %s\n", word, read.warning);
    for (size_t k = 0; k < read.count; k++) *VEC_PUSH(verb->arena, &all) = read.items[k];
  }
  *out = quiet_matchers_value(verb->arena, all.items, all.count);
  return true;
}

/* --alert ALERT: every label of it, and its integration. */
static int matchers_of_alert(Verb *verb, const char *alert, Value *out, Value *out_integration) {
  Value row = value_null();
  Str path = str_format(verb->arena, "/api/v1/alerts/%.*s", STR_ARG(client_escape(verb->arena, str_from_c(alert))));
  int code = client_call(verb->client, "GET", path, NULL, &row);
  if (code != EXIT_DONE) return code;
  const Value *labels = value_get_c(&row, "labels"), *integration = value_get_c(&row, "integration_id");
  VEC(Matcher) all = {0};
  for (size_t i = 0; value_is(labels, VALUE_MAP) && i < labels->size && i < MATCHERS_MAX; i++)
    if (value_text_or(&labels->members[i].value, STR_NONE).len)
      *VEC_PUSH(verb->arena, &all) =
          (Matcher){.name = value_text(&labels->members[i].key), .value = value_text(&labels->members[i].value)};
  if (all.count == 0)
    *VEC_PUSH(verb->arena, &all) = (Matcher){.name = S("title"), .value = verb_text_of(&row, "title")};
  *out = quiet_matchers_value(verb->arena, all.items, all.count);
  if (integration) *out_integration = *integration;
  return EXIT_DONE;
}

/* matchers or when, and the integration: what add and preview share. */
static int what_to_silence(Verb *verb, MapBuilder *body) {
  const char *when = options_get(verb->options, "when"), *alert = options_get(verb->options, "alert"),
             *integration = options_get(verb->options, "integration");
  Value matchers = value_null(), of = integration ? value_c(integration) : value_null();
  Error err = {0};
  size_t given = (verb_word_count(verb) > 0) + (when != NULL) + (alert != NULL);
  if (given != 1)
    return verb_usage("say what to silence, in one way: matchers such as severity=warning 'pod=~\"db-.*\"', --when "
                      "CEL, or --alert ALERT");
  if (alert) {
    int code = matchers_of_alert(verb, alert, &matchers, &of);
    if (code != EXIT_DONE) return code;
  } else if (!when && !read_words(verb, &matchers, &err)) {
    return verb_usage("%s", err.message);
  }
  if (when) map_put_c(body, "when", value_c(when));
  if (!when) map_put_c(body, "matchers", matchers);
  if (of.kind != VALUE_NULL) map_put_c(body, "integration_id", of);
  return EXIT_DONE;
}

static void say_matchers(const Verb *verb, const Value *row, Str *out) {
  Matcher *items = NULL;
  size_t count = 0;
  Error ignored = {0};
  Buf text = buf_new(verb->arena, MATCHER_TEXT_MAX * 2);
  *out = verb_text_of(row, "when");
  if (out->len || !quiet_matchers_read(verb->arena, value_get_c(row, "matchers"), &items, &count, &ignored)) return;
  matchers_put(&text, items, count);
  *out = buf_str(&text);
}

static void say_silence(const Verb *verb, const Value *row) {
  Str what = STR_NONE, until = verb_text_of(row, "ends_at"), comment = verb_text_of(row, "comment");
  bool resolved = value_bool_or(value_get_c(row, "until_resolved"), false);
  say_matchers(verb, row, &what);
  verb_say(verb, "%.*s %.*s: %.*s%s%.*s%s%s%.*s", STR_ARG(verb_text_of(row, "id")), STR_ARG(verb_text_of(row, "state")),
           STR_ARG(what), until.len ? " until " : "", STR_ARG(until), resolved ? ", until resolved" : "",
           comment.len ? ": " : "", STR_ARG(comment));
}

static int run_add(Verb *verb) {
  MapBuilder body = map_builder(verb->arena);
  Value times = value_null(), row = value_null();
  Error err = {0};
  int code = what_to_silence(verb, &body);
  if (code != EXIT_DONE) return code;
  if (!verb_body(verb, &times, &err)) return verb_usage("%s", err.message);
  for (size_t i = 0; i < times.size; i++) map_put(&body, value_text(&times.members[i].key), times.members[i].value);
  if (options_get(verb->options, "for") && options_get(verb->options, "until"))
    return verb_usage("give --for or --until, not both");
  Value whole = map_done(&body);
  if (!value_get_c(&whole, "ends_at") && !value_get_c(&whole, "for_s") && !value_get_c(&whole, "until_resolved") &&
      !value_get_c(&whole, "expires_when_idle"))
    return verb_usage("say when it ends: --for 2h, --until TIME, --until-resolved or --expires-when-idle");
  code = client_call(verb->client, "POST", S("/api/v1/silences"), &whole, &row);
  if (code != EXIT_DONE || verb_printed(verb, &row)) return code;
  say_silence(verb, &row);
  return code;
}

/* One that is over stays as it was: said, not done again. */
static int run_end(Verb *verb) {
  int first = EXIT_DONE;
  for (size_t i = 0; i < verb_word_count(verb); i++) {
    Value row = value_null();
    Str path = str_format(verb->arena, "/api/v1/silences/%.*s",
                          STR_ARG(client_escape(verb->arena, str_from_c(verb_word(verb, i)))));
    int code = client_call(verb->client, "GET", path, NULL, &row);
    bool over = code == EXIT_DONE && str_equal_c(verb_text_of(&row, "state"), "ended");
    if (code == EXIT_DONE && !over)
      code = client_call(verb->client, "POST", str_format(verb->arena, "%.*s/end", STR_ARG(path)), NULL, &row);
    if (code == EXIT_DONE && over && !verb_printed(verb, &row))
      verb_say(verb, "%.*s had ended before: %.*s, %.*s ago", STR_ARG(verb_text_of(&row, "id")),
               STR_ARG(verb_text_of(&row, "end_reason")),
               STR_ARG(print_age(verb->arena, verb_text_of(&row, "ends_at"))));
    else if (code == EXIT_DONE && !over)
      verb_say_done(verb, &row);
    if (first == EXIT_DONE) first = code;
  }
  return first;
}

static int run_list(Verb *verb) {
  bool all = options_flag(verb->options, "all");
  return list_show(verb, &SILENCE, all ? "" : "state=active&state=pending&", all ? NULL : "nothing is silenced");
}

static void say_found(const Verb *verb, const char *what, const Value *part) {
  const Value *items = value_get_c(part, "items"), *paged = value_get_c(part, "paged");
  i64 count = value_int_or(value_get_c(part, "count"), 0);
  Str words =
      paged ? str_format(verb->arena, ", %lld of them paged somebody", (long long)value_int_or(paged, 0)) : S("");
  verb_say(verb, "%s: %lld alert%s%.*s", what, (long long)count, count == 1 ? "" : "s", STR_ARG(words));
  for (size_t i = 0; value_is(items, VALUE_LIST) && i < items->size && i < 10; i++)
    verb_say(verb, "  %.*s %.*s: %.*s", STR_ARG(verb_text_of(value_at(items, i), "number")),
             STR_ARG(verb_text_of(value_at(items, i), "status")), STR_ARG(verb_text_of(value_at(items, i), "title")));
}

static int run_preview(Verb *verb) {
  MapBuilder body = map_builder(verb->arena);
  Value answer = value_null();
  int code = what_to_silence(verb, &body);
  if (code != EXIT_DONE) return code;
  Value whole = map_done(&body);
  code = client_call(verb->client, "POST", S("/api/v1/silences/preview"), &whole, &answer);
  if (code != EXIT_DONE || verb_printed(verb, &answer)) return code;
  say_found(verb, "it would hide now", value_get_c(&answer, "now"));
  say_found(verb, "it would have hidden in the last 7 days", value_get_c(&answer, "last_7_days"));
  if (!value_bool_or(value_get_c(&answer, "complete"), true))
    verb_say(verb, "there are more alerts than were looked at (the newest 50,000)");
  return code;
}

#define WHAT_OPTIONS                                                                                                   \
  {"when", OPTION_TEXT, "CEL", NULL, "instead of matchers: an expression, such as \"service.tier == 'tier3'\""},       \
      {"alert", OPTION_TEXT, "ALERT", NULL, "instead of matchers: what has the labels of this alert"}, {               \
    "integration", OPTION_TEXT, "INTEGRATION", NULL, "only alerts of this integration"                                 \
  }
static const Option ADD_OPTIONS[] = {
    WHAT_OPTIONS,
    {"for", OPTION_TEXT, "LENGTH", NULL, "30m, 2h, 1d, from now"},
    {"until", OPTION_TEXT, "TIME", NULL, "such as 2026-01-05T09:00:00Z"},
    {"from", OPTION_TEXT, "TIME", NULL, "begins then, or in so long; now when not given"},
    {"until-resolved", OPTION_FLAG, NULL, NULL, "ends when what it held is resolved"},
    {"expires-when-idle", OPTION_FLAG, NULL, NULL, "ends when it has matched nothing open for an hour"},
    {"comment", OPTION_TEXT, "TEXT", NULL, "why; shown on every alert that it holds"}};
static const BodyPart ADD_BODY[] = {{"for", "for_s", PART_SECONDS},
                                    {"until", "ends_at", PART_TIME},
                                    {"from", "starts_at", PART_TIME},
                                    {"until-resolved", "until_resolved", PART_YES},
                                    {"expires-when-idle", "expires_when_idle", PART_YES},
                                    {"comment", "comment"},
                                    {NULL}};
static const Option LIST_SILENCES[] = {{"all", OPTION_FLAG, NULL, NULL, "those that have ended, too"},
                                       LIST_OPTION_ROWS};
static const Option PREVIEW_OPTIONS[] = {WHAT_OPTIONS};

const VerbSpec SILENCE_VERBS[] = {
    {.name = "add",
     .usage = "silence add MATCHER... --for 2h [--comment TEXT]",
     .doc = "Silences what matches: severity=warning 'pod=~\"db-.*\"'.",
     .run = run_add,
     .words_max = VERB_WORDS_MAX,
     .options = ADD_OPTIONS,
     .option_count = COUNT(ADD_OPTIONS),
     .body = ADD_BODY},
    {.name = "end",
     .usage = "silence end SILENCE...",
     .doc = "Ends it now: what is still triggered pages once.",
     .words_min = 1,
     .words_max = VERB_WORDS_MAX,
     .kind = "silences",
     .run = run_end,
     .done = "ended"},
    {.name = "list",
     .usage = "silence list [--all]",
     .doc = "What is silenced, or will be.",
     .run = run_list,
     .options = LIST_SILENCES,
     .option_count = COUNT(LIST_SILENCES),
     .repeated = "filter"},
    {.name = "preview",
     .usage = "silence preview MATCHER...",
     .doc = "What it would hide now, and would have hidden in the last 7 days. Changes nothing.",
     .run = run_preview,
     .words_max = VERB_WORDS_MAX,
     .options = PREVIEW_OPTIONS,
     .option_count = COUNT(PREVIEW_OPTIONS)},
    {.name = NULL}};

/* maintenance -------------------------------------------------------------------------------------------------------
 */

static Value list_of_option(const Verb *verb, const char *name) {
  const char *given = options_get(verb->options, name);
  ValueVec items = {0};
  Str rest = str_from_c(given), one = STR_NONE;
  for (bool more = rest.len > 0; more;) {
    more = str_cut(rest, ',', &one, &rest);
    if (str_trim(one).len) *VEC_PUSH(verb->arena, &items) = value_string(str_trim(one));
  }
  return list_done(&items);
}

static int run_start(Verb *verb) {
  MapBuilder body = map_builder(verb->arena);
  Value times = value_null(), row = value_null(), matchers = value_null();
  Value services = list_of_option(verb, "service"), integrations = list_of_option(verb, "integration");
  const char *length = options_get(verb->options, "for"), *name = options_get(verb->options, "name");
  Error err = {0};
  if (services.size + integrations.size + verb_word_count(verb) == 0)
    return verb_usage("say what is maintained: --service SLUG,..., --integration SLUG,..., or matchers");
  if (!length == !options_get(verb->options, "until"))
    return verb_usage("say when it ends, once: --for 2h or --until TIME");
  if (!read_words(verb, &matchers, &err) || !verb_body(verb, &times, &err)) return verb_usage("%s", err.message);
  for (size_t i = 0; i < times.size; i++) map_put(&body, value_text(&times.members[i].key), times.members[i].value);
  if (!name) {
    Str what = services.size       ? value_text(&services.items[0])
               : integrations.size ? value_text(&integrations.items[0])
                                   : str_from_c(verb_word(verb, 0));
    map_put_c(&body, "name",
              value_string(utf8_cut(str_format(verb->arena, "Maintenance of %.*s", STR_ARG(what)), 110)));
  }
  map_put_c(&body, "service_ids", services);
  map_put_c(&body, "integration_ids", integrations);
  map_put_c(&body, "matchers", matchers);
  Value whole = map_done(&body);
  int code = client_call(verb->client, "POST", S("/api/v1/maintenance-windows"), &whole, &row);
  if (code != EXIT_DONE || verb_printed(verb, &row)) return code;
  verb_say(verb, "%.*s \"%.*s\" from %.*s until %.*s", STR_ARG(verb_text_of(&row, "slug")),
           STR_ARG(verb_text_of(&row, "name")), STR_ARG(verb_text_of(&row, "starts_at")),
           STR_ARG(verb_text_of(&row, "ends_at")));
  return code;
}

static int run_windows(Verb *verb) {
  bool all = options_flag(verb->options, "all");
  return list_show(verb, &MAINTENANCE_WINDOW, all ? "" : "state=active&state=scheduled&",
                   all ? NULL : "no maintenance is planned");
}

static const Option START_OPTIONS[] = {
    {"service", OPTION_TEXT, "SERVICE", NULL, "what is maintained; several with commas between"},
    {"integration", OPTION_TEXT, "INTEGRATION", NULL, "whose alerts are quiet; several with commas between"},
    {"for", OPTION_TEXT, "LENGTH", NULL, "30m, 2h, 1d"},
    {"until", OPTION_TEXT, "TIME", NULL, "such as 2026-01-05T09:00:00Z"},
    {"from", OPTION_TEXT, "TIME", NULL, "begins then, or in so long; now when not given"},
    {"name", OPTION_TEXT, "TEXT", NULL, "what people call it"},
    {"team", OPTION_TEXT, "TEAM", NULL, "whose it is, and who is told"},
    {"rrule", OPTION_TEXT, "RULE", NULL, "when it comes again, such as FREQ=WEEKLY;BYDAY=SA"},
    {"time-zone", OPTION_TEXT, "ZONE", NULL, "of the rule; the organization's when not given"},
    {"comment", OPTION_TEXT, "TEXT", NULL, "why; shown on every alert that it holds"}};
static const BodyPart START_BODY[] = {{"for", "for_s", PART_SECONDS},
                                      {"until", "ends_at", PART_TIME},
                                      {"from", "starts_at", PART_TIME},
                                      {"name", "name"},
                                      {"team", "team_id"},
                                      {"rrule", "rrule"},
                                      {"time-zone", "time_zone"},
                                      {"comment", "comment"},
                                      {NULL}};
static const Option LIST_WINDOWS[] = {{"all", OPTION_FLAG, NULL, NULL, "those that have ended, too"}, LIST_OPTION_ROWS};

const VerbSpec MAINTENANCE_VERBS[] = {{.name = "start",
                                       .usage = "maintenance start --service X --for 2h",
                                       .doc = "Alerts of these services, integrations or matchers are quiet.",
                                       .run = run_start,
                                       .words_max = VERB_WORDS_MAX,
                                       .options = START_OPTIONS,
                                       .option_count = COUNT(START_OPTIONS),
                                       .body = START_BODY},
                                      {.name = "end",
                                       .usage = "maintenance end WINDOW...",
                                       .doc = "Ends it now: what is still triggered pages once.",
                                       .words_min = 1,
                                       .words_max = VERB_WORDS_MAX,
                                       .kind = "maintenance-windows",
                                       .path = "maintenance-windows/{}/end",
                                       .done = "ended"},
                                      {.name = "list",
                                       .usage = "maintenance list [--all]",
                                       .doc = "What is maintained, or will be.",
                                       .run = run_windows,
                                       .options = LIST_WINDOWS,
                                       .option_count = COUNT(LIST_WINDOWS),
                                       .repeated = "filter"},
                                      {.name = NULL}};

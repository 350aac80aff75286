/* Rules: what they would do with a payload, what one would have done with the newest alerts, and their versions. */
#include "cli/explain.h"
#include "cli/list.h"
#include "cli/verbs.h"
#include "core/resources.h"

/* preview --------------------------------------------------------------------------------------------------------- */

static bool preview_body(const Verb *verb, Value *out, Error *err) {
  const char *file = options_get(verb->options, "file"), *request = options_get(verb->options, "request"),
             *integration = options_get(verb->options, "integration");
  MapBuilder body = map_builder(verb->arena);
  Str payload = STR_NONE;
  if (!file == !request)
    return fail(err, ERR_INVALID, "give either --file PAYLOAD and --integration INTEGRATION, or --request REQUEST");
  if (file && !integration) return fail(err, ERR_INVALID, "--integration is missing: whose payload is it?");
  if (file && !verb_read_file(verb->arena, file, &payload, err)) return false;
  if (file) map_put_c(&body, "payload", value_string(utf8_clean(verb->arena, payload)));
  if (integration) map_put_c(&body, "integration_id", value_c(integration));
  if (request) map_put_c(&body, "request_id", value_c(request));
  *out = map_done(&body);
  return true;
}

static void say_preview(const Verb *verb, const Value *item) {
  const Value *alert = value_get_c(item, "alert"), *why = value_get_c(item, "explanation");
  Str title = verb_text_of(alert, "title"), priority = verb_text_of(alert, "priority");
  verb_say(verb, "%.*s%s%.*s", STR_ARG(title), priority.len ? ", " : "", STR_ARG(priority));
  say_explanation(verb, why);
}

static int run_preview(Verb *verb) {
  Value body = value_null(), answer = value_null();
  Error err = {0};
  if (!preview_body(verb, &body, &err)) return verb_usage("%s", err.message);
  int code = client_call(verb->client, "POST", S("/api/v1/alert-rules/preview"), &body, &answer);
  if (code != EXIT_DONE || verb_printed(verb, &answer)) return code;
  const Value *items = value_get_c(&answer, "items");
  for (size_t i = 0; value_is(items, VALUE_LIST) && i < items->size; i++) say_preview(verb, value_at(items, i));
  if (value_is(items, VALUE_LIST) && items->size == 0) verb_say(verb, "the payload holds no alert");
  return EXIT_DONE;
}

/* try ------------------------------------------------------------------------------------------------------------- */

static const Column TRIED[] = {{"ALERT", "number", COLUMN_TEXT},
                               {"STATUS", "status", COLUMN_STATUS},
                               {"PRIO", "priority", COLUMN_PRIORITY},
                               {"TITLE", "title", COLUMN_TEXT},
                               {"WITHOUT", "without", COLUMN_TEXT},
                               {"WITH IT", "with", COLUMN_TEXT},
                               {"PRIO THEN", "priority_then", COLUMN_PRIORITY},
                               {"ERROR", "error", COLUMN_TEXT},
                               {NULL}};

/* A file, or a rule of the server. The exit code when neither is to be had. */
static int rule_to_try(Verb *verb, Value *out) {
  const char *file = options_get(verb->options, "file"), *word = verb_word(verb, 0);
  Error err = {0};
  if (!file == !word) return verb_usage("give either the name of a rule, or --file FILE with one");
  if (word) return client_call(verb->client, "GET", list_path_of(verb->arena, &ALERT_RULE, word), NULL, out);
  return verb_read_value(verb->arena, file, out, &err) ? EXIT_DONE : verb_usage("%s", err.message);
}

static int run_try(Verb *verb) {
  Value rule = value_null(), answer = value_null();
  int code = rule_to_try(verb, &rule);
  if (code != EXIT_DONE) return code;
  MapBuilder map = map_builder(verb->arena);
  map_put_c(&map, "rule", rule);
  Value body = map_done(&map);
  code = client_call(verb->client, "POST", S("/api/v1/alert-rules/try"), &body, &answer);
  if (code != EXIT_DONE || verb_printed(verb, &answer)) return code;
  const Value *items = value_get_c(&answer, "items");
  long long matched = value_int_or(value_get_c(&answer, "matched"), 0),
            failed = value_int_or(value_get_c(&answer, "failed"), 0);
  if (!verb->quiet && value_is(items, VALUE_LIST) && items->size)
    print_table(verb->client, &verb->screen, TRIED, items, verb->output == OUTPUT_WIDE);
  verb_say(verb, "fits %lld of the newest %lld alerts; nothing was changed", matched,
           (long long)value_int_or(value_get_c(&answer, "looked_at"), 0));
  if (failed) verb_say(verb, "its expression is an error on %lld of them", failed);
  return EXIT_DONE;
}

/* versions -------------------------------------------------------------------------------------------------------- */

static int run_versions(Verb *verb) {
  Value answer = value_null();
  Str id = client_escape(verb->arena, str_from_c(verb_word(verb, 0)));
  int code = client_call(verb->client, "GET", str_format(verb->arena, "/api/v1/alert-rules/%.*s/versions", STR_ARG(id)),
                         NULL, &answer);
  if (code != EXIT_DONE || verb_printed(verb, &answer)) return code;
  const Value *items = value_get_c(&answer, "items");
  for (size_t i = 0; value_is(items, VALUE_LIST) && i < items->size; i++) {
    const Value *item = value_at(items, i);
    verb_say(verb, "%4lld  %.*s  %-20.*s  %.*s", (long long)value_int_or(value_get_c(item, "version"), 0),
             STR_ARG(verb_text_of(item, "at")), STR_ARG(verb_text_of(value_get_c(item, "actor"), "name")),
             STR_ARG(verb_text_of(item, "name")));
  }
  return EXIT_DONE;
}

static const Option PREVIEW_OPTIONS[] = {
    {"file", OPTION_TEXT, "FILE", NULL, "a body as the sender would send it; - reads standard input"},
    {"integration", OPTION_TEXT, "INTEGRATION", NULL, "whose body it is"},
    {"request", OPTION_TEXT, "REQUEST", NULL, "instead: a stored request"},
};
static const BodyPart RESTORE_BODY[] = {{"@last", "version", PART_NUMBER, .required = true}, {NULL}};
static const Option TRY_OPTIONS[] = {
    {"file", OPTION_TEXT, "FILE", NULL, "a rule as it would be saved, YAML or JSON; - reads standard input"}};
const VerbSpec RULE_VERBS[] = {
    {.name = "preview",
     .usage = "rule preview --file FILE --integration I",
     .doc = "What the rules would do, and who would be paged. Changes nothing.",
     .run = run_preview,
     .options = PREVIEW_OPTIONS,
     .option_count = COUNT(PREVIEW_OPTIONS)},
    {.name = "try",
     .usage = "rule try RULE | --file FILE",
     .doc = "What a rule, saved or not, would do with the newest 500 alerts. Changes nothing.",
     .run = run_try,
     .words_max = 1,
     .kind = "alert-rules",
     .options = TRY_OPTIONS,
     .option_count = COUNT(TRY_OPTIONS)},
    {.name = "versions",
     .usage = "rule versions RULE",
     .doc = "Every version of a rule, newest first: when, and who wrote it.",
     .run = run_versions,
     .words_min = 1,
     .words_max = 1,
     .kind = "alert-rules"},
    {.name = "restore",
     .usage = "rule restore RULE VERSION",
     .doc = "Makes a rule what it was; that becomes a new version.",
     .words_min = 2,
     .words_max = 2,
     .kind = "alert-rules",
     .path = "alert-rules/{}/restore",
     .body = RESTORE_BODY,
     .done = "restored"},
    {.name = NULL}};

/* Verbs around what comes in: event send, replay. */
#include "cli/kinds.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "lang/json.h"

/* event send ---------------------------------------------------------------------------------------------------------
 */

/* The body of the generic integration, or a file as it stands. */
static bool event_body(const Verb *verb, Str *out, Error *err) {
  const char *file = options_get(verb->options, "file");
  Value body = value_null();
  if (file) return verb_read_file(verb->arena, file, out, err);
  if (!options_get(verb->options, "title") && !options_get(verb->options, "dedup-key"))
    return fail(err, ERR_INVALID, "say what: --title TEXT (and --dedup-key to resolve it later), or --file FILE");
  if (!verb_body(verb, &body, err)) return false;
  *out = json_text(verb->arena, &body);
  return true;
}

/* What was taken otherwise than it was meant: on standard error, whatever the output is. */
static void say_warnings(const Value *answer) {
  const Value *warnings = value_get_c(answer, "warnings");
  for (size_t i = 0; value_is(warnings, VALUE_LIST) && i < warnings->size; i++)
    fprintf(stderr, "tocsin: warning: %.*s\n", STR_ARG(value_text_or(value_at(warnings, i), S("?"))));
}

static int run_send(Verb *verb) {
  const char *key = options_get(verb->options, "integration-key");
  Str body = STR_NONE;
  Value answer = value_null();
  Error err = {0};
  if (!key) return verb_usage("--key is missing: the integration's key (tocsin get integrations)");
  if (!event_body(verb, &body, &err)) return verb_usage("%s", err.message);
  Str path = str_format(verb->arena, "/in/%.*s", STR_ARG(client_escape(verb->arena, str_from_c(key))));
  int code = client_send(verb->client, path, body, NULL, &answer);
  if (code == EXIT_DONE) say_warnings(&answer);
  if (code != EXIT_DONE || verb_printed(verb, &answer)) return code;
  const Value *errors = value_get_c(&answer, "errors");
  verb_say(verb, "%.*s: %.*s", STR_ARG(verb_text_of(&answer, "request_id")), STR_ARG(verb_text_of(&answer, "status")));
  for (size_t i = 0; value_is(errors, VALUE_LIST) && i < errors->size; i++)
    fprintf(stderr, "  element %lld was not taken: %.*s\n",
            (long long)value_int_or(value_get_c(value_at(errors, i), "index"), -1),
            STR_ARG(verb_text_of(value_at(errors, i), "reason")));
  return EXIT_DONE;
}

static const BodyPart SEND_BODY[] = {
    {"title", "title"},       {"dedup-key", "dedup_key"},      {"status", "status"},
    {"priority", "priority"}, {"service", "service"},          {"description", "description"},
    {"source", "source"},     {"label", "labels", PART_PAIRS}, {NULL}};
static const Option SEND_OPTIONS[] = {
    {"integration-key", OPTION_TEXT, "KEY", NULL, "of the integration it goes through; also --key"},
    {"title", OPTION_TEXT, "TEXT", NULL, "what is wrong, in a line"},
    {"dedup-key", OPTION_TEXT, "TEXT", NULL, "the same key is the same alert while it is open"},
    {"status", OPTION_TEXT, "STATUS", NULL, "triggered (when not given), acknowledged or resolved"},
    {"priority", OPTION_TEXT, "PRIORITY", NULL, "p1 to p4"},
    {"service", OPTION_TEXT, "SERVICE", NULL, "what it is about"},
    {"description", OPTION_TEXT, "TEXT", NULL, "more about it"},
    {"source", OPTION_TEXT, "TEXT", NULL, "what noticed it"},
    {"label", OPTION_TEXT, "NAME=VALUE", NULL, "a label; as often as wanted"},
    {"file", OPTION_TEXT, "FILE", NULL, "a body to send as it stands; - reads standard input"},
};
const VerbSpec EVENT_VERBS[] = {{.name = "send",
                                 .usage = "event send --key KEY --title TEXT [--dedup-key K]",
                                 .doc = "Sends an event through an integration; needs no API key.",
                                 .run = run_send,
                                 .options = SEND_OPTIONS,
                                 .option_count = COUNT(SEND_OPTIONS),
                                 .repeated = "label",
                                 .body = SEND_BODY,
                                 .keyless = true},
                                {.name = NULL}};

/* heartbeat send -----------------------------------------------------------------------------------------------------
 */

static int run_heartbeat(Verb *verb) {
  const char *status = options_get(verb->options, "exit-status");
  const char *what = status                                 ? status
                     : options_flag(verb->options, "start") ? "start"
                     : options_flag(verb->options, "fail")  ? "fail"
                                                            : "";
  Value answer = value_null();
  Str path = str_format(verb->arena, "/hb/%.*s%s%s",
                        STR_ARG(client_escape(verb->arena, str_from_c(verb_word(verb, 0)))), what[0] ? "/" : "", what);
  int code = client_send(verb->client, path, S(""), NULL, &answer);
  if (code != EXIT_DONE || verb_printed(verb, &answer)) return code;
  if (status)
    verb_say(verb, "told: it ended with %s", status);
  else
    verb_say(verb, "told: it %s", !what[0] ? "is alive" : what[0] == 's' ? "has begun" : "has failed");
  return code;
}

static const Option HEARTBEAT_OPTIONS[] = {
    {"exit-status", OPTION_TEXT, "N", NULL, "of what was run: 0 is well, anything else opens the alert at once"},
    {"start", OPTION_FLAG, NULL, NULL, "it has begun"},
    {"fail", OPTION_FLAG, NULL, NULL, "it has failed"}};
const VerbSpec HEARTBEAT_VERBS[] = {{.name = "send",
                                     .usage = "heartbeat send KEY [--exit-status N]",
                                     .doc = "Says that something is alive; needs no API key.",
                                     .run = run_heartbeat,
                                     .words_min = 1,
                                     .words_max = 1,
                                     .options = HEARTBEAT_OPTIONS,
                                     .option_count = COUNT(HEARTBEAT_OPTIONS),
                                     .keyless = true},
                                    {.name = NULL}};

/* replay -------------------------------------------------------------------------------------------------------------
 */

static int run_replay(Verb *verb) {
  size_t count = verb_word_count(verb);
  int code = EXIT_DONE;
  for (size_t i = 0; code == EXIT_DONE && i < count; i++) {
    Str id = client_escape(verb->arena, str_from_c(verb_word(verb, i)));
    Value row = value_null();
    code = client_call(verb->client, "POST", str_format(verb->arena, "/api/v1/requests/%.*s/replay", STR_ARG(id)), NULL,
                       &row);
    if (code != EXIT_DONE || verb_printed(verb, &row)) continue;
    const Value *alerts = value_get_c(&row, "alert_ids");
    verb_say(verb, "%s: %.*s, %u alerts", verb_word(verb, i), STR_ARG(verb_text_of(&row, "outcome")),
             value_is(alerts, VALUE_LIST) ? alerts->size : 0);
  }
  return code;
}

const VerbSpec REPLAY = {.name = "replay",
                         .usage = "replay REQUEST...",
                         .doc = "Maps a stored request again, as if it came now.",
                         .run = run_replay,
                         .words_min = 1,
                         .words_max = VERB_WORDS_MAX};

/* incident: from the declaration to the end. */
#include "cli/many.h"
#include "cli/show.h"
#include "cli/verbs.h"
#include "core/resources.h"
#include "lang/json.h"

static int run_list(Verb *verb) {
  bool all = options_flag(verb->options, "all");
  return list_show(verb, &INCIDENT, all ? "" : "status=new&status=investigating&status=fixing&status=monitoring&",
                   all ? NULL : "no incident is open");
}

static int run_show(Verb *verb) {
  return show_subject(verb, &INCIDENT, verb_word(verb, 0));
}

/* "1", "sev1", "SEV1" */
static bool read_severity(Str text, i64 *out) {
  if (text.len > 3 && str_equal_nocase(str_slice(text, 0, 3), S("sev"))) text = str_slice(text, 3, text.len);
  return str_to_i64(text, 0, 4, out);
}

/* The title may be the word or the option; 0 to 4 is checked here so that "sev1" gets its own sentence. */
static int run_declare(Verb *verb) {
  const char *title = options_get(verb->options, "title"), *word = verb_word(verb, 0),
             *severity = options_get(verb->options, "severity");
  Value body = value_null(), row = value_null();
  Error err = {0};
  i64 number = 0;
  if (!title == !word) return verb_usage("say what is wrong, once: tocsin incident declare \"Checkout fails\"");
  if (severity && !read_severity(str_from_c(severity), &number))
    return verb_usage("--severity \"%s\" is not 0 (worst) to 4, or sev0 to sev4", severity);
  if (!verb_body(verb, &body, &err)) return verb_usage("%s", err.message);
  MapBuilder whole = map_builder(verb->arena);
  for (size_t i = 0; i < body.size; i++) map_put(&whole, value_text(&body.members[i].key), body.members[i].value);
  map_put_c(&whole, "title", value_c(title ? title : word));
  if (severity) map_put_c(&whole, "severity", value_int(number));
  body = map_done(&whole);
  int code = client_call(verb->client, "POST", S("/api/v1/incidents"), &body, &row);
  if (code != EXIT_DONE || verb_printed(verb, &row)) return code;
  verb_say_done(verb, &row);
  verb_say(verb, "  nobody was paged for it; to page somebody: %s incident page %.*s", cli_program(),
           STR_ARG(kind_label(&row)));
  return code;
}

static int run_say(Verb *verb) {
  Value body = value_null(), row = value_null();
  Error err = {0};
  if (!verb_body(verb, &body, &err)) return verb_usage("%s", err.message);
  if (body.size == 0) return verb_usage("say something: a TEXT, or --status STATUS, or both");
  Str path = str_format(verb->arena, "/api/v1/incidents/%.*s/status-updates",
                        STR_ARG(client_escape(verb->arena, str_from_c(verb_word(verb, 0)))));
  int code = client_call(verb->client, "POST", path, &body, &row);
  if (code != EXIT_DONE || verb_printed(verb, &row)) return code;
  verb_say(verb, "%.*s is %.*s: %.*s", STR_ARG(kind_label(&row)), STR_ARG(verb_text_of(&row, "status")),
           STR_ARG(verb_text_of(&row, "title")));
  return code;
}

static const Option LIST_INCIDENTS[] = {{"all", OPTION_FLAG, NULL, NULL, "closed ones too"}, LIST_OPTION_ROWS};
static const Option REASON[] = {{"reason", OPTION_TEXT, "TEXT", NULL, "why; kept in the timeline"}, MANY_OPTION_ROWS};
static const Option MANY[] = {MANY_OPTION_ROWS};
static const Option DECLARE[] = {{"title", OPTION_TEXT, "TEXT", NULL, "what is wrong, in a line; or as the first word"},
                                 {"severity", OPTION_TEXT, "N", NULL, "0 is worst, 4 least"},
                                 {"service", OPTION_TEXT, "SERVICE", NULL, "what is affected; as often as wanted"},
                                 {"summary", OPTION_TEXT, "TEXT", NULL, "what is known so far"},
                                 {"commander", OPTION_TEXT, "USER", NULL, "who leads"},
                                 {"private", OPTION_FLAG, NULL, NULL, "only for those who take part"}};
static const Option PAGE_OPTIONS[] = {{"policy", OPTION_TEXT, "POLICY", NULL, "which, when not its own"}};
static const Option SAY[] = {{"status", OPTION_TEXT, "STATUS", NULL, "new, investigating, fixing, monitoring, closed"}};
static const Option UPDATE_OPTIONS[] = {
    {"title", OPTION_TEXT, "TEXT", NULL, "what is wrong, in a line"},
    {"summary", OPTION_TEXT, "TEXT", NULL, "what is known"},
    {"severity", OPTION_NUMBER, "N", NULL, "0 is worst, 4 least"},
    {"status", OPTION_TEXT, "STATUS", NULL, "new, investigating, fixing, monitoring, closed"},
    {"commander", OPTION_TEXT, "USER", NULL, "who leads"},
    {"service", OPTION_TEXT, "SERVICE", NULL, "what is affected; as often as wanted"}};

static const BodyPart REASON_BODY[] = {{"reason", "reason"}, {NULL}};
static const BodyPart DECLARE_BODY[] = {{"summary", "summary"},
                                        {"service", "service_ids", PART_LIST},
                                        {"commander", "commander_id"},
                                        {"private", "private", PART_YES},
                                        {NULL}};
static const BodyPart SAY_BODY[] = {{"@1", "text"}, {"status", "status"}, {NULL}};
static const BodyPart UPDATE_BODY[] = {{"title", "title"},
                                       {"summary", "summary"},
                                       {"severity", "severity", PART_NUMBER},
                                       {"status", "status"},
                                       {"commander", "commander_id"},
                                       {"service", "service_ids", PART_LIST},
                                       {NULL}};
static const BodyPart PAGE_BODY[] = {{"policy", "policy_id"}, {NULL}};
static const BodyPart RELATE_BODY[] = {{"@1", "kind"}, {"@2", "to_id"}, {NULL}};
static const BodyPart MERGE_BODY[] = {{"@last", "into"}, {NULL}};
static const BodyPart PERSON_BODY[] = {{"user", "user_id"}, {NULL}};
static const Option PERSON[] = {{"user", OPTION_TEXT, "USER", NULL, "somebody else than you"}, MANY_OPTION_ROWS};

static int run_update(Verb *verb) {
  Value body = value_null();
  Error err = {0};
  if (!verb_body(verb, &body, &err)) return verb_usage("%s", err.message);
  if (body.size == 0)
    return verb_usage("say what to change: --title, --summary, --severity, --status, --commander or --service");
  return verb_call(verb);
}

#define EACH_INCIDENT .kind = "incidents", .words_min = 1, .words_max = VERB_WORDS_MAX
#define ACT(word, verb, past, text)                                                                                    \
  {                                                                                                                    \
    .name = word, .usage = "incident " word " INCIDENT... | --filter CEL [--reason TEXT]", .doc = text, EACH_INCIDENT, \
    .many = true, .options = REASON, .option_count = COUNT(REASON), .path = "incidents/{}/" verb, .body = REASON_BODY, \
    .done = past                                                                                                       \
  }

const VerbSpec INCIDENT_VERBS[] = {
    {.name = "declare",
     .usage = "incident declare TITLE [--severity N] [--service S]",
     .doc = "Something is broken. It pages nobody by itself: incident page does.",
     .run = run_declare,
     .words_max = 1,
     .options = DECLARE,
     .option_count = COUNT(DECLARE),
     .repeated = "service",
     .body = DECLARE_BODY,
     .done = "declared"},
    {.name = "list",
     .usage = "incident list [--all] [--filter CEL]",
     .doc = "What is not closed.",
     .run = run_list,
     .options = LIST_INCIDENTS,
     .option_count = COUNT(LIST_INCIDENTS),
     .repeated = "filter"},
    {.name = "show",
     .usage = "incident show INCIDENT",
     .doc = "One incident: what, its alerts, who was told, what happened.",
     .run = run_show,
     .kind = "incidents",
     .words_min = 1,
     .words_max = 1},
    ACT("ack", "acknowledge", "acknowledged", "You have it, and its triggered alerts."),
    ACT("resolve", "resolve", "resolved", "It is mended: its pages end."),
    ACT("close", "close", "closed", "The response is over."),
    ACT("reopen", "reopen", "reopened", "It is not over."),
    {.name = "say",
     .usage = "incident say INCIDENT [TEXT] [--status STATUS]",
     .doc = "Tells how it stands.",
     .run = run_say,
     .kind = "incidents",
     .words_min = 1,
     .words_max = 2,
     .options = SAY,
     .option_count = COUNT(SAY),
     .body = SAY_BODY,
     .done = "told"},
    {.name = "update",
     .usage = "incident update INCIDENT... [--severity N] [--title TEXT] [--commander USER]",
     .doc = "Changes what is known about it.",
     .run = run_update,
     EACH_INCIDENT,
     .options = UPDATE_OPTIONS,
     .option_count = COUNT(UPDATE_OPTIONS),
     .repeated = "service",
     .method = "PATCH",
     .path = "incidents/{}",
     .body = UPDATE_BODY,
     .done = "updated"},
    {.name = "page",
     .usage = "incident page INCIDENT... [--policy POLICY]",
     .doc = "Pages for it: the policy, else its own, else the default.",
     EACH_INCIDENT,
     .options = PAGE_OPTIONS,
     .option_count = COUNT(PAGE_OPTIONS),
     .path = "incidents/{}/page",
     .body = PAGE_BODY,
     .done = "is paging"},
    {.name = "merge",
     .usage = "incident merge INCIDENT... INTO",
     .options = MANY,
     .option_count = COUNT(MANY),
     .doc = "They are the same: alerts, services and people go to the last, the others are closed.",
     .kind = "incidents",
     .words_min = 2,
     .words_max = VERB_WORDS_MAX,
     .many = true,
     .path = "incidents/{}/merge",
     .body = MERGE_BODY,
     .done = "merged"},
    {.name = "join",
     .usage = "incident join INCIDENT... [--user USER]",
     .doc = "You take part.",
     EACH_INCIDENT,
     .options = PERSON,
     .option_count = COUNT(PERSON),
     .many = true,
     .path = "incidents/{}/join",
     .body = PERSON_BODY,
     .done = "joined"},
    {.name = "leave",
     .usage = "incident leave INCIDENT... [--user USER]",
     .doc = "You take part no longer.",
     EACH_INCIDENT,
     .options = PERSON,
     .option_count = COUNT(PERSON),
     .many = true,
     .path = "incidents/{}/leave",
     .body = PERSON_BODY,
     .done = "left"},
    {.name = "relate",
     .usage = "incident relate INCIDENT RELATION OTHER",
     .doc =
         "INC-1 causes INC-2; or duplicates, follows, correlates_with, mitigates. OTHER may be an alert or a change.",
     .kind = "incidents",
     .words_min = 3,
     .words_max = 3,
     .path = "incidents/{}/relations",
     .body = RELATE_BODY,
     .done = "related"},
    {.name = NULL},
};

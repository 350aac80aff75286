/* alert: what a person does with alerts. */
#include "cli/explain.h"
#include "cli/many.h"
#include "cli/show.h"
#include "cli/verbs.h"
#include "cli/view.h"
#include "core/resources.h"

/* What is open, unless statuses are asked for. */
static int run_list(Verb *verb) {
  bool all = options_flag(verb->options, "all");
  const char *view = options_get(verb->options, "view");
  Str query = STR_NONE;
  if (view && all) return verb_usage("give either --view or --all: a view says itself which statuses it shows");
  int code = view ? view_query(verb, view, &query) : EXIT_DONE;
  if (code != EXIT_DONE) return code;
  if (view) return list_show(verb, &ALERT, str_to_c(verb->arena, query), "no alert is in this view");
  return list_show(verb, &ALERT, all ? "" : "status=triggered&status=acknowledged&", all ? NULL : "no alert is open");
}

static int run_show(Verb *verb) {
  return show_subject(verb, &ALERT, verb_word(verb, 0));
}

/* Whom its pages, or those of its incident, have told. */
static void say_told(Verb *verb) {
  Value row = value_null();
  if (verb->quiet || !client_try(verb->client, list_path_of(verb->arena, &ALERT, verb_word(verb, 0)), &row)) return;
  show_told_of_alert(verb, &row, false);
}

/* Every run of the rules over this alert, the newest last; then who was told. */
static int run_why(Verb *verb) {
  Value answer = value_null();
  Str id = client_escape(verb->arena, str_from_c(verb_word(verb, 0)));
  Str path = str_format(verb->arena, "/api/v1/alerts/%.*s/explanation", STR_ARG(id));
  int code = client_call(verb->client, "GET", path, NULL, &answer);
  if (code != EXIT_DONE || verb_printed(verb, &answer)) return code;
  const Value *items = value_get_c(&answer, "items");
  for (size_t i = value_is(items, VALUE_LIST) ? items->size : 0; i > 0; i--) {
    const Value *run = value_at(items, i - 1);
    verb_say(verb, "%.*s  %.*s, %.*s", STR_ARG(verb_text_of(run, "at")), STR_ARG(verb_text_of(run, "why")),
             STR_ARG(verb_text_of(run, "status")));
    say_explanation(verb, run);
  }
  say_told(verb);
  return EXIT_DONE;
}

static const Option LIST_ALERTS[] = {{"all", OPTION_FLAG, NULL, NULL, "resolved and dismissed ones too"},
                                     {"view", OPTION_TEXT, "NAME", NULL, "as you saved it on the page"},
                                     LIST_OPTION_ROWS};
static const Option REASON[] = {{"reason", OPTION_TEXT, "TEXT", NULL, "why; kept in the timeline"}, MANY_OPTION_ROWS};
static const Option MANY[] = {MANY_OPTION_ROWS};
static const Option SNOOZE[] = {{"for", OPTION_TEXT, "LENGTH", NULL, "90s, 30m, 2h, 1d"},
                                {"until", OPTION_TEXT, "TIME", NULL, "such as 2026-01-05T09:00:00Z"},
                                {"me", OPTION_FLAG, NULL, NULL, "only for yourself: the others are told as before"},
                                {"reason", OPTION_TEXT, "TEXT", NULL, "why; kept in the timeline"},
                                MANY_OPTION_ROWS};
static const BodyPart REASON_BODY[] = {{"reason", "reason"}, {NULL}};
static const BodyPart SNOOZE_BODY[] = {{"for", "for_s", PART_SECONDS, true, "until"},
                                       {"until", "until", PART_TIME},
                                       {"me", "for_me", PART_YES},
                                       {"reason", "reason"},
                                       {NULL}};
static const BodyPart NOTE_BODY[] = {{"@last", "text"}, {NULL}};
static const BodyPart ASSIGN_BODY[] = {{"@last", "user_id"}, {NULL}};

#define EACH_ALERT .kind = "alerts", .words_min = 1, .words_max = VERB_WORDS_MAX
#define ACT(word, verb, past, text)                                                                                    \
  {                                                                                                                    \
    .name = word, .usage = "alert " word " ALERT... | --filter CEL [--reason TEXT]", .doc = text, EACH_ALERT,          \
    .many = true, .options = REASON, .option_count = COUNT(REASON), .path = "alerts/{}/" verb, .body = REASON_BODY,    \
    .done = past                                                                                                       \
  }

const VerbSpec ALERT_VERBS[] = {
    {.name = "list",
     .usage = "alert list [--all | --view NAME] [--filter CEL]",
     .doc = "What is open.",
     .run = run_list,
     .options = LIST_ALERTS,
     .option_count = COUNT(LIST_ALERTS),
     .repeated = "filter"},
    {.name = "show",
     .usage = "alert show ALERT",
     .doc = "One alert: what, who was told, what happened.",
     .run = run_show,
     .kind = "alerts",
     .words_min = 1,
     .words_max = 1},
    ACT("ack", "acknowledge", "acknowledged", "You have it: paging stops."),
    ACT("unack", "unacknowledge", "unacknowledged", "Nobody has it: paging starts at level 1 again."),
    ACT("resolve", "resolve", "resolved", "It is over."),
    ACT("dismiss", "dismiss", "dismissed", "It is nothing."),
    ACT("reopen", "reopen", "reopened", "It is not over."),
    ACT("escalate", "escalate", "escalated", "Pages the next level now."),
    {.name = "snooze",
     .usage = "alert snooze ALERT... | --filter CEL  --for 2h | --until TIME  [--me]",
     .many = true,
     .doc = "Quiet for a while, for all or only for you; then, if it still stands, one page.",
     EACH_ALERT,
     .options = SNOOZE,
     .option_count = COUNT(SNOOZE),
     .path = "alerts/{}/snooze",
     .body = SNOOZE_BODY,
     .done = "snoozed"},
    ACT("unsnooze", "unsnooze", "no longer snoozed by you", "You are told again; it ends your own snooze."),
    {.name = "assign",
     .usage = "alert assign ALERT... USER",
     .many = true,
     .options = MANY,
     .option_count = COUNT(MANY),
     .doc = "Gives it to somebody.",
     .kind = "alerts",
     .words_min = 2,
     .words_max = VERB_WORDS_MAX,
     .path = "alerts/{}/assign",
     .body = ASSIGN_BODY,
     .done = "assigned"},
    {.name = "note",
     .usage = "alert note ALERT... TEXT",
     .many = true,
     .options = MANY,
     .option_count = COUNT(MANY),
     .doc = "Writes into the timeline.",
     .kind = "alerts",
     .words_min = 2,
     .words_max = VERB_WORDS_MAX,
     .path = "alerts/{}/note",
     .body = NOTE_BODY,
     .done = "noted"},
    {.name = "why",
     .usage = "alert why ALERT",
     .doc = "Which rules matched, which did not, and who was paged for what reason.",
     .run = run_why,
     .kind = "alerts",
     .words_min = 1,
     .words_max = 1},
    {.name = NULL},
};

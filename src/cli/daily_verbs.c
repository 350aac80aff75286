/* The verbs of a day with incidents: alert, incident, page, oncall. */
#include "cli/explain.h"
#include "cli/kinds.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "lang/time.h"

static Str action_path(const Verb *verb, const char *plural, const char *id, const char *action) {
  return str_format(verb->arena, "/api/v1/%s/%.*s/%s", plural, STR_ARG(client_escape(verb->arena, str_from_c(id))),
                    action);
}

static Str text_of(const Value *row, const char *name) {
  return value_text_or(value_get_c(row, name), STR_NONE);
}

/* Alerts and incidents: one action on each of the words
 * ---------------------------------------------------------------- */

static void say_acted(const Verb *verb, const Value *row) {
  if (verb_printed(verb, row)) return;
  verb_say(verb, "%.*s %s: %.*s", STR_ARG(kind_label(row)), verb->spec->done, STR_ARG(text_of(row, "title")));
}

/* Goes on after a refusal, so that one wrong number does not keep the rest waiting; the first code is given back. */
static int act_on_each(Verb *verb, const char *plural, const Value *body) {
  size_t count = options_positional_count(verb->options);
  int first = EXIT_DONE;
  for (size_t i = 0; i < count; i++) {
    Value row = value_null();
    Str path = action_path(verb, plural, verb_word(verb, i), verb->spec->api);
    int code = client_call(verb->client, "POST", path, body, &row);
    if (code == EXIT_DONE) say_acted(verb, &row);
    if (first == EXIT_DONE) first = code;
  }
  return first;
}

static int run_act(Verb *verb, const char *plural) {
  MapBuilder body = map_builder(verb->arena);
  verb_put(verb, &body, "reason", "reason");
  Value value = map_done(&body);
  return act_on_each(verb, plural, &value);
}

static int run_alert(Verb *verb) {
  return run_act(verb, "alerts");
}
static int run_incident(Verb *verb) {
  return run_act(verb, "incidents");
}

static int run_snooze(Verb *verb) {
  MapBuilder body = map_builder(verb->arena);
  const char *length = options_get(verb->options, "for"), *until = options_get(verb->options, "until");
  i64 seconds = 0;
  if (!length == !until) return verb_usage("say how long: either --for 2h or --until 2026-01-05T09:00:00Z");
  if (length && !verb_seconds(str_from_c(length), &seconds))
    return verb_usage("--for \"%s\" is not a length of time such as 90s, 30m, 2h or 1d", length);
  if (length) map_put_c(&body, "for_s", value_int(seconds));
  verb_put(verb, &body, "until", "until");
  verb_put(verb, &body, "reason", "reason");
  Value value = map_done(&body);
  return act_on_each(verb, "alerts", &value);
}

static int run_note(Verb *verb) {
  MapBuilder body = map_builder(verb->arena);
  Value row = value_null();
  map_put_c(&body, "text", value_c(verb_word(verb, 1)));
  Value value = map_done(&body);
  Str path = action_path(verb, "alerts", verb_word(verb, 0), "note");
  int code = client_call(verb->client, "POST", path, &value, &row);
  if (code == EXIT_DONE) say_acted(verb, &row);
  return code;
}

/* Every run of the rules over this alert, the newest last. */
static int run_why(Verb *verb) {
  Value answer = value_null();
  Str path = action_path(verb, "alerts", verb_word(verb, 0), "explanation");
  int code = client_call(verb->client, "GET", path, NULL, &answer);
  if (code != EXIT_DONE || verb_printed(verb, &answer)) return code;
  const Value *items = value_get_c(&answer, "items");
  for (size_t i = value_is(items, VALUE_LIST) ? items->size : 0; i > 0; i--) {
    const Value *run = value_at(items, i - 1);
    verb_say(verb, "%.*s  %.*s, %.*s", STR_ARG(text_of(run, "at")), STR_ARG(text_of(run, "why")),
             STR_ARG(text_of(run, "status")));
    say_explanation(verb, run);
  }
  return EXIT_DONE;
}

static const Option REASON[] = {{"reason", OPTION_TEXT, "TEXT", NULL, "why; kept in the timeline"}};
static const Option SNOOZE_OPTIONS[] = {{"for", OPTION_TEXT, "LENGTH", NULL, "90s, 30m, 2h, 1d"},
                                        {"until", OPTION_TEXT, "TIME", NULL, "such as 2026-01-05T09:00:00Z"},
                                        {"reason", OPTION_TEXT, "TEXT", NULL, "why; kept in the timeline"}};

#define ALERT_ACT(word, verb, past, text)                                                                              \
  {                                                                                                                    \
    .name = word, .usage = "alert " word " ALERT...", .doc = text, .run = run_alert, .words_min = 1,                   \
    .words_max = VERB_WORDS_MAX, .options = REASON, .option_count = COUNT(REASON), .api = verb, .done = past           \
  }

static const VerbSpec ALERT_VERBS[] = {
    ALERT_ACT("ack", "acknowledge", "acknowledged", "You have it: paging stops."),
    ALERT_ACT("unack", "unacknowledge", "unacknowledged", "Nobody has it: paging starts at level 1 again."),
    ALERT_ACT("resolve", "resolve", "resolved", "It is over."),
    ALERT_ACT("dismiss", "dismiss", "dismissed", "It is nothing."),
    ALERT_ACT("reopen", "reopen", "reopened", "It is not over."),
    ALERT_ACT("escalate", "escalate", "escalated", "Pages the next level now."),
    {.name = "snooze",
     .usage = "alert snooze ALERT... --for 2h | --until TIME",
     .doc = "Quiet for a while; then, if it still stands, one page.",
     .run = run_snooze,
     .words_min = 1,
     .words_max = VERB_WORDS_MAX,
     .options = SNOOZE_OPTIONS,
     .option_count = COUNT(SNOOZE_OPTIONS),
     .api = "snooze",
     .done = "snoozed"},
    {.name = "why",
     .usage = "alert why ALERT",
     .doc = "Which rules matched, which did not, and who was paged for what reason.",
     .run = run_why,
     .words_min = 1,
     .words_max = 1},
    {.name = "note",
     .usage = "alert note ALERT TEXT",
     .doc = "Writes into its timeline.",
     .run = run_note,
     .words_min = 2,
     .words_max = 2,
     .done = "noted"},
    {.name = NULL},
};

int command_alert(int argc, char **argv) {
  return verb_group("alert", ALERT_VERBS, argc, argv);
}

/* Incidents ----------------------------------------------------------------------------------------------------------
 */

static int run_declare(Verb *verb) {
  Arena *arena = verb->arena;
  MapBuilder body = map_builder(arena);
  const char *severity = options_get(verb->options, "severity"), *service = options_get(verb->options, "service");
  Value row = value_null();
  i64 number = 0;
  if (!options_get(verb->options, "title")) return verb_usage("--title is missing: what is wrong, in a line");
  if (severity && !str_to_i64(str_from_c(severity), 0, 4, &number))
    return verb_usage("--severity \"%s\" is not 0 (worst) to 4", severity);
  verb_put(verb, &body, "title", "title");
  verb_put(verb, &body, "summary", "summary");
  if (severity) map_put_c(&body, "severity", value_int(number));
  if (service) {
    Value one = value_c(service);
    map_put_c(&body, "service_ids", list_of(arena, &one, 1));
  }
  Value value = map_done(&body);
  int code = client_call(verb->client, "POST", S("/api/v1/incidents"), &value, &row);
  if (code == EXIT_DONE) say_acted(verb, &row);
  return code;
}

static int run_say(Verb *verb) {
  MapBuilder body = map_builder(verb->arena);
  Value row = value_null();
  if (verb_word(verb, 1)) map_put_c(&body, "text", value_c(verb_word(verb, 1)));
  verb_put(verb, &body, "status", "status");
  Value value = map_done(&body);
  Str path = action_path(verb, "incidents", verb_word(verb, 0), "status-updates");
  int code = client_call(verb->client, "POST", path, &value, &row);
  if (code != EXIT_DONE || verb_printed(verb, &row)) return code;
  verb_say(verb, "%.*s is %.*s: %.*s", STR_ARG(kind_label(&row)), STR_ARG(text_of(&row, "status")),
           STR_ARG(text_of(&row, "title")));
  return code;
}

static const Option DECLARE_OPTIONS[] = {{"title", OPTION_TEXT, "TEXT", NULL, "what is wrong, in a line"},
                                         {"severity", OPTION_TEXT, "N", NULL, "0 is worst, 4 least"},
                                         {"service", OPTION_TEXT, "SERVICE", NULL, "what is affected"},
                                         {"summary", OPTION_TEXT, "TEXT", NULL, "what is known so far"}};
static const Option SAY_OPTIONS[] = {
    {"status", OPTION_TEXT, "STATUS", NULL, "new, investigating, fixing, monitoring, closed"}};

#define INCIDENT_ACT(word, verb, past, text)                                                                           \
  {                                                                                                                    \
    .name = word, .usage = "incident " word " INCIDENT...", .doc = text, .run = run_incident, .words_min = 1,          \
    .words_max = VERB_WORDS_MAX, .options = REASON, .option_count = COUNT(REASON), .api = verb, .done = past           \
  }

static const VerbSpec INCIDENT_VERBS[] = {
    {.name = "declare",
     .usage = "incident declare --title TEXT [--severity N] [--service S]",
     .doc = "Something is broken.",
     .run = run_declare,
     .options = DECLARE_OPTIONS,
     .option_count = COUNT(DECLARE_OPTIONS),
     .done = "declared"},
    INCIDENT_ACT("ack", "acknowledge", "acknowledged", "You have it, and its triggered alerts."),
    INCIDENT_ACT("resolve", "resolve", "resolved", "It is mended: its pages end."),
    INCIDENT_ACT("close", "close", "closed", "The response is over."),
    INCIDENT_ACT("reopen", "reopen", "reopened", "It is not over."),
    {.name = "say",
     .usage = "incident say INCIDENT [TEXT] [--status STATUS]",
     .doc = "Tells how it stands.",
     .run = run_say,
     .words_min = 1,
     .words_max = 2,
     .options = SAY_OPTIONS,
     .option_count = COUNT(SAY_OPTIONS)},
    {.name = NULL},
};

int command_incident(int argc, char **argv) {
  return verb_group("incident", INCIDENT_VERBS, argc, argv);
}

/* Page ---------------------------------------------------------------------------------------------------------------
 */

static int run_page(Verb *verb) {
  Arena *arena = verb->arena;
  MapBuilder target = map_builder(arena), body = map_builder(arena);
  Value row = value_null();
  map_put_c(&target, "kind", value_c(options_get(verb->options, "kind")));
  map_put_c(&target, "id", value_c(verb_word(verb, 0)));
  Value one = map_done(&target);
  map_put_c(&body, "targets", list_of(arena, &one, 1));
  map_put_c(&body, "message", value_c(verb_word(verb, 1)));
  verb_put(verb, &body, "urgency", "urgency");
  Value value = map_done(&body);
  int code = client_call(verb->client, "POST", S("/api/v1/pages"), &value, &row);
  if (code != EXIT_DONE || verb_printed(verb, &row)) return code;
  Str id = text_of(&row, "id");
  verb_say(verb, "paging %s: %.*s", verb_word(verb, 0), STR_ARG(id));
  verb_say(verb, "  who was told: tocsin get notifications --filter page_id=%.*s", STR_ARG(id));
  return code;
}

static const Option PAGE_OPTIONS[] = {{"kind", OPTION_TEXT, "KIND", "user", "user, schedule or team"},
                                      {"urgency", OPTION_TEXT, "URGENCY", NULL, "high or low"}};
static const VerbSpec PAGE = {.name = "page",
                              .usage = "page USER MESSAGE",
                              .doc = "Pages a person now, or with --kind a schedule or a team.",
                              .run = run_page,
                              .words_min = 2,
                              .words_max = 2,
                              .options = PAGE_OPTIONS,
                              .option_count = COUNT(PAGE_OPTIONS)};

int command_page(int argc, char **argv) {
  return verb_main(&PAGE, argc, argv);
}

/* On call ------------------------------------------------------------------------------------------------------------
 */

static Value names_joined(Arena *arena, const Value *people) {
  Buf out = buf_new(arena, KIB(16));
  for (size_t i = 0; value_is(people, VALUE_LIST) && i < people->size; i++)
    buf_format(&out, "%s%.*s", i ? ", " : "", STR_ARG(text_of(value_at(people, i), "name")));
  return value_string(out.len ? buf_str(&out) : S("nobody"));
}

/* The lists of people become their names, so that a table can show them. */
static Value with_names(Arena *arena, const Value *items) {
  ValueVec rows = {0};
  for (size_t i = 0; i < items->size; i++) {
    const Value *item = value_at(items, i);
    MapBuilder row = map_builder(arena);
    for (size_t m = 0; m < item->size; m++) map_put(&row, value_text(&item->members[m].key), item->members[m].value);
    map_put_c(&row, "now", names_joined(arena, value_get_c(item, "users")));
    map_put_c(&row, "then", names_joined(arena, value_get_c(item, "next")));
    *VEC_PUSH(arena, &rows) = map_done(&row);
  }
  return list_done(&rows);
}

static int run_oncall(Verb *verb) {
  static const Column COLUMNS[] = {{"SCHEDULE", "schedule", COLUMN_TEXT}, {"ON CALL", "now", COLUMN_TEXT},
                                   {"UNTIL", "until", COLUMN_TEXT},       {"THEN", "then", COLUMN_TEXT},
                                   {"FROM", "source", COLUMN_TEXT},       {NULL}};
  const char *schedule = verb_word(verb, 0), *at = options_get(verb->options, "at");
  Buf path = buf_new(verb->arena, KIB(8));
  Value answer = value_null();
  buf_puts(&path, "/api/v1/on-call?");
  if (schedule) buf_format(&path, "schedule_id=%.*s&", STR_ARG(client_escape(verb->arena, str_from_c(schedule))));
  if (at) buf_format(&path, "at=%.*s&", STR_ARG(client_escape(verb->arena, str_from_c(at))));
  int code = client_call(verb->client, "GET", str_slice(buf_str(&path), 0, path.len - 1), NULL, &answer);
  if (code != EXIT_DONE || verb_printed(verb, &answer)) return code;
  const Value *items = value_get_c(&answer, "items");
  if (!value_is(items, VALUE_LIST) || items->size == 0) {
    if (!verb->quiet) fprintf(stderr, "there are no schedules yet\n");
    return EXIT_DONE;
  }
  Value rows = with_names(verb->arena, items);
  print_table(verb->client, &verb->screen, COLUMNS, &rows);
  return EXIT_DONE;
}

/* Whose key this is; the sentence is for keys of services. */
static int find_taker(Verb *verb, Str *out) {
  const char *user = options_get(verb->options, "user");
  Value me = value_null();
  *out = str_from_c(user);
  if (user) return EXIT_DONE;
  int code = client_call(verb->client, "GET", S("/api/v1/me"), NULL, &me);
  if (code != EXIT_DONE) return code;
  *out = text_of(&me, "email");
  return out->len ? EXIT_DONE : verb_usage("--user is missing: this API key belongs to nobody who could be on call");
}

static bool take_span(const Verb *verb, MapBuilder *body, Error *err) {
  const char *length = options_get(verb->options, "for"), *until = options_get(verb->options, "until");
  i64 seconds = 0, now = clock_true_ms();
  if (!length == !until) return fail(err, ERR_INVALID, "say how long: either --for 8h or --until 2026-01-05T18:00:00Z");
  if (length && !verb_seconds(str_from_c(length), &seconds))
    return fail(err, ERR_INVALID, "--for \"%s\" is not a length of time such as 90m, 8h or 2d", length);
  map_put_c(body, "starts_at", value_string(time_text_ms(verb->arena, now)));
  map_put_c(body, "ends_at", until ? value_c(until) : value_string(time_text_ms(verb->arena, now + seconds * 1000)));
  return true;
}

static int run_take(Verb *verb) {
  MapBuilder body = map_builder(verb->arena);
  Value row = value_null();
  Str taker = STR_NONE;
  Error err = {0};
  map_put_c(&body, "schedule_id", value_c(verb_word(verb, 0)));
  map_put_c(&body, "kind", value_c("cover"));
  if (!take_span(verb, &body, &err)) return verb_usage("%s", err.message);
  int code = find_taker(verb, &taker);
  if (code != EXIT_DONE) return code;
  map_put_c(&body, "user_id", value_string(taker));
  Value value = map_done(&body);
  code = client_call(verb->client, "POST", S("/api/v1/overrides"), &value, &row);
  if (code != EXIT_DONE || verb_printed(verb, &row)) return code;
  verb_say(verb, "%.*s is on call for %s until %.*s (%.*s)", STR_ARG(taker), verb_word(verb, 0),
           STR_ARG(text_of(&row, "ends_at")), STR_ARG(text_of(&row, "id")));
  return code;
}

static const Option TAKE_OPTIONS[] = {{"for", OPTION_TEXT, "LENGTH", NULL, "from now, such as 90m, 8h, 2d"},
                                      {"until", OPTION_TEXT, "TIME", NULL, "such as 2026-01-05T18:00:00Z"},
                                      {"user", OPTION_TEXT, "USER", NULL, "who, when not you"}};
static const VerbSpec TAKE = {.name = "take",
                              .usage = "oncall take SCHEDULE --for 8h | --until TIME",
                              .doc = "You are on call there, in place of everyone, from now on.",
                              .run = run_take,
                              .words_min = 1,
                              .words_max = 1,
                              .options = TAKE_OPTIONS,
                              .option_count = COUNT(TAKE_OPTIONS)};
static const Option ONCALL_OPTIONS[] = {{"at", OPTION_TEXT, "TIME", NULL, "not now but then"}};
static const VerbSpec ONCALL = {.name = "oncall",
                                .usage = "oncall [SCHEDULE] [--at TIME]",
                                .doc = "Who is on call, until when, and who is next. \"oncall take\" makes it you.",
                                .run = run_oncall,
                                .words_max = 1,
                                .options = ONCALL_OPTIONS,
                                .option_count = COUNT(ONCALL_OPTIONS)};

int command_oncall(int argc, char **argv) {
  if (argc && str_equal_c(str_from_c(argv[0]), "take")) return verb_main(&TAKE, argc - 1, argv + 1);
  return verb_main(&ONCALL, argc, argv);
}

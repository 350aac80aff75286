/* page, oncall: who answers. */
#include "cli/kinds.h"
#include "cli/verbs.h"
#include "lang/time.h"

/* Page ---------------------------------------------------------------------------------------------------------------
 */

/* A word names a person by e-mail, the others by slug. Nobody is paged when two kinds have that slug. */
static int find_target(Verb *verb, const char *word, const char **out_kind) {
  static const char *const KINDS[][2] = {{"user", "users"},
                                         {"team", "teams"},
                                         {"schedule", "schedules"},
                                         {"policy", "escalation-policies"},
                                         {"service", "services"}};
  const char *given = options_get(verb->options, "kind");
  Value row = value_null();
  *out_kind = given;
  if (given) return EXIT_DONE;
  Str id = client_escape(verb->arena, str_from_c(word));
  for (size_t i = 0; i < COUNT(KINDS); i++) {
    if (!client_try(verb->client, str_format(verb->arena, "/api/v1/%s/%.*s", KINDS[i][1], STR_ARG(id)), &row)) continue;
    if (*out_kind) {
      fprintf(stderr, "tocsin: \"%s\" is a %s and a %s; nobody was paged. Say which: --kind %s or --kind %s\n", word,
              *out_kind, KINDS[i][0], *out_kind, KINDS[i][0]);
      return EXIT_USAGE;
    }
    *out_kind = KINDS[i][0];
  }
  if (*out_kind) return EXIT_DONE;
  fprintf(stderr,
          "tocsin: there is no user, team, schedule, policy or service \"%s\"; name a user by e-mail, others by slug\n",
          word);
  return EXIT_NOT_FOUND;
}

static int find_targets(Verb *verb, size_t count, Value *out) {
  ValueVec targets = {0};
  for (size_t i = 0; i < count; i++) {
    MapBuilder target = map_builder(verb->arena);
    const char *kind = NULL;
    int code = find_target(verb, verb_word(verb, i), &kind);
    if (code != EXIT_DONE) return code;
    map_put_c(&target, "kind", value_c(kind));
    map_put_c(&target, "id", value_c(verb_word(verb, i)));
    *VEC_PUSH(verb->arena, &targets) = map_done(&target);
  }
  *out = list_done(&targets);
  return EXIT_DONE;
}

static Str step_people(Arena *arena, const Value *step) {
  const Value *people = value_get_c(step, "people");
  Buf out = buf_new(arena, KIB(16));
  for (size_t i = 0; value_is(people, VALUE_LIST) && i < people->size; i++) {
    const Value *messages = value_get_c(value_at(people, i), "messages");
    buf_format(&out, "%s%.*s", i ? ", " : "", STR_ARG(verb_text_of(value_at(people, i), "name")));
    for (size_t m = 0; value_is(messages, VALUE_LIST) && m < messages->size; m++) {
      const Value *message = value_at(messages, m);
      Str error = verb_text_of(message, "error");
      buf_format(&out, "%s%.*s", m ? ", " : " (", STR_ARG(verb_text_of(message, "kind")));
      if (m) buf_format(&out, " %.*s", 8, verb_text_of(message, "at").ptr + 11);
      if (error.len) buf_format(&out, " fails: %.*s", STR_ARG(error));
    }
    if (value_is(messages, VALUE_LIST) && messages->size) buf_putc(&out, ')');
  }
  return out.len ? buf_str(&out) : S("");
}

/* The ladders as tables: when, which level, who by what. */
static int show_ladders(Verb *verb, const Value *answer) {
  static const Column COLUMNS[] = {
      {"AT", "at", COLUMN_TEXT},     {"LEVEL", "level", COLUMN_TEXT},      {"ROUND", "round", COLUMN_TEXT},
      {"WHAT", "what", COLUMN_TEXT}, {"WHO, BY WHAT", "who", COLUMN_TEXT}, {NULL}};
  const Value *ladders = value_get_c(answer, "ladders");
  for (size_t i = 0; value_is(ladders, VALUE_LIST) && i < ladders->size; i++) {
    const Value *ladder = value_at(ladders, i), *steps = value_get_c(ladder, "steps");
    ValueVec rows = {0};
    Str name = verb_text_of(ladder, "name"), urgency = verb_text_of(ladder, "urgency");
    for (size_t s = 0; value_is(steps, VALUE_LIST) && s < steps->size; s++) {
      const Value *step = value_at(steps, s);
      MapBuilder row = map_builder(verb->arena);
      for (size_t m = 0; m < step->size; m++) map_put(&row, value_text(&step->members[m].key), step->members[m].value);
      Str who = step_people(verb->arena, step), reason = verb_text_of(step, "reason");
      map_put_c(&row, "who", value_string(who.len ? who : reason));
      *VEC_PUSH(verb->arena, &rows) = map_done(&row);
    }
    Value list = list_done(&rows);
    verb_say(verb, "%s%.*s, urgency %.*s", i ? "\n" : "", STR_ARG(name), STR_ARG(urgency));
    print_table(verb->client, &verb->screen, COLUMNS, &list, verb->output == OUTPUT_WIDE);
  }
  return EXIT_DONE;
}

/* A policy as a file has it: alone, or one document of `export` and `apply`. */
static bool read_draft(Verb *verb, const char *file, Value *out, Error *err) {
  if (!verb_read_value(verb->arena, file, out, err)) return false;
  const Value *among = value_get_c(out, "escalation-policies");
  if (value_is(among, VALUE_LIST) && among->size == 1) *out = *value_at(among, 0);
  if (!value_is(value_get_c(out, "levels"), VALUE_LIST))
    return fail(err, ERR_INVALID, "%s holds no single policy: give one with its levels", file);
  MapBuilder draft = map_builder(verb->arena);
  for (size_t i = 0; i < out->size; i++) {
    Str name = value_text(&out->members[i].key);
    if (!str_equal_c(name, "kind") && !str_equal_c(name, "slug")) map_put(&draft, name, out->members[i].value);
  }
  return *out = map_done(&draft), true;
}

static int preview_page(Verb *verb, const Value *targets) {
  MapBuilder body = map_builder(verb->arena);
  Value answer = value_null(), draft = value_null();
  const char *file = options_get(verb->options, "file");
  Error err = {0};
  if (file && !read_draft(verb, file, &draft, &err)) return verb_usage("%s", err.message);
  if (file) map_put_c(&body, "policy", draft);
  if (targets->size) map_put_c(&body, "targets", *targets);
  if (options_get(verb->options, "urgency"))
    map_put_c(&body, "urgency", value_c(options_get(verb->options, "urgency")));
  if (options_get(verb->options, "priority"))
    map_put_c(&body, "priority", value_c(options_get(verb->options, "priority")));
  Value value = map_done(&body);
  int code = client_call(verb->client, "POST", S("/api/v1/pages/preview"), &value, &answer);
  if (code != EXIT_DONE || verb_printed(verb, &answer)) return code;
  return show_ladders(verb, &answer);
}

static int run_page(Verb *verb) {
  const char *message = options_get(verb->options, "message");
  size_t count = verb_word_count(verb);
  MapBuilder body = map_builder(verb->arena);
  Value row = value_null(), targets = value_null();
  bool preview = options_flag(verb->options, "preview"), file = options_get(verb->options, "file") != NULL;
  if (file && !preview) return verb_usage("--file goes with --preview: a policy that is not saved pages nobody");
  if (count == 0 && !file) return verb_usage("say whom: tocsin page USER|TEAM|SCHEDULE|POLICY|SERVICE --message TEXT");
  if (!message && count < 2 && !preview)
    return verb_usage("say what it is about: tocsin page %s --message TEXT", verb_word(verb, 0));
  if (!message && !preview) message = verb_word(verb, --count);
  int code = find_targets(verb, count, &targets);
  if (code != EXIT_DONE) return code;
  if (preview) return preview_page(verb, &targets);
  map_put_c(&body, "targets", targets);
  map_put_c(&body, "message", value_c(message));
  if (options_get(verb->options, "urgency"))
    map_put_c(&body, "urgency", value_c(options_get(verb->options, "urgency")));
  Value value = map_done(&body);
  code = client_call(verb->client, "POST", S("/api/v1/pages"), &value, &row);
  if (code != EXIT_DONE || verb_printed(verb, &row)) return code;
  Str id = verb_text_of(&row, "id");
  verb_say(verb, "paging %.*s %s%s: %.*s", STR_ARG(verb_text_of(value_at(&targets, 0), "kind")), verb_word(verb, 0),
           count > 1 ? " and others" : "", STR_ARG(id));
  verb_say(verb, "  who was told: %s get notifications --filter page_id=%.*s", cli_program(), STR_ARG(id));
  return code;
}

static const Option PAGE_OPTIONS[] = {
    {"message", OPTION_TEXT, "TEXT", NULL, "what it is about; or as the last word"},
    {"kind", OPTION_TEXT, "KIND", NULL,
     "user, team, schedule, policy or service; needed when several of these are called so"},
    {"preview", OPTION_FLAG, NULL, NULL, "says who would be reached when, by what; pages nobody"},
    {"file", OPTION_TEXT, "FILE", NULL, "with --preview: a policy that is not saved yet, JSON or YAML; - reads it"},
    {"priority", OPTION_TEXT, "PRIORITY", NULL, "with --preview: of the alert, p1 to p4"},
    {"urgency", OPTION_TEXT, "URGENCY", NULL, "high or low; high when not given"}};
const VerbSpec PAGE_BY_HAND = {
    .name = "page",
    .usage = "page USER|TEAM|SCHEDULE|POLICY|SERVICE... --message TEXT",
    .doc = "Pages people now: opens an alert of source manual and calls them until one answers.",
    .run = run_page,
    .kind = "users",
    .words_max = 21,
    .options = PAGE_OPTIONS,
    .option_count = COUNT(PAGE_OPTIONS)};

/* On call ------------------------------------------------------------------------------------------------------------
 */

static Value names_joined(Arena *arena, const Value *people) {
  Buf out = buf_new(arena, KIB(16));
  for (size_t i = 0; value_is(people, VALUE_LIST) && i < people->size; i++)
    buf_format(&out, "%s%.*s", i ? ", " : "", STR_ARG(verb_text_of(value_at(people, i), "name")));
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
    const Value *people = value_get_c(item, "users");
    bool open_end = value_is(people, VALUE_LIST) && people->size > 0 && !verb_text_of(item, "until").len;
    map_put_c(&row, "then", open_end ? value_c("the same (open end)") : names_joined(arena, value_get_c(item, "next")));
    *VEC_PUSH(arena, &rows) = map_done(&row);
  }
  return list_done(&rows);
}

static int run_oncall(Verb *verb) {
  static const Column COLUMNS[] = {{"SCHEDULE", "schedule", COLUMN_TEXT}, {"ON CALL", "now", COLUMN_TEXT},
                                   {"UNTIL", "until", COLUMN_AGE},        {"THEN", "then", COLUMN_TEXT},
                                   {"WHY", "why", COLUMN_TEXT},           {NULL}};
  const char *schedule = verb_word(verb, 0), *at = options_get(verb->options, "at");
  Buf path = buf_new(verb->arena, KIB(8));
  Value answer = value_null();
  Str moment = STR_NONE;
  Error err = {0};
  buf_puts(&path, "/api/v1/on-call?");
  if (schedule) buf_format(&path, "schedule_id=%.*s&", STR_ARG(client_escape(verb->arena, str_from_c(schedule))));
  if (at && !verb_time(verb->arena, str_from_c(at), 1, &moment, &err)) return verb_usage("--at: %s", err.message);
  if (at) buf_format(&path, "at=%.*s&", STR_ARG(client_escape(verb->arena, moment)));
  int code = client_call(verb->client, "GET", str_slice(buf_str(&path), 0, path.len - 1), NULL, &answer);
  if (code != EXIT_DONE || verb_printed(verb, &answer)) return code;
  const Value *items = value_get_c(&answer, "items");
  if (!value_is(items, VALUE_LIST) || items->size == 0) {
    if (!verb->quiet) fprintf(stderr, "there are no schedules yet\n");
    return EXIT_DONE;
  }
  Value rows = with_names(verb->arena, items);
  print_table(verb->client, &verb->screen, COLUMNS, &rows, verb->output == OUTPUT_WIDE);
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
  *out = verb_text_of(&me, "email");
  return out->len ? EXIT_DONE : verb_usage("--user is missing: this API key belongs to nobody who could be on call");
}

static bool take_span(const Verb *verb, MapBuilder *body, Error *err) {
  const char *length = options_get(verb->options, "for"), *until = options_get(verb->options, "until");
  Str end = STR_NONE;
  if (!length == !until) return fail(err, ERR_INVALID, "say how long: either --for 8h or --until 2026-01-05T18:00:00Z");
  if (!verb_time(verb->arena, str_from_c(length ? length : until), 1, &end, err))
    return error_prefix(err, length ? "--for: " : "--until: ");
  map_put_c(body, "starts_at", value_string(time_text_ms(verb->arena, clock_true_ms())));
  map_put_c(body, "ends_at", value_string(end));
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
           STR_ARG(verb_text_of(&row, "ends_at")), STR_ARG(verb_text_of(&row, "id")));
  return code;
}

static const Option TAKE_OPTIONS[] = {{"for", OPTION_TEXT, "LENGTH", NULL, "from now, such as 90m, 8h, 2d"},
                                      {"until", OPTION_TEXT, "TIME", NULL, "such as 2026-01-05T18:00:00Z"},
                                      {"user", OPTION_TEXT, "USER", NULL, "who, when not you"}};
static const Option COVER_OPTIONS[] = {
    {"from", OPTION_TEXT, "TIME", NULL, "such as 2026-01-05T18:00:00Z, or 8h from now"},
    {"until", OPTION_TEXT, "TIME", NULL, "the end of it"},
    {"ask", OPTION_TEXT, "USER", NULL, "only this person may take it; not given: anybody"},
    {"return-from", OPTION_TEXT, "TIME", NULL, "a swap: from then on you stand in for --ask"},
    {"return-until", OPTION_TEXT, "TIME", NULL, "the end of that"},
    {"message", OPTION_TEXT, "TEXT", NULL, "why"},
    {"user", OPTION_TEXT, "USER", NULL, "whose shift it is, when not yours"}};
static const Option SPAN_OPTIONS[] = {{"from", OPTION_TEXT, "TIME", NULL, "now when not given"},
                                      {"until", OPTION_TEXT, "TIME", NULL, "14 days later when not given"}};
static const Option ACCEPT_OPTIONS[] = {{"user", OPTION_TEXT, "USER", NULL, "who, when not you"}};
static const BodyPart ACCEPT_BODY[] = {{"user", "user_id", PART_TEXT, false, NULL}, {NULL}};
static const Option VERSION_OPTIONS[] = {{"version", OPTION_NUMBER, "N", NULL, "which one to go back to"}};
static const BodyPart VERSION_BODY[] = {{"version", "version", PART_NUMBER, true, NULL}, {NULL}};

const VerbSpec ONCALL_VERBS[] = {{.name = "take",
                                  .usage = "oncall take SCHEDULE --for 8h | --until TIME",
                                  .doc = "You are on call there, in place of everyone, from now on.",
                                  .run = run_take,
                                  .words_min = 1,
                                  .words_max = 1,
                                  .options = TAKE_OPTIONS,
                                  .option_count = COUNT(TAKE_OPTIONS),
                                  .kind = "schedules",
                                  .done = "taken"},
                                 {.name = "gaps",
                                  .usage = "oncall gaps [SCHEDULE]",
                                  .doc = "What nobody answers for: now, and in the next 14 days.",
                                  .run = verb_oncall_gaps,
                                  .words_max = 1,
                                  .kind = "schedules"},
                                 {.name = "report",
                                  .usage = "oncall report [SCHEDULE] [--since 30d] [--csv]",
                                  .doc = "Hours and pages by person, and how fairly they fell.",
                                  .run = verb_oncall_report,
                                  .words_max = 1,
                                  .options = SHIFT_REPORT_OPTIONS,
                                  .option_count = COUNT(SHIFT_REPORT_OPTIONS),
                                  .kind = "schedules"},
                                 {.name = "ready",
                                  .usage = "oncall ready [SCHEDULE]",
                                  .doc = "Would those on call now or in the next 14 days hear a page?",
                                  .run = verb_oncall_ready,
                                  .words_max = 1,
                                  .kind = "schedules"},
                                 {.name = "handoff",
                                  .usage = "oncall handoff SCHEDULE",
                                  .doc = "The present shift: what paged, what is open, who is next.",
                                  .run = verb_oncall_handoff,
                                  .words_min = 1,
                                  .words_max = 1,
                                  .kind = "schedules"},
                                 {.name = "calendar",
                                  .usage = "oncall calendar [SCHEDULE] [--user USER] [--alarm 30m]",
                                  .doc = "Makes an address that calendars subscribe to: of a schedule, or of your own "
                                         "shifts. It is shown once; \"delete calendar-feeds ID\" revokes it.",
                                  .run = verb_oncall_calendar,
                                  .words_max = 1,
                                  .options = CALENDAR_OPTIONS,
                                  .option_count = COUNT(CALENDAR_OPTIONS),
                                  .kind = "schedules"},
                                 {.name = "shifts",
                                  .usage = "oncall shifts SCHEDULE [--from TIME] [--until TIME]",
                                  .doc = "Who is on call there from when to when, and why; gaps come last.",
                                  .run = verb_oncall_shifts,
                                  .words_min = 1,
                                  .words_max = 1,
                                  .options = SPAN_OPTIONS,
                                  .option_count = COUNT(SPAN_OPTIONS),
                                  .kind = "schedules"},
                                 {.name = "import",
                                  .usage = "oncall import SCHEDULE FILE [--layer NAME] [--person TEXT=USER]... [--try]",
                                  .doc = "Makes a calendar file (PagerDuty, Opsgenie, Google) a layer of fixed shifts. "
                                         "Whom it names who is nobody here is said, and nothing imported.",
                                  .run = verb_oncall_import,
                                  .words_min = 2,
                                  .words_max = 2,
                                  .options = CALENDAR_FILE_OPTIONS,
                                  .option_count = COUNT(CALENDAR_FILE_OPTIONS),
                                  .repeated = "person",
                                  .kind = "schedules"},
                                 {.name = "holidays",
                                  .usage = "oncall holidays NAME FILE|URL",
                                  .doc = "Makes a calendar of holidays, for the windows of layers.",
                                  .run = verb_oncall_holidays,
                                  .words_min = 2,
                                  .words_max = 2},
                                 {.name = "restore",
                                  .usage = "oncall restore SCHEDULE --version N",
                                  .doc = "From now on the schedule is as it was in that version; the past stays.",
                                  .words_min = 1,
                                  .words_max = 1,
                                  .options = VERSION_OPTIONS,
                                  .option_count = COUNT(VERSION_OPTIONS),
                                  .kind = "schedules",
                                  .path = "schedules/{}/restore",
                                  .body = VERSION_BODY,
                                  .done = "restored"},
                                 {.name = "cover",
                                  .usage = "oncall cover SCHEDULE --from TIME --until TIME",
                                  .doc = "Asks for somebody in your place, or for a swap.",
                                  .run = verb_oncall_cover,
                                  .words_min = 1,
                                  .words_max = 1,
                                  .options = COVER_OPTIONS,
                                  .option_count = COUNT(COVER_OPTIONS),
                                  .kind = "schedules"},
                                 {.name = "accept",
                                  .usage = "oncall accept REQUEST...",
                                  .doc = "You stand in for whoever asked.",
                                  .words_min = 1,
                                  .words_max = VERB_WORDS_MAX,
                                  .options = ACCEPT_OPTIONS,
                                  .option_count = COUNT(ACCEPT_OPTIONS),
                                  .kind = "cover-requests",
                                  .path = "cover-requests/{}/take",
                                  .body = ACCEPT_BODY,
                                  .done = "taken"},
                                 {.name = "cancel",
                                  .usage = "oncall cancel REQUEST...",
                                  .doc = "Nobody is wanted any more; or you decline.",
                                  .words_min = 1,
                                  .words_max = VERB_WORDS_MAX,
                                  .kind = "cover-requests",
                                  .path = "cover-requests/{}/cancel",
                                  .done = "cancelled"},
                                 {.name = "undo",
                                  .usage = "oncall undo REQUEST...",
                                  .doc = "Takes back what accepting it wrote, from now on; it is open again.",
                                  .words_min = 1,
                                  .words_max = VERB_WORDS_MAX,
                                  .kind = "cover-requests",
                                  .path = "cover-requests/{}/undo",
                                  .done = "open again"},
                                 {.name = NULL}};
static const Option ONCALL_OPTIONS[] = {{"at", OPTION_TEXT, "TIME", NULL, "not now but then"}};
const VerbSpec ONCALL = {.name = "oncall",
                         .usage = "oncall [SCHEDULE] [--at TIME]",
                         .doc = "Who is on call, until when, and who is next. \"oncall take\" makes it you.",
                         .run = run_oncall,
                         .kind = "schedules",
                         .words_max = 1,
                         .options = ONCALL_OPTIONS,
                         .option_count = COUNT(ONCALL_OPTIONS)};

/* oncall gaps: what nobody answers for. oncall calendar: the address of a feed. */
#include <stdio.h>

#include "cli/verbs.h"

static Value gap_row(Arena *arena, const Value *item) {
  const Value *gaps = value_get_c(item, "gaps");
  size_t count = value_is(gaps, VALUE_LIST) ? gaps->size : 0;
  MapBuilder row = map_builder(arena);
  for (size_t m = 0; m < item->size; m++) map_put(&row, value_text(&item->members[m].key), item->members[m].value);
  map_put_c(&row, "count", value_int((i64)count));
  map_put_c(&row, "first", count ? *value_get_c(value_at(gaps, 0), "starts_at") : value_null());
  map_put_c(&row, "last", count ? *value_get_c(value_at(gaps, 0), "ends_at") : value_null());
  return map_done(&row);
}

int verb_oncall_gaps(Verb *verb) {
  static const Column COLUMNS[] = {{"SCHEDULE", "schedule", COLUMN_TEXT}, {"NOW", "state", COLUMN_TEXT},
                                   {"GAPS", "count", COLUMN_TEXT},        {"FIRST FROM", "first", COLUMN_TEXT},
                                   {"TO", "last", COLUMN_TEXT},           {NULL}};
  const char *schedule = verb_word(verb, 0);
  Value answer = value_null();
  ValueVec rows = {0};
  Str path = S("/api/v1/on-call/coverage");
  if (schedule)
    path = str_format(verb->arena, "%.*s?schedule_id=%.*s", STR_ARG(path),
                      STR_ARG(client_escape(verb->arena, str_from_c(schedule))));
  int code = client_call(verb->client, "GET", path, NULL, &answer);
  if (code != EXIT_DONE || verb_printed(verb, &answer)) return code;
  const Value *items = value_get_c(&answer, "items");
  for (size_t i = 0; value_is(items, VALUE_LIST) && i < items->size; i++) {
    const Value *item = value_at(items, i), *gaps = value_get_c(item, "gaps");
    bool answered = str_equal_c(verb_text_of(item, "state"), "answered");
    if (schedule || !answered || (value_is(gaps, VALUE_LIST) && gaps->size))
      *VEC_PUSH(verb->arena, &rows) = gap_row(verb->arena, item);
  }
  if (rows.count == 0) {
    verb_say(verb, "no gaps in the next 14 days");
    return EXIT_DONE;
  }
  Value list = list_done(&rows);
  print_table(verb->client, &verb->screen, COLUMNS, &list, verb->output == OUTPUT_WIDE);
  return EXIT_DONE;
}

const Option CALENDAR_OPTIONS[2] = {{"user", OPTION_TEXT, "USER", NULL, "whose it is, when not yours"},
                                    {"alarm", OPTION_TEXT, "LENGTH", NULL, "a reminder so long before each shift"}};

int verb_oncall_calendar(Verb *verb) {
  const char *schedule = verb_word(verb, 0), *user = options_get(verb->options, "user"),
             *alarm = options_get(verb->options, "alarm");
  MapBuilder body = map_builder(verb->arena);
  Value row = value_null();
  i64 alarm_s = 0;
  if (alarm && !verb_seconds(str_from_c(alarm), &alarm_s))
    return verb_usage("--alarm is a length of time such as 30m, not %s", alarm);
  if (schedule) map_put_c(&body, "schedule_id", value_c(schedule));
  if (user) map_put_c(&body, "user_id", value_c(user));
  if (alarm) map_put_c(&body, "alarm_minutes", value_int(alarm_s / 60));
  Value value = map_done(&body);
  int code = client_call(verb->client, "POST", S("/api/v1/calendar-feeds"), &value, &row);
  if (code != EXIT_DONE || verb_printed(verb, &row)) return code;
  printf("%.*s\n", STR_ARG(verb_text_of(&row, "url")));
  verb_say(verb, "  subscribe to it; it is not shown again. To revoke it: %s delete calendar-feeds %.*s", cli_program(),
           STR_ARG(verb_text_of(&row, "id")));
  return code;
}

static void say_pages(Verb *verb, const char *title, const Value *list) {
  static const Column COLUMNS[] = {{"SINCE", "created_at", COLUMN_TEXT},
                                   {"STATUS", "status", COLUMN_TEXT},
                                   {"BY", "acknowledged_by", COLUMN_TEXT},
                                   {"WHAT", "title", COLUMN_TEXT},
                                   {NULL}};
  verb_say(verb, "%s: %u", title, value_is(list, VALUE_LIST) ? list->size : 0);
  if (value_is(list, VALUE_LIST) && list->size)
    print_table(verb->client, &verb->screen, COLUMNS, list, verb->output == OUTPUT_WIDE);
}

static Str names(Verb *verb, const Value *list) {
  Buf out = buf_new(verb->arena, KIB(16));
  for (size_t i = 0; value_is(list, VALUE_LIST) && i < list->size; i++)
    buf_format(&out, "%s%.*s", i ? ", " : "", STR_ARG(verb_text_of(value_at(list, i), "name")));
  return out.len ? buf_str(&out) : S("nobody");
}

int verb_oncall_handoff(Verb *verb) {
  Value answer = value_null();
  Str path = str_format(verb->arena, "/api/v1/schedules/%.*s/handoff",
                        STR_ARG(client_escape(verb->arena, str_from_c(verb_word(verb, 0)))));
  int code = client_call(verb->client, "GET", path, NULL, &answer);
  if (code != EXIT_DONE || verb_printed(verb, &answer)) return code;
  verb_say(verb, "%.*s: %.*s since %.*s, then %.*s at %.*s", STR_ARG(verb_text_of(&answer, "schedule")),
           STR_ARG(names(verb, value_get_c(&answer, "on_call"))), STR_ARG(verb_text_of(&answer, "from")),
           STR_ARG(names(verb, value_get_c(&answer, "next"))), STR_ARG(verb_text_of(&answer, "hands_over_at")));
  say_pages(verb, "paged in this shift", value_get_c(&answer, "pages"));
  say_pages(verb, "still open", value_get_c(&answer, "open"));
  return EXIT_DONE;
}

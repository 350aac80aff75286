/* oncall report: hours and pages by person. oncall ready: who would hear a page. */
#include <stdio.h>

#include "cli/verbs.h"

const Option SHIFT_REPORT_OPTIONS[2] = {
    {"since", OPTION_TEXT, "TIME", NULL, "from then on, or a length such as 90d; 30d when not given"},
    {"csv", OPTION_FLAG, NULL, NULL, "as CSV"}};

static Str path_of(Verb *verb, const char *path, Str since) {
  const char *schedule = verb_word(verb, 0);
  Buf out = buf_new(verb->arena, KIB(8));
  buf_format(&out, "/api/v1/%s?", path);
  if (schedule) buf_format(&out, "schedule_id=%.*s&", STR_ARG(client_escape(verb->arena, str_from_c(schedule))));
  if (since.len) buf_format(&out, "from=%.*s&", STR_ARG(client_escape(verb->arena, since)));
  return str_slice(buf_str(&out), 0, out.len - 1);
}

/* As the server writes it: what a spreadsheet would take for a formula begins with an apostrophe. */
static void write_text(Str text) {
  printf("\"%s", str_find_char(S("=+-@\t\r"), text.ptr[0], 0) == SIZE_MAX ? "" : "'");
  for (size_t i = 0; i < text.len; i++) printf(text.ptr[i] == '"' ? "\"\"" : "%c", text.ptr[i]);
  printf("\"");
}

static void write_csv(const Value *people) {
  for (size_t p = 0; value_is(people, VALUE_LIST) && p < people->size; p++) {
    const Value *row = value_at(people, p);
    for (size_t m = 0; p == 0 && m < row->size; m++)
      printf("%s%.*s", m ? "," : "", STR_ARG(value_text(&row->members[m].key)));
    if (p == 0) printf("\n");
    for (size_t m = 0; m < row->size; m++) {
      const Value *cell = &row->members[m].value;
      Str text = value_text_or(cell, STR_NONE);
      if (m) printf(",");
      if (value_is(cell, VALUE_INT)) printf("%lld", (long long)cell->i);
      if (value_is(cell, VALUE_DOUBLE)) printf("%.2f", cell->d);
      if (text.len) write_text(text);
    }
    printf("\n");
  }
}

static double number(const Value *map, const char *name) {
  const Value *v = value_get_c(map, name);
  return value_is(v, VALUE_DOUBLE) ? v->d : (double)value_int_or(v, 0);
}

static Value report_row(Arena *arena, const Value *p) {
  static const char *const NUMBERS[] = {"hours", "hours_business", "hours_off", "hours_sleep", "hours_weekend"};
  MapBuilder row = map_builder(arena);
  for (size_t m = 0; m < p->size; m++) map_put(&row, value_text(&p->members[m].key), p->members[m].value);
  for (size_t i = 0; i < COUNT(NUMBERS); i++)
    map_put_c(&row, NUMBERS[i], value_string(str_format(arena, "%.1f", number(p, NUMBERS[i]))));
  map_put_c(&row, "disturbed",
            value_string(str_format(arena, "%lld of %lld", (long long)value_int_or(value_get_c(p, "nights_paged"), 0),
                                    (long long)value_int_or(value_get_c(p, "nights"), 0))));
  return map_done(&row);
}

int verb_oncall_report(Verb *verb) {
  static const Column COLUMNS[] = {{"WHO", "name", COLUMN_TEXT},
                                   {"HOURS", "hours", COLUMN_TEXT},
                                   {"BUSINESS", "hours_business", COLUMN_TEXT},
                                   {"OFF", "hours_off", COLUMN_TEXT},
                                   {"SLEEP", "hours_sleep", COLUMN_TEXT},
                                   {"WEEKEND", "hours_weekend", COLUMN_TEXT},
                                   {"PAGES", "pages", COLUMN_TEXT},
                                   {"IN SLEEP", "pages_sleep", COLUMN_TEXT},
                                   {"NIGHTS", "disturbed", COLUMN_TEXT},
                                   {NULL}};
  const char *since = options_get(verb->options, "since");
  Value answer = value_null();
  ValueVec rows = {0};
  Str moment = STR_NONE;
  Error err = {0};
  if (since && !verb_time(verb->arena, str_from_c(since), -1, &moment, &err))
    return verb_usage("--since: %s", err.message);
  int code = client_call(verb->client, "GET", path_of(verb, "reports/on-call", moment), NULL, &answer);
  if (code != EXIT_DONE) return code;
  const Value *people = value_get_c(&answer, "people");
  if (options_flag(verb->options, "csv")) {
    write_csv(people);
    return EXIT_DONE;
  }
  if (verb_printed(verb, &answer)) return code;
  for (size_t i = 0; value_is(people, VALUE_LIST) && i < people->size; i++)
    *VEC_PUSH(verb->arena, &rows) = report_row(verb->arena, value_at(people, i));
  Value list = list_done(&rows);
  print_table(verb->client, &verb->screen, COLUMNS, &list, verb->output == OUTPUT_WIDE);
  const Value *fair = value_get_c(value_get_c(&answer, "fairness"), "hours"), *gini = value_get_c(fair, "gini");
  if (gini && gini->kind != VALUE_NULL)
    verb_say(verb, "fairness of hours: Gini %.2f, max to mean %.2f", number(fair, "gini"), number(fair, "max_to_mean"));
  return EXIT_DONE;
}

static Str joined(Arena *arena, const Value *list, const char *between) {
  Buf out = buf_new(arena, KIB(16));
  for (size_t i = 0; value_is(list, VALUE_LIST) && i < list->size; i++)
    buf_format(&out, "%s%.*s", i ? between : "", STR_ARG(value_text_or(value_at(list, i), S(""))));
  return buf_str(&out);
}

int verb_oncall_ready(Verb *verb) {
  static const Column COLUMNS[] = {{"WHO", "name", COLUMN_TEXT},
                                   {"FROM", "from", COLUMN_TEXT},
                                   {"READY", "is", COLUMN_TEXT},
                                   {"AT ONCE BY", "by", COLUMN_TEXT},
                                   {"TESTED", "last_test_at", COLUMN_AGE},
                                   {"MISSING", "missing", COLUMN_TEXT},
                                   {NULL}};
  Value answer = value_null();
  ValueVec rows = {0};
  int code = client_call(verb->client, "GET", path_of(verb, "on-call/readiness", STR_NONE), NULL, &answer);
  if (code != EXIT_DONE || verb_printed(verb, &answer)) return code;
  const Value *items = value_get_c(&answer, "items");
  for (size_t i = 0; value_is(items, VALUE_LIST) && i < items->size; i++) {
    const Value *item = value_at(items, i);
    MapBuilder row = map_builder(verb->arena);
    for (size_t m = 0; m < item->size; m++) map_put(&row, value_text(&item->members[m].key), item->members[m].value);
    map_put_c(&row, "is", value_c(value_bool_or(value_get_c(item, "ready"), false) ? "yes" : "no"));
    map_put_c(&row, "by", value_string(joined(verb->arena, value_get_c(item, "at_once"), ", ")));
    map_put_c(&row, "missing", value_string(joined(verb->arena, value_get_c(item, "problems"), "; ")));
    *VEC_PUSH(verb->arena, &rows) = map_done(&row);
  }
  Value list = list_done(&rows);
  print_table(verb->client, &verb->screen, COLUMNS, &list, verb->output == OUTPUT_WIDE);
  return EXIT_DONE;
}

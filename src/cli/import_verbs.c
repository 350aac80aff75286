/* oncall import: a calendar file as a layer. oncall holidays: a calendar of holidays from a file or an address. */
#include "cli/verbs.h"

const Option CALENDAR_FILE_OPTIONS[4] = {
    {"layer", OPTION_TEXT, "NAME", "Imported", "what the layer is called; one that is there is replaced"},
    {"person", OPTION_TEXT, "TEXT=USER", NULL, "who the file means by TEXT; repeatable. TEXT= leaves them out"},
    {"allow-passed-over", OPTION_FLAG, NULL, NULL, "import although events of the file cannot be read"},
    {"try", OPTION_FLAG, NULL, NULL, "only say what it would make"}};

/* "Zoe Nobody=ann@example.org"; nothing after the sign: left out. */
static bool put_people(Verb *verb, MapBuilder *body, Error *err) {
  ValueVec people = {0};
  for (size_t i = 0; i < verb->repeated_count; i++) {
    Str text, user;
    MapBuilder map = map_builder(verb->arena);
    if (!verb_pair(verb->repeated[i], "person", &text, &user, err)) return false;
    map_put_c(&map, "text", value_string(text));
    map_put_c(&map, "user_id", user.len ? value_string(user) : value_null());
    *VEC_PUSH(verb->arena, &people) = map_done(&map);
  }
  if (people.count) map_put_c(body, "people", list_done(&people));
  return true;
}

static void say_people(Verb *verb, const Value *answer) {
  const Value *unmatched = value_get_c(answer, "unmatched"), *warnings = value_get_c(answer, "warnings");
  for (size_t i = 0; i < unmatched->size; i++) {
    const Value *who = value_at(unmatched, i);
    verb_say(verb, "  nobody here is \"%.*s\" (%lld shifts, the first at %.*s): --person \"%.*s=USER\", or \"%.*s=\"",
             STR_ARG(verb_text_of(who, "text")), (long long)value_int_or(value_get_c(who, "shifts"), 0),
             STR_ARG(verb_text_of(who, "first_at")), STR_ARG(verb_text_of(who, "text")),
             STR_ARG(verb_text_of(who, "text")));
  }
  for (size_t i = 0; i < warnings->size; i++)
    verb_say(verb, "  passed over: %.*s", STR_ARG(value_text_or(value_at(warnings, i), S("?"))));
}

int verb_oncall_import(Verb *verb) {
  MapBuilder map = map_builder(verb->arena);
  Value answer = value_null();
  Error err = {0};
  Str ics, schedule = client_escape(verb->arena, str_from_c(verb_word(verb, 0)));
  if (!verb_read_file(verb->arena, verb_word(verb, 1), &ics, &err)) return verb_usage("%s", err.message);
  map_put_c(&map, "ics", value_string(utf8_clean(verb->arena, ics)));
  map_put_c(&map, "layer", value_c(options_get(verb->options, "layer")));
  bool allowed = options_flag(verb->options, "allow-passed-over");
  if (allowed) map_put_c(&map, "allow_passed_over", value_bool(true));
  if (!put_people(verb, &map, &err)) return verb_usage("%s", err.message);
  Value body = map_done(&map);
  Str path = str_format(verb->arena, "/api/v1/schedules/%.*s/import-preview", STR_ARG(schedule));
  bool only_try = options_flag(verb->options, "try");
  int code = client_call(verb->client, "POST", path, &body, &answer);
  if (code != EXIT_DONE) return code;
  bool known = value_get_c(&answer, "unmatched")->size == 0 && (allowed || value_get_c(&answer, "warnings")->size == 0);
  if (known && !only_try) {
    path = str_format(verb->arena, "/api/v1/schedules/%.*s/import", STR_ARG(schedule));
    code = client_call(verb->client, "POST", path, &body, &answer);
    if (code != EXIT_DONE) return code;
  }
  if (!verb_printed(verb, &answer)) {
    verb_say(verb, "%s: %lld shifts as layer %.*s",
             known && !only_try ? "imported"
             : only_try         ? "would be imported"
                                : "nothing was imported",
             (long long)value_int_or(value_get_c(&answer, "shifts"), 0), STR_ARG(verb_text_of(&answer, "layer")));
    say_people(verb, &answer);
    if (!known && !allowed && value_get_c(&answer, "warnings")->size)
      verb_say(verb, "  correct the file, or import it without these events: --allow-passed-over");
  }
  return known || only_try ? EXIT_DONE : EXIT_REFUSED;
}

int verb_oncall_holidays(Verb *verb) {
  MapBuilder map = map_builder(verb->arena);
  Value row = value_null();
  Error err = {0};
  Str from = str_from_c(verb_word(verb, 1)), ics;
  map_put_c(&map, "name", value_c(verb_word(verb, 0)));
  if (str_find(from, S("://"), 0) != SIZE_MAX) {
    map_put_c(&map, "url", value_string(from));
  } else {
    if (!verb_read_file(verb->arena, from.ptr, &ics, &err)) return verb_usage("%s", err.message);
    map_put_c(&map, "ics", value_string(utf8_clean(verb->arena, ics)));
  }
  Value body = map_done(&map);
  int code = client_call(verb->client, "POST", S("/api/v1/holiday-calendars"), &body, &row);
  if (code != EXIT_DONE || verb_printed(verb, &row)) return code;
  const Value *days = value_get_c(&row, "days");
  verb_say(
      verb, "%.*s: %u holidays%s", STR_ARG(verb_text_of(&row, "slug")), value_is(days, VALUE_LIST) ? days->size : 0,
      value_is(value_get_c(&row, "url"), VALUE_STRING) ? " so far; its address is asked now, and twice a day" : "");
  return code;
}

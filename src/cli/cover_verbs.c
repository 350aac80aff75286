/* oncall cover, shifts: asking for somebody in one's place; the shifts of a schedule and why. */
#include "cli/verbs.h"

static bool put_times(Verb *verb, MapBuilder *body, const char *from, const char *to, Error *err) {
  const char *const NAMES[] = {from, to}, *const MEMBERS[] = {"starts_at", "ends_at"};
  for (size_t i = 0; i < COUNT(NAMES); i++) {
    const char *given = options_get(verb->options, NAMES[i]);
    Str moment = STR_NONE;
    if (!given)
      return fail(err, ERR_INVALID, "--%s is missing: a time such as 2026-01-05T18:00:00Z, or 8h from now", NAMES[i]);
    if (!verb_time(verb->arena, str_from_c(given), 1, &moment, err)) return error_prefix(err, "--%s: ", NAMES[i]);
    map_put_c(body, MEMBERS[i], value_string(moment));
  }
  return true;
}

static void put_option(const Verb *verb, MapBuilder *body, const char *option, const char *member) {
  const char *given = options_get(verb->options, option);
  if (given) map_put_c(body, member, value_c(given));
}

int verb_oncall_cover(Verb *verb) {
  MapBuilder body = map_builder(verb->arena), back = map_builder(verb->arena);
  Value made = value_null();
  Error err = {0};
  map_put_c(&body, "schedule_id", value_c(verb_word(verb, 0)));
  if (!put_times(verb, &body, "from", "until", &err)) return verb_usage("%s", err.message);
  put_option(verb, &body, "ask", "asked_user_id");
  put_option(verb, &body, "user", "user_id");
  put_option(verb, &body, "message", "message");
  if (options_get(verb->options, "return-from") || options_get(verb->options, "return-until")) {
    if (!put_times(verb, &back, "return-from", "return-until", &err)) return verb_usage("%s", err.message);
    map_put_c(&body, "in_return", map_done(&back));
  }
  Value value = map_done(&body);
  int code = client_call(verb->client, "POST", S("/api/v1/cover-requests"), &value, &made);
  if (code != EXIT_DONE || verb_printed(verb, &made)) return code;
  Str id = verb_text_of(&made, "id");
  verb_say(verb, "asked: %.*s, from %.*s to %.*s", STR_ARG(id), STR_ARG(verb_text_of(&made, "starts_at")),
           STR_ARG(verb_text_of(&made, "ends_at")));
  verb_say(verb, "  whoever takes it: %s oncall accept %.*s", cli_program(), STR_ARG(id));
  return code;
}

/* Names for the ids of a row: one question for each person. */
static Str names_of(Verb *verb, const Value *ids) {
  Buf out = buf_new(verb->arena, KIB(16));
  for (size_t i = 0; value_is(ids, VALUE_LIST) && i < ids->size; i++) {
    Value user = value_null();
    Str id = value_text_or(value_at(ids, i), STR_NONE);
    bool found = client_try(verb->client, str_format(verb->arena, "/api/v1/users/%.*s", STR_ARG(id)), &user);
    buf_format(&out, "%s%.*s", i ? ", " : "", STR_ARG(found ? verb_text_of(&user, "name") : id));
  }
  return out.len ? buf_str(&out) : S("nobody");
}

static void add_rows(Verb *verb, const Value *shifts, ValueVec *rows) {
  for (size_t i = 0; value_is(shifts, VALUE_LIST) && i < shifts->size; i++) {
    const Value *shift = value_at(shifts, i);
    MapBuilder row = map_builder(verb->arena);
    map_put_c(&row, "starts_at", *value_get_c(shift, "starts_at"));
    map_put_c(&row, "ends_at", *value_get_c(shift, "ends_at"));
    map_put_c(&row, "who", value_string(names_of(verb, value_get_c(shift, "user_ids"))));
    map_put_c(&row, "why", *value_get_c(shift, "why"));
    *VEC_PUSH(verb->arena, rows) = map_done(&row);
  }
}

int verb_oncall_shifts(Verb *verb) {
  static const Column COLUMNS[] = {{"FROM", "starts_at", COLUMN_TEXT},
                                   {"TO", "ends_at", COLUMN_TEXT},
                                   {"ON CALL", "who", COLUMN_TEXT},
                                   {"WHY", "why", COLUMN_TEXT},
                                   {NULL}};
  const char *from = options_get(verb->options, "from"), *to = options_get(verb->options, "until");
  Str moment = STR_NONE;
  Error err = {0};
  Value answer = value_null();
  ValueVec rows = {0};
  Buf path = buf_new(verb->arena, KIB(8));
  buf_format(&path, "/api/v1/schedules/%.*s/shifts?",
             STR_ARG(client_escape(verb->arena, str_from_c(verb_word(verb, 0)))));
  if (from && !verb_time(verb->arena, str_from_c(from), 1, &moment, &err)) return verb_usage("--from: %s", err.message);
  if (from) buf_format(&path, "from=%.*s&", STR_ARG(client_escape(verb->arena, moment)));
  if (to && !verb_time(verb->arena, str_from_c(to), 1, &moment, &err)) return verb_usage("--until: %s", err.message);
  if (to) buf_format(&path, "to=%.*s&", STR_ARG(client_escape(verb->arena, moment)));
  int code = client_call(verb->client, "GET", str_slice(buf_str(&path), 0, path.len - 1), NULL, &answer);
  if (code != EXIT_DONE || verb_printed(verb, &answer)) return code;
  add_rows(verb, value_get_c(&answer, "final"), &rows);
  add_rows(verb, value_get_c(&answer, "gaps"), &rows);
  Value list = list_done(&rows);
  print_table(verb->client, &verb->screen, COLUMNS, &list, verb->output == OUTPUT_WIDE);
  return EXIT_DONE;
}

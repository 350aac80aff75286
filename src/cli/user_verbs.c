/* People who leave, one or many, and those whose phone is gone. */
#include "cli/many.h"
#include "cli/verb.h"
#include "cli/verbs.h"

/* user leave ------------------------------------------------------------------------------------------------------- */

static void say_all(const Verb *verb, const Value *list, const char *sign) {
  for (size_t i = 0; value_is(list, VALUE_LIST) && i < list->size; i++) {
    const Value *item = value_at(list, i);
    Str name = verb_text_of(item, "name"), becomes = verb_text_of(item, "becomes");
    verb_say(verb, "%s %-18.*s %-28.*s %.*s%s%.*s", sign, STR_ARG(verb_text_of(item, "kind")),
             STR_ARG(name.len ? name : verb_text_of(item, "id")), STR_ARG(verb_text_of(item, "what")),
             becomes.len ? ": " : "", STR_ARG(becomes));
  }
}

static int show_departure(Verb *verb, Str user, Str to) {
  Value answer = value_null();
  Str path = str_format(verb->arena, "/api/v1/users/%.*s/departure%s%.*s", STR_ARG(user),
                        to.len ? "?replacement_id=" : "", STR_ARG(to));
  int code = client_call(verb->client, "GET", path, NULL, &answer);
  if (code != EXIT_DONE || verb_printed(verb, &answer)) return code;
  const Value *blockers = value_get_c(&answer, "blockers"), *on_call = value_get_c(&answer, "on_call");
  say_all(verb, value_get_c(&answer, "changes"), " ");
  say_all(verb, blockers, "!");
  if (value_is(on_call, VALUE_LIST) && on_call->size)
    verb_say(verb, "! is on call now, in %u %s", on_call->size, on_call->size == 1 ? "schedule" : "schedules");
  if (value_is(blockers, VALUE_LIST) && blockers->size)
    verb_say(verb, "what is marked with ! would have nobody: say who takes over, --to USER");
  return EXIT_DONE;
}

/* Each on paper, under a line with their name. */
static int show_departures(Verb *verb, const char *other) {
  int first = EXIT_DONE;
  for (size_t i = 0; i < verb_word_count(verb); i++) {
    if (verb_word_count(verb) > 1) verb_say(verb, "%s%s:", i ? "\n" : "", verb_word(verb, i));
    int code = show_departure(verb, client_escape(verb->arena, str_from_c(verb_word(verb, i))),
                              other ? client_escape(verb->arena, str_from_c(other)) : STR_NONE);
    if (first == EXIT_DONE) first = code;
  }
  return first;
}

static int run_leave(Verb *verb) {
  const char *other = options_get(verb->options, "to"), *filter = options_get(verb->options, "filter");
  size_t count = verb_word_count(verb);
  Value body = value_null(), row = value_null();
  Error err = {0};
  if (count == 0 && !filter) return verb_usage("say who leaves: tocsin user leave USER... or --filter CEL");
  if (options_flag(verb->options, "dry-run") && !filter) return show_departures(verb, other);
  if (!verb_body(verb, &body, &err)) return verb_usage("%s", err.message);
  if (count > 1 || filter) return many_call(verb, S("users/deactivate"), &body, 0, count);
  Str user = client_escape(verb->arena, str_from_c(verb_word(verb, 0)));
  int code = client_call(verb->client, "POST", str_format(verb->arena, "/api/v1/users/%.*s/deactivate", STR_ARG(user)),
                         &body, &row);
  if (code != EXIT_DONE || verb_printed(verb, &row)) return code;
  verb_say(verb, "%.*s has left%s%s", STR_ARG(verb_text_of(&row, "name")), other ? "; everything went to " : "",
           other ? other : "");
  return EXIT_DONE;
}

static const BodyPart LEAVE_BODY[] = {{"to", "replacement_id"}, {NULL}};
static const Option LEAVE_OPTIONS[] = {
    {"to", OPTION_TEXT, "USER", NULL, "who takes over turns, targets, teams and what is open"},
    {"dry-run", OPTION_FLAG, NULL, NULL, "shows what would change, and changes nothing"},
    {"filter", OPTION_TEXT, "CEL", NULL, "instead of names: all who are like this, as in tocsin get users"},
};

/* user second-factor-off ------------------------------------------------------------------------------------------- */

static int run_second_factor_off(Verb *verb) {
  Value nothing = value_null();
  Str user = client_escape(verb->arena, str_from_c(verb_word(verb, 0)));
  int code = client_call(verb->client, "DELETE",
                         str_format(verb->arena, "/api/v1/users/%.*s/second-factor", STR_ARG(user)), NULL, &nothing);
  if (code == EXIT_DONE)
    verb_say(verb, "%s signs in without a code now; they switch it on again in their settings", verb_word(verb, 0));
  return code;
}

/* user test-page --------------------------------------------------------------------------------------------------- */

/* DAY and TIME, or --never. */
static int run_test_page(Verb *verb) {
  const char *zone = options_get(verb->options, "zone");
  bool never = options_flag(verb->options, "never");
  MapBuilder map = map_builder(verb->arena), when = map_builder(verb->arena);
  Value row = value_null();
  if (verb_word_count(verb) != (never ? 1 : 3))
    return verb_usage("say when: tocsin user test-page USER DAY TIME, such as mon 10:00, or --never");
  if (!never) {
    map_put_c(&when, "day", value_c(verb_word(verb, 1)));
    map_put_c(&when, "at", value_c(verb_word(verb, verb_word_count(verb) - 1)));
    map_put_c(&when, "time_zone", zone ? value_c(zone) : value_null());
  }
  map_put_c(&map, "test_page", never ? value_null() : map_done(&when));
  Value body = map_done(&map);
  Str user = client_escape(verb->arena, str_from_c(verb_word(verb, 0)));
  int code =
      client_call(verb->client, "PATCH", str_format(verb->arena, "/api/v1/users/%.*s", STR_ARG(user)), &body, &row);
  if (code != EXIT_DONE || verb_printed(verb, &row)) return code;
  Str name = verb_text_of(&row, "name");
  if (never)
    verb_say(verb, "%.*s gets no weekly test page", STR_ARG(name));
  else
    verb_say(verb, "%.*s gets a test page each %s at %s%s%s, by the first method of their high rule", STR_ARG(name),
             verb_word(verb, 1), verb_word(verb, verb_word_count(verb) - 1), zone ? ", " : " by their own clock",
             zone ? zone : "");
  return EXIT_DONE;
}

static const Option TEST_PAGE_OPTIONS[] = {
    {"zone", OPTION_TEXT, "ZONE", NULL, "of the time, such as Europe/Berlin; their own by default"},
    {"never", OPTION_FLAG, NULL, NULL, "no more"},
};

const VerbSpec USER_VERBS[] = {{.name = "leave",
                                .usage = "user leave USER... | --filter CEL [--to USER] [--dry-run]",
                                .doc = "Somebody leaves: hands over what they hold, ends their keys and sessions.",
                                .run = run_leave,
                                .words_max = VERB_WORDS_MAX,
                                .kind = "users",
                                .options = LEAVE_OPTIONS,
                                .option_count = COUNT(LEAVE_OPTIONS),
                                .body = LEAVE_BODY,
                                .done = "left"},
                               {.name = "second-factor-off",
                                .usage = "user second-factor-off USER",
                                .doc = "Takes the code at sign-in away from somebody whose phone is gone.",
                                .run = run_second_factor_off,
                                .words_min = 1,
                                .words_max = 1,
                                .kind = "users"},
                               {.name = "test-page",
                                .usage = "user test-page USER DAY TIME [--zone ZONE] | USER --never",
                                .doc = "A test each week, by the first method that an urgent page takes.",
                                .run = run_test_page,
                                .words_min = 1,
                                .words_max = 3,
                                .kind = "users",
                                .options = TEST_PAGE_OPTIONS,
                                .option_count = COUNT(TEST_PAGE_OPTIONS)},
                               {.name = "remind",
                                .usage = "user remind USER...",
                                .doc = "Tells them what is missing for a page to reach them.",
                                .words_min = 1,
                                .words_max = 100,
                                .kind = "users",
                                .path = "users/{}/remind",
                                .done = "reminded"},
                               {.name = NULL}};

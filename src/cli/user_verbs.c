/* People who leave, and the versions of rules. */
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

static int run_leave(Verb *verb) {
  Str user = client_escape(verb->arena, str_from_c(verb_word(verb, 0)));
  const char *other = options_get(verb->options, "to");
  Value body = value_null(), row = value_null();
  Error err = {0};
  if (options_flag(verb->options, "dry-run"))
    return show_departure(verb, user, other ? client_escape(verb->arena, str_from_c(other)) : STR_NONE);
  if (!verb_body(verb, &body, &err)) return verb_usage("%s", err.message);
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
};
const VerbSpec USER_VERBS[] = {{.name = "leave",
                                .usage = "user leave USER [--to USER] [--dry-run]",
                                .doc = "Somebody leaves: hands over what they hold, ends their keys and sessions.",
                                .run = run_leave,
                                .words_min = 1,
                                .words_max = 1,
                                .kind = "users",
                                .options = LEAVE_OPTIONS,
                                .option_count = COUNT(LEAVE_OPTIONS),
                                .body = LEAVE_BODY},
                               {.name = NULL}};

/* rule versions ---------------------------------------------------------------------------------------------------- */

int verb_rule_versions(Verb *verb) {
  Value answer = value_null();
  Str id = client_escape(verb->arena, str_from_c(verb_word(verb, 0)));
  int code = client_call(verb->client, "GET", str_format(verb->arena, "/api/v1/alert-rules/%.*s/versions", STR_ARG(id)),
                         NULL, &answer);
  if (code != EXIT_DONE || verb_printed(verb, &answer)) return code;
  const Value *items = value_get_c(&answer, "items");
  for (size_t i = 0; value_is(items, VALUE_LIST) && i < items->size; i++) {
    const Value *item = value_at(items, i);
    verb_say(verb, "%4lld  %.*s  %-20.*s  %.*s", (long long)value_int_or(value_get_c(item, "version"), 0),
             STR_ARG(verb_text_of(item, "at")), STR_ARG(verb_text_of(value_get_c(item, "actor"), "name")),
             STR_ARG(verb_text_of(item, "name")));
  }
  return EXIT_DONE;
}

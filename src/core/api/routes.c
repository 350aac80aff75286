/* Which verb stands at a path; and what was probably meant when none does. */
#include "core/api/internal.h"

const Route *const API_ROUTE_TABLES[] = {
    ALERT_ROUTES,      INCIDENT_ROUTES, PAGING_ROUTES,   ONCALL_ROUTES,    COVER_ROUTES, SETUP_ROUTES,
    IDENTITY_ROUTES,   QUIET_ROUTES,    TOGETHER_ROUTES, DEPARTURE_ROUTES, RULE_ROUTES,  SESSION_ROUTES,
    EXPRESSION_ROUTES, BULK_ROUTES,     CONTACT_ROUTES,  TIMELINE_ROUTES,  TOTP_ROUTES,  CHANNEL_ROUTES,
    HEARTBEAT_ROUTES,  DUTY_ROUTES,     REPORT_ROUTES,   IMPORT_ROUTES,    NULL};

static bool path_matches(const char *pattern, Str path, Call *call) {
  Str want = str_from_c(pattern), have = path, want_part, have_part;
  call->param_count = 0;
  for (;;) {
    bool more_want = str_cut(want, '/', &want_part, &want), more_have = str_cut(have, '/', &have_part, &have);
    if (want_part.len && want_part.ptr[0] == '{') {
      if (have_part.len == 0) return false;
      call->params[call->param_count++] = have_part;
    } else if (!str_equal(want_part, have_part)) {
      return false;
    }
    if (more_want != more_have) return false;
    if (!more_want) return true;
  }
}

const Route *api_verb_route(Call *call, Str path, HttpMethod method, u32 *methods) {
  const Route *found = NULL;
  for (size_t t = 0; API_ROUTE_TABLES[t] && !found; t++)
    for (const Route *route = API_ROUTE_TABLES[t]; route->path && !found; route++) {
      if (!path_matches(route->path, path, call)) continue;
      *methods |= 1u << route->method;
      if (route->method == method) found = route;
    }
  return found;
}

/* What was meant --------------------------------------------------------------------------------------------------- */

typedef struct Names {
  const char *items[400];
  size_t count;
} Names;

static void add_name(Names *names, const char *name) {
  for (size_t i = 0; i < names->count; i++)
    if (str_equal_c(str_from_c(names->items[i]), name)) return;
  if (names->count < COUNT(names->items)) names->items[names->count++] = name;
}

/* First words of every path. */
static void add_kinds(const App *app, Names *names) {
  for (size_t i = 0; i < registry_count(app->registry); i++) add_name(names, registry_at(app->registry, i)->plural);
}

static void add_first_words(Arena *arena, Names *names) {
  for (size_t t = 0; API_ROUTE_TABLES[t]; t++)
    for (const Route *route = API_ROUTE_TABLES[t]; route->path; route++) {
      Str head = str_from_c(route->path), rest;
      (void)str_cut(head, '/', &head, &rest);
      add_name(names, str_to_c(arena, head));
    }
}

/* The words that follow "KIND/{id}/". */
static void add_verbs(Names *names, Str kind) {
  for (size_t t = 0; API_ROUTE_TABLES[t]; t++)
    for (const Route *route = API_ROUTE_TABLES[t]; route->path; route++) {
      Str head, middle, verb, rest = str_from_c(route->path);
      if (str_cut(rest, '/', &head, &rest) && str_equal(head, kind) && str_cut(rest, '/', &middle, &verb) &&
          str_find_char(verb, '/', 0) == SIZE_MAX)
        add_name(names, verb.ptr);
    }
}

bool api_no_route(Call *call, Str path, Error *err) {
  Str kind = path, rest = STR_NONE, id, verb = STR_NONE;
  Names names = {0};
  Arena *arena = call->arena;
  (void)str_cut(path, '/', &kind, &rest);
  add_kinds(call->app, &names);
  add_first_words(arena, &names);
  bool known = false;
  for (size_t i = 0; i < names.count; i++) known = known || str_equal_c(kind, names.items[i]);
  if (!known)
    return fail(err, ERR_NOT_FOUND, "there is nothing at /api/v1/%.*s%.*s", STR_ARG(utf8_cut(path, 100)),
                STR_ARG(resource_suggest(arena, kind, names.items, names.count)));
  names.count = 0;
  add_verbs(&names, kind);
  if (str_cut(rest, '/', &id, &verb) && names.count)
    return fail(err, ERR_NOT_FOUND, "%.*s have no \"%.*s\"%.*s", STR_ARG(kind), STR_ARG(utf8_cut(verb, 60)),
                STR_ARG(resource_suggest(arena, verb, names.items, names.count)));
  return fail(err, ERR_NOT_FOUND, "there is nothing at /api/v1/%.*s", STR_ARG(utf8_cut(path, 200)));
}

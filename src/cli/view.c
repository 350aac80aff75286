/* A saved view keeps the address of the page's list; here it becomes the query of the API, in the same words as the
 * page does (web/src/features/alerts/api.ts). */
#include "cli/view.h"

#include "base/spelling.h"
#include "cli/list.h"
#include "core/resources.h"
#include "net/http_server.h"

static const char OPEN_ONLY[] = "status=triggered&status=acknowledged&";

static const struct {
  const char *page, *api; /* NULL: not of the list */
} NAMES[] = {
    {"status", "status"}, {"priority", "priority"}, {"service", "service_id"}, {"integration", "integration_id"},
    {"team", "team_id"},  {"unrouted", "unrouted"}, {"q", "filter"},           {"sort", "sort"}};

/* Names with commas between are several values; an expression is one. */
static void put_values(Verb *verb, Buf *query, const char *name, Str text) {
  bool whole = str_equal_c(str_from_c(name), "filter") || str_equal_c(str_from_c(name), "sort");
  Str one = text, rest = text;
  for (bool more = true; more;) {
    more = !whole && str_cut(rest, ',', &one, &rest);
    if (one.len) buf_format(query, "%s=%.*s&", name, STR_ARG(client_escape(verb->arena, one)));
  }
}

static Str as_query(Verb *verb, Str search) {
  Buf query = buf_new(verb->arena, KIB(32));
  bool status = false;
  Str part, name, value, rest = search;
  for (bool more = true; more;) {
    more = str_cut(rest, '&', &part, &rest);
    if (!str_cut(part, '=', &name, &value) || !url_decode(verb->arena, value, true, &value)) continue;
    for (size_t i = 0; i < COUNT(NAMES); i++) {
      if (!str_equal_c(name, NAMES[i].page)) continue;
      status = status || i == 0;
      if (i > 0 || !str_equal_c(value, "all")) put_values(verb, &query, NAMES[i].api, value);
    }
  }
  if (!status) buf_puts(&query, OPEN_ONLY);
  return buf_str(&query);
}

int view_query(Verb *verb, const char *name, Str *out) {
  Value views = value_null();
  Spelling near = spelling_of(str_from_c(name));
  int code = list_all(verb->client, &SAVED_VIEW, "", &views);
  if (code != EXIT_DONE) return code;
  for (size_t i = 0; i < views.size; i++) {
    const Value *view = value_at(&views, i);
    Str have = verb_text_of(view, "name");
    spelling_try(&near, have);
    if (!str_equal_nocase(have, str_from_c(name)) && !str_equal_c(verb_text_of(view, "id"), name)) continue;
    *out = as_query(verb, verb_text_of(view, "search"));
    return EXIT_DONE;
  }
  fprintf(stderr, "tocsin: you have no view \"%s\"%s%.*s%s; tocsin get saved-views lists them\n", name,
          near.word.len ? "; did you mean \"" : "", STR_ARG(near.word), near.word.len ? "\"?" : "");
  return EXIT_NOT_FOUND;
}

/* List: pages of one kind, as every "list" and "get" shows them. */
#ifndef TOCSIN_CLI_LIST_H
#define TOCSIN_CLI_LIST_H

#include "cli/kinds.h"
#include "cli/verb.h"

/* Rows of a table of options; the verb's `repeated` is "filter". */
#define LIST_OPTION_ROWS                                                                                               \
  {"filter", OPTION_TEXT, "CEL", NULL,                                                                                 \
   "only those for which it holds, such as \"priority == 'p1'\"; or NAME=VALUE, the same name twice means or; as "     \
   "often "                                                                                                            \
   "as wanted"},                                                                                                       \
      {"limit", OPTION_NUMBER, "N", "50", "at most so many; more than 1000 are read page by page"},                    \
      {"sort", OPTION_TEXT, "FIELD", NULL, "a field with an index; -FIELD turns the order"},                           \
      {"since", OPTION_TEXT, "TIME", NULL, "from this time, such as 2026-01-05T09:00:00Z, or 2h (ago)"},               \
      {"until", OPTION_TEXT, "TIME", NULL, "before this time"}, {                                                      \
    "cursor", OPTION_TEXT, "CURSOR", NULL, "the page after, as the list before said"                                   \
  }

/* Reads what the options ask for and prints it. `query` ("status=triggered&") goes in front; may be "".
 * `none` is said of an empty list when nothing was filtered; NULL: "there are no ...". */
MUST_CHECK int list_show(Verb *verb, const Resource *kind, const char *query, const char *none);
/* GET one, print it. */
MUST_CHECK int list_show_one(Verb *verb, const Resource *kind, const char *id);
/* Every row of a kind, page by page; EXIT_DONE or the code of the call that failed. */
MUST_CHECK int list_all(Client *client, const Resource *kind, const char *query, Value *out);

Str list_path_of(Arena *arena, const Resource *kind, const char *id);

#endif

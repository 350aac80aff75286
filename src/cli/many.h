/* Many: one verb on several things in one call, by their names or by --filter; each has an outcome of its own. What is
 * too much for one call the server does as a job, whose progress is shown. */
#ifndef TOCSIN_CLI_MANY_H
#define TOCSIN_CLI_MANY_H

#include "cli/verb.h"

/* Rows of a table of options of a verb whose spec says `many`. */
#define MANY_OPTION_ROWS                                                                                               \
  {"filter", OPTION_TEXT, "CEL", NULL,                                                                                 \
   "instead of names: all for which it holds, such as \"status == 'triggered' && priority == 'p4'\""},                 \
  {                                                                                                                    \
    "dry-run", OPTION_FLAG, NULL, NULL, "says what would happen to each, and does nothing (500 at most)"               \
  }

/* --filter, or more than one name? */
bool many_wanted(const Verb *verb, size_t subjects);
/* `path`: "alerts/acknowledge"; `body`: what the verb takes. Names are the words from `first` on, `count` of them. */
int many_call(Verb *verb, Str path, const Value *body, size_t first, size_t count);

#endif

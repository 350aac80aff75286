/* View: a list as somebody saved it under a name. */
#ifndef TOCSIN_CLI_VIEW_H
#define TOCSIN_CLI_VIEW_H

#include "cli/verb.h"

/* The query of `alerts` that a saved view of the caller's says, ending with &. An exit code; says what was wrong. */
MUST_CHECK int view_query(Verb *verb, const char *name, Str *out);

#endif

/* Explain: a stored or previewed decision in sentences: which rules matched, which did not and why, who is paged. */
#ifndef TOCSIN_CLI_EXPLAIN_H
#define TOCSIN_CLI_EXPLAIN_H

#include "cli/verb.h"

void say_explanation(const Verb *verb, const Value *explanation);

#endif

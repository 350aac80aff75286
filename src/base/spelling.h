/* Spelling: "did you mean ...?". Which of the known words is at most a slip of the hand away from one that is not
 * known.
 *
 *   Spelling near = spelling_of(S("comit"));
 *   for (...) spelling_try(&near, table[i].name);
 *   if (near.word) ... did you mean near.word? */
#ifndef TOCSIN_BASE_SPELLING_H
#define TOCSIN_BASE_SPELLING_H

#include "base/str.h"

typedef struct Spelling {
  Str wrong;
  const char *word; /* the nearest so far; NULL: none is near */
  size_t edits;     /* fewer than this many are wanted */
} Spelling;

/* At most a third of the word may be wrong, and never more than three characters. */
Spelling spelling_of(Str wrong);
void spelling_try(Spelling *near, const char *word);

#endif

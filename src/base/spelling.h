/* Spelling: "did you mean ...?". Which of the known words is at most a slip of the hand away from one that is not
 * known. The one place that decides it: options, fields, verbs, names in expressions, vendors' words.
 *
 *   Spelling near = spelling_of(S("comit"));
 *   for (...) spelling_try(&near, str_from_c(table[i].name));
 *   if (near.word.len) ... did you mean near.word? */
#ifndef TOCSIN_BASE_SPELLING_H
#define TOCSIN_BASE_SPELLING_H

#include "base/str.h"

typedef struct Spelling {
  Str wrong;
  Str word;     /* the nearest so far, as it was given; empty: none is near */
  size_t edits; /* fewer than this many are wanted */
} Spelling;

/* At most a third of the word may be wrong, never more than three characters, and never all of it. */
Spelling spelling_of(Str wrong);
/* Cost: the product of both lengths, which have at most 48 bytes; longer words are near to nothing. */
void spelling_try(Spelling *near, Str word);

#endif

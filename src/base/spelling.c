/* Spelling: edit distance, one row at a time. */
#include "base/spelling.h"

/* Longer words are compared with nothing; more edits are no slip of the hand. */
enum { WORD_BYTES_MAX = 48, EDITS_MAX = 3 };

/* How many characters to change, add or leave out to make b of a (Levenshtein). */
static size_t edit_distance(Str a, Str b) {
  size_t row[WORD_BYTES_MAX + 1];
  if (a.len > WORD_BYTES_MAX || b.len > WORD_BYTES_MAX) return SIZE_MAX;
  for (size_t j = 0; j <= b.len; j++) row[j] = j;
  for (size_t i = 1; i <= a.len; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.len; j++) {
      size_t changed = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);
      diagonal = row[j];
      row[j] = MIN(changed, MIN(row[j], row[j - 1]) + 1);
    }
  }
  return row[b.len];
}

Spelling spelling_of(Str wrong) {
  return (Spelling){.wrong = wrong, .edits = MIN((size_t)EDITS_MAX, MAX(wrong.len / 3, (size_t)1)) + 1};
}

void spelling_try(Spelling *near, const char *word) {
  size_t edits = edit_distance(near->wrong, str_from_c(word));
  if (edits >= near->edits) return;
  near->edits = edits;
  near->word = word;
}

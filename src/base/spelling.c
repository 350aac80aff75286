/* Spelling: edit distance, three rows at a time. */
#include "base/spelling.h"

/* Longer words are compared with nothing; more edits are no slip of the hand. */
enum { WORD_BYTES_MAX = 48, EDITS_MAX = 3, BEGINNING_MIN = 3 };

/* How many characters to change, add, leave out or swap with their neighbour to make b of a (Damerau's distance, each
 * place touched once). `two`, `one`: the rows for the one and two characters before. */
static size_t edit_distance(Str a, Str b) {
  size_t rows[3][WORD_BYTES_MAX + 1], *two = rows[0], *one = rows[1], *row = rows[2];
  for (size_t j = 0; j <= b.len; j++) one[j] = two[j] = j;
  for (size_t i = 1; i <= a.len; i++) {
    row[0] = i;
    for (size_t j = 1; j <= b.len; j++) {
      size_t changed = one[j - 1] + (a.ptr[i - 1] != b.ptr[j - 1]);
      row[j] = MIN(changed, MIN(one[j], row[j - 1]) + 1);
      bool swapped = i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1];
      if (swapped) row[j] = MIN(row[j], two[j - 2] + 1);
    }
    size_t *spare = two;
    two = one;
    one = row;
    row = spare;
  }
  return one[b.len];
}

Spelling spelling_of(Str wrong) {
  if (wrong.len > WORD_BYTES_MAX) return (Spelling){0};
  return (Spelling){.wrong = wrong, .edits = MIN((size_t)EDITS_MAX, MAX(wrong.len / 3, (size_t)1)) + 1};
}

/* Broken off rather than misspelt: "stat" for "status". As near as one edit. */
static bool begins(Str wrong, Str word) {
  return wrong.len >= BEGINNING_MIN && str_starts_with(word, wrong) && wrong.len < word.len;
}

void spelling_try(Spelling *near, Str word) {
  if (near->edits > 1 && begins(near->wrong, word) && word.len <= WORD_BYTES_MAX) {
    near->edits = 1;
    near->word = word;
    return;
  }
  size_t gap = near->wrong.len > word.len ? near->wrong.len - word.len : word.len - near->wrong.len;
  if (gap >= near->edits || word.len == 0 || word.len > WORD_BYTES_MAX) return;
  size_t edits = edit_distance(near->wrong, word);
  if (edits >= near->edits || edits >= near->wrong.len) return;
  near->edits = edits;
  near->word = word;
}

/* Regular expressions by PCRE2 with limits, in the syntax of RE2. */
#ifndef TOCSIN_LANG_CEL_REGEX_H
#define TOCSIN_LANG_CEL_REGEX_H

#include "base/base.h"

enum {
  REGEX_PATTERN_MAX = 2000,
  REGEX_HEAP_KIB = 4096,
  REGEX_GROUPS_MAX = 64,
};

typedef struct Regex Regex;

/* False with a sentence when the pattern is not RE2's, whatever PCRE2 would say. */
MUST_CHECK bool regex_syntax_check(Str pattern, Error *err);
/* A pattern is wrong at this byte: the sentence, and the pattern with a caret as detail. Returns false. */
bool regex_refuse(Str pattern, size_t at, const char *what, const char *also, Error *err);
/* Immutable; freed with the arena. `quick` translates to machine code, for patterns that are used again. */
MUST_CHECK bool regex_new(Arena *arena, Str pattern, bool quick, const Regex **out, Error *err);

typedef struct RegexMatch {
  u32 count;                                           /* groups, with the whole match as group 0 */
  size_t from[REGEX_GROUPS_MAX], to[REGEX_GROUPS_MAX]; /* SIZE_MAX: the group took no part */
} RegexMatch;

typedef enum RegexAnswer { REGEX_NO, REGEX_YES, REGEX_TOO_COSTLY } RegexAnswer;
/* The first match at or after `from`. `out` may be NULL. Ends after about half a millisecond at the latest; *out_cost
 * are the steps of CEL's budget beside those that every match costs: 0 for all but patterns that backtrack much. */
RegexAnswer regex_find(const Regex *regex, Str text, size_t from, RegexMatch *out, u64 *out_cost);
u32 regex_groups(const Regex *regex);

#endif

/* Matchers: Alertmanager's grammar of conditions on labels, `{severity="critical", pod=~"db-.*"}`. Pure.
 *
 * A name, one of = != =~ !~, a value. All matchers of a list must hold; a label that is missing is the empty text.
 * Regular expressions are RE2's and match the whole value. Two dialects:
 *
 *   UTF-8     a bare name or value is any text without white space and {}!=~,\"'`; everything else stands in double
 *             quotes, with Go's escapes. The value is required: foo="" is right, foo= is an error.
 *   classic   a name is [a-zA-Z_:][a-zA-Z0-9_:]*, a value may be empty or hold nearly anything, and only \" \n \\ are
 *             escapes. What older configurations and amtool before 0.27 mean.
 *   either    UTF-8 first; what only the classic grammar takes, or takes otherwise, is taken as classic, with a
 *             warning. For what is imported. */
#ifndef TOCSIN_LANG_MATCHER_H
#define TOCSIN_LANG_MATCHER_H

#include "lang/cel/regex.h"

enum { MATCHERS_MAX = 50, MATCHER_TEXT_MAX = 16384, MATCHER_CHOICES_MAX = 64 };

typedef enum MatcherOp {
  MATCHER_EQUAL,
  MATCHER_NOT_EQUAL,
  MATCHER_REGEX,
  MATCHER_NOT_REGEX,
  MATCHER_OP_COUNT
} MatcherOp;
typedef enum MatcherDialect { MATCHER_UTF8, MATCHER_CLASSIC, MATCHER_EITHER } MatcherDialect;

typedef struct Matcher {
  Str name, value;
  MatcherOp op;
  /* of a regular expression, by matcher_compile */
  const Regex *regex; /* NULL: `choices` say all */
  Str prefix;         /* what every match begins with */
  const Str *choices; /* it matches exactly these texts; NULL: it must be tried */
  size_t choice_count;
} Matcher;

typedef struct Matchers {
  Matcher *items;
  size_t count;
  const char *warning; /* of MATCHER_EITHER; NULL: none */
} Matchers;

const char *matcher_op_text(MatcherOp op); /* "=~" */
MUST_CHECK bool matcher_op_parse(Str text, MatcherOp *out);

/* Errors name the place, counted in characters from 1. Values are copied into the arena. Nothing is compiled. */
MUST_CHECK bool matchers_parse(Arena *arena, Str text, MatcherDialect dialect, Matchers *out, Error *err);
/* One matcher without braces and commas, as each argument of amtool is. */
MUST_CHECK bool matcher_parse_one(Arena *arena, Str text, MatcherDialect dialect, Matcher *out, Error *err);
/* `{a="b", c=~"d.*"}`: reads back the same. */
void matchers_put(Buf *buf, const Matcher *items, size_t count);

/* Before it is asked: the regular expression. Its regex is freed with the arena. */
MUST_CHECK bool matcher_compile(Arena *arena, Matcher *matcher, Error *err);
/* `value` of the label, empty when there is none. A regular expression that costs too much holds for nothing, whichever
 * way it is asked: what is doubtful is not silenced. */
bool matcher_holds(const Matcher *matcher, Str value);
/* Does it hold where the label is missing? A list of which all do matches everything. */
bool matcher_holds_for_missing(const Matcher *matcher);

#endif

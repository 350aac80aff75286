/* Alertmanager's matchers: what they mean. The grammars are in matcher_parse.c. Regular expressions that are but a list
 * of words (`a|b|c`) are compared as words, and what each match must begin with is compared before the expression is
 * tried: most labels fail there. */
#include "lang/matcher.h"

#include <string.h>

static const char *const OPS[MATCHER_OP_COUNT] = {"=", "!=", "=~", "!~"};

const char *matcher_op_text(MatcherOp op) {
  return OPS[op];
}

bool matcher_op_parse(Str text, MatcherOp *out) {
  for (int i = 0; i < MATCHER_OP_COUNT; i++)
    if (str_equal_c(text, OPS[i])) return *out = (MatcherOp)i, true;
  return false;
}

/* Writing --------------------------------------------------------------------------------------------------------- */

static void put_quoted(Buf *buf, Str text) {
  buf_putc(buf, '"');
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    if (c == '"' || c == '\\') buf_putc(buf, '\\');
    if (c == '\n')
      buf_puts(buf, "\\n");
    else
      buf_putc(buf, c);
  }
  buf_putc(buf, '"');
}

static bool is_plain_name(Str name) {
  for (size_t i = 0; i < name.len; i++) {
    char c = name.ptr[i];
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
    if (!letter && !(i > 0 && c >= '0' && c <= '9')) return false;
  }
  return name.len > 0;
}

void matchers_put(Buf *buf, const Matcher *items, size_t count) {
  buf_putc(buf, '{');
  for (size_t i = 0; i < count; i++) {
    if (i) buf_puts(buf, ", ");
    if (is_plain_name(items[i].name))
      buf_put(buf, items[i].name);
    else
      put_quoted(buf, items[i].name);
    buf_puts(buf, OPS[items[i].op]);
    put_quoted(buf, items[i].value);
  }
  buf_putc(buf, '}');
}

/* Compiling ------------------------------------------------------------------------------------------------------- */

static bool is_meta(char c) {
  return c != '\0' && strchr("\\.+*?()|[]{}^$", c) != NULL;
}

/* One literal from *at on: its end is a bar or the end of the pattern. False: there is more to it than letters. */
static bool take_literal(Arena *arena, Str pattern, size_t *at, Str *out) {
  char *text = arena_alloc(arena, pattern.len + 1);
  size_t len = 0, i = *at;
  for (; i < pattern.len && pattern.ptr[i] != '|'; i++) {
    char c = pattern.ptr[i];
    if (c == '\\' && i + 1 < pattern.len && (is_meta(pattern.ptr[i + 1]) || pattern.ptr[i + 1] == '-'))
      c = pattern.ptr[++i];
    else if (is_meta(c))
      return false;
    text[len++] = c;
  }
  *at = i;
  *out = (Str){text, len};
  return true;
}

static bool take_choices(Arena *arena, Matcher *m) {
  Str *choices = ARENA_ARRAY(arena, Str, MATCHER_CHOICES_MAX);
  size_t count = 0;
  for (size_t at = 0;; at++) {
    if (count == MATCHER_CHOICES_MAX || !take_literal(arena, m->value, &at, &choices[count])) return false;
    count++;
    if (at >= m->value.len) break;
  }
  m->choices = choices;
  m->choice_count = count;
  return true;
}

/* Letters that every match begins with; the one before a quantifier may be missing. */
static Str prefix_of(Arena *arena, Str pattern) {
  char *text = arena_alloc(arena, pattern.len + 1);
  size_t len = 0, before = 0;
  if (str_find_char(pattern, '|', 0) != SIZE_MAX) return STR_NONE;
  for (size_t i = 0; i < pattern.len; i++) {
    char c = pattern.ptr[i];
    if (c == '*' || c == '?' || c == '{') return (Str){text, before};
    if (c == '\\' && i + 1 < pattern.len && is_meta(pattern.ptr[i + 1]))
      c = pattern.ptr[++i];
    else if (is_meta(c))
      return (Str){text, len};
    if (((u8)c & 0xC0) != 0x80) before = len; /* a quantifier takes a whole character */
    text[len++] = c;
  }
  return (Str){text, len};
}

bool matcher_compile(Arena *arena, Matcher *m, Error *err) {
  if (m->op != MATCHER_REGEX && m->op != MATCHER_NOT_REGEX) return true;
  const Regex *alone = NULL; /* "a)(b" is none, although it would be one inside ^(?: )$ */
  if (!regex_syntax_check(m->value, err)) return false;
  if (str_find_char(m->value, ')', 0) != SIZE_MAX && !regex_new(arena, m->value, false, &alone, err)) return false;
  if (take_choices(arena, m)) return true;
  m->prefix = prefix_of(arena, m->value);
  if (regex_new(arena, str_format(arena, "^(?:%.*s)$", STR_ARG(m->value)), true, &m->regex, err)) return true;
  bool fits = regex_new(arena, m->value, false, &alone, err); /* else the place is that in what was written */
  return fits && fail(err, ERR_INVALID, "regular expression: it does not stand alone");
}

/* Asking ---------------------------------------------------------------------------------------------------------- */

static RegexAnswer ask(const Matcher *m, Str value) {
  u64 cost = 0;
  for (size_t i = 0; i < m->choice_count; i++)
    if (str_equal(m->choices[i], value)) return REGEX_YES;
  if (!m->regex || !str_starts_with(value, m->prefix)) return REGEX_NO;
  return regex_find(m->regex, value, 0, NULL, &cost);
}

bool matcher_holds(const Matcher *m, Str value) {
  switch (m->op) {
  case MATCHER_EQUAL: return str_equal(m->value, value);
  case MATCHER_NOT_EQUAL: return !str_equal(m->value, value);
  case MATCHER_REGEX: return ask(m, value) == REGEX_YES;
  case MATCHER_NOT_REGEX: return ask(m, value) == REGEX_NO;
  case MATCHER_OP_COUNT: break;
  }
  return false;
}

bool matcher_holds_for_missing(const Matcher *m) {
  return matcher_holds(m, S(""));
}

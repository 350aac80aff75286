/* The two grammars of matchers. The UTF-8 one is a lexer and a small machine; the classic one is as Alertmanager's own:
 * cut at the commas outside of quotes, then each piece is name, operator, the rest. */
#include <string.h>

#include "lang/matcher.h"

typedef VEC(Matcher) MatcherVec;

static size_t place_of(Str text, size_t byte) {
  return utf8_count(str_slice(text, 0, byte)) + 1;
}

/* UTF-8 ----------------------------------------------------------------------------------------------------------- */

typedef struct Reader {
  Arena *arena;
  Str text;
  size_t at;
  Error *err;
} Reader;

static bool is_space(i32 c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

static bool is_reserved(i32 c) {
  return c > 0 && c < 0x80 && strchr("{}!=~,\\\"'`", (char)c) != NULL;
}

static i32 peek(const Reader *r) {
  size_t at = r->at;
  return r->at < r->text.len ? utf8_next(r->text, &at) : 0;
}

static void skip_space(Reader *r) {
  while (r->at < r->text.len) {
    size_t at = r->at;
    if (!is_space(utf8_next(r->text, &at))) return;
    r->at = at;
  }
}

static bool refuse(Reader *r, const char *expected) {
  if (r->at >= r->text.len) return fail(r->err, ERR_INVALID, "the matcher ends where %s is expected", expected);
  Str rest = str_slice(r->text, r->at, r->text.len);
  return fail(r->err, ERR_INVALID, "at character %zu: \"%.*s\" stands where %s is expected", place_of(r->text, r->at),
              STR_ARG(utf8_cut(rest, 12)), expected);
}

static int digit_of(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : 99;
}

static bool take_number(Reader *r, int base, int digits, u32 *out) {
  *out = 0;
  for (int i = 0; i < digits; i++) {
    int digit = r->at < r->text.len ? digit_of(r->text.ptr[r->at]) : 99;
    if (digit >= base) return false;
    *out = *out * (u32)base + (u32)digit;
    r->at++;
  }
  return true;
}

/* Behind the backslash: Go's escapes. */
static bool take_escape(Reader *r, Buf *out) {
  static const char NAMES[] = "abfnrtv\\\"", MEANT[] = "\a\b\f\n\r\t\v\\\"";
  char c = r->at < r->text.len ? r->text.ptr[r->at] : '\0';
  const char *known = c ? strchr(NAMES, c) : NULL;
  u32 number = 0;
  char bytes[4];
  if (known) return buf_putc(out, MEANT[known - NAMES]), r->at++, true;
  if (c >= '0' && c <= '7') {
    if (!take_number(r, 8, 3, &number) || number > 255) return false;
    return buf_putc(out, (char)number), true;
  }
  r->at++;
  if (c == 'x') return take_number(r, 16, 2, &number) && (buf_putc(out, (char)number), true);
  if (c != 'u' && c != 'U') return false;
  if (!take_number(r, 16, c == 'u' ? 4 : 8, &number) || number > 0x10FFFF || (number >= 0xD800 && number < 0xE000))
    return false;
  size_t len = utf8_encode(number, bytes);
  return buf_put(out, (Str){bytes, len}), true;
}

static bool take_quoted(Reader *r, Str *out) {
  size_t began = r->at++;
  Buf buf = buf_new(r->arena, MATCHER_TEXT_MAX);
  while (r->at < r->text.len && r->text.ptr[r->at] != '"') {
    char c = r->text.ptr[r->at];
    if (c == '\n') return fail(r->err, ERR_INVALID, "a quoted text may not hold a line break; write \\n");
    size_t escape = r->at++;
    if (c != '\\')
      buf_putc(&buf, c);
    else if (!take_escape(r, &buf))
      return fail(r->err, ERR_INVALID, "at character %zu: \"%.*s\" is no escape; a backslash is written \\\\",
                  place_of(r->text, escape), STR_ARG(utf8_cut(str_slice(r->text, escape, r->text.len), 2)));
  }
  if (r->at >= r->text.len)
    return fail(r->err, ERR_INVALID, "the quote of character %zu is not closed", place_of(r->text, began));
  r->at++;
  *out = buf_str(&buf);
  return utf8_valid(*out) ||
         fail(r->err, ERR_INVALID, "the text of character %zu is not valid UTF-8", place_of(r->text, began));
}

static bool take_text(Reader *r, const char *expected, Str *out) {
  skip_space(r);
  if (peek(r) == '"') return take_quoted(r, out);
  size_t from = r->at;
  while (r->at < r->text.len) {
    size_t at = r->at;
    i32 c = utf8_next(r->text, &at);
    if (is_space(c) || is_reserved(c)) break;
    r->at = at;
  }
  if (r->at == from) return refuse(r, expected);
  *out = str_copy(r->arena, str_slice(r->text, from, r->at));
  return true;
}

static bool take_op(Reader *r, MatcherOp *out) {
  skip_space(r);
  for (size_t len = 2; len > 0; len--)
    if (r->at + len <= r->text.len && matcher_op_parse(str_slice(r->text, r->at, r->at + len), out))
      return r->at += len, true;
  return refuse(r, "one of = != =~ !~");
}

static bool take_matcher(Reader *r, Matcher *out) {
  *out = (Matcher){0};
  if (!take_text(r, "a label's name", &out->name) || !take_op(r, &out->op) || !take_text(r, "a value", &out->value))
    return false;
  return out->name.len || fail(r->err, ERR_INVALID, "a label's name may not be empty");
}

static bool parse_utf8(Arena *arena, Str text, MatcherVec *out, Error *err) {
  Reader r = {.arena = arena, .text = text, .err = err};
  skip_space(&r);
  bool brace = peek(&r) == '{';
  r.at += brace;
  for (skip_space(&r); r.at < text.len && peek(&r) != '}';) {
    Matcher made;
    if (out->count == MATCHERS_MAX) return fail(err, ERR_INVALID, "there are more than %d matchers", MATCHERS_MAX);
    if (!take_matcher(&r, &made)) return false;
    *VEC_PUSH(arena, out) = made;
    skip_space(&r);
    if (r.at < text.len && peek(&r) != ',' && peek(&r) != '}') return refuse(&r, "a comma");
    r.at += peek(&r) == ',';
    skip_space(&r);
  }
  if (brace && peek(&r) != '}') return fail(err, ERR_INVALID, "the brace of character 1 is not closed");
  r.at += brace;
  skip_space(&r);
  return r.at >= text.len || refuse(&r, "the end");
}

/* Classic --------------------------------------------------------------------------------------------------------- */

static bool is_classic_space(char c) { /* \s of RE2 */
  return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static Str trim_classic(Str s) {
  while (s.len && is_classic_space(s.ptr[0])) s = str_slice(s, 1, s.len);
  while (s.len && is_classic_space(s.ptr[s.len - 1])) s.len--;
  return s;
}

static bool is_name_char(char c, bool first) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' || (!first && c >= '0' && c <= '9');
}

static bool bad_format(Error *err, Str piece) {
  return fail(err, ERR_INVALID, "\"%.*s\" is no matcher: it is a name, one of = != =~ !~, and a value",
              STR_ARG(utf8_cut(piece, 120)));
}

/* A backslash before anything but " n \ stands for itself. */
static bool unescape(Arena *arena, Str raw, Str *out, Error *err) {
  Buf buf = buf_new(arena, MATCHER_TEXT_MAX);
  bool quoted = raw.len && raw.ptr[0] == '"', closed = !quoted;
  size_t i = quoted;
  for (; i < raw.len; i++) {
    char c = raw.ptr[i];
    if (c == '\\' && i + 1 < raw.len) {
      char next = raw.ptr[++i];
      if (next != 'n' && next != '"' && next != '\\') buf_putc(&buf, '\\');
      buf_putc(&buf, next == 'n' ? '\n' : next);
    } else if (c == '"') {
      if (closed || i + 1 < raw.len)
        return fail(err, ERR_INVALID, "%.*s holds a quote without a backslash", STR_ARG(utf8_cut(raw, 120)));
      closed = true;
    } else {
      buf_putc(&buf, c);
    }
  }
  *out = buf_str(&buf);
  return closed || fail(err, ERR_INVALID, "the quote of %.*s is not closed", STR_ARG(utf8_cut(raw, 120)));
}

static bool parse_piece(Arena *arena, Str piece, Matcher *out, Error *err) {
  Str rest = trim_classic(piece);
  size_t end = 0;
  *out = (Matcher){0};
  while (end < rest.len && is_name_char(rest.ptr[end], end == 0)) end++;
  if (end == 0) return bad_format(err, piece);
  out->name = str_copy(arena, str_slice(rest, 0, end));
  rest = trim_classic(str_slice(rest, end, rest.len));
  size_t len = rest.len > 1 && (rest.ptr[1] == '~' || rest.ptr[1] == '=') && rest.ptr[0] != '~' ? 2 : 1;
  if (len == 2 && str_starts_with(rest, S("=="))) len = 1; /* "a==b": the value is "=b" */
  if (rest.len < len || !matcher_op_parse(str_slice(rest, 0, len), &out->op)) return bad_format(err, piece);
  return unescape(arena, trim_classic(str_slice(rest, len, rest.len)), &out->value, err);
}

static bool take_piece(Arena *arena, Str piece, MatcherVec *out, Error *err) {
  Matcher made;
  if (out->count == MATCHERS_MAX) return fail(err, ERR_INVALID, "there are more than %d matchers", MATCHERS_MAX);
  if (!parse_piece(arena, piece, &made, err)) return false;
  *VEC_PUSH(arena, out) = made;
  return true;
}

static bool parse_classic(Arena *arena, Str text, MatcherVec *out, Error *err) {
  bool quoted = false, escaped = false;
  size_t from = 0;
  if (str_starts_with(text, S("{"))) text = str_slice(text, 1, text.len);
  if (str_ends_with(text, S("}"))) text.len--;
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    if (c == ',') { /* leaves `escaped` as it is, as theirs does */
      if (quoted) continue;
      if (!take_piece(arena, str_slice(text, from, i), out, err)) return false;
      from = i + 1;
      continue;
    }
    if (c == '"' && !escaped) quoted = !quoted;
    escaped = c == '\\' && !escaped;
  }
  Str last = str_slice(text, from, text.len);
  return trim_classic(last).len == 0 || take_piece(arena, last, out, err);
}

/* Both ------------------------------------------------------------------------------------------------------------ */

static bool same(const MatcherVec *a, const MatcherVec *b) {
  if (a->count != b->count) return false;
  for (size_t i = 0; i < a->count; i++)
    if (a->items[i].op != b->items[i].op || !str_equal(a->items[i].name, b->items[i].name) ||
        !str_equal(a->items[i].value, b->items[i].value))
      return false;
  return true;
}

static bool check_text(Str text, Error *err) {
  if (text.len > MATCHER_TEXT_MAX) return fail(err, ERR_INVALID, "matchers have at most %d bytes", MATCHER_TEXT_MAX);
  return utf8_valid(text) || fail(err, ERR_INVALID, "the matchers are not valid UTF-8");
}

bool matchers_parse(Arena *arena, Str text, MatcherDialect dialect, Matchers *out, Error *err) {
  MatcherVec utf8 = {0}, classic = {0};
  Error why = {0}, ignored = {0};
  *out = (Matchers){0};
  if (!check_text(text, err)) return false;
  bool as_utf8 = dialect != MATCHER_CLASSIC && parse_utf8(arena, text, &utf8, &why);
  if (dialect == MATCHER_UTF8) {
    if (!as_utf8) return *err = why, false;
    return *out = (Matchers){utf8.items, utf8.count, NULL}, true;
  }
  if (dialect == MATCHER_CLASSIC) {
    if (!parse_classic(arena, text, &classic, err)) return false;
    return *out = (Matchers){classic.items, classic.count, NULL}, true;
  }
  if (!parse_classic(arena, text, &classic, &ignored)) {
    if (!as_utf8) return *err = why, false;
    return *out = (Matchers){utf8.items, utf8.count, NULL}, true;
  }
  const char *warning = !as_utf8                 ? "only the classic grammar takes this; write values in double quotes"
                        : !same(&utf8, &classic) ? "taken as the classic grammar means it; the UTF-8 grammar reads it "
                                                   "otherwise"
                                                 : NULL;
  *out = (Matchers){classic.items, classic.count, warning};
  return true;
}

bool matcher_parse_one(Arena *arena, Str text, MatcherDialect dialect, Matcher *out, Error *err) {
  if (dialect == MATCHER_CLASSIC) return check_text(text, err) && parse_piece(arena, text, out, err);
  Matchers list = {0};
  if (!matchers_parse(arena, text, dialect, &list, err)) return false;
  if (list.count != 1) return fail(err, ERR_INVALID, "this is %zu matchers; one is expected", list.count);
  *out = list.items[0];
  return true;
}

/* Tokens of CEL: names, numbers, operators. Quoted literals are read in literal.c. */
#include <string.h>

#include "lang/cel/parser.h"

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
static bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
static bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
static bool is_name(char c) {
  return is_name_start(c) || is_digit(c);
}

/* The byte `ahead` of the reading place, 0 past the end. */
static char peek(const Parser *p, u32 ahead) {
  size_t at = (size_t)p->at + ahead;
  return at < p->source.len ? p->source.ptr[at] : 0;
}

static void skip_blank(Parser *p) {
  while (p->at < p->source.len) {
    char c = p->source.ptr[p->at];
    if (c == '/' && peek(p, 1) == '/') {
      while (p->at < p->source.len && p->source.ptr[p->at] != '\n') p->at++;
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
      p->at++;
    } else {
      return;
    }
  }
}

static bool finish(Parser *p, TokenKind kind) {
  p->token.kind = kind;
  p->token.to = p->at;
  p->token.text = str_slice(p->source, p->token.from, p->at);
  return true;
}

/* Quotes open here, perhaps after the letters r and b in any order and case: the length of those letters, else -1. */
static int quote_prefix(const Parser *p) {
  bool raw = false, bytes = false;
  for (u32 i = 0; i < 3; i++) {
    char c = peek(p, i);
    if (c == '"' || c == '\'') return (int)i;
    if ((c == 'r' || c == 'R') && !raw)
      raw = true;
    else if ((c == 'b' || c == 'B') && !bytes)
      bytes = true;
    else
      return -1;
  }
  return -1;
}

static bool read_quoted(Parser *p, u32 prefix) {
  u32 from = p->at;
  p->at += prefix;
  char quote = peek(p, 0);
  u32 width = peek(p, 1) == quote && peek(p, 2) == quote ? 3 : 1;
  bool raw = false, bytes = false;
  for (u32 i = 0; i < prefix; i++) {
    char c = p->source.ptr[from + i];
    raw |= c == 'r' || c == 'R';
    bytes |= c == 'b' || c == 'B';
  }
  p->at += width;
  for (;; p->at++) {
    if (p->at >= p->source.len)
      return cel_fail_at(p->err, ERR_INVALID, p->source, from, "this text has no closing quote");
    char c = peek(p, 0);
    if (width == 1 && (c == '\n' || c == '\r'))
      return cel_fail_at(p->err, ERR_INVALID, p->source, from, "this text has no closing quote on its line");
    if (c == '\\' && !raw) {
      p->at++;
      continue;
    }
    if (c == quote && (width == 1 || (peek(p, 1) == quote && peek(p, 2) == quote))) break;
  }
  p->at += width;
  finish(p, bytes ? TOKEN_BYTES : TOKEN_STRING);
  return lexer_quoted(p, p->token.text, from, &p->token.value);
}

static bool number_fails(Parser *p, const char *why) {
  u32 from = p->token.from;
  return cel_fail_at(p->err, ERR_INVALID, p->source, from, "%s: %.*s", why, (int)MIN(p->at - from, 40u),
                     p->source.ptr + from);
}

/* Integers are kept without sign here: 2^63 becomes INT64_MIN when a minus stands before it, else the parser refuses.
 */
static bool integer_value(Parser *p, Str digits, bool hex, bool is_unsigned) {
  u64 number = 0;
  for (size_t i = 0; i < digits.len; i++) {
    char c = digits.ptr[i];
    u64 digit = (u64)(is_digit(c) ? c - '0' : (c | 32) - 'a' + 10), base = hex ? 16 : 10;
    if (__builtin_mul_overflow(number, base, &number) || __builtin_add_overflow(number, digit, &number))
      return number_fails(p, "this number needs more than 64 bits");
  }
  if (is_unsigned) {
    p->at++;
    p->token.value = value_uint(number);
    return finish(p, TOKEN_UINT);
  }
  p->token.value = value_uint(number);
  return finish(p, TOKEN_INT);
}

static bool read_number(Parser *p) {
  bool hex = peek(p, 0) == '0' && (peek(p, 1) | 32) == 'x', fraction = false;
  if (hex) p->at += 2;
  u32 from = p->at;
  while (hex ? is_hex(peek(p, 0)) : is_digit(peek(p, 0))) p->at++;
  if (hex && from == p->at) return number_fails(p, "digits are missing");
  if (!hex && peek(p, 0) == '.' && is_digit(peek(p, 1))) {
    fraction = true;
    p->at++;
    while (is_digit(peek(p, 0))) p->at++;
  }
  u32 sign = peek(p, 1) == '+' || peek(p, 1) == '-';
  if (!hex && (peek(p, 0) | 32) == 'e' && is_digit(peek(p, 1 + sign))) {
    fraction = true;
    p->at += 1 + sign;
    while (is_digit(peek(p, 0))) p->at++;
  }
  Str digits = str_slice(p->source, from, p->at);
  bool is_unsigned = !fraction && (peek(p, 0) | 32) == 'u';
  if (is_name(peek(p, is_unsigned))) return number_fails(p, "a name cannot follow a number directly");
  if (!fraction) return integer_value(p, digits, hex, is_unsigned);
  double number = 0;
  Str text = digits.ptr[0] == '.' ? str_format(p->arena, "0%.*s", STR_ARG(digits)) : digits;
  if (!str_to_double(text, &number)) return number_fails(p, "this number is too large");
  p->token.value = value_double(number);
  return finish(p, TOKEN_DOUBLE);
}

static bool read_backticked(Parser *p) {
  size_t end = str_find_char(p->source, '`', p->at + 1);
  if (end == SIZE_MAX) return cel_fail_at(p->err, ERR_INVALID, p->source, p->at, "this name has no closing backtick");
  Str name = str_slice(p->source, p->at + 1, end);
  if (name.len == 0 || str_find_char(name, '\n', 0) != SIZE_MAX)
    return cel_fail_at(p->err, ERR_INVALID, p->source, p->at, "a name between backticks is one line and not empty");
  p->at = (u32)end + 1;
  finish(p, TOKEN_NAME);
  p->token.text = name;
  p->token.quoted = true;
  return true;
}

static bool read_operator(Parser *p) {
  static const char *const LONG[] = {"&&", "||", "==", "!=", "<=", ">="};
  for (size_t i = 0; i < COUNT(LONG); i++)
    if (peek(p, 0) == LONG[i][0] && peek(p, 1) == LONG[i][1]) {
      p->at += 2;
      return finish(p, TOKEN_PUNCT);
    }
  char c = peek(p, 0);
  if (c && strchr("+-*/%!<>?:.,()[]{}", c)) {
    p->at++;
    return finish(p, TOKEN_PUNCT);
  }
  size_t next = p->at;
  (void)utf8_next(p->source, &next);
  const char *hint = c == '='   ? "; use == to compare"
                     : c == '&' ? "; use && for and"
                     : c == '|' ? "; use || for or"
                                : "";
  return cel_fail_at(p->err, ERR_INVALID, p->source, p->at, "unexpected character '%.*s'%s", (int)(next - p->at),
                     p->source.ptr + p->at, hint);
}

bool lexer_next(Parser *p) {
  p->last = p->token.to;
  skip_blank(p);
  p->token = (Token){.from = p->at, .to = p->at};
  if (p->at >= p->source.len) return finish(p, TOKEN_END);
  char c = peek(p, 0);
  int prefix = quote_prefix(p);
  if (prefix >= 0) return read_quoted(p, (u32)prefix);
  if (is_name_start(c)) {
    while (is_name(peek(p, 0))) p->at++;
    return finish(p, TOKEN_NAME);
  }
  if (is_digit(c) || (c == '.' && is_digit(peek(p, 1)))) return read_number(p);
  if (c == '`') return read_backticked(p);
  return read_operator(p);
}

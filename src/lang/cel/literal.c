/* Quoted literals: prefixes r and b, one or three quotes, escapes. In a bytes literal \x and \ooo are bytes; in a
 * string they are code points. */
#include <string.h>

#include "lang/cel/parser.h"

typedef struct Literal {
  Parser *parser;
  Str body;
  u32 base; /* place of the body in the source */
  size_t at;
  bool bytes;
} Literal;

static bool literal_fails(const Literal *l, size_t at, const char *why) {
  return cel_fail_at(l->parser->err, ERR_INVALID, l->parser->source, l->base + (u32)at, "%s", why);
}

static int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if ((c | 32) >= 'a' && (c | 32) <= 'f') return (c | 32) - 'a' + 10;
  return 99;
}

/* `count` digits of a base at the reading place. */
static bool read_digits(Literal *l, u32 count, int base, u32 *out) {
  size_t start = l->at;
  u32 number = 0;
  for (u32 i = 0; i < count; i++, l->at++) {
    int digit = l->at < l->body.len ? digit_of(l->body.ptr[l->at]) : 99;
    if (digit >= base) return literal_fails(l, start, "this escape has too few digits");
    number = number * (u32)base + (u32)digit;
  }
  *out = number;
  return true;
}

static bool put_code(Literal *l, size_t start, u32 code, bool as_byte, Buf *out) {
  if (as_byte && l->bytes) {
    if (code > 255) return literal_fails(l, start, "this escape is larger than a byte");
    buf_putc(out, (char)code);
    return true;
  }
  if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
    return literal_fails(l, start, "this escape is not a Unicode character");
  char text[4];
  buf_put(out, (Str){text, utf8_encode(code, text)});
  return true;
}

static bool read_escape(Literal *l, Buf *out) {
  static const char NAMES[] = "abfnrtv\\?\"'`";
  static const char CODES[] = "\a\b\f\n\r\t\v\\?\"'`";
  size_t start = l->at++;
  if (l->at >= l->body.len) return literal_fails(l, start, "this escape is not complete");
  char c = l->body.ptr[l->at];
  const char *simple = c ? strchr(NAMES, c) : NULL;
  if (simple) {
    l->at++;
    buf_putc(out, CODES[simple - NAMES]);
    return true;
  }
  u32 code = 0;
  if (c >= '0' && c <= '3') return read_digits(l, 3, 8, &code) && put_code(l, start, code, true, out);
  l->at++;
  if (c == 'x' || c == 'X') return read_digits(l, 2, 16, &code) && put_code(l, start, code, true, out);
  if (c == 'u' && !l->bytes) return read_digits(l, 4, 16, &code) && put_code(l, start, code, false, out);
  if (c == 'U' && !l->bytes) return read_digits(l, 8, 16, &code) && put_code(l, start, code, false, out);
  return literal_fails(l, start, "unknown escape; write \\\\ for a backslash, or put r before the quote");
}

bool lexer_quoted(Parser *parser, Str literal, u32 from, Value *out) {
  size_t prefix = 0;
  bool raw = false, bytes = false;
  for (; literal.ptr[prefix] != '"' && literal.ptr[prefix] != '\''; prefix++) {
    raw |= (literal.ptr[prefix] | 32) == 'r';
    bytes |= (literal.ptr[prefix] | 32) == 'b';
  }
  char quote = literal.ptr[prefix];
  bool triple = literal.len >= prefix + 6 && literal.ptr[prefix + 1] == quote && literal.ptr[prefix + 2] == quote;
  size_t width = triple ? 3 : 1;
  Literal l = {.parser = parser,
               .bytes = bytes,
               .base = from + (u32)(prefix + width),
               .body = str_slice(literal, prefix + width, literal.len - width)};
  Str text = l.body;
  if (!raw && str_find_char(l.body, '\\', 0) != SIZE_MAX) {
    Buf buf = buf_new(parser->arena, l.body.len * 4 + 16);
    while (l.at < l.body.len) {
      if (l.body.ptr[l.at] != '\\')
        buf_putc(&buf, l.body.ptr[l.at++]);
      else if (!read_escape(&l, &buf))
        return false;
    }
    text = buf_str(&buf);
  }
  if (!text.ptr) text = S("");
  *out = bytes ? value_bytes(text) : value_string(text);
  return true;
}

/* The core schema of YAML 1.2, section 10.3.2: what a plain scalar is. */
#include "lang/yaml_scalar.h"

#include <math.h>

static bool is_any(Str text, const char *const *words) {
  for (; *words; words++)
    if (str_equal_c(text, *words)) return true;
  return false;
}

static bool is_null(Str text) {
  static const char *const WORDS[] = {"", "~", "null", "Null", "NULL", NULL};
  return is_any(text, WORDS);
}

static bool is_true(Str text) {
  static const char *const WORDS[] = {"true", "True", "TRUE", NULL};
  return is_any(text, WORDS);
}

static bool is_false(Str text) {
  static const char *const WORDS[] = {"false", "False", "FALSE", NULL};
  return is_any(text, WORDS);
}

bool yaml_is_reserved(Str text) {
  static const char *const WORDS[] = {"yes", "no", "on", "off", "y", "n", "true", "false", "null", NULL};
  for (const char *const *word = WORDS; *word; word++)
    if (str_equal_nocase(text, str_from_c(*word))) return true; /* YAML 1.1's words, too: others read what we write */
  return is_null(text);
}

/* "0x1F", "0o17": without a sign. */
static bool read_based(Str text, Value *out) {
  if (text.len < 3 || text.ptr[0] != '0' || (text.ptr[1] != 'x' && text.ptr[1] != 'o')) return false;
  u64 base = text.ptr[1] == 'x' ? 16 : 8, number = 0;
  for (size_t i = 2; i < text.len; i++) {
    char c = text.ptr[i], lower = (char)(c | 0x20);
    u64 digit = c >= '0' && c <= '9' ? (u64)(c - '0') : lower >= 'a' && lower <= 'f' ? (u64)(lower - 'a' + 10) : 99;
    if (digit >= base || __builtin_mul_overflow(number, base, &number)) return false;
    number += digit;
  }
  *out = number <= INT64_MAX ? value_int((i64)number) : value_uint(number);
  return true;
}

/* ".inf", "-.INF", ".nan" and their spellings. */
static bool read_special(Str text, Value *out) {
  static const char *const INFINITE[] = {".inf", ".Inf", ".INF", NULL};
  static const char *const NOT_NUMBERS[] = {".nan", ".NaN", ".NAN", NULL};
  bool sign = text.len && (text.ptr[0] == '-' || text.ptr[0] == '+');
  if (is_any(str_slice(text, sign, text.len), INFINITE)) {
    *out = value_double(sign && text.ptr[0] == '-' ? -INFINITY : INFINITY);
    return true;
  }
  *out = value_double(NAN);
  return is_any(text, NOT_NUMBERS);
}

static size_t digits_at(Str text, size_t pos) {
  size_t count = 0;
  while (pos + count < text.len && text.ptr[pos + count] >= '0' && text.ptr[pos + count] <= '9') count++;
  return count;
}

/* The parts of [-+]? ( .[0-9]+ | [0-9]+ ( .[0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
typedef struct Decimal {
  bool negative, real;
  Str whole, fraction, exponent; /* exponent with its letter and sign */
} Decimal;

static bool split_decimal(Str text, Decimal *out) {
  Decimal d = {0};
  size_t pos = text.len && (text.ptr[0] == '-' || text.ptr[0] == '+');
  d.negative = pos && text.ptr[0] == '-';
  d.whole = (Str){text.ptr + pos, digits_at(text, pos)};
  pos += d.whole.len;
  if (pos < text.len && text.ptr[pos] == '.') {
    d.real = true;
    pos++;
    d.fraction = (Str){text.ptr + pos, digits_at(text, pos)};
    pos += d.fraction.len;
  }
  if (d.whole.len + d.fraction.len == 0) return false;
  if (pos < text.len && (text.ptr[pos] == 'e' || text.ptr[pos] == 'E')) {
    size_t digits = pos + 1 + (pos + 1 < text.len && (text.ptr[pos + 1] == '-' || text.ptr[pos + 1] == '+'));
    size_t end = digits + digits_at(text, digits);
    if (end == digits) return false;
    d.real = true;
    d.exponent = str_slice(text, pos, end);
    pos = end;
  }
  *out = d;
  return pos == text.len;
}

/* As JSON would write it: no plus, no needless zeros in front, digits on both sides of the point. */
static Str decimal_text(Arena *arena, Decimal d) {
  while (d.whole.len > 1 && d.whole.ptr[0] == '0') d.whole = str_slice(d.whole, 1, d.whole.len);
  if (d.whole.len == 0) d.whole = S("0");
  Buf out = buf_new(arena, d.whole.len + d.fraction.len + d.exponent.len + 8);
  if (d.negative) buf_putc(&out, '-');
  buf_put(&out, d.whole);
  if (d.fraction.len) buf_putc(&out, '.');
  buf_put(&out, d.fraction);
  buf_put(&out, d.exponent);
  return buf_str(&out);
}

static bool read_decimal(Arena *arena, Str text, Value *out) {
  Decimal d;
  u64 number;
  if (!split_decimal(text, &d)) return false;
  if (!d.real && str_to_u64(d.whole, UINT64_MAX, &number) && (!d.negative || number <= (u64)1 << 63)) {
    if (d.negative)
      *out = value_int((i64)(0 - number));
    else
      *out = number <= INT64_MAX ? value_int((i64)number) : value_uint(number);
    return true;
  }
  double real;
  Str plain = decimal_text(arena, d);
  *out = value_string(plain);
  out->kind = VALUE_BIGNUM;
  if (d.real && str_to_double(plain, &real)) *out = value_double(real);
  return true;
}

Value yaml_resolve(Arena *arena, Str text) {
  Value number;
  if (is_null(text)) return value_null();
  if (is_true(text)) return value_bool(true);
  if (is_false(text)) return value_bool(false);
  if (read_based(text, &number) || read_special(text, &number) || read_decimal(arena, text, &number)) return number;
  return value_string(text);
}

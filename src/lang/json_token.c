/* JSON's strings and numbers. A string without escapes is not copied: it points into the text. A number is read once,
 * digit by digit; a double whose digits fit 53 bits and whose power of ten is exact needs one multiplication or
 * division (Clinger 1990, correctly rounded), all others go through str_to_double. */
#include <float.h>
#include <stdio.h>

#include "lang/json_parser.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The closing quote of a string with escapes, from inside it; NULL when there is none. */
static const char *find_quote(const char *at, const char *end) {
  for (; at < end && *at != '"'; at++)
    if (*at == '\\') at++;
  return at < end ? at : NULL;
}

static i32 hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  char lower = (char)(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The four hex digits behind "\u"; -1 when they are not. */
static i32 hex_unit(const char *at, const char *end) {
  if (end - at < 4) return -1;
  i32 unit = 0;
  for (int i = 0; i < 4; i++) {
    i32 digit = hex_digit(at[i]);
    if (digit < 0) return -1;
    unit = unit << 4 | digit;
  }
  return unit;
}

/* The second half of a surrogate pair at `at`, or -1. */
static i32 low_half(const char *at, const char *end) {
  if (end - at < 6 || at[0] != '\\' || at[1] != 'u') return -1;
  i32 unit = hex_unit(at + 2, end);
  return unit >= 0xdc00 && unit <= 0xdfff ? unit : -1;
}

/* p->at stands on the 'u'. Writes at most 4 characters, for 6 or 12 that it read. */
static bool read_unicode(JsonParser *p, const char *end, char **out) {
  i32 unit = hex_unit(p->at + 1, end);
  if (unit < 0) return json_fail_plain(p, p->at - 1, "\\u must be followed by four hex digits");
  u32 point = (u32)unit;
  const char *next = p->at + 5;
  if (unit >= 0xd800 && unit <= 0xdfff) {
    i32 low = unit <= 0xdbff ? low_half(next, end) : -1;
    if (low < 0 && !p->lenient) return json_fail_plain(p, p->at - 1, "half a surrogate pair is not a character");
    point = low < 0 ? 0xfffd : 0x10000 + ((u32)(unit - 0xd800) << 10) + (u32)(low - 0xdc00);
    if (low >= 0) next += 6;
  }
  if (point == 0 && p->lenient) point = 0xfffd;
  *out += utf8_encode(point, *out);
  p->at = next;
  return true;
}

/* p->at stands on the backslash; something follows it, or find_quote had not come past. */
static bool read_escape(JsonParser *p, const char *end, char **out) {
  static const char PLAIN[128] = {
      ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t'};
  u8 c = (u8) * ++p->at;
  if (c == 'u') return read_unicode(p, end, out);
  if (c >= sizeof PLAIN || !PLAIN[c]) return json_fail(p, p->at, "expected one of \"\\/bfnrtu after a backslash");
  *(*out)++ = PLAIN[c];
  p->at++;
  return true;
}

static bool read_utf8(JsonParser *p, const char *end, char **out) {
  size_t pos = 0;
  bool valid = utf8_next((Str){p->at, (size_t)(end - p->at)}, &pos) >= 0;
  if (!valid && !p->lenient) return json_fail(p, p->at, "expected UTF-8");
  size_t bytes = valid ? pos : sizeof REPLACEMENT - 1;
  memcpy(*out, valid ? p->at : REPLACEMENT, bytes);
  *out += bytes;
  p->at += pos;
  return true;
}

static bool fail_control(JsonParser *p, const char *at) {
  return json_fail(p, at, "expected control characters in a string to be escaped");
}

/* How long the decoded text can get: only replacing an invalid byte makes it longer, from one to three. */
static size_t decoded_bytes_max(const JsonParser *p, const char *at, const char *end) {
  size_t bytes = (size_t)(end - at);
  if (p->lenient)
    for (; at < end; at++) bytes += (u8)*at >= 0x80 ? 2 : 0;
  return bytes;
}

/* The copying half: from the opening quote again, with `trouble` the first place that is not plain. */
static bool read_copied(JsonParser *p, const char *trouble, Value *out) {
  const char *quote = p->at, *end = find_quote(trouble, p->end);
  if (!end) return json_fail_plain(p, quote, "a string begins here that does not end");
  char *text = arena_alloc(p->arena, decoded_bytes_max(p, quote + 1, end)), *to = text;
  for (p->at = quote + 1; p->at < end;) {
    const char *plain = json_skip_plain(p->at, end, JSON_STOP_ASCII);
    memcpy(to, p->at, (size_t)(plain - p->at));
    to += plain - p->at;
    p->at = plain;
    if (plain == end) break;
    u8 c = (u8)*plain;
    if (c < 0x20) return fail_control(p, plain);
    if (!(c == '\\' ? read_escape(p, end, &to) : read_utf8(p, end, &to))) return false;
  }
  p->at = end + 1;
  if ((size_t)(to - text) > UINT32_MAX) return json_fail_plain(p, quote, "a string is too long");
  *out = value_string((Str){text, (size_t)(to - text)});
  return true;
}

bool json_read_string(JsonParser *p, Value *out) {
  const char *start = p->at + 1, *at = start;
  for (;;) {
    at = json_skip_plain(at, p->end, JSON_STOP_ASCII);
    if (at == p->end) return json_fail_plain(p, p->at, "a string begins here that does not end");
    u8 c = (u8)*at;
    if (c == '"') break;
    if (c == '\\') return read_copied(p, at, out);
    if (c < 0x20) return fail_control(p, at);
    size_t pos = 0;
    if (utf8_next((Str){at, (size_t)(p->end - at)}, &pos) < 0) return read_copied(p, at, out);
    at += pos;
  }
  *out = value_string((Str){start, (size_t)(at - start)});
  p->at = at + 1;
  return true;
}

/* Numbers --------------------------------------------------------------------------------------------------------- */

typedef struct Digits {
  u64 number;    /* all digits, without the point */
  bool overflow; /* more than 64 bits: number is rubbish */
  i64 power;     /* of ten */
  bool negative, whole;
} Digits;

static inline bool is_digit(const JsonParser *p) {
  return p->at < p->end && *p->at >= '0' && *p->at <= '9';
}

/* False when there is no digit. */
static inline bool read_digits(JsonParser *p, Digits *d) {
  const char *start = p->at;
  for (; is_digit(p); p->at++) {
    d->overflow |= __builtin_mul_overflow(d->number, 10, &d->number);
    d->overflow |= __builtin_add_overflow(d->number, (u64)(*p->at - '0'), &d->number);
  }
  return p->at > start;
}

static bool read_exponent(JsonParser *p, Digits *d) {
  enum { EXPONENT_MAX = 1000000 }; /* no double is near; keeps the sum from overflowing */
  p->at++;
  bool negative = p->at < p->end && *p->at == '-';
  if (p->at < p->end && (*p->at == '-' || *p->at == '+')) p->at++;
  if (!is_digit(p)) return json_fail(p, p->at, "expected a digit in an exponent");
  i64 exponent = 0;
  for (; is_digit(p); p->at++) exponent = MIN(exponent * 10 + (*p->at - '0'), (i64)EXPONENT_MAX);
  d->power += negative ? -exponent : exponent;
  return true;
}

/* The grammar of RFC 8259, section 6. */
static bool scan_number(JsonParser *p, Digits *d) {
  d->negative = *p->at == '-';
  if (d->negative) p->at++;
  bool zero = p->at < p->end && *p->at == '0';
  const char *first = p->at;
  if (!read_digits(p, d)) return json_fail(p, p->at, "expected a digit after '-'");
  if (zero && p->at - first > 1) return json_fail_plain(p, first, "a number must not begin with 0");
  d->whole = true;
  if (p->at < p->end && *p->at == '.') {
    const char *point = p->at++;
    if (!read_digits(p, d)) return json_fail(p, p->at, "expected a digit after the point of a number");
    d->power = point + 1 - p->at;
    d->whole = false;
  }
  if (p->at == p->end || (*p->at | 0x20) != 'e') return true;
  d->whole = false;
  return read_exponent(p, d);
}

static Value big_number(Str text) {
  Value v = value_string(text);
  v.kind = VALUE_BIGNUM;
  return v;
}

static Value whole_number(const Digits *d, Str text) {
  if (d->overflow || (d->negative && d->number > (u64)1 << 63)) return big_number(text);
  if (d->negative) return value_int((i64)(0 - d->number));
  return d->number <= INT64_MAX ? value_int((i64)d->number) : value_uint(d->number);
}

static Value real_number(const Digits *d, Str text) {
  static const double POWERS[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  const i64 exact = COUNT(POWERS) - 1;
  if (FLT_EVAL_METHOD == 0 && !d->overflow && d->number <= (u64)1 << 53 && d->power >= -exact && d->power <= exact) {
    double number = (double)d->number;
    number = d->power < 0 ? number / POWERS[-d->power] : number * POWERS[d->power];
    return value_double(d->negative ? -number : number);
  }
  double number;
  return str_to_double(text, &number) ? value_double(number) : big_number(text);
}

bool json_read_number(JsonParser *p, Value *out) {
  const char *start = p->at;
  Digits digits = {0};
  if (!scan_number(p, &digits)) return false;
  Str text = {start, (size_t)(p->at - start)};
  *out = digits.whole ? whole_number(&digits, text) : real_number(&digits, text);
  return true;
}

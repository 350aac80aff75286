/* Numbers read from text. Nothing here asks the locale. */
#include "base/str.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Longer numbers carry nothing that a double could keep. */
enum { DOUBLE_TEXT_MAX = 1024 };

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool str_to_u64(Str s, u64 max, u64 *out) {
  u64 number = 0;
  for (size_t i = 0; i < s.len; i++) {
    if (!is_digit(s.ptr[i])) return false;
    if (__builtin_mul_overflow(number, 10, &number)) return false;
    if (__builtin_add_overflow(number, (u64)(s.ptr[i] - '0'), &number)) return false;
  }
  if (s.len == 0 || number > max) return false;
  *out = number;
  return true;
}

bool str_to_i64(Str s, i64 min, i64 max, i64 *out) {
  bool negative = s.len && s.ptr[0] == '-';
  u64 size;
  if (!str_to_u64(negative ? str_slice(s, 1, s.len) : s, (u64)INT64_MAX + negative, &size)) return false;
  i64 number = negative ? (i64)(0 - size) : (i64)size;
  if (number < min || number > max) return false;
  *out = number;
  return true;
}

/* Moves past digits; false when there is none. */
static bool skip_digits(Str s, size_t *pos) {
  size_t start = *pos;
  while (*pos < s.len && is_digit(s.ptr[*pos])) (*pos)++;
  return *pos > start;
}

/* -?digits[.digits][e[+-]digits] and nothing else: strtod would take spaces, "inf", and hexadecimal too. */
static bool is_double_text(Str s) {
  size_t pos = s.len && s.ptr[0] == '-';
  if (!skip_digits(s, &pos)) return false;
  if (pos < s.len && s.ptr[pos] == '.') {
    pos++;
    if (!skip_digits(s, &pos)) return false;
  }
  if (pos < s.len && (s.ptr[pos] == 'e' || s.ptr[pos] == 'E')) {
    pos++;
    if (pos < s.len && (s.ptr[pos] == '+' || s.ptr[pos] == '-')) pos++;
    if (!skip_digits(s, &pos)) return false;
  }
  return pos == s.len;
}

static locale_t plain_locale;
static pthread_once_t plain_locale_once = PTHREAD_ONCE_INIT;

static void make_plain_locale(void) {
  plain_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  ASSERT(plain_locale);
}

bool str_to_double(Str s, double *out) {
  if (s.len > DOUBLE_TEXT_MAX || !is_double_text(s)) return false;
  char text[DOUBLE_TEXT_MAX + 1];
  memcpy(text, s.ptr, s.len);
  text[s.len] = '\0';
  pthread_once(&plain_locale_once, make_plain_locale);
  double number = strtod_l(text, NULL, plain_locale);
  if (!isfinite(number)) return false;
  *out = number;
  return true;
}

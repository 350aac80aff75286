/* Buf: text grows by doubling in the arena, so a long text costs twice its size at most while it is the newest thing
 * there. A write that does not fit below the ceiling is dropped whole, and so is all that follows. */
#include "base/buf.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_CAPACITY = 256, NUMBER_BYTES = 40 };

Buf buf_new(Arena *arena, size_t max) {
  return (Buf){.arena = arena, .max = max};
}

/* Makes room for `more` bytes; false past the ceiling. */
static bool reserve(Buf *buf, size_t more) {
  if (buf->overflow) return false;
  if (more <= buf->capacity - buf->len) return true;
  if (more > buf->max - buf->len) {
    buf->overflow = true;
    return false;
  }
  size_t wanted = MAX(MAX(buf->capacity * 2, buf->len + more), (size_t)FIRST_CAPACITY);
  size_t capacity = MIN(wanted, buf->max);
  /* One byte more than counted: vsnprintf writes its NUL there. */
  buf->ptr = arena_grow(buf->arena, buf->ptr, buf->ptr ? buf->capacity + 1 : 0, capacity + 1);
  buf->capacity = capacity;
  return true;
}

void buf_put(Buf *buf, Str text) {
  if (text.len == 0 || !reserve(buf, text.len)) return;
  memcpy(buf->ptr + buf->len, text.ptr, text.len);
  buf->len += text.len;
}

void buf_putc_grow(Buf *buf, char c) {
  if (reserve(buf, 1)) buf->ptr[buf->len++] = c;
}

char *buf_room(Buf *buf, size_t bytes) {
  return reserve(buf, bytes) ? buf->ptr + buf->len : NULL;
}

void buf_puts(Buf *buf, const char *text) {
  buf_put(buf, str_from_c(text));
}

static void put_decimal(Buf *buf, u64 number, bool negative) {
  char digits[NUMBER_BYTES];
  size_t at = sizeof(digits);
  do {
    digits[--at] = (char)('0' + number % 10);
    number /= 10;
  } while (number);
  if (negative) digits[--at] = '-';
  buf_put(buf, (Str){digits + at, sizeof(digits) - at});
}

void buf_i64(Buf *buf, i64 number) {
  bool negative = number < 0;
  put_decimal(buf, negative ? 0 - (u64)number : (u64)number, negative);
}

void buf_u64(Buf *buf, u64 number) {
  put_decimal(buf, number, false);
}

/* The locale may have a decimal point of its own, even of several bytes: what belongs to no number becomes one '.'. */
static size_t plain_point(char *text) {
  size_t len = 0;
  for (const char *c = text; *c; c++) {
    bool plain = strchr("0123456789+-e", *c) != NULL;
    if (plain)
      text[len++] = *c;
    else if (len == 0 || text[len - 1] != '.')
      text[len++] = '.';
  }
  return len;
}

/* Numbers with few decimals, nearly all there are. Both r and the power of ten are exact, and a division is rounded
 * once: what r says with its point reads back as the same number. The fewest decimals that do are the shortest text. */
static bool put_few_decimals(Buf *buf, double number) {
  double size = fabs(number), power = 10;
  if (size < 1e-4 || size >= 1e9) return false; /* "%g" has exponents below, and r must stay exact */
  for (size_t decimals = 1; decimals <= 6; decimals++, power *= 10) {
    double r = rint(size * power);
    if (r / power != size) continue;
    u64 whole = (u64)r / (u64)power, rest = (u64)r % (u64)power;
    char digits[8] = ".";
    for (size_t i = decimals; i > 0; i--, rest /= 10) digits[i] = (char)('0' + rest % 10);
    put_decimal(buf, whole, number < 0);
    buf_put(buf, (Str){digits, decimals + 1});
    return true;
  }
  return false;
}

void buf_double(Buf *buf, double number) {
  if (!isfinite(number)) {
    buf_put(buf, S("null")); /* JSON has no other word for it */
    return;
  }
  bool whole = fabs(number) <= 9007199254740992.0 && trunc(number) == number;
  if (whole) {
    put_decimal(buf, (u64)fabs(number), signbit(number));
    return;
  }
  if (put_few_decimals(buf, number)) return;
  char text[NUMBER_BYTES];
  double back = 0;
  size_t len = 0;
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(text, sizeof(text), "%.*g", digits, number);
    len = plain_point(text);
    if (str_to_double((Str){text, len}, &back) && back == number) break;
  }
  buf_put(buf, (Str){text, len});
}

void buf_format(Buf *buf, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  size_t room = buf->ptr ? buf->capacity - buf->len + 1 : 0;
  int len = vsnprintf(room ? buf->ptr + buf->len : NULL, room, format, args);
  ASSERT(len >= 0); /* formats are literals */
  bool fitted = (size_t)len < room;
  if (reserve(buf, (size_t)len)) {
    if (!fitted && len) vsnprintf(buf->ptr + buf->len, (size_t)len + 1, format, again);
    buf->len += (size_t)len;
  }
  va_end(again);
  va_end(args);
}

Str buf_str(const Buf *buf) {
  return (Str){buf->ptr, buf->len};
}

/* time(x): whatever vendors send as a time, as a timestamp; null for nothing. now(). */
#include <math.h>
#include <string.h>

#include "lang/cel/library.h"

enum { NANOS = 1000000000 };

static Value from_nanos(CelCall *call, __int128 nanos) {
  i64 seconds = (i64)(nanos / NANOS), rest = (i64)(nanos % NANOS);
  if (rest < 0) {
    rest += NANOS;
    seconds--;
  }
  if (seconds < CEL_TIME_MIN_S || seconds > CEL_TIME_MAX_S)
    return cel_fault(call, "time(): outside of the years 1 to 9999");
  return cel_timestamp(seconds, (u32)rest);
}

/* Nanoseconds per unit of a number since 1970, by its size: seconds until the year 5138, then ms, us, ns. */
static i64 unit_of(double size) {
  return size < 1e11 ? NANOS : size < 1e14 ? 1000000 : size < 1e17 ? 1000 : 1;
}

static Value from_number(CelCall *call, const Value *v) {
  if (v->kind == VALUE_DOUBLE) {
    if (!isfinite(v->d) || fabs(v->d) >= 1e19) return cel_fault(call, "time(): this number is not a time");
    if (v->d == 0) return value_null();
    i64 unit = unit_of(fabs(v->d));
    double whole = floor(v->d);
    return from_nanos(call, (__int128)whole * unit + (__int128)((v->d - whole) * (double)unit));
  }
  if (v->i == 0) return value_null();
  if (v->kind == VALUE_UINT) return from_nanos(call, (__int128)v->u * unit_of((double)v->u));
  return from_nanos(call, (__int128)v->i * unit_of(fabs((double)v->i)));
}

/* Texts ----------------------------------------------------------------------------------------------------------- */

typedef struct Reading {
  Str text;
  size_t at;
} Reading;

static char peek(const Reading *c) {
  return c->at < c->text.len ? c->text.ptr[c->at] : 0;
}

static bool digits(Reading *c, u32 count, i32 *out) {
  i32 number = 0;
  for (u32 i = 0; i < count; i++, c->at++) {
    char d = peek(c);
    if (d < '0' || d > '9') return false;
    number = number * 10 + (d - '0');
  }
  *out = number;
  return true;
}

static bool take(Reading *c, const char *any) {
  if (!peek(c) || !strchr(any, peek(c))) return false;
  c->at++;
  return true;
}

/* Digits behind the dot or comma, to nanoseconds. */
static i32 fraction(Reading *c) {
  i32 nanos = 0, scale = NANOS / 10;
  if (!take(c, ".,")) return 0;
  for (; peek(c) >= '0' && peek(c) <= '9'; c->at++, scale /= 10) nanos += scale * (peek(c) - '0');
  return nanos;
}

/* "Z", "UTC", "+01:00", "+0100", "+01"; false with *out_none when nothing stands there. */
static bool offset(Reading *c, i64 *out, bool *out_none) {
  while (take(c, " ")) continue;
  Str rest = str_slice(c->text, c->at, c->text.len);
  *out_none = rest.len == 0;
  *out = 0;
  if (str_equal_nocase(rest, S("z")) || str_equal_nocase(rest, S("utc")) || str_equal_nocase(rest, S("gmt")))
    return true;
  i32 hours = 0, minutes = 0;
  bool negative = peek(c) == '-';
  if (!take(c, "+-") || !digits(c, 2, &hours)) return false;
  (void)take(c, ":");
  if (peek(c) >= '0' && peek(c) <= '9' && !digits(c, 2, &minutes)) return false;
  while (take(c, " ")) continue;
  rest = str_slice(c->text, c->at, c->text.len);
  bool named = rest.len > 0 && rest.len <= 5 && rest.ptr[0] >= 'A' && rest.ptr[0] <= 'Z'; /* Go: "+0100 CET" */
  *out = (i64)(hours * 3600 + minutes * 60) * (negative ? -1 : 1);
  return (rest.len == 0 || named) && hours < 24 && minutes < 60;
}

static bool read_civil(Reading *c, Civil *civil, i32 *nanos) {
  if (!digits(c, 4, &civil->year) || !take(c, "-/") || !digits(c, 2, &civil->month) || !take(c, "-/") ||
      !digits(c, 2, &civil->day))
    return false;
  if (c->at == c->text.len) return true;
  if (!take(c, "Tt ") || !digits(c, 2, &civil->hour) || !take(c, ":") || !digits(c, 2, &civil->minute)) return false;
  if (take(c, ":") && !digits(c, 2, &civil->second)) return false;
  *nanos = fraction(c);
  return true;
}

static bool is_date(const Civil *c) {
  return c->month >= 1 && c->month <= 12 && c->day >= 1 && c->day <= civil_month_days(c->year, c->month) &&
         c->hour < 24 && c->minute < 60 && c->second <= 60;
}

static Value from_text(CelCall *call, Str text) {
  Reading c = {.text = text};
  Civil civil = {0};
  i32 nanos = 0;
  i64 east = 0;
  bool none = false, ok = read_civil(&c, &civil, &nanos);
  if (ok && civil.year <= 1) return value_null(); /* 0001-01-01, 0000-00-00: "no time" of Go and MySQL */
  ok = ok && (offset(&c, &east, &none) || none) && is_date(&civil);
  if (!ok)
    return cel_fault(call, "time(): \"%.*s\" is not a time, such as 2026-01-05T09:00:00Z", STR_ARG(utf8_cut(text, 60)));
  const Zone *zone = call->run->zone;
  i64 seconds = none && zone ? zone_to_utc(zone, civil) : civil_to_seconds(civil) - east;
  return from_nanos(call, (__int128)seconds * NANOS + nanos);
}

static Value do_time(CelCall *call, const Value *args, u32 count) {
  (void)count;
  const Value *v = &args[0];
  if (v->kind == VALUE_NULL || v->kind == VALUE_TIMESTAMP) return *v;
  if (v->kind != VALUE_STRING) return from_number(call, v);
  Str text = str_trim(value_text(v));
  if (text.len == 0) return value_null();
  i64 whole = 0;
  double number = 0;
  Value plain;
  if (str_to_i64(text, INT64_MIN, INT64_MAX, &whole))
    plain = value_int(whole);
  else if (str_to_double(text, &number))
    plain = value_double(number);
  else
    return from_text(call, text);
  return from_number(call, &plain);
}

static Value do_now(CelCall *call, const Value *args, u32 count) {
  (void)args, (void)count;
  i64 ms = call->run->now_ms;
  if (ms == 0) return cel_fault(call, "now() is not known here");
  return from_nanos(call, (__int128)ms * 1000000);
}

static const CelFn ROWS[] = {
    {"time", "(string) -> dyn; (int) -> dyn; (uint) -> dyn; (double) -> dyn; (timestamp) -> dyn; (null_type) -> dyn",
     do_time,
     "Time of RFC 3339, \"2006-01-02 15:04:05\", or a number since 1970 (s, ms, us, ns by size); null when there is "
     "none.",
     .cost = 12},
    {"now", "() -> timestamp", do_now, "The time of this evaluation."},
};

const CelLibrary LIB_TOCSIN_TIME = {"times", ROWS, COUNT(ROWS)};

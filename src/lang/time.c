/* Civil dates and RFC 3339. The calendar is the proleptic Gregorian one, counted in days by Howard Hinnant's
 * days_from_civil ("chrono-Compatible Low-Level Date Algorithms"): eras of 400 years, years that begin in March. */
#include "lang/time.h"

#include <string.h>

enum { ERA_DAYS = 146097, EPOCH_SHIFT = 719468 /* days from 0000-03-01 to 1970-01-01 */ };

#define CIVIL_SECONDS_MAX ((i64)60000000000000000) /* about the year 1,900,000,000: fits the i32 */
#define RFC_SECONDS_MIN   ((i64)-62135596800)      /* 0001-01-01T00:00:00Z */
#define RFC_SECONDS_MAX   ((i64)253402300799)      /* 9999-12-31T23:59:59Z */

static i64 floor_div(i64 a, i64 b) {
  return a / b - (a % b < 0);
}

i64 civil_days(i32 year, i32 month, i32 day) {
  i64 months = (i64)year * 12 + month - 1; /* month 13 is the next January */
  i64 y = floor_div(months, 12);
  i64 m = months - y * 12; /* 0 January */
  if (m < 2) y--;
  i64 era = floor_div(y, 400);
  i64 year_of_era = y - era * 400;
  i64 day_of_year = (153 * (m < 2 ? m + 10 : m - 2) + 2) / 5 + day - 1;
  return era * ERA_DAYS + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - EPOCH_SHIFT;
}

i64 civil_to_seconds(Civil c) {
  return civil_days(c.year, c.month, c.day) * 86400 + (i64)c.hour * 3600 + (i64)c.minute * 60 + c.second;
}

Civil civil_from_seconds(i64 seconds) {
  seconds = MAX(MIN(seconds, CIVIL_SECONDS_MAX), -CIVIL_SECONDS_MAX);
  i64 days = floor_div(seconds, 86400);
  i32 rest = (i32)(seconds - days * 86400);
  i64 shifted = days + EPOCH_SHIFT;
  i64 era = floor_div(shifted, ERA_DAYS);
  i64 d = shifted - era * ERA_DAYS;
  i64 year_of_era = (d - d / 1460 + d / 36524 - d / 146096) / 365;
  i64 day_of_year = d - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  i64 m = (5 * day_of_year + 2) / 153; /* 0 March */
  i32 month = (i32)(m < 10 ? m + 3 : m - 9);
  return (Civil){.year = (i32)(year_of_era + era * 400 + (month <= 2)),
                 .month = month,
                 .day = (i32)(day_of_year - (153 * m + 2) / 5 + 1),
                 .hour = rest / 3600,
                 .minute = rest / 60 % 60,
                 .second = rest % 60};
}

i32 civil_month_days(i32 year, i32 month) {
  return (i32)(civil_days(year, month + 1, 1) - civil_days(year, month, 1));
}

i32 civil_weekday(i64 days) {
  i64 weekday = (days % 7 + 3) % 7; /* day 0 was a Thursday */
  return (i32)(weekday < 0 ? weekday + 7 : weekday);
}

/* Reading --------------------------------------------------------------------------------------------------------- */

/* Exactly `count` digits at *pos, in [min, max]. */
static bool read_number(Str text, size_t *pos, size_t count, i32 min, i32 max, i32 *out) {
  if (text.len - *pos < count) return false;
  i32 number = 0;
  for (size_t i = 0; i < count; i++) {
    char c = text.ptr[*pos + i];
    if (c < '0' || c > '9') return false;
    number = number * 10 + (c - '0');
  }
  if (number < min || number > max) return false;
  *pos += count;
  *out = number;
  return true;
}

static bool read_char(Str text, size_t *pos, const char *any_of) {
  if (*pos >= text.len || text.ptr[*pos] == '\0' || !strchr(any_of, text.ptr[*pos])) return false;
  (*pos)++;
  return true;
}

/* "2026-01-05T09:00" */
static bool read_minutes(Str text, size_t *pos, Civil *out) {
  return read_number(text, pos, 4, 1, 9999, &out->year) && read_char(text, pos, "-") &&
         read_number(text, pos, 2, 1, 12, &out->month) && read_char(text, pos, "-") &&
         read_number(text, pos, 2, 1, civil_month_days(out->year, out->month), &out->day) &&
         read_char(text, pos, "Tt ") && read_number(text, pos, 2, 0, 23, &out->hour) && read_char(text, pos, ":") &&
         read_number(text, pos, 2, 0, 59, &out->minute);
}

bool civil_parse(Str text, Civil *out) {
  Civil civil = {0};
  size_t pos = 0;
  if (!read_minutes(text, &pos, &civil)) return false;
  if (read_char(text, &pos, ":") && !read_number(text, &pos, 2, 0, 59, &civil.second)) return false;
  if (pos != text.len) return false;
  *out = civil;
  return true;
}

/* Optional ".123"; digits behind the ninth are dropped. */
static bool read_fraction(Str text, size_t *pos, i32 *out_nanos) {
  *out_nanos = 0;
  if (!read_char(text, pos, ".")) return true;
  size_t start = *pos;
  i32 nanos = 0, unit = 100000000;
  for (; *pos < text.len && text.ptr[*pos] >= '0' && text.ptr[*pos] <= '9'; (*pos)++, unit /= 10)
    nanos += (text.ptr[*pos] - '0') * unit;
  *out_nanos = nanos;
  return *pos > start;
}

/* "Z", "+01:00" or "+0100". */
static bool read_offset(Str text, size_t *pos, i32 *out_seconds) {
  *out_seconds = 0;
  if (read_char(text, pos, "Zz")) return true;
  bool west = *pos < text.len && text.ptr[*pos] == '-';
  i32 hours, minutes;
  if (!read_char(text, pos, "+-") || !read_number(text, pos, 2, 0, 23, &hours)) return false;
  (void)read_char(text, pos, ":");
  if (!read_number(text, pos, 2, 0, 59, &minutes)) return false;
  i32 seconds = hours * 3600 + minutes * 60;
  *out_seconds = west ? -seconds : seconds;
  return true;
}

/* A leap second, 23:59:60, is the first second of the next minute, as POSIX counts. */
bool time_parse(Str text, i64 *out_seconds, i32 *out_nanos) {
  Civil civil = {0};
  size_t pos = 0;
  i32 nanos, offset;
  if (!read_minutes(text, &pos, &civil) || !read_char(text, &pos, ":")) return false;
  if (!read_number(text, &pos, 2, 0, 60, &civil.second)) return false;
  if (!read_fraction(text, &pos, &nanos) || !read_offset(text, &pos, &offset) || pos != text.len) return false;
  i64 seconds = civil_to_seconds(civil) - offset;
  if (seconds < RFC_SECONDS_MIN || seconds > RFC_SECONDS_MAX) return false;
  *out_seconds = seconds;
  *out_nanos = nanos;
  return true;
}

bool time_parse_ms(Str text, i64 *out_ms) {
  i64 seconds;
  i32 nanos;
  if (!time_parse(text, &seconds, &nanos)) return false;
  *out_ms = seconds * 1000 + nanos / 1000000;
  return true;
}

/* Writing --------------------------------------------------------------------------------------------------------- */

/* The number's last `digits` decimal digits, with zeros in front. */
static void put_digits(char *to, u32 number, size_t digits) {
  while (digits-- > 0) {
    to[digits] = (char)('0' + number % 10);
    number /= 10;
  }
}

void civil_write(Civil c, Buf *out) {
  char text[] = "-MM-DDTHH:MM:SS";
  put_digits(text + 1, (u32)c.month, 2);
  put_digits(text + 4, (u32)c.day, 2);
  put_digits(text + 7, (u32)c.hour, 2);
  put_digits(text + 10, (u32)c.minute, 2);
  put_digits(text + 13, (u32)c.second, 2);
  char year[4];
  if (c.year >= 0 && c.year <= 9999) {
    put_digits(year, (u32)c.year, sizeof year);
    buf_put(out, (Str){year, sizeof year});
  } else {
    buf_i64(out, c.year);
  }
  buf_put(out, (Str){text, sizeof text - 1});
}

void time_write(i64 seconds, i32 nanos, Buf *out) {
  civil_write(civil_from_seconds(seconds), out);
  char fraction[] = ".123456789";
  put_digits(fraction + 1, (u32)nanos, 9);
  size_t digits = nanos == 0 ? 0 : nanos % 1000000 == 0 ? 3 : nanos % 1000 == 0 ? 6 : 9;
  if (digits) buf_put(out, (Str){fraction, digits + 1});
  buf_putc(out, 'Z');
}

void time_write_ms(i64 ms, Buf *out) {
  i64 seconds = floor_div(ms, 1000);
  time_write(seconds, (i32)(ms - seconds * 1000) * 1000000, out);
}

Str time_text_ms(Arena *arena, i64 ms) {
  enum { TEXT_MAX = 64 };
  Buf out = buf_new(arena, TEXT_MAX);
  time_write_ms(ms, &out);
  return buf_str(&out);
}

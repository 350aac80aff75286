/* The POSIX rule at the end of a TZif file (RFC 8536, section 3.3): times after the last listed transition, for every
 * year. Rules may point outside their day (up to 167 hours) and so outside their year: neighbouring years are looked
 * at. */
#include "lang/time.h"
#include "lang/zone_file.h"

typedef struct Reader {
  Str text;
  size_t pos;
} Reader;

static char peek(const Reader *r) {
  return r->pos < r->text.len ? r->text.ptr[r->pos] : '\0';
}

static bool take(Reader *r, char c) {
  if (peek(r) != c || c == '\0') return false;
  r->pos++;
  return true;
}

static bool is_alpha(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
static bool is_name_char(char c, bool quoted) {
  return is_alpha(c) || (quoted && (is_digit(c) || c == '+' || c == '-'));
}

static bool read_name(Reader *r, char out[ZONE_ABBREVIATION_MAX + 1]) {
  bool quoted = take(r, '<');
  size_t len = 0;
  for (; is_name_char(peek(r), quoted); r->pos++) {
    if (len == ZONE_ABBREVIATION_MAX) return false;
    out[len++] = peek(r);
  }
  out[len] = '\0';
  return len >= 3 && (!quoted || take(r, '>'));
}

static bool read_number(Reader *r, i32 min, i32 max, i32 *out) {
  i32 number = 0;
  size_t start = r->pos;
  for (; is_digit(peek(r)); r->pos++) {
    number = number * 10 + (peek(r) - '0');
    if (number > max) return false;
  }
  if (r->pos == start || number < min) return false;
  *out = number;
  return true;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool read_clock(Reader *r, i32 hours_max, i32 *out) {
  bool negative = take(r, '-');
  if (!negative) (void)take(r, '+');
  i32 hours, minutes = 0, seconds = 0;
  if (!read_number(r, 0, hours_max, &hours)) return false;
  if (take(r, ':')) {
    if (!read_number(r, 0, 59, &minutes)) return false;
    if (take(r, ':') && !read_number(r, 0, 59, &seconds)) return false;
  }
  i32 total = hours * 3600 + minutes * 60 + seconds;
  *out = negative ? -total : total;
  return true;
}

static bool read_day(Reader *r, ZoneRule *out) {
  if (take(r, 'M')) {
    out->form = RULE_MONTH_WEEK;
    return read_number(r, 1, 12, &out->month) && take(r, '.') && read_number(r, 1, 5, &out->week) && take(r, '.') &&
           read_number(r, 0, 6, &out->weekday);
  }
  out->form = take(r, 'J') ? RULE_JULIAN : RULE_DAY;
  return read_number(r, out->form == RULE_JULIAN ? 1 : 0, 365, &out->day);
}

static bool read_rule(Reader *r, ZoneRule *out) {
  out->second = 2 * 3600;
  if (!take(r, ',') || !read_day(r, out)) return false;
  return !take(r, '/') || read_clock(r, 167, &out->second);
}

static bool read_tail(Reader *r, ZoneTail *out) {
  i32 west;
  if (!read_name(r, out->standard_name) || !read_clock(r, 24, &west)) return false;
  out->standard = -west; /* POSIX counts westwards */
  if (r->pos == r->text.len) return true;
  out->has_summer = true;
  out->summer = out->standard + 3600;
  if (!read_name(r, out->summer_name)) return false;
  if (peek(r) != ',') {
    if (!read_clock(r, 24, &west)) return false;
    out->summer = -west;
  }
  return read_rule(r, &out->start) && read_rule(r, &out->end) && r->pos == r->text.len;
}

bool zone_tail_parse(Str text, ZoneTail *out) {
  ZoneTail tail = {.present = true};
  Reader reader = {.text = text};
  if (!read_tail(&reader, &tail)) return false;
  *out = tail;
  return true;
}

/* Evaluation ------------------------------------------------------------------------------------------------------ */

static i64 month_week_day(const ZoneRule *rule, i32 year) {
  i64 first = civil_days(year, rule->month, 1);
  i32 first_weekday = (civil_weekday(first) + 1) % 7; /* 0 Sunday */
  i32 day = (rule->weekday - first_weekday + 7) % 7 + (rule->week - 1) * 7;
  if (day >= civil_month_days(year, rule->month)) day -= 7; /* the fifth is the last */
  return first + day;
}

/* The local second, as if UTC, at which the rule fires in this year. */
static i64 rule_seconds(const ZoneRule *rule, i32 year) {
  i64 days = 0;
  switch (rule->form) {
  case RULE_MONTH_WEEK: days = month_week_day(rule, year); break;
  case RULE_JULIAN: days = civil_days(year, 1, rule->day) + (rule->day >= 60 && civil_month_days(year, 2) == 29); break;
  case RULE_DAY: days = civil_days(year, 1, 1) + rule->day; break;
  }
  return days * 86400 + rule->second;
}

/* A change to summer time wins over one back at the same instant: so summer time all year is written. */
ZoneSpan zone_tail_span(const ZoneTail *tail, i64 utc_seconds) {
  ZoneSpan span = {INT64_MAX, tail->standard, tail->standard_name};
  if (!tail->has_summer) return span;
  i32 year = civil_from_seconds(utc_seconds).year;
  i64 latest = INT64_MIN;
  bool summer = false;
  for (i32 y = year - 1; y <= year + 1; y++) {
    i64 changes[] = {rule_seconds(&tail->end, y) - tail->summer, rule_seconds(&tail->start, y) - tail->standard};
    for (int to_summer = 0; to_summer < 2; to_summer++) {
      i64 at = changes[to_summer];
      if (at > utc_seconds)
        span.until = MIN(span.until, at);
      else if (at > latest || (at == latest && to_summer))
        latest = at, summer = to_summer == 1;
    }
  }
  if (summer) span.offset = tail->summer, span.abbreviation = tail->summer_name;
  return span;
}

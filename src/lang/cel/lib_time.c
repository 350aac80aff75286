/* Times: timestamp(), duration(), and their parts, also in a zone ("Europe/Berlin", "+02:00"). */
#include <string.h>

#include "lang/cel/library.h"

enum { NANOS = 1000000000, COST_ZONE = 20, COST_LETTER = 10 };

static Value do_timestamp(CelCall *call, const Value *args, u32 count) {
  (void)count;
  const Value *v = &args[0];
  if (v->kind == VALUE_TIMESTAMP) return *v;
  i64 seconds = v->i;
  i32 nanos = 0;
  if (v->kind == VALUE_STRING && !time_parse(value_text(v), &seconds, &nanos))
    return cel_fault(call,
                     "timestamp(): \"%.*s\" is not RFC 3339, such as 2026-01-05T09:00:00Z; time() knows more forms",
                     STR_ARG(utf8_cut(value_text(v), 60)));
  if (seconds < CEL_TIME_MIN_S || seconds > CEL_TIME_MAX_S)
    return cel_fault(call, "timestamp(): the time is outside of the years 1 to 9999");
  return cel_timestamp(seconds, (u32)nanos);
}

/* Reading durations: "1h30m", "-1.5s", "250ms". */
typedef struct Span {
  Str text;
  size_t at;
  __int128 nanos;
} Span;

static bool span_unit(Span *s, i64 *out) {
  static const struct {
    const char *name;
    i64 nanos;
  } UNITS[] = {{"ns", 1},       {"us", 1000}, {"\xC2\xB5s", 1000}, {"\xCE\xBCs", 1000},
               {"ms", 1000000}, {"s", NANOS}, {"m", 60LL * NANOS}, {"h", 3600LL * NANOS}};
  Str rest = str_slice(s->text, s->at, s->text.len);
  for (size_t i = 0; i < COUNT(UNITS); i++)
    if (str_starts_with(rest, str_from_c(UNITS[i].name))) {
      s->at += strlen(UNITS[i].name);
      *out = UNITS[i].nanos;
      return true;
    }
  return false;
}

static bool span_digits(Span *s, i64 *number, i64 *scale) {
  size_t from = s->at;
  *number = 0;
  *scale = 1;
  for (; s->at < s->text.len && s->text.ptr[s->at] >= '0' && s->text.ptr[s->at] <= '9'; s->at++) {
    if (s->at - from >= 18) return false; /* as many as 64 bits hold for certain */
    *number = *number * 10 + (s->text.ptr[s->at] - '0');
    *scale *= 10;
  }
  return s->at > from;
}

static bool span_part(Span *s) {
  i64 whole = 0, fraction = 0, scale = 1, unit = 0, unused;
  bool digits = span_digits(s, &whole, &unused);
  if (s->at < s->text.len && s->text.ptr[s->at] == '.') {
    s->at++;
    digits |= span_digits(s, &fraction, &scale);
  }
  if (!digits || !span_unit(s, &unit)) return false;
  s->nanos += (__int128)whole * unit + (__int128)fraction * unit / scale;
  return s->nanos < (__int128)1 << 100;
}

static bool read_span(Str text, __int128 *out) {
  Span s = {.text = text};
  bool negative = text.len && text.ptr[0] == '-';
  if (text.len && (text.ptr[0] == '-' || text.ptr[0] == '+')) s.at++;
  if (str_equal_c(str_slice(text, s.at, text.len), "0")) {
    *out = 0;
    return true;
  }
  if (s.at >= text.len) return false;
  while (s.at < text.len)
    if (!span_part(&s)) return false;
  *out = negative ? -s.nanos : s.nanos;
  return true;
}

static Value do_duration(CelCall *call, const Value *args, u32 count) {
  (void)count;
  if (args[0].kind == VALUE_DURATION) return args[0];
  __int128 nanos = 0;
  Str text = value_text(&args[0]);
  if (!read_span(text, &nanos))
    return cel_fault(call, "duration(): \"%.*s\" is not a duration, such as 1h30m or 90s", STR_ARG(utf8_cut(text, 60)));
  if (nanos > INT64_MAX || nanos < INT64_MIN) return cel_fault(call, "duration(): more than about 292 years");
  i64 total = (i64)nanos, seconds = total / NANOS, rest = total % NANOS;
  if (rest < 0) {
    rest += NANOS;
    seconds--;
  }
  return cel_duration(seconds, (u32)rest);
}

/* Parts ----------------------------------------------------------------------------------------------------------- */

/* "+02:00", "-02:30", "02:00" as seconds east. */
static bool offset_text(Str text, i64 *out) {
  bool negative = text.len && text.ptr[0] == '-';
  if (text.len && (text.ptr[0] == '-' || text.ptr[0] == '+')) text = str_slice(text, 1, text.len);
  Str hours, minutes;
  u64 h = 0, m = 0;
  if (!str_cut(text, ':', &hours, &minutes) || !str_to_u64(hours, 23, &h) || !str_to_u64(minutes, 59, &m)) return false;
  *out = (i64)(h * 3600 + m * 60) * (negative ? -1 : 1);
  return true;
}

static bool local_time(CelCall *call, const Value *args, u32 count, Civil *out, Value *fault) {
  i64 seconds = args[0].i, offset = 0;
  if (count == 2) {
    Str zone_name = value_text(&args[1]);
    if (!cel_charge(call, COST_ZONE)) {
      *fault = cel_out_of_budget(call);
      return false;
    }
    const Zone *zone = NULL;
    ZoneDb *zones = cel_env_zones(call->env);
    Error err = {0};
    if (str_equal_c(zone_name, "UTC") || str_equal_c(zone_name, "") || offset_text(zone_name, &offset)) {
      seconds += offset;
    } else if (zones && zone_find(zones, zone_name, &zone, &err)) {
      seconds += zone_offset(zone, seconds, NULL);
    } else {
      *fault = cel_fault(call, "%s", zones ? err.message : "no zones are known here; use an offset such as +02:00");
      return false;
    }
  }
  *out = civil_from_seconds(seconds);
  return true;
}

typedef enum Part {
  PART_YEAR,
  PART_MONTH,
  PART_DAY,
  PART_DAY_OF_MONTH,
  PART_WEEKDAY,
  PART_YEAR_DAY,
  PART_HOUR,
  PART_MINUTE,
  PART_SECOND
} Part;

static i64 part_of(Part part, const Civil *c) {
  i64 days = civil_days(c->year, c->month, c->day);
  switch (part) {
  case PART_YEAR: return c->year;
  case PART_MONTH: return c->month - 1;
  case PART_DAY: return c->day;
  case PART_DAY_OF_MONTH: return c->day - 1;
  case PART_WEEKDAY: return (civil_weekday(days) + 1) % 7;
  case PART_YEAR_DAY: return days - civil_days(c->year, 1, 1);
  case PART_HOUR: return c->hour;
  case PART_MINUTE: return c->minute;
  case PART_SECOND: return c->second;
  }
  return 0;
}

static Value get_part(CelCall *call, const Value *args, u32 count, Part part) {
  Civil civil;
  Value fault;
  return local_time(call, args, count, &civil, &fault) ? value_int(part_of(part, &civil)) : fault;
}

/* Whole units of a duration, towards zero. */
static Value duration_in(const Value *v, i64 seconds_each) {
  i64 seconds = v->i + (v->i < 0 && v->size > 0);
  return value_int(seconds / seconds_each);
}

#define PART_FUNCTION(name, part)                                                                                      \
  static Value name(CelCall *call, const Value *args, u32 count) {                                                     \
    return get_part(call, args, count, part);                                                                          \
  }
PART_FUNCTION(get_year, PART_YEAR)
PART_FUNCTION(get_month, PART_MONTH)
PART_FUNCTION(get_date, PART_DAY)
PART_FUNCTION(get_day_of_month, PART_DAY_OF_MONTH)
PART_FUNCTION(get_day_of_week, PART_WEEKDAY)
PART_FUNCTION(get_day_of_year, PART_YEAR_DAY)
#undef PART_FUNCTION

static Value get_hours(CelCall *call, const Value *args, u32 count) {
  return args[0].kind == VALUE_DURATION ? duration_in(&args[0], 3600) : get_part(call, args, count, PART_HOUR);
}

static Value get_minutes(CelCall *call, const Value *args, u32 count) {
  return args[0].kind == VALUE_DURATION ? duration_in(&args[0], 60) : get_part(call, args, count, PART_MINUTE);
}

static Value get_seconds(CelCall *call, const Value *args, u32 count) {
  return args[0].kind == VALUE_DURATION ? duration_in(&args[0], 1) : get_part(call, args, count, PART_SECOND);
}

static Value get_milliseconds(CelCall *call, const Value *args, u32 count) {
  (void)call, (void)count;
  i64 millis = args[0].size / 1000000;
  return value_int(args[0].kind == VALUE_DURATION ? args[0].i * 1000 + millis : millis);
}

/* Texts of times by letters, as Java and Unicode (UTS 35) have them
 * ---------------------------------------------------- */

static const char *const MONTHS[] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};
static const char *const DAYS[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

typedef struct Stamp {
  Civil civil;
  u32 nanos;
  i64 offset_s;
} Stamp;

static void put_name(Buf *out, const char *name, size_t letters) {
  Str whole = str_from_c(name);
  buf_put(out, letters >= 4 ? whole : str_slice(whole, 0, 3));
}

static void put_offset(Buf *out, i64 seconds, size_t letters, bool z_for_none) {
  i64 minutes = (seconds < 0 ? -seconds : seconds) / 60;
  if (z_for_none && minutes == 0)
    buf_putc(out, 'Z');
  else
    buf_format(out, "%c%02d%s%02d", seconds < 0 ? '-' : '+', (int)(minutes / 60), letters >= 3 ? ":" : "",
               (int)(minutes % 60));
}

/* `letters` times the same letter. False: it means nothing here. */
static bool put_letters(Buf *out, char letter, size_t letters, const Stamp *s) {
  const Civil *c = &s->civil;
  int width = (int)MIN(letters, (size_t)9), scale = 1000000000;
  switch (letter) {
  case 'y': buf_format(out, "%0*d", letters == 2 ? 2 : width, letters == 2 ? c->year % 100 : c->year); return true;
  case 'M':
    if (letters >= 3)
      put_name(out, MONTHS[c->month - 1], letters);
    else
      buf_format(out, "%0*d", width, c->month);
    return true;
  case 'd': buf_format(out, "%0*d", width, c->day); return true;
  case 'E': put_name(out, DAYS[civil_weekday(civil_days(c->year, c->month, c->day))], letters); return true;
  case 'H': buf_format(out, "%0*d", width, c->hour); return true;
  case 'h': buf_format(out, "%0*d", width, (c->hour + 11) % 12 + 1); return true;
  case 'a': buf_puts(out, c->hour < 12 ? "AM" : "PM"); return true;
  case 'm': buf_format(out, "%0*d", width, c->minute); return true;
  case 's': buf_format(out, "%0*d", width, c->second); return true;
  case 'S':
    for (int i = 0; i < width; i++) scale /= 10;
    buf_format(out, "%0*u", width, s->nanos / (u32)scale);
    return true;
  case 'X': put_offset(out, s->offset_s, letters, true); return true;
  case 'x':
  case 'Z': put_offset(out, s->offset_s, letter == 'Z' ? 2 : letters, false); return true;
  default: return false;
  }
}

/* 'quoted' stands for itself; '' is a quote, also inside. Returns where to go on. */
static size_t put_quoted(Buf *out, Str pattern, size_t at) {
  bool empty = true;
  for (at++; at < pattern.len; at++, empty = false) {
    bool quote = pattern.ptr[at] == '\'', twice = quote && at + 1 < pattern.len && pattern.ptr[at + 1] == '\'';
    if (quote && (!twice || empty)) break;
    at += twice;
    buf_putc(out, pattern.ptr[at]);
  }
  if (empty) buf_putc(out, '\'');
  return at + 1;
}

static Value do_format_time(CelCall *call, const Value *args, u32 count) {
  Str pattern = value_text(&args[1]);
  Value zoned[] = {args[0], count == 3 ? args[2] : value_c("UTC")}, fault;
  Stamp stamp = {.nanos = args[0].size};
  if (!local_time(call, zoned, 2, &stamp.civil, &fault)) return fault;
  stamp.offset_s = civil_to_seconds(stamp.civil) - args[0].i;
  Buf out = cel_buf(call);
  for (size_t at = 0; at < pattern.len;) {
    char c = pattern.ptr[at];
    size_t end = at;
    if (!cel_charge(call, COST_LETTER)) return cel_out_of_budget(call);
    if (c == '\'') {
      at = put_quoted(&out, pattern, at);
      continue;
    }
    while (end < pattern.len && pattern.ptr[end] == c) end++;
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter)
      buf_put(&out, str_slice(pattern, at, end));
    else if (!put_letters(&out, c, end - at, &stamp))
      return cel_fault(call,
                       "format(): \"%c\" means nothing in a time's pattern; there are y M d E H h a m s S X Z, and "
                       "'quoted' text",
                       c);
    at = end;
  }
  return cel_text(call, &out);
}

#define OF_TIME "timestamp.() -> int; timestamp.(string) -> int"
#define OF_BOTH OF_TIME "; duration.() -> int"

static const CelFn ROWS[] = {
    {"timestamp", "(timestamp) -> timestamp; (string) -> timestamp; (int) -> timestamp", do_timestamp,
     "Time of RFC 3339, or of seconds since 1970.", .cost = 10},
    {"duration", "(duration) -> duration; (string) -> duration", do_duration, "Span of \"1h30m\".", .cost = 25},
    {"format", "timestamp.(string) -> string; timestamp.(string, string) -> string", do_format_time,
     "The time by a pattern such as yyyy-MM-dd HH:mm:ss, in UTC or the zone given.", .cost = 30},
    {"getFullYear", OF_TIME, get_year, "Year."},
    {"getMonth", OF_TIME, get_month, "Month, from 0."},
    {"getDate", OF_TIME, get_date, "Day of the month, from 1."},
    {"getDayOfMonth", OF_TIME, get_day_of_month, "Day of the month, from 0."},
    {"getDayOfWeek", OF_TIME, get_day_of_week, "Day of the week, Sunday 0."},
    {"getDayOfYear", OF_TIME, get_day_of_year, "Day of the year, from 0."},
    {"getHours", OF_BOTH, get_hours, "Hour of the day; whole hours of a duration."},
    {"getMinutes", OF_BOTH, get_minutes, "Minute of the hour; whole minutes of a duration."},
    {"getSeconds", OF_BOTH, get_seconds, "Second of the minute; whole seconds of a duration."},
    {"getMilliseconds", OF_BOTH, get_milliseconds, "Milliseconds of the second; all of a duration."},
};

const CelLibrary LIB_TIME = {"times", ROWS, COUNT(ROWS)};

/* What is refused before libical sees it: rules that are no rules, rules that ask for too much, and more time than a
 * calendar may take. libical takes what it does not understand as an event without a rule, and cannot be stopped within
 * one step: so that has to be known before. */
#include <string.h>
#include <time.h>

#include "lang/ical_internal.h"

/* A calendar is worked out on the thread that writes: all other writes wait for it. */
enum { CPU_US_MAX = 50000 };
enum { TIMES_MAX = 1000, DATES_MAX = 10000 };

/* Time ------------------------------------------------------------------------------------------------------------ */

static i64 cpu_us(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (i64)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

IcalWork ical_work(void) {
  return (IcalWork){.began_us = cpu_us()};
}

bool ical_work_spent(const IcalWork *work) {
  return work->steps > ICAL_STEPS_MAX || cpu_us() - work->began_us > CPU_US_MAX;
}

/* One part of a rule ---------------------------------------------------------------------------------------------- */

typedef struct List {
  const char *name;
  i64 min, max;
  bool from_end; /* -1 is the last */
  bool counts;   /* each makes more times */
} List;

static const List *list_named(Str name) {
  static const List LISTS[] = {{"BYSECOND", 0, 60, false, true},     {"BYMINUTE", 0, 59, false, true},
                               {"BYHOUR", 0, 23, false, true},       {"BYMONTH", 1, 12, false, true},
                               {"BYMONTHDAY", 1, 31, true, true},    {"BYYEARDAY", 1, 366, true, true},
                               {"BYWEEKNO", 1, 53, true, true},      {"BYSETPOS", 1, 366, true, false},
                               {"INTERVAL", 1, 32767, false, false}, {"COUNT", 1, INT32_MAX, false, false}};
  for (size_t i = 0; i < COUNT(LISTS); i++)
    if (str_equal_nocase(name, str_from_c(LISTS[i].name))) return &LISTS[i];
  return NULL;
}

static bool until_fits(Str value, Error *err) {
  bool ok = value.len == 8 || value.len == 15 || (value.len == 16 && (value.ptr[15] == 'Z' || value.ptr[15] == 'z'));
  for (size_t i = 0; ok && i < MIN(value.len, (size_t)15); i++)
    ok = i == 8 ? value.ptr[i] == 'T' || value.ptr[i] == 't' : value.ptr[i] >= '0' && value.ptr[i] <= '9';
  return ok ||
         fail(err, ERR_INVALID, "UNTIL=%.*s is neither a day such as 20261231 nor a time such as 20261231T170000Z",
              STR_ARG(utf8_cut(value, 40)));
}

static bool number_fits(const List *list, Str text, Error *err) {
  i64 n = 0;
  text = str_trim(text);
  Str digits = text.len > 1 && text.ptr[0] == '+' ? str_slice(text, 1, text.len) : text;
  i64 least = list->from_end ? -list->max : list->min;
  if (str_to_i64(digits, least, list->max, &n) && (n >= list->min || n <= -list->min)) return true;
  return fail(err, ERR_INVALID, "%s=%.*s: the number is %lld to %lld%s", list->name, STR_ARG(utf8_cut(text, 30)),
              (long long)list->min, (long long)list->max, list->from_end ? ", or negative from the end" : "");
}

bool ical_part_fits(Str name, Str value, i64 *times, Error *err) {
  const List *list = list_named(name);
  bool days = str_equal_nocase(name, S("BYDAY"));
  i64 count = 0;
  Str one;
  if (str_equal_nocase(name, S("UNTIL"))) return until_fits(value, err);
  if (!list && !days) return true;
  for (bool more = true; more; count++) {
    more = str_cut(value, ',', &one, &value);
    if (list && !number_fits(list, one, err)) return false;
  }
  i64 longest = days ? 7 * 107 : list->from_end ? 2 * list->max : list->max - list->min + 1;
  if (count > longest || (list && list->name[0] != 'B' && count > 1))
    return fail(err, ERR_INVALID, "%.*s names %lld numbers; there are not so many", STR_ARG(name), (long long)count);
  if (days || list->counts) *times *= count;
  if (*times > TIMES_MAX)
    return fail(err, ERR_INVALID, "the lists of the rule name more than %d times together", TIMES_MAX);
  return true;
}

/* Parts that never meet ------------------------------------------------------------------------------------------- */

bool ical_days_exist(const struct icalrecurrencetype *rule) {
  static const short DAYS[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  short most = 0;
  if (rule->by_month[0] == ICAL_RECURRENCE_ARRAY_MAX || rule->by_month_day[0] == ICAL_RECURRENCE_ARRAY_MAX) return true;
  for (size_t i = 0; i < ICAL_BY_MONTH_SIZE && rule->by_month[i] != ICAL_RECURRENCE_ARRAY_MAX; i++)
    if (rule->by_month[i] >= 1 && rule->by_month[i] <= 12) most = MAX(most, DAYS[rule->by_month[i] - 1]);
  for (size_t i = 0; i < ICAL_BY_MONTHDAY_SIZE && rule->by_month_day[i] != ICAL_RECURRENCE_ARRAY_MAX; i++)
    if (rule->by_month_day[i] <= most && rule->by_month_day[i] >= -most) return true;
  return false;
}

static bool has(const short *list, size_t max, short wanted) {
  if (list[0] == ICAL_RECURRENCE_ARRAY_MAX) return true;
  for (size_t i = 0; i < max && list[i] != ICAL_RECURRENCE_ARRAY_MAX; i++)
    if (list[i] == wanted) return true;
  return false;
}

/* Each second hour from an even one is never 3 o'clock; each seventh day from a Monday never a Tuesday. */
static bool hour_exists(const struct icalrecurrencetype *rule, Civil start) {
  bool daily = rule->freq == ICAL_DAILY_RECURRENCE;
  if (!daily && rule->freq != ICAL_HOURLY_RECURRENCE) return true;
  i64 step = 168, rest = (i64)MAX(rule->interval, 1) * (daily ? 24 : 1);
  while (rest) {
    i64 left = step % rest;
    step = rest, rest = left;
  }
  i64 at = (i64)civil_weekday(civil_days(start.year, start.month, start.day)) * 24 + (daily ? 0 : start.hour);
  for (i64 t = at % step; t < 168; t += step) {
    short day = (short)((t / 24 + 1) % 7 + 1); /* of libical: 1 is Sunday; of ours: 0 is Monday */
    if (has(rule->by_day, ICAL_BY_DAY_SIZE, day) && (daily || has(rule->by_hour, ICAL_BY_HOUR_SIZE, (short)(t % 24))))
      return true;
  }
  return false;
}

typedef struct Day {
  i32 year, month, day, month_days, of_year, year_days;
  short weekday; /* of libical: 1 is Sunday */
} Day;

static bool has_from_end(const short *list, size_t max, i32 at, i32 length) {
  return has(list, max, (short)at) || has(list, max, (short)(at - length - 1));
}

static bool weekday_fits(const struct icalrecurrencetype *rule, const Day *d) {
  bool in_month = rule->freq == ICAL_MONTHLY_RECURRENCE || rule->by_month[0] != ICAL_RECURRENCE_ARRAY_MAX;
  i32 at = in_month ? d->day : d->of_year, length = in_month ? d->month_days : d->year_days;
  if (rule->by_day[0] == ICAL_RECURRENCE_ARRAY_MAX) return true;
  for (size_t i = 0; i < ICAL_BY_DAY_SIZE && rule->by_day[i] != ICAL_RECURRENCE_ARRAY_MAX; i++) {
    i32 nth = icalrecurrencetype_day_position(rule->by_day[i]);
    if ((short)icalrecurrencetype_day_day_of_week(rule->by_day[i]) != d->weekday) continue;
    if (nth == 0 || nth == (at - 1) / 7 + 1 || nth == -((length - at) / 7 + 1)) return true;
  }
  return false;
}

static bool day_fits(const struct icalrecurrencetype *rule, Civil start, const Day *d) {
  bool yearly = rule->freq == ICAL_YEARLY_RECURRENCE, monthly = rule->freq == ICAL_MONTHLY_RECURRENCE;
  bool free = rule->by_month_day[0] == ICAL_RECURRENCE_ARRAY_MAX && rule->by_day[0] == ICAL_RECURRENCE_ARRAY_MAX &&
              rule->by_year_day[0] == ICAL_RECURRENCE_ARRAY_MAX && rule->by_week_no[0] == ICAL_RECURRENCE_ARRAY_MAX;
  i64 months = ((i64)d->year - start.year) * 12 + d->month - start.month, interval = MAX(rule->interval, 1);
  if (yearly && (d->year - start.year) % interval != 0) return false;
  if (monthly && months % interval != 0) return false;
  if (free && (yearly || monthly) && d->day != start.day) return false;
  if (free && yearly && rule->by_month[0] == ICAL_RECURRENCE_ARRAY_MAX && d->month != start.month) return false;
  return has(rule->by_month, ICAL_BY_MONTH_SIZE, (short)d->month) && weekday_fits(rule, d) &&
         has_from_end(rule->by_month_day, ICAL_BY_MONTHDAY_SIZE, d->day, d->month_days) &&
         has_from_end(rule->by_year_day, ICAL_BY_YEARDAY_SIZE, d->of_year, d->year_days);
}

static i64 length_of(const short *list, size_t max) {
  i64 n = 0;
  while ((size_t)n < max && list[n] != ICAL_RECURRENCE_ARRAY_MAX) n++;
  return n;
}

/* How many days of its week, month or year a rule must name for its positions (BYSETPOS) to be one of them. */
static i64 days_needed(const struct icalrecurrencetype *rule) {
  i64 least = INT16_MAX, times = MAX(length_of(rule->by_hour, ICAL_BY_HOUR_SIZE), 1) *
                                 MAX(length_of(rule->by_minute, ICAL_BY_MINUTE_SIZE), 1) *
                                 MAX(length_of(rule->by_second, ICAL_BY_SECOND_SIZE), 1);
  for (size_t i = 0; i < ICAL_BY_SETPOS_SIZE && rule->by_set_pos[i] != ICAL_RECURRENCE_ARRAY_MAX; i++)
    least = MIN(least, rule->by_set_pos[i] < 0 ? -rule->by_set_pos[i] : rule->by_set_pos[i]);
  return least == INT16_MAX ? 1 : (least + times - 1) / times;
}

/* libical looks for the next month or year to the end of its calendar, which takes a second: is there one before
 * long? Weeks of the year are not looked at, but for how many days they have. */
static bool day_comes(const struct icalrecurrencetype *rule, Civil start) {
  bool monthly = rule->freq == ICAL_MONTHLY_RECURRENCE;
  i64 needed = days_needed(rule), weeks = length_of(rule->by_week_no, ICAL_BY_WEEKNO_SIZE), found = 0;
  i32 years = monthly ? MIN(60, 12 * MAX(rule->interval, 1)) : 60;
  if (!monthly && rule->freq != ICAL_YEARLY_RECURRENCE) return true;
  if (weeks && needed > weeks * 7) return false;
  for (i32 year = start.year; year <= start.year + years; year++) {
    i64 first = civil_days(year, 1, 1);
    Day d = {.year = year, .year_days = (i32)(civil_days(year + 1, 1, 1) - first)};
    found = 0;
    for (d.month = 1; d.month <= 12; d.month++) {
      i64 begins = civil_days(year, d.month, 1);
      d.month_days = (i32)((d.month == 12 ? first + d.year_days : civil_days(year, d.month + 1, 1)) - begins);
      if (monthly) found = 0;
      for (d.day = 1; d.day <= d.month_days; d.day++) {
        i64 day = begins + d.day - 1;
        d.of_year = (i32)(day - first) + 1;
        d.weekday = (short)((civil_weekday(day) + 1) % 7 + 1);
        if (day_fits(rule, start, &d) && ++found >= needed) return true;
      }
    }
  }
  return false;
}

bool ical_parts_meet(const struct icalrecurrencetype *rule, Civil start) {
  return ical_days_exist(rule) && hour_exists(rule, start) && day_comes(rule, start);
}

/* A file ---------------------------------------------------------------------------------------------------------- */

/* The next line, unfolded when it goes on behind its end. */
static Str next_line(Arena *arena, Str *rest, size_t *line) {
  Str one;
  bool more = str_cut(*rest, '\n', &one, rest);
  ++*line;
  if (!more) rest->len = 0;
  if (one.len && one.ptr[one.len - 1] == '\r') one.len--;
  if (rest->len == 0 || (rest->ptr[0] != ' ' && rest->ptr[0] != '\t')) return one;
  Buf whole = buf_new(arena, one.len + 200);
  buf_put(&whole, one);
  while (rest->len && (rest->ptr[0] == ' ' || rest->ptr[0] == '\t')) {
    more = str_cut(*rest, '\n', &one, rest);
    ++*line;
    if (!more) rest->len = 0;
    if (one.len && one.ptr[one.len - 1] == '\r') one.len--;
    buf_put(&whole, str_slice(one, 1, one.len));
  }
  return buf_str(&whole);
}

/* "RRULE;X-A="b:c":FREQ=DAILY": false: the line is no rule. */
static bool rule_of(Str line, Str *out) {
  bool quoted = false;
  if (line.len < 6 || !str_equal_nocase(str_slice(line, 0, 5), S("RRULE"))) return false;
  if (line.ptr[5] != ':' && line.ptr[5] != ';') return false;
  for (size_t i = 5; i < line.len; i++) {
    if (line.ptr[i] == '"') quoted = !quoted;
    if (line.ptr[i] != ':' || quoted) continue;
    *out = str_trim(str_slice(line, i + 1, line.len));
    while (out->len && out->ptr[out->len - 1] == ';') out->len--; /* some programs end it like that */
    return true;
  }
  return false;
}

static bool rule_check(Str rule, size_t line, Error *err) {
  Error why = {0};
  if (ical_file_rule_fits(rule, &why)) return true;
  return fail(err, ERR_INVALID, "line %zu: %s", line, why.message);
}

static bool begins_with(Str line, const char *name) {
  size_t len = strlen(name);
  return line.len > len && str_equal_nocase(str_slice(line, 0, len), str_from_c(name));
}

bool ical_text_check(Arena *arena, Str text, const IcalWork *work, Error *err) {
  size_t line = 0, events = 0, rules = 0, dates = 0;
  bool inside = false;
  while (text.len) {
    size_t at = line + 1;
    Str one = next_line(arena, &text, &line), rule = STR_NONE, name = str_trim(one);
    if (str_equal_nocase(name, S("BEGIN:VEVENT"))) inside = true, events++;
    if (str_equal_nocase(name, S("END:VEVENT"))) inside = false;
    bool is_rule = inside && rule_of(one, &rule);
    rules += is_rule;
    if (events > ICAL_EVENTS_MAX || rules > ICAL_EVENTS_MAX)
      return fail(err, ERR_TOO_LARGE, "the calendar has more than %d events", ICAL_EVENTS_MAX);
    if (inside && (begins_with(one, "RDATE") || begins_with(one, "EXDATE")))
      for (size_t i = 0; i < one.len; i++) dates += one.ptr[i] == ',';
    if (dates > DATES_MAX)
      return fail(err, ERR_TOO_LARGE, "the calendar has more than %d dates in RDATE and EXDATE", DATES_MAX);
    if (is_rule && ical_work_spent(work)) return ical_too_long(err);
    if (is_rule && !rule_check(rule, at, err)) return false;
  }
  return true;
}

bool ical_too_long(Error *err) {
  return fail(err, ERR_COST,
              "the repeated events take too long to work out: there are too many, or they begin too long ago");
}

/* libical gave nothing: what is wrong? */
bool ical_not_whole(Arena *arena, Str text, Error *err) {
  bool begins = false, ends = false;
  size_t line = 0, foreign = 0;
  while (text.len) {
    Str one = next_line(arena, &text, &line);
    if (!foreign && !utf8_valid(one)) foreign = line;
    if (str_equal_nocase(str_trim(one), S("BEGIN:VCALENDAR"))) begins = true;
    if (str_equal_nocase(str_trim(one), S("END:VCALENDAR"))) ends = true;
  }
  if (foreign) return fail(err, ERR_INVALID, "this is not a calendar file: line %zu is not text in UTF-8", foreign);
  if (!begins) return fail(err, ERR_INVALID, "this is not a calendar file: it has no BEGIN:VCALENDAR");
  if (!ends)
    return fail(err, ERR_INVALID, "the calendar file is cut off: it ends at line %zu without END:VCALENDAR", line);
  return fail(err, ERR_INVALID, "this is not a calendar file: its BEGIN and END lines do not match");
}

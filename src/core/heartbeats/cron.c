/* Cron expressions as bit sets; the next time is found by skipping months, days and hours that do not fit. */
#include "core/heartbeats/cron.h"

typedef struct CronField {
  const char *name;
  i64 min, max;
  const char *const *words; /* names of values, from min */
  size_t word_count;
} CronField;

static const char *const MONTHS[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                     "jul", "aug", "sep", "oct", "nov", "dec"};
static const char *const DAYS[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
static const CronField FIELDS_OF[] = {{"minute", 0, 59, NULL, 0},
                                      {"hour", 0, 23, NULL, 0},
                                      {"day of the month", 1, 31, NULL, 0},
                                      {"month", 1, 12, MONTHS, COUNT(MONTHS)},
                                      {"day of the week", 0, 7, DAYS, COUNT(DAYS)}};

static bool read_value(const CronField *f, Str text, i64 *out) {
  for (size_t i = 0; i < f->word_count; i++)
    if (text.len == 3 && (text.ptr[0] | 32) == f->words[i][0] && (text.ptr[1] | 32) == f->words[i][1] &&
        (text.ptr[2] | 32) == f->words[i][2])
      return *out = f->min + (i64)i, true;
  return str_to_i64(text, f->min, f->max, out);
}

/* One of a list: *, a value, a range, each with a step. */
static bool read_part(const CronField *f, Str text, u64 *bits) {
  Str range = text, step_text = STR_NONE, from_text, to_text;
  i64 step = 1, from = f->min, to = f->max;
  bool has_step = str_cut(text, '/', &range, &step_text);
  if (has_step && !str_to_i64(step_text, 1, f->max, &step)) return false;
  if (!str_equal_c(range, "*")) {
    if (str_cut(range, '-', &from_text, &to_text)) {
      if (!read_value(f, from_text, &from) || !read_value(f, to_text, &to) || to < from) return false;
    } else {
      if (!read_value(f, range, &from)) return false;
      to = has_step ? f->max : from;
    }
  }
  for (i64 v = from; v <= to; v += step) *bits |= (u64)1 << v;
  return true;
}

static bool read_field(const CronField *f, Str text, u64 *bits) {
  size_t from = 0;
  *bits = 0;
  for (;;) {
    size_t comma = str_find_char(text, ',', from);
    bool last = comma == SIZE_MAX;
    if (!read_part(f, str_slice(text, from, last ? text.len : comma), bits)) return false;
    if (last) return true;
    from = comma + 1;
  }
}

bool cron_parse(Str text, Cron *out, Error *err) {
  u64 bits[COUNT(FIELDS_OF)] = {0};
  Str rest = str_trim(text), word = STR_NONE, words[COUNT(FIELDS_OF)];
  size_t count = 0;
  while (rest.len && count < COUNT(FIELDS_OF)) {
    word = rest;
    if (!str_cut(rest, ' ', &word, &rest)) rest = S("");
    rest = str_trim(rest);
    words[count++] = word;
  }
  if (count < COUNT(FIELDS_OF) || rest.len)
    return fail(err, ERR_INVALID,
                "\"%.*s\" is not a cron expression: it has five fields, minute, hour, day of the month, month, day of "
                "the week, such as 30 2 * * mon-fri",
                STR_ARG(utf8_cut(text, 80)));
  for (size_t i = 0; i < COUNT(FIELDS_OF); i++)
    if (!read_field(&FIELDS_OF[i], words[i], &bits[i]))
      return fail(err, ERR_INVALID, "\"%.*s\" is not a %s of a cron expression; it goes from %lld to %lld",
                  STR_ARG(utf8_cut(words[i], 40)), FIELDS_OF[i].name, (long long)FIELDS_OF[i].min,
                  (long long)FIELDS_OF[i].max);
  if (bits[4] >> 7 & 1) bits[4] |= 1; /* 7 is Sunday, too */
  *out = (Cron){.minutes = bits[0],
                .hours = bits[1],
                .days = bits[2],
                .months = bits[3],
                .weekdays = bits[4],
                .any_day = words[2].ptr[0] == '*',
                .any_weekday = words[4].ptr[0] == '*'};
  return true;
}

static bool has(u64 bits, i64 value) {
  return bits >> value & 1;
}

static bool day_fits(const Cron *cron, Civil c) {
  i64 weekday = (civil_weekday(civil_days(c.year, c.month, c.day)) + 1) % 7;
  bool day = has(cron->days, c.day), week = has(cron->weekdays, weekday);
  if (!has(cron->months, c.month)) return false;
  return cron->any_day || cron->any_weekday ? day && week : day || week;
}

/* On the wall clock: at most five years of days, a day of hours, an hour of minutes. */
i64 cron_next_ms(const Cron *cron, const Zone *zone, i64 after_ms) {
  i64 local = civil_to_seconds(zone_to_local(zone, after_ms / 1000)) / 60 * 60 + 60, end = local + (i64)5 * 366 * 86400;
  while (local < end) {
    Civil c = civil_from_seconds(local);
    if (!day_fits(cron, c)) {
      local = (local / 86400 + 1) * 86400;
    } else if (!has(cron->hours, c.hour)) {
      local = (local / 3600 + 1) * 3600;
    } else if (!has(cron->minutes, c.minute)) {
      local += 60;
    } else {
      i64 ms = zone_to_utc(zone, c) * 1000;
      if (ms > after_ms) return ms;
      local += 60; /* the second of an hour that comes twice */
    }
  }
  return 0;
}

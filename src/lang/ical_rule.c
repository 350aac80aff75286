/* Recurrence rules. libical walks local times; UNTIL in UTC becomes local before, COUNT is counted here, so that the
 * walk can be ended at the range whatever the rule says. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lang/ical_internal.h"

enum { FILE_RULE_BYTES_MAX = 4000 }; /* all days of the year, written out */

static void tame(void) {
  icalerror_set_errors_are_fatal(0);
}

void ical_be_tame(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  (void)pthread_once(&once, tame);
}

IcalRange ical_range(const IcalRange *asked) {
  IcalRange range = *asked;
  range.from_s = MIN(MAX(range.from_s, (i64)-62000000000), (i64)16725225600);
  range.to_s = MIN(range.to_s, range.from_s + (i64)ICAL_YEARS_MAX * 366 * 86400);
  return range;
}

IcalTime ical_at(const Zone *zone, Civil local) {
  IcalTime t = {.local = local, .at_s = zone_to_utc(zone, local)};
  t.local = zone_to_local(zone, t.at_s); /* as clocks show it: a skipped time has moved */
  return t;
}

/* Rules that contradict themselves (30 February) walk to the end of libical's calendar at the speed of FREQ. By hours
 * that takes seconds; rules by hour have no use for parts larger than a day. */
static bool takes_too_long(const struct icalrecurrencetype *rule) {
  return rule->freq == ICAL_HOURLY_RECURRENCE &&
         (rule->by_month[0] != ICAL_RECURRENCE_ARRAY_MAX || rule->by_month_day[0] != ICAL_RECURRENCE_ARRAY_MAX ||
          rule->by_year_day[0] != ICAL_RECURRENCE_ARRAY_MAX || rule->by_week_no[0] != ICAL_RECURRENCE_ARRAY_MAX);
}

/* BYSETPOS counts within a week or month: a number that none reaches is looked for until the end of the calendar. */
static bool position_fits(const struct icalrecurrencetype *rule) {
  i32 days = 0, most = 366;
  while (days < ICAL_BY_DAY_SIZE && rule->by_day[days] != ICAL_RECURRENCE_ARRAY_MAX) days++;
  if (rule->freq == ICAL_WEEKLY_RECURRENCE) most = MAX(days, 1);
  if (rule->freq == ICAL_MONTHLY_RECURRENCE) most = days ? MIN(days * 5, 31) : 31;
  for (size_t i = 0; i < ICAL_BY_SETPOS_SIZE && rule->by_set_pos[i] != ICAL_RECURRENCE_ARRAY_MAX; i++)
    if (rule->by_set_pos[i] > most || rule->by_set_pos[i] < -most) return false;
  return true;
}

static bool rule_fits(const struct icalrecurrencetype *rule, Error *err) {
  if (rule->freq == ICAL_SECONDLY_RECURRENCE || rule->freq == ICAL_MINUTELY_RECURRENCE)
    return fail(err, ERR_INVALID, "FREQ is HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY; nothing here repeats faster");
  if (rule->rscale) return fail(err, ERR_INVALID, "RSCALE is not supported: only the Gregorian calendar is");
  if (takes_too_long(rule))
    return fail(err, ERR_INVALID,
                "FREQ=HOURLY cannot be combined with BYMONTH, BYMONTHDAY, BYYEARDAY or BYWEEKNO; use FREQ=DAILY with "
                "BYHOUR");
  if (!position_fits(rule)) return fail(err, ERR_INVALID, "BYSETPOS is larger than what a week, month or year holds");
  return true;
}

static Str without_prefix(Str rule) {
  rule = str_trim(rule);
  if (rule.len >= 6 && str_equal_nocase(str_slice(rule, 0, 6), S("RRULE:"))) rule = str_slice(rule, 6, rule.len);
  return rule;
}

/* "MO,2TU,-1FR". libical takes any number, also with FREQ=WEEKLY, and then walks backwards in time. */
static bool days_fit(Str list, bool numbers, Error *err) {
  for (bool more = true; more;) {
    Str day;
    i64 number = 0;
    more = str_cut(list, ',', &day, &list);
    day = str_trim(day);
    Str count = str_slice(day, 0, day.len > 2 ? day.len - 2 : 0);
    if (count.len == 0) continue;
    if (!numbers)
      return fail(err, ERR_INVALID, "BYDAY=%.*s counts within months or years; other rules take the day alone",
                  STR_ARG(utf8_cut(day, 30)));
    if (count.ptr[0] == '+') count = str_slice(count, 1, count.len);
    if (!str_to_i64(count, -53, 53, &number) || number == 0)
      return fail(err, ERR_INVALID, "BYDAY=%.*s: the number is 1 to 53, or -1 to -53 from the end",
                  STR_ARG(utf8_cut(day, 30)));
  }
  return true;
}

/* The parts that RFC 5545 knows, once each: libical passes over what it does not know. */
static bool parts_are_known(Str rule, Error *err) {
  static const char *const KNOWN[] = {"FREQ",  "UNTIL", "COUNT",   "INTERVAL",   "BYSECOND",  "BYMINUTE", "BYHOUR",
                                      "BYDAY", "WKST",  "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"};
  enum { FREQ = 0, BYDAY = 7 };
  bool seen[COUNT(KNOWN)] = {false}, numbers = false;
  i64 times = 1;
  Str part, name, value, days = STR_NONE;
  for (bool more = true; more;) {
    more = str_cut(rule, ';', &part, &rule);
    size_t i = 0;
    if (!str_cut(part, '=', &name, &value) || value.len == 0)
      return fail(err, ERR_INVALID, "\"%.*s\" is not a part of a rule such as FREQ=WEEKLY;BYDAY=MO,WE",
                  STR_ARG(utf8_cut(part, 60)));
    while (i < COUNT(KNOWN) && !str_equal_nocase(name, str_from_c(KNOWN[i]))) i++;
    if (i == COUNT(KNOWN)) return fail(err, ERR_INVALID, "a rule has no part \"%.*s\"", STR_ARG(utf8_cut(name, 60)));
    if (seen[i]) return fail(err, ERR_INVALID, "%s stands twice in the rule", KNOWN[i]);
    seen[i] = true;
    if (i == FREQ) numbers = str_equal_nocase(value, S("MONTHLY")) || str_equal_nocase(value, S("YEARLY"));
    if (i == BYDAY) days = value;
    if (!ical_part_fits(str_from_c(KNOWN[i]), value, &times, err)) return false;
  }
  if (!seen[FREQ]) return fail(err, ERR_INVALID, "FREQ is missing, such as FREQ=WEEKLY");
  if (seen[1] && seen[2]) return fail(err, ERR_INVALID, "a rule has UNTIL or COUNT, not both");
  return days.len == 0 || days_fit(days, numbers, err);
}

static bool rule_read(Str text, size_t max, struct icalrecurrencetype *out, Error *err) {
  char buffer[FILE_RULE_BYTES_MAX + 1];
  ical_be_tame();
  text = without_prefix(text);
  if (text.len > max) return fail(err, ERR_INVALID, "a rule has at most %zu characters", max);
  if (memchr(text.ptr ? text.ptr : "", 0, text.len) || !utf8_valid(text))
    return fail(err, ERR_INVALID, "the rule is not text");
  if (!parts_are_known(text, err)) return false;
  memcpy(buffer, text.ptr, text.len);
  buffer[text.len] = 0;
  *out = icalrecurrencetype_from_string(buffer);
  if (out->freq == ICAL_NO_RECURRENCE)
    return fail(err, ERR_INVALID, "\"%.*s\" is not a rule such as FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE",
                STR_ARG(utf8_cut(text, 100)));
  return true;
}

static void rule_free(struct icalrecurrencetype *rule) {
  free(rule->rscale);
  rule->rscale = NULL;
}

static bool never(Error *err) {
  return fail(err, ERR_INVALID, "the parts of the rule never come true together, or a number is out of its range");
}

bool ical_file_rule_fits(Str text, Error *err) {
  struct icalrecurrencetype rule;
  if (!rule_read(text, FILE_RULE_BYTES_MAX, &rule, err)) return false;
  bool ok = rule_fits(&rule, err) && (ical_days_exist(&rule) || never(err));
  rule_free(&rule);
  return ok;
}

bool ical_rule_check(Str text, Error *err) {
  struct icalrecurrencetype rule;
  IcalWork work = ical_work();
  IcalWalk walk;
  if (!rule_read(text, ICAL_RULE_BYTES_MAX, &rule, err)) return false;
  bool ok = ical_walk_start(&walk, &rule, (Civil){2026, 1, 5, 9, 0, 0}, zone_utc(), 0, 0, &work, err);
  if (ok) ical_walk_done(&walk);
  rule_free(&rule);
  return ok;
}

/* Walking --------------------------------------------------------------------------------------------------------- */

static i64 until_of(const struct icalrecurrencetype *rule, const Zone *zone) {
  icaltimetype until = rule->until;
  if (icaltime_is_null_time(until)) return INT64_MAX;
  Civil c = ical_to_civil(until);
  if (until.is_date) c.hour = 23, c.minute = 59, c.second = 59; /* a date: that whole day */
  return icaltime_is_utc(until) ? civil_to_seconds(c) : zone_to_utc(zone, c);
}

static int number_order(const void *a, const void *b) {
  return *(const short *)a - *(const short *)b;
}

/* libical takes hours in the order in which they are written, and then goes back in time; one that stands twice
 * ("8,08") it takes twice. */
static void sort_numbers(short *numbers, size_t max) {
  size_t count = 0, kept = 0;
  while (count < max && numbers[count] != ICAL_RECURRENCE_ARRAY_MAX) count++;
  qsort(numbers, count, sizeof *numbers, number_order);
  for (size_t i = 0; i < count; i++)
    if (i == 0 || numbers[i] != numbers[i - 1]) numbers[kept++] = numbers[i];
  if (kept < count) numbers[kept] = ICAL_RECURRENCE_ARRAY_MAX;
}

/* A day of the week that stands twice it takes twice, too. Their order stays. */
static void days_once(short *days, size_t max) {
  size_t kept = 0;
  for (size_t i = 0; i < max && days[i] != ICAL_RECURRENCE_ARRAY_MAX; i++) {
    size_t k = 0;
    while (k < kept && days[k] != days[i]) k++;
    if (k == kept) days[kept++] = days[i];
  }
  if (kept < max) days[kept] = ICAL_RECURRENCE_ARRAY_MAX;
}

/* The first day of the week that holds `day`, in days since the epoch. WKST: 1 is Sunday. */
static i64 week_of(i64 day, icalrecurrencetype_weekday starts_on) {
  i32 first = starts_on == ICAL_NO_WEEKDAY ? 0 : ((i32)starts_on + 5) % 7; /* 0 is Monday, RFC 5545's default */
  return day - (civil_weekday(day) - first + 7) % 7;
}

/* Days of the month in a yearly rule without months are those of every month; libical takes the start's only. */
static void name_months(struct icalrecurrencetype *rule) {
  bool days = rule->by_month_day[0] != ICAL_RECURRENCE_ARRAY_MAX;
  if (rule->freq != ICAL_YEARLY_RECURRENCE || !days || rule->by_month[0] != ICAL_RECURRENCE_ARRAY_MAX) return;
  for (short i = 0; i < 12; i++) rule->by_month[i] = (short)(i + 1);
}

/* Weeks are counted here: libical counts them wrongly when they do not start on Monday. */
static void prepare_rule(IcalWalk *walk, struct icalrecurrencetype *rule, Civil start) {
  sort_numbers(rule->by_second, ICAL_BY_SECOND_SIZE);
  sort_numbers(rule->by_minute, ICAL_BY_MINUTE_SIZE);
  sort_numbers(rule->by_hour, ICAL_BY_HOUR_SIZE);
  days_once(rule->by_day, ICAL_BY_DAY_SIZE);
  name_months(rule);
  rule->count = 0;
  walk->weeks = 1;
  if (rule->freq != ICAL_WEEKLY_RECURRENCE || rule->interval < 2) return;
  walk->weeks = rule->interval;
  walk->week = week_of(civil_days(start.year, start.month, start.day), rule->week_start);
  rule->interval = 1;
}

static bool in_counted_week(const IcalWalk *walk, Civil c) {
  if (walk->weeks == 1) return true;
  i64 days = civil_days(c.year, c.month, c.day) - walk->week;
  return days / 7 % walk->weeks == 0;
}

/* By months and years: what the start alone says, its day and month, has to be in each of them. */
static Civil jump_months(const struct icalrecurrencetype *rule, Civil start, i64 from_s) {
  bool by_weekday_of_start =
      rule->by_week_no[0] != ICAL_RECURRENCE_ARRAY_MAX && rule->by_day[0] == ICAL_RECURRENCE_ARRAY_MAX;
  i64 step = (i64)MAX(rule->interval, 1) * (rule->freq == ICAL_YEARLY_RECURRENCE ? 12 : 1);
  Civil from = civil_from_seconds(from_s);
  i64 at = (i64)start.year * 12 + start.month - 1, wanted = (i64)from.year * 12 + from.month - 1 - 24;
  if (start.day > 28 || by_weekday_of_start || at >= wanted) return start;
  at += (wanted - at) / step * step;
  start.year = (i32)(at / 12);
  start.month = (i32)(at % 12) + 1;
  return start;
}

/* A series that began long ago begins later, on one of its own steps; the margin holds a whole week of it before. */
static Civil jump(const struct icalrecurrencetype *rule, Civil start, i64 from_s) {
  i64 step = 0, at = civil_to_seconds(start), wanted = from_s - (i64)16 * 86400;
  if (rule->freq == ICAL_MONTHLY_RECURRENCE || rule->freq == ICAL_YEARLY_RECURRENCE)
    return jump_months(rule, start, from_s);
  if (rule->freq == ICAL_HOURLY_RECURRENCE) step = (i64)3600 * MAX(rule->interval, 1);
  if (rule->freq == ICAL_DAILY_RECURRENCE) step = (i64)86400 * MAX(rule->interval, 1);
  if (rule->freq == ICAL_WEEKLY_RECURRENCE) step = (i64)7 * 86400; /* prepare_rule counts the weeks */
  return step == 0 || at >= wanted ? start : civil_from_seconds(at + (wanted - at) / step * step);
}

bool ical_walk_start(IcalWalk *walk, const struct icalrecurrencetype *given, Civil start, const Zone *zone, i64 from_s,
                     i64 to_s, IcalWork *work, Error *err) {
  struct icalrecurrencetype rule = *given;
  if (!rule_fits(&rule, err)) return false;
  *walk = (IcalWalk){.zone = zone, .work = work, .left = rule.count > 0 ? rule.count : -1};
  walk->last_s = MIN(until_of(&rule, zone), to_s > INT64_MIN ? to_s - 1 : to_s);
  bool jumps = walk->left < 0;
  if (!ical_days_exist(&rule)) return never(err);
  prepare_rule(walk, &rule, start);
  if (start.year >= 1 && start.year <= 2500 && jumps) start = jump(&rule, start, from_s);
  if (!ical_parts_meet(&rule, start)) return never(err);
  /* A day more, because libical compares local times: the exact end is compared here. */
  i64 end_s = MIN(MAX(walk->last_s, (i64)-62000000000), (i64)16725225600) + 86400;
  rule.until = ical_from_civil(zone_to_local(zone, end_s));
  icaltimetype first = ical_from_civil(start);
  if (start.year < 1 || start.year > 2500 || !icaltime_is_valid_time(first))
    return fail(err, ERR_INVALID, "the series begins outside of the years 1 to 2500");
  walk->iterator = icalrecur_iterator_new(rule, first);
  return walk->iterator || never(err);
}

bool ical_walk_next(IcalWalk *walk, IcalTime *out, bool *out_spent) {
  *out_spent = false;
  icaltimetype next;
  if (walk->left == 0) return false;
  do {
    walk->work->steps++;
    if (ical_work_spent(walk->work)) {
      *out_spent = true;
      return false;
    }
    next = icalrecur_iterator_next(walk->iterator);
    if (icaltime_is_null_time(next)) return false;
  } while (!in_counted_week(walk, ical_to_civil(next)));
  if (walk->left > 0) walk->left--;
  *out = ical_at(walk->zone, ical_to_civil(next));
  return out->at_s <= walk->last_s;
}

void ical_walk_done(IcalWalk *walk) {
  if (walk->iterator) icalrecur_iterator_free(walk->iterator);
  walk->iterator = NULL;
}

/* DTSTART counts as the first, also when the rule would not name it; libical leaves it out then. */
static bool walk_range(Arena *arena, IcalWalk *walk, IcalTime first, const IcalRange *range, IcalTimes *out,
                       Error *err) {
  size_t max = range->count_max ? MIN(range->count_max, (size_t)ICAL_OCCURRENCES_MAX) : ICAL_OCCURRENCES_MAX;
  VEC(IcalTime) times = {0};
  IcalTime next = first;
  bool spent = false, more = first.at_s < range->to_s, is_first = true;
  out->more = false;
  while (more) {
    if (next.at_s >= range->from_s && times.count == max) {
      out->more = true;
      break;
    }
    if (next.at_s >= range->from_s) *VEC_PUSH(arena, &times) = next;
    more = ical_walk_next(walk, &next, &spent);
    if (more && is_first && next.at_s == first.at_s) more = ical_walk_next(walk, &next, &spent);
    is_first = false;
  }
  if (spent) return ical_too_long(err);
  out->items = times.items;
  out->count = times.count;
  return true;
}

bool ical_occurrences(Arena *arena, Str text, Civil start, const Zone *zone, const IcalRange *range, IcalTimes *out,
                      Error *err) {
  struct icalrecurrencetype rule;
  IcalWalk walk = {0};
  IcalWork work = ical_work();
  IcalRange within = ical_range(range);
  if (!rule_read(text, ICAL_RULE_BYTES_MAX, &rule, err)) return false;
  bool ok = ical_walk_start(&walk, &rule, start, zone, within.from_s, within.to_s, &work, err) &&
            walk_range(arena, &walk, ical_at(zone, start), &within, out, err);
  ical_walk_done(&walk);
  rule_free(&rule);
  return ok;
}

/* What the files of iCalendar share. Private to lang/. */
#ifndef TOCSIN_LANG_ICAL_INTERNAL_H
#define TOCSIN_LANG_ICAL_INTERNAL_H

#include <libical/ical.h>

#include "lang/ical.h"

/* libical ends the process on bad input unless told otherwise; this tells it, once. */
void ical_be_tame(void);

static inline icaltimetype ical_from_civil(Civil c) {
  icaltimetype t = icaltime_null_time();
  t.year = c.year, t.month = c.month, t.day = c.day;
  t.hour = c.hour, t.minute = c.minute, t.second = c.second;
  return t;
}
static inline Civil ical_to_civil(icaltimetype t) {
  return (Civil){t.year, t.month, t.day, t.hour, t.minute, t.second};
}

/* What one call has done so far. */
typedef struct IcalWork {
  u32 steps;
  i64 began_us; /* of the thread's processor time */
} IcalWork;
IcalWork ical_work(void);
bool ical_work_spent(const IcalWork *work); /* more than ICAL_STEPS_MAX, or 50 ms */
bool ical_too_long(Error *err);             /* false: says that it is spent */

/* The value of one part is as RFC 5545 says. *times: what the lists name together, 1 at first; bounded. */
MUST_CHECK bool ical_part_fits(Str name, Str value, i64 *times, Error *err);
/* False: no day, or no hour of the week, can be one of the rule. */
bool ical_parts_meet(const struct icalrecurrencetype *rule, Civil start);
bool ical_days_exist(const struct icalrecurrencetype *rule); /* of BYMONTHDAY in BYMONTH */
/* As ical_rule_check, without its limit of characters. */
MUST_CHECK bool ical_file_rule_fits(Str rule, Error *err);
/* The rules of a file's events, before libical reads them; errors name the line. */
MUST_CHECK bool ical_text_check(Arena *arena, Str text, const IcalWork *work, Error *err);
/* False: says why libical finds no calendar in it. */
bool ical_not_whole(Arena *arena, Str text, Error *err);

/* Walks over a series. Give back with ical_walk_done. */
typedef struct IcalWalk {
  icalrecur_iterator *iterator;
  const Zone *zone;
  i64 last_s; /* nothing behind this */
  i64 left;   /* COUNT; -1: no end */
  i64 week;   /* days since the epoch of the first day of the start's week */
  i64 weeks;  /* only each so-many-th week counts */
  IcalWork *work;
} IcalWalk;
/* False: the rule does not fit what is taken; says why. The series ends before `to_s` at the latest;
 * what is long before `from_s` is jumped over where it can be. */
MUST_CHECK bool ical_walk_start(IcalWalk *walk, const struct icalrecurrencetype *rule, Civil start, const Zone *zone,
                                i64 from_s, i64 to_s, IcalWork *work, Error *err);
/* False at the end; *out_spent says that too many steps were walked. */
bool ical_walk_next(IcalWalk *walk, IcalTime *out, bool *out_spent);
void ical_walk_done(IcalWalk *walk);

/* At most ICAL_YEARS_MAX long. */
IcalRange ical_range(const IcalRange *asked);
IcalTime ical_at(const Zone *zone, Civil local);

#endif

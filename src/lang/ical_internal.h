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

/* Walks over a series. Give back with ical_walk_done. */
typedef struct IcalWalk {
  icalrecur_iterator *iterator;
  const Zone *zone;
  i64 last_s; /* nothing behind this */
  i64 left;   /* COUNT; -1: no end */
  i64 week;   /* days since the epoch of the first day of the start's week */
  i64 weeks;  /* only each so-many-th week counts */
  u32 *steps; /* counts up to ICAL_STEPS_MAX */
} IcalWalk;
/* False: the rule does not fit what is taken; says why. The series ends before `to_s` at the latest. */
MUST_CHECK bool ical_walk_start(IcalWalk *walk, const struct icalrecurrencetype *rule, Civil start, const Zone *zone,
                                i64 to_s, u32 *steps, Error *err);
/* False at the end; *out_spent says that too many steps were walked. */
bool ical_walk_next(IcalWalk *walk, IcalTime *out, bool *out_spent);
void ical_walk_done(IcalWalk *walk);

/* At most ICAL_YEARS_MAX long. */
IcalRange ical_range(const IcalRange *asked);
IcalTime ical_at(const Zone *zone, Civil local);

#endif

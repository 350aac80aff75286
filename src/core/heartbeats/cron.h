/* Cron expressions: minute, hour, day of the month, month, day of the week; *, lists, ranges, steps, names of months
 * and days. As cron does: when both days are limited, either of them is enough. Pure. */
#ifndef TOCSIN_CORE_CRON_H
#define TOCSIN_CORE_CRON_H

#include "lang/time.h"

typedef struct Cron {
  u64 minutes, hours, days, months, weekdays; /* bit n: that value; weekdays: 0 Sunday */
  bool any_day, any_weekday;
} Cron;

/* err names the field and the value. */
MUST_CHECK bool cron_parse(Str text, Cron *out, Error *err);
/* The first time after this instant on the wall clock of the zone; 0: none within five years (30 February). What falls
 * into a gap of the clock moves forward with it; what comes twice is the first. */
i64 cron_next_ms(const Cron *cron, const Zone *zone, i64 after_ms);

#endif

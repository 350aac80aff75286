/* Rate alarms: an integration that sends many times what it usually sends at this hour of the day is one alert to its
 * owner, and what it pages meanwhile is one page for each policy instead of one for each alert. Usual is learnt from
 * the same hour of up to 28 days before, without the two highest; an integration younger than 7 days has no usual. It
 * ends when a whole hour, and the present one so far, stay under half of what began it. */
#ifndef TOCSIN_CORE_ALERTS_RATE_ALARM_H
#define TOCSIN_CORE_ALERTS_RATE_ALARM_H

#include "core/app.h"

enum { RATE_DAYS_MAX = 28, RATE_DAYS_MIN = 7, RATE_HIGHEST_LEFT_OUT = 2 };

/* Counts what a round appended: one statement for each integration in it. */
MUST_CHECK bool rate_count(Cycle *cycle, const Arrival *first, Error *err);

/* Pure. Counts of the same hour, a day apart; days without any are not among them. -1: too few days are known. */
double rate_usual(i64 *counts, size_t count, i64 days_known);
/* From so many on it is an alarm. */
double rate_threshold(double usual, i64 times, i64 min);

/* Job kind: rate.watch. */
extern const JobKind RATE_JOBS[];
bool rate_watch_plan(Cycle *cycle, void *ctx, Error *err);

#endif

/* What a TZif file holds, and the rule in its last line. Private to lang/. */
#ifndef TOCSIN_LANG_ZONE_FILE_H
#define TOCSIN_LANG_ZONE_FILE_H

#include "base/base.h"

enum { ZONE_OFFSET_MAX = 26 * 3600, ZONE_ABBREVIATION_MAX = 15 };

/* A stretch of one offset: from the instant that was asked about to `until`. */
typedef struct ZoneSpan {
  i64 until; /* first second of the next stretch; INT64_MAX: for ever */
  i32 offset;
  const char *abbreviation;
} ZoneSpan;

/* One change a year: a day and a local second of that day. */
typedef struct ZoneRule {
  enum { RULE_MONTH_WEEK, RULE_JULIAN, RULE_DAY } form;
  i32 month, week, weekday; /* MONTH_WEEK: week 5 is the last; weekday 0 Sunday */
  i32 day;                  /* JULIAN: 1..365 without 29 February; DAY: 0..365 with it */
  i32 second;               /* may be negative or above a day */
} ZoneRule;

/* POSIX TZ text ("CET-1CEST,M3.5.0,M10.5.0/3"): what holds after the last listed transition, for ever. */
typedef struct ZoneTail {
  bool present, has_summer;
  i32 standard, summer; /* seconds east of UTC */
  ZoneRule start, end;
  char standard_name[ZONE_ABBREVIATION_MAX + 1], summer_name[ZONE_ABBREVIATION_MAX + 1];
} ZoneTail;

typedef struct ZoneType {
  i32 offset;
  const char *abbreviation;
} ZoneType;

struct Zone {
  Str name;
  const i64 *times; /* of transitions, ascending */
  const u8 *kinds;  /* kinds[i] holds from times[i] on: an index into types */
  size_t count;
  const ZoneType *types; /* types[0] holds before the first transition */
  ZoneTail tail;
};

MUST_CHECK bool zone_tail_parse(Str text, ZoneTail *out);
ZoneSpan zone_tail_span(const ZoneTail *tail, i64 utc_seconds);
/* Reads version 2 and later. Everything in *out is copied to the arena; the name is not set. */
MUST_CHECK bool tzif_parse(Arena *arena, Str bytes, struct Zone *out, Error *err);

#endif

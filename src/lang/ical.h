/* iCalendar (RFC 5545) through libical: recurrence rules and calendar files, as local times. libical does the
 * arithmetic of the calendar on local times without zone; which instant a local time is, is decided by our own zones
 * (zone_to_utc: a time that does not exist moves forward by the gap, one that exists twice is the first). Pure and
 * thread-safe; everything is bounded.
 *
 * One call has 50 ms of the thread's processor time, and ends with an error when they do not do.
 *
 * Not taken: FREQ=SECONDLY and MINUTELY, RSCALE, lists that name more than 1000 times together; VTODO, VJOURNAL and
 * alarms are passed over. */
#ifndef TOCSIN_LANG_ICAL_H
#define TOCSIN_LANG_ICAL_H

#include "lang/time.h"

enum {
  ICAL_RULE_BYTES_MAX = 1000,
  ICAL_FILE_BYTES_MAX = 1024 * 1024,
  ICAL_EVENTS_MAX = 5000,       /* of one calendar */
  ICAL_OCCURRENCES_MAX = 10000, /* that one call answers */
  ICAL_YEARS_MAX = 50,          /* a longer range ends there */
  ICAL_STEPS_MAX = 100000,      /* occurrences that one call walks over, those before the range included */
};

typedef struct IcalTime {
  Civil local;
  i64 at_s; /* the instant, in seconds since the epoch */
} IcalTime;

typedef struct IcalTimes {
  IcalTime *items;
  size_t count;
  bool more; /* the range holds more than were asked for */
} IcalTimes;

/* "FREQ=WEEKLY;BYDAY=MO,WE". With or without "RRULE:" in front. Errors name the part that is wrong. */
MUST_CHECK bool ical_rule_check(Str rule, Error *err);

typedef struct IcalRange {
  i64 from_s, to_s; /* starts in [from_s, to_s) */
  size_t count_max; /* 0: ICAL_OCCURRENCES_MAX */
} IcalRange;

/* The starts of a series that begins at `start` (which counts as its first, as DTSTART does) by the clocks of `zone`.
 */
MUST_CHECK bool ical_occurrences(Arena *arena, Str rule, Civil start, const Zone *zone, const IcalRange *range,
                                 IcalTimes *out, Error *err);

typedef struct IcalEvent { /* one occurrence of a VEVENT */
  Str uid, summary, description, location;
  Str organizer;  /* e-mail, without mailto: */
  Str *attendees; /* the same */
  size_t attendee_count;
  IcalTime start, end; /* end is not part of it */
  bool all_day;
  bool cancelled; /* STATUS:CANCELLED */
  /* written, not read */
  Str url;
  i64 sequence, modified_s; /* modified_s 0: neither is written */
  bool has_alarm;
  i64 alarm_minutes; /* before the start */
} IcalEvent;

typedef struct IcalEvents {
  IcalEvent *items; /* by start */
  size_t count;
  bool more;
  Str name;      /* X-WR-CALNAME; empty when none */
  Str *warnings; /* events that were passed over, and why */
  size_t warning_count;
} IcalEvents;

/* Every occurrence of a calendar file that overlaps the range. `zone` is that of times without any. Recurring events,
 * RDATE, EXDATE and changed occurrences (RECURRENCE-ID) are resolved. */
MUST_CHECK bool ical_read(Arena *arena, Str text, ZoneDb *zones, const Zone *zone, const IcalRange *range,
                          IcalEvents *out, Error *err);

typedef struct IcalFile {
  Str name;
  i64 stamp_s;   /* when it was made */
  i64 refresh_s; /* how often it is worth to be read again; 0: nothing is said */
} IcalFile;

/* A calendar file of single events in UTC (all-day events as dates). */
MUST_CHECK bool ical_write(Arena *arena, const IcalFile *file, const IcalEvent *events, size_t count, Str *out,
                           Error *err);

#endif

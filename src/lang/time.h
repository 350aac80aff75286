/* Time: civil dates, RFC 3339, and zones from the system's TZif files (version 2+ with the POSIX tail). Thread-safe:
 * zones are immutable once loaded. SURFACE: a local time that does not exist moves forward by the gap; one that exists
 * twice is the first. */
#ifndef TOCSIN_LANG_TIME_H
#define TOCSIN_LANG_TIME_H

#include "base/base.h"

typedef struct Civil { /* a wall-clock reading without zone; month 1..12, day 1..31 */
  i32 year, month, day, hour, minute, second;
} Civil;

i64 civil_days(i32 year, i32 month, i32 day); /* days since 1970-01-01, proleptic Gregorian */
i64 civil_to_seconds(Civil civil);            /* as if UTC; fields may overflow their range (day 32, hour 25) */
Civil civil_from_seconds(i64 seconds);
i32 civil_month_days(i32 year, i32 month);
i32 civil_weekday(i64 days); /* 0 Monday .. 6 Sunday */
/* "2026-01-05T09:00:00", seconds optional, no offset. */
MUST_CHECK bool civil_parse(Str text, Civil *out);
void civil_write(Civil civil, Buf *out);

/* RFC 3339 with offset (Z, +01:00, +0000); fraction kept to ns. Year 1..9999. */
MUST_CHECK bool time_parse(Str text, i64 *out_seconds, i32 *out_nanos);
MUST_CHECK bool time_parse_ms(Str text, i64 *out_ms);
/* "2026-01-05T08:00:00Z", milliseconds only when not zero. */
void time_write_ms(i64 ms, Buf *out);
Str time_text_ms(Arena *arena, i64 ms);
/* To the nanosecond, with 0, 3, 6 or 9 decimals as needed. */
void time_write(i64 seconds, i32 nanos, Buf *out);

typedef struct Zone Zone;
typedef struct ZoneDb ZoneDb; /* caches loaded zones; its lock guards the table */

ZoneDb *zone_db_new(const char *folder); /* NULL: TZDIR, else /usr/share/zoneinfo */
void zone_db_free(ZoneDb *db);
/* Fails for names that are not in the database (and says how names look, or which package to install when the folder is
 * missing). */
MUST_CHECK bool zone_find(ZoneDb *db, Str name, const Zone **out, Error *err);
/* "W. Europe Standard Time": the zone of a name that Windows uses; empty when it is none. */
Str zone_of_windows(Str name);
const Zone *zone_utc(void);
Str zone_name(const Zone *zone);
/* Seconds east of UTC at this instant; abbreviation may be NULL. */
i32 zone_offset(const Zone *zone, i64 utc_seconds, const char **out_abbreviation);
Civil zone_to_local(const Zone *zone, i64 utc_seconds);
i64 zone_to_utc(const Zone *zone, Civil local);
Str zone_db_version(ZoneDb *db, Arena *arena); /* "2026a", or "unknown" */
/* "Mon 5 Jan 2026, 09:00 CET" for people. */
Str zone_text_ms(Arena *arena, const Zone *zone, i64 ms);

#endif

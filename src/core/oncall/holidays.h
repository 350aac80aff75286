/* Calendars of holidays: what their days are. A holiday is a date: a window of a layer that begins on it, by the
 * layer's own clock, is held or left out. The file comes with the row, or from an address that a job asks twice a day,
 * through the guard of outbound calls; what it last said holds until it says something else. Days that are over stay as
 * they were. */
#ifndef TOCSIN_CORE_HOLIDAYS_H
#define TOCSIN_CORE_HOLIDAYS_H

#include "core/setup/setup.h"

enum { HOLIDAYS_MAX = 2000, HOLIDAY_FILE_CHARS_MAX = 256 * 1024 };

typedef struct Holiday {
  i64 day; /* since 1970 */
  Str name;
} Holiday;
typedef struct HolidayList {
  Holiday *items; /* by day, each once */
  size_t count;
} HolidayList;

/* The days of a file, from a year before now to three years after; `zone` is that of its events with a time. A file
 * without any is refused: it would silently leave every holiday out. */
MUST_CHECK bool holidays_read(Arena *arena, Str ics, ZoneDb *zones, const Zone *zone, i64 now_ms, HolidayList *out,
                              Error *err);

/* In the transaction of a write: `ics` a text: its days hold; else its address is asked soon. */
MUST_CHECK bool holidays_changed(Cycle *cycle, i64 org_id, i64 calendar_id, const Value *ics, Error *err);
MUST_CHECK bool holidays_dropped(Cycle *cycle, i64 calendar_id, Error *err);

/* "2026-12-25" */
Str holiday_text(Arena *arena, i64 day);

extern const JobKind HOLIDAY_JOBS[]; /* holidays.fetch */

#endif

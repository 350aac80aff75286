/* The life of a maintenance window: scheduled, active, ended; each occurrence of one that recurs in turn. As silences
 * (silence.h), but for the announcements to the team. All inside the cycle's transaction. */
#ifndef TOCSIN_CORE_WINDOW_H
#define TOCSIN_CORE_WINDOW_H

#include "core/quiet/quiet.h"

typedef struct WindowSpan {
  i64 starts_ms, ends_ms; /* of the first occurrence */
  Str rrule;              /* empty: once */
  const Zone *zone;
  i64 passed_ms; /* occurrences that start then or before are over */
} WindowSpan;

/* The occurrence that holds `now_ms` or comes next. *out_starts 0: none is left. Pure. */
MUST_CHECK bool window_occurrence(Arena *arena, const WindowSpan *span, i64 now_ms, i64 *out_starts, i64 *out_ends,
                                  Error *err);

enum { WINDOW_CALENDAR_MAX = 2000, WINDOW_CALENDAR_DAYS_MAX = 400 };

typedef struct WindowRange {
  i64 from_ms, to_ms;
} WindowRange;

/* window_calendar.c: the occurrences of windows that are not over, by start: {items[{id, name, team_id, starts_at,
 * ends_at}], more}. A rule that cannot be read gives none. */
MUST_CHECK bool window_calendar(Db *db, Arena *arena, ZoneDb *zones, i64 org_id, WindowRange range, Value *out,
                                Error *err);

MUST_CHECK bool window_written(Cycle *cycle, i64 org_id, i64 id, bool deleted, Error *err);
/* Ends the present occurrence now; one that is not active is refused when it comes again, and ended when it does not.
 */
MUST_CHECK bool window_end(Cycle *cycle, i64 org_id, i64 id, const Who *who, bool *out_changed, Error *err);

/* Job kinds: maintenance.turn. */
extern const JobKind WINDOW_JOBS[];

#endif

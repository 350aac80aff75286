/* On call: one pure function says who, for paging, API and calendar alike (SURFACE.md section 4). */
#ifndef TOCSIN_CORE_ONCALL_H
#define TOCSIN_CORE_ONCALL_H

#include "core/setup/setup.h"

typedef struct Shift {
  i64 starts_ms, ends_ms; /* clipped to the range asked */
  i64 *user_ids;          /* sorted */
  size_t user_count;
  Str source; /* layer's name, or "override" */
} Shift;

typedef struct ShiftList {
  Shift *items;
  size_t count;
} ShiftList;

typedef struct Override {
  i64 id, user_id, replaces_user_id, starts_ms, ends_ms;
  const char *kind; /* cover, add, remove */
} Override;

typedef struct Rendered {
  ShiftList final;
  ShiftList *layers; /* one list per layer, in order */
  Str *layer_names;
  size_t layer_count;
  ShiftList gaps; /* without users */
} Rendered;

/* layers: the schedule's JSON; zone: the schedule's. Range [from, to), at most 400 days. Overrides in order of
 * creation. */
MUST_CHECK bool oncall_render(Arena *arena, ZoneDb *zones, const Value *layers, const Zone *zone,
                              const Override *overrides, size_t override_count, i64 from_ms, i64 to_ms, Rendered *out,
                              Error *err);
/* Checks layers when a schedule is written: zones, times, turns; pointers below "/layers". */
MUST_CHECK bool oncall_check_layers(ZoneDb *zones, const Value *layers, Error *err);

/* Who is on call now, for paging: reads overrides from the database. ends_ms: when it changes next (at most 14 days
 * ahead), also when nobody is. */
MUST_CHECK bool oncall_now(Db *db, Arena *arena, const App *app, const SetupSchedule *schedule, i64 at_ms, Shift *out,
                           Error *err);

/* What holds over a range, at most 400 days: of this calendars, notices, reports and alarms are made. */
MUST_CHECK bool oncall_range(Db *db, Arena *arena, const App *app, const SetupSchedule *schedule, i64 from_ms,
                             i64 to_ms, Rendered *out, Error *err);

/* Is this instant in one of the windows (a list of {days, from, to}) of a zone, and when does that change? No list or
 * an empty one: always. *out_changes_ms is at most eight days away. */
bool oncall_in_windows(Arena *arena, const Value *windows, const Zone *zone, i64 at_ms, i64 *out_changes_ms);

/* JSON of GET /schedules/{id}/shifts and GET /on-call. */
MUST_CHECK bool oncall_shifts_json(Db *db, Arena *arena, const App *app, const SetupSchedule *schedule, i64 from_ms,
                                   i64 to_ms, Value *out, Error *err);
MUST_CHECK bool oncall_who_json(Db *db, Arena *arena, const App *app, const Setup *setup, i64 org_id, i64 at_ms,
                                i64 schedule_id, i64 user_id, i64 service_id, i64 policy_id, i64 team_id, Value *out,
                                Error *err);

#endif

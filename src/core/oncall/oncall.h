/* On call: one pure function says who, for paging, API, calendar, notices and reports alike (SURFACE.md section 4). */
#ifndef TOCSIN_CORE_ONCALL_H
#define TOCSIN_CORE_ONCALL_H

#include "core/setup/setup.h"

/* What a rendering is made of ------------------------------------------------------------------------------------- */

typedef struct Override {
  i64 id, user_id, replaces_user_id, starts_ms, ends_ms, created_ms;
  const char *kind; /* cover, add, remove */
} Override;

typedef struct Absence {
  i64 user_id, starts_ms, ends_ms;
} Absence;

/* The days of a calendar of holidays: dates, on the wall clock of whoever asks. */
typedef struct HolidaySet {
  i64 calendar_id;
  const i64 *days; /* since 1970, sorted */
  size_t count;
} HolidaySet;
typedef struct Holidays {
  HolidaySet *items;
  size_t count;
} Holidays;

typedef struct FixedShift {
  i64 starts_ms, ends_ms;
  i64 *user_ids;
  size_t user_count;
} FixedShift;

/* For its time its shifts stand in place of all layers; where it has none there is nobody. Overrides come after. */
typedef struct Block {
  i64 id, starts_ms, ends_ms;
  Str name;
  FixedShift *shifts;
  size_t shift_count;
} Block;

/* A schedule as it was written at one time. */
typedef struct SchedulePlan {
  i64 from_ms; /* holds from then until the next one */
  Value layers;
  const Zone *zone;
  bool skip_absent;
} SchedulePlan;

typedef struct RenderSources {
  const SchedulePlan *plans; /* by from_ms; the first holds for what is before it, too */
  size_t plan_count;
  const Override *overrides; /* in order of creation */
  size_t override_count;
  const Absence *absences; /* used by plans that skip who is absent */
  size_t absence_count;
  const Block *blocks; /* in order of creation: of two at once the later one holds */
  size_t block_count;
  Holidays holidays; /* of the calendars that windows name */
} RenderSources;

/* What comes out -------------------------------------------------------------------------------------------------- */

typedef struct LayerCause {
  Str name;
  i64 turn;       /* the place in members, from 1; 0: all of the layer's people are absent */
  i64 given_turn; /* differs when the people of that one are absent */
  bool fixed;     /* of a layer of fixed shifts: `turn` is the place of the shift */
} LayerCause;

/* Why it is them: the layers that had somebody, the block in their place, and the last override that changed something.
 */
typedef struct Cause {
  LayerCause *layers;
  size_t layer_count;
  LayerCause nobody;    /* of a gap: a layer that has a turn but nobody; given_turn 0: none */
  const Block *block;   /* NULL: none */
  const Override *over; /* NULL: none */
} Cause;

typedef struct Shift {
  i64 starts_ms, ends_ms; /* clipped to the range asked */
  i64 *user_ids;          /* sorted */
  size_t user_count;
  Str source;  /* layer's name, or "override" */
  Cause cause; /* at its start */
} Shift;

typedef struct ShiftList {
  Shift *items;
  size_t count;
} ShiftList;

typedef struct Rendered {
  ShiftList final;
  ShiftList *layers; /* one list per layer, in order; layers of earlier plans that are gone come last */
  Str *layer_names;
  size_t layer_count;
  ShiftList gaps;    /* without users */
  Holidays holidays; /* that it was made with */
} Rendered;

/* Range [from, to), at most 400 days. Neighbours with the same people are one shift; its cause is that of the first. */
MUST_CHECK bool oncall_render(Arena *arena, ZoneDb *zones, const RenderSources *in, i64 from_ms, i64 to_ms,
                              Rendered *out, Error *err);
/* Checks layers when a schedule is written: zones, times, turns; pointers below "/layers". */
MUST_CHECK bool oncall_check_layers(ZoneDb *zones, const Value *layers, Error *err);

/* From the database ----------------------------------------------------------------------------------------------- */

/* What holds over a range, at most 400 days: of this calendars, notices, reports and alarms are made. With what the
 * database holds: overrides, absences, and for what is past the plans that held then. */
MUST_CHECK bool oncall_range(Db *db, Arena *arena, const App *app, const SetupSchedule *schedule, i64 from_ms,
                             i64 to_ms, Rendered *out, Error *err);
/* The days of the calendars that the plans' windows name. */
MUST_CHECK bool oncall_holidays(Db *db, Arena *arena, const SchedulePlan *plans, size_t count, i64 from_ms, i64 to_ms,
                                Holidays *out, Error *err);
/* The same, and what it was made of. */
MUST_CHECK bool oncall_range_of(Db *db, Arena *arena, const App *app, const SetupSchedule *schedule, i64 from_ms,
                                i64 to_ms, RenderSources *sources, Rendered *out, Error *err);

/* Who is on call now, for paging. ends_ms: when it changes next (at most 14 days ahead), also when nobody is. */
MUST_CHECK bool oncall_now(Db *db, Arena *arena, const App *app, const SetupSchedule *schedule, i64 at_ms, Shift *out,
                           Error *err);

/* Is this instant in one of the windows (a list of {days, from, to}) of a zone, and when does that change? No list or
 * an empty one: always. *out_changes_ms is at most eight days away. */
bool oncall_in_windows(Arena *arena, const Value *windows, const Zone *zone, Holidays holidays, i64 at_ms,
                       i64 *out_changes_ms);

/* JSON of GET /schedules/{id}/shifts and GET /on-call. */
MUST_CHECK bool oncall_shifts_json(Db *db, Arena *arena, const App *app, const Setup *setup,
                                   const SetupSchedule *schedule, i64 from_ms, i64 to_ms, Value *out, Error *err);
typedef struct OnCallAsk {
  i64 org_id;
  i64 at_ms, to_ms;                                         /* to_ms: over the range from at_ms; 0: at the instant */
  i64 schedule_id, user_id, service_id, policy_id, team_id; /* 0: not asked for */
} OnCallAsk;
MUST_CHECK bool oncall_who_json(Db *db, Arena *arena, const App *app, const Setup *setup, const OnCallAsk *what,
                                Value *out, Error *err);
/* The same as shifts, of a plan that is not saved: from draft.from_ms on it holds in place of the schedule's (NULL: it
 * is a new one). Overrides and blocks come after those that the schedule has. */
typedef struct OnCallPreview {
  const SetupSchedule *schedule;
  SchedulePlan draft;
  const Override *overrides;
  size_t override_count;
  const Block *blocks;
  size_t block_count;
  i64 from_ms, to_ms;
} OnCallPreview;
MUST_CHECK bool oncall_preview_json(Db *db, Arena *arena, const App *app, const Setup *setup, const OnCallPreview *ask,
                                    Value *out, Error *err);

/* What is allowed and nearly always a slip, in sentences: a list of texts. */
Value oncall_warnings(Arena *arena, ZoneDb *zones, const Value *layers, const Zone *zone, i64 now_ms);

/* "cover by Ana until 18:00, otherwise layer Week, turn 3": times are those of the zone. */
Str oncall_why(Arena *arena, const Setup *setup, const Zone *zone, const Shift *shift);

#endif

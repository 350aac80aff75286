/* One layer of a schedule, read from its JSON, and the spans of its turns within a range. */
#ifndef TOCSIN_CORE_LAYER_H
#define TOCSIN_CORE_LAYER_H

#include "core/oncall/oncall.h"

typedef enum TurnUnit { TURN_HOUR, TURN_DAY, TURN_WEEK, TURN_MONTH } TurnUnit;

typedef struct Turn {
  i64 *user_ids;
  size_t user_count;
} Turn;

typedef enum OnHolidays { HOLIDAYS_AS_EVER, HOLIDAYS_ONLY, HOLIDAYS_EXCEPT } OnHolidays;

typedef struct Window {
  bool days[7];     /* Monday first */
  i32 from_s, to_s; /* seconds of the day; to not after from: the next day; equal: 24 h */
  OnHolidays on_holidays;
  i64 calendar_id; /* whose holidays */
} Window;

typedef struct Layer {
  Str name;
  const Zone *zone;
  bool add; /* mode "add": beside the layers below */
  Civil starts, ends;
  bool has_end;
  i64 every;
  TurnUnit unit;
  Turn *turns;
  size_t turn_count;
  Window *windows;
  size_t window_count;
  Holidays holidays;  /* that windows may name */
  FixedShift *shifts; /* instead of turns: who, from when, until when; sorted by start */
  size_t shift_count;
  Civil anchor; /* turns count from here when the list of a running layer was changed */
  i64 anchor_index;
} Layer;

typedef struct LayerSpan {
  i64 from_ms, to_ms;
  size_t turn, given_turn; /* whose it is; whose it was, when those are absent */
  const i64 *user_ids;     /* none: nobody, on purpose, or all are absent */
  size_t user_count;
} LayerSpan;
typedef struct LayerSpans {
  LayerSpan *items;
  size_t count;
} LayerSpans;

/* `i` is its place, for the pointer in errors. */
MUST_CHECK bool layer_read(Arena *arena, ZoneDb *zones, const Value *json, const Zone *zone, size_t i, Layer *out,
                           Error *err);
/* Sorted, without overlap, clipped to [from, to). Empty turns (nobody, on purpose) give spans without people. */
void layer_spans(Arena *arena, const Layer *layer, i64 from_ms, i64 to_ms, LayerSpans *out);
/* Who is absent is left out; when all of a turn are, the next participants stand in and later turns stay as they are.
 */
void layer_skip_absent(Arena *arena, const Layer *layer, const Absence *absences, size_t count, LayerSpans *spans);

/* A list of {starts_at, ends_at, user_ids}, sorted by start; what cannot be read is left out. */
FixedShift *fixed_shifts_read(Arena *arena, const Value *list, size_t *out_count);

#endif

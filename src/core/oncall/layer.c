/* Layers: turn k begins at the start plus k times `every` units, counted on the wall clock and only then turned into an
 * instant; months count from the original day, clamped to the last of the month. A window belongs to the day on which
 * it begins. What becomes empty in a gap of the clock is skipped. */
#include <stdio.h>
#include <stdlib.h>

#include "core/oncall/layer.h"
#include "core/setup/internal.h"

/* Reading --------------------------------------------------------------------------------------------------------- */

static bool bad(Error *err, size_t i, const char *member, const char *sentence) {
  char pointer[96];
  snprintf(pointer, sizeof pointer, "/layers/%zu/%s", i, member);
  return fail_at(err, ERR_INVALID, pointer, "%s", sentence);
}

static bool read_clock(Str text, i32 *out) {
  i64 hour = 0, minute = 0;
  Str head, tail;
  if (!str_cut(text, ':', &head, &tail) || !str_to_i64(head, 0, 24, &hour) ||
      !str_to_i64(str_slice(tail, 0, 2), 0, 59, &minute))
    return false;
  *out = (i32)(hour * 3600 + minute * 60);
  return *out <= 86400;
}

static void read_on_holidays(const Value *json, Window *out) {
  Str word = value_text_or(value_get_c(json, "holidays"), STR_NONE);
  const Value *calendar = value_get_c(json, "holiday_calendar_id");
  out->calendar_id = calendar ? setup_ref(calendar) : 0;
  out->on_holidays = str_equal_c(word, "only")     ? HOLIDAYS_ONLY
                     : str_equal_c(word, "except") ? HOLIDAYS_EXCEPT
                                                   : HOLIDAYS_AS_EVER;
}

static bool read_window(const Value *json, Window *out) {
  static const char *const DAYS[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  const Value *days = value_get_c(json, "days");
  bool any = value_is(days, VALUE_LIST) && days->size > 0;
  read_on_holidays(json, out);
  for (size_t d = 0; d < 7; d++) {
    out->days[d] = !any;
    for (size_t i = 0; any && i < days->size; i++)
      if (str_equal_c(value_text_or(value_at(days, i), STR_NONE), DAYS[d])) out->days[d] = true;
  }
  return read_clock(value_text_or(value_get_c(json, "from"), STR_NONE), &out->from_s) &&
         read_clock(value_text_or(value_get_c(json, "to"), STR_NONE), &out->to_s);
}

static bool read_turn(Arena *arena, const Value *json, size_t i, Layer *out, Error *err) {
  static const char *const UNITS[] = {"hour", "day", "week", "month"};
  const Value *turn = value_get_c(json, "turn"), *members = value_get_c(json, "members");
  Str unit = value_text_or(value_get_c(turn, "unit"), S("week"));
  out->every = value_int_or(value_get_c(turn, "every"), 1);
  out->unit = (TurnUnit)COUNT(UNITS);
  for (size_t u = 0; u < COUNT(UNITS); u++)
    if (str_equal_c(unit, UNITS[u])) out->unit = (TurnUnit)u;
  if (out->unit == (TurnUnit)COUNT(UNITS)) return bad(err, i, "turn/unit", "the unit is one of hour, day, week, month");
  if (out->every < 1 || out->every > 1000) return bad(err, i, "turn/every", "every is a whole number from 1 to 1000");
  out->turn_count = value_is(members, VALUE_LIST) ? members->size : 0;
  out->turns = ARENA_ARRAY(arena, Turn, out->turn_count + 1);
  for (size_t t = 0; t < out->turn_count; t++) {
    const Value *set = value_at(members, t);
    size_t count = value_is(set, VALUE_LIST) ? set->size : 0;
    out->turns[t].user_ids = ARENA_ARRAY(arena, i64, count + 1);
    for (size_t u = 0; u < count; u++) out->turns[t].user_ids[out->turns[t].user_count++] = setup_ref(value_at(set, u));
  }
  return true;
}

static int compare_shifts(const void *a, const void *b) {
  const FixedShift *x = a, *y = b;
  return x->starts_ms < y->starts_ms ? -1 : x->starts_ms > y->starts_ms;
}

FixedShift *fixed_shifts_read(Arena *arena, const Value *list, size_t *out_count) {
  size_t count = value_is(list, VALUE_LIST) ? list->size : 0;
  FixedShift *shifts = ARENA_ARRAY(arena, FixedShift, count + 1);
  *out_count = 0;
  for (size_t i = 0; i < count; i++) {
    const Value *json = value_at(list, i), *people = value_get_c(json, "user_ids");
    FixedShift *shift = &shifts[*out_count];
    size_t people_count = value_is(people, VALUE_LIST) ? people->size : 0;
    *shift = (FixedShift){.user_ids = ARENA_ARRAY(arena, i64, people_count + 1)};
    if (!time_parse_ms(value_text_or(value_get_c(json, "starts_at"), STR_NONE), &shift->starts_ms) ||
        !time_parse_ms(value_text_or(value_get_c(json, "ends_at"), STR_NONE), &shift->ends_ms))
      continue;
    for (size_t u = 0; u < people_count; u++) shift->user_ids[shift->user_count++] = setup_ref(value_at(people, u));
    (*out_count)++;
  }
  if (*out_count) qsort(shifts, *out_count, sizeof *shifts, compare_shifts);
  return shifts;
}

static bool read_times(const Value *json, size_t i, Layer *out, Error *err) {
  Str ends = value_text_or(value_get_c(json, "ends_at"), STR_NONE);
  const Value *anchor = value_get_c(json, "anchor");
  if (!civil_parse(value_text_or(value_get_c(json, "starts_at"), STR_NONE), &out->starts))
    return bad(err, i, "starts_at", "starts_at is a local time such as 2026-01-05T09:00:00, without an offset");
  out->has_end = ends.len > 0;
  if (out->has_end && !civil_parse(ends, &out->ends))
    return bad(err, i, "ends_at", "ends_at is a local time such as 2026-06-30T09:00:00, or null");
  out->anchor = out->starts;
  if (value_is(anchor, VALUE_MAP) && civil_parse(value_text_or(value_get_c(anchor, "at"), STR_NONE), &out->anchor))
    out->anchor_index = value_int_or(value_get_c(anchor, "index"), 0);
  return true;
}

bool layer_read(Arena *arena, ZoneDb *zones, const Value *json, const Zone *zone, size_t i, Layer *out, Error *err) {
  const Value *windows = value_get_c(json, "windows");
  Str name = value_text_or(value_get_c(json, "time_zone"), STR_NONE);
  *out = (Layer){.zone = zone, .name = value_text_or(value_get_c(json, "name"), S("layer"))};
  out->add = str_equal_c(value_text_or(value_get_c(json, "mode"), STR_NONE), "add");
  if (name.len && !zone_find(zones, name, &out->zone, err)) return bad(err, i, "time_zone", err->message);
  if (!read_times(json, i, out, err) || !read_turn(arena, json, i, out, err)) return false;
  out->shifts = fixed_shifts_read(arena, value_get_c(json, "shifts"), &out->shift_count);
  size_t count = value_is(windows, VALUE_LIST) ? windows->size : 0;
  out->windows = ARENA_ARRAY(arena, Window, count + 1);
  for (size_t w = 0; w < count; w++)
    if (!read_window(value_at(windows, w), &out->windows[out->window_count++]))
      return bad(err, i, "windows", "a window has days (mon .. sun) and from, to as 18:00");
  return true;
}

/* Turns ----------------------------------------------------------------------------------------------------------- */

static i64 instant(const Layer *layer, i64 local_seconds) {
  return zone_to_utc(layer->zone, civil_from_seconds(local_seconds)) * 1000;
}

/* Local seconds at which turn k (from the anchor) begins. */
static i64 turn_start(const Layer *layer, i64 k) {
  static const i64 UNIT_S[] = {3600, 86400, 7 * 86400};
  i64 anchor = civil_to_seconds(layer->anchor);
  if (layer->unit != TURN_MONTH) return anchor + k * layer->every * UNIT_S[layer->unit];
  i64 months = (i64)layer->anchor.year * 12 + layer->anchor.month - 1 + k * layer->every;
  Civil c = layer->anchor;
  c.year = (i32)(months >= 0 ? months / 12 : (months - 11) / 12);
  c.month = (i32)(months - (i64)c.year * 12) + 1;
  c.day = MIN(c.day, civil_month_days(c.year, c.month));
  return civil_to_seconds(c);
}

/* The last turn that begins at or before this local time, less a little: zones move local times by at most a day. */
static i64 first_turn(const Layer *layer, i64 local_seconds) {
  static const i64 ABOUT_S[] = {3600, 86400, 7 * 86400, 31 * 86400};
  i64 k = (local_seconds - civil_to_seconds(layer->anchor)) / (layer->every * ABOUT_S[layer->unit]) - 3;
  while (turn_start(layer, k) > local_seconds - 2 * 86400) k--;
  while (turn_start(layer, k + 1) <= local_seconds - 2 * 86400) k++;
  return k;
}

typedef VEC(LayerSpan) Spans;

static void push_span(Arena *arena, Spans *spans, LayerSpan span, i64 from, i64 to) {
  span.from_ms = from;
  span.to_ms = to;
  if (to > from) *VEC_PUSH(arena, spans) = span;
}

typedef struct Range {
  i64 from_ms, to_ms;
} Range;

static int compare_ranges(const void *a, const void *b) {
  const Range *x = a, *y = b;
  return x->from_ms < y->from_ms ? -1 : x->from_ms > y->from_ms;
}

static size_t ranges_merge(Range *ranges, size_t count) {
  size_t kept = 0;
  if (count) qsort(ranges, count, sizeof *ranges, compare_ranges);
  for (size_t i = 0; i < count; i++) {
    if (kept && ranges[i].from_ms <= ranges[kept - 1].to_ms)
      ranges[kept - 1].to_ms = MAX(ranges[kept - 1].to_ms, ranges[i].to_ms);
    else
      ranges[kept++] = ranges[i];
  }
  return kept;
}

static int compare_numbers(const void *a, const void *b) {
  i64 x = *(const i64 *)a, y = *(const i64 *)b;
  return x < y ? -1 : x > y;
}

/* A calendar that holds nothing yet has no holidays. */
static bool is_holiday(const Layer *layer, i64 calendar_id, i64 day) {
  for (size_t i = 0; i < layer->holidays.count; i++) {
    const HolidaySet *set = &layer->holidays.items[i];
    if (set->calendar_id == calendar_id)
      return set->count && bsearch(&day, set->days, set->count, sizeof *set->days, compare_numbers) != NULL;
  }
  return false;
}

static bool begins_on(const Layer *layer, const Window *window, i64 day) {
  if (!window->days[civil_weekday(day)]) return false;
  if (window->on_holidays == HOLIDAYS_AS_EVER) return true;
  return is_holiday(layer, window->calendar_id, day) == (window->on_holidays == HOLIDAYS_ONLY);
}

/* All windows that touch the range, merged. */
static void window_ranges(Arena *arena, const Layer *layer, i64 from_ms, i64 to_ms, Range **out, size_t *out_count) {
  VEC(Range) all = {0};
  i64 first_day = from_ms / DAY_MS - 3, last_day = to_ms / DAY_MS + 2;
  for (i64 day = first_day; day <= last_day; day++)
    for (size_t w = 0; w < layer->window_count; w++) {
      const Window *window = &layer->windows[w];
      if (!begins_on(layer, window, day)) continue;
      i64 length = window->to_s > window->from_s ? 0 : 86400;
      i64 from = instant(layer, day * 86400 + window->from_s), to = instant(layer, day * 86400 + window->to_s + length);
      if (to > from && to > from_ms && from < to_ms) *VEC_PUSH(arena, &all) = (Range){from, to};
    }
  *out = all.items;
  *out_count = ranges_merge(all.items, all.count);
}

bool oncall_in_windows(Arena *arena, const Value *windows, const Zone *zone, Holidays holidays, i64 at_ms,
                       i64 *out_changes_ms) {
  size_t count = value_is(windows, VALUE_LIST) ? windows->size : 0, found = 0;
  Layer layer = {.zone = zone, .holidays = holidays, .windows = ARENA_ARRAY(arena, Window, count + 1)};
  Range *ranges = NULL;
  *out_changes_ms = at_ms + 8 * DAY_MS;
  for (size_t i = 0; i < count; i++)
    layer.window_count += read_window(value_at(windows, i), &layer.windows[layer.window_count]);
  if (count == 0) return true;
  window_ranges(arena, &layer, at_ms, at_ms + 8 * DAY_MS, &ranges, &found);
  if (found == 0) return false;
  bool inside = ranges[0].from_ms <= at_ms;
  *out_changes_ms = MIN(*out_changes_ms, inside ? ranges[0].to_ms : ranges[0].from_ms);
  return inside;
}

static void cut_by_windows(Arena *arena, Spans *spans, const Range *windows, size_t window_count, LayerSpan turn,
                           size_t *cursor) {
  while (*cursor < window_count && windows[*cursor].to_ms <= turn.from_ms) (*cursor)++;
  for (size_t w = *cursor; w < window_count && windows[w].from_ms < turn.to_ms; w++)
    push_span(arena, spans, turn, MAX(turn.from_ms, windows[w].from_ms), MIN(turn.to_ms, windows[w].to_ms));
}

/* Its life within the range; false when there is none. */
static bool layer_life(const Layer *layer, i64 from_ms, i64 to_ms, Range *out) {
  i64 start = instant(layer, civil_to_seconds(layer->starts));
  i64 end = layer->has_end ? instant(layer, civil_to_seconds(layer->ends)) : INT64_MAX;
  *out = (Range){MAX(from_ms, start), MIN(to_ms, end)};
  return out->to_ms > out->from_ms;
}

typedef VEC(i64) Starts;

/* When the turns from *out_first on begin, and when the next one after each of them does. Where a zone skips a whole
 * day, turns shorter than that come out of order: the last hand-off that has happened holds, so a turn ends where the
 * earliest of all later ones begins. */
static void turn_starts(Arena *arena, const Layer *layer, i64 from_ms, i64 to_ms, i64 *out_first, Starts *begins,
                        Starts *ends) {
  *out_first = first_turn(layer, civil_to_seconds(zone_to_local(layer->zone, from_ms / 1000)));
  for (i64 k = *out_first; begins->count == 0 || begins->items[begins->count - 1] < to_ms + 2 * DAY_MS; k++)
    *VEC_PUSH(arena, begins) = instant(layer, turn_start(layer, k));
  for (size_t i = 0; i < begins->count; i++) *VEC_PUSH(arena, ends) = begins->items[i];
  for (size_t i = begins->count - 1; i-- > 0;) ends->items[i] = MIN(ends->items[i], ends->items[i + 1]);
}

/* Shifts may lie beside each other: between two edges it is all whose shift it is. Cost: shifts times those at once. */
static void fixed_spans(Arena *arena, const Layer *layer, const Range *life, LayerSpans *out) {
  Spans spans = {0};
  VEC(i64) edges = {0};
  for (size_t i = 0; i < layer->shift_count; i++) {
    *VEC_PUSH(arena, &edges) = layer->shifts[i].starts_ms;
    *VEC_PUSH(arena, &edges) = layer->shifts[i].ends_ms;
  }
  qsort(edges.items, edges.count, sizeof(i64), compare_numbers);
  for (size_t e = 0, low = 0; e + 1 < edges.count; e++) {
    i64 at = edges.items[e];
    VEC(i64) ids = {0};
    LayerSpan span = {0};
    if (at == edges.items[e + 1]) continue;
    while (low < layer->shift_count && layer->shifts[low].ends_ms <= at) low++;
    for (size_t i = low; i < layer->shift_count && layer->shifts[i].starts_ms <= at; i++) {
      if (layer->shifts[i].ends_ms <= at) continue;
      span.turn = span.given_turn = i;
      for (size_t u = 0; u < layer->shifts[i].user_count; u++) *VEC_PUSH(arena, &ids) = layer->shifts[i].user_ids[u];
    }
    span.user_ids = ids.items;
    span.user_count = ids.count;
    if (ids.count) push_span(arena, &spans, span, MAX(at, life->from_ms), MIN(edges.items[e + 1], life->to_ms));
  }
  *out = (LayerSpans){spans.items, spans.count};
}

void layer_spans(Arena *arena, const Layer *layer, i64 from_ms, i64 to_ms, LayerSpans *out) {
  Spans spans = {0};
  Starts begins = {0}, ends = {0};
  *out = (LayerSpans){0};
  Range life;
  if (layer->shift_count) {
    if (layer_life(layer, from_ms, to_ms, &life)) fixed_spans(arena, layer, &life, out);
    return;
  }
  if (layer->turn_count == 0 || !layer_life(layer, from_ms, to_ms, &life)) return;
  Range *windows = NULL;
  size_t window_count = 0, cursor = 0;
  if (layer->window_count) window_ranges(arena, layer, life.from_ms, life.to_ms, &windows, &window_count);
  i64 count = (i64)layer->turn_count, first = 0;
  turn_starts(arena, layer, life.from_ms, life.to_ms, &first, &begins, &ends);
  for (size_t i = 0; i + 1 < begins.count; i++) {
    size_t turn = (size_t)((((first + (i64)i + layer->anchor_index) % count) + count) % count);
    LayerSpan span = {MAX(begins.items[i], life.from_ms), MIN(ends.items[i + 1], life.to_ms), turn, turn,
                      layer->turns[turn].user_ids,        layer->turns[turn].user_count};
    if (span.to_ms <= span.from_ms) continue;
    if (layer->window_count)
      cut_by_windows(arena, &spans, windows, window_count, span, &cursor);
    else
      push_span(arena, &spans, span, span.from_ms, span.to_ms);
  }
  out->items = spans.items;
  out->count = spans.count;
}

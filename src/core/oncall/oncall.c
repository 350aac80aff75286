/* Renders schedules. One pure function over the schedule's JSON, its overrides and a range: for every layer the turns
 * on the wall clock, cut by its windows; layers over each other; blocks in their place; then the overrides in order of
 * creation. Method: collect every instant where something may change, sort them, and ask each stretch who is on call in
 * it. Cost: the number of such instants times layers; a year of hourly turns is about 9,000. A schedule that was edited
 * in the range is rendered plan by plan, each for the time in which it held. */
#include <stdlib.h>
#include <string.h>

#include "core/oncall/layer.h"
#include "lang/json.h"

static const i64 RANGE_MAX_MS = 400 * DAY_MS;

typedef struct Crew { /* a sorted set of people */
  i64 *ids;
  size_t count, room;
} Crew;

static void crew_add(Arena *arena, Crew *crew, i64 id) {
  size_t at = 0;
  while (at < crew->count && crew->ids[at] < id) at++;
  if (id <= 0 || (at < crew->count && crew->ids[at] == id)) return;
  if (crew->count == crew->room) {
    size_t room = crew->room ? crew->room * 2 : 8;
    crew->ids = arena_grow(arena, crew->ids, crew->room * sizeof(i64), room * sizeof(i64));
    crew->room = room;
  }
  memmove(&crew->ids[at + 1], &crew->ids[at], (crew->count - at) * sizeof crew->ids[0]);
  crew->ids[at] = id;
  crew->count++;
}

static bool crew_drop(Crew *crew, i64 id) {
  for (size_t i = 0; i < crew->count; i++) {
    if (crew->ids[i] != id) continue;
    memmove(&crew->ids[i], &crew->ids[i + 1], (crew->count - i - 1) * sizeof crew->ids[0]);
    crew->count--;
    return true;
  }
  return false;
}

/* Instants -------------------------------------------------------------------------------------------------------- */

typedef VEC(i64) Instants;

static int compare_i64(const void *a, const void *b) {
  i64 x = *(const i64 *)a, y = *(const i64 *)b;
  return x < y ? -1 : x > y;
}

static void sort_unique(Instants *at) {
  if (at->count == 0) return;
  qsort(at->items, at->count, sizeof at->items[0], compare_i64);
  size_t kept = 1;
  for (size_t i = 1; i < at->count; i++)
    if (at->items[i] != at->items[kept - 1]) at->items[kept++] = at->items[i];
  at->count = kept;
}

static void add_instant(Arena *arena, Instants *at, i64 t, i64 from, i64 to) {
  if (t > from && t < to) *VEC_PUSH(arena, at) = t;
}

/* One stretch ----------------------------------------------------------------------------------------------------- */

/* One plan over the part of the range in which it holds. The scratch is used again by every stretch. */
typedef struct Rendering {
  Arena *arena;
  const SchedulePlan *plan;
  i64 from_ms, to_ms;
  Layer *layers;
  LayerSpans *spans;
  size_t layer_count;
  size_t *cursor; /* per layer: the span looked at last; stretches come in order */
  const RenderSources *in;
  Crew crew;
  Cause cause; /* its layers have room for all */
} Rendering;

static const LayerSpan *layer_span(Rendering *r, size_t layer, i64 t) {
  const LayerSpans *spans = &r->spans[layer];
  size_t *i = &r->cursor[layer];
  while (*i < spans->count && spans->items[*i].to_ms <= t) (*i)++;
  return *i < spans->count && spans->items[*i].from_ms <= t ? &spans->items[*i] : NULL;
}

static LayerCause cause_of(const Layer *layer, const LayerSpan *span) {
  return (LayerCause){layer->name, (i64)span->turn + 1, (i64)span->given_turn + 1, layer->shift_count > 0};
}

static void merge_layer(Rendering *r, size_t layer, i64 t) {
  const LayerSpan *span = layer_span(r, layer, t);
  if (!span) return;
  const Layer *of = &r->layers[layer];
  LayerCause cause = cause_of(of, span);
  if (span->user_count == 0) {
    if (of->shift_count || of->turns[span->given_turn].user_count) cause.turn = 0;
    r->cause.nobody = cause;
    return;
  }
  if (!of->add) r->crew.count = r->cause.layer_count = 0;
  for (size_t i = 0; i < span->user_count; i++) crew_add(r->arena, &r->crew, span->user_ids[i]);
  r->cause.layers[r->cause.layer_count++] = cause;
}

static bool apply_override(Arena *arena, Crew *crew, const Override *o) {
  Str kind = str_from_c(o->kind);
  if (str_equal_c(kind, "add")) return crew_add(arena, crew, o->user_id), true;
  if (str_equal_c(kind, "remove")) return crew_drop(crew, o->user_id);
  if (o->replaces_user_id > 0) {
    if (!crew_drop(crew, o->replaces_user_id)) return false;
  } else {
    crew->count = 0;
  }
  crew_add(arena, crew, o->user_id);
  return true;
}

/* The block of that time takes the place of the layers; they stay the reason of who it would be otherwise. */
static void apply_blocks(Rendering *r, i64 t) {
  const Block *block = NULL;
  for (size_t i = 0; i < r->in->block_count; i++)
    if (t >= r->in->blocks[i].starts_ms && t < r->in->blocks[i].ends_ms) block = &r->in->blocks[i];
  if (!block) return;
  r->crew.count = 0;
  r->cause.block = block;
  for (size_t i = 0; i < block->shift_count; i++) {
    const FixedShift *shift = &block->shifts[i];
    if (t < shift->starts_ms || t >= shift->ends_ms) continue;
    for (size_t u = 0; u < shift->user_count; u++) crew_add(r->arena, &r->crew, shift->user_ids[u]);
  }
}

/* Leaves who it is in r->crew, and why in r->cause. */
static void ask(Rendering *r, i64 t) {
  r->crew.count = 0;
  r->cause = (Cause){.layers = r->cause.layers};
  for (size_t i = 0; i < r->layer_count; i++) merge_layer(r, i, t);
  apply_blocks(r, t);
  for (size_t i = 0; i < r->in->override_count; i++) {
    const Override *o = &r->in->overrides[i];
    if (t >= o->starts_ms && t < o->ends_ms && apply_override(r->arena, &r->crew, o)) r->cause.over = o;
  }
}

/* Shifts ---------------------------------------------------------------------------------------------------------- */

typedef VEC(Shift) Shifts;

typedef struct Stretch {
  i64 from_ms, to_ms;
  const i64 *ids;
  size_t count;
  const Cause *cause;
} Stretch;

static Cause copy_cause(Arena *arena, const Cause *from) {
  Cause copy = *from;
  copy.layers = ARENA_ARRAY(arena, LayerCause, from->layer_count + 1);
  memcpy(copy.layers, from->layers, from->layer_count * sizeof *copy.layers);
  return copy;
}

static Str source_of(const Cause *cause) {
  if (cause->over) return S("override");
  if (cause->block) return cause->block->name;
  return cause->layer_count ? cause->layers[cause->layer_count - 1].name : STR_NONE;
}

/* Joined with the last one when that ends where this begins and has the same people. */
static void push_stretch(Arena *arena, Shifts *shifts, const Stretch *s) {
  Shift *last = shifts->count ? &shifts->items[shifts->count - 1] : NULL;
  if (last && last->ends_ms == s->from_ms && last->user_count == s->count &&
      (s->count == 0 || memcmp(last->user_ids, s->ids, s->count * sizeof(i64)) == 0)) {
    last->ends_ms = s->to_ms;
    return;
  }
  Shift shift = {.starts_ms = s->from_ms,
                 .ends_ms = s->to_ms,
                 .user_ids = ARENA_ARRAY(arena, i64, s->count + 1),
                 .user_count = s->count,
                 .source = source_of(s->cause),
                 .cause = copy_cause(arena, s->cause)};
  if (s->count) memcpy(shift.user_ids, s->ids, s->count * sizeof(i64));
  *VEC_PUSH(arena, shifts) = shift;
}

static void push_layer(Rendering *r, size_t layer, Shifts *out) {
  const LayerSpans *spans = &r->spans[layer];
  for (size_t i = 0; i < spans->count; i++) {
    const LayerSpan *span = &spans->items[i];
    LayerCause one = cause_of(&r->layers[layer], span);
    Cause cause = {.layers = &one, .layer_count = 1};
    r->crew.count = 0;
    for (size_t k = 0; k < span->user_count; k++) crew_add(r->arena, &r->crew, span->user_ids[k]);
    Stretch stretch = {span->from_ms, span->to_ms, r->crew.ids, r->crew.count, &cause};
    if (r->crew.count) push_stretch(r->arena, out, &stretch);
  }
}

static void collect_blocks(Rendering *r, Instants *at) {
  for (size_t i = 0; i < r->in->block_count; i++) {
    const Block *block = &r->in->blocks[i];
    add_instant(r->arena, at, block->starts_ms, r->from_ms, r->to_ms);
    add_instant(r->arena, at, block->ends_ms, r->from_ms, r->to_ms);
    for (size_t s = 0; s < block->shift_count; s++) {
      add_instant(r->arena, at, block->shifts[s].starts_ms, r->from_ms, r->to_ms);
      add_instant(r->arena, at, block->shifts[s].ends_ms, r->from_ms, r->to_ms);
    }
  }
}

static void collect_instants(Rendering *r, Instants *at) {
  i64 from = r->from_ms, to = r->to_ms;
  *VEC_PUSH(r->arena, at) = from;
  *VEC_PUSH(r->arena, at) = to;
  for (size_t l = 0; l < r->layer_count; l++)
    for (size_t i = 0; i < r->spans[l].count; i++) {
      add_instant(r->arena, at, r->spans[l].items[i].from_ms, from, to);
      add_instant(r->arena, at, r->spans[l].items[i].to_ms, from, to);
    }
  for (size_t i = 0; i < r->in->override_count; i++) {
    add_instant(r->arena, at, r->in->overrides[i].starts_ms, from, to);
    add_instant(r->arena, at, r->in->overrides[i].ends_ms, from, to);
  }
  collect_blocks(r, at);
  sort_unique(at);
}

static void push_final(Rendering *r, Shifts *final, Shifts *gaps) {
  Instants at = {0};
  collect_instants(r, &at);
  for (size_t i = 0; i + 1 < at.count; i++) {
    ask(r, at.items[i]);
    Stretch stretch = {at.items[i], at.items[i + 1], r->crew.ids, r->crew.count, &r->cause};
    push_stretch(r->arena, r->crew.count ? final : gaps, &stretch);
  }
}

/* Plans ----------------------------------------------------------------------------------------------------------- */

static bool read_plan(Rendering *r, ZoneDb *zones, Error *err) {
  const SchedulePlan *plan = r->plan;
  size_t count = value_is(&plan->layers, VALUE_LIST) ? plan->layers.size : 0;
  r->layers = ARENA_ARRAY(r->arena, Layer, count + 1);
  r->spans = ARENA_ARRAY(r->arena, LayerSpans, count + 1);
  r->cursor = ARENA_ARRAY(r->arena, size_t, count + 1);
  r->cause.layers = ARENA_ARRAY(r->arena, LayerCause, count + 1);
  for (size_t i = 0; i < count; i++, r->layer_count++) {
    if (!layer_read(r->arena, zones, value_at(&plan->layers, i), plan->zone, i, &r->layers[i], err)) return false;
    r->layers[i].holidays = r->in->holidays;
    layer_spans(r->arena, &r->layers[i], r->from_ms, r->to_ms, &r->spans[i]);
    if (plan->skip_absent)
      layer_skip_absent(r->arena, &r->layers[i], r->in->absences, r->in->absence_count, &r->spans[i]);
  }
  return true;
}

typedef struct Row { /* of one layer, through all plans that have it */
  Str name;
  Shifts shifts;
  size_t used_by; /* the plan that took it last, from 1 */
} Row;
typedef VEC(Row) Rows;

static Row *row_of(Arena *arena, Rows *rows, Str name, size_t plan) {
  for (size_t i = 0; i < rows->count; i++)
    if (rows->items[i].used_by != plan && str_equal(rows->items[i].name, name)) {
      rows->items[i].used_by = plan;
      return &rows->items[i];
    }
  *VEC_PUSH(arena, rows) = (Row){.name = name, .used_by = plan};
  return &rows->items[rows->count - 1];
}

static void write_rows(Arena *arena, const Rows *rows, Rendered *out) {
  out->layers = ARENA_ARRAY(arena, ShiftList, rows->count + 1);
  out->layer_names = ARENA_ARRAY(arena, Str, rows->count + 1);
  out->layer_count = rows->count;
  for (size_t i = 0; i < rows->count; i++) {
    out->layers[i] = (ShiftList){rows->items[i].shifts.items, rows->items[i].shifts.count};
    out->layer_names[i] = rows->items[i].name;
  }
}

bool oncall_render(Arena *arena, ZoneDb *zones, const RenderSources *in, i64 from_ms, i64 to_ms, Rendered *out,
                   Error *err) {
  Shifts final = {0}, gaps = {0};
  Rows rows = {0};
  if (to_ms <= from_ms || to_ms - from_ms > RANGE_MAX_MS)
    return fail(err, ERR_INVALID, "the range must end after it starts and be at most 400 days long");
  *out = (Rendered){0};
  /* the rows stand in the order of the newest plan */
  const Value *newest = in->plan_count ? &in->plans[in->plan_count - 1].layers : NULL;
  for (size_t i = 0; value_is(newest, VALUE_LIST) && i < newest->size; i++)
    *VEC_PUSH(arena, &rows) = (Row){.name = value_text_or(value_get_c(value_at(newest, i), "name"), S("layer"))};
  for (size_t p = 0; p < in->plan_count; p++) {
    i64 begins = p ? MAX(in->plans[p].from_ms, from_ms) : from_ms;
    i64 ends = p + 1 < in->plan_count ? MIN(in->plans[p + 1].from_ms, to_ms) : to_ms;
    Rendering r = {.arena = arena, .plan = &in->plans[p], .from_ms = begins, .to_ms = ends, .in = in};
    if (begins >= ends) continue;
    if (!read_plan(&r, zones, err)) return false;
    for (size_t l = 0; l < r.layer_count; l++)
      push_layer(&r, l, &row_of(arena, &rows, r.layers[l].name, p + 1)->shifts);
    push_final(&r, &final, &gaps);
  }
  write_rows(arena, &rows, out);
  out->holidays = in->holidays;
  out->final = (ShiftList){final.items, final.count};
  out->gaps = (ShiftList){gaps.items, gaps.count};
  return true;
}

bool oncall_check_layers(ZoneDb *zones, const Value *layers, Error *err) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  for (size_t i = 0; value_is(layers, VALUE_LIST) && i < layers->size; i++) {
    Layer layer = {0};
    if (!layer_read(arena, zones, value_at(layers, i), zone_utc(), i, &layer, err)) return false;
  }
  return true;
}

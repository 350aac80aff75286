/* Renders schedules. One pure function over the schedule's JSON, its overrides and a range: for every layer the turns
 * on the wall clock, cut by its windows; layers over each other; then the overrides in order of creation. Method:
 * collect every instant where something may change, sort them, and ask each stretch who is on call in it. Cost: the
 * number of such instants times layers; a year of hourly turns is about 9,000. */
#include <stdlib.h>
#include <string.h>

#include "core/oncall/layer.h"
#include "lang/json.h"

enum { USERS_AT_ONCE_MAX = 64 };
static const i64 RANGE_MAX_MS = 400 * DAY_MS;

typedef struct Crew { /* a sorted set of people */
  i64 ids[USERS_AT_ONCE_MAX];
  size_t count;
} Crew;

static void crew_add(Crew *crew, i64 id) {
  size_t at = 0;
  if (id <= 0 || crew->count == USERS_AT_ONCE_MAX) return;
  while (at < crew->count && crew->ids[at] < id) at++;
  if (at < crew->count && crew->ids[at] == id) return;
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

static bool crew_equal(const Crew *a, const Crew *b) {
  return a->count == b->count && memcmp(a->ids, b->ids, a->count * sizeof a->ids[0]) == 0;
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

/* One stretch
 * ---------------------------------------------------------------------------------------------------------- */

typedef struct Rendering {
  Arena *arena;
  Layer *layers;
  LayerSpans *spans;
  size_t layer_count;
  size_t *cursor; /* per layer: the span looked at last; stretches come in order */
  const Override *overrides;
  size_t override_count;
} Rendering;

static Crew layer_crew(Rendering *r, size_t layer, i64 t) {
  Crew crew = {0};
  const LayerSpans *spans = &r->spans[layer];
  size_t *i = &r->cursor[layer];
  while (*i < spans->count && spans->items[*i].to_ms <= t) (*i)++;
  if (*i >= spans->count || spans->items[*i].from_ms > t) return crew;
  const Turn *turn = &r->layers[layer].turns[spans->items[*i].turn];
  for (size_t k = 0; k < turn->user_count; k++) crew_add(&crew, turn->user_ids[k]);
  return crew;
}

static void merge_layer(Crew *result, const Crew *over, bool add) {
  if (over->count == 0) return;
  if (!add) {
    *result = *over;
    return;
  }
  for (size_t i = 0; i < over->count; i++) crew_add(result, over->ids[i]);
}

static bool apply_override(Crew *crew, const Override *o) {
  Str kind = str_from_c(o->kind);
  if (str_equal_c(kind, "add")) return crew_add(crew, o->user_id), true;
  if (str_equal_c(kind, "remove")) return crew_drop(crew, o->user_id);
  if (o->replaces_user_id > 0) {
    if (!crew_drop(crew, o->replaces_user_id)) return false;
  } else {
    crew->count = 0;
  }
  crew_add(crew, o->user_id);
  return true;
}

static Crew final_crew(Rendering *r, i64 t, Str *out_source) {
  Crew crew = {0};
  *out_source = STR_NONE;
  for (size_t i = 0; i < r->layer_count; i++) {
    Crew over = layer_crew(r, i, t);
    if (over.count) *out_source = r->layers[i].name;
    merge_layer(&crew, &over, r->layers[i].add);
  }
  for (size_t i = 0; i < r->override_count; i++) {
    const Override *o = &r->overrides[i];
    if (t >= o->starts_ms && t < o->ends_ms && apply_override(&crew, o)) *out_source = S("override");
  }
  return crew;
}

/* Shifts ---------------------------------------------------------------------------------------------------------- */

typedef struct ShiftBuilder {
  Arena *arena;
  VEC(Shift) shifts, gaps;
  Crew last;
  bool started;
} ShiftBuilder;

static void push_stretch(ShiftBuilder *b, i64 from, i64 to, const Crew *crew, Str source) {
  bool same = b->started && crew_equal(&b->last, crew);
  if (same && crew->count && b->shifts.count) {
    b->shifts.items[b->shifts.count - 1].ends_ms = to;
  } else if (same && b->gaps.count) {
    b->gaps.items[b->gaps.count - 1].ends_ms = to;
  } else if (crew->count) {
    i64 *ids = arena_alloc(b->arena, crew->count * sizeof(i64));
    memcpy(ids, crew->ids, crew->count * sizeof(i64));
    *VEC_PUSH(b->arena, &b->shifts) = (Shift){from, to, ids, crew->count, source};
  } else {
    *VEC_PUSH(b->arena, &b->gaps) = (Shift){.starts_ms = from, .ends_ms = to};
  }
  b->last = *crew;
  b->started = true;
}

static ShiftList shift_list(const void *items, size_t count) {
  return (ShiftList){(Shift *)(uintptr_t)items, count};
}

static void render_layer(Rendering *r, size_t layer, ShiftList *out) {
  ShiftBuilder b = {.arena = r->arena};
  const LayerSpans *spans = &r->spans[layer];
  i64 end = INT64_MIN;
  for (size_t i = 0; i < spans->count; i++) {
    Crew crew = {0}, none = {0};
    const Turn *turn = &r->layers[layer].turns[spans->items[i].turn];
    for (size_t k = 0; k < turn->user_count; k++) crew_add(&crew, turn->user_ids[k]);
    if (spans->items[i].from_ms > end && end != INT64_MIN)
      push_stretch(&b, end, spans->items[i].from_ms, &none, STR_NONE);
    push_stretch(&b, spans->items[i].from_ms, spans->items[i].to_ms, &crew, r->layers[layer].name);
    end = spans->items[i].to_ms;
  }
  *out = shift_list(b.shifts.items, b.shifts.count);
}

static void collect_instants(Rendering *r, i64 from, i64 to, Instants *at) {
  *VEC_PUSH(r->arena, at) = from;
  *VEC_PUSH(r->arena, at) = to;
  for (size_t l = 0; l < r->layer_count; l++)
    for (size_t i = 0; i < r->spans[l].count; i++) {
      add_instant(r->arena, at, r->spans[l].items[i].from_ms, from, to);
      add_instant(r->arena, at, r->spans[l].items[i].to_ms, from, to);
    }
  for (size_t i = 0; i < r->override_count; i++) {
    add_instant(r->arena, at, r->overrides[i].starts_ms, from, to);
    add_instant(r->arena, at, r->overrides[i].ends_ms, from, to);
  }
  sort_unique(at);
}

bool oncall_render(Arena *arena, ZoneDb *zones, const Value *layers, const Zone *zone, const Override *overrides,
                   size_t override_count, i64 from_ms, i64 to_ms, Rendered *out, Error *err) {
  if (to_ms <= from_ms || to_ms - from_ms > RANGE_MAX_MS)
    return fail(err, ERR_INVALID, "the range must end after it starts and be at most 400 days long");
  size_t count = value_is(layers, VALUE_LIST) ? layers->size : 0;
  Rendering r = {.arena = arena,
                 .layers = ARENA_ARRAY(arena, Layer, count + 1),
                 .spans = ARENA_ARRAY(arena, LayerSpans, count + 1),
                 .cursor = ARENA_ARRAY(arena, size_t, count + 1),
                 .overrides = overrides,
                 .override_count = override_count};
  *out = (Rendered){.layers = ARENA_ARRAY(arena, ShiftList, count + 1),
                    .layer_names = ARENA_ARRAY(arena, Str, count + 1),
                    .layer_count = count};
  for (size_t i = 0; i < count; i++, r.layer_count++) {
    if (!layer_read(arena, zones, value_at(layers, i), zone, i, &r.layers[i], err)) return false;
    layer_spans(arena, &r.layers[i], from_ms, to_ms, &r.spans[i]);
    out->layer_names[i] = r.layers[i].name;
    render_layer(&r, i, &out->layers[i]);
  }
  Instants at = {0};
  collect_instants(&r, from_ms, to_ms, &at);
  ShiftBuilder b = {.arena = arena};
  for (size_t i = 0; i + 1 < at.count; i++) {
    Str source = STR_NONE;
    Crew crew = final_crew(&r, at.items[i], &source);
    push_stretch(&b, at.items[i], at.items[i + 1], &crew, source);
  }
  out->final = shift_list(b.shifts.items, b.shifts.count);
  out->gaps = shift_list(b.gaps.items, b.gaps.count);
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

/* A layer whose schedule skips who is absent: their turn is held by the rest of its set, else by the next participants
 * in the list, for as long as the absence lasts. Later turns do not move. */
#include <stdlib.h>

#include "core/oncall/layer.h"

typedef VEC(LayerSpan) Spans;
typedef VEC(i64) Instants;

typedef struct Absences {
  const Absence *items;
  size_t count;
} Absences;

static bool is_absent(Absences absences, i64 user_id, i64 t) {
  for (size_t i = 0; i < absences.count; i++) {
    const Absence *a = &absences.items[i];
    if (a->user_id == user_id && t >= a->starts_ms && t < a->ends_ms) return true;
  }
  return false;
}

/* Those of them who are there; false when nobody is. */
static bool present(Arena *arena, const i64 *those, size_t count, Absences absences, LayerSpan *out) {
  i64 *ids = ARENA_ARRAY(arena, i64, count + 1);
  out->user_count = 0;
  for (size_t i = 0; i < count; i++)
    if (!is_absent(absences, those[i], out->from_ms)) ids[out->user_count++] = those[i];
  out->user_ids = ids;
  return out->user_count > 0;
}

/* A piece in which nobody comes or goes. */
static void fill(Arena *arena, const Layer *layer, Absences absences, LayerSpan *piece) {
  if (layer->shift_count) { /* nobody comes next */
    (void)present(arena, piece->user_ids, piece->user_count, absences, piece);
    return;
  }
  for (size_t step = 0; step < layer->turn_count; step++) {
    piece->turn = (piece->given_turn + step) % layer->turn_count;
    const Turn *turn = &layer->turns[piece->turn];
    if (present(arena, turn->user_ids, turn->user_count, absences, piece)) return;
  }
  piece->turn = piece->given_turn;
}

static int compare_i64(const void *a, const void *b) {
  i64 x = *(const i64 *)a, y = *(const i64 *)b;
  return x < y ? -1 : x > y;
}

static void cut(Arena *arena, const Layer *layer, Absences absences, const LayerSpan *span, Spans *out) {
  Instants at = {0};
  *VEC_PUSH(arena, &at) = span->from_ms;
  *VEC_PUSH(arena, &at) = span->to_ms;
  for (size_t i = 0; i < absences.count; i++) {
    const i64 edges[] = {absences.items[i].starts_ms, absences.items[i].ends_ms};
    for (size_t e = 0; e < COUNT(edges); e++)
      if (edges[e] > span->from_ms && edges[e] < span->to_ms) *VEC_PUSH(arena, &at) = edges[e];
  }
  qsort(at.items, at.count, sizeof at.items[0], compare_i64);
  for (size_t i = 0; i + 1 < at.count; i++) {
    if (at.items[i] == at.items[i + 1]) continue;
    LayerSpan piece = *span;
    piece.from_ms = at.items[i];
    piece.to_ms = at.items[i + 1];
    fill(arena, layer, absences, &piece);
    *VEC_PUSH(arena, out) = piece;
  }
}

void layer_skip_absent(Arena *arena, const Layer *layer, const Absence *absences, size_t count, LayerSpans *spans) {
  Spans out = {0};
  if (count == 0) return;
  for (size_t i = 0; i < spans->count; i++) {
    const LayerSpan *span = &spans->items[i];
    if (span->user_count == 0)
      *VEC_PUSH(arena, &out) = *span; /* nobody, on purpose */
    else
      cut(arena, layer, (Absences){absences, count}, span, &out);
  }
  *spans = (LayerSpans){out.items, out.count};
}

/* Which pairs are worth a look, without looking at all: an index of those that came before, by service and by the rarer
 * part of their texts. Two texts that are equal by three quarters share one of the rarest quarter of each one's
 * shingles (prefix filtering), and less alike ones only score enough when their services are near. Cost: for each item
 * its rare shingles and the services near it, and at most NEAR_MAX others, the last ones in time. */
#include "core/alerts/together.h"

#include <math.h>
#include <stdlib.h>

enum { BUCKET_MAX = 50, NEAR_MAX = 200 };
/* Without a way between their services: 0.4 text + 0.3 time reaches 0.6 only from here. */
#define TEXT_ALONE 0.75

typedef VEC(size_t) Bucket; /* items, by time */

typedef struct Indexing {
  Arena *arena;
  const TogetherItem *items;
  Map *counts, *texts, *services;
  size_t *asked; /* item -> 1 + the last one that was compared with it */
  const TogetherLook *look;
} Indexing;

static Str hash_key(const u64 *hash) {
  return (Str){(const char *)hash, sizeof *hash};
}

static Str id_key(const i64 *id) {
  return (Str){(const char *)id, sizeof *id};
}

static void count_shingles(Indexing *x, size_t count) {
  for (size_t i = 0; i < count; i++)
    for (size_t k = 0; k < x->items[i].shingles.count; k++) {
      void **slot = map_slot(x->counts, hash_key(&x->items[i].shingles.items[k]));
      if (!*slot) *slot = ARENA_NEW(x->arena, size_t);
      ++*(size_t *)*slot;
    }
}

typedef struct Rare {
  u64 hash;
  size_t count;
} Rare;

static int rarer(const void *a, const void *b) {
  const Rare *x = a, *y = b;
  if (x->count != y->count) return x->count < y->count ? -1 : 1;
  return (x->hash > y->hash) - (x->hash < y->hash);
}

static size_t rare_shingles(Indexing *x, const Shingles *s, Rare **out) {
  Rare *all = ARENA_ARRAY(x->arena, Rare, s->count + 1);
  for (size_t i = 0; i < s->count; i++)
    all[i] = (Rare){s->items[i], *(const size_t *)map_get(x->counts, hash_key(&s->items[i]))};
  if (s->count) qsort(all, s->count, sizeof *all, rarer);
  *out = all;
  return s->count ? s->count - (size_t)ceil(TEXT_ALONE * (double)s->count) + 1 : 0;
}

static void ask(Indexing *x, size_t at, const Bucket *bucket, size_t *near) {
  for (size_t seen = 0; bucket && seen < bucket->count && seen < BUCKET_MAX && *near < NEAR_MAX; seen++) {
    size_t other = bucket->items[bucket->count - 1 - seen];
    if (x->items[at].at_ms - x->items[other].at_ms > TOGETHER_APART_MS) return;
    if (x->asked[other] == at + 1) continue;
    x->asked[other] = at + 1;
    ++*near;
    x->look->pair(x->look->ctx, other, at);
  }
}

static void keep(Indexing *x, Map *map, Str key, size_t at) {
  void **slot = map_slot(map, key);
  if (!*slot) *slot = ARENA_NEW(x->arena, Bucket);
  Bucket *bucket = *slot;
  *VEC_PUSH(x->arena, bucket) = at;
}

static void look_at(Indexing *x, size_t at) {
  const TogetherItem *item = &x->items[at];
  const i64 *services = NULL;
  Rare *rare = NULL;
  size_t near = 0, texts = rare_shingles(x, &item->shingles, &rare),
         count = item->service_id ? x->look->near(x->look->ctx, item->service_id, &services) : 0;
  if (item->service_id) ask(x, at, map_get(x->services, id_key(&item->service_id)), &near);
  for (size_t i = 0; i < count; i++) ask(x, at, map_get(x->services, id_key(&services[i])), &near);
  for (size_t i = 0; i < texts; i++) {
    ask(x, at, map_get(x->texts, hash_key(&rare[i].hash)), &near);
    keep(x, x->texts, hash_key(&rare[i].hash), at);
  }
  if (item->service_id) keep(x, x->services, id_key(&item->service_id), at);
}

void together_pairs(Arena *arena, const TogetherItem *items, size_t count, const TogetherLook *look) {
  Indexing x = {.arena = arena,
                .items = items,
                .counts = map_new(arena),
                .texts = map_new(arena),
                .services = map_new(arena),
                .asked = ARENA_ARRAY(arena, size_t, count + 1),
                .look = look};
  for (size_t i = 0; i < count; i++) x.asked[i] = 0;
  count_shingles(&x, count);
  for (size_t i = 0; i < count; i++) look_at(&x, i);
}

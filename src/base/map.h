/* Map: Str keys to pointers, keyed SipHash (keys come from input), open addressing, insertion order kept for iteration.
 * Keys are not copied: they must live as long as the map. Arena-owned; no removal of single keys (set NULL instead). */
#ifndef TOCSIN_BASE_MAP_H
#define TOCSIN_BASE_MAP_H

#include "base/str.h"

typedef struct Map Map;
typedef struct MapEntry {
  Str key;
  void *value;
  u64 hash;
} MapEntry;

Map *map_new(Arena *arena);
/* Returns the stored value or NULL. */
void *map_get(const Map *map, Str key);
/* Returns the old value or NULL. */
void *map_set(Map *map, Str key, void *value);
/* The slot of the key, made (NULL value) when absent. Valid until the next insertion. */
void **map_slot(Map *map, Str key);
size_t map_count(const Map *map);
/* i in 0..count-1, in order of insertion. */
const MapEntry *map_at(const Map *map, size_t i);

/* SipHash-2-4 under the process's random key. */
u64 hash_keyed(Str bytes);
/* xxh3: stable for ever, for hashes that are stored. */
u64 hash_stable(Str bytes);

#endif

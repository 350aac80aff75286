/* Map: entries lie in order of insertion; beside them an index of u32 places (entry + 1, 0 is free), a power of two in
 * size and at most three quarters full, searched in a line. Both double, so an insertion costs O(1) on average. */
#include "base/map.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>
#include <xxhash.h>

#include "base/random.h"

enum { FIRST_PLACES = 16 };
/* u32 places and doubling: more entries than this are a defect of the caller's ceilings. */
#define ENTRIES_MAX ((size_t)1 << 30)

struct Map {
  Arena *arena;
  MapEntry *entries;
  size_t count;
  size_t capacity;
  u32 *places;
  size_t place_count;
};

/* Made once, before its first use; the same for the life of the process. */
static u8 process_key[crypto_shorthash_KEYBYTES];
static pthread_once_t process_key_once = PTHREAD_ONCE_INIT;

static void make_process_key(void) {
  random_bytes(process_key, sizeof(process_key));
}

u64 hash_keyed(Str bytes) {
  _Static_assert(crypto_shorthash_BYTES == sizeof(u64), "the hash is one word");
  pthread_once(&process_key_once, make_process_key);
  u64 hash;
  const char *ptr = bytes.len ? bytes.ptr : "";
  crypto_shorthash((u8 *)&hash, (const u8 *)ptr, bytes.len, process_key);
  return hash;
}

u64 hash_stable(Str bytes) {
  return XXH3_64bits(bytes.len ? bytes.ptr : "", bytes.len);
}

Map *map_new(Arena *arena) {
  Map *map = ARENA_NEW(arena, Map);
  map->arena = arena;
  return map;
}

/* The place that holds the key, or the free one where it would go. There is always a free place. */
static size_t find_place(const Map *map, Str key, u64 hash) {
  size_t mask = map->place_count - 1;
  for (size_t place = hash & mask;; place = (place + 1) & mask) {
    if (map->places[place] == 0) return place;
    const MapEntry *entry = &map->entries[map->places[place] - 1];
    if (entry->hash == hash && str_equal(entry->key, key)) return place;
  }
}

static void widen_index(Map *map) {
  map->place_count = map->place_count ? map->place_count * 2 : FIRST_PLACES;
  map->places = ARENA_ARRAY(map->arena, u32, map->place_count);
  for (size_t i = 0; i < map->count; i++) {
    const MapEntry *entry = &map->entries[i];
    map->places[find_place(map, entry->key, entry->hash)] = (u32)(i + 1);
  }
}

void *map_get(const Map *map, Str key) {
  if (map->count == 0) return NULL;
  u32 at = map->places[find_place(map, key, hash_keyed(key))];
  return at ? map->entries[at - 1].value : NULL;
}

void **map_slot(Map *map, Str key) {
  if ((map->count + 1) * 4 > map->place_count * 3) widen_index(map);
  u64 hash = hash_keyed(key);
  size_t place = find_place(map, key, hash);
  if (map->places[place] == 0) {
    ASSERT(map->count < ENTRIES_MAX);
    map->entries = vec_reserve(map->arena, map->entries, map->count, &map->capacity, sizeof(MapEntry));
    map->entries[map->count++] = (MapEntry){.key = key, .hash = hash};
    map->places[place] = (u32)map->count;
  }
  return &map->entries[map->places[place] - 1].value;
}

void *map_set(Map *map, Str key, void *value) {
  void **slot = map_slot(map, key);
  void *old = *slot;
  *slot = value;
  return old;
}

size_t map_count(const Map *map) {
  return map->count;
}

const MapEntry *map_at(const Map *map, size_t i) {
  ASSERT(i < map->count);
  return &map->entries[i];
}

/* The hash map: entries in order of insertion, and an open-addressing table of their positions (0: free, else position + 1).
 * At most three quarters full. */
#include <pthread.h>
#include <string.h>

#include <sodium.h>
#include <xxhash.h>

#include "base/map.h"
#include "base/random.h"

struct Map {
  Arena *arena;
  MapEntry *entries;
  size_t count, capacity;
  u32 *table;
  size_t table_size;
};

enum { TABLE_FIRST = 16 };

/* One key a process, made before its first use and never changed. */
static u8 hash_key[crypto_shorthash_KEYBYTES];
static pthread_once_t hash_key_once = PTHREAD_ONCE_INIT;
static void make_hash_key(void) { random_bytes(hash_key, sizeof hash_key); }

u64 hash_keyed(Str bytes) {
  u8 out[crypto_shorthash_BYTES];
  u64 hash;
  pthread_once(&hash_key_once, make_hash_key);
  crypto_shorthash(out, (const u8 *)(bytes.ptr ? bytes.ptr : ""), bytes.len, hash_key);
  memcpy(&hash, out, sizeof hash);
  return hash;
}

u64 hash_stable(Str bytes) { return XXH3_64bits(bytes.ptr ? bytes.ptr : "", bytes.len); }

Map *map_new(Arena *arena) {
  Map *map = ARENA_NEW(arena, Map);
  map->arena = arena;
  map->table_size = TABLE_FIRST;
  map->table = ARENA_ARRAY(arena, u32, TABLE_FIRST);
  return map;
}

/* The table's place of the key, or the free place where it would go. */
static size_t find(const Map *map, Str key, u64 hash) {
  size_t mask = map->table_size - 1, i = hash & mask;
  while (map->table[i]) {
    const MapEntry *entry = &map->entries[map->table[i] - 1];
    if (entry->hash == hash && str_equal(entry->key, key)) return i;
    i = (i + 1) & mask;
  }
  return i;
}

static void grow_table(Map *map) {
  map->table_size *= 2;
  map->table = ARENA_ARRAY(map->arena, u32, map->table_size);
  size_t mask = map->table_size - 1;
  for (size_t e = 0; e < map->count; e++) {
    size_t i = map->entries[e].hash & mask;
    while (map->table[i]) i = (i + 1) & mask;
    map->table[i] = (u32)e + 1;
  }
}

void *map_get(const Map *map, Str key) {
  if (map->count == 0) return NULL;
  size_t i = find(map, key, hash_keyed(key));
  return map->table[i] ? map->entries[map->table[i] - 1].value : NULL;
}

void **map_slot(Map *map, Str key) {
  u64 hash = hash_keyed(key);
  size_t i = find(map, key, hash);
  if (map->table[i]) return &map->entries[map->table[i] - 1].value;
  if ((map->count + 1) * 4 > map->table_size * 3) {
    grow_table(map);
    i = find(map, key, hash);
  }
  map->entries = vec_reserve(map->arena, map->entries, map->count, &map->capacity, sizeof(MapEntry));
  map->entries[map->count] = (MapEntry){.key = key, .hash = hash};
  map->table[i] = (u32)++map->count;
  return &map->entries[map->count - 1].value;
}

void *map_set(Map *map, Str key, void *value) {
  void **slot = map_slot(map, key);
  void *old = *slot;
  *slot = value;
  return old;
}

size_t map_count(const Map *map) { return map->count; }
const MapEntry *map_at(const Map *map, size_t i) {
  ASSERT(i < map->count);
  return &map->entries[i];
}

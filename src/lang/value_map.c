/* Maps: members in their order and, from VALUE_INDEX_MIN of them on, an index behind them in the same allocation: a
 * power of two of u32 slots, at most half full, holding place + 1 or 0, probed in a line. Hashes are keyed (SipHash):
 * the keys come from senders we do not know. */
#include "lang/value_map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A whole double is the integer it says, a UINT that fits an INT: then equal keys have equal bits. */
static Value key_plain(const Value *key) {
  if (key->kind == VALUE_UINT && key->u <= INT64_MAX) return value_int((i64)key->u);
  if (key->kind != VALUE_DOUBLE || floor(key->d) != key->d) return *key;
  if (key->d >= -0x1p63 && key->d < 0x1p63) return value_int((i64)key->d);
  if (key->d >= 0x1p63 && key->d < 0x1p64) return value_uint((u64)key->d);
  return *key;
}

static bool is_text(const Value *key) {
  return key->kind == VALUE_STRING || key->kind == VALUE_BYTES;
}

static inline bool text_keys_equal(const Value *a, const Value *b) {
  return a->size == b->size && (a->size == 0 || (a->text[0] == b->text[0] && memcmp(a->text, b->text, a->size) == 0));
}

static bool keys_equal(const Value *a, const Value *b) {
  if (a->kind == VALUE_STRING && b->kind == VALUE_STRING) return text_keys_equal(a, b);
  if (is_text(a) || is_text(b)) return a->kind == b->kind && text_keys_equal(a, b);
  Value left = key_plain(a), right = key_plain(b);
  if (left.kind != right.kind) return false;
  switch ((ValueKind)left.kind) {
  case VALUE_BOOL: return left.b == right.b;
  case VALUE_INT: return left.i == right.i;
  case VALUE_UINT: return left.u == right.u;
  default: return value_equal(&left, &right);
  }
}

enum { KEY_CODE_BYTES = 10 };

/* A key that is not a string as bytes that no string has (they begin with 0xff), for hashing. */
static Str key_code(const Value *key, char out[KEY_CODE_BYTES]) {
  Value plain = key_plain(key);
  u64 bits = plain.kind == VALUE_BOOL ? plain.b : plain.u;
  out[0] = (char)0xff;
  out[1] = (char)plain.kind;
  memcpy(out + 2, &bits, sizeof bits);
  return (Str){out, KEY_CODE_BYTES};
}

static u64 key_hash(const Value *key) {
  char code[KEY_CODE_BYTES];
  return hash_keyed(is_text(key) ? value_text(key) : key_code(key, code));
}

/* The index ------------------------------------------------------------------------------------------------------- */

static size_t slot_count(size_t members) {
  size_t slots = 64;
  while (slots < members * 2) slots *= 2;
  return slots;
}

static u32 *index_slots(const Member *members, size_t count) {
  return (u32 *)(uintptr_t)(members + count);
}

/* The slot of this key, or the empty one where it belongs. */
static u32 *index_find(u32 *slots, size_t slots_count, const Member *members, const Value *key) {
  size_t mask = slots_count - 1;
  size_t at = (size_t)key_hash(key) & mask;
  while (slots[at] != 0 && !keys_equal(&members[slots[at] - 1].key, key)) at = (at + 1) & mask;
  return &slots[at];
}

size_t map_bytes(const Value *map) {
  size_t bytes = map->size * sizeof(Member);
  return map->flags & VALUE_INDEXED ? bytes + slot_count(map->size) * sizeof(u32) : bytes;
}

static const Member *scan(const Value *map, const Value *key) {
  for (u32 i = 0; i < map->size; i++)
    if (keys_equal(&map->members[i].key, key)) return &map->members[i];
  return NULL;
}

const Value *value_get_key(const Value *map, const Value *key) {
  if (!value_is(map, VALUE_MAP)) return NULL;
  if (!(map->flags & VALUE_INDEXED)) {
    const Member *member = scan(map, key);
    return member ? &member->value : NULL;
  }
  u32 *slot = index_find(index_slots(map->members, map->size), slot_count(map->size), map->members, key);
  return *slot ? &map->members[*slot - 1].value : NULL;
}

const Value *value_get(const Value *map, Str key) {
  if (key.len > UINT32_MAX) return NULL;
  Value wanted = value_string(key);
  return value_get_key(map, &wanted);
}

static int member_order(const void *a, const void *b) {
  return value_compare(&(*(const Member *const *)a)->key, &(*(const Member *const *)b)->key);
}

const Member **map_sorted(const Value *map) {
  if (map->size == 0) return NULL;
  const Member **sorted = xmalloc(map->size * sizeof *sorted);
  for (u32 i = 0; i < map->size; i++) sorted[i] = &map->members[i];
  qsort(sorted, map->size, sizeof *sorted, member_order);
  return sorted;
}

/* Building -------------------------------------------------------------------------------------------------------- */

static void note_duplicate(Duplicates *duplicates, const Value *key) {
  if (duplicates && duplicates->count++ == 0) duplicates->key = *key;
}

/* Few members: every pair is looked at, 120 at most. Returns how many are left. */
static size_t drop_duplicates(Member *members, size_t count, Duplicates *duplicates) {
  size_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    size_t same = 0;
    while (same < kept && !keys_equal(&members[same].key, &members[i].key)) same++;
    if (same < kept) {
      members[same].value = members[i].value;
      note_duplicate(duplicates, &members[i].key);
    } else {
      if (kept != i) members[kept] = members[i];
      kept++;
    }
  }
  return kept;
}

static Value map_small(Arena *arena, Member *members, size_t count, Duplicates *duplicates) {
  size_t kept = drop_duplicates(members, count, duplicates);
  Member *copy = arena_alloc(arena, kept * sizeof(Member));
  if (kept) memcpy(copy, members, kept * sizeof(Member));
  return (Value){.kind = VALUE_MAP, .size = (u32)kept, .members = copy};
}

/* Fills the slots; with `members` it also closes the gaps that duplicates leave. Returns how many are left. */
static size_t index_fill(u32 *slots, size_t slots_count, Member *members, size_t count, Duplicates *duplicates) {
  size_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    u32 *slot = index_find(slots, slots_count, members, &members[i].key);
    if (*slot) {
      members[*slot - 1].value = members[i].value;
      note_duplicate(duplicates, &members[i].key);
      continue;
    }
    if (kept != i) members[kept] = members[i];
    *slot = (u32)++kept;
  }
  return kept;
}

static Value map_large(Arena *arena, Member *members, size_t count, Duplicates *duplicates) {
  size_t slots_count = slot_count(count), bytes = count * sizeof(Member);
  ArenaMark mark = arena_mark(arena);
  Member *copy = arena_alloc(arena, bytes + slots_count * sizeof(u32));
  u32 *slots = index_slots(copy, count);
  memcpy(copy, members, bytes);
  memset(slots, 0, slots_count * sizeof(u32));
  size_t kept = index_fill(slots, slots_count, copy, count, duplicates);
  if (kept == count) return (Value){.kind = VALUE_MAP, .flags = VALUE_INDEXED, .size = (u32)count, .members = copy};
  memcpy(members, copy,
         kept * sizeof(Member)); /* the index sits in the wrong place now: once more, without duplicates */
  arena_rewind(arena, mark);
  return map_of(arena, members, kept, NULL);
}

Value map_of(Arena *arena, Member *members, size_t count, Duplicates *duplicates) {
  ASSERT(count <= UINT32_MAX / 4);
  return count < VALUE_INDEX_MIN ? map_small(arena, members, count, duplicates)
                                 : map_large(arena, members, count, duplicates);
}

MapBuilder map_builder(Arena *arena) {
  return (MapBuilder){.arena = arena};
}

static Str seen_key(Arena *arena, const Value *key) {
  if (is_text(key)) return value_text(key);
  char code[KEY_CODE_BYTES];
  return str_copy(arena, key_code(key, code));
}

static Member *builder_find(MapBuilder *builder, const Value *key) {
  if (builder->count < VALUE_INDEX_MIN) {
    for (size_t i = 0; i < builder->count; i++)
      if (keys_equal(&builder->members[i].key, key)) return &builder->members[i];
    return NULL;
  }
  if (!builder->seen) {
    builder->seen = map_new(builder->arena);
    for (size_t i = 0; i < builder->count; i++)
      map_set(builder->seen, seen_key(builder->arena, &builder->members[i].key), (void *)(uintptr_t)(i + 1));
  }
  void **place = map_slot(builder->seen, seen_key(builder->arena, key));
  if (*place) return &builder->members[(uintptr_t)*place - 1];
  *place = (void *)(uintptr_t)(builder->count + 1); /* the caller appends */
  return NULL;
}

bool map_put_value(MapBuilder *builder, Value key, Value value) {
  Member *member = builder_find(builder, &key);
  if (member) {
    member->value = value;
    return true;
  }
  builder->members = vec_reserve(builder->arena, builder->members, builder->count, &builder->capacity, sizeof(Member));
  builder->members[builder->count++] = (Member){key, value};
  return false;
}

bool map_put(MapBuilder *builder, Str key, Value value) {
  return map_put_value(builder, value_string(key), value);
}

bool map_put_c(MapBuilder *builder, const char *key, Value value) {
  return map_put_value(builder, value_c(key), value);
}

Value map_done(MapBuilder *builder) {
  if (builder->count >= VALUE_INDEX_MIN) return map_of(builder->arena, builder->members, builder->count, NULL);
  return (Value){.kind = VALUE_MAP, .size = (u32)builder->count, .members = builder->members};
}

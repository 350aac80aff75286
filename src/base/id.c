/* Ids: the generator counts in one word, (ms << 12 | sequence), moved by compare and swap. When the clock stands or
 * goes back the sequence goes on; when it is used up the next millisecond is borrowed. So ids never go back. */
#include "base/id.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum {
  SEQUENCE_BITS = 12,
  NODE_BITS = 10,
  MS_BITS = 41,
  DIGIT_BITS = 5,
  PREFIX_BYTES_MAX = ID_TEXT_MAX - ID_DIGITS - 1
};
#define EPOCH_MS      INT64_C(1735689600000) /* 2025-01-01T00:00:00Z */
#define SEQUENCE_MASK ((UINT64_C(1) << SEQUENCE_BITS) - 1)
#define NODE_MAX      ((1u << NODE_BITS) - 1)

static const char DIGITS[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static u64 ms_since_epoch(i64 time_ms) {
  i64 highest = (INT64_C(1) << MS_BITS) - 1; /* in 2094 */
  return (u64)MIN(MAX(time_ms - EPOCH_MS, 0), highest);
}

void id_gen_init(IdGen *gen, u32 node, i64 high_water) {
  ASSERT(node <= NODE_MAX);
  ASSERT(high_water >= 0);
  gen->node = node;
  /* The rest of that millisecond is left: another node's number may have been in the id. */
  u64 last = high_water ? (u64)high_water >> (NODE_BITS + SEQUENCE_BITS) << SEQUENCE_BITS | SEQUENCE_MASK : 0;
  atomic_init(&gen->last, last);
}

i64 id_next(IdGen *gen) {
  u64 now = ms_since_epoch(clock_true_ms()) << SEQUENCE_BITS;
  u64 last = atomic_load_explicit(&gen->last, memory_order_relaxed);
  u64 next;
  do next = MAX(now, last + 1);
  while (!atomic_compare_exchange_weak_explicit(&gen->last, &last, next, memory_order_relaxed, memory_order_relaxed));
  ASSERT(next >> (MS_BITS + SEQUENCE_BITS) == 0); /* the 41 bits end in 2094 */
  return (i64)((next >> SEQUENCE_BITS << NODE_BITS | gen->node) << SEQUENCE_BITS | (next & SEQUENCE_MASK));
}

i64 id_time_ms(i64 id) {
  return EPOCH_MS + (id >> (NODE_BITS + SEQUENCE_BITS));
}

i64 id_at_time(i64 time_ms) {
  return (i64)(ms_since_epoch(time_ms) << (NODE_BITS + SEQUENCE_BITS));
}

void id_digits(i64 id, char out[ID_DIGITS]) {
  u64 rest = (u64)id;
  for (size_t i = ID_DIGITS; i-- > 0; rest >>= DIGIT_BITS) out[i] = DIGITS[rest & 31];
}

Str id_text(Arena *arena, const char *prefix, i64 id) {
  size_t bytes = strlen(prefix);
  ASSERT(bytes <= PREFIX_BYTES_MAX);
  char *text = arena_alloc(arena, bytes + 1 + ID_DIGITS + 1);
  memcpy(text, prefix, bytes);
  text[bytes] = '_';
  id_digits(id, text + bytes + 1);
  text[bytes + 1 + ID_DIGITS] = 0;
  return (Str){text, bytes + 1 + ID_DIGITS};
}

static int digit_value(char c) {
  if (c >= 'a' && c <= 'z') c = (char)(c - 'a' + 'A');
  if (c == 'O') return 0;
  if (c == 'I' || c == 'L') return 1;
  const char *at = c ? strchr(DIGITS, c) : NULL;
  return at ? (int)(at - DIGITS) : -1;
}

bool id_parse(const char *prefix, Str text, i64 *out) {
  Str word = str_from_c(prefix);
  if (text.len != word.len + 1 + ID_DIGITS || text.ptr[word.len] != '_') return false;
  if (!str_equal_nocase(str_slice(text, 0, word.len), word)) return false;
  u64 id = 0;
  for (size_t i = word.len + 1; i < text.len; i++) {
    int value = digit_value(text.ptr[i]);
    if (value < 0 || id >> (63 - DIGIT_BITS)) return false; /* 63 bits: an id is positive */
    id = id << DIGIT_BITS | (u64)value;
  }
  if (id == 0) return false;
  *out = (i64)id;
  return true;
}

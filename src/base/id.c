/* Ids: (ms since 2025 << 22) | (node << 12) | sequence. `last` holds (ms << 12 | sequence), so that it only ever counts up. */
#include <string.h>

#include "base/clock.h"
#include "base/id.h"

enum { SEQUENCE_BITS = 12, NODE_BITS = 10 };
static const i64 EPOCH_2025_MS = 1735689600000;
static const char DIGITS[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static u64 without_node(i64 id) {
  u64 bits = (u64)id;
  return bits >> (SEQUENCE_BITS + NODE_BITS) << SEQUENCE_BITS | (bits & ((1u << SEQUENCE_BITS) - 1));
}

void id_gen_init(IdGen *gen, u32 node, i64 high_water) {
  ASSERT(node < 1u << NODE_BITS);
  gen->node = node;
  atomic_store(&gen->last, high_water > 0 ? without_node(high_water) : 0);
}

i64 id_next(IdGen *gen) {
  u64 now = (u64)(clock_true_ms() - EPOCH_2025_MS) << SEQUENCE_BITS;
  u64 last = atomic_load(&gen->last), next;
  do next = now > last ? now : last + 1;
  while (!atomic_compare_exchange_weak(&gen->last, &last, next));
  u64 ms = next >> SEQUENCE_BITS, sequence = next & ((1u << SEQUENCE_BITS) - 1);
  return (i64)(ms << (SEQUENCE_BITS + NODE_BITS) | (u64)gen->node << SEQUENCE_BITS | sequence);
}

i64 id_time_ms(i64 id) { return (i64)((u64)id >> (SEQUENCE_BITS + NODE_BITS)) + EPOCH_2025_MS; }

i64 id_at_time(i64 time_ms) {
  return time_ms <= EPOCH_2025_MS ? 0 : (time_ms - EPOCH_2025_MS) << (SEQUENCE_BITS + NODE_BITS);
}

void id_digits(i64 id, char out[ID_DIGITS]) {
  u64 bits = (u64)id;
  for (int i = ID_DIGITS - 1; i >= 0; i--) {
    out[i] = DIGITS[bits & 31];
    bits >>= 5;
  }
}

Str id_text(Arena *arena, const char *prefix, i64 id) {
  size_t head = strlen(prefix);
  char *out = arena_alloc(arena, head + 1 + ID_DIGITS);
  memcpy(out, prefix, head);
  out[head] = '_';
  id_digits(id, out + head + 1);
  return (Str){out, head + 1 + ID_DIGITS};
}

static int digit_value(char c) {
  if (c >= 'a' && c <= 'z') c = (char)(c - 'a' + 'A');
  if (c == 'I' || c == 'L') c = '1';
  if (c == 'O') c = '0';
  const char *at = c ? memchr(DIGITS, c, 32) : NULL;
  return at ? (int)(at - DIGITS) : -1;
}

bool id_parse(const char *prefix, Str text, i64 *out) {
  size_t head = strlen(prefix);
  if (text.len != head + 1 + ID_DIGITS || memcmp(text.ptr, prefix, head) != 0 || text.ptr[head] != '_') return false;
  u64 bits = 0;
  for (size_t i = 0; i < ID_DIGITS; i++) {
    int value = digit_value(text.ptr[head + 1 + i]);
    if (value < 0 || bits >> 58) return false;
    bits = bits << 5 | (u64)value;
  }
  if (bits == 0 || bits > INT64_MAX) return false;
  *out = (i64)bits;
  return true;
}

/* A table of fixed size, so that nobody can fill the memory with addresses: a keyed hash finds a place among a few
 * neighbours, and a newcomer takes that of whoever has waited longest, which is the one that matters least. */
#include "core/api/limits.h"

#include <pthread.h>
#include <stdlib.h>

enum {
  SLOTS = 16384,
  NEIGHBOURS = 8,
  PARTS = 60000 /* of a request: what a limit of 1 a minute gains in 1 ms is one */
};

typedef struct Slot {
  u64 hash; /* 0: empty */
  i64 parts, at_ms;
} Slot;

struct Limits {
  pthread_mutex_t lock; /* guards the slots */
  Slot slots[SLOTS];
};

Limits *limits_new(void) {
  Limits *limits = xcalloc(1, sizeof *limits);
  pthread_mutex_init(&limits->lock, NULL);
  return limits;
}

void limits_free(Limits *limits) {
  if (!limits) return;
  pthread_mutex_destroy(&limits->lock);
  free(limits);
}

static Slot *slot_of(Limits *limits, u64 hash, i64 full, i64 now_ms) {
  Slot *oldest = NULL;
  for (size_t i = 0; i < NEIGHBOURS; i++) {
    Slot *slot = &limits->slots[(hash + i) % SLOTS];
    if (slot->hash == hash) return slot;
    if (!oldest || slot->at_ms < oldest->at_ms) oldest = slot;
  }
  *oldest = (Slot){hash, full, now_ms};
  return oldest;
}

bool limits_take(Limits *limits, Str who, i64 per_minute, i64 now_ms, LimitState *out) {
  i64 full = per_minute * PARTS;
  u64 hash = hash_keyed(who);
  pthread_mutex_lock(&limits->lock);
  Slot *slot = slot_of(limits, hash ? hash : 1, full, now_ms);
  i64 past_ms = MAX(now_ms - slot->at_ms, (i64)0);
  slot->parts = past_ms >= 60000 ? full : MIN(full, slot->parts + past_ms * per_minute);
  slot->at_ms = now_ms;
  bool taken = slot->parts >= PARTS;
  if (taken) slot->parts -= PARTS;
  i64 parts = slot->parts;
  pthread_mutex_unlock(&limits->lock);
  *out = (LimitState){.limit = per_minute,
                      .remaining = parts / PARTS,
                      .reset_s = ((full - parts) / per_minute + 999) / 1000,
                      .wait_ms = taken ? 0 : (PARTS - parts + per_minute - 1) / per_minute};
  return taken;
}

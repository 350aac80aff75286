/* The growing delay of sign-ins. Each account and each address has a slot in a table of fixed size, found by a keyed
 * hash: two that share a slot share their delay, which an attacker cannot aim for. An address is given more failures
 * than an account, because an office shares one. Half an hour after its last failure a slot is as new. */
#include <pthread.h>
#include <stdlib.h>

#include "core/identity/session.h"

enum {
  SLOTS = 16384,
  FREE_OF_ACCOUNT = 5,
  FREE_OF_ADDRESS = 20,
  FIRST_WAIT_MS = 1000,
  WAIT_MS_MAX = 15 * 60 * 1000,
  FORGOTTEN_MS = 30 * 60 * 1000
};

typedef struct Slot {
  u32 failures;
  i64 last_ms;
} Slot;

struct SignInGuard {
  pthread_mutex_t lock; /* guards the slots */
  Slot accounts[SLOTS], addresses[SLOTS];
};

SignInGuard *sign_in_guard_new(void) {
  SignInGuard *guard = xcalloc(1, sizeof *guard);
  pthread_mutex_init(&guard->lock, NULL);
  return guard;
}

void sign_in_guard_free(SignInGuard *guard) {
  if (!guard) return;
  pthread_mutex_destroy(&guard->lock);
  free(guard);
}

static Slot *slot_of(Slot *slots, Str name) {
  return &slots[hash_keyed(name) % SLOTS];
}

static i64 wait_of(const Slot *slot, u32 free_failures, i64 now_ms) {
  if (slot->failures < free_failures || now_ms - slot->last_ms >= FORGOTTEN_MS) return 0;
  u32 doublings = slot->failures - free_failures;
  i64 whole = doublings >= 10 ? WAIT_MS_MAX : (i64)FIRST_WAIT_MS << doublings;
  if (whole > WAIT_MS_MAX) whole = WAIT_MS_MAX;
  i64 left = slot->last_ms + whole - now_ms;
  return left > 0 ? left : 0;
}

i64 sign_in_guard_wait(SignInGuard *guard, Str account, Str address, i64 now_ms) {
  pthread_mutex_lock(&guard->lock);
  i64 one = wait_of(slot_of(guard->accounts, account), FREE_OF_ACCOUNT, now_ms);
  i64 other = wait_of(slot_of(guard->addresses, address), FREE_OF_ADDRESS, now_ms);
  pthread_mutex_unlock(&guard->lock);
  return one > other ? one : other;
}

static void count_failure(Slot *slot, i64 now_ms) {
  if (now_ms - slot->last_ms >= FORGOTTEN_MS) slot->failures = 0;
  slot->failures++;
  slot->last_ms = now_ms;
}

void sign_in_guard_failed(SignInGuard *guard, Str account, Str address, i64 now_ms) {
  pthread_mutex_lock(&guard->lock);
  count_failure(slot_of(guard->accounts, account), now_ms);
  count_failure(slot_of(guard->addresses, address), now_ms);
  pthread_mutex_unlock(&guard->lock);
}

void sign_in_guard_passed(SignInGuard *guard, Str account) {
  pthread_mutex_lock(&guard->lock);
  slot_of(guard->accounts, account)->failures = 0;
  pthread_mutex_unlock(&guard->lock);
}

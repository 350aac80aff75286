/* Clock: the only place that asks the system for the time. */
#include "base/clock.h"

#include <time.h>

static i64 read_us(clockid_t which) {
  struct timespec now;
  int rc = clock_gettime(which, &now);
  ASSERT(rc == 0);
  return (i64)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

i64 clock_true_ms(void) {
  return read_us(CLOCK_REALTIME) / 1000;
}

i64 clock_monotonic_us(void) {
  return read_us(CLOCK_MONOTONIC);
}

i64 clock_now(const Clock *clock) {
  return clock_true_ms() + atomic_load_explicit(&clock->offset_ms, memory_order_relaxed);
}

void clock_turn(Clock *clock, i64 by_ms) {
  atomic_fetch_add_explicit(&clock->offset_ms, by_ms, memory_order_relaxed);
}

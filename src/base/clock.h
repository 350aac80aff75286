/* Clock: the time that due times and windows follow. Tests turn it; leases, sockets and ids use the true one.
 * Milliseconds since the epoch. */
#ifndef TOCSIN_BASE_CLOCK_H
#define TOCSIN_BASE_CLOCK_H

#include <stdatomic.h>

#include "base/types.h"

typedef struct Clock {
  _Atomic i64 offset_ms; /* how far it was turned */
} Clock;

i64 clock_now(const Clock *clock);        /* true time plus offset */
void clock_turn(Clock *clock, i64 by_ms); /* forwards or back */
i64 clock_true_ms(void);
i64 clock_monotonic_us(void);

#endif

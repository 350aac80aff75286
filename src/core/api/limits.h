/* Limits: how many requests a minute somebody may make. A bucket holds a minute's worth and fills up steadily, so a
 * short burst is fine. In memory, of this node: several nodes count apart. Off unless somebody set a limit.
 * Thread-safe.
 */
#ifndef TOCSIN_CORE_API_LIMITS_H
#define TOCSIN_CORE_API_LIMITS_H

#include "base/base.h"

typedef struct Limits Limits;
typedef struct LimitState {
  i64 limit;     /* a minute */
  i64 remaining; /* whole requests that may come at once */
  i64 reset_s;   /* until the bucket is full */
  i64 wait_ms;   /* > 0: refused; the next request may come then */
} LimitState;

Limits *limits_new(void);
void limits_free(Limits *limits);
/* One request of `who`. False: too many. Cost: one lock, a few slots of a table of fixed size. */
bool limits_take(Limits *limits, Str who, i64 per_minute, i64 now_ms, LimitState *out);

#endif

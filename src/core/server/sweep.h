/* What the sweeps of old rows share (upkeep.c calls them; requests and alerts have a file each). A sweep works in small
 * slices until its time of this round is up; the next round goes on where it stopped. */
#ifndef TOCSIN_CORE_SWEEP_H
#define TOCSIN_CORE_SWEEP_H

#include "core/setup/setup.h"

enum { SWEEP_SLICE = 100, SWEEP_SLICES_MIN = 4, SWEEP_ROWS_MIN = 16 };

typedef struct Sweep {
  Cycle *cycle;
  const Setup *setup;
  i64 end_us; /* of the true clock: nothing begins after it, but for the least that a round does */
  size_t slices, rows;
  bool more; /* something is left for the next round */
} Sweep;

/* Asked before each slice. False: stop here; `more` is set. Some always go, however slow the storage is. */
static inline bool sweep_has_time(Sweep *sweep) {
  if (sweep->slices++ < SWEEP_SLICES_MIN || clock_monotonic_us() < sweep->end_us) return true;
  sweep->more = true;
  return false;
}
/* Asked after each row that cost a statement: likewise. */
static inline bool sweep_may_go_on(Sweep *sweep) {
  if (++sweep->rows < SWEEP_ROWS_MIN || clock_monotonic_us() < sweep->end_us) return true;
  sweep->more = true;
  return false;
}

typedef struct SweepPlace {
  i64 org_id;
  const char *name;
  i64 subject_id;
  i64 position, at_ms; /* at_ms: when the last pass ended */
} SweepPlace;
MUST_CHECK bool sweep_place_load(Cycle *cycle, SweepPlace *place, Error *err);
MUST_CHECK bool sweep_place_keep(Cycle *cycle, const SweepPlace *place, Error *err);

MUST_CHECK bool sweep_requests(Sweep *sweep, Error *err);
MUST_CHECK bool sweep_alerts(Sweep *sweep, Error *err);

#endif

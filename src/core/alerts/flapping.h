/* Flapping: an alert that its source opens and resolves again and again pages once, is told once, and is held until it
 * has been quiet for a while. Two thresholds: `flap_count` changes within `flap_window_s` begin it, none for
 * `flap_quiet_s` ends it. Receive time; kept over reopening and restart. */
#ifndef TOCSIN_CORE_ALERTS_FLAPPING_H
#define TOCSIN_CORE_ALERTS_FLAPPING_H

#include "core/alerts/batch.h"

/* After the rules decided about an alert that its source opened or resolved in this batch (alert->flips): counts, and
 * holds it while it flaps. The first page of an alert is never held. */
MUST_CHECK bool flapping_decide(Cycle *cycle, Alert *alert, Error *err);

/* Job kinds: alert.flap_quiet. */
extern const JobKind FLAPPING_JOBS[];

#endif

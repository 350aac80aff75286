/* What keeps alerts quiet, and what lets them go (quieting.c); over many of them, in slices (quiet_sweep.c). */
#ifndef TOCSIN_CORE_ALERTS_QUIETING_H
#define TOCSIN_CORE_ALERTS_QUIETING_H

#include "core/alerts/batch.h"
#include "core/quiet/quiet.h"
#include "core/quiet/silence.h"

/* What matchers see of an alert, as columns; one more may follow with the description, which only expressions see. */
#define QUIET_ROW_COLUMNS                                                                                              \
  "id, service_id, team_id, integration_id, priority, source, title, labels, dedup_key, source_priority, number, "     \
  "count, episode, status"
enum { QUIET_ROW_COUNT = 14 };
Alert alert_quiet_row(Arena *arena, const DbRow *row, i64 org_id);

/* Into its timeline: kind "held" or "hold_ended". */
MUST_CHECK bool alert_tell_hold(Cycle *cycle, const Alert *alert, const char *kind, const Hold *hold, Error *err);
/* Points into the alert and the picture. */
QuietSubject quiet_subject(Arena *arena, const Setup *setup, const Alert *alert, i64 now_ms);
/* Cancels its running pages, and its incident's when no other member is awake. */
MUST_CHECK bool alert_quiet_pages(Cycle *cycle, const Alert *alert, const char *reason, const Who *who, Error *err);
/* Some of its holds are gone: if none is left and it is triggered it runs its rules as new. Writes it. */
MUST_CHECK bool alert_released(Cycle *cycle, Alert *alert, PageGather *gather, Error *err);
/* Asks anew who holds it, does what follows, and writes it when anything changed. */
MUST_CHECK bool alert_requiet(Cycle *cycle, Alert *alert, PageGather *gather, Error *err);
/* The same, when a hold that it asks nobody about has gone already. */
MUST_CHECK bool alert_requiet_after(Cycle *cycle, Alert *alert, bool gone_before, PageGather *gather, Error *err);
/* It was resolved or dismissed: nothing holds it any more. */
MUST_CHECK bool alert_holds_end(Cycle *cycle, Alert *alert, Error *err);

/* Looks at every alert that this hold holds, or could hold by now: a job, in slices. */
typedef struct QuietSweep {
  i64 org_id, id;
  const char *reason;
  bool held_only; /* it ended: nobody is held anew */
  i64 at_ms;      /* 0: now, in place of what is planned; else then: holds of this id that end by the clock */
  bool release;   /* its own: a slice of such a one */
} QuietSweep;
MUST_CHECK bool quiet_sweep(Cycle *cycle, const QuietSweep *sweep, Error *err);

/* Job kinds: quiet.sweep, quiet.release. */
extern const JobKind QUIET_SWEEP_JOBS[];

#endif

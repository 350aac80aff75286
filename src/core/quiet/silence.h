/* The life of a silence: pending, active, ended. A job stands at each of its turns and looks at the row; what begins or
 * ends is swept over the alerts (core/alerts/quieting.h). All inside the cycle's transaction. */
#ifndef TOCSIN_CORE_SILENCE_H
#define TOCSIN_CORE_SILENCE_H

#include "core/quiet/quiet.h"

/* Its row was written or deleted: the set is stale, everybody is asked again, its job looks at it. */
MUST_CHECK bool silence_written(Cycle *cycle, i64 org_id, i64 id, bool deleted, Error *err);
/* Ends it now. One that has ended is no error (out_changed false). reason: "by hand", "time", "resolved", "idle". */
MUST_CHECK bool silence_end(Cycle *cycle, i64 org_id, i64 id, const Who *who, const char *reason, bool *out_changed,
                            Error *err);
/* An open alert that it held is over: one that ends with its alerts looks whether any is left. */
MUST_CHECK bool silence_let_go(Cycle *cycle, const Silence *silence, Error *err);

/* Job kinds: silence.turn. */
extern const JobKind SILENCE_JOBS[];

#endif

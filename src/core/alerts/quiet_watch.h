/* Nothing urgent is held for long without somebody knowing. */
#ifndef TOCSIN_CORE_ALERTS_QUIET_WATCH_H
#define TOCSIN_CORE_ALERTS_QUIET_WATCH_H

#include "core/app.h"

/* Job kinds: quiet.watch, which looks every few minutes, and when the next one has been held for `held_notice_s`. */
extern const JobKind QUIET_WATCH_JOBS[];
/* Arms it; for engine_run at start. */
bool quiet_watch_plan(Cycle *cycle, void *ctx, Error *err);

/* It was written or is gone: what it was told of is told again. */
MUST_CHECK bool quiet_watch_forget(Cycle *cycle, i64 org_id, i64 id, Error *err);

#endif

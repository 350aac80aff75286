/* Heartbeats: dead man's switches. Something calls /hb/{key} when it has done its work; when it does not in time, an
 * alert opens, and the next call closes it. */
#ifndef TOCSIN_CORE_HEARTBEATS_H
#define TOCSIN_CORE_HEARTBEATS_H

#include "core/app.h"

typedef enum Beat { BEAT_OK, BEAT_START, BEAT_FAIL, BEAT_LOG } Beat;

/* ERR_NOT_FOUND: no heartbeat has this key. exit_status -1: none was given. */
MUST_CHECK bool heartbeat_ping(Cycle *cycle, Str key, Beat beat, i64 exit_status, Str message, Error *err);
/* The verbs: paused, or armed (it is expected from now on). */
MUST_CHECK bool heartbeat_pause(Cycle *cycle, i64 id, Error *err);
MUST_CHECK bool heartbeat_arm(Cycle *cycle, i64 id, Error *err);
/* Its period or grace was changed: what is planned is planned anew. */
MUST_CHECK bool heartbeat_edited(Cycle *cycle, i64 id, bool deleted, Error *err);

extern const JobKind HEARTBEAT_JOBS[];

#endif

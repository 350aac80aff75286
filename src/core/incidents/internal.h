/* What the files of incidents share. */
#ifndef TOCSIN_CORE_INCIDENTS_INTERNAL_H
#define TOCSIN_CORE_INCIDENTS_INTERNAL_H

#include "core/incidents/incidents.h"

/* ERR_NOT_FOUND when it is not there. */
MUST_CHECK bool incident_must_load(Cycle *cycle, i64 id, Incident *out, Error *err);
/* A timeline entry, and the live event that goes with what it tells. */
MUST_CHECK bool incident_tell(Cycle *cycle, const Incident *incident, const char *kind, const Who *who, Str data,
                              bool key_event, Error *err);
/* {"id": "usr_..", "name": ".."}; null for nobody. */
Value incident_person_value(Cycle *cycle, i64 user_id);

#endif

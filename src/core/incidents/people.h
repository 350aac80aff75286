/* Who takes part in an incident: whoever declared it, holds or held a role, joined. With those who were paged (a
 * notification says so) they are who sees it when it is private. Nobody is taken out again: they know it already. */
#ifndef TOCSIN_CORE_INCIDENT_PEOPLE_H
#define TOCSIN_CORE_INCIDENT_PEOPLE_H

#include "db/db.h"
#include "lang/value.h"

/* user_id 0: nobody, done. */
MUST_CHECK bool incident_person_add(Db *db, i64 org_id, i64 incident_id, i64 user_id, i64 now_ms, Error *err);
/* Every user's id in it, at any depth: {"scribe": "usr_...", "comms": ["usr_..."]}. */
MUST_CHECK bool incident_people_add(Db *db, i64 org_id, i64 incident_id, const Value *roles, i64 now_ms, Error *err);

#endif

/* A person's own snooze of an alert: until its time they are not told of what pages for it; others are, and the ladder
 * goes on. It belongs to one episode, holds nothing, and ends by its time, or with the episode. What is still triggered
 * then tells this person again. A page of an incident tells them as long as one of its alerts that make a noise is not
 * snoozed by them; one that speaks for many always does. */
#ifndef TOCSIN_CORE_PAGING_OWN_SNOOZE_H
#define TOCSIN_CORE_PAGING_OWN_SNOOZE_H

#include "core/app.h"

typedef struct OwnSnooze {
  i64 org_id, alert_id, user_id, episode;
  i64 until_ms; /* now or before: it ends now */
} OwnSnooze;

/* In place of an earlier one of this person; what waits to be sent to them is skipped. */
MUST_CHECK bool own_snooze_set(Cycle *cycle, const OwnSnooze *snooze, Error *err);

typedef struct OwnSnoozed {
  i64 alert_id, user_id, since_ms, until_ms;
} OwnSnoozed;
typedef struct OwnSnoozes {
  Arena *arena;
  VEC(OwnSnoozed) items; /* by alert, then by person */
} OwnSnoozes;
/* Those that last: of open alerts, in their episode. alert_id 0: of the organization, the first `max`. */
MUST_CHECK bool own_snooze_list(Db *db, i64 org_id, i64 alert_id, i64 now_ms, i64 max, OwnSnoozes *out, Error *err);

#endif

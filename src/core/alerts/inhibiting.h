/* Inhibition: while a source is open, its targets are quiet. Which open alert is a source or target of which rule
 * stands in inhibition_member, counted and never slotted, so a restart changes nothing. All inside the cycle's
 * transaction. */
#ifndef TOCSIN_CORE_ALERTS_INHIBITING_H
#define TOCSIN_CORE_ALERTS_INHIBITING_H

#include "core/alerts/quieting.h"

/* Writes down what this alert is to the rules now; where that changed who is muted, the targets are asked again (a job
 * of this round). Call it when its status, labels or priority changed. */
MUST_CHECK bool inhibition_sync(Cycle *cycle, const Alert *alert, Error *err);
/* Who mutes it now becomes its holds: taken away `release_s` after the last source is gone. `first`: a new episode,
 * which may have to wait for a source. */
MUST_CHECK bool inhibition_decide(Cycle *cycle, Alert *alert, bool first, Error *err);

/* A rule was written or deleted: everybody is asked again. */
MUST_CHECK bool inhibition_written(Cycle *cycle, i64 org_id, i64 rule_id, bool deleted, Error *err);

/* Job kinds: inhibition.changed, inhibition.rule, inhibition.look. */
extern const JobKind INHIBITION_JOBS[];

#endif

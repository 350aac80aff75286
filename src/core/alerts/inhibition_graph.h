/* Who mutes whom, as a graph of open alerts; asked of inhibition_member. */
#ifndef TOCSIN_CORE_ALERTS_INHIBITION_GRAPH_H
#define TOCSIN_CORE_ALERTS_INHIBITION_GRAPH_H

#include "core/alerts/batch.h"

enum { INHIBITION_RULES_SHOWN = 4 };

typedef struct Muted {
  i64 rule_ids[INHIBITION_RULES_SHOWN]; /* by which rules */
  size_t count;                         /* 0: it is not muted */
  i64 loud_id;                          /* of a circle: the one that stays loud, to be asked again; 0: none */
} Muted;

/* An alert is muted when somebody mutes it, unless they all mute each other in a circle and it is the loudest of that:
 * so each muted alert leads to one that is not. */
MUST_CHECK bool inhibition_muted(Cycle *cycle, i64 alert_id, Muted *out, Error *err);

#endif

/* What was held and turned out to be an incident; and who mutes whom. */
#ifndef TOCSIN_CORE_ALERTS_QUIET_REPORT_H
#define TOCSIN_CORE_ALERTS_QUIET_REPORT_H

#include "core/quiet/quiet.h"

enum { QUIET_REPORT_INCIDENTS = 1000, QUIET_REPORT_ALERTS = 2000, QUIET_VIEW_EDGES = 2000, QUIET_VIEW_RULES = 1000 };

/* Alerts of incidents opened since then that a hold had kept quiet before: {items, more}, newest incident first. */
MUST_CHECK bool quiet_report(Db *db, Arena *arena, const Setup *setup, i64 org_id, i64 since_ms, Value *out,
                             Error *err);
/* How many of them by what held them, most first; from the items that are left. */
Value quiet_report_causes(Arena *arena, const Value *items);

/* {alerts, edges, more}: the open alerts that inhibition rules connect now. */
MUST_CHECK bool inhibition_view(Db *db, Arena *arena, const Setup *setup, i64 org_id, Value *out, Error *err);
/* Those of which both ends are left. */
Value inhibition_view_edges(Arena *arena, const Value *alerts, const Value *edges);

#endif

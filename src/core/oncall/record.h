/* What was, written down. Before anything that decides who is on call changes (a schedule, an override, a block, an
 * absence, a holiday), the time up to now is rendered as it held and kept; so reports of the past stay what they were,
 * whatever is written later, also for a time that is over. Nothing is kept for the time before a schedule was made. */
#ifndef TOCSIN_CORE_SHIFT_RECORD_H
#define TOCSIN_CORE_SHIFT_RECORD_H

#include "core/oncall/oncall.h"

/* Before the write, in its transaction. schedule_id 0: every schedule of the organization. Cost: one rendering of the
 * time since the last change. */
MUST_CHECK bool shift_record_keep(Cycle *cycle, i64 org_id, i64 schedule_id, Error *err);

/* Who was on call in the range: what was written down, and from there the rendering. *out_from_ms: the range begins at
 * the schedule's making at the earliest. At most 400 days. */
MUST_CHECK bool shift_record_range(Db *db, Arena *arena, const App *app, const SetupSchedule *schedule, i64 from_ms,
                                   i64 to_ms, i64 *out_from_ms, RenderSources *sources, Rendered *out, Error *err);

#endif

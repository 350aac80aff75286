/* Every version of a schedule's plan. An edit ends one and begins another; what is past is answered by the one that
 * held then. */
#ifndef TOCSIN_CORE_SCHEDULE_VERSIONS_H
#define TOCSIN_CORE_SCHEDULE_VERSIONS_H

#include "core/oncall/oncall.h"
#include "resource/resource.h"

/* The layers of a schedule as they would be written now (`old`: as it is, NULL: a new one): with the anchors that keep
 * present holders. Wrong ones go to field_error. */
Value schedule_next_layers(ResourceCtx *ctx, const Value *old, const Value *layers);
/* Do the two differ in what decides who is on call? */
bool schedule_plan_changed(const Value *old, const Value *fresh);
/* After a write that changed the plan, or the first: the version as it is now; `old` too, when nobody kept it
 * (schedules that are older than this table). */
MUST_CHECK bool schedule_version_keep(ResourceCtx *ctx, const Value *old, const Value *fresh, Error *err);
MUST_CHECK bool schedule_versions_drop(ResourceCtx *ctx, i64 schedule_id, Error *err);
/* Newest first: {version, effective_from, effective_until, actor, schedule}. */
MUST_CHECK bool schedule_versions(ResourceCtx *ctx, i64 schedule_id, Value *out, Error *err);
/* An old one is the present one again, turns counted as it did: whoever had it is on call, not who is now. *out: the
 * schedule. ERR_NOT_FOUND. */
MUST_CHECK bool schedule_restore(ResourceCtx *ctx, i64 schedule_id, i64 version, Value *out, Error *err);

/* The plans that held in the range, the present one last. */
MUST_CHECK bool schedule_version_plans(Db *db, Arena *arena, const App *app, i64 schedule_id,
                                       const SchedulePlan *present, i64 from_ms, i64 to_ms, RenderSources *out,
                                       Error *err);

#endif

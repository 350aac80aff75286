/* Cover requests: somebody asks for another person in their place, or for a swap. One that is open may be taken by
 * somebody else, which writes the override (of a swap both) in the same transaction; it ends cancelled, or expired when
 * its time is over. Absences open them. */
#ifndef TOCSIN_CORE_COVER_H
#define TOCSIN_CORE_COVER_H

#include "core/oncall/oncall.h"
#include "resource/resource.h"

/* Before one is written: is it somebody's shift, is the person theirs to ask for? Wrong members go to field_error. */
MUST_CHECK bool cover_check(ResourceCtx *ctx, const Value *fresh, Error *err);
/* One was made: it will expire, and people hear of it. */
MUST_CHECK bool cover_opened(Cycle *cycle, ResourceCtx *ctx, const Value *request, Error *err);

/* taker_id takes it; once more by the same one changes nothing. */
MUST_CHECK bool cover_take(Cycle *cycle, ResourceCtx *ctx, i64 id, i64 taker_id, Error *err);
MUST_CHECK bool cover_cancel(Cycle *cycle, ResourceCtx *ctx, i64 id, Error *err);
/* Takes back exactly the overrides that taking it wrote, from now on; it is open again. */
MUST_CHECK bool cover_undo(Cycle *cycle, ResourceCtx *ctx, i64 id, Error *err);

/* An absence was written or deleted: requests for the shifts that fall into it, and their schedules' owners are told.
 */
MUST_CHECK bool cover_absence(Cycle *cycle, ResourceCtx *ctx, const Value *absence, bool changed, bool deleted,
                              Error *err);

extern const JobKind COVER_JOBS[];

#endif

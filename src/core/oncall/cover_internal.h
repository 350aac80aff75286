/* What the files of cover requests share. */
#ifndef TOCSIN_CORE_COVER_INTERNAL_H
#define TOCSIN_CORE_COVER_INTERNAL_H

#include "core/oncall/cover.h"

typedef struct Cover {
  i64 id, schedule_id, user_id, asked_id, starts_ms, ends_ms, taken_by_id;
  i64 return_starts_ms, return_ends_ms; /* 0: not a swap */
  Str status;
  const Value *override_ids;
  Value row;
} Cover;

MUST_CHECK bool cover_load(ResourceCtx *ctx, i64 id, Cover *out, Error *err);
i64 cover_time(const Value *row, const char *name);
i64 cover_ref(ResourceCtx *ctx, const Value *row, const char *name);
Str cover_person(Arena *arena, const Setup *setup, i64 user_id);
/* The stretches of [from, to) in which this person is on call; past ones are not. */
MUST_CHECK bool cover_shifts(ResourceCtx *ctx, const SetupSchedule *schedule, i64 user_id, i64 from_ms, i64 to_ms,
                             ShiftList *out, Error *err);
/* May whoever calls act for this person? Themselves, who leads the schedule's team, an administrator. */
bool cover_acts_for(const ResourceCtx *ctx, const SetupSchedule *schedule, i64 user_id);

/* cover_tell.c: by everybody's low-urgency rule, once for all that was opened or taken. */
typedef struct CoverNews {
  const SetupSchedule *schedule;
  i64 user_id;  /* who asks */
  i64 asked_id; /* 0: everybody of the schedule is asked */
  const Shift *first;
  size_t count;
  const Shift *back; /* in return, of a swap with asked_id; NULL: none */
  Str message;
} CoverNews;
MUST_CHECK bool cover_tell_asked(Cycle *cycle, const Setup *setup, const CoverNews *news, Error *err);
MUST_CHECK bool cover_tell_owners(Cycle *cycle, const Setup *setup, const CoverNews *news, Error *err);
MUST_CHECK bool cover_tell_taken(Cycle *cycle, const Setup *setup, const Cover *cover, i64 taker_id, Error *err);
/* Whoever is on call again, and whoever is relieved. */
MUST_CHECK bool cover_tell_undone(Cycle *cycle, const Setup *setup, const Cover *cover, Error *err);

/* cover_nested.c: ERR_CONFLICT when somebody stands in for who stands in by this one: without it that would do nothing.
 */
MUST_CHECK bool cover_undo_leaves_none(ResourceCtx *ctx, const Setup *setup, const Cover *cover, Error *err);

#endif

/* Somebody leaves. What they hold is found by the references to them: turns of schedules, targets of policies, places
 * in teams, overrides, open incidents and alerts. A plan says for each what becomes of it; what would silently leave
 * nobody (the only target of a level, a turn of their own, the only lead of a team, whoever has an open incident)
 * blocks it until a replacement is named. Then it is carried out in one transaction, each change audited, and their
 * sessions, keys, contact methods and links end. The row stays: what they did keeps their name. */
#ifndef TOCSIN_CORE_IDENTITY_DEPARTURE_H
#define TOCSIN_CORE_IDENTITY_DEPARTURE_H

#include "core/app.h"
#include "resource/resource.h"

typedef struct Departure {
  ResourceCtx *ctx;
  i64 user_id, replacement_id; /* 0: nobody takes over */
  ValueVec changes;            /* {kind, id, name, what, becomes} */
  ValueVec blockers;           /* {kind, id, name, what} */
  VEC(Value) patches;          /* {kind, id, patch}: what carries it out */
  VEC(i64) ended;              /* rows of theirs that go: typed by `ended_kinds` */
  VEC(const Resource *) ended_kinds;
} Departure;

/* Reads only. */
MUST_CHECK bool departure_plan(Departure *d, Error *err);
/* {user_id, replacement_id, changes, blockers, on_call}. */
MUST_CHECK bool departure_value(Departure *d, App *app, Value *out, Error *err);
/* ERR_CONFLICT with a field error per blocker. */
MUST_CHECK bool departure_carry_out(Departure *d, Cycle *cycle, Error *err);

#endif

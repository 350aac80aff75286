/* Which live events whom may be told: what is decided alike for all with the same role is decided once. */
#ifndef TOCSIN_CORE_LIVE_SIGHT_H
#define TOCSIN_CORE_LIVE_SIGHT_H

#include "core/identity/sight.h"
#include "core/server/server.h"

/* One look at some events, all of one organization. Opens a reader only when a row must be asked for. */
typedef struct Showing {
  App *app;
  const Setup *setup;
  Arena *arena;
  Db *db; /* from the pool; given back by showing_done */
  i64 org_id;
  const LiveEvent *events;
  size_t count;
  u8 *hidden;  /* per event: part of something private; NULL until asked for */
  bool failed; /* the database did not answer: what would have to be asked is not shown */
} Showing;

void showing_done(Showing *showing);
/* False: their key has ended, or they are deactivated. */
bool showing_sight(const Showing *showing, const Audience *audience, const Sight **out);
/* The events that everybody of this role sees (*out_common, indexes), and those that depend on the person. */
typedef VEC(size_t) Indexes;
void showing_split(Showing *showing, const Sight *sight, Indexes *out_common, Indexes *out_personal);
/* Does this person see event i? */
bool showing_sees(Showing *showing, const Sight *sight, size_t i);

#endif

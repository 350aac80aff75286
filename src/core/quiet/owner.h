/* Whom a hold belongs to: who is told when it ends soon, or when it has held something urgent for too long. There is
 * always somebody: at last the organization's owners. */
#ifndef TOCSIN_CORE_QUIET_OWNER_H
#define TOCSIN_CORE_QUIET_OWNER_H

#include "core/quiet/quiet.h"
#include "core/setup/setup.h"

typedef struct QuietCause {
  i64 org_id, id;              /* id: of the silence, window or rule */
  Str reason;                  /* silence, maintenance, inhibition, suppressed, quiet */
  i64 team_id, integration_id; /* of an alert that it holds; 0: none */
} QuietCause;

typedef struct QuietOwners {
  i64 team_id; /* 0: it is a person's, or of several teams */
  i64 *user_ids;
  size_t count;
} QuietOwners;

/* Has it an owner of its own, or is it a matter of the teams whose alerts it holds? */
bool quiet_has_owner(const Setup *setup, const QuietCause *cause);
/* In `arena`. Pure. */
void quiet_owners(Arena *arena, const Setup *setup, const QuietCause *cause, QuietOwners *out);
/* Silence "moving the database", Inhibition rule "node" ... */
Str quiet_cause_name(Arena *arena, const Setup *setup, const QuietCause *cause);

#endif

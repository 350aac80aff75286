/* The first organization (see first_organization.c): for init, demo and the set-up page. */
#ifndef TOCSIN_CORE_FIRST_ORGANIZATION_H
#define TOCSIN_CORE_FIRST_ORGANIZATION_H

#include "core/server/server.h"

typedef struct InitWork {
  Arena *arena;
  const char *organization, *time_zone, *email, *name;
  Str password_hash; /* of the owner; empty: none */
  /* out */
  i64 org_id;
  Value user; /* in the cycle's arena: valid inside the transaction only */
  Str key;
} InitWork;

/* Inside the engine's transaction; ctx is an InitWork. */
bool init_organization(Cycle *cycle, void *ctx, Error *err);
MUST_CHECK bool init_write_key(const char *folder, Str key, Error *err);

#endif

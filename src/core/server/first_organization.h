/* The first organization (see first_organization.c): for init, demo and the set-up page. */
#ifndef TOCSIN_CORE_FIRST_ORGANIZATION_H
#define TOCSIN_CORE_FIRST_ORGANIZATION_H

#include "core/server/server.h"

typedef struct InitWork {
  Arena *arena;
  const char *organization, *time_zone, *email, *name;
  Str password_hash; /* of the owner; empty: none */
  bool further;      /* one more beside those that are there, of another name */
  /* out */
  i64 org_id;
  Value user; /* in the cycle's arena: valid inside the transaction only */
  Str key;
  Str slug; /* of a further organization; empty: it is the first */
} InitWork;

/* Inside the engine's transaction; ctx is an InitWork. */
bool init_organization(Cycle *cycle, void *ctx, Error *err);
/* DIR/admin.key, or DIR/admin-SLUG.key of a further one (slug empty: the first). */
Str init_key_path(Arena *arena, const char *folder, Str slug);
MUST_CHECK bool init_write_key_file(const char *path, Str key, Error *err);
MUST_CHECK bool init_write_key(const char *folder, Str key, Error *err); /* of the first */

#endif

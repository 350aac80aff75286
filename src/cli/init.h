/* What init does inside the engine's transaction, shared with demo. */
#ifndef TOCSIN_CLI_INIT_H
#define TOCSIN_CLI_INIT_H

#include "cli/cli.h"
#include "core/server/server.h"

typedef struct InitWork {
  Arena *arena;
  const char *organization, *time_zone, *email, *name;
  /* out */
  i64 org_id;
  Value user; /* in the cycle's arena: valid inside the transaction only */
  Str key;
} InitWork;

bool init_organization(Cycle *cycle, void *ctx, Error *err);
MUST_CHECK bool init_write_key(const char *folder, Str key, Error *err);

#endif

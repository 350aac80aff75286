/* What the hooks of users, roles and keys ask: does the caller hold what they are about to give? */
#ifndef TOCSIN_CORE_IDENTITY_GRANT_H
#define TOCSIN_CORE_IDENTITY_GRANT_H

#include "core/identity/access.h"
#include "core/resources.h"

/* NULL without a running server: then nothing is checked. */
static inline const Access *access_of(ResourceCtx *ctx) {
  const CoreHooks *hooks = core_hooks(ctx);
  return hooks->access ? hooks->access(ctx) : NULL;
}

/* ERR_FORBIDDEN names the first permission that the caller lacks; `what` is what would hold it ("this role"). The
 * server itself may grant everything. */
MUST_CHECK bool may_grant(ResourceCtx *ctx, const Grants *part, const char *what, Error *err);
/* What a user of this role and custom role (null: none) holds. */
MUST_CHECK bool grants_of_user(ResourceCtx *ctx, const Value *user, const Grants **out, Error *err);

#endif

/* Nobody grants what they lack: the one check behind roles, users and API keys. */
#include "core/identity/grant.h"

bool may_grant(ResourceCtx *ctx, const Grants *part, const char *what, Error *err) {
  const Permission *lacking = NULL;
  const CoreHooks *hooks = core_hooks(ctx);
  const Grants *held = hooks->caller_grants ? hooks->caller_grants(ctx) : NULL;
  if (!held || grants_cover(held, part, &lacking)) return true;
  return fail(err, ERR_FORBIDDEN,
              "%s holds %.*s:%.*s, which you do not hold as far yourself; nobody grants what they lack", what,
              STR_ARG(lacking->area), STR_ARG(lacking->verb));
}

bool grants_of_user(ResourceCtx *ctx, const Value *user, const Grants **out, Error *err) {
  const Access *access = access_of(ctx);
  i64 role_id = resource_ref_id(ctx->registry, value_get_c(user, "role_id"));
  Value role = value_null();
  bool found = false;
  if (role_id == 0) return *out = access_role(access, value_text_or(value_get_c(user, "role"), STR_NONE)), true;
  if (!resource_load(ctx, &ROLE, role_id, &role, &found, err)) return false;
  *out = access_permissions(ctx->arena, access, found ? value_get_c(&role, "permissions") : NULL);
  return true;
}

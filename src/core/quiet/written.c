/* What follows when a silence, window or inhibition rule is written or deleted: the same for all three. */
#include "core/quiet/quiet.h"
#include "core/resources.h"

/* Which of them it is says the first word of its id. */
static bool changed(ResourceCtx *ctx, const Value *row, bool deleted, Error *err) {
  static const Resource *const KINDS[] = {&SILENCE, &MAINTENANCE_WINDOW, &INHIBITION_RULE};
  const CoreHooks *hooks = core_hooks(ctx);
  Str id = value_text_or(value_get_c(row, "id"), STR_NONE);
  if (!hooks->quiet_changed) return true;
  for (size_t i = 0; i < COUNT(KINDS); i++)
    if (str_starts_with(id, str_from_c(KINDS[i]->prefix)))
      return hooks->quiet_changed(ctx, KINDS[i]->name, resource_ref_id(ctx->registry, value_get_c(row, "id")), deleted,
                                  err);
  return fail(err, ERR_STORAGE, "\"%.*s\" keeps nothing quiet", STR_ARG(id));
}

bool quiet_after_write(ResourceCtx *ctx, const Value *old, const Value *fresh, Error *err) {
  (void)old;
  return changed(ctx, fresh, false, err);
}

bool quiet_after_delete(ResourceCtx *ctx, const Value *old, Error *err) {
  return changed(ctx, old, true, err);
}

/* The audit of verbs: what POST alerts/{id}/acknowledge found, and what it left. Creating, changing and deleting write
 * theirs in the registry. */
#include "core/api/internal.h"

static bool is_verb(const Call *call) {
  return call->route->write && call->route->permission && !call->route->bulk;
}

bool api_audit_before(Call *call, ResourceCtx *rc, const Resource *resource, i64 id, Error *err) {
  bool found = false;
  if (!is_verb(call) || call->target || !str_equal_c(call->area, resource->plural)) return true;
  call->target = resource;
  call->target_id = id;
  return resource_load(rc, resource, id, &call->before, &found, err);
}

/* The verb's word is that of its permission; what it made (a page by hand) is the answer. */
bool api_audit_after(Call *call, Cycle *cycle, Error *err) {
  ApiCtx ctx = api_ctx(call, cycle->db, cycle);
  const Value *made = value_get_c(&call->answer, "id");
  Value after = value_null();
  bool found = false, known = call->target != NULL;
  if (!is_verb(call)) return true;
  if (!known && value_is(made, VALUE_STRING)) {
    call->target = registry_prefix(call->app->registry, value_text(made));
    call->target_id = resource_ref_id(call->app->registry, made);
  }
  if (!call->target) return true; /* it changed nothing that has a name */
  ctx.rc.sight = NULL;            /* it was theirs to do, whatever became of it */
  if (!resource_load(&ctx.rc, call->target, call->target_id, &after, &found, err)) return false;
  return resource_audit(&ctx.rc, call->target, call->target_id, str_to_c(call->arena, call->verb),
                        known ? &call->before : NULL, found ? &after : NULL, err);
}

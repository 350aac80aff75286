/* Who calls, and what they may do. */
#include "core/api/internal.h"

bool api_authenticate(Call *call, const SetupKey **out_key, Error *err) {
  Str header = http_header(call->request, "Authorization");
  if (!str_starts_with(header, S("Bearer ")))
    return fail(err, ERR_UNAUTHORIZED, "this needs an API key: send \"Authorization: Bearer tk_...\"");
  const SetupKey *key =
      setup_key_by_hash(call->setup, sha256_hex(call->arena, str_trim(str_slice(header, 7, header.len))));
  if (!key) return fail(err, ERR_UNAUTHORIZED, "the API key is not known");
  if (key->expires_ms && key->expires_ms <= clock_now(&call->app->clock))
    return fail(err, ERR_UNAUTHORIZED, "the API key has expired");
  *out_key = key;
  call->org_id = key->org_id;
  call->user = setup_user(call->setup, key->user_id);
  if (key->user_id && (!call->user || str_equal_c(call->user->status, "deactivated")))
    return fail(err, ERR_UNAUTHORIZED, "the user of this API key is deactivated");
  call->actor = call->user ? (Actor){"user", id_text(call->arena, "usr", call->user->id), call->user->name}
                           : (Actor){"key", id_text(call->arena, "key", key->id), key->name};
  call->who = (Who){call->actor.kind, call->actor.id, call->actor.name};
  return true;
}

/* Scopes of a key: "*", "read" or "write" for everything, "alerts:read", "alerts:*". None given: everything. A viewer
 * reads. */
static bool scope_allows(Str scope, Str kind, bool writes) {
  Str of = scope, verb = STR_NONE;
  Str wanted = writes ? S("write") : S("read");
  if (str_equal_c(scope, "*") || str_equal(scope, wanted)) return true;
  if (!str_cut(scope, ':', &of, &verb)) return str_equal_c(scope, "write") && !writes;
  bool all_verbs = str_equal_c(verb, "*") || str_equal_c(verb, "write");
  return (str_equal_c(of, "*") || str_equal(of, kind)) && (str_equal(verb, wanted) || all_verbs);
}

bool api_allowed(Call *call, const SetupKey *key, Error *err) {
  Str permission = str_from_c(call->route->permission), kind = permission, verb = STR_NONE;
  if (!call->route->permission)
    kind = str_from_c(call->resource->permission ? call->resource->permission : call->resource->plural);
  else
    (void)str_cut(permission, ':', &kind, &verb);
  bool writes = call->route->write != NULL, ok = !value_is(&key->scopes, VALUE_LIST) || key->scopes.size == 0;
  for (size_t i = 0; !ok && i < key->scopes.size; i++)
    ok = scope_allows(value_text_or(value_at(&key->scopes, i), STR_NONE), kind, writes);
  if (ok && writes && call->user && str_equal_c(call->user->role, "viewer"))
    return fail(err, ERR_FORBIDDEN, "%.*s is a viewer: viewers read and change nothing", STR_ARG(call->user->name));
  return ok || fail(err, ERR_FORBIDDEN, "the scopes of this API key do not allow %.*s:%s", STR_ARG(kind),
                    writes ? "write" : "read");
}

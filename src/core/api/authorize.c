/* Who calls, and what they may do. What a call may do is what its person holds (or its key, when it is a service's),
 * within the scopes of the key; which rows it sees is the person's alone. */
#include "core/api/internal.h"
#include "core/identity/session.h"
#include "core/identity/sight.h"

/* The list of permissions ------------------------------------------------------------------------------------------ */

static const char *method_verb(HttpMethod method) {
  return method == HTTP_DELETE ? "delete" : method == HTTP_PATCH || method == HTTP_PUT ? "update" : "create";
}

/* "alerts:write" of POST alerts/{id}/acknowledge is alerts:acknowledge. */
bool api_wanted(const Route *route, Permission *out) {
  Str rest = str_from_c(route->path), part, last = STR_NONE;
  size_t parts = 0;
  if (!route->permission || !str_cut(str_from_c(route->permission), ':', &out->area, &out->verb)) return false;
  if (!out->area.len || !out->verb.len) return false;
  if (!str_equal_c(out->verb, "write")) return true;
  for (; rest.len; parts++) {
    (void)str_cut(rest, '/', &part, &rest);
    last = part;
  }
  bool named = parts > 1 && last.ptr[0] != '{';
  out->verb = named ? last : str_from_c(method_verb(route->method));
  return true;
}

static Permission permission_of(const Registry *registry, Str area, Str verb) {
  const Resource *r = registry_plural(registry, area);
  return (Permission){area, verb, r && r->owner_column, r && (r->team_column || r->team_sql)};
}

bool api_access(App *app, Error *err) {
  VEC(Permission) list = {0};
  for (size_t i = 0; i < registry_count(app->registry); i++) {
    const Resource *r = registry_at(app->registry, i);
    for (size_t k = 0; k < API_GENERIC_DOOR_COUNT; k++)
      if (r->verbs & API_GENERIC_DOORS[k].verb)
        *VEC_PUSH(app->arena, &list) =
            permission_of(app->registry, str_from_c(r->plural), str_from_c(API_GENERIC_DOORS[k].permission));
  }
  for (const Route *const *table = API_ROUTE_TABLES; *table; table++)
    for (const Route *route = *table; route->path; route++) {
      Permission wanted = {0};
      if (!api_wanted(route, &wanted))
        return fail(err, ERR_INTERNAL, "the route %s %s has no permission such as alerts:read",
                    http_method_name(route->method), route->path);
      *VEC_PUSH(app->arena, &list) = permission_of(app->registry, wanted.area, wanted.verb);
    }
  app->access = access_new(app->arena, list.items, list.count);
  return true;
}

/* Who -------------------------------------------------------------------------------------------------------------- */

/* A key in the head, or else the cookie of a browser. */
static const SetupKey *find_key(Call *call, Error *err) {
  Str header = http_header(call->request, "Authorization");
  if (!engine_trusted(call->app->engine))
    return fail(err, ERR_UNAVAILABLE,
                "this node has heard nothing of the database for 5 s and does not trust its copy of the keys; try "
                "again, "
                "or ask another node"),
           NULL;
  const SetupKey *session = header.len == 0 ? session_find(call->app, call->setup, call->request) : NULL;
  if (session) return session_origin_ok(call->app, call->request, err) ? session : NULL;
  if (!str_starts_with(header, S("Bearer ")))
    return fail(err, ERR_UNAUTHORIZED, "this needs an API key: send \"Authorization: Bearer tk_...\""), NULL;
  const SetupKey *key =
      setup_key_by_hash(call->setup, sha256_hex(call->arena, str_trim(str_slice(header, 7, header.len))));
  if (!key || key->session) return fail(err, ERR_UNAUTHORIZED, "the API key is not known"), NULL;
  if (key->expires_ms && key->expires_ms <= clock_now(&call->app->clock))
    return fail(err, ERR_UNAUTHORIZED, "the API key has expired"), NULL;
  return key;
}

/* The call is this person's (NULL: a service's), and may do this much. */
static void call_as(Call *call, const SetupUser *user, const Grants *grants) {
  call->user = user;
  call->grants = grants;
  call->sight = sight_new(call->arena, call->app->access, user, grants);
  if (user) call->actor = (Actor){"user", id_text(call->arena, "usr", user->id), user->name};
  call->who = (Who){call->actor.kind, call->actor.id, call->actor.name};
}

/* For keys that hold users:impersonate: what that person may, within what the key may. */
static bool speak_for(Call *call, const SetupKey *key, const SetupUser *user, Str email, Error *err) {
  if (grants_scope(key->grants, S("users"), S("impersonate")) != ROWS_ALL)
    return fail(err, ERR_FORBIDDEN, "On-Behalf-Of needs a key that holds users:impersonate");
  if (!user || str_equal_c(user->status, "deactivated"))
    return fail(err, ERR_FORBIDDEN, "On-Behalf-Of: there is no active user with the e-mail \"%.*s\"",
                STR_ARG(utf8_cut(email, 100)));
  call_as(call, user, grants_both(call->arena, key->grants, user->grants));
  return true;
}

/* On-Behalf-Of: EMAIL */
static bool on_behalf(Call *call, const SetupKey *key, Error *err) {
  Str email = str_trim(http_header(call->request, "On-Behalf-Of"));
  if (email.len == 0) return true;
  return speak_for(call, key, setup_user_by_email(call->setup, call->org_id, str_lower(call->arena, email)), email,
                   err);
}

static bool call_by(Call *call, const SetupKey *key, Error *err) {
  const SetupUser *user = setup_user(call->setup, key->user_id);
  if (key->user_id && (!user || str_equal_c(user->status, "deactivated")))
    return fail(err, ERR_UNAUTHORIZED, "the user of this API key is deactivated");
  call->org_id = key->org_id;
  call->key_id = key->session ? 0 : key->id;
  call->session_id = key->session ? key->id : 0;
  call->via = id_text(call->arena, key->session ? "ses" : "key", key->id);
  call->actor = (Actor){"key", call->via, key->name};
  call_as(call, user, key->grants);
  return true;
}

bool api_authenticate(Call *call, Error *err) {
  const SetupKey *key = find_key(call, err);
  return key && call_by(call, key, err) && api_limit_key(call, key->requests_per_minute, err) &&
         on_behalf(call, key, err);
}

bool api_authenticate_again(Call *call, i64 key_id, i64 user_id, Error *err) {
  const SetupKey *key = setup_key(call->setup, key_id);
  if (!key || (key->expires_ms && key->expires_ms <= clock_now(&call->app->clock)))
    return fail(err, ERR_UNAUTHORIZED, "the API key or session that asked for this is gone");
  if (!call_by(call, key, err)) return false;
  if (user_id == 0 || user_id == key->user_id) return true;
  const SetupUser *user = setup_user(call->setup, user_id);
  return speak_for(call, key, user, S(""), err);
}

/* May they --------------------------------------------------------------------------------------------------------- */

static bool wanted(const Call *call, Permission *out) {
  if (call->route->permission) return api_wanted(call->route, out);
  for (size_t i = 0; i < API_GENERIC_DOOR_COUNT; i++)
    if (call->route == &API_GENERIC_DOORS[i].route) {
      *out =
          (Permission){str_from_c(call->resource->plural), str_from_c(API_GENERIC_DOORS[i].permission), false, false};
      return true;
    }
  return false;
}

static bool refuse(Call *call, const Permission *w, Error *err) {
  if (call->user && grants_scope(call->user->grants, w->area, w->verb) == ROWS_NONE)
    return fail(err, ERR_FORBIDDEN,
                "%.*s (role %.*s) may not do this: it needs the permission %.*s:%.*s, which an owner or admin of your "
                "organization can give, by another role",
                STR_ARG(call->user->name),
                STR_ARG(call->user->role_id ? S("of your organization's own") : call->user->role), STR_ARG(w->area),
                STR_ARG(w->verb));
  return fail(err, ERR_FORBIDDEN,
              "this API key may not do this: its scopes do not hold %.*s:%.*s; make a key that has it (its owner can, "
              "or an admin)",
              STR_ARG(w->area), STR_ARG(w->verb));
}

bool api_allowed(Call *call, Error *err) {
  Permission w = {0};
  if (!wanted(call, &w)) return fail(err, ERR_FORBIDDEN, "nobody may do this");
  call->write_scope = grants_scope(call->grants, w.area, w.verb);
  call->area = w.area;
  call->verb = w.verb;
  return call->write_scope != ROWS_NONE || refuse(call, &w, err);
}

/* Of the route's own resource only: what a verb names beside it is looked at, not changed. */
bool api_may_change(Call *call, Db *db, const Resource *resource, i64 id, Error *err) {
  static const char *const WHOSE[] = {[ROWS_NONE] = "nothing",
                                      [ROWS_OWN] = "what is your own",
                                      [ROWS_LED] = "what belongs to a team that you lead",
                                      [ROWS_TEAM] = "what belongs to your teams",
                                      [ROWS_ALL] = "everything"};
  ApiCtx ctx = api_ctx(call, db, NULL);
  bool within = false;
  if (call->write_scope == ROWS_ALL || !str_equal_c(call->area, resource->plural)) return true;
  if (!resource_within(&ctx.rc, resource, id, call->write_scope, &within, err)) return false;
  return within || fail(err, ERR_FORBIDDEN,
                        "%.*s:%.*s is yours for %s only, and this %s is not among it; somebody of its team can do it, "
                        "or an owner or admin can give you more",
                        STR_ARG(call->area), STR_ARG(call->verb), WHOSE[call->write_scope], resource->name);
}

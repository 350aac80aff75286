/* Live events name a kind, an id and a version; even that is not told to whom the row does not exist for. */
#include "core/server/live_sight.h"

void showing_done(Showing *showing) {
  db_pool_give(showing->app->readers, showing->db);
  showing->db = NULL;
}

bool showing_sight(const Showing *showing, const Audience *audience, const Sight **out) {
  const SetupKey *key = setup_key(showing->setup, audience->key_id);
  const SetupUser *user = setup_user(showing->setup, audience->user_id);
  if (audience->key_id && (!key || (key->expires_ms && key->expires_ms <= clock_now(&showing->app->clock))))
    return false;
  if (audience->user_id && (!user || str_equal_c(user->status, "deactivated"))) return false;
  *out = sight_new(showing->arena, showing->app->access, user, key ? key->grants : user ? user->grants : NULL);
  return true;
}

/* Asking the database ---------------------------------------------------------------------------------------------- */

static bool ask(Showing *s, const Sight *sight, const Resource *resource, i64 id) {
  Error err = {0};
  bool seen = false;
  if (!s->db && !s->failed) s->failed = !db_pool_take(s->app->readers, &s->db, &err);
  if (s->failed) return false;
  ResourceCtx ctx = {.db = s->db, .arena = s->arena, .org_id = s->org_id, .registry = s->app->registry, .sight = sight};
  if (resource_seen(&ctx, resource, id, &seen, &err)) return seen;
  log_warn("live", "an event is not sent: %s", err.message);
  return false;
}

static RowScope everything(const Sight *sight, const Resource *resource) {
  (void)sight;
  (void)resource;
  return ROWS_ALL;
}

static bool take_any(const DbRow *row, void *ctx) {
  (void)row;
  *(bool *)ctx = true;
  return false;
}

/* Nearly always there is nothing private, and nothing is asked of single rows. */
static bool any_private(Showing *s) {
  static const DbStmt ANY = {"live_private", "SELECT id FROM incident WHERE org_id = $1 AND private = 1 LIMIT 1", NULL};
  Error err = {0};
  bool any = false;
  if (!s->db && !s->failed) s->failed = !db_pool_take(s->app->readers, &s->db, &err);
  if (s->failed || !db_query(s->db, &ANY, DB_ARGS(db_int(s->org_id)), take_any, &any, &err)) return true;
  return any;
}

/* What somebody who takes part in nothing would not see. */
static void find_hidden(Showing *s) {
  static const Sight STRANGER = {.user_id = -1, .of = everything};
  s->hidden = arena_zero(s->arena, s->count + 1, 1);
  if (!any_private(s)) return;
  for (size_t i = 0; i < s->count; i++) {
    const Resource *resource = registry_find(s->app->registry, str_from_c(s->events[i].kind));
    if (resource && resource->private_sql) s->hidden[i] = !ask(s, &STRANGER, resource, s->events[i].object_id);
  }
}

/* Deciding --------------------------------------------------------------------------------------------------------- */

void showing_split(Showing *s, const Sight *sight, Indexes *out_common, Indexes *out_personal) {
  for (size_t i = 0; i < s->count; i++) {
    const Resource *resource = registry_find(s->app->registry, str_from_c(s->events[i].kind));
    RowScope scope = resource ? sight->of(sight, resource) : ROWS_NONE;
    if (scope == ROWS_NONE) continue;
    bool may_be_private = resource->private_sql && !sight->private_too;
    if (may_be_private && !s->hidden) find_hidden(s);
    if (scope == ROWS_ALL && !(may_be_private && s->hidden[i]))
      *VEC_PUSH(s->arena, out_common) = i;
    else
      *VEC_PUSH(s->arena, out_personal) = i;
  }
}

bool showing_sees(Showing *s, const Sight *sight, size_t i) {
  return ask(s, sight, registry_find(s->app->registry, str_from_c(s->events[i].kind)), s->events[i].object_id);
}

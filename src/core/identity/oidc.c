/* Identity providers as rows. */
#include "core/identity/oidc.h"

#include "core/resources.h"

bool oidc_is_loopback(Str url) {
  static const char *const HOSTS[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};
  for (size_t i = 0; i < COUNT(HOSTS); i++) {
    Str host = str_from_c(HOSTS[i]);
    if (str_starts_with(url, host) && (url.len == host.len || url.ptr[host.len] == ':' || url.ptr[host.len] == '/'))
      return true;
  }
  return false;
}

static Str text_of(const Value *row, const char *name) {
  return value_text_or(value_get_c(row, name), STR_NONE);
}

bool oidc_provider_load(App *app, Db *db, Arena *arena, i64 id, OidcProvider *out, Error *err) {
  static const DbStmt ORG = {"oidc_provider_org", "SELECT org_id FROM identity_provider WHERE id = $1 AND enabled = 1",
                             NULL};
  i64 org_id = 0;
  bool found = false;
  Value row = value_null();
  if (!db_query_int(db, &ORG, DB_ARGS(db_int(id)), &org_id, &found, err)) return false;
  ResourceCtx rc = {.db = db, .arena = arena, .org_id = org_id, .registry = app->registry, .sealer = app->sealer};
  if (found && !resource_load(&rc, registry_find(app->registry, S("identity_provider")), id, &row, &found, err))
    return false;
  if (!found) return fail(err, ERR_NOT_FOUND, "this way to sign in is not there any more; choose another");
  const Value *map = value_get_c(&row, "role_map"), *tenants = value_get_c(&row, "tenants");
  *out = (OidcProvider){.id = id,
                        .org_id = org_id,
                        .name = text_of(&row, "name"),
                        .issuer = text_of(&row, "issuer"),
                        .client_id = text_of(&row, "client_id"),
                        .client_secret = text_of(&row, "client_secret"),
                        .scopes = text_of(&row, "scopes"),
                        .groups_claim = text_of(&row, "groups_claim"),
                        .default_role = text_of(&row, "default_role"),
                        .role_map = map ? *map : value_null(),
                        .tenants = tenants ? *tenants : value_null(),
                        .create_users = value_bool_or(value_get_c(&row, "create_users"), false)};
  return true;
}

typedef struct Listing {
  Arena *arena;
  ValueVec items;
} Listing;

static bool read_listed(const DbRow *row, void *ctx) {
  Listing *list = ctx;
  MapBuilder map = map_builder(list->arena);
  map_put_c(&map, "id", value_string(id_text(list->arena, "idp", db_row_int(row, 0))));
  map_put_c(&map, "name", value_string(db_row_text(row, 1, list->arena)));
  *VEC_PUSH(list->arena, &list->items) = map_done(&map);
  return true;
}

bool oidc_provider_list(const App *app, Db *db, Arena *arena, Value *out, Error *err) {
  static const DbStmt LIST = {"oidc_provider_list",
                              "SELECT id, name FROM identity_provider WHERE enabled = 1 ORDER BY name, id LIMIT 50",
                              NULL};
  Listing list = {.arena = arena};
  if (!db_query(db, &LIST, 0, NULL, read_listed, &list, err)) return false;
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "items", list_done(&list.items));
  map_put_c(&map, "next_cursor", value_null());
  map_put_c(&map, "redirect_uri", value_string(str_format(arena, "%s" OIDC_CALLBACK, app->public_url)));
  *out = map_done(&map);
  return true;
}

bool oidc_forget(Db *db, i64 provider_id, Error *err) {
  static const DbStmt FORGET = {"oidc_forget", "DELETE FROM oidc_identity WHERE provider_id = $1", NULL};
  return db_run(db, &FORGET, err, db_int(provider_id));
}

bool oidc_unlink(Db *db, i64 org_id, i64 user_id, Error *err) {
  static const DbStmt UNLINK = {"oidc_unlink", "DELETE FROM oidc_identity WHERE org_id = $1 AND user_id = $2", NULL};
  return db_run(db, &UNLINK, err, db_int(org_id), db_int(user_id));
}

/* Identity providers: who signs people in by OpenID Connect. Whoever names a provider decides whom it vouches for, an
 * owner too: so only those who may everything write them (core/identity/access.c). */
#include "core/identity/oidc.h"
#include "core/resources.h"

static const Field ROLE_MAP_FIELDS[] = {
    {.name = "group",
     .kind = F_TEXT,
     .required = true,
     .max = 300,
     .doc = "As the provider names it.",
     .example = "sre-oncall"},
    {.name = "role", .kind = F_ENUM, .values = ROLES, .required = true, .doc = "What its members are here."},
};
/* A tenant goes by its id in tokens, never by its domain. */
static void check_tenant(ResourceCtx *ctx, const Field *field, const char *pointer, Value *value) {
  Str id = value_text_or(value, STR_NONE);
  (void)field;
  for (size_t i = 0; i < id.len; i++)
    if (!((id.ptr[i] >= '0' && id.ptr[i] <= '9') || (id.ptr[i] >= 'a' && id.ptr[i] <= 'f') || id.ptr[i] == '-')) {
      field_error(ctx, pointer, "format",
                  "a tenant is given by its id, in small letters, such as 8b5cf1c0-7a4e-4c59-9d0b-3f1a2f6f0c11");
      return;
    }
}

static const Field ROLE_MAP_ITEM = {
    .kind = F_OBJECT, .required = true, FIELDS(ROLE_MAP_FIELDS), .doc = "One group and its role."};

static const Field TENANT_ITEM = {.kind = F_TEXT,
                                  .required = true,
                                  .min = 1,
                                  .max = 100,
                                  .check = check_tenant,
                                  .doc = "The id of a tenant.",
                                  .example = "8b5cf1c0-7a4e-4c59-9d0b-3f1a2f6f0c11"};

static void check_issuer(ResourceCtx *ctx, const Field *field, const char *pointer, Value *value) {
  Str url = value_text_or(value, STR_NONE);
  (void)field;
  bool plain = str_starts_with(url, S("http://"));
  size_t from = plain ? 7 : 8;
  if (!plain && !str_starts_with(url, S("https://")))
    field_error(ctx, pointer, "format",
                "an issuer begins with https://, as the provider's own page names it: https://accounts.google.com");
  else if (str_find_char(url, '?', 0) != SIZE_MAX || str_find_char(url, '#', 0) != SIZE_MAX || url.len <= from)
    field_error(ctx, pointer, "format", "an issuer is an address without ? and #");
  else if (str_find_char(url, '@', 0) != SIZE_MAX)
    field_error(ctx, pointer, "format",
                "an issuer holds no name and password (the part before @): it is shown to everybody who signs in; the "
                "secret belongs into client_secret");
  else if (str_ends_with(url, S("/.well-known/openid-configuration")))
    field_error(ctx, pointer, "format", "give the issuer alone, without /.well-known/openid-configuration");
  else if (plain && !oidc_is_loopback(url))
    field_error(ctx, pointer, "format", "http:// is taken on this machine only; the issuer needs https://");
}

static void check_scopes(ResourceCtx *ctx, const Field *field, const char *pointer, Value *value) {
  Str rest = value_text_or(value, STR_NONE), word;
  bool openid = false;
  (void)field;
  while (rest.len) {
    if (!str_cut(rest, ' ', &word, &rest)) rest = STR_NONE;
    openid = openid || str_equal_c(word, "openid");
  }
  if (!openid)
    field_error(ctx, pointer, "format", "the scopes need openid among them, with blanks between: openid email profile");
}

static const Field PROVIDER_FIELDS[] = {
    {.name = "name",
     .kind = F_TEXT,
     .required = true,
     .max = 60,
     .doc = "Stands on the button: Sign in with …",
     .example = "Okta"},
    {.name = "issuer",
     .kind = F_TEXT,
     .required = true,
     .max = 500,
     .check = check_issuer,
     .doc = "The provider's address; /.well-known/openid-configuration below it tells the rest.",
     .example = "https://login.example.com"},
    {.name = "tenants",
     .kind = F_LIST,
     .of = &TENANT_ITEM,
     .max = 100,
     .doc = "Only where the issuer serves many tenants, as Microsoft's .../organizations/v2.0 does: the ids of those "
            "whose "
            "people are let in."},
    {.name = "client_id",
     .kind = F_TEXT,
     .required = true,
     .max = 300,
     .doc = "That the provider gave for Tocsin.",
     .example = "tocsin"},
    {.name = "client_secret",
     .kind = F_TEXT,
     .write_only = true,
     .max = 1000,
     .doc = "With it, where the provider gave one. Kept sealed."},
    {.name = "scopes",
     .kind = F_TEXT,
     .max = 500,
     .def = "openid email profile",
     .check = check_scopes,
     .doc = "What is asked for; openid is among it. Some give groups only for a scope of that name."},
    {.name = "groups_claim",
     .kind = F_TEXT,
     .min = 1,
     .max = 200,
     .def = "groups",
     .doc = "The claim that lists a person's groups."},
    {.name = "role_map",
     .kind = F_LIST,
     .of = &ROLE_MAP_ITEM,
     .max = 200,
     .doc = "Which groups are what here; the highest role counts, at each sign-in. Empty: roles stay as they are."},
    {.name = "default_role",
     .kind = F_ENUM,
     .values = ROLES,
     .doc = "Of whoever is in no group of role_map. Null: with a role_map they are refused."},
    {.name = "create_users",
     .kind = F_BOOL,
     .def = "false",
     .doc = "Whoever is not known yet becomes a user. Else they are invited first."},
    {.name = "enabled", .kind = F_BOOL, .def = "true", .doc = "Whether it stands on the sign-in page."},
    {.name = "redirect_uri",
     .kind = F_TEXT,
     .computed = true,
     .read_only = true,
     .doc = "What the provider wants to know: where it sends people back to."},
    MANAGED_BY_FIELD,
};

static bool provider_before_write(ResourceCtx *ctx, const Value *old, Value *fresh, Error *err) {
  const Value *map = value_get_c(fresh, "role_map");
  bool roles =
      (value_is(map, VALUE_LIST) && map->size > 0) || value_is(value_get_c(fresh, "default_role"), VALUE_STRING);
  (void)old;
  (void)err;
  if (value_bool_or(value_get_c(fresh, "create_users"), false) && !roles)
    field_error(ctx, "/default_role", "required",
                "new users need a role: give default_role (viewer, for one) or a role_map");
  return true;
}

/* Who was vouched for by an issuer or client that is another now has to be recognised anew. */
static bool provider_after_write(ResourceCtx *ctx, const Value *old, const Value *fresh, Error *err) {
  if (!old || value_equal(value_get_c(old, "issuer"), value_get_c(fresh, "issuer"))) return true;
  return oidc_forget(ctx->db, resource_ref_id(ctx->registry, value_get_c(fresh, "id")), err);
}

static bool provider_after_delete(ResourceCtx *ctx, const Value *old, Error *err) {
  return oidc_forget(ctx->db, resource_ref_id(ctx->registry, value_get_c(old, "id")), err);
}

static void provider_render(ResourceCtx *ctx, const Value *row, MapBuilder *out) {
  (void)row;
  map_put_c(out, "redirect_uri",
            value_string(str_format(ctx->arena, "%s" OIDC_CALLBACK, ctx->public_url ? ctx->public_url : "")));
}

const Resource IDENTITY_PROVIDER = {
    .name = "identity_provider",
    .plural = "identity-providers",
    .prefix = "idp",
    .table = "identity_provider",
    .doc = "Signs people in by OpenID Connect.",
    FIELDS(PROVIDER_FIELDS),
    .configured = true,
    .has_slug = true,
    .verbs = VERBS_ALL,
    .before_write = provider_before_write,
    .after_write = provider_after_write,
    .after_delete = provider_after_delete,
    .render = provider_render,
};

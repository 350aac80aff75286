/* Roles that people make: sets of permissions. Nobody puts into one what they do not hold themselves. */
#include "core/identity/grant.h"

static const EnumValue SCOPES[] = {{"all", 0, "Everything of the kind."},
                                   {"team", 0, "What belongs to the person's teams, or to no team."},
                                   {"own", 0, "What is the person's own."},
                                   {NULL}};

static const Field PERMISSION_FIELDS[] = {
    {.name = "resource",
     .kind = F_TEXT,
     .required = true,
     .max = 80,
     .doc = "As it stands in the path; * for every one.",
     .example = "alerts"},
    {.name = "verb",
     .kind = F_TEXT,
     .required = true,
     .max = 80,
     .doc =
         "read, create, update, delete, or what follows the id in the path (acknowledge); write: all of them; * also "
         "the special ones.",
     .example = "acknowledge"},
    {.name = "scope", .kind = F_ENUM, .values = SCOPES, .def = "all", .doc = "Of which rows."},
};
static const Field PERMISSION_ITEM = {
    .kind = F_OBJECT, .required = true, FIELDS(PERMISSION_FIELDS), .doc = "One permission."};

static const Field ROLE_FIELDS[] = {
    {.name = "name", .kind = F_TEXT, .required = true, .max = 120, .doc = "What people call it.", .example = "Auditor"},
    {.name = "permissions",
     .kind = F_LIST,
     .of = &PERMISSION_ITEM,
     .max = 200,
     .doc = "What it permits; everything else is denied."},
    MANAGED_BY_FIELD,
};

static RowScope scope_of(Str text) {
  return str_equal_c(text, "own") ? ROWS_OWN : str_equal_c(text, "team") ? ROWS_TEAM : ROWS_ALL;
}

static void check_permission(ResourceCtx *ctx, const Access *access, const Value *p, size_t i) {
  Str area = value_text_or(value_get_c(p, "resource"), STR_NONE), verb = value_text_or(value_get_c(p, "verb"), S("")),
      scope = value_text_or(value_get_c(p, "scope"), S("all"));
  const char *place = str_to_c(ctx->arena, str_format(ctx->arena, "/permissions/%zu", i));
  if (!access_knows(access, area, S("*")) && !str_equal_c(area, "*"))
    field_error(ctx, str_to_c(ctx->arena, str_format(ctx->arena, "%s/resource", place)), "choice",
                "there is no resource \"%.*s\"; it is named as in its path, such as alerts or alert-rules",
                STR_ARG(utf8_cut(area, 60)));
  else if (!access_knows(access, area, verb))
    field_error(ctx, str_to_c(ctx->arena, str_format(ctx->arena, "%s/verb", place)), "choice",
                "%.*s cannot be permitted to \"%.*s\"; use read, write, create, update, delete, * or one of its verbs",
                STR_ARG(area), STR_ARG(utf8_cut(verb, 60)));
  else if (access_unfit(access, area, verb, scope_of(scope)))
    field_error(ctx, str_to_c(ctx->arena, str_format(ctx->arena, "%s/scope", place)), "choice",
                "%.*s have no %s; their scope can only be all", STR_ARG(area),
                str_equal_c(scope, "own") ? "person whose own they are" : "team");
}

static bool role_before_write(ResourceCtx *ctx, const Value *old, Value *fresh, Error *err) {
  const Access *access = access_of(ctx);
  const Value *permissions = value_get_c(fresh, "permissions");
  (void)old;
  if (!access) return true;
  for (size_t i = 0; value_is(permissions, VALUE_LIST) && i < permissions->size; i++)
    check_permission(ctx, access, value_at(permissions, i), i);
  return ctx->errors.count > 0 || may_grant(ctx, access_permissions(ctx->arena, access, permissions), "this role", err);
}

/* Taking a role away from those who hold more than oneself is theirs, too. */
static bool role_before_delete(ResourceCtx *ctx, const Value *old, Error *err) {
  const Access *access = access_of(ctx);
  return !access ||
         may_grant(ctx, access_permissions(ctx->arena, access, value_get_c(old, "permissions")), "this role", err);
}

const Resource ROLE = {
    .name = "role",
    .plural = "roles",
    .prefix = "rol",
    .table = "role",
    .doc = "A set of permissions that people can be given instead of one of the four roles.",
    FIELDS(ROLE_FIELDS),
    .configured = true,
    .has_slug = true,
    .verbs = VERBS_ALL,
    .before_write = role_before_write,
    .before_delete = role_before_delete,
};

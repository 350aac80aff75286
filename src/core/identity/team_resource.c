/* Teams: they own services, schedules, policies and integrations. Their owners are told when a page was answered by
 * nobody. */
#include "core/resources.h"

static const Field MEMBER_FIELDS[] = {
    {.name = "user_id", .kind = F_REF, .ref = "user", .required = true, .doc = "The member."},
    {.name = "role", .kind = F_ENUM, .values = ROLES, .def = "responder", .doc = "In this team."},
};
static const Field MEMBER_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(MEMBER_FIELDS), .doc = "One member."};

static const Field TEAM_FIELDS[] = {
    {.name = "name",
     .kind = F_TEXT,
     .required = true,
     .max = 120,
     .doc = "What people call it.",
     .example = "Payments"},
    {.name = "members", .kind = F_LIST, .of = &MEMBER_ITEM, .max = 1000, .doc = "Who is in it, with their role."},
    {.name = "policy_id",
     .kind = F_REF,
     .ref = "escalation_policy",
     .doc = "Pages for services of the team that have no policy."},
    {.name = "time_zone", .kind = F_ZONE, .doc = "Null: the organization's."},
    MANAGED_BY_FIELD,
};

/* One person is a member once. */
static bool team_before_write(ResourceCtx *ctx, const Value *old, Value *fresh, Error *err) {
  const Value *members = value_get_c(fresh, "members");
  Map *seen = map_new(ctx->arena);
  (void)old;
  (void)err;
  for (size_t i = 0; value_is(members, VALUE_LIST) && i < members->size; i++) {
    const Value *user = value_get_c(value_at(members, i), "user_id");
    if (map_set(seen, value_text_or(user, S("")), (void *)(uintptr_t)user))
      field_error(ctx, str_to_c(ctx->arena, str_format(ctx->arena, "/members/%zu/user_id", i)), "taken",
                  "this user is a member already");
  }
  return true;
}

const Resource TEAM = {
    .name = "team",
    .plural = "teams",
    .prefix = "team",
    .table = "team",
    .doc = "People who own things together.",
    FIELDS(TEAM_FIELDS),
    .configured = true,
    .has_slug = true,
    .verbs = VERBS_ALL,
    .team_column = "id",
    .before_write = team_before_write,
};

/* People. A new one is reachable at once: their e-mail address becomes a contact method and the immediate step of both
 * notification rules. An organization keeps at least one owner. */
#include "core/identity/grant.h"

static const EnumValue STATUSES[] = {{"active", 0, "Can sign in and be paged."},
                                     {"invited", 0, "Can be paged; has not signed in yet."},
                                     {"deactivated", 0, "Neither; what they did keeps their name."},
                                     {NULL}};

/* Just then, 15 minutes, an hour, a day before. */
static void check_lead(ResourceCtx *ctx, const Field *field, const char *pointer, Value *value) {
  i64 lead_s = value_int_or(value, -1);
  (void)field;
  if (lead_s != 0 && lead_s != 900 && lead_s != 3600 && lead_s != 86400)
    field_error(ctx, pointer, "choice", "%lld is no time of a notice: 0 (just then), 900, 3600 or 86400 seconds before",
                (long long)lead_s);
}

static const Field LEAD_ITEM = {.kind = F_INT,
                                .required = true,
                                .min = 0,
                                .max = 86400,
                                .check = check_lead,
                                .doc = "So many seconds before: 0, 900, 3600 or 86400.",
                                .example = "3600"};
static const Field NOTICE_FIELDS[] = {
    {.name = "begins_s", .kind = F_LIST, .of = &LEAD_ITEM, .max = 4, .doc = "Before their shifts begin."},
    {.name = "ends_s", .kind = F_LIST, .of = &LEAD_ITEM, .max = 4, .doc = "Before their shifts end."},
    {.name = "report",
     .kind = F_BOOL,
     .def = "false",
     .doc = "When a shift begins, the hand-off report of the one before, by e-mail."},
};

static const Field TEST_PAGE_FIELDS[] = {
    {.name = "day", .kind = F_ENUM, .values = WEEKDAYS, .required = true, .doc = "Each week on this day."},
    {.name = "at",
     .kind = F_TEXT,
     .required = true,
     .max = 5,
     .check = check_clock,
     .doc = "Local time.",
     .example = "10:00"},
    {.name = "time_zone", .kind = F_ZONE, .doc = "Null: their own."},
};

static const Field USER_FIELDS[] = {
    {.name = "name",
     .kind = F_TEXT,
     .required = true,
     .max = 120,
     .doc = "What people call them.",
     .example = "Ann Lee"},
    {.name = "email",
     .kind = F_EMAIL,
     .required = true,
     .unique = true,
     .filter = "account_email",
     .doc = "Signs in with it; names the user anywhere an id does.",
     .example = "ann@example.com"},
    {.name = "role",
     .kind = F_ENUM,
     .values = ROLES,
     .def = "responder",
     .filter = FILTER_SCAN,
     .doc = "What they may do."},
    {.name = "role_id",
     .kind = F_REF,
     .ref = "role",
     .filter = FILTER_SCAN,
     .doc = "A role that people made: what it permits, instead of what `role` would. For responders and viewers."},
    {.name = "status",
     .kind = F_ENUM,
     .values = STATUSES,
     .def = "active",
     .filter = FILTER_SCAN,
     .doc = "Whether they can sign in and be paged."},
    {.name = "time_zone", .kind = F_ZONE, .doc = "Their own; null: the organization's.", .example = "Europe/Berlin"},
    {.name = "locale",
     .kind = F_TEXT,
     .max = 35,
     .doc = "Language of pages and mail, as a language tag.",
     .example = "en-GB"},
    {.name = "quiet_hours",
     .kind = F_LIST,
     .of = &WINDOW_ITEM,
     .max = 20,
     .doc = "In their own time: messages of low urgency wait for the end. High urgency never waits."},
    {.name = "shift_notices",
     .kind = F_OBJECT,
     FIELDS(NOTICE_FIELDS),
     .doc = "What they are told of their shifts, by their low rule; null: nothing."},
    {.name = "test_page",
     .kind = F_OBJECT,
     FIELDS(TEST_PAGE_FIELDS),
     .doc = "When a test comes each week, by the first method that an urgent page takes; null: never."},
    MANAGED_BY_FIELD,
};

static const DbStmt OTHER_OWNERS = {
    "user_other_owners",
    "SELECT count(*) FROM account WHERE org_id = $1 AND role = 'owner' AND status <> 'deactivated' AND id <> $2", NULL};

static bool is_owner(const Value *user) {
  return str_equal_c(value_text_or(value_get_c(user, "role"), STR_NONE), "owner") &&
         !str_equal_c(value_text_or(value_get_c(user, "status"), STR_NONE), "deactivated");
}

static bool keeps_an_owner(ResourceCtx *ctx, const Value *old, Error *err) {
  DbValue args[] = {db_int(ctx->org_id), db_int(resource_ref_id(ctx->registry, value_get_c(old, "id")))};
  i64 others = 0;
  bool found = false;
  if (!db_query_int(ctx->db, &OTHER_OWNERS, COUNT(args), args, &others, &found, err)) return false;
  return others > 0 || fail(err, ERR_CONFLICT, "%.*s is the last owner; make somebody else owner first",
                            STR_ARG(value_text_or(value_get_c(old, "name"), S("this user"))));
}

static bool changed(const Value *old, const Value *fresh, const char *name) {
  return !value_equal(value_get_c(old, name), value_get_c(fresh, name));
}

/* Whoever may only change themselves keeps to what is about them. */
static bool keeps_to_themselves(ResourceCtx *ctx, const Value *old, const Value *fresh, Error *err) {
  static const char *const OTHERS[] = {"role", "role_id", "status", "email"};
  const CoreHooks *hooks = core_hooks(ctx);
  const Grants *held = hooks->caller_grants ? hooks->caller_grants(ctx) : NULL;
  if (!held || grants_scope(held, S("users"), S("update")) == ROWS_ALL) return true;
  for (size_t i = 0; i < COUNT(OTHERS); i++)
    if (changed(old, fresh, OTHERS[i]))
      return fail_at(err, ERR_FORBIDDEN,
                     i == 0   ? "/role"
                     : i == 1 ? "/role_id"
                     : i == 2 ? "/status"
                              : "/email",
                     "your own %s is changed by an administrator", OTHERS[i]);
  return true;
}

/* Nobody makes somebody more than they are themselves, nor touches who is. */
static bool may_make(ResourceCtx *ctx, const Value *old, const Value *fresh, Error *err) {
  const Grants *before = NULL, *after = NULL;
  bool custom = value_is(value_get_c(fresh, "role_id"), VALUE_STRING);
  Str role = value_text_or(value_get_c(fresh, "role"), STR_NONE);
  if (custom && !str_equal_c(role, "responder") && !str_equal_c(role, "viewer"))
    field_error(ctx, "/role_id", "choice", "%.*ss may do what their role says; role_id goes with responder and viewer",
                STR_ARG(role));
  if (!access_of(ctx) || ctx->errors.count) return true;
  if (old && !keeps_to_themselves(ctx, old, fresh, err)) return false;
  bool powers = !old || changed(old, fresh, "role") || changed(old, fresh, "role_id") ||
                changed(old, fresh, "status") || changed(old, fresh, "email");
  if (!powers) return true;
  if (old && (!grants_of_user(ctx, old, &before, err) || !may_grant(ctx, before, "this user", err))) return false;
  return grants_of_user(ctx, fresh, &after, err) && may_grant(ctx, after, "that role", err);
}

static const DbStmt HELD = {
    "user_held",
    "SELECT count(*) FROM ref WHERE target_kind = 'user' AND target_id = $1 AND org_id = $2 AND "
    "owner_kind IN ('team', 'schedule', 'escalation_policy', 'schedule_override')",
    NULL};

/* Whoever is to be paged does not just vanish from where they stand. */
static bool leaves_properly(ResourceCtx *ctx, const Value *old, const Value *fresh, Error *err) {
  i64 id = resource_ref_id(ctx->registry, value_get_c(old, "id")), held = 0;
  bool found = false;
  if (!changed(old, fresh, "status") ||
      !str_equal_c(value_text_or(value_get_c(fresh, "status"), STR_NONE), "deactivated"))
    return true;
  if (!db_query_int(ctx->db, &HELD, DB_ARGS(db_int(id), db_int(ctx->org_id)), &held, &found, err)) return false;
  return held == 0 ||
         fail_at(
             err, ERR_CONFLICT, "/status",
             "%.*s stands in %lld places of teams, schedules and policies: POST /api/v1/users/{id}/deactivate hands "
             "them over; GET .../departure shows them",
             STR_ARG(value_text_or(value_get_c(old, "name"), S("this user"))), (long long)held);
}

static bool user_before_write(ResourceCtx *ctx, const Value *old, Value *fresh, Error *err) {
  if (!may_make(ctx, old, fresh, err) || (old && !leaves_properly(ctx, old, fresh, err))) return false;
  return !old || !is_owner(old) || is_owner(fresh) || keeps_an_owner(ctx, old, err);
}

static bool user_before_delete(ResourceCtx *ctx, const Value *old, Error *err) {
  const Grants *theirs = NULL;
  if (access_of(ctx) && (!grants_of_user(ctx, old, &theirs, err) || !may_grant(ctx, theirs, "this user", err)))
    return false;
  return !is_owner(old) || keeps_an_owner(ctx, old, err);
}

/* A new user's first steps ---------------------------------------------------------------------------------------- */

static bool add_address(ResourceCtx *ctx, const Value *user, Value *out, Error *err) {
  MapBuilder body = map_builder(ctx->arena);
  map_put_c(&body, "user_id", *value_get_c(user, "id"));
  map_put_c(&body, "kind", value_c("email"));
  map_put_c(&body, "address", *value_get_c(user, "email"));
  map_put_c(&body, "label", value_c("E-mail"));
  map_put_c(&body, "verified", value_bool(ctx->administrator));
  Value value = map_done(&body);
  return resource_create(ctx, registry_find(ctx->registry, S("contact_method")), &value, out, err);
}

static bool add_rule(ResourceCtx *ctx, const Value *user, const Value *method, const char *urgency, Error *err) {
  MapBuilder step = map_builder(ctx->arena), body = map_builder(ctx->arena);
  Value made = value_null();
  map_put_c(&step, "delay_s", value_int(0));
  map_put_c(&step, "contact_method_ids", list_of(ctx->arena, value_get_c(method, "id"), 1));
  Value steps = map_done(&step);
  map_put_c(&body, "user_id", *value_get_c(user, "id"));
  map_put_c(&body, "urgency", value_c(urgency));
  map_put_c(&body, "steps", list_of(ctx->arena, &steps, 1));
  Value value = map_done(&body);
  return resource_create(ctx, registry_find(ctx->registry, S("notification_rule")), &value, &made, err);
}

static bool user_after_write(ResourceCtx *ctx, const Value *old, const Value *fresh, Error *err) {
  const CoreHooks *hooks = core_hooks(ctx);
  Value method = value_null();
  i64 id = resource_ref_id(ctx->registry, value_get_c(fresh, "id"));
  bool wishes = old ? changed(old, fresh, "shift_notices") : value_is(value_get_c(fresh, "shift_notices"), VALUE_MAP);
  bool tests = value_is(value_get_c(fresh, "test_page"), VALUE_MAP);
  if (old) tests = changed(old, fresh, "test_page") || (tests && changed(old, fresh, "time_zone"));
  if (wishes && hooks->notices_changed && !hooks->notices_changed(ctx, id, err)) return false;
  if (tests && hooks->test_page_changed && !hooks->test_page_changed(ctx, id, err)) return false;
  if (old) return true;
  return add_address(ctx, fresh, &method, err) && add_rule(ctx, fresh, &method, "high", err) &&
         add_rule(ctx, fresh, &method, "low", err);
}

const Resource USER = {
    .name = "user",
    .plural = "users",
    .prefix = "usr",
    .table = "account",
    .doc = "A person who answers, or reads.",
    FIELDS(USER_FIELDS),
    .configured = true,
    .lookup = "email",
    .owner_column = "id",
    .verbs = VERBS_ALL,
    .before_write = user_before_write,
    .after_write = user_after_write,
    .before_delete = user_before_delete,
};

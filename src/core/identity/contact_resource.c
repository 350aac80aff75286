/* How a person is reached, and in which order: contact methods and notification rules. Both belong to their user. */
#include "core/resources.h"

static const EnumValue KINDS[] = {{"email"},    {"sms"},      {"voice"},  {"push"},        {"webhook"},    {"ntfy"},
                                  {"slack"},    {"telegram"}, {"teams"},  {"google_chat"}, {"mattermost"}, {"discord"},
                                  {"pushover"}, {"gotify"},   {"matrix"}, {"signal"},      {NULL}};

static const EnumValue CHECK_KINDS[] = {
    {"code", 0, "The digits that prove the address."}, {"test", 0, "Only to see whether it arrives."}, {NULL}};
static const EnumValue CHECK_STATUSES[] = {{"sending", 0, "On its way."},
                                           {"sent", 0, "The provider took it."},
                                           {"failed", 0, "check_error says why."},
                                           {NULL}};

static const Field CONTACT_METHOD_FIELDS[] = {
    {.name = "user_id",
     .kind = F_REF,
     .ref = "user",
     .required = true,
     .immutable = true,
     .owner = true,
     .filter = "contact_method_user",
     .doc = "Whose it is."},
    {.name = "kind",
     .kind = F_ENUM,
     .values = KINDS,
     .required = true,
     .immutable = true,
     .filter = FILTER_SCAN,
     .doc = "The channel. `GET /channels` lists those that can be made, and whether anything can be sent by them."},
    {.name = "address",
     .kind = F_TEXT,
     .required = true,
     .max = 2000,
     .doc = "Address or URL, as the channel wants it.",
     .example = "ann@example.org (email), https://example.org/hook (webhook), https://ntfy.sh/my-topic (ntfy)"},
    {.name = "label", .kind = F_TEXT, .max = 80, .doc = "What the person calls it.", .example = "Work phone"},
    {.name = "verified",
     .kind = F_BOOL,
     .def = "false",
     .doc = "Proved by a code; an administrator or an import may say so, and a browser's push subscription proves "
            "itself."},
    {.name = "broken",
     .kind = F_TEXT,
     .read_only = true,
     .doc = "Why nothing can be sent there any more; null: it works."},
    {.name = "checked_at", .kind = F_TIME, .read_only = true, .doc = "When the last code or test was sent there."},
    {.name = "check_kind", .kind = F_ENUM, .values = CHECK_KINDS, .read_only = true, .doc = "Which of the two."},
    {.name = "check_status", .kind = F_ENUM, .values = CHECK_STATUSES, .read_only = true, .doc = "What became of it."},
    {.name = "check_error", .kind = F_TEXT, .read_only = true, .doc = "Why it failed."},
};

static bool text_changed(const Value *old, const Value *fresh, const char *name) {
  return old && !value_equal(value_get_c(old, name), value_get_c(fresh, name));
}

static bool flag(const Value *row, const char *name) {
  return row && value_bool_or(value_get_c(row, name), false);
}

/* A new address is a new proof; and nobody but an administrator gives themselves one. */
static bool contact_before_write(ResourceCtx *ctx, const Value *old, Value *fresh, Error *err) {
  const CoreHooks *hooks = core_hooks(ctx);
  Str kind = value_text_or(value_get_c(fresh, "kind"), S("")),
      address = value_text_or(value_get_c(fresh, "address"), S(""));
  Error why = {0};
  (void)err;
  bool asked = !old || text_changed(old, fresh, "address"); /* what is stored already stays as it is */
  if (asked && hooks->check_address && !hooks->check_address(ctx, kind, address, &why)) {
    bool no_channel = why.code == ERR_NOT_FOUND;
    field_error(ctx, no_channel ? "/kind" : "/address", no_channel ? "choice" : "format", "%s", why.message);
  }
  if (text_changed(old, fresh, "address")) resource_put(ctx, fresh, "broken", value_null());
  bool proves_itself = str_equal_c(kind, "push"); /* a browser subscribes for whoever is signed in there */
  if (text_changed(old, fresh, "address") && !ctx->administrator)
    resource_put(ctx, fresh, "verified", value_bool(false));
  if (flag(fresh, "verified") && !flag(old, "verified") && !ctx->administrator && !proves_itself)
    field_error(ctx, "/verified", "read_only",
                "an address is verified with the code that is sent to it; an administrator may say so too");
  return true;
}

/* Another address may work. */
static bool contact_after_write(ResourceCtx *ctx, const Value *old, const Value *fresh, Error *err) {
  static const DbStmt MENDED = {"contact_mended", "UPDATE contact_method SET broken = NULL WHERE id = $1", NULL};
  if (!text_changed(old, fresh, "address")) return true;
  return db_run(ctx->db, &MENDED, err, db_int(resource_ref_id(ctx->registry, value_get_c(fresh, "id"))));
}

static const char *const CONTACT_METHOD_KEY[] = {"user_id", "kind", "address", NULL};

const Resource CONTACT_METHOD = {
    .name = "contact_method",
    .plural = "contact-methods",
    .prefix = "ctm",
    .table = "contact_method",
    .doc = "One way to reach one person.",
    FIELDS(CONTACT_METHOD_FIELDS),
    .configured = true,
    .key = CONTACT_METHOD_KEY,
    .verbs = VERBS_ALL,
    .owner_column = "user_id",
    .before_write = contact_before_write,
    .after_write = contact_after_write,
};

/* Notification rules ---------------------------------------------------------------------------------------------- */

static const Field METHOD_ITEM = {
    .kind = F_REF, .ref = "contact_method", .required = true, .doc = "A contact method of the same user."};
static const Field STEP_FIELDS[] = {
    {.name = "delay_s",
     .kind = F_INT,
     .min = 0,
     .max = 86400,
     .def = "0",
     .doc = "Seconds after the page reached the person."},
    {.name = "contact_method_ids",
     .kind = F_LIST,
     .of = &METHOD_ITEM,
     .required = true,
     .min = 1,
     .max = 20,
     .doc = "Used together."},
};
static const Field STEP_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(STEP_FIELDS), .doc = "One step."};

static const Field NOTIFICATION_RULE_FIELDS[] = {
    {.name = "user_id",
     .kind = F_REF,
     .ref = "user",
     .required = true,
     .immutable = true,
     .owner = true,
     .filter = "notification_rule_user",
     .doc = "Whose it is."},
    {.name = "urgency",
     .kind = F_ENUM,
     .values = URGENCIES,
     .required = true,
     .immutable = true,
     .filter = FILTER_SCAN,
     .doc = "Of the pages it is for; one rule per user and urgency."},
    {.name = "steps",
     .kind = F_LIST,
     .of = &STEP_ITEM,
     .required = true,
     .min = 1,
     .max = 20,
     .doc = "In order of their delays. Without a rule of an urgency, e-mail and push are used at once.",
     .example = "[{\"delay_s\": 0, \"contact_method_ids\": [\"ctm_0000000000001\"]}]"},
};

static const DbStmt RULE_TAKEN = {
    "notification_rule_taken", "SELECT id FROM notification_rule WHERE org_id = $1 AND user_id = $2 AND urgency = $3",
    NULL};

static bool check_one_per_urgency(ResourceCtx *ctx, i64 user_id, Str urgency, Error *err) {
  DbValue args[] = {db_int(ctx->org_id), db_int(user_id), db_text(urgency)};
  i64 other = 0;
  bool taken = false;
  if (!db_query_int(ctx->db, &RULE_TAKEN, COUNT(args), args, &other, &taken, err)) return false;
  if (taken)
    field_error(ctx, "/urgency", "taken", "this user has a rule for urgency %.*s; change that one", STR_ARG(urgency));
  return true;
}

static const DbStmt METHOD_OF = {"contact_method_of",
                                 "SELECT id FROM contact_method WHERE id = $1 AND org_id = $2 AND user_id = $3", NULL};

static bool check_method(ResourceCtx *ctx, const Value *method, i64 user_id, size_t step, size_t place, Error *err) {
  DbValue args[] = {db_int(resource_ref_id(ctx->registry, method)), db_int(ctx->org_id), db_int(user_id)};
  i64 id = 0;
  bool found = false;
  if (!db_query_int(ctx->db, &METHOD_OF, COUNT(args), args, &id, &found, err)) return false;
  if (!found)
    field_error(ctx, str_to_c(ctx->arena, str_format(ctx->arena, "/steps/%zu/contact_method_ids/%zu", step, place)),
                "not_found", "contact method %.*s belongs to somebody else", STR_ARG(value_text_or(method, S("?"))));
  return true;
}

static bool notification_rule_before_write(ResourceCtx *ctx, const Value *old, Value *fresh, Error *err) {
  i64 user_id = resource_ref_id(ctx->registry, value_get_c(fresh, "user_id"));
  const Value *steps = value_get_c(fresh, "steps");
  if (!old && !check_one_per_urgency(ctx, user_id, value_text_or(value_get_c(fresh, "urgency"), S("")), err))
    return false;
  for (size_t i = 0; value_is(steps, VALUE_LIST) && i < steps->size; i++) {
    const Value *methods = value_get_c(value_at(steps, i), "contact_method_ids");
    for (size_t k = 0; value_is(methods, VALUE_LIST) && k < methods->size; k++)
      if (!check_method(ctx, value_at(methods, k), user_id, i, k, err)) return false;
  }
  return true;
}

static const char *const NOTIFICATION_RULE_KEY[] = {"user_id", "urgency", NULL};

const Resource NOTIFICATION_RULE = {
    .name = "notification_rule",
    .plural = "notification-rules",
    .prefix = "nrl",
    .table = "notification_rule",
    .doc = "In which order a person is reached, for one urgency.",
    FIELDS(NOTIFICATION_RULE_FIELDS),
    .configured = true,
    .key = NOTIFICATION_RULE_KEY,
    .verbs = VERBS_ALL,
    .owner_column = "user_id",
    .before_write = notification_rule_before_write,
};

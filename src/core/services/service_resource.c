/* Services: what can break. */
#include "core/resources.h"

static const EnumValue TIERS[] = {{"tier1", 1, "Wakes people first."},
                                  {"tier2", 2, "Matters to many."},
                                  {"tier3", 3, "Matters to some."},
                                  {"tier4", 4, "Can wait."},
                                  {NULL}};

static const Field ALIAS_ITEM = {
    .kind = F_TEXT, .required = true, .max = 200, .doc = "A name that senders use.", .example = "checkout-svc"};
static const Field SERVICE_ITEM = {.kind = F_REF, .ref = "service", .required = true, .doc = "A service."};

static const Field SERVICE_FIELDS[] = {
    {.name = "name",
     .kind = F_TEXT,
     .required = true,
     .max = 120,
     .doc = "What people call it.",
     .example = "Checkout"},
    {.name = "aliases", .kind = F_LIST, .of = &ALIAS_ITEM, .max = 100, .doc = "Other names under which alerts come."},
    {.name = "tier",
     .kind = F_ENUM,
     .values = TIERS,
     .def = "tier2",
     .filter = FILTER_SCAN,
     .doc = "tier1 wakes people first."},
    {.name = "team_id", .kind = F_REF, .ref = "team", .filter = FILTER_SCAN, .doc = "Who owns it."},
    {.name = "policy_id",
     .kind = F_REF,
     .ref = "escalation_policy",
     .filter = FILTER_SCAN,
     .doc = "Who is paged; null: the team's."},
    {.name = "labels", .kind = F_LABELS, .doc = "Words to route by.", .example = "{\"env\": \"production\"}"},
    {.name = "depends_on", .kind = F_LIST, .of = &SERVICE_ITEM, .max = 200, .doc = "What it needs to work."},
    {.name = "failure_severity",
     .kind = F_INT,
     .min = 0,
     .max = 4,
     .doc = "Severity of its incidents, 0 is worst; null: from the alert's priority."},
    {.name = "urgency",
     .kind = F_ENUM,
     .values = URGENCIES,
     .doc = "Wins over the policy's; null: the policy decides."},
    {.name = "repository",
     .kind = F_TEXT,
     .max = 500,
     .doc = "Where its source is.",
     .example = "https://git.example.com/shop/checkout"},
    MANAGED_BY_FIELD,
};

static bool service_before_write(ResourceCtx *ctx, const Value *old, Value *fresh, Error *err) {
  const Value *needs = value_get_c(fresh, "depends_on"), *self = old ? value_get_c(old, "id") : NULL;
  (void)err;
  for (size_t i = 0; self && value_is(needs, VALUE_LIST) && i < needs->size; i++)
    if (value_equal(value_at(needs, i), self))
      field_error(ctx, str_to_c(ctx->arena, str_format(ctx->arena, "/depends_on/%zu", i)), "choice",
                  "a service cannot depend on itself");
  return true;
}

const Resource SERVICE = {
    .name = "service",
    .plural = "services",
    .prefix = "svc",
    .table = "service",
    .doc = "What can break.",
    FIELDS(SERVICE_FIELDS),
    .configured = true,
    .has_slug = true,
    .verbs = VERBS_ALL,
    .team_column = "team_id",
    .before_write = service_before_write,
};

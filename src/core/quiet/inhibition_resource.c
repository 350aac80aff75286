/* Inhibition rules: while an alert that matches the source is open, those that match the target are quiet. */
#include "core/quiet/quiet.h"
#include "core/resources.h"

static const EnumValue SCOPES[] = {{"equal", 0, "Where the labels named in equal are equal."},
                                   {"all", 0, "Everywhere: any source quiets every target."},
                                   {NULL}};
static const Field LABEL_ITEM = {
    .kind = F_TEXT, .required = true, .max = 1024, .doc = "A label's name.", .example = "cluster"};

static const Field RULE_FIELDS[] = {
    {.name = "name",
     .kind = F_TEXT,
     .required = true,
     .max = 120,
     .doc = "What people call it.",
     .example = "A dead node quiets its pods"},
    {.name = "enabled", .kind = F_BOOL, .def = "true", .filter = FILTER_SCAN, .doc = "Whether it quiets anybody."},
    {.name = "source",
     .kind = F_LIST,
     .of = &QUIET_MATCHER_ITEM,
     .required = true,
     .min = 1,
     .max = MATCHERS_MAX,
     .doc = "An open alert for which all of these hold ...",
     .example = "[{\"name\": \"alertname\", \"value\": \"NodeDown\"}]"},
    {.name = "target",
     .kind = F_LIST,
     .of = &QUIET_MATCHER_ITEM,
     .required = true,
     .min = 1,
     .max = MATCHERS_MAX,
     .doc = "... quiets those for which all of these hold ...",
     .example = "[{\"name\": \"severity\", \"value\": \"warning\"}]"},
    {.name = "equal",
     .kind = F_LIST,
     .of = &LABEL_ITEM,
     .max = 20,
     .doc = "... where these labels are equal.",
     .example = "[\"node\"]"},
    {.name = "missing_equal",
     .kind = F_BOOL,
     .def = "false",
     .doc = "A label that both lack is equal, as with Alertmanager; else it is not."},
    {.name = "scope", .kind = F_ENUM, .values = SCOPES, .def = "equal", .doc = "Where it holds."},
    {.name = "wait_s",
     .kind = F_INT,
     .min = 0,
     .max = 3600,
     .doc = "So long a new target waits for its source before it pages; null: the organization's (0)."},
    {.name = "release_s",
     .kind = F_INT,
     .min = 0,
     .max = 86400,
     .doc = "So long after its last source a target waits to page; null: the organization's (30)."},
    {.name = "stamp", .kind = F_INT, .hidden = true, .def = "0", .doc = "Of this writing of the row."},
    MANAGED_BY_FIELD,
};

static bool rule_before_write(ResourceCtx *ctx, const Value *old, Value *fresh, Error *err) {
  const Value *equal = value_get_c(fresh, "equal");
  bool all = str_equal_c(value_text_or(value_get_c(fresh, "scope"), STR_NONE), "all"),
       any = value_is(equal, VALUE_LIST) && equal->size > 0;
  (void)old;
  (void)err;
  matchers_check(ctx, fresh, "source", "its source would be");
  matchers_check(ctx, fresh, "target", "it would quiet");
  if (!all && !any)
    field_error(ctx, "/equal", "required",
                "name the labels that must be equal, such as [\"cluster\"]; or say scope \"all\": then any source "
                "quiets every target, wherever it is");
  if (all && any)
    field_error(ctx, "/scope", "choice", "scope \"all\" needs no labels that are equal: leave out equal, or the scope");
  return true;
}

const Resource INHIBITION_RULE = {
    .name = "inhibition_rule",
    .plural = "inhibition-rules",
    .prefix = "inh",
    .table = "inhibition_rule",
    .doc = "While one alert is open, others are quiet.",
    FIELDS(RULE_FIELDS),
    .configured = true,
    .has_slug = true,
    .verbs = VERBS_ALL,
    .before_write = rule_before_write,
    .after_write = quiet_after_write,
    .after_delete = quiet_after_delete,
};

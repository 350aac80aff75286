/* Alert rules: when (an expression, or rows of conditions) then actions. */
#include "core/alerts/alerts.h"
#include "core/alerts/rule.h"
#include "core/alerts/rule_versions.h"
#include "core/resources.h"

/* Conditions and actions ------------------------------------------------------------------------------------------ */

static const EnumValue OPS[] = {
    {"="},         {"!="},      {"equals"},      {"not_equals"}, {"contains"}, {"not_contains"}, {"starts_with"},
    {"ends_with"}, {"matches"}, {"not_matches"}, {"=~"},         {"!~"},       {"in"},           {"not_in"},
    {">"},         {">="},      {"<"},           {"<="},         {"exists"},   {"not_exists"},   {NULL}};
static const EnumValue MATCHES[] = {{"all", 0, "Every condition holds."}, {"any", 0, "One is enough."}, {NULL}};
static const EnumValue MISSING[] = {{"separate", 0, "An alert without a value of the group has its own incident."},
                                    {"group", 0, "Alerts without a value are one group."},
                                    {NULL}};
static const EnumValue INCIDENT_KINDS[] = {{"normal"}, {"drill"}, {"test"}, {"backfilled"}, {NULL}};

static const Field CONDITION_FIELDS[] = {
    {.name = "field",
     .kind = F_TEXT,
     .required = true,
     .max = 300,
     .doc = "Of the alert: title, description, status, priority, source_priority, dedup_key, source, count, episode, "
            "service, service.tier, team, integration.slug, environment, url, links, ...; labels.x is the label x.",
     .example = "labels.severity"},
    {.name = "op", .kind = F_ENUM, .values = OPS, .def = "=", .doc = "How to compare."},
    {.name = "value",
     .kind = F_JSON,
     .doc = "With what: a text or number; a list for in and not_in; none for exists and not_exists."},
};
static const Field CONDITION_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(CONDITION_FIELDS), .doc = "One row."};

static const Field GROUP_ITEM = {.kind = F_CEL,
                                 .cel = "rule",
                                 .required = true,
                                 .doc = "A value that alerts of one group share.",
                                 .example = "labels.cluster"};

static void check_priority(ResourceCtx *ctx, const Field *field, const char *pointer, Value *value) {
  Str text = value_text_or(value, STR_NONE);
  (void)field;
  bool known = text.len == 2 && (text.ptr[0] == 'p' || text.ptr[0] == 'P') && text.ptr[1] >= '1' && text.ptr[1] <= '4';
  if (text.len == 0 || known || str_find(text, S("{{"), 0) < text.len) return;
  field_error(ctx, pointer, "choice", "priority cannot be \"%.*s\"; it is p1, p2, p3, p4 or a template",
              STR_ARG(utf8_cut(text, 60)));
}

static const Field SET_FIELDS[] = {
    {.name = "priority",
     .kind = F_TEXT,
     .max = 1000,
     .check = check_priority,
     .doc = "p1 to p4, or a template that gives one."},
    {.name = "service_id", .kind = F_REF, .ref = "service", .doc = "The service it is about."},
    {.name = "labels", .kind = F_LABELS, .doc = "Added; values are templates."},
    {.name = "title", .kind = F_TEXT, .max = 1000, .doc = "A template."},
};
static const Field SUPPRESS_FIELDS[] = {{.name = "reason", .kind = F_TEXT, .max = 500, .doc = "Shown on the alert."}};
#define FOR_SECONDS(text)                                                                                              \
  { .name = "for_s", .kind = F_INT, .required = true, .min = 1, .max = 2592000, .doc = text, .example = "300" }
static const Field PAUSE_FIELDS[] = {FOR_SECONDS("Pages wait so long; a resolve in time means none.")};
static const Field SNOOZE_FIELDS[] = {FOR_SECONDS("Quiet for so long; then, if still triggered, one page.")};
static const Field THRESHOLD_FIELDS[] = {
    {.name = "count",
     .kind = F_INT,
     .required = true,
     .min = 1,
     .max = 10000,
     .doc = "So many occurrences ...",
     .example = "5"},
    {.name = "within_s",
     .kind = F_INT,
     .required = true,
     .min = 1,
     .max = 2592000,
     .doc = "... within so many seconds.",
     .example = "300"},
};
static const Field INCIDENT_FIELDS[] = {
    {.name = "severity",
     .kind = F_INT,
     .min = 0,
     .max = 4,
     .doc = "0 is worst; null: the service's, else from the priority."},
    {.name = "title", .kind = F_TEXT, .max = 1000, .doc = "A template; null: the alert's title."},
    {.name = "type_id", .kind = F_TEXT, .max = 80, .doc = "The incident type."},
    {.name = "group_by",
     .kind = F_LIST,
     .of = &GROUP_ITEM,
     .max = 10,
     .doc = "Alerts with equal values share one incident; none: each has its own."},
    {.name = "window_s",
     .kind = F_INT,
     .min = 0,
     .max = 31536000,
     .doc = "How long it takes new alerts; null: the organization's."},
    {.name = "extend", .kind = F_BOOL, .def = "false", .doc = "Each new alert makes the window slide."},
    {.name = "max_window_s",
     .kind = F_INT,
     .min = 1,
     .max = 31536000,
     .doc = "The end of a window that slides; null: the organization's."},
    {.name = "missing",
     .kind = F_ENUM,
     .values = MISSING,
     .def = "separate",
     .doc = "What an absent value of group_by means."},
    {.name = "auto_resolve",
     .kind = F_BOOL,
     .doc = "Resolves it when its last alert is resolved; null: the organization's."},
    {.name = "auto_resolve_after_s",
     .kind = F_INT,
     .min = 0,
     .max = 31536000,
     .doc = "... and stayed so for this long; null: the organization's."},
    {.name = "kind", .kind = F_ENUM, .values = INCIDENT_KINDS, .def = "normal", .doc = "What sort of incident."},
};
static const Field PAGE_FIELDS[] = {
    {.name = "policy_id", .kind = F_REF, .ref = "escalation_policy", .doc = "Null: the default chain."}};
static const Field RUNBOOK_FIELDS[] = {
    {.name = "runbook_id", .kind = F_TEXT, .required = true, .max = 80, .doc = "Which."},
    {.name = "inputs", .kind = F_JSON, .doc = "Its inputs, as templates."}};
static const Field NOTIFY_FIELDS[] = {
    {.name = "channel", .kind = F_TEXT, .required = true, .max = 200, .doc = "Where."},
    {.name = "message", .kind = F_TEXT, .max = 4000, .doc = "A template."}};

static const Field ACTION_VARIANTS[] = {
    {.name = "set", .kind = F_OBJECT, FIELDS(SET_FIELDS), .doc = "Changes the alert; later rules see it."},
    {.name = "suppress", .kind = F_OBJECT, FIELDS(SUPPRESS_FIELDS), .doc = "Holds it: no incident, no page."},
    {.name = "unsuppress", .kind = F_OBJECT, .doc = "Takes that hold away."},
    {.name = "pause", .kind = F_OBJECT, FIELDS(PAUSE_FIELDS), .doc = "Waits before it pages."},
    {.name = "threshold",
     .kind = F_OBJECT,
     FIELDS(THRESHOLD_FIELDS),
     .doc =
         "Holds the alert until so many occurrences; the actions after it wait for them, a page before it is refused."},
    {.name = "create_incident",
     .kind = F_OBJECT,
     FIELDS(INCIDENT_FIELDS),
     .doc = "Opens an incident, or joins its group's."},
    {.name = "page", .kind = F_OBJECT, FIELDS(PAGE_FIELDS), .doc = "Pages."},
    {.name = "run_runbook", .kind = F_OBJECT, FIELDS(RUNBOOK_FIELDS), .doc = "Starts a runbook; not yet: refused."},
    {.name = "notify", .kind = F_OBJECT, FIELDS(NOTIFY_FIELDS), .doc = "Tells a channel; not yet: refused."},
    {.name = "snooze", .kind = F_OBJECT, FIELDS(SNOOZE_FIELDS), .doc = "Quiet for a while."},
};
static const Field ACTION_ITEM = {
    .kind = F_UNION, .tag = "type", .required = true, FIELDS(ACTION_VARIANTS), .doc = "One action."};
static const Field INTEGRATION_ITEM = {.kind = F_REF, .ref = "integration", .required = true, .doc = "An integration."};

static const Field ACTIVE_FIELDS[] = {
    {.name = "time_zone", .kind = F_ZONE, .doc = "Null: the organization's."},
    {.name = "windows",
     .kind = F_LIST,
     .of = &WINDOW_ITEM,
     .required = true,
     .min = 1,
     .max = 50,
     .doc = "It runs within these.",
     .example = "[{\"days\": [\"sat\", \"sun\"], \"from\": \"00:00\", \"to\": \"00:00\"}]"}};

/* The rule -------------------------------------------------------------------------------------------------------- */

static const Field RULE_FIELDS[] = {
    {.name = "name",
     .kind = F_TEXT,
     .required = true,
     .max = 120,
     .doc = "What people call it.",
     .example = "Disks of production"},
    {.name = "team_id",
     .kind = F_REF,
     .ref = "team",
     .filter = FILTER_SCAN,
     .doc = "Null: the organization's rules, which run first."},
    {.name = "integration_ids",
     .kind = F_LIST,
     .of = &INTEGRATION_ITEM,
     .max = 200,
     .doc = "Only for alerts of these; none: all."},
    {.name = "position",
     .kind = F_INT,
     .min = 0,
     .max = 1000000000,
     .required = true,
     .filled = true,
     .doc = "Order within its list; not given: last."},
    {.name = "enabled", .kind = F_BOOL, .def = "true", .filter = FILTER_SCAN, .doc = "Whether it runs."},
    {.name = "when",
     .kind = F_CEL,
     .cel = "condition",
     .doc = "An expression over the alert.",
     .example = "labels.severity == 'critical'"},
    {.name = "conditions",
     .kind = F_LIST,
     .of = &CONDITION_ITEM,
     .max = 100,
     .doc = "Rows instead of an expression: not both."},
    {.name = "match", .kind = F_ENUM, .values = MATCHES, .def = "all", .doc = "How conditions are joined."},
    {.name = "actions",
     .kind = F_LIST,
     .of = &ACTION_ITEM,
     .max = 50,
     .doc = "What it does, in order. At least one, unless it stops or is not enabled."},
    {.name = "stop", .kind = F_BOOL, .def = "false", .doc = "No later rule of the list sees the alert."},
    {.name = "active_times",
     .kind = F_OBJECT,
     FIELDS(ACTIVE_FIELDS),
     .doc = "When it runs, by the time at which an alert comes; null: always."},
    {.name = "hits",
     .kind = F_INT,
     .required = true,
     .computed = true,
     .read_only = true,
     .doc = "How often it matched an alert that came."},
    {.name = "last_hit_at", .kind = F_TIME, .computed = true, .read_only = true, .doc = "When last; null: never."},
    {.name = "would_mute",
     .kind = F_JSON,
     .computed = true,
     .read_only = true,
     .doc = "Only in the answer to a write (and a dry run): how many open alerts, and of those of the last 7 days, the "
            "rule alone holds; null: it holds none by what it does."},
    MANAGED_BY_FIELD,
};

static const DbStmt LAST_POSITION = {
    "alert_rule_last_position", "SELECT max(position) FROM alert_rule WHERE org_id = $1 AND COALESCE(team_id, 0) = $2",
    NULL};

/* As it was given: it is checked later. */
static bool team_of(ResourceCtx *ctx, const Value *draft, i64 *out) {
  const Value *team = value_get_c(draft, "team_id");
  Error ignored = {0};
  *out = 0;
  return !value_is(team, VALUE_STRING) || resource_resolve(ctx, &TEAM, value_text(team), out, &ignored);
}

/* Last in its list: the organization's, or its team's. */
static bool rule_prepare(ResourceCtx *ctx, const Value *old, Value *draft, Error *err) {
  const Value *position = value_get_c(draft, "position");
  i64 last = 0, team_id = 0;
  bool found = false;
  if (old || (position && position->kind != VALUE_NULL)) return true;
  if (!team_of(ctx, draft, &team_id)) team_id = 0;
  DbValue args[] = {db_int(ctx->org_id), db_int(team_id)};
  if (!db_query_int(ctx->db, &LAST_POSITION, COUNT(args), args, &last, &found, err)) return false;
  resource_put(ctx, draft, "position", value_int(found ? last + 1 : 1));
  return true;
}

static bool rule_before_write(ResourceCtx *ctx, const Value *old, Value *fresh, Error *err) {
  const CoreHooks *hooks = core_hooks(ctx);
  Error why = {0};
  (void)err;
  rule_check_meaning(ctx, old, fresh);
  if (ctx->errors.count) return true;
  if (hooks->check_rule && !hooks->check_rule(ctx, fresh, &why))
    field_error(ctx, why.pointer, "expression", "%s%s%s", why.message, why.detail[0] ? "\n" : "", why.detail);
  return true;
}

static bool rule_after_write(ResourceCtx *ctx, const Value *old, const Value *fresh, Error *err) {
  const CoreHooks *hooks = core_hooks(ctx);
  if (!rule_version_keep(ctx, old, fresh, err)) return false;
  if (!old || !hooks->rule_changed) return true;
  return hooks->rule_changed(ctx, resource_ref_id(ctx->registry, value_get_c(fresh, "id")), err);
}

static bool rule_after_delete(ResourceCtx *ctx, const Value *old, Error *err) {
  const CoreHooks *hooks = core_hooks(ctx);
  i64 id = resource_ref_id(ctx->registry, value_get_c(old, "id"));
  return rule_hits_forget(ctx->db, ctx->org_id, id, err) && (!hooks->rule_changed || hooks->rule_changed(ctx, id, err));
}

static void rule_render(ResourceCtx *ctx, const Value *row, MapBuilder *out) {
  const CoreHooks *hooks = core_hooks(ctx);
  map_put_c(out, "hits", value_int(0));
  map_put_c(out, "last_hit_at", value_null());
  if (hooks->rule_facts) hooks->rule_facts(ctx, resource_ref_id(ctx->registry, value_get_c(row, "id")), out);
}

const Resource ALERT_RULE = {
    .name = "alert_rule",
    .plural = "alert-rules",
    .prefix = "rul",
    .table = "alert_rule",
    .doc = "What happens with which alerts.",
    FIELDS(RULE_FIELDS),
    .configured = true,
    .has_slug = true,
    .verbs = VERBS_ALL,
    .team_column = "team_id",
    .prepare = rule_prepare,
    .before_write = rule_before_write,
    .after_write = rule_after_write,
    .after_delete = rule_after_delete,
    .render = rule_render,
};

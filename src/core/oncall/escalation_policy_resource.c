/* Escalation policies: whom to page, in which order, how long to wait. */
#include "core/oncall/policy_check.h"

static const EnumValue STRATEGIES[] = {
    {"all", 0, "Everybody of the level."}, {"round_robin", 0, "The next one of the level at each page."}, {NULL}};
static const EnumValue POLICY_URGENCIES[] = {
    {"high"}, {"low"}, {"by_priority", 0, "p1, p2 and unset are high, p3 and p4 low."}, {NULL}};

static const Field USER_TARGET[] = {
    {.name = "id", .kind = F_REF, .ref = "user", .required = true, .doc = "The person."}};
static const Field SCHEDULE_TARGET[] = {
    {.name = "id", .kind = F_REF, .ref = "schedule", .required = true, .doc = "Whoever is on call there."}};
static const Field TEAM_TARGET[] = {
    {.name = "id", .kind = F_REF, .ref = "team", .required = true, .doc = "Everybody in the team."}};
static const Field CHANNEL_TARGET[] = {
    {.name = "id", .kind = F_TEXT, .required = true, .max = 200, .doc = "A chat channel."}};
static const Field TARGET_VARIANTS[] = {
    {.name = "user", .kind = F_OBJECT, FIELDS(USER_TARGET), .doc = "A person."},
    {.name = "schedule", .kind = F_OBJECT, FIELDS(SCHEDULE_TARGET), .doc = "Who is on call."},
    {.name = "team", .kind = F_OBJECT, FIELDS(TEAM_TARGET), .doc = "A whole team."},
    {.name = "channel", .kind = F_OBJECT, FIELDS(CHANNEL_TARGET), .doc = "A chat channel: not taken by this version."},
};
static const Field TARGET_ITEM = {
    .kind = F_UNION, .tag = "kind", .required = true, FIELDS(TARGET_VARIANTS), .doc = "Whom to page."};

static const EnumValue UNTILS[] = {{"acknowledged", 0, "Somebody answered: it is left out."},
                                   {"resolved", 0, "Also after an acknowledgement, at its time, while it burns."},
                                   {NULL}};
static const EnumValue OTHERWISES[] = {
    {"skip", 0, "The next level, at once."}, {"hold", 0, "Wait until it holds."}, {NULL}};
static const EnumValue WHEN_PRIORITIES[] = {{"p1"}, {"p2"}, {"p3"}, {"p4"}, {"none", 0, "It has none."}, {NULL}};
static const EnumValue MATCH_OPS[] = {
    {"="}, {"!="}, {"=~", 0, "The whole value matches the expression (RE2)."}, {"!~", 0, "It does not."}, {NULL}};
static const EnumValue ON_EMPTIES[] = {{"next", 0, "The next round, at once."},
                                       {"hold_until_someone", 0, "Wait until somebody is on call."},
                                       {"fallback_target", 0, "Whom exhausted names."},
                                       {NULL}};

static const Field PRIORITY_ITEM = {
    .kind = F_ENUM, .values = WHEN_PRIORITIES, .required = true, .doc = "A priority of the alert."};
static const Field MATCHER_FIELDS[] = {
    {.name = "name", .kind = F_TEXT, .required = true, .max = 200, .doc = "Of the label.", .example = "env"},
    {.name = "op", .kind = F_ENUM, .values = MATCH_OPS, .def = "=", .doc = "How its value is compared."},
    {.name = "value", .kind = F_TEXT, .max = 2000, .doc = "With what; a label that is absent is empty."}};
static const Field MATCHER_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(MATCHER_FIELDS), .doc = "Of one label."};
static const Field ROUND_ITEM = {.kind = F_INT, .required = true, .min = 0, .max = 9, .doc = "0 is the first pass."};
static const Field WHEN_FIELDS[] = {
    {.name = "priorities", .kind = F_LIST, .of = &PRIORITY_ITEM, .max = 5, .doc = "One of these; none: any."},
    {.name = "windows", .kind = F_LIST, .of = &WINDOW_ITEM, .max = 50, .doc = "Inside one of these; none: always."},
    {.name = "time_zone", .kind = F_ZONE, .doc = "Of the windows; null: the organization's."},
    {.name = "matchers", .kind = F_LIST, .of = &MATCHER_ITEM, .max = 20, .doc = "All of these, on the labels."},
    {.name = "rounds", .kind = F_LIST, .of = &ROUND_ITEM, .max = 10, .doc = "In one of these; none: in all."},
    {.name = "otherwise",
     .kind = F_ENUM,
     .values = OTHERWISES,
     .def = "skip",
     .doc = "What is done when it does not hold."}};

static const Field LEVEL_FIELDS[] = {
    {.name = "targets",
     .kind = F_LIST,
     .of = &TARGET_ITEM,
     .required = true,
     .min = 1,
     .max = 50,
     .doc = "Paged together."},
    {.name = "wait_s",
     .kind = F_INT,
     .min = 0,
     .max = 604800,
     .def = "300",
     .doc = "Seconds until the next level; 0: together with it."},
    {.name = "when", .kind = F_OBJECT, FIELDS(WHEN_FIELDS), .doc = "Looked at when the level is due; null: always."},
    {.name = "until", .kind = F_ENUM, .values = UNTILS, .def = "acknowledged", .doc = "What ends it."},
    {.name = "strategy", .kind = F_ENUM, .values = STRATEGIES, .def = "all", .doc = "Whom of the targets."},
    {.name = "attempts",
     .kind = F_INT,
     .min = 1,
     .max = 10,
     .def = "1",
     .doc = "How often the level is paged before the next."},
};
static const Field LEVEL_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(LEVEL_FIELDS), .doc = "One level."};

const Field POLICY_FIELDS[] = {
    {.name = "name",
     .kind = F_TEXT,
     .required = true,
     .max = 120,
     .doc = "What people call it.",
     .example = "Payments, day and night"},
    {.name = "team_id", .kind = F_REF, .ref = "team", .filter = FILTER_SCAN, .doc = "Who owns it."},
    {.name = "levels", .kind = F_LIST, .of = &LEVEL_ITEM, .required = true, .min = 1, .max = 10, .doc = "In order."},
    {.name = "repeat",
     .kind = F_INT,
     .min = 0,
     .max = 9,
     .def = "3",
     .doc = "So many times more after the first pass."},
    {.name = "exhausted",
     .kind = F_LIST,
     .of = &TARGET_ITEM,
     .max = 50,
     .doc = "Told when nobody answered; none: the team's owners, then the organization's."},
    {.name = "ack_timeout_s",
     .kind = F_INT,
     .min = 1,
     .max = 2592000,
     .doc = "An acknowledgement without any further act ends after this, 60 at least; null: never."},
    {.name = "on_empty",
     .kind = F_ENUM,
     .values = ON_EMPTIES,
     .def = "next",
     .doc = "What is done when the last level has nobody; any other is left out at once."},
    {.name = "page_newcomers",
     .kind = F_BOOL,
     .def = "true",
     .doc = "Who comes on call while nobody has answered is paged, too."},
    {.name = "stop_previous_on_escalate",
     .kind = F_BOOL,
     .def = "false",
     .doc = "The steps that people of earlier levels still have are left out."},
    {.name = "urgency",
     .kind = F_ENUM,
     .values = POLICY_URGENCIES,
     .def = "by_priority",
     .doc = "Which of people's notification rules is used."},
    MANAGED_BY_FIELD,
};

_Static_assert(COUNT(POLICY_FIELDS) == POLICY_FIELD_COUNT + 1, "a draft has every field but managed_by");

static bool policy_before_write(ResourceCtx *ctx, const Value *old, Value *fresh, Error *err) {
  (void)err;
  policy_check(ctx, old, fresh);
  return true;
}

const Resource ESCALATION_POLICY = {
    .name = "escalation_policy",
    .plural = "escalation-policies",
    .prefix = "pol",
    .table = "escalation_policy",
    .doc = "Whom to page, in which order, how long to wait.",
    FIELDS(POLICY_FIELDS),
    .configured = true,
    .has_slug = true,
    .verbs = VERBS_ALL,
    .team_column = "team_id",
    .before_write = policy_before_write,
};

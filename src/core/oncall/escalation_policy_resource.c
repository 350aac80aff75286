/* Escalation policies: whom to page, in which order, how long to wait. */
#include "core/resources.h"

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
    {.name = "channel", .kind = F_OBJECT, FIELDS(CHANNEL_TARGET), .doc = "A chat channel."},
};
static const Field TARGET_ITEM = {
    .kind = F_UNION, .tag = "kind", .required = true, FIELDS(TARGET_VARIANTS), .doc = "Whom to page."};

static const Field LEVEL_FIELDS[] = {
    {.name = "targets",
     .kind = F_LIST,
     .of = &TARGET_ITEM,
     .required = true,
     .min = 1,
     .max = 50,
     .doc = "Paged together."},
    {.name = "wait_s", .kind = F_INT, .min = 1, .max = 604800, .def = "300", .doc = "Seconds until the next level."},
    {.name = "strategy", .kind = F_ENUM, .values = STRATEGIES, .def = "all", .doc = "Whom of the targets."},
    {.name = "attempts",
     .kind = F_INT,
     .min = 1,
     .max = 10,
     .def = "1",
     .doc = "How often the level is paged before the next."},
};
static const Field LEVEL_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(LEVEL_FIELDS), .doc = "One level."};

static const Field POLICY_FIELDS[] = {
    {.name = "name",
     .kind = F_TEXT,
     .required = true,
     .max = 120,
     .doc = "What people call it.",
     .example = "Payments, day and night"},
    {.name = "team_id", .kind = F_REF, .ref = "team", .filter = FILTER_SCAN, .doc = "Who owns it."},
    {.name = "levels", .kind = F_LIST, .of = &LEVEL_ITEM, .required = true, .min = 1, .max = 50, .doc = "In order."},
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
     .doc = "An acknowledgement without any further act ends after this; null: never."},
    {.name = "urgency",
     .kind = F_ENUM,
     .values = POLICY_URGENCIES,
     .def = "by_priority",
     .doc = "Which of people's notification rules is used."},
    MANAGED_BY_FIELD,
};

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
};

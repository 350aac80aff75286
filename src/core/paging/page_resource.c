/* Pages and notifications: written by the engine, kept for ever, read by people who ask why a phone rang, or did not.
 */
#include "core/resources.h"

static const EnumValue STATUSES[] = {
    {"active", 0, "Somebody is being sought."},
    {"acknowledged", 0, "Somebody answered."},
    {"resolved", 0, "It was over first."},
    {"exhausted", 0, "Nobody answered; of high urgency it starts again, see next_escalation_at."},
    {"cancelled", 0, "Called off; reason says why."},
    {NULL}};

#define SEEN(n, k, text)                                                                                               \
  { .name = n, .kind = k, .read_only = true, .doc = text }

static const Field PAGE_FIELDS[] = {
    {.name = "policy_id",
     .kind = F_REF,
     .ref = "escalation_policy",
     .read_only = true,
     .filter = FILTER_SCAN,
     .doc = "That it runs."},
    {.name = "alert_id",
     .kind = F_REF,
     .ref = "alert",
     .read_only = true,
     .filter = "page_alert",
     .doc = "What it is about."},
    {.name = "incident_id",
     .kind = F_REF,
     .ref = "incident",
     .read_only = true,
     .filter = "page_incident",
     .doc = "What it is about."},
    SEEN("episode", F_INT, "Of its subject."),
    {.name = "team_id", .kind = F_REF, .ref = "team", .read_only = true, .filter = FILTER_SCAN, .doc = "Whose it is."},
    {.name = "status",
     .kind = F_ENUM,
     .values = STATUSES,
     .read_only = true,
     .filter = FILTER_SCAN,
     .doc = "How it stands."},
    SEEN("reason", F_TEXT, "Why it was cancelled or exhausted, in the words of the holds."),
    {.name = "urgency",
     .kind = F_ENUM,
     .values = URGENCIES,
     .read_only = true,
     .filter = FILTER_SCAN,
     .doc = "Which of people's rules it uses."},
    SEEN("severity", F_INT, "Of its incident."),
    SEEN("title", F_TEXT, "What people are told."),
    SEEN("why", F_TEXT, "Which rule, or which link of the default chain, decided it."),
    SEEN("level", F_INT, "That is being paged."),
    SEEN("round", F_INT, "0 is the first pass."),
    {.name = "storm_page_id",
     .kind = F_REF,
     .ref = "page",
     .read_only = true,
     .filter = "page_storm",
     .doc = "The page that speaks for it and others: of a storm, or of what was let go together."},
    SEEN("next_escalation_at", F_TIME,
         "When the next level is paged; of an exhausted page of high urgency: when it starts again from level 1."),
    SEEN("acknowledged_at", F_TIME, "When somebody answered."),
    SEEN("acknowledged_by", F_ACTOR, "Who."),
    SEEN("ended_at", F_TIME, "When it ended."),
};

static const char *const ACTIVE[] = {"active", NULL};
static const FilterHint PAGE_HINTS[] = {{"status", ACTIVE, "status = 'active'"}, {NULL}};

const Resource PAGE = {
    .name = "page",
    .plural = "pages",
    .prefix = "pag",
    .table = "page",
    .doc = "One run of an escalation policy.",
    FIELDS(PAGE_FIELDS),
    .verbs = VERBS_LOG,
    .default_sort = "-id",
    .hints = PAGE_HINTS,
    .team_column = "team_id",
    .team_shared = true,
    .private_sql = "(incident_id IS NULL OR incident_id NOT IN (" HIDDEN_INCIDENTS
                   ")) AND (alert_id IS NULL OR alert_id NOT IN (" HIDDEN_ALERTS "))",
};

static const EnumValue NOTIFICATION_STATUSES[] = {
    {"queued", 0, "Waits for its time."},          {"sending", 0, "Is on its way."},
    {"sent", 0, "The provider took it."},          {"delivered", 0, "It arrived."},
    {"unconfirmed", 0, "It may have been taken."}, {"failed", 0, "It will not arrive; error says why."},
    {"skipped", 0, "Not needed any more."},        {NULL}};

static const Field NOTIFICATION_FIELDS[] = {
    {.name = "page_id",
     .kind = F_REF,
     .ref = "page",
     .read_only = true,
     .filter = "notification_page",
     .doc = "That it belongs to."},
    {.name = "user_id",
     .kind = F_REF,
     .ref = "user",
     .read_only = true,
     .filter = FILTER_SCAN,
     .doc = "Whom it tells."},
    SEEN("user_name", F_TEXT, "As it was."),
    {.name = "contact_method_id", .kind = F_REF, .ref = "contact_method", .read_only = true, .doc = "By which way."},
    SEEN("kind", F_TEXT, "The channel, as it was."),
    SEEN("address", F_TEXT, "As it was."),
    SEEN("purpose", F_TEXT,
         "page, exhausted, kept (their acknowledgement still holds), assigned, flapping, test_page, news (nobody has "
         "to answer)."),
    SEEN("level", F_INT, "Of the page."),
    SEEN("round", F_INT, "Of the page."),
    {.name = "status",
     .kind = F_ENUM,
     .values = NOTIFICATION_STATUSES,
     .read_only = true,
     .filter = FILTER_SCAN,
     .doc = "What became of it."},
    SEEN("attempts", F_INT, "How often it was tried."),
    SEEN("provider_id", F_TEXT, "The provider's own id of it."),
    SEEN("error", F_TEXT, "Why it failed."),
    SEEN("shown", F_TEXT,
         "What the message says by now, where the provider lets it be changed: acknowledged, resolved or cancelled; "
         "null: what it said when it was sent."),
    SEEN("due_at", F_TIME, "When it is to be sent."),
    SEEN("queued_at", F_TIME, "When it was queued."),
    SEEN("sent_at", F_TIME, "When the provider took it."),
    SEEN("delivered_at", F_TIME, "When it arrived."),
    SEEN("failed_at", F_TIME, "When it was given up."),
};

const Resource NOTIFICATION = {
    .name = "notification",
    .plural = "notifications",
    .prefix = "ntf",
    .table = "notification",
    .doc = "One attempt to reach one person on one channel.",
    FIELDS(NOTIFICATION_FIELDS),
    .verbs = VERBS_LOG,
    .team_sql = "EXISTS (SELECT 1 FROM page AS p WHERE p.id = page_id AND (p.team_id IS NULL OR p.team_id IN "
                "({teams})))",
    .private_sql = "page_id NOT IN (SELECT q.id FROM page AS q WHERE q.incident_id IN (" HIDDEN_INCIDENTS
                   ") OR q.alert_id IN (" HIDDEN_ALERTS "))",
    .default_sort = "-id",
};

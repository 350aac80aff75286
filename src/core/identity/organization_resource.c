/* The organization: its zone, its last policy of the default chain, and the windows that integrations inherit. */
#include "core/resources.h"

#define WINDOW(n, text)                                                                                                \
  { .name = n, .kind = F_INT, .min = 0, .max = 31536000, .doc = text }

#define LIMIT(n, lowest, most, text)                                                                                   \
  { .name = n, .kind = F_INT, .min = lowest, .max = most, .doc = text }

static const Field DEFAULTS[] = {
    WINDOW("reopen_window_s", "The same key within this time reopens the alert; later it makes a new one. 1800."),
    WINDOW("late_window_s", "How long after a resolve an event that is older than it is late: recorded, not acted on. "
                            "300."),
    WINDOW("clock_tolerance_s", "A sender's time that lies further ahead of ours is not believed. 60."),
    WINDOW("ack_kept_s", "An alert that fires again so soon after it was acknowledged stays acknowledged. 600."),
    WINDOW("resolve_after_s", "Without news for this long an alert resolves itself; 0 never. 0."),
    WINDOW("am_resolve_after_s", "The same for alerts that come to /am without an end. 300."),
    WINDOW("window_s", "How long an incident takes new alerts of its group. 3600."),
    WINDOW("max_window_s", "The end of a window that slides. 86400."),
    LIMIT("alerts_max", 1, 1000, "So many alerts of a group are one incident, then the next opens. 1000."),
    WINDOW("pause_s", "Every page waits so long; a resolve in time means none. 0."),
    {.name = "auto_resolve", .kind = F_BOOL, .doc = "Incidents of rules resolve when all of their alerts are. false."},
    WINDOW("auto_resolve_after_s", "... and stayed so for this long. 300."),
    LIMIT("flap_count", 0, 10000, "So many changes of state within flap_window_s are flapping. 6."),
    WINDOW("flap_window_s", "The window of flap_count. 1800."),
    WINDOW("flap_quiet_s", "Quiet for this long ends flapping. 900."),
    WINDOW("wait_s", "How long what an inhibition rule may mute waits for what mutes it. 0."),
    WINDOW("release_s", "How long after that ended it waits to page. 30."),
    WINDOW("held_notice_s", "What holds something urgent for this long tells whom it belongs to; 0 never. 14400."),
    WINDOW("idempotency_s", "How long a delivery that comes again is known. 86400."),
    LIMIT("key_bytes", 16, 1024, "Longer dedup keys are hashed whole. 1024."),
    LIMIT("title_bytes", 32, 1024, "Longer titles are cut. 1024."),
    LIMIT("labels_max", 1, 256, "Of more labels the telling ones are kept. 256."),
    LIMIT("label_bytes", 16, 4096, "Longer values of labels are cut. 4096."),
    LIMIT("body_bytes", 1024, 26214400, "Larger bodies are refused; templates that take more do so. 1048576."),
};

#define DAYS(n, text)                                                                                                  \
  { .name = n, .kind = F_INT, .min = 1, .max = 36500, .doc = text }
static const Field RETENTION[] = {
    DAYS("requests_days", "Requests that were taken. 7."),
    DAYS("requests_kept_days", "Requests that were not taken, or are part of an incident. 90."),
    {.name = "requests_max",
     .kind = F_INT,
     .min = 1,
     .max = 10000000,
     .doc = "Requests of one integration; those not taken are counted apart. 10000."},
    DAYS("occurrences_days", "Occurrences of alerts; the first and the last stay with the alert. 90."),
    DAYS("alerts_days", "Closed alerts; their pages, notifications, explanations and timelines stay. 400."),
    DAYS("live_events_days", "What a stream can be resumed from. 1."),
};

static const Field ORGANIZATION_FIELDS[] = {
    {.name = "name",
     .kind = F_TEXT,
     .required = true,
     .max = 120,
     .doc = "What the organization is called.",
     .example = "Acme"},
    {.name = "time_zone",
     .kind = F_ZONE,
     .def = "UTC",
     .doc = "Of people and schedules that have none of their own.",
     .example = "Europe/Berlin"},
    {.name = "policy_id",
     .kind = F_REF,
     .ref = "escalation_policy",
     .doc = "Pages when nothing nearer to the alert has a policy."},
    {.name = "severity_labels",
     .kind = F_LABELS,
     .max = 5,
     .doc = "Words for severities 0 to 4.",
     .example = "{\"0\": \"SEV0\"}"},
    {.name = "status_labels",
     .kind = F_LABELS,
     .max = 16,
     .doc = "Words for the statuses of incidents.",
     .example = "{\"fixing\": \"Mitigating\"}"},
    {.name = "retention", .kind = F_OBJECT, FIELDS(RETENTION), .doc = "How long things are kept, in days."},
    {.name = "defaults",
     .kind = F_OBJECT,
     FIELDS(DEFAULTS),
     .doc = "Windows and limits, in seconds; integrations may set their own."},
};

/* Only a set-up makes one: a context that has an organization already may not. */
static bool organization_before_write(ResourceCtx *ctx, const Value *old, Value *fresh, Error *err) {
  (void)fresh;
  return old || ctx->org_id == 0 ||
         fail(err, ERR_FORBIDDEN, "organizations are made with `tocsin init` or on the set-up page");
}

const Resource ORGANIZATION = {
    .name = "organization",
    .plural = "organizations",
    .prefix = "org",
    .table = "organization",
    .doc = "The tenant: everything belongs to one.",
    FIELDS(ORGANIZATION_FIELDS),
    .configured = true,
    .has_slug = true,
    .is_organization = true,
    .verbs = VERB_CREATE | VERB_READ | VERB_LIST | VERB_UPDATE,
    .before_write = organization_before_write,
};

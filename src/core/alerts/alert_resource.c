/* What came and what became of it: alerts, the requests that brought them, changes. The engine writes them; people
 * read, and may correct an alert's words, priority, service and labels. */
#include "core/resources.h"

/* Alerts ---------------------------------------------------------------------------------------------------------- */

static const EnumValue STATUSES[] = {{"triggered", 0, "Nobody has it."},
                                     {"acknowledged", 0, "Somebody has it."},
                                     {"resolved", 0, "It is over."},
                                     {"dismissed", 0, "A person said it is nothing."},
                                     {NULL}};

static const Field LINK_FIELDS[] = {{.name = "href", .kind = F_TEXT, .required = true, .max = 4096, .doc = "Where to."},
                                    {.name = "title", .kind = F_TEXT, .max = 300, .doc = "What is there."}};
static const Field LINK_ITEM = {.kind = F_OBJECT, FIELDS(LINK_FIELDS), .doc = "One link."};
static const Field HOLD_FIELDS[] = {
    {.name = "reason",
     .kind = F_TEXT,
     .doc = "silence, maintenance, inhibition, flapping, pause, quiet, suppressed, snooze."},
    {.name = "id", .kind = F_TEXT, .doc = "Of the rule or silence; null: none."},
    {.name = "until", .kind = F_TIME, .doc = "Null: open end."},
    {.name = "since", .kind = F_TIME, .doc = "When it began to hold."}};
static const Field HOLD_ITEM = {.kind = F_OBJECT, FIELDS(HOLD_FIELDS), .doc = "One reason to be quiet."};

static const Field SNOOZE_FIELDS[] = {
    {.name = "user_id", .kind = F_REF, .ref = "user", .doc = "Who."},
    {.name = "name", .kind = F_TEXT, .doc = "What they are called."},
    {.name = "until", .kind = F_TIME, .doc = "Then it tells them again, if it is still triggered."},
    {.name = "since", .kind = F_TIME, .doc = "When they began."}};
static const Field SNOOZE_ITEM = {.kind = F_OBJECT, FIELDS(SNOOZE_FIELDS), .doc = "One person's own snooze."};

#define SEEN(n, k, text)                                                                                               \
  { .name = n, .kind = k, .read_only = true, .doc = text }

static const Field ALERT_FIELDS[] = {
    {.name = "title", .kind = F_TEXT, .required = true, .max = 1024, .doc = "What is wrong, in a line."},
    {.name = "description", .kind = F_TEXT, .max = 65536, .doc = "More about it."},
    {.name = "status",
     .kind = F_ENUM,
     .values = STATUSES,
     .read_only = true,
     .filter = FILTER_SCAN,
     .doc = "Changed by the verbs."},
    {.name = "priority", .kind = F_PRIORITY, .filter = FILTER_SCAN, .doc = "p1 is most urgent; null: nobody said."},
    SEEN("source_priority", F_TEXT, "The sender's word."),
    {.name = "dedup_key",
     .kind = F_TEXT,
     .read_only = true,
     .filter = FILTER_SCAN,
     .doc = "The same key is the same alert while it is open."},
    {.name = "integration_id",
     .kind = F_REF,
     .ref = "integration",
     .read_only = true,
     .filter = FILTER_SCAN,
     .doc = "Where it came from."},
    {.name = "service_id", .kind = F_REF, .ref = "service", .filter = FILTER_SCAN, .doc = "What it is about."},
    {.name = "source",
     .kind = F_TEXT,
     .read_only = true,
     .filter = FILTER_SCAN,
     .doc = "What noticed it: a host, a monitor."},
    {.name = "labels", .kind = F_LABELS, .doc = "The sender's, and those that rules set."},
    {.name = "links", .kind = F_LIST, .of = &LINK_ITEM, .read_only = true, .doc = "Further reading."},
    {.name = "images", .kind = F_LIST, .of = &LINK_ITEM, .read_only = true, .doc = "Pictures."},
    SEEN("count", F_INT, "How often it was reported."),
    SEEN("starts_at", F_TIME, "When this episode began, says the sender."),
    SEEN("ends_at", F_TIME, "When it ended, says the sender."),
    SEEN("first_seen_at", F_TIME, "When we first heard of it."),
    SEEN("last_seen_at", F_TIME, "When we last heard of it."),
    SEEN("status_changed_at", F_TIME, "When its status last changed; since and until mean this."),
    SEEN("acknowledged_at", F_TIME, "When somebody took it."),
    SEEN("acknowledged_by", F_ACTOR, "Who."),
    {.name = "assignee_id",
     .kind = F_REF,
     .ref = "user",
     .read_only = true,
     .filter = FILTER_SCAN,
     .doc = "Whose task it is, by the verb assign; null: nobody's."},
    SEEN("resolved_at", F_TIME, "When it was over."),
    SEEN("resolved_by", F_ACTOR, "Who said so."),
    SEEN("snoozed_until", F_TIME, "Quiet until then."),
    SEEN("episode", F_INT, "1, then one more at each reopening."),
    {.name = "holds",
     .kind = F_LIST,
     .of = &HOLD_ITEM,
     .column = "hold_list",
     .read_only = true,
     .doc = "Why it makes no noise."},
    {.name = "own_snoozes",
     .kind = F_LIST,
     .of = &SNOOZE_ITEM,
     .computed = true,
     .read_only = true,
     .doc = "Who has snoozed it for themselves; the others are told. Told when one alert is read, and by GET /quiet; "
            "lists leave it empty."},
    {.name = "quiet_because",
     .kind = F_TEXT,
     .computed = true,
     .read_only = true,
     .doc = "Why it makes no noise and until when, in a sentence; null: nothing holds it."},
    {.name = "unrouted", .kind = F_BOOL, .read_only = true, .filter = FILTER_SCAN, .doc = "It reached nobody."},
    {.name = "previous_alert_id",
     .kind = F_REF,
     .ref = "alert",
     .read_only = true,
     .doc = "The alert of the same key before."},
    {.name = "incident_id",
     .kind = F_REF,
     .ref = "incident",
     .read_only = true,
     .filter = "alert_incident",
     .doc = "The incident it belongs to."},
    {.name = "team_id", .kind = F_REF, .ref = "team", .read_only = true, .filter = FILTER_SCAN, .doc = "Whose it is."},
};

static const char *const OPEN[] = {"triggered", "acknowledged", NULL};
#define OPEN_ONLY "status IN ('triggered', 'acknowledged')"
static const FilterHint ALERT_HINTS[] = {{"status", OPEN, OPEN_ONLY}, {NULL}};
static const SortField ALERT_SORTS[] = {
    {"status_changed_at", "alert_status_changed"}, {"priority", "alert_open", OPEN_ONLY}, {NULL}};

static bool alert_after_write(ResourceCtx *ctx, const Value *old, const Value *fresh, Error *err) {
  const CoreHooks *hooks = core_hooks(ctx);
  return !hooks->alert_changed ||
         hooks->alert_changed(ctx, resource_ref_id(ctx->registry, value_get_c(fresh, "id")), old, fresh, err);
}

static void alert_render(ResourceCtx *ctx, const Value *row, MapBuilder *out) {
  const CoreHooks *hooks = core_hooks(ctx);
  if (!hooks->quiet_because) return;
  Value snoozes = {.kind = VALUE_LIST};
  map_put_c(out, "quiet_because", hooks->quiet_because(ctx, row, &snoozes));
  map_put_c(out, "own_snoozes", snoozes);
}

const Resource ALERT = {
    .name = "alert",
    .plural = "alerts",
    .prefix = "alr",
    .table = "alert",
    .number = "ALERT",
    .remains = "alert_record",
    .doc = "A deduplicated problem.",
    FIELDS(ALERT_FIELDS),
    .verbs = VERB_READ | VERB_LIST | VERB_UPDATE,
    .time_column = "status_changed_at",
    .default_sort = "-id",
    .id_order = "number",
    .sorts = ALERT_SORTS,
    .hints = ALERT_HINTS,
    .team_column = "team_id",
    .team_shared = true,
    .private_sql = "incident_id IS NULL OR incident_id NOT IN (" HIDDEN_INCIDENTS ")",
    .after_write = alert_after_write,
    .render = alert_render,
};

/* What remains of an alert whose time is over. Its pages, notifications, explanations and timeline name its id. */
static const Field RECORD_FIELDS[] = {
    SEEN("title", F_TEXT, "As it was."),
    {.name = "dedup_key", .kind = F_TEXT, .read_only = true, .filter = FILTER_SCAN, .doc = "As it was."},
    {.name = "status", .kind = F_ENUM, .values = STATUSES, .read_only = true, .doc = "resolved or dismissed."},
    {.name = "incident_id",
     .kind = F_REF,
     .ref = "incident",
     .read_only = true,
     .filter = FILTER_SCAN,
     .doc = "The incident it belonged to."},
    {.name = "team_id", .kind = F_REF, .ref = "team", .read_only = true, .filter = FILTER_SCAN, .doc = "Whose it was."},
    SEEN("first_seen_at", F_TIME, "When we first heard of it."),
    SEEN("closed_at", F_TIME, "When its status last changed."),
    SEEN("removed_at", F_TIME, "When its time was over."),
    {.name = "alert_id",
     .kind = F_TEXT,
     .read_only = true,
     .computed = true,
     .doc = "The id that it had, by which pages, explanations and its timeline name it."},
};

static void record_render(ResourceCtx *ctx, const Value *row, MapBuilder *out) {
  i64 id = resource_ref_id(ctx->registry, value_get_c(row, "id"));
  map_put_c(out, "alert_id", value_string(id_text(ctx->arena, "alr", id)));
}

const Resource ALERT_RECORD = {
    .name = "alert_record",
    .plural = "alert-records",
    .prefix = "alx",
    .table = "alert_record",
    .number = "ALERT",
    .doc = "What remains of an alert after the organization's alerts_days.",
    FIELDS(RECORD_FIELDS),
    .bare = true,
    .verbs = VERBS_LOG,
    .default_sort = "-id",
    .id_order = "number",
    .team_column = "team_id",
    .private_sql = "incident_id IS NULL OR incident_id NOT IN (" HIDDEN_INCIDENTS ")",
    .render = record_render,
};

/* Requests -------------------------------------------------------------------------------------------------------- */

static const EnumValue OUTCOMES[] = {{"pending", 0, "Committed, not applied yet."},
                                     {"accepted", 0, "All of it was taken."},
                                     {"partial", 0, "Some of it was taken; errors names the rest."},
                                     {"test", 0, "A test of the vendor."},
                                     {"confirmation", 0, "A handshake."},
                                     {"filtered", 0, "The filter left it out."},
                                     {"unmapped", 0, "Nothing in it maps."},
                                     {"rejected", 0, "Refused: key, signature or form."},
                                     {"failed", 0, "Could not be applied."},
                                     {NULL}};
static const Field ALERT_ITEM = {.kind = F_REF, .ref = "alert", .doc = "An alert it touched."};
static const Field CHANGE_ITEM = {.kind = F_REF, .ref = "change", .doc = "A change it told of."};
static const Field REQUEST_ERROR_FIELDS[] = {SEEN("index", F_INT, "Which element; -1: the whole body."),
                                             SEEN("reason", F_TEXT, "Why it was not taken.")};
static const Field REQUEST_ERROR_ITEM = {
    .kind = F_OBJECT, FIELDS(REQUEST_ERROR_FIELDS), .doc = "An element that was not taken."};

static const Field WARNING_ITEM = {.kind = F_TEXT, .doc = "A sentence."};

static const Field REQUEST_FIELDS[] = {
    {.name = "integration_id",
     .kind = F_REF,
     .ref = "integration",
     .read_only = true,
     .filter = "inbox_log",
     .doc = "To which it came."},
    SEEN("received_at", F_TIME, "When."),
    SEEN("method", F_TEXT, "Of HTTP."),
    SEEN("headers", F_JSON, "Secrets are left out."),
    SEEN("body_bytes", F_INT, "Length of the body as it came."),
    {.name = "body",
     .kind = F_TEXT,
     .read_only = true,
     .computed = true,
     .doc = "As it came; only when one request is read."},
    {.name = "outcome",
     .kind = F_ENUM,
     .values = OUTCOMES,
     .read_only = true,
     .filter = FILTER_SCAN,
     .doc = "What became of it."},
    {.name = "errors",
     .kind = F_LIST,
     .of = &REQUEST_ERROR_ITEM,
     .read_only = true,
     .doc = "Elements that were not taken."},
    {.name = "warnings",
     .kind = F_LIST,
     .of = &WARNING_ITEM,
     .read_only = true,
     .doc = "What was taken otherwise than it was meant: unknown words, times that cannot be, texts that were cut."},
    {.name = "alert_ids", .kind = F_LIST, .of = &ALERT_ITEM, .read_only = true, .doc = "Alerts it touched."},
    {.name = "change_ids", .kind = F_LIST, .of = &CHANGE_ITEM, .read_only = true, .doc = "Changes it told of."},
};

static const char *const BAD[] = {"failed", "rejected", "unmapped", "partial", NULL};
static const FilterHint REQUEST_HINTS[] = {
    {"outcome", BAD, "(outcome = 'failed' OR outcome = 'rejected' OR outcome = 'unmapped' OR outcome = 'partial')"},
    {NULL}};

static void request_render(ResourceCtx *ctx, const Value *row, MapBuilder *out) {
  const CoreHooks *hooks = core_hooks(ctx);
  if (!ctx->listing && hooks->request_body)
    map_put_c(out, "body", hooks->request_body(ctx, resource_ref_id(ctx->registry, value_get_c(row, "id"))));
}

const Resource REQUEST = {
    .name = "request",
    .plural = "requests",
    .prefix = "req",
    .table = "inbox",
    .doc = "One inbound request, as it came.",
    FIELDS(REQUEST_FIELDS),
    .bare = true,
    .verbs = VERBS_LOG,
    .private_sql = "alert_ids IS NULL OR NOT EXISTS (SELECT 1 FROM alert AS x WHERE x.incident_id IN (" HIDDEN_INCIDENTS
                   ") AND inbox.alert_ids LIKE '%' || CAST(x.id AS TEXT) || '%')",
    .team_sql =
        "EXISTS (SELECT 1 FROM integration AS i WHERE i.id = integration_id AND (i.team_id IS NULL OR i.team_id "
        "IN ({teams})))",
    .default_sort = "-id",
    .hints = REQUEST_HINTS,
    .render = request_render,
};

/* Changes --------------------------------------------------------------------------------------------------------- */

static const EnumValue CHANGE_KINDS[] = {{"commit"},       {"pull_request"},   {"deployment"},    {"pipeline"},
                                         {"feature_flag"}, {"infrastructure"}, {"configuration"}, {NULL}};

static const Field CHANGE_FIELDS[] = {
    {.name = "integration_id",
     .kind = F_REF,
     .ref = "integration",
     .read_only = true,
     .filter = FILTER_SCAN,
     .doc = "Where it came from."},
    {.name = "kind",
     .kind = F_ENUM,
     .values = CHANGE_KINDS,
     .read_only = true,
     .filter = FILTER_SCAN,
     .doc = "What sort of change."},
    SEEN("title", F_TEXT, "What was changed, in a line."),
    SEEN("status", F_TEXT, "The sender's word for how it went."),
    {.name = "service_id",
     .kind = F_REF,
     .ref = "service",
     .read_only = true,
     .filter = FILTER_SCAN,
     .doc = "What it changed."},
    SEEN("service", F_TEXT, "The name that the sender gave."),
    {.name = "environment", .kind = F_TEXT, .read_only = true, .filter = FILTER_SCAN, .doc = "Where."},
    SEEN("revision", F_TEXT, "Commit or version."),
    SEEN("author", F_TEXT, "Who made it."),
    SEEN("url", F_TEXT, "More about it."),
    SEEN("starts_at", F_TIME, "When it began."),
    SEEN("ends_at", F_TIME, "When it was done."),
    SEEN("labels", F_LABELS, "The sender's words."),
    SEEN("dedup_key", F_TEXT, "The same key is the same change."),
};

const Resource CHANGE = {
    .name = "change",
    .plural = "changes",
    .prefix = "chg",
    .table = "change",
    .number = "CHANGE",
    .doc = "A commit, deployment, flag or configuration that may explain an alert.",
    FIELDS(CHANGE_FIELDS),
    .verbs = VERBS_LOG,
    .default_sort = "-id",
};

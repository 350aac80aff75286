/* Integrations: one configured inbound source each, with its own key in its URL. */
#include "core/resources.h"

enum { KEY_CHARS = 24, KEY_MIN = 3, KEY_MAX = 128 };

static const EnumValue SCOPES[] = {{"integration", 0, "Keys are its own."},
                                   {"organization", 0, "Keys are shared with every integration that says so."},
                                   {NULL}};
static const EnumValue PRIORITIES[] = {{"p1"}, {"p2"}, {"p3"}, {"p4"}, {NULL}};

static void check_template(ResourceCtx *ctx, const Field *field, const char *pointer, Value *value) {
  const CoreHooks *hooks = core_hooks(ctx);
  (void)field;
  if (hooks->template_known && !hooks->template_known(ctx, value_text_or(value, S(""))))
    field_error(ctx, pointer, "choice",
                "there is no template \"%.*s\"; GET /api/v1/templates lists them, `generic` is our own JSON",
                STR_ARG(utf8_cut(value_text_or(value, S("")), 80)));
}

/* Keys stand in paths: no character there may need an escape. Those of other products may be kept. */
static void check_key(ResourceCtx *ctx, const Field *field, const char *pointer, Value *value) {
  Str key = value_text_or(value, S(""));
  bool ok = true;
  (void)field;
  for (size_t i = 0; i < key.len; i++) {
    char c = key.ptr[i];
    ok = ok && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_');
  }
  if (!ok)
    field_error(ctx, pointer, "format",
                "a key has %d to %d characters of a-z, A-Z, 0-9, - and _; left out, a random one is made", KEY_MIN,
                KEY_MAX);
}

static void check_overrides(ResourceCtx *ctx, const Field *field, const char *pointer, Value *value) {
  const CoreHooks *hooks = core_hooks(ctx);
  (void)field;
  for (u32 i = 0; hooks->check_override && i < value->size; i++) {
    Str name = value_text(&value->members[i].key);
    Error why = {0};
    if (!hooks->check_override(ctx, name, value_text_or(&value->members[i].value, S("")), &why))
      field_error(ctx, str_to_c(ctx->arena, str_format(ctx->arena, "%s/%.*s", pointer, STR_ARG(name))), "expression",
                  "%s%s%s", why.message, why.detail[0] ? "\n" : "", why.detail);
  }
}

#define SECONDS(n, text)                                                                                               \
  { .name = n, .kind = F_INT, .min = 0, .max = 31536000, .doc = text " Null: the organization's." }

static const Field INTEGRATION_FIELDS[] = {
    {.name = "name",
     .kind = F_TEXT,
     .required = true,
     .max = 120,
     .doc = "What people call it.",
     .example = "Production Prometheus"},
    {.name = "template",
     .kind = F_TEXT,
     .required = true,
     .max = 80,
     .filter = FILTER_SCAN,
     .check = check_template,
     .doc = "A template of the catalog; `generic` is our own JSON.",
     .example = "prometheus"},
    {.name = "key",
     .kind = F_TEXT,
     .min = KEY_MIN,
     .max = KEY_MAX,
     .required = true,
     .filled = true,
     .unique = true,
     .everywhere = true,
     .immutable = true,
     .check = check_key,
     .doc = "Stands in its URL, and whoever knows it can send. A random one is made when it is left out; it may "
            "be given, so that senders can keep theirs: then choose one that nobody guesses."},
    {.name = "enabled", .kind = F_BOOL, .def = "true", .filter = FILTER_SCAN, .doc = "Whether it takes requests."},
    {.name = "quiet", .kind = F_BOOL, .def = "false", .doc = "Record, never act."},
    {.name = "team_id", .kind = F_REF, .ref = "team", .filter = FILTER_SCAN, .doc = "Who owns it."},
    {.name = "service_id",
     .kind = F_REF,
     .ref = "service",
     .filter = FILTER_SCAN,
     .doc = "Of alerts that name no service."},
    {.name = "policy_id",
     .kind = F_REF,
     .ref = "escalation_policy",
     .doc = "Pages when neither service nor its team has one."},
    {.name = "default_priority", .kind = F_ENUM, .values = PRIORITIES, .doc = "Of alerts whose sender says none."},
    {.name = "secret",
     .kind = F_TEXT,
     .write_only = true,
     .max = 1000,
     .doc = "Proves the sender: signature, token or password, as the template says."},
    {.name = "dedup_scope",
     .kind = F_ENUM,
     .values = SCOPES,
     .def = "integration",
     .doc = "Within which dedup keys are the same alert."},
    SECONDS("reopen_window_s", "The same key within this time reopens the alert."),
    SECONDS("resolve_after_s", "Without news for this long an alert resolves itself; 0 never."),
    SECONDS("late_window_s", "Events whose own time is older are recorded only."),
    {.name = "flap_count",
     .kind = F_INT,
     .min = 0,
     .max = 10000,
     .doc = "So many changes of state within flap_window_s are flapping. Null: the organization's."},
    SECONDS("flap_window_s", "The window of flap_count."),
    SECONDS("flap_quiet_s", "Quiet for this long ends flapping."),
    {.name = "rate_alarm_times",
     .kind = F_INT,
     .min = 0,
     .max = 100000,
     .def = "10",
     .doc = "An alert to its owner when it sends so many times what it usually sends at this hour; 0: never."},
    {.name = "rate_alarm_min",
     .kind = F_INT,
     .min = 1,
     .max = 1000000000,
     .def = "100",
     .doc = "Fewer events in an hour are no alarm, however unusual."},
    {.name = "overrides",
     .kind = F_LABELS,
     .max = 32,
     .check = check_overrides,
     .doc = "CEL per event field, over the template's.",
     .example = "{\"priority\": \"payload.sev == 1 ? 'p1' : 'p3'\"}"},
    {.name = "filter",
     .kind = F_CEL,
     .cel = "event",
     .doc = "Elements for which it is false are left out.",
     .example = "payload.env == 'production'"},
    {.name = "time_zone", .kind = F_ZONE, .doc = "Of times that come without offset."},
    {.name = "url", .kind = F_TEXT, .computed = true, .read_only = true, .doc = "Where the sender posts."},
    {.name = "email",
     .kind = F_EMAIL,
     .computed = true,
     .read_only = true,
     .doc = "Where the sender mails; null: no mail comes in."},
    {.name = "last_request_at",
     .kind = F_TIME,
     .computed = true,
     .read_only = true,
     .doc = "When something last came; null: never."},
    {.name = "counts", .kind = F_JSON, .computed = true, .read_only = true, .doc = "Requests so far, by outcome."},
    {.name = "warnings",
     .kind = F_JSON,
     .computed = true,
     .read_only = true,
     .doc = "What about its requests deserves a look, the last first: text, count, first_at, last_at, request_id."},
    MANAGED_BY_FIELD,
};

static bool integration_prepare(ResourceCtx *ctx, const Value *old, Value *draft, Error *err) {
  const Value *key = value_get_c(draft, "key");
  (void)err;
  if (!old && (!key || key->kind == VALUE_NULL))
    resource_put(ctx, draft, "key", value_string(random_token(ctx->arena, KEY_CHARS)));
  return true;
}

static void integration_render(ResourceCtx *ctx, const Value *row, MapBuilder *out) {
  const CoreHooks *hooks = core_hooks(ctx);
  i64 id = resource_ref_id(ctx->registry, value_get_c(row, "id"));
  Str key = value_text_or(value_get_c(row, "key"), S(""));
  map_put_c(out, "url",
            value_string(str_format(ctx->arena, "%s/in/%.*s", ctx->public_url ? ctx->public_url : "", STR_ARG(key))));
  map_put_c(out, "email", value_null());
  map_put_c(out, "last_request_at", value_null());
  map_put_c(out, "counts", (Value){.kind = VALUE_MAP});
  map_put_c(out, "warnings", (Value){.kind = VALUE_LIST});
  if (hooks->integration_facts) hooks->integration_facts(ctx, id, out);
}

const Resource INTEGRATION = {
    .name = "integration",
    .plural = "integrations",
    .prefix = "int",
    .table = "integration",
    .doc = "One configured inbound source with its own URL.",
    FIELDS(INTEGRATION_FIELDS),
    .configured = true,
    .has_slug = true,
    .verbs = VERBS_ALL,
    .team_column = "team_id",
    .prepare = integration_prepare,
    .render = integration_render,
};

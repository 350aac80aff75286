/* Heartbeats as people configure them. */
#include "core/heartbeats/cron.h"
#include "core/resources.h"

enum { KEY_CHARS = 32 };

static const EnumValue STATES[] = {
    {"new", 0, "Nothing is expected yet."},          {"up", 0, "Heard from in time."},
    {"late", 0, "Past its time, within the grace."}, {"down", 0, "Not heard from: an alert is open."},
    {"paused", 0, "Nothing is expected."},           {NULL}};

static void check_cron(ResourceCtx *ctx, const Field *field, const char *pointer, Value *value) {
  Cron cron;
  Error why = {0};
  (void)field;
  if (!cron_parse(value_text_or(value, S("")), &cron, &why))
    field_error(ctx, pointer, "format", "%s", why.message);
  else if (cron_next_ms(&cron, zone_utc(), ctx->now_ms) == 0)
    field_error(ctx, pointer, "range",
                "\"%.*s\" is never due: no day of the next five years is that; a ping would be expected on none",
                STR_ARG(value_text_or(value, S(""))));
}

static void check_key(ResourceCtx *ctx, const Field *field, const char *pointer, Value *value) {
  Str key = value_text_or(value, S(""));
  bool good = key.len >= 16;
  (void)field;
  for (size_t i = 0; i < key.len; i++) {
    char c = key.ptr[i];
    good = good && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_');
  }
  if (!good)
    field_error(ctx, pointer, "format",
                "a key has 16 to 80 characters of a-z, A-Z, 0-9, - and _; left out, a random one is made");
}

static const Field HEARTBEAT_FIELDS[] = {
    {.name = "name", .kind = F_TEXT, .required = true, .max = 120, .doc = "What people call it.", .example = "Backup"},
    {.name = "key",
     .kind = F_TEXT,
     .max = 80,
     .required = true,
     .filled = true,
     .unique = true,
     .everywhere = true,
     .immutable = true,
     .check = check_key,
     .doc = "Stands in its URL."},
    {.name = "period_s",
     .kind = F_INT,
     .min = 30,
     .max = 31536000,
     .doc = "A ping is expected so often; or cron.",
     .example = "3600"},
    {.name = "cron",
     .kind = F_TEXT,
     .max = 200,
     .check = check_cron,
     .doc = "A ping is expected at these times: minute, hour, day, month, day of the week.",
     .example = "30 2 * * *"},
    {.name = "grace_s",
     .kind = F_INT,
     .min = 0,
     .max = 31536000,
     .def = "300",
     .doc = "So long it may be late before the alert opens."},
    {.name = "time_zone", .kind = F_ZONE, .doc = "Of cron; null: the organization's."},
    {.name = "service_id", .kind = F_REF, .ref = "service", .filter = FILTER_SCAN, .doc = "Of its alert."},
    {.name = "team_id", .kind = F_REF, .ref = "team", .filter = FILTER_SCAN, .doc = "Who owns it."},
    {.name = "priority", .kind = F_PRIORITY, .doc = "Of its alert.", .example = "p2"},
    {.name = "auto_arm",
     .kind = F_BOOL,
     .def = "true",
     .doc = "The first ping arms it; else the verb arm does, so that a stray visit does not."},
    {.name = "state",
     .kind = F_ENUM,
     .values = STATES,
     .read_only = true,
     .def = "new",
     .filter = FILTER_SCAN,
     .doc = "How it stands."},
    {.name = "state_at", .kind = F_TIME, .read_only = true, .doc = "Since when."},
    {.name = "last_ping_at", .kind = F_TIME, .read_only = true, .doc = "When it was heard from."},
    {.name = "last_start_at", .kind = F_TIME, .read_only = true, .doc = "When it said that it began."},
    {.name = "last_exit_status", .kind = F_INT, .read_only = true, .doc = "That it gave last."},
    {.name = "last_message", .kind = F_TEXT, .read_only = true, .doc = "The first 1,000 characters of the last body."},
    {.name = "due_at", .kind = F_TIME, .read_only = true, .doc = "When the next ping is expected."},
    {.name = "url", .kind = F_TEXT, .computed = true, .read_only = true, .doc = "What is called."},
    MANAGED_BY_FIELD,
};

static bool heartbeat_prepare(ResourceCtx *ctx, const Value *old, Value *draft, Error *err) {
  const Value *key = value_get_c(draft, "key");
  (void)err;
  if (!old && (!key || key->kind == VALUE_NULL))
    resource_put(ctx, draft, "key", value_string(random_token(ctx->arena, KEY_CHARS)));
  return true;
}

static bool heartbeat_before_write(ResourceCtx *ctx, const Value *old, Value *fresh, Error *err) {
  bool period = value_int_or(value_get_c(fresh, "period_s"), 0) > 0;
  bool cron = value_text_or(value_get_c(fresh, "cron"), S("")).len > 0;
  (void)err;
  if (!old) resource_put(ctx, fresh, "state", value_c("new"));
  if (period == cron)
    field_error(ctx, "/period_s", "choice", "say when a ping is expected: either period_s, such as 3600, or cron");
  return true;
}

static bool heartbeat_written(ResourceCtx *ctx, const Value *old, const Value *fresh, Error *err) {
  const CoreHooks *hooks = core_hooks(ctx);
  i64 id = resource_ref_id(ctx->registry, value_get_c(fresh, "id"));
  return !old || !hooks->heartbeat_edited || hooks->heartbeat_edited(ctx, id, false, err);
}

static bool heartbeat_deleted(ResourceCtx *ctx, const Value *old, Error *err) {
  const CoreHooks *hooks = core_hooks(ctx);
  i64 id = resource_ref_id(ctx->registry, value_get_c(old, "id"));
  return !hooks->heartbeat_edited || hooks->heartbeat_edited(ctx, id, true, err);
}

static void heartbeat_render(ResourceCtx *ctx, const Value *row, MapBuilder *out) {
  Str key = value_text_or(value_get_c(row, "key"), S(""));
  map_put_c(out, "url",
            value_string(str_format(ctx->arena, "%s/hb/%.*s", ctx->public_url ? ctx->public_url : "", STR_ARG(key))));
}

const Resource HEARTBEAT = {
    .name = "heartbeat",
    .plural = "heartbeats",
    .prefix = "hbt",
    .table = "heartbeat",
    .doc = "A dead man's switch: silence opens an alert.",
    FIELDS(HEARTBEAT_FIELDS),
    .configured = true,
    .has_slug = true,
    .verbs = VERBS_ALL,
    .team_column = "team_id",
    .prepare = heartbeat_prepare,
    .before_write = heartbeat_before_write,
    .after_write = heartbeat_written,
    .after_delete = heartbeat_deleted,
    .render = heartbeat_render,
};

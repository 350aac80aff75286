/* Connectors: an account at a provider of messages. */
#include "core/resources.h"

static const EnumValue STATES[] = {
    {"untried", 0, "Nothing was sent by it yet."},
    {"working", 0, "What was sent last was taken."},
    {"failing", 0, "What was sent last failed; after five failures in a minute others are tried first."},
    {"misconfigured", 0, "The provider refuses us; others are tried first."},
    {NULL}};

static const Field CONNECTOR_FIELDS[] = {
    {.name = "name", .kind = F_TEXT, .required = true, .max = 120, .doc = "What people call it.", .example = "Twilio"},
    {.name = "channel",
     .kind = F_TEXT,
     .required = true,
     .immutable = true,
     .max = 60,
     .filter = FILTER_SCAN,
     .doc = "A channel of the catalog: telegram, slack, twilio_sms, …; `GET /channels` lists them.",
     .example = "twilio_sms"},
    {.name = "settings",
     .kind = F_LABELS,
     .doc = "As the channel wants them.",
     .example = "{\"account\": \"AC123\", \"from\": \"+4930123456\"}"},
    {.name = "secret",
     .kind = F_TEXT,
     .write_only = true,
     .max = 4000,
     .doc = "Token, password or key, as the channel says."},
    {.name = "signing_secret",
     .kind = F_TEXT,
     .write_only = true,
     .max = 400,
     .doc = "What the provider signs its callbacks with, where that is another secret; the channel says."},
    {.name = "position",
     .kind = F_INT,
     .min = 0,
     .max = 1000,
     .def = "0",
     .doc = "Of several for one kind of method the lowest is tried first."},
    {.name = "enabled", .kind = F_BOOL, .def = "true", .doc = "Whether it is used."},
    {.name = "state", .kind = F_ENUM, .values = STATES, .read_only = true, .def = "untried", .doc = "How it stands."},
    {.name = "state_reason", .kind = F_TEXT, .read_only = true, .doc = "The provider's words."},
    {.name = "state_at", .kind = F_TIME, .read_only = true, .doc = "Since when."},
    {.name = "checked_at",
     .kind = F_TIME,
     .read_only = true,
     .doc = "When its provider was last asked whether it takes us: daily, where the channel can ask."},
    {.name = "hook_url",
     .kind = F_TEXT,
     .computed = true,
     .read_only = true,
     .doc = "Where the provider sends what people answer."},
    {.name = "hook_token",
     .kind = F_TEXT,
     .computed = true,
     .read_only = true,
     .doc = "For providers that prove themselves by a token in a header."},
    MANAGED_BY_FIELD,
};

static bool connector_before_write(ResourceCtx *ctx, const Value *old, Value *fresh, Error *err) {
  const CoreHooks *hooks = core_hooks(ctx);
  Error why = {0};
  (void)err;
  if (!old) resource_put(ctx, fresh, "state", value_c("untried"));
  if (hooks->check_connector && !hooks->check_connector(ctx, fresh, &why))
    field_error(ctx, why.pointer[0] ? why.pointer : "/settings", "choice", "%s", why.message);
  return true;
}

/* What it says to its provider was changed. */
static bool connector_written(ResourceCtx *ctx, const Value *old, const Value *fresh, Error *err) {
  const CoreHooks *hooks = core_hooks(ctx);
  bool same = old && value_equal(value_get_c(old, "settings"), value_get_c(fresh, "settings")) &&
              value_equal(value_get_c(old, "secret"), value_get_c(fresh, "secret")) &&
              value_equal(value_get_c(old, "enabled"), value_get_c(fresh, "enabled"));
  return same || !hooks->connector_changed ||
         hooks->connector_changed(ctx, resource_ref_id(ctx->registry, value_get_c(fresh, "id")), err);
}

static void connector_render(ResourceCtx *ctx, const Value *row, MapBuilder *out) {
  const CoreHooks *hooks = core_hooks(ctx);
  Str token = hooks->connector_token
                  ? hooks->connector_token(ctx, resource_ref_id(ctx->registry, value_get_c(row, "id")))
                  : S("");
  map_put_c(out, "hook_token", value_string(token));
  map_put_c(
      out, "hook_url",
      value_string(str_format(ctx->arena, "%s/ack/in/%.*s", ctx->public_url ? ctx->public_url : "", STR_ARG(token))));
}

const Resource CONNECTOR = {
    .name = "connector",
    .plural = "connectors",
    .prefix = "con",
    .table = "connector",
    .doc = "An account at a provider of messages.",
    FIELDS(CONNECTOR_FIELDS),
    .configured = true,
    .has_slug = true,
    .verbs = VERBS_ALL,
    .before_write = connector_before_write,
    .after_write = connector_written,
    .render = connector_render,
};

/* The channels of the catalog. */
#include "catalog/channel.h"
#include "core/api/api.h"
#include "core/paging/notify.h"

static const EnumValue WHY_NOT[] = {{"no_provider", 0, "It has no connector that is on."},
                                    {"no_smtp", 0, "serve was started without --smtp-url."},
                                    {NULL}};

static bool channels(Call *c, Db *db, Error *err) {
  const Catalog *catalog = c->app->catalog;
  ValueVec items = {0};
  MapBuilder out = map_builder(c->arena);
  (void)db;
  (void)err;
  Finding find = {.app = c->app, .arena = c->arena, .setup = c->setup};
  for (size_t i = 0; i < channel_count(catalog); i++) {
    const Channel *channel = channel_at(catalog, i);
    const char *why_not = kind_why_not(&find, c->org_id, channel_kind(channel));
    *VEC_PUSH(c->arena, &items) =
        channel_facts(channel, why_not, channel_is_push(channel) ? c->app->push_public : S(""), c->arena);
  }
  map_put_c(&out, "items", list_done(&items));
  map_put_c(&out, "next_cursor", value_null());
  c->answer = map_done(&out);
  return true;
}

static const Field SETTING_FIELDS[] = {
    {.name = "name", .kind = F_TEXT, .required = true, .doc = "Of the setting."},
    {.name = "doc", .kind = F_TEXT, .required = true, .doc = "What it is for."},
    {.name = "default", .kind = F_TEXT, .doc = "When it is not given."},
    {.name = "required", .kind = F_BOOL, .required = true, .doc = "Whether it must be given."}};
static const Field SETTING_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(SETTING_FIELDS), .doc = "One setting."};
static const Field CHANNEL_FIELDS[] = {
    {.name = "name", .kind = F_TEXT, .required = true, .doc = "In connectors."},
    {.name = "kind", .kind = F_TEXT, .required = true, .doc = "Of the contact methods that it serves."},
    {.name = "title", .kind = F_TEXT, .required = true, .doc = "For people."},
    {.name = "guide", .kind = F_TEXT, .required = true, .doc = "How it is set up, as Markdown."},
    {.name = "address_hint", .kind = F_TEXT, .required = true, .doc = "What an address looks like."},
    {.name = "needs_connector", .kind = F_BOOL, .required = true, .doc = "Whether it works only with a connector."},
    {.name = "ready",
     .kind = F_BOOL,
     .required = true,
     .doc = "Whether a message to a contact method of this kind can be sent, by this channel or another of the kind."},
    {.name = "why_not", .kind = F_ENUM, .values = WHY_NOT, .doc = "Why it cannot; null: it can."},
    {.name = "secret", .kind = F_TEXT, .doc = "What the connector's secret is; null: it has none."},
    {.name = "signing_secret", .kind = F_TEXT, .doc = "What the connector's signing_secret is; null: it has none."},
    {.name = "public_key",
     .kind = F_TEXT,
     .doc = "What a browser subscribes with (applicationServerKey); null: the channel is not for browsers."},
    {.name = "settings", .kind = F_LIST, .of = &SETTING_ITEM, .required = true, .doc = "Of the connector."}};
static const Field CHANNEL_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(CHANNEL_FIELDS), .doc = "One channel."};
static const Field CHANNELS[] = {
    {.name = "items", .kind = F_LIST, .of = &CHANNEL_ITEM, .required = true, .doc = "All of them."},
    {.name = "next_cursor", .kind = F_TEXT, .doc = "Always null: all are here."}};

static bool check(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  if (!api_resolve(c, cycle->db, "connector", 0, &id, err)) return false;
  const SetupConnector *connector = setup_connector(setup_current(c->app->setup), id);
  if (connector && (!connector->channel || !channel_can(connector->channel, CHANNEL_CHECK)))
    return fail(err, ERR_CONFLICT,
                "%.*s cannot be asked without a message to somebody; send a test to a contact method of its kind",
                STR_ARG(connector->name));
  if (connector && !connector->enabled)
    return fail(err, ERR_CONFLICT, "%.*s is not enabled; enable it first", STR_ARG(connector->name));
  return connector_check_soon(cycle, c->org_id, id, err) && api_answer_with(c, cycle->db, "connector", id, err);
}

const Route CHANNEL_ROUTES[] = {
    {HTTP_POST, "connectors/{id}/check", "connectors:write", .write = check, .answers = "connector",
     .doc = "Asks its provider now whether it takes us, without a message to anybody; state and checked_at say what "
            "became "
            "of it."},
    {HTTP_GET, "channels", "channels:read", .read = channels, WHOLE_LIST, ANSWER(CHANNELS),
     .doc = "The channels of the catalog: how people can be reached, and what each needs."},
    {.path = NULL},
};

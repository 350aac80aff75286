/* What providers call back with. A receipt, a pressed key or a button belongs to one message: its token stands in the
 * URL that only the provider was given. An answer as text (SMS, a bot) comes to the connector's URL (reply.c). */
#include "core/api/api.h"
#include "core/paging/reply.h"
#include "core/server/server.h"

enum { CALLBACK_BYTES_MAX = 64 * 1024 };

typedef struct Callback {
  Command command;
  App *app;
  HttpRequest *request;
  Arena *arena;
  Str verb; /* receipt, keys, acknowledge, escalate, resolve; empty: to a connector */
  i64 notification_id, connector_id;
  ChannelCallback sent;
  const Channel *channel;
  Str said, headline;
  bool again; /* the call says it once more */
  Value settings, payload;
} Callback;

/* Acting ---------------------------------------------------------------------------------------------------------- */

static const SetupConnector *connector_of(Cycle *cycle, i64 id) {
  return setup_connector(setup_current(cycle_app(cycle)->setup), id);
}

static ChannelSecrets secrets_of(Callback *c, Cycle *cycle, const SetupConnector *connector) {
  ChannelSecrets secrets = {.now_s = clock_true_ms() / 1000};
  if (!connector) return secrets;
  secrets.secret = connector->secret;
  secrets.signing_secret = connector->signing_secret;
  secrets.hook_token = ack_token(c->app, cycle->arena, connector->id);
  return secrets;
}

static bool take_reply(Callback *c, Cycle *cycle, const SetupConnector *connector, Error *err) {
  ChannelReply reply = {0};
  Replied replied = {0};
  Replying replying = {.app = c->app,
                       .request = c->request,
                       .connector = connector,
                       .channel = c->channel,
                       .org_id = connector ? connector->org_id : 0,
                       .notification_id = c->notification_id};
  ChannelSecrets secrets = secrets_of(c, cycle, connector);
  if (!channel_read_reply(c->channel, c->arena, &c->sent, &secrets, &reply, err)) return false;
  c->payload = reply.payload;
  if (!reply_take(cycle, &replying, &reply, &replied, err)) return false;
  c->notification_id = replying.notification_id;
  c->said = str_copy(c->arena, replied.said);
  c->again = replied.again;
  return true;
}

static bool take_receipt(Callback *c, Cycle *cycle, const SetupConnector *connector, Error *err) {
  ChannelReceipt receipt = {0};
  ChannelSecrets secrets = secrets_of(c, cycle, connector);
  return channel_read_receipt(c->channel, cycle->arena, &c->sent, &secrets, &receipt, err) &&
         notify_receipt(cycle, c->notification_id, &receipt, err);
}

/* What a call says once more. */
static bool load_headline(Callback *c, Cycle *cycle, const Notification *n, Error *err) {
  Page page = {0};
  bool found = false;
  c->headline = str_copy(c->arena, n->title);
  if (c->headline.len || !n->page_id) return true;
  if (!page_load(cycle->db, cycle->arena, n->page_id, &page, &found, err)) return false;
  c->headline = str_copy(c->arena, page.title);
  return true;
}

static bool run(Command *command, Cycle *cycle, Error *err) {
  Callback *c = (Callback *)command;
  Notification n = {0};
  bool found = false;
  if (c->notification_id &&
      (!notification_load(cycle->db, cycle->arena, c->notification_id, &n, &found, err) || !found))
    return fail(err, ERR_NOT_FOUND, "there is no such message");
  const SetupConnector *connector = connector_of(cycle, c->connector_id ? c->connector_id : n.connector_id);
  if (c->connector_id && !connector) return fail(err, ERR_NOT_FOUND, "there is no such connector");
  c->channel = connector ? connector->channel : NULL;
  if (!c->channel && n.kind.len) c->channel = channel_find(c->app->catalog, n.kind);
  if (!c->channel) return fail(err, ERR_NOT_FOUND, "its channel is gone");
  Value settings = channel_settings(c->channel, cycle->arena, connector ? &connector->settings : NULL);
  c->settings = value_copy(c->arena, &settings);
  if (!load_headline(c, cycle, &n, err)) return false;
  if (str_equal_c(c->verb, "receipt")) return take_receipt(c, cycle, connector, err);
  if (!c->verb.len || str_equal_c(c->verb, "keys")) return take_reply(c, cycle, connector, err);
  AckReply ack = {.notification_id = c->notification_id, .action = c->verb};
  return ack_by_callback(c->app, c->request, cycle, &ack, &c->said, err);
}

/* Answering ----------------------------------------------------------------------------------------------------------
 */

static void respond(Callback *c, int status, Str said) {
  const char *type = "application/json";
  Str body = S("{}");
  MapBuilder map = map_builder(c->arena);
  map_put_c(&map, "said", value_string(said));
  map_put_c(&map, "again", value_bool(c->again));
  map_put_c(&map, "headline", value_string(c->headline.len ? c->headline : S("Tocsin pages you")));
  map_put_c(&map, "callback_url",
            value_string(str_format(c->arena, "%s/ack/%.*s", c->app->public_url,
                                    STR_ARG(ack_token(c->app, c->arena, c->notification_id)))));
  map_put_c(&map, "settings", c->settings);
  map_put_c(&map, "payload", c->payload);
  Value context = map_done(&map);
  if (c->channel) body = channel_answer(c->channel, c->arena, &context, &type);
  HttpResponse response = {.status = status, .content_type = type, .body = body};
  http_respond(c->app->http, c->request, &response);
}

/* A refusal that a person can read is an answer: the provider did its work. */
static void done(Command *command, bool ok, const Error *err) {
  Callback *c = (Callback *)command;
  Str words = ok ? c->said : str_copy(c->arena, str_from_c(err->message));
  if (ok) {
    respond(c, 200, words.len ? words : S(""));
    return;
  }
  log_info("paging", "a callback was refused: %s", err->message);
  bool answered =
      c->channel && !str_equal_c(c->verb, "receipt") && (err->code == ERR_NOT_FOUND || err->code == ERR_CONFLICT);
  if (answered) {
    respond(c, 200, words);
    return;
  }
  HttpResponse response = {
      .status = error_http_status(err->code), .content_type = "text/plain; charset=utf-8", .body = words};
  http_respond(c->app->http, c->request, &response);
}

/* Requests -----------------------------------------------------------------------------------------------------------
 */

static bool known_verb(Str verb) {
  static const char *const VERBS[] = {"receipt", "keys", "acknowledge", "escalate", "resolve"};
  for (size_t i = 0; i < COUNT(VERBS); i++)
    if (str_equal_c(verb, VERBS[i])) return true;
  return false;
}

static void refuse(App *app, HttpRequest *request, int status, const char *text) {
  HttpResponse response = {.status = status, .content_type = "text/plain; charset=utf-8", .body = str_from_c(text)};
  http_respond(app->http, request, &response);
}

void callback_request(App *app, HttpRequest *request, Str rest) {
  Callback *c = ARENA_NEW(request->arena, Callback);
  Str head = STR_NONE, tail = STR_NONE;
  *c = (Callback){.command = {.run = run, .done = done}, .app = app, .request = request, .arena = request->arena};
  bool good = str_cut(rest, '/', &head, &tail);
  bool to_connector = good && str_equal_c(head, "in");
  if (to_connector)
    good = ack_token_check(app, request->arena, tail, &c->connector_id);
  else
    good = good && known_verb(tail) && ack_token_check(app, request->arena, head, &c->notification_id);
  if (!good) {
    refuse(app, request, 404, "this address belongs to no message and no connector of this server");
    return;
  }
  if (request->method != HTTP_POST) { /* a GET changes nothing, whoever follows the link */
    refuse(app, request, 405, "only POST does something here");
    return;
  }
  c->verb = to_connector ? STR_NONE : tail;
  c->sent = (ChannelCallback){.method = S("POST"),
                              .url = str_format(request->arena, "%s%.*s", app->public_url, STR_ARG(request->path)),
                              .body = request->body,
                              .content_type = http_header(request, "Content-Type"),
                              .signature = http_header(request, "X-Twilio-Signature"),
                              .timestamp = http_header(request, "X-Slack-Request-Timestamp"),
                              .authorization = http_header(request, "Authorization"),
                              .token_header = http_header(request, "X-Telegram-Bot-Api-Secret-Token")};
  if (!c->sent.signature.len) c->sent.signature = http_header(request, "X-Slack-Signature");
  if (!engine_submit(app->engine, &c->command)) refuse(app, request, 503, "the server is stopping");
}

/* Channels from YAML: templates and rules compiled once. */
#include "catalog/channel_internal.h"
#include "lang/yaml.h"
#include "net/web_push.h"

static const CelVar ANSWER_VARS[ANSWER_COUNT] = {
    [ANSWER_STATUS] = {"status", "int", "HTTP status or SMTP reply code; 0 when none came."},
    [ANSWER_BODY] = {"body", "string", "The answer's text."},
    [ANSWER_JSON] = {"json", "dyn", "The answer as JSON; null when it is none."},
};

/* What templates see, in {{ }} and ${{ }}. The map that fills it is made in core/paging. */
static const CelVar CONTEXT_VARS[] = {
    {"address", "dyn", "Where the message goes."},
    {"title", "dyn", "What is wrong, in a line."},
    {"headline", "dyn", "The title; when nobody answered, that first."},
    {"text", "dyn", "The message for people."},
    {"urgency", "dyn", "high or low."},
    {"priority", "dyn", "p1 to p4, of an alert."},
    {"severity", "dyn", "0 (worst) to 4, of an incident."},
    {"status", "dyn", "Status of the subject."},
    {"service", "dyn", "Name of the service; null when none."},
    {"team", "dyn", "Name of the team; null when none."},
    {"since", "dyn", "Since when, in the reader's zone."},
    {"since_ms", "dyn", "The same in milliseconds since 1970."},
    {"links", "dyn", "Links of the subject: title and url."},
    {"alert", "dyn", "The alert; null for others."},
    {"incident", "dyn", "The incident; null for others."},
    {"page", "dyn", "The page: id, level, round."},
    {"notification", "dyn", "This message: id."},
    {"ack_url", "dyn", "Link that acknowledges without a password."},
    {"user", "dyn", "Whom it is for: name."},
    {"repeated", "dyn", "It may have been sent before."},
    {"purpose", "dyn", "Why it is sent: page, exhausted or notice."},
    {"subject_line", "dyn", "Subject of a mail."},
    {"thread", "dyn", "What holds the mails of one subject together."},
    {"also_told", "dyn", "Names of the others who get it."},
    {"provider_id", "dyn", "Of an earlier message: what success gave as its id."},
    {"state", "dyn", "What became of the page: acknowledged, resolved or cancelled; in `update`."},
    {"state_line", "dyn", "The same for people: Acknowledged by Ann at 03:12."},
    {"cursor", "dyn", "Where a poll goes on; empty at first."},
    {"handle", "dyn", "Of an answer that is responded to."},
    {"settings", "dyn", "Of the connector."},
    {"secret", "dyn", "Of the connector."},
    {"has_signing_secret", "dyn", "The connector has one: what is called back can be proved."},
    {"callback_url", "dyn", "Where the provider says what became of this message."},
    {"said", "dyn", "What a callback is answered."},
    {"jwt", "dyn", "Signed for this request, where the channel's `sign` says so."},
    {"endpoint", "dyn", "Where a browser's push service is."},
    {"payload", "dyn", "What a callback came with, in what it is answered."},
    {"again", "dyn", "A call is to say it once more."},
    {"bundle", "dyn", "It stands for several pages: their titles."},
    {"storm", "dyn", "It stands for many alerts."},
    {"storm_count", "dyn", "For how many."},
};

bool channel_load_template(const ChannelLoader *l, const MustacheOptions *options, const Value *v, const char *place,
                           const Mustache **out) {
  Error err = {0};
  if (!v) return true;
  if (v->kind != VALUE_STRING) return load_fail(&l->answers, STR_NONE, str_from_c(place), "a template is a text");
  if (mustache_compile(l->answers.arena, value_text(v), options, out, &err)) return true;
  return load_fail(&l->answers, value_text(v), str_from_c(place), "%s", err.message);
}

static bool load_headers(const ChannelLoader *l, const Value *map, ChannelRequest *out) {
  if (!map) return true;
  if (map->kind != VALUE_MAP || map->size > CHANNEL_HEADERS_MAX)
    return load_fail(&l->answers, STR_NONE, S("headers"), "a map of at most %d headers was expected",
                     CHANNEL_HEADERS_MAX);
  for (u32 i = 0; i < map->size; i++) {
    ChannelHeader *header = &out->headers[out->header_count++];
    header->name = value_text(&map->members[i].key);
    if (!channel_load_template(l, &l->text, &map->members[i].value, "headers", &header->value)) return false;
  }
  return true;
}

/* Fields of a form, in order; a value {xml: ...} is a template whose values are escaped for XML. */
static bool load_form(const ChannelLoader *l, const Value *map, ChannelRequest *out) {
  if (!map) return true;
  if (map->kind != VALUE_MAP || map->size > CHANNEL_FORM_MAX)
    return load_fail(&l->answers, STR_NONE, S("request.form"), "a map of at most %d fields was expected",
                     CHANNEL_FORM_MAX);
  for (u32 i = 0; i < map->size; i++) {
    ChannelHeader *field = &out->form[out->form_count++];
    const Value *xml = value_get_c(&map->members[i].value, "xml");
    field->name = value_text(&map->members[i].key);
    if (!channel_load_template(l, xml ? &l->html : &l->text, xml ? xml : &map->members[i].value, "request.form",
                               &field->value))
      return false;
  }
  return true;
}

bool channel_load_request(const ChannelLoader *l, const Value *map, ChannelRequest *out) {
  static const char *const KNOWN[] = {"method",     "url",     "headers", "format", "body", "form",
                                      "timeout_ms", "success", "items",   "cursor", NULL};
  Str format = S("text");
  out->method = S("POST");
  if (!load_known_keys(&l->answers, map, S("request"), KNOWN) || !load_text(&l->answers, map, "method", &out->method) ||
      !load_text(&l->answers, map, "format", &format))
    return false;
  bool json = str_equal(format, S("json"));
  if (!json && !str_equal(format, S("text")))
    return load_fail(&l->answers, format, S("request.format"), "\"%.*s\" is neither json nor text", STR_ARG(format));
  out->timeout_ms = value_int_or(value_get_c(map, "timeout_ms"), 10000);
  if (!channel_load_template(l, &l->text, value_get_c(map, "url"), "request.url", &out->url) ||
      !channel_load_template(l, json ? &l->json : &l->text, value_get_c(map, "body"), "request.body", &out->body) ||
      !load_headers(l, value_get_c(map, "headers"), out) || !load_form(l, value_get_c(map, "form"), out))
    return false;
  return out->url || load_fail(&l->answers, STR_NONE, S("request"), "url is missing");
}

/* What is asked beside sending. Without a `success` of its own the channel's holds; of a check that would be the one of
 * a message. */
static bool load_ask(const ChannelLoader *l, const Value *channel_map, ChannelAsk ask, Channel *channel) {
  static const char *const NAMES[CHANNEL_ASK_COUNT] = {"check", "update", "poll", "respond"};
  Str name = str_from_c(NAMES[ask]);
  const Value *map = value_get(channel_map, name);
  if (!map) return true;
  if (!channel_load_request(l, map, &channel->asks[ask]) ||
      !load_program(&l->answers, value_get_c(map, "success"), name, &channel->ask_success[ask]))
    return false;
  if (!channel->ask_success[ask] && ask == CHANNEL_CHECK)
    return load_fail(&l->answers, STR_NONE, name, "success is missing");
  if (!channel->ask_success[ask]) channel->ask_success[ask] = channel->success;
  if (ask != CHANNEL_POLL) return true;
  return load_program(&l->answers, value_get_c(map, "items"), S("poll.items"), &channel->poll_items) &&
         load_program(&l->answers, value_get_c(map, "cursor"), S("poll.cursor"), &channel->poll_cursor) &&
         ((channel->poll_items && channel->poll_cursor && channel->has_replies) ||
          load_fail(&l->answers, STR_NONE, name, "items and cursor are needed, and replies say what an item means"));
}

static bool load_asks(const ChannelLoader *l, const Value *map, Channel *channel) {
  for (int i = 0; i < CHANNEL_ASK_COUNT; i++)
    if (!load_ask(l, map, (ChannelAsk)i, channel)) return false;
  return true;
}

static bool load_mail(const ChannelLoader *l, const Value *map, Channel *channel) {
  static const char *const KNOWN[] = {"subject", "text", "html", "headers", NULL};
  if (!load_known_keys(&l->answers, map, S("mail"), KNOWN) ||
      !channel_load_template(l, &l->text, value_get_c(map, "subject"), "mail.subject", &channel->subject) ||
      !channel_load_template(l, &l->text, value_get_c(map, "text"), "mail.text", &channel->text) ||
      !channel_load_template(l, &l->html, value_get_c(map, "html"), "mail.html", &channel->html) ||
      !load_headers(l, value_get_c(map, "headers"), &channel->request))
    return false;
  return (channel->subject && channel->text) ||
         load_fail(&l->answers, STR_NONE, S("mail"), "subject and text are needed");
}

static bool load_address(const ChannelLoader *l, const Value *map, Channel *channel) {
  static const char *const KNOWN[] = {"check", "hint", NULL};
  if (!load_known_keys(&l->address, map, S("address"), KNOWN) ||
      !load_text(&l->address, map, "hint", &channel->address_hint) ||
      !load_program(&l->address, value_get_c(map, "check"), S("address.check"), &channel->address_check))
    return false;
  if (!channel->address_check || !channel->address_hint.len)
    return load_fail(&l->address, STR_NONE, S("address"), "check and hint are needed");
  return true;
}

static bool load_answers(const ChannelLoader *l, const Value *map, Channel *channel) {
  const Loader *a = &l->answers;
  Str unknown = S("resend");
  if (!load_program(a, value_get_c(map, "success"), S("success"), &channel->success) ||
      !load_program(a, value_get_c(map, "delivered"), S("delivered"), &channel->delivered) ||
      !load_program(a, value_get_c(map, "permanent"), S("permanent"), &channel->permanent) ||
      !load_program(a, value_get_c(map, "provider_id"), S("provider_id"), &channel->provider_id) ||
      !load_program(a, value_get_c(map, "error"), S("error"), &channel->error) ||
      !load_program(a, value_get_c(map, "broken"), S("broken"), &channel->broken) ||
      !load_program(a, value_get_c(map, "configuration"), S("configuration"), &channel->configuration) ||
      !load_program(a, value_get_c(map, "retry_after_s"), S("retry_after_s"), &channel->retry_after) ||
      !load_text(a, map, "unknown", &unknown))
    return false;
  if (!str_equal(unknown, S("resend")) && !str_equal(unknown, S("keep")))
    return load_fail(a, unknown, S("unknown"), "\"%.*s\" is neither resend nor keep", STR_ARG(unknown));
  channel->resend_unknown = str_equal(unknown, S("resend"));
  if (!channel->success || !channel->permanent)
    return load_fail(a, STR_NONE, S("the channel"), "success and permanent are needed");
  return true;
}

static bool load_channel(const ChannelLoader *l, const Value *map, Channel *channel) {
  static const char *const KNOWN[] = {
      "name",      "title",     "guide",          "transport", "address",       "request",       "mail",     "success",
      "delivered", "permanent", "provider_id",    "error",     "unknown",       "samples",       "kind",     "settings",
      "secret",    "bundle",    "limits",         "broken",    "configuration", "retry_after_s", "receipts", "replies",
      "sign",      "check",     "signing_secret", "update",    "poll",          "respond",       NULL};
  const Loader *a = &l->answers;
  Str transport = STR_NONE;
  if (!load_known_keys(a, map, S("the channel"), KNOWN) || !load_text(a, map, "name", &channel->name) ||
      !load_text(a, map, "title", &channel->title) || !load_text(a, map, "guide", &channel->guide) ||
      !load_text(a, map, "transport", &transport))
    return false;
  if (channel->name.len == 0) return load_fail(a, STR_NONE, S("name"), "it is missing");
  channel->kind = channel->name;
  if (!channel_load_provider(l, map, channel)) return false;
  channel->mail = str_equal(transport, S("mail"));
  if (!channel->mail && !str_equal(transport, S("http")))
    return load_fail(a, transport, S("transport"), "\"%.*s\" is neither http nor mail", STR_ARG(transport));
  const Value *samples = value_get_c(map, "samples");
  channel->samples = value_is(samples, VALUE_LIST) ? *samples : (Value){.kind = VALUE_LIST};
  return load_address(l, value_get_c(map, "address"), channel) && load_answers(l, map, channel) &&
         channel_load_sign(l, value_get_c(map, "sign"), &channel->sign) && load_asks(l, map, channel) &&
         (channel->mail ? load_mail(l, value_get_c(map, "mail"), channel)
                        : channel_load_request(l, value_get_c(map, "request"), &channel->request));
}

const CelEnv *channel_env_new(Arena *arena, ZoneDb *zones) {
  CelEnvOptions options = {.vars = CONTEXT_VARS, .var_count = COUNT(CONTEXT_VARS), .zones = zones};
  return cel_env_new(arena, &options);
}

bool channel_compile(Arena *arena, ZoneDb *zones, Str yaml, const Channel **out, Error *err) {
  Value map;
  Channel *channel = ARENA_NEW(arena, Channel);
  CelEnvOptions answer_options = {.vars = ANSWER_VARS, .var_count = ANSWER_COUNT, .zones = zones};
  yaml = str_copy(arena, yaml);
  if (!yaml_parse(arena, yaml, &map, err)) return false;
  const CelEnv *context = channel_env_new(arena, zones);
  ChannelLoader loader = {
      .answers = {.arena = arena, .env = cel_env_new(arena, &answer_options), .yaml = yaml, .err = err},
      .address = {.arena = arena, .env = spec_env_new(arena, zones), .yaml = yaml, .err = err},
      .callbacks = {.arena = arena, .env = channel_callback_env(arena, zones), .yaml = yaml, .err = err},
      .text = {.context = MUSTACHE_TEXT, .cel_env = context},
      .html = {.context = MUSTACHE_HTML, .cel_env = context},
      .json = {.context = MUSTACHE_JSON, .cel_env = context}};
  if (!load_channel(&loader, &map, channel)) return false;
  *out = channel;
  return true;
}

Str channel_kind(const Channel *channel) {
  return channel->kind;
}

Str channel_name(const Channel *channel) {
  return channel->name;
}

bool channel_is_mail(const Channel *channel) {
  return channel->mail;
}

bool channel_resend_unknown(const Channel *channel) {
  return channel->resend_unknown;
}

HttpCall channel_call(const ChannelMessage *message, OutboundDone done, void *ctx) {
  return (HttpCall){.method = message->method,
                    .url = message->url,
                    .body = message->body,
                    .headers = message->headers,
                    .header_count = message->header_count,
                    .timeout_ms = message->timeout_ms,
                    .done = done,
                    .ctx = ctx};
}

bool channel_check_address(const Channel *channel, Str address, Error *err) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Value vars[VAR_COUNT] = {0}, answer = value_null();
  Error trouble = {0};
  CelRun run = {.vars = vars};
  vars[VAR_ITEM] = value_string(address);
  bool plain = address.len > 0 && address.len <= CHANNEL_LINE_MAX && utf8_valid(address);
  for (size_t i = 0; plain && i < address.len; i++) plain = (u8)address.ptr[i] > ' ' && address.ptr[i] != 0x7f;
  if (plain && channel->sign.kind == SIGN_WEB_PUSH) {
    WebPushTarget target;
    return web_push_target(arena, address, &target, err);
  }
  if (plain && !cel_eval(channel->address_check, arena, &run, &answer, &trouble))
    return fail(err, ERR_UNAVAILABLE, "\"%.*s\" could not be checked: %s; send it again",
                STR_ARG(utf8_cut(address, 100)), trouble.message);
  if (plain && value_bool_or(&answer, false)) return true;
  return fail(err, ERR_INVALID, "\"%.*s\" is not an address for \"%.*s\"; one looks like %.*s",
              STR_ARG(utf8_cut(address, 100)), STR_ARG(channel->title), STR_ARG(channel->address_hint));
}

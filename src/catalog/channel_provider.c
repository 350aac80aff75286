/* What belongs to a channel's provider: the settings of a connector, limits, and what the provider calls back with. */
#include "catalog/channel_internal.h"
#include "lang/json.h"
#include "net/jwt.h"

static const CelVar CALLBACK_VARS[CALLBACK_COUNT] = {
    [CALLBACK_PAYLOAD] = {"payload", "dyn", "What the provider sent: a form or JSON, as a map."}};

const CelEnv *channel_callback_env(Arena *arena, ZoneDb *zones) {
  CelEnvOptions options = {.vars = CALLBACK_VARS, .var_count = CALLBACK_COUNT, .zones = zones};
  return cel_env_new(arena, &options);
}

/* Loading --------------------------------------------------------------------------------------------------------- */

static bool load_settings(const ChannelLoader *l, const Value *list, Channel *channel) {
  static const char *const KNOWN[] = {"name", "doc", "default", "required", "url", "values", NULL};
  for (size_t i = 0; value_is(list, VALUE_LIST) && i < list->size; i++) {
    const Value *item = value_at(list, i);
    if (i == CHANNEL_SETTINGS_MAX)
      return load_fail(&l->answers, STR_NONE, S("settings"), "at most %d settings", CHANNEL_SETTINGS_MAX);
    ChannelSetting *s = &channel->settings[channel->setting_count++];
    if (!load_known_keys(&l->answers, item, S("settings"), KNOWN) || !load_text(&l->answers, item, "name", &s->name) ||
        !load_text(&l->answers, item, "doc", &s->doc) || !load_text(&l->answers, item, "default", &s->otherwise))
      return false;
    s->required = value_bool_or(value_get_c(item, "required"), false);
    s->url = value_bool_or(value_get_c(item, "url"), false);
    const Value *values = value_get_c(item, "values");
    for (size_t j = 0; value_is(values, VALUE_LIST) && j < values->size && j < CHANNEL_VALUES_MAX; j++)
      s->values[j] = value_text_or(value_at(values, j), STR_NONE);
    if (!s->name.len || !s->doc.len)
      return load_fail(&l->answers, STR_NONE, S("settings"), "a setting has a name and a doc");
  }
  return true;
}

static bool load_limits(const ChannelLoader *l, const Value *list, Channel *channel) {
  for (size_t i = 0; value_is(list, VALUE_LIST) && i < list->size; i++) {
    ChannelLimit limit = {value_int_or(value_get_c(value_at(list, i), "count"), 0),
                          value_int_or(value_get_c(value_at(list, i), "within_s"), 0)};
    if (i == CHANNEL_LIMITS_MAX || limit.count <= 0 || limit.within_s <= 0)
      return load_fail(&l->answers, STR_NONE, S("limits"), "at most %d limits, each with count and within_s",
                       CHANNEL_LIMITS_MAX);
    channel->limits[channel->limit_count++] = limit;
  }
  return true;
}

static bool load_proof(const ChannelLoader *l, const Value *map, CallbackProof *out) {
  static const char *const WORDS[PROOF_COUNT] = {"url", "twilio", "token_header", "vonage", "slack"};
  Str word = S("url");
  if (!load_text(&l->answers, map, "proof", &word)) return false;
  for (size_t i = 0; i < COUNT(WORDS); i++)
    if (str_equal_c(word, WORDS[i])) return *out = (CallbackProof)i, true;
  return load_fail(&l->answers, word, S("proof"), "\"%.*s\" is none of url, twilio, token_header, vonage, slack",
                   STR_ARG(word));
}

static bool load_receipts(const ChannelLoader *l, const Value *map, Channel *channel) {
  static const char *const KNOWN[] = {"proof", "status", "error", NULL};
  if (!map) return true;
  channel->has_receipts = true;
  return load_known_keys(&l->callbacks, map, S("receipts"), KNOWN) && load_proof(l, map, &channel->receipt_proof) &&
         load_program(&l->callbacks, value_get_c(map, "status"), S("receipts.status"), &channel->receipt_status) &&
         load_program(&l->callbacks, value_get_c(map, "error"), S("receipts.error"), &channel->receipt_error);
}

static bool load_replies(const ChannelLoader *l, const Value *map, Channel *channel) {
  static const char *const KNOWN[] = {"proof", "action", "from",   "token",  "number",       "stop",
                                      "start", "help",   "handle", "answer", "content_type", NULL};
  const struct {
    const char *name;
    const CelProgram **out;
  } PROGRAMS[] = {{"action", &channel->reply_action}, {"from", &channel->reply_from},
                  {"token", &channel->reply_token},   {"number", &channel->reply_number},
                  {"handle", &channel->reply_handle}, {"stop", &channel->reply_stop},
                  {"start", &channel->reply_start}};
  if (!map) return true;
  channel->has_replies = true;
  channel->answer_type = S("application/json");
  channel->reply_help = S("This answer is not known here, nothing was done: open the alert's page.");
  for (size_t i = 0; i < COUNT(PROGRAMS); i++)
    if (!load_program(&l->callbacks, value_get_c(map, PROGRAMS[i].name), S("replies"), PROGRAMS[i].out)) return false;
  if (!load_known_keys(&l->callbacks, map, S("replies"), KNOWN) || !load_proof(l, map, &channel->reply_proof) ||
      !load_text(&l->callbacks, map, "content_type", &channel->answer_type) ||
      !load_text(&l->callbacks, map, "help", &channel->reply_help))
    return false;
  bool json = str_find(channel->answer_type, S("json"), 0) != SIZE_MAX;
  return channel_load_template(l, json ? &l->json : &l->html, value_get_c(map, "answer"), "replies.answer",
                               &channel->answer);
}

bool channel_load_provider(const ChannelLoader *l, const Value *map, Channel *channel) {
  channel->machine = !value_bool_or(value_get_c(map, "bundle"), true);
  return load_text(&l->answers, map, "kind", &channel->kind) &&
         load_text(&l->answers, map, "secret", &channel->secret_doc) &&
         load_text(&l->answers, map, "signing_secret", &channel->signing_doc) &&
         load_settings(l, value_get_c(map, "settings"), channel) &&
         load_limits(l, value_get_c(map, "limits"), channel) &&
         load_receipts(l, value_get_c(map, "receipts"), channel) &&
         load_replies(l, value_get_c(map, "replies"), channel);
}

/* Settings -------------------------------------------------------------------------------------------------------- */

bool channel_needs_connector(const Channel *channel) {
  if (channel->secret_doc.len) return true;
  for (size_t i = 0; i < channel->setting_count; i++)
    if (channel->settings[i].required) return true;
  return false;
}

static const ChannelSetting *setting_of(const Channel *channel, Str name) {
  for (size_t i = 0; i < channel->setting_count; i++)
    if (str_equal(channel->settings[i].name, name)) return &channel->settings[i];
  return NULL;
}

static Str names_of(const Channel *channel, Arena *arena) {
  Buf out = buf_new(arena, KIB(4));
  for (size_t i = 0; i < channel->setting_count; i++)
    buf_format(&out, "%s%.*s (%.*s)", i ? ", " : "", STR_ARG(channel->settings[i].name),
               STR_ARG(channel->settings[i].doc));
  return out.len ? buf_str(&out) : S("none");
}

static bool among(const ChannelSetting *s, Str text) {
  bool found = s->values[0].len == 0;
  for (size_t i = 0; i < CHANNEL_VALUES_MAX; i++) found = found || str_equal(s->values[i], text);
  return found;
}

/* Of a server, as templates put a path behind it. */
static bool is_server(Str url) {
  Str scheme = STR_NONE, rest = STR_NONE;
  size_t at = str_find(url, S("://"), 0);
  if (at == SIZE_MAX) return false;
  scheme = str_slice(url, 0, at);
  rest = str_slice(url, at + 3, url.len);
  if (!str_equal_c(scheme, "http") && !str_equal_c(scheme, "https")) return false;
  if (!rest.len || rest.ptr[0] == '/' || rest.ptr[0] == ':' || rest.ptr[rest.len - 1] == '/') return false;
  for (size_t i = 0; i < rest.len; i++)
    if ((u8)rest.ptr[i] <= ' ' || rest.ptr[i] == 0x7f || str_find_char(S("?#@\"\\"), rest.ptr[i], 0) != SIZE_MAX)
      return false;
  return true;
}

static bool check_secrets(const Channel *channel, Str secret, Str signing_secret, Error *err) {
  CLEANUP(pkey_freep) EVP_PKEY *key = NULL;
  if (channel->secret_doc.len && !secret.len)
    return fail_at(err, ERR_INVALID, "/secret", "%.*s needs a secret: %.*s", STR_ARG(channel->name),
                   STR_ARG(channel->secret_doc));
  if (signing_secret.len && !channel->signing_doc.len)
    return fail_at(err, ERR_INVALID, "/signing_secret",
                   "what %.*s calls back with is not signed with a secret of its own", STR_ARG(channel->name));
  Error why = {0};
  if (channel->sign.kind == SIGN_JWT_RS256 && !pkey_from_pem(secret, &key, &why))
    return fail_at(err, ERR_INVALID, "/secret", "%.*s needs a private key: %s", STR_ARG(channel->name), why.message);
  return true;
}

bool channel_check_settings(const Channel *channel, const Value *settings, Str secret, Str signing_secret, Error *err) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Str names = names_of(channel, arena);
  for (size_t i = 0; value_is(settings, VALUE_MAP) && i < settings->size; i++) {
    Str name = value_text(&settings->members[i].key);
    if (!setting_of(channel, name))
      return fail(err, ERR_INVALID, "%.*s has no setting \"%.*s\"; it has: %.*s", STR_ARG(channel->name),
                  STR_ARG(utf8_cut(name, 60)), STR_ARG(names));
  }
  for (size_t i = 0; i < channel->setting_count; i++) {
    const ChannelSetting *s = &channel->settings[i];
    const Value *given = value_is(settings, VALUE_MAP) ? value_get(settings, s->name) : NULL;
    if (s->required && !value_text_or(given, S("")).len)
      return fail(err, ERR_INVALID, "%.*s needs the setting \"%.*s\": %.*s", STR_ARG(channel->name), STR_ARG(s->name),
                  STR_ARG(s->doc));
    Str text = value_text_or(given, S(""));
    if (text.len && !among(s, text))
      return fail_at(err, ERR_INVALID, str_to_c(arena, str_format(arena, "/settings/%.*s", STR_ARG(s->name))),
                     "\"%.*s\" is not known: %.*s", STR_ARG(utf8_cut(text, 60)), STR_ARG(s->doc));
    if (s->url && text.len && !is_server(text))
      return fail_at(err, ERR_INVALID, str_to_c(arena, str_format(arena, "/settings/%.*s", STR_ARG(s->name))),
                     "\"%.*s\" is not the URL of a server; it looks like %.*s, without a slash at the end",
                     STR_ARG(utf8_cut(text, 100)), STR_ARG(s->otherwise.len ? s->otherwise : S("https://example.org")));
  }
  return check_secrets(channel, secret, signing_secret, err);
}

Value channel_settings(const Channel *channel, Arena *arena, const Value *settings) {
  MapBuilder map = map_builder(arena);
  for (size_t i = 0; i < channel->setting_count; i++) {
    const ChannelSetting *s = &channel->settings[i];
    const Value *given = value_is(settings, VALUE_MAP) ? value_get(settings, s->name) : NULL;
    (void)map_put(&map, s->name, value_string(value_text_or(given, s->otherwise.len ? s->otherwise : S(""))));
  }
  return map_done(&map);
}

bool channel_bundles(const Channel *channel) {
  return !channel->machine;
}

bool channel_is_push(const Channel *channel) {
  return channel->sign.kind == SIGN_WEB_PUSH;
}

bool channel_has_replies(const Channel *channel) {
  return channel->has_replies;
}

bool channel_receipts(const Channel *channel) {
  return channel->has_receipts;
}

const ChannelLimit *channel_limits(const Channel *channel, size_t *out_count) {
  *out_count = channel->limit_count;
  return channel->limits;
}

/* Reading --------------------------------------------------------------------------------------------------------- */

static Value read_payload(Arena *arena, const ChannelCallback *c) {
  Value payload = value_null();
  Error ignored = {0};
  JsonOptions lenient = {.lenient_text = true};
  if (str_find(c->content_type, S("json"), 0) != SIZE_MAX) {
    if (!json_parse(arena, utf8_clean(arena, str_copy(arena, c->body)), &lenient, &payload, &ignored))
      return value_null();
    return payload;
  }
  FormField fields[FORM_FIELDS_MAX];
  size_t count = channel_read_form(arena, c->body, fields);
  MapBuilder map = map_builder(arena);
  for (size_t i = 0; i < count; i++)
    (void)map_put(&map, fields[i].name, value_string(utf8_clean(arena, fields[i].value)));
  return map_done(&map);
}

static Value ask(const CelProgram *program, Arena *arena, const Value *payload) {
  Value vars[CALLBACK_COUNT] = {[CALLBACK_PAYLOAD] = *payload}, v = value_null();
  CelRun run = {.vars = vars};
  Error ignored = {0};
  if (!program || !cel_eval(program, arena, &run, &v, &ignored)) return value_null();
  return v;
}

enum { REPLY_BYTES_MAX = 600 };
static Str told(const CelProgram *program, Arena *arena, const Value *payload) {
  Value v = ask(program, arena, payload);
  return v.kind == VALUE_NULL ? S("") : utf8_cut(value_display(arena, &v), REPLY_BYTES_MAX);
}

bool channel_read_receipt(const Channel *channel, Arena *arena, const ChannelCallback *callback,
                          const ChannelSecrets *secrets, ChannelReceipt *out, Error *err) {
  static const struct {
    const char *word;
    SendVerdict verdict;
  } WORDS[] = {{"delivered", SEND_DELIVERED},
               {"failed", SEND_PERMANENT},
               {"broken", SEND_BROKEN},
               {"unconfirmed", SEND_UNKNOWN}};
  *out = (ChannelReceipt){.verdict = SEND_RETRY};
  if (!channel->has_receipts) return fail(err, ERR_NOT_FOUND, "this channel has no receipts");
  if (!channel_proves(channel->receipt_proof, arena, callback, secrets, err)) return false;
  Value payload = read_payload(arena, callback);
  Str status = told(channel->receipt_status, arena, &payload);
  out->error = told(channel->receipt_error, arena, &payload);
  for (size_t i = 0; i < COUNT(WORDS); i++)
    if (str_equal_c(status, WORDS[i].word)) out->verdict = WORDS[i].verdict;
  return true;
}

bool channel_read_reply(const Channel *channel, Arena *arena, const ChannelCallback *callback,
                        const ChannelSecrets *secrets, ChannelReply *out, Error *err) {
  *out = (ChannelReply){0};
  if (!channel->has_replies) return fail(err, ERR_NOT_FOUND, "nothing can be answered on this channel");
  if (!channel_proves(channel->reply_proof, arena, callback, secrets, err)) return false;
  Value payload = read_payload(arena, callback);
  channel_read_item(channel, arena, &payload, out);
  return true;
}

void channel_read_item(const Channel *channel, Arena *arena, const Value *item, ChannelReply *out) {
  Value stop = ask(channel->reply_stop, arena, item), start = ask(channel->reply_start, arena, item);
  *out = (ChannelReply){.action = told(channel->reply_action, arena, item),
                        .from = told(channel->reply_from, arena, item),
                        .token = told(channel->reply_token, arena, item),
                        .number = told(channel->reply_number, arena, item),
                        .handle = told(channel->reply_handle, arena, item),
                        .stop = value_bool_or(&stop, false),
                        .start = value_bool_or(&start, false),
                        .payload = *item};
}

bool channel_replies_by_token(const Channel *channel) {
  return channel->reply_token != NULL;
}

Str channel_reply_help(const Channel *channel) {
  return channel->reply_help;
}

bool channel_answers(const Channel *channel) {
  return channel->answer != NULL;
}

Str channel_answer(const Channel *channel, Arena *arena, const Value *context, const char **out_content_type) {
  CelRun cel = {0};
  Error ignored = {0};
  Buf buf = buf_new(arena, KIB(16));
  *out_content_type = channel->answer ? str_to_c(arena, channel->answer_type) : "application/json";
  if (!channel->answer || !mustache_render(channel->answer, arena, context, &cel, &buf, &ignored)) return S("{}");
  return buf_str(&buf);
}

Value channel_facts(const Channel *channel, const char *why_not, Str public_key, Arena *arena) {
  MapBuilder map = map_builder(arena);
  ValueVec settings = {0};
  for (size_t i = 0; i < channel->setting_count; i++) {
    const ChannelSetting *s = &channel->settings[i];
    MapBuilder one = map_builder(arena);
    map_put_c(&one, "name", value_string(s->name));
    map_put_c(&one, "doc", value_string(s->doc));
    map_put_c(&one, "default", s->otherwise.len ? value_string(s->otherwise) : value_null());
    map_put_c(&one, "required", value_bool(s->required));
    *VEC_PUSH(arena, &settings) = map_done(&one);
  }
  map_put_c(&map, "name", value_string(channel->name));
  map_put_c(&map, "kind", value_string(channel->kind));
  map_put_c(&map, "title", value_string(channel->title));
  map_put_c(&map, "guide", value_string(channel->guide));
  map_put_c(&map, "address_hint", value_string(channel->address_hint));
  map_put_c(&map, "needs_connector", value_bool(channel_needs_connector(channel)));
  map_put_c(&map, "ready", value_bool(!why_not));
  map_put_c(&map, "why_not", why_not ? value_c(why_not) : value_null());
  map_put_c(&map, "secret", channel->secret_doc.len ? value_string(channel->secret_doc) : value_null());
  map_put_c(&map, "signing_secret", channel->signing_doc.len ? value_string(channel->signing_doc) : value_null());
  map_put_c(&map, "public_key", public_key.len ? value_string(public_key) : value_null());
  map_put_c(&map, "settings", list_done(&settings));
  return map_done(&map);
}

/* What templates cannot express: signed tokens, signed requests, encrypted bodies. Which one a channel needs stands in
 * its file (`sign`); here it is done to the request that its templates made. */
#include "catalog/channel_internal.h"
#include "net/aws_sign.h"
#include "net/jwt.h"
#include "net/web_push.h"

enum { LIFETIME_S = 300 };

static const char *const KINDS[SIGN_COUNT] = {"none", "jwt_rs256", "aws_sigv4", "web_push"};

bool channel_load_sign(const ChannelLoader *l, const Value *map, ChannelSign *out) {
  static const char *const KNOWN[] = {"kind", "lifetime_s", "with", NULL};
  const Value *with = value_get_c(map, "with");
  Str kind = S("none");
  if (!map) return true;
  if (!load_known_keys(&l->answers, map, S("sign"), KNOWN) || !load_text(&l->answers, map, "kind", &kind)) return false;
  out->kind = SIGN_COUNT;
  for (int i = 0; i < SIGN_COUNT; i++)
    if (str_equal_c(kind, KINDS[i])) out->kind = (SignKind)i;
  if (out->kind == SIGN_COUNT)
    return load_fail(&l->answers, kind, S("sign.kind"), "\"%.*s\" is none of jwt_rs256, aws_sigv4, web_push",
                     STR_ARG(kind));
  out->lifetime_s = value_int_or(value_get_c(map, "lifetime_s"), LIFETIME_S);
  for (u32 i = 0; value_is(with, VALUE_MAP) && i < with->size; i++) {
    if (i == CHANNEL_CLAIMS_MAX)
      return load_fail(&l->answers, STR_NONE, S("sign.with"), "at most %d values", CHANNEL_CLAIMS_MAX);
    ChannelHeader *claim = &out->claims[out->claim_count++];
    claim->name = value_text(&with->members[i].key);
    if (!channel_load_template(l, &l->text, &with->members[i].value, "sign.with", &claim->value)) return false;
  }
  return true;
}

static Str text_of(const Value *context, const char *name) {
  return value_text_or(value_get_c(context, name), S(""));
}

static bool claim_of(const Channel *channel, Arena *arena, const Value *context, const char *name, Str *out,
                     Error *err) {
  *out = S("");
  for (size_t i = 0; i < channel->sign.claim_count; i++)
    if (str_equal_c(channel->sign.claims[i].name, name))
      return channel_fill(channel->sign.claims[i].value, arena, context, CHANNEL_LINE_MAX, out, err);
  return true;
}

static bool make_token(const Channel *channel, Arena *arena, const Value *context, MapBuilder *out, Error *err) {
  CLEANUP(pkey_freep) EVP_PKEY *key = NULL;
  MapBuilder claims = map_builder(arena);
  i64 now_s = clock_true_ms() / 1000;
  Str token;
  map_put_c(&claims, "iat", value_int(now_s));
  map_put_c(&claims, "exp", value_int(now_s + channel->sign.lifetime_s));
  map_put_c(&claims, "jti", value_string(random_token(arena, 26)));
  for (size_t i = 0; i < channel->sign.claim_count; i++) {
    Str value;
    if (!channel_fill(channel->sign.claims[i].value, arena, context, CHANNEL_LINE_MAX, &value, err)) return false;
    (void)map_put(&claims, channel->sign.claims[i].name, value_string(value));
  }
  Value map = map_done(&claims);
  if (!pkey_from_pem(text_of(context, "secret"), &key, err) || !jwt_sign_rs256(arena, key, &map, &token, err))
    return false;
  map_put_c(out, "jwt", value_string(token));
  return true;
}

bool channel_sign_before(const Channel *channel, Arena *arena, const Value *context, MapBuilder *out, Error *err) {
  WebPushTarget target;
  if (channel->sign.kind == SIGN_JWT_RS256) return make_token(channel, arena, context, out, err);
  if (channel->sign.kind != SIGN_WEB_PUSH) return true;
  if (!web_push_target(arena, text_of(context, "address"), &target, err)) return false;
  map_put_c(out, "endpoint", value_string(target.endpoint));
  return true;
}

static void add_header(ChannelMessage *message, Str header) {
  message->headers[message->header_count++] = header;
}

static Str content_type_of(const ChannelMessage *message) {
  Str name = S("Content-Type: ");
  for (size_t i = 0; i < message->header_count; i++)
    if (str_starts_with(message->headers[i], name))
      return str_slice(message->headers[i], name.len, message->headers[i].len);
  return S("");
}

static bool sign_for_aws(const Channel *channel, Arena *arena, const Value *context, ChannelMessage *message,
                         Error *err) {
  AwsRequest request = {.method = message->method,
                        .url = message->url,
                        .body = message->body.len ? message->body : S(""),
                        .content_type = content_type_of(message),
                        .secret = text_of(context, "secret"),
                        .now_ms = clock_true_ms()};
  Str headers[AWS_HEADERS_MAX];
  size_t count = 0;
  if (!claim_of(channel, arena, context, "service", &request.service, err) ||
      !claim_of(channel, arena, context, "region", &request.region, err) ||
      !claim_of(channel, arena, context, "key_id", &request.key_id, err) ||
      !aws_sign(arena, &request, headers, &count, err))
    return false;
  for (size_t i = 0; i < count; i++) add_header(message, headers[i]);
  return true;
}

static bool encrypt(Arena *arena, const Value *context, ChannelMessage *message, Error *err) {
  CLEANUP(pkey_freep) EVP_PKEY *key = NULL;
  WebPushTarget target;
  Str authorization;
  if (!web_push_target(arena, text_of(context, "address"), &target, err) ||
      !pkey_from_pem(text_of(context, "push_key"), &key, err) ||
      !web_push_authorize(arena, target.endpoint, key, text_of(context, "push_subject"), clock_true_ms() / 1000,
                          &authorization, err) ||
      !web_push_encrypt(arena, &target, message->body, NULL, S(""), &message->body, err))
    return false;
  add_header(message, str_format(arena, "Authorization: %.*s", STR_ARG(authorization)));
  return true;
}

bool channel_sign_after(const Channel *channel, Arena *arena, const Value *context, ChannelMessage *message,
                        Error *err) {
  if (channel->sign.kind == SIGN_AWS_SIGV4) return sign_for_aws(channel, arena, context, message, err);
  return channel->sign.kind != SIGN_WEB_PUSH || encrypt(arena, context, message, err);
}

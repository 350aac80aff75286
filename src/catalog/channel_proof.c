/* Does a callback come from the provider? By the URL that only it was given, by what it signs, by a header. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#include "catalog/channel_internal.h"
#include "net/jwt.h"

enum { SLACK_SECONDS = 300, VONAGE_SECONDS = 900 };

static Str form_decode(Arena *arena, Str s) {
  Buf out = buf_new(arena, s.len + 1);
  for (size_t i = 0; i < s.len; i++) {
    Str byte = STR_NONE;
    if (s.ptr[i] == '%' && i + 2 < s.len + 0 && hex_decode(arena, str_slice(s, i + 1, i + 3), &byte)) {
      buf_put(&out, byte);
      i += 2;
    } else {
      buf_putc(&out, s.ptr[i] == '+' ? ' ' : s.ptr[i]);
    }
  }
  return out.len ? buf_str(&out) : S("");
}

size_t channel_read_form(Arena *arena, Str body, FormField *out) {
  size_t count = 0;
  Str rest = body;
  while (rest.len && count < FORM_FIELDS_MAX) {
    Str pair = rest, tail = S(""), name, value = S("");
    if (str_cut(rest, '&', &pair, &tail))
      rest = tail;
    else
      rest = S("");
    if (!str_cut(pair, '=', &name, &value)) name = pair;
    if (pair.len) out[count++] = (FormField){form_decode(arena, name), form_decode(arena, value)};
  }
  return count;
}

static int compare_fields(const void *a, const void *b) {
  const FormField *x = a, *y = b;
  int order = str_compare(x->name, y->name);
  return order ? order : str_compare(x->value, y->value);
}

/* The URL, then each name and value in order of names; HMAC-SHA1 with the account's token, base64. */
static Str twilio_mac(Arena *arena, Str url, Str body, Str secret) {
  FormField fields[FORM_FIELDS_MAX];
  size_t count = channel_read_form(arena, body, fields);
  Buf text = buf_new(arena, url.len + body.len + 16);
  u8 mac[EVP_MAX_MD_SIZE];
  unsigned mac_bytes = 0;
  qsort(fields, count, sizeof fields[0], compare_fields);
  buf_put(&text, url);
  for (size_t i = 0; i < count; i++) {
    if (i && str_equal(fields[i].name, fields[i - 1].name) && str_equal(fields[i].value, fields[i - 1].value)) continue;
    buf_put(&text, fields[i].name);
    buf_put(&text, fields[i].value);
  }
  Str whole = buf_str(&text);
  HMAC(EVP_sha1(), secret.ptr, (int)secret.len, (const u8 *)whole.ptr, whole.len, mac, &mac_bytes);
  return base64_encode(arena, (Str){(const char *)mac, mac_bytes});
}

/* Twilio is not of one mind about the port: with and without it. */
static Str other_port(Arena *arena, Str url) {
  Str port = str_starts_with(url, S("https://")) ? S(":443") : S(":80");
  size_t host = str_find(url, S("://"), 0) + 3, path = str_find_char(url, '/', host);
  if (path == SIZE_MAX) path = url.len;
  Str authority = str_slice(url, host, path);
  if (str_ends_with(authority, port))
    return str_format(arena, "%.*s%.*s", (int)(path - port.len), url.ptr, STR_ARG(str_slice(url, path, url.len)));
  return str_format(arena, "%.*s%.*s%.*s", (int)path, url.ptr, STR_ARG(port), STR_ARG(str_slice(url, path, url.len)));
}

static bool proves_twilio(Arena *arena, const ChannelCallback *c, Str secret, Error *err) {
  bool good = c->signature.len && secret.len &&
              (str_equal_secret(c->signature, twilio_mac(arena, c->url, c->body, secret)) ||
               str_equal_secret(c->signature, twilio_mac(arena, other_port(arena, c->url), c->body, secret)));
  return good || fail(err, ERR_FORBIDDEN,
                      "X-Twilio-Signature does not fit: the connector's secret must be the account's auth token, and "
                      "public_url must be the address that the provider calls");
}

static bool proves_slack(Arena *arena, const ChannelCallback *c, const ChannelSecrets *secrets, Error *err) {
  i64 at_s = 0;
  if (!secrets->signing_secret.len)
    return fail(err, ERR_FORBIDDEN,
                "the connector has no signing_secret, so that nobody can say whether Slack sent this");
  if (!str_to_i64(c->timestamp, 0, INT64_MAX / 2, &at_s) || llabs(secrets->now_s - at_s) > SLACK_SECONDS)
    return fail(err, ERR_FORBIDDEN, "X-Slack-Request-Timestamp is not within five minutes of our clock");
  Str text = str_format(arena, "v0:%.*s:", STR_ARG(c->timestamp));
  Buf whole = buf_new(arena, text.len + c->body.len);
  buf_put(&whole, text);
  buf_put(&whole, c->body);
  Str mac = hmac_sha256_raw(arena, secrets->signing_secret, buf_str(&whole));
  Str wanted = str_format(arena, "v0=%.*s", STR_ARG(hex_encode(arena, mac.ptr, mac.len)));
  return str_equal_secret(c->signature, wanted) ||
         fail(err, ERR_FORBIDDEN, "X-Slack-Signature does not fit the connector's signing_secret");
}

/* A connector without the secret trusts whoever knows the URL, which only Vonage was given. */
static bool proves_vonage(Arena *arena, const ChannelCallback *c, const ChannelSecrets *secrets, Error *err) {
  Value claims = value_null();
  if (!secrets->signing_secret.len) return true;
  if (!str_starts_with(c->authorization, S("Bearer ")))
    return fail(err, ERR_FORBIDDEN, "there is no signed token in Authorization; switch signed webhooks on at Vonage");
  Str token = str_trim(str_slice(c->authorization, 7, c->authorization.len));
  if (!jwt_check_hs256(arena, token, secrets->signing_secret, secrets->now_s, &claims, err)) return false;
  i64 at_s = value_int_or(value_get_c(&claims, "iat"), 0);
  Str hash = value_text_or(value_get_c(&claims, "payload_hash"), S(""));
  if (at_s < secrets->now_s - VONAGE_SECONDS || at_s > secrets->now_s + VONAGE_SECONDS)
    return fail(err, ERR_FORBIDDEN, "the token was not made within a quarter of an hour of our clock");
  return !hash.len || str_equal_secret(str_lower(arena, hash), sha256_hex(arena, c->body)) ||
         fail(err, ERR_FORBIDDEN, "the token is for another body");
}

bool channel_proves(CallbackProof proof, Arena *arena, const ChannelCallback *c, const ChannelSecrets *secrets,
                    Error *err) {
  switch (proof) {
  case PROOF_TWILIO: return proves_twilio(arena, c, secrets->secret, err);
  case PROOF_VONAGE: return proves_vonage(arena, c, secrets, err);
  case PROOF_SLACK: return proves_slack(arena, c, secrets, err);
  case PROOF_TOKEN_HEADER:
    return (c->token_header.len && str_equal_secret(c->token_header, secrets->hook_token)) ||
           fail(err, ERR_FORBIDDEN, "the header X-Telegram-Bot-Api-Secret-Token is not this connector's hook_token");
  case PROOF_URL:
  case PROOF_COUNT: break;
  }
  return true;
}

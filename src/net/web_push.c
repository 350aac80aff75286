/* Web Push by OpenSSL: ECDH on P-256, HKDF by HMAC-SHA256, AES-128-GCM, ES256. */
#include "net/web_push.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "lang/json.h"
#include "net/jwt.h"

enum { POINT_BYTES = 65, AUTH_BYTES = 16, SALT_BYTES = 16, TAG_BYTES = 16, RECORD_BYTES = 4096, VALID_S = 12 * 3600 };

/* Keys ------------------------------------------------------------------------------------------------------------ */

static bool openssl_failed(Error *err) {
  return fail(err, ERR_INVALID, "OpenSSL could not do P-256");
}

bool web_push_key_new(Arena *arena, Str *out_pem, Error *err) {
  CLEANUP(pkey_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
  BIO *bio = BIO_new(BIO_s_mem());
  char *text = NULL;
  bool ok = key && bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1;
  long len = ok ? BIO_get_mem_data(bio, &text) : 0;
  if (len > 0) *out_pem = str_copy(arena, (Str){text, (size_t)len});
  BIO_free(bio);
  return len > 0 || openssl_failed(err);
}

static bool public_point(Arena *arena, EVP_PKEY *key, Str *out) {
  u8 *point = NULL;
  size_t len = EVP_PKEY_get1_encoded_public_key(key, &point);
  if (len == POINT_BYTES) *out = str_copy(arena, (Str){(const char *)point, len});
  OPENSSL_free(point);
  return len == POINT_BYTES;
}

bool web_push_public(Arena *arena, EVP_PKEY *key, Str *out, Error *err) {
  Str point;
  if (!public_point(arena, key, &point)) return openssl_failed(err);
  *out = base64url_encode(arena, point);
  return true;
}

/* NULL: the bytes are no point of the curve. */
static EVP_PKEY *peer_of(EVP_PKEY *own, Str point) {
  EVP_PKEY *peer = EVP_PKEY_new();
  if (peer && EVP_PKEY_copy_parameters(peer, own) == 1 &&
      EVP_PKEY_set1_encoded_public_key(peer, (const u8 *)point.ptr, point.len) == 1)
    return peer;
  EVP_PKEY_free(peer);
  return NULL;
}

bool web_push_target(Arena *arena, Str json, WebPushTarget *out, Error *err) {
  Value v = value_null();
  Error ignored = {0};
  if (!json_parse(arena, json, NULL, &v, &ignored) || v.kind != VALUE_MAP)
    return fail(err, ERR_INVALID, "this is no push subscription; the page makes one in the browser that is to be told");
  const Value *keys = value_get_c(&v, "keys");
  out->endpoint = value_text_or(value_get_c(&v, "endpoint"), S(""));
  if (!str_starts_with(out->endpoint, S("https://")) && !str_starts_with(out->endpoint, S("http://")))
    return fail(err, ERR_INVALID, "a push subscription has an endpoint, which is a URL");
  if (!value_is(keys, VALUE_MAP) ||
      !base64_decode(arena, value_text_or(value_get_c(keys, "p256dh"), S("")), &out->public_key) ||
      !base64_decode(arena, value_text_or(value_get_c(keys, "auth"), S("")), &out->auth_secret) ||
      out->public_key.len != POINT_BYTES || out->auth_secret.len != AUTH_BYTES)
    return fail(err, ERR_INVALID, "a push subscription has keys: p256dh of 65 bytes and auth of 16, in base64url");
  CLEANUP(pkey_freep) EVP_PKEY *own = EVP_EC_gen("P-256");
  CLEANUP(pkey_freep) EVP_PKEY *peer = own ? peer_of(own, out->public_key) : NULL;
  return peer || fail(err, ERR_INVALID, "the subscription's p256dh is no point of the curve P-256");
}

/* Encryption ------------------------------------------------------------------------------------------------------ */

/* HKDF (RFC 5869) for at most 32 bytes: one block. */
static Str hkdf(Arena *arena, Str salt, Str secret, Str info, size_t count) {
  Str key = hmac_sha256_raw(arena, salt, secret);
  Buf text = buf_new(arena, info.len + 1);
  buf_put(&text, info);
  buf_putc(&text, 1);
  return str_slice(hmac_sha256_raw(arena, key, buf_str(&text)), 0, count);
}

static bool shared_secret(Arena *arena, EVP_PKEY *own, EVP_PKEY *peer, Str *out) {
  u8 *secret = arena_alloc(arena, POINT_BYTES);
  size_t len = POINT_BYTES;
  EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
  bool ok = ctx && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, peer) == 1 &&
            EVP_PKEY_derive(ctx, secret, &len) == 1;
  EVP_PKEY_CTX_free(ctx);
  *out = (Str){(const char *)secret, len};
  return ok;
}

static bool seal(Buf *out, Str key, Str nonce, Str plain) {
  static const u8 LAST_RECORD = 2;
  u8 bytes[RECORD_BYTES], tag[TAG_BYTES];
  int len = 0, more = 0, end = 0;
  EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
  bool ok = ctx && EVP_EncryptInit_ex2(ctx, EVP_aes_128_gcm(), (const u8 *)key.ptr, (const u8 *)nonce.ptr, NULL) == 1 &&
            EVP_EncryptUpdate(ctx, bytes, &len, (const u8 *)plain.ptr, (int)plain.len) == 1 &&
            EVP_EncryptUpdate(ctx, bytes + len, &more, &LAST_RECORD, 1) == 1 &&
            EVP_EncryptFinal_ex(ctx, bytes + len + more, &end) == 1 &&
            EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, tag) == 1;
  EVP_CIPHER_CTX_free(ctx);
  if (!ok) return false;
  buf_put(out, (Str){(const char *)bytes, (size_t)(len + more + end)});
  buf_put(out, (Str){(const char *)tag, TAG_BYTES});
  return true;
}

static Str info_of(Arena *arena, Str theirs, Str ours) {
  Buf info = buf_new(arena, 200);
  buf_put(&info, (Str){"WebPush: info", 14}); /* with its NUL */
  buf_put(&info, theirs);
  buf_put(&info, ours);
  return buf_str(&info);
}

bool web_push_encrypt(Arena *arena, const WebPushTarget *target, Str plain, EVP_PKEY *own, Str salt, Str *out,
                      Error *err) {
  CLEANUP(pkey_freep) EVP_PKEY *fresh = own ? NULL : EVP_EC_gen("P-256");
  EVP_PKEY *key = own ? own : fresh;
  CLEANUP(pkey_freep) EVP_PKEY *peer = key ? peer_of(key, target->public_key) : NULL;
  Str ours, secret;
  u8 random[SALT_BYTES];
  if (plain.len > WEB_PUSH_PLAIN_MAX)
    return fail(err, ERR_TOO_LARGE, "a push message has at most %d bytes, this one %zu", WEB_PUSH_PLAIN_MAX, plain.len);
  if (!peer || !public_point(arena, key, &ours) || !shared_secret(arena, key, peer, &secret))
    return openssl_failed(err);
  if (!salt.len) {
    random_bytes(random, sizeof random);
    salt = (Str){(const char *)random, sizeof random};
  }
  Str input = hkdf(arena, target->auth_secret, secret, info_of(arena, target->public_key, ours), 32);
  Str content_key = hkdf(arena, salt, input, (Str){"Content-Encoding: aes128gcm", 28}, 16);
  Str nonce = hkdf(arena, salt, input, (Str){"Content-Encoding: nonce", 24}, 12);
  Buf body = buf_new(arena, RECORD_BYTES + 200);
  buf_put(&body, salt);
  buf_put(&body, (Str){"\0\0\x10\0"
                       "A",
                       5}); /* a record of 4096 bytes; a key id of 65 */
  buf_put(&body, ours);
  if (!seal(&body, content_key, nonce, plain)) return openssl_failed(err);
  *out = buf_str(&body);
  return true;
}

bool web_push_authorize(Arena *arena, Str endpoint, EVP_PKEY *key, Str subject, i64 now_s, Str *out, Error *err) {
  MapBuilder claims = map_builder(arena);
  size_t host = str_find(endpoint, S("://"), 0);
  size_t path = host == SIZE_MAX ? SIZE_MAX : str_find_char(endpoint, '/', host + 3);
  Str token, ours, origin = path == SIZE_MAX ? endpoint : str_slice(endpoint, 0, path);
  map_put_c(&claims, "aud", value_string(origin));
  map_put_c(&claims, "exp", value_int(now_s + VALID_S));
  map_put_c(&claims, "sub", value_string(subject));
  Value map = map_done(&claims);
  if (!jwt_sign_es256(arena, key, &map, &token, err) || !web_push_public(arena, key, &ours, err)) return false;
  *out = str_format(arena, "vapid t=%.*s, k=%.*s", STR_ARG(token), STR_ARG(ours));
  return true;
}

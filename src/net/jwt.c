/* JSON Web Tokens by OpenSSL. */
#include "net/jwt.h"

#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "lang/json.h"

enum { SIGNATURE_MAX = 1024 /* RSA of 8192 bits */, P256_BYTES = 32, TOKEN_MAX = 16 * 1024 };

bool pkey_from_pem(Str pem, EVP_PKEY **out, Error *err) {
  BIO *bio = pem.len <= INT32_MAX ? BIO_new_mem_buf(pem.ptr, (int)pem.len) : NULL;
  EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"") : NULL;
  BIO_free(bio);
  if (!key)
    return fail(err, ERR_INVALID,
                "this is no private key in PEM without a password; it begins with -----BEGIN PRIVATE KEY-----");
  *out = key;
  return true;
}

void pkey_freep(EVP_PKEY **key) {
  EVP_PKEY_free(*key);
}

static bool sign(Arena *arena, EVP_PKEY *key, Str text, Str *out) {
  u8 *signature = arena_alloc(arena, SIGNATURE_MAX);
  size_t len = SIGNATURE_MAX;
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  bool ok = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
            EVP_DigestSign(ctx, signature, &len, (const u8 *)text.ptr, text.len) == 1;
  EVP_MD_CTX_free(ctx);
  *out = (Str){(const char *)signature, len};
  return ok;
}

static Str signed_text(Arena *arena, const char *header, const Value *claims) {
  Str head = base64url_encode(arena, str_from_c(header));
  return str_format(arena, "%.*s.%.*s", STR_ARG(head), STR_ARG(base64url_encode(arena, json_text(arena, claims))));
}

static Str with_signature(Arena *arena, Str text, Str signature) {
  return str_format(arena, "%.*s.%.*s", STR_ARG(text), STR_ARG(base64url_encode(arena, signature)));
}

bool jwt_sign_rs256(Arena *arena, EVP_PKEY *key, const Value *claims, Str *out, Error *err) {
  Str text = signed_text(arena, "{\"alg\":\"RS256\",\"typ\":\"JWT\"}", claims), signature;
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA || EVP_PKEY_get_size(key) > SIGNATURE_MAX)
    return fail(err, ERR_INVALID, "the private key is not one for RSA");
  if (!sign(arena, key, text, &signature)) return fail(err, ERR_INVALID, "the private key cannot sign");
  *out = with_signature(arena, text, signature);
  return true;
}

bool jwt_sign_es256(Arena *arena, EVP_PKEY *key, const Value *claims, Str *out, Error *err) {
  Str text = signed_text(arena, "{\"alg\":\"ES256\",\"typ\":\"JWT\"}", claims), der;
  u8 raw[2 * P256_BYTES];
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC || !sign(arena, key, text, &der))
    return fail(err, ERR_INVALID, "the private key is not one for P-256");
  const u8 *at = (const u8 *)der.ptr;
  ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
  bool ok = parts && BN_bn2binpad(ECDSA_SIG_get0_r(parts), raw, P256_BYTES) == P256_BYTES &&
            BN_bn2binpad(ECDSA_SIG_get0_s(parts), raw + P256_BYTES, P256_BYTES) == P256_BYTES;
  ECDSA_SIG_free(parts);
  if (!ok) return fail(err, ERR_INVALID, "the private key is not one for P-256");
  *out = with_signature(arena, text, (Str){(const char *)raw, sizeof raw});
  return true;
}

static bool read_part(Arena *arena, Str part, Value *out) {
  Str json = STR_NONE;
  Error ignored = {0};
  return base64_decode(arena, part, &json) && json_parse(arena, json, NULL, out, &ignored) && out->kind == VALUE_MAP;
}

bool jwt_check_hs256(Arena *arena, Str token, Str secret, i64 now_s, Value *out_claims, Error *err) {
  Str head = STR_NONE, rest = STR_NONE, body = STR_NONE, tail = STR_NONE, signature = STR_NONE;
  Value header = value_null(), claims = value_null();
  if (token.len > TOKEN_MAX || !str_cut(token, '.', &head, &rest) || !str_cut(rest, '.', &body, &tail) ||
      !read_part(arena, head, &header) || !base64_decode(arena, tail, &signature))
    return fail(err, ERR_FORBIDDEN, "this is no JSON Web Token");
  if (!str_equal_c(value_text_or(value_get_c(&header, "alg"), STR_NONE), "HS256"))
    return fail(err, ERR_FORBIDDEN, "the token is not signed with HS256");
  Str mac = hmac_sha256_raw(arena, secret, (Str){head.ptr, head.len + 1 + body.len});
  if (!secret.len || !str_equal_secret(mac, signature))
    return fail(err, ERR_FORBIDDEN, "the token's signature is wrong");
  if (!read_part(arena, body, &claims)) return fail(err, ERR_FORBIDDEN, "the token's claims are no JSON object");
  i64 expires_s = value_int_or(value_get_c(&claims, "exp"), INT64_MAX);
  if (now_s >= expires_s || now_s < value_int_or(value_get_c(&claims, "nbf"), 0))
    return fail(err, ERR_FORBIDDEN, "the token is not for now");
  *out_claims = claims;
  return true;
}

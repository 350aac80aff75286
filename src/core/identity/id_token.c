/* ID tokens: parts, keys, signature, claims. */
#include "core/identity/id_token.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string.h>

#include "lang/json.h"

enum { RSA_BITS_MIN = 2048, EC_BYTES = 32, KEYS_MAX = 100, FUTURE_S_MAX = 300, TEXT_SHOWN = 200 };

/* Words of the provider in our sentences: short, and no control characters. */
static Str shown(Arena *arena, Str text) {
  return utf8_clean(arena, utf8_cut(text, TEXT_SHOWN));
}

/* Keys ------------------------------------------------------------------------------------------------------------ */

static BIGNUM *number_of(Arena *arena, const Value *key, const char *name) {
  Str raw = STR_NONE;
  if (!base64_decode(arena, value_text_or(value_get_c(key, name), STR_NONE), &raw) || raw.len == 0 || raw.len > KIB(2))
    return NULL;
  return BN_bin2bn((const unsigned char *)raw.ptr, (int)raw.len, NULL);
}

static EVP_PKEY *key_of_params(const char *kind, OSSL_PARAM_BLD *builder) {
  EVP_PKEY *out = NULL;
  OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
  EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
  if (params && ctx && EVP_PKEY_fromdata_init(ctx) == 1)
    (void)EVP_PKEY_fromdata(ctx, &out, EVP_PKEY_PUBLIC_KEY, params);
  EVP_PKEY_CTX_free(ctx);
  OSSL_PARAM_free(params);
  return out;
}

static EVP_PKEY *rsa_key(Arena *arena, const Value *key) {
  BIGNUM *n = number_of(arena, key, "n"), *e = number_of(arena, key, "e");
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
  EVP_PKEY *out = NULL;
  if (n && e && builder && BN_num_bits(n) >= RSA_BITS_MIN &&
      OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
      OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1)
    out = key_of_params("RSA", builder);
  OSSL_PARAM_BLD_free(builder);
  BN_free(n);
  BN_free(e);
  return out;
}

static EVP_PKEY *ec_key(Arena *arena, const Value *key) {
  Str x = STR_NONE, y = STR_NONE;
  u8 point[1 + 2 * EC_BYTES] = {4}; /* uncompressed */
  if (!str_equal_c(value_text_or(value_get_c(key, "crv"), STR_NONE), "P-256") ||
      !base64_decode(arena, value_text_or(value_get_c(key, "x"), STR_NONE), &x) || x.len != EC_BYTES ||
      !base64_decode(arena, value_text_or(value_get_c(key, "y"), STR_NONE), &y) || y.len != EC_BYTES)
    return NULL;
  memcpy(point + 1, x.ptr, EC_BYTES);
  memcpy(point + 1 + EC_BYTES, y.ptr, EC_BYTES);
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
  EVP_PKEY *out = NULL;
  if (builder && OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1 &&
      OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) == 1)
    out = key_of_params("EC", builder);
  OSSL_PARAM_BLD_free(builder);
  return out;
}

/* The signature ---------------------------------------------------------------------------------------------------- */

typedef struct Algorithm {
  const char *name, *key_kind;
  EVP_PKEY *(*key)(Arena *arena, const Value *key);
} Algorithm;
static const Algorithm ALGORITHMS[] = {{"RS256", "RSA", rsa_key}, {"ES256", "EC", ec_key}};

/* A JSON Web Signature of ES256 is r and s, 32 bytes each; OpenSSL wants them in DER. NULL: it is no such signature. */
static unsigned char *der_of(Str raw, int *out_bytes) {
  if (raw.len != 2 * EC_BYTES) return NULL;
  ECDSA_SIG *sig = ECDSA_SIG_new();
  BIGNUM *r = BN_bin2bn((const unsigned char *)raw.ptr, EC_BYTES, NULL);
  BIGNUM *s = BN_bin2bn((const unsigned char *)raw.ptr + EC_BYTES, EC_BYTES, NULL);
  unsigned char *der = NULL;
  if (sig && r && s && ECDSA_SIG_set0(sig, r, s) == 1)
    *out_bytes = i2d_ECDSA_SIG(sig, &der); /* the numbers are the signature's now */
  else
    BN_free(r), BN_free(s);
  ECDSA_SIG_free(sig);
  return der;
}

static bool verifies(EVP_PKEY *key, Str covered, const unsigned char *signature, size_t bytes) {
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  bool ok = ctx && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
            EVP_DigestVerify(ctx, signature, bytes, (const unsigned char *)covered.ptr, covered.len) == 1;
  EVP_MD_CTX_free(ctx);
  return ok;
}

static bool signed_by(Arena *arena, const Algorithm *algorithm, const Value *jwk, Str covered, Str signature) {
  EVP_PKEY *key = algorithm->key(arena, jwk);
  bool ec = str_equal_c(S("EC"), algorithm->key_kind), ok = false;
  int bytes = 0;
  unsigned char *der = ec ? der_of(signature, &bytes) : NULL;
  if (key && ec)
    ok = der && bytes > 0 && verifies(key, covered, der, (size_t)bytes);
  else if (key)
    ok = verifies(key, covered, (const unsigned char *)signature.ptr, signature.len);
  OPENSSL_free(der);
  EVP_PKEY_free(key);
  return ok;
}

static bool may_be_meant(const Value *jwk, const Algorithm *algorithm, Str kid) {
  Str use = value_text_or(value_get_c(jwk, "use"), S("sig")), alg = value_text_or(value_get_c(jwk, "alg"), STR_NONE);
  return str_equal_c(value_text_or(value_get_c(jwk, "kty"), STR_NONE), algorithm->key_kind) &&
         str_equal_c(use, "sig") && (alg.len == 0 || str_equal_c(alg, algorithm->name)) &&
         (kid.len == 0 || str_equal(kid, value_text_or(value_get_c(jwk, "kid"), STR_NONE)));
}

static bool check_signature(Arena *arena, const Value *header, Str covered, Str signature, const Value *keys,
                            Error *err) {
  Str name = value_text_or(value_get_c(header, "alg"), STR_NONE),
      kid = value_text_or(value_get_c(header, "kid"), S(""));
  const Value *list = value_get_c(keys, "keys");
  const Algorithm *algorithm = NULL;
  size_t tried = 0;
  for (size_t i = 0; i < COUNT(ALGORITHMS); i++)
    if (str_equal_c(name, ALGORITHMS[i].name)) algorithm = &ALGORITHMS[i];
  if (!algorithm)
    return fail(
        err, ERR_UNAUTHORIZED,
        "the ID token says that it is signed with \"%.*s\"; RS256 and ES256 are taken: set one of them for this "
        "client at the provider",
        STR_ARG(shown(arena, name)));
  if (value_get_c(header, "crit"))
    return fail(err, ERR_UNAUTHORIZED, "the ID token asks for extensions (crit) that are not known here");
  if (!value_is(list, VALUE_LIST)) return fail(err, ERR_UNAVAILABLE, "the provider's set of keys holds no keys");
  for (size_t i = 0; i < list->size && i < KEYS_MAX; i++) {
    const Value *jwk = value_at(list, i);
    if (!may_be_meant(jwk, algorithm, kid)) continue;
    if (signed_by(arena, algorithm, jwk, covered, signature)) return true;
    tried++;
  }
  if (tried == 0)
    return fail(err, ERR_UNAUTHORIZED,
                "the ID token is signed with the key \"%.*s\", which is not in the provider's set",
                STR_ARG(shown(arena, kid)));
  return fail(err, ERR_UNAUTHORIZED, "the signature of the ID token is wrong");
}

/* Claims ---------------------------------------------------------------------------------------------------------- */

static bool for_us(const Value *audience, Str client_id) {
  if (value_is(audience, VALUE_STRING)) return str_equal(value_text(audience), client_id);
  for (size_t i = 0; value_is(audience, VALUE_LIST) && i < audience->size; i++)
    if (str_equal(value_text_or(value_at(audience, i), STR_NONE), client_id)) return true;
  return false;
}

static bool check_audience(Arena *arena, const Value *claims, Str client_id, Error *err) {
  const Value *audience = value_get_c(claims, "aud"), *party = value_get_c(claims, "azp");
  bool several = value_is(audience, VALUE_LIST) && audience->size > 1;
  if (!for_us(audience, client_id))
    return fail(err, ERR_UNAUTHORIZED, "the ID token is for \"%.*s\", not for our client \"%.*s\"",
                STR_ARG(shown(arena, audience ? value_display(arena, audience) : STR_NONE)), STR_ARG(client_id));
  if ((party || several) && !str_equal(value_text_or(party, STR_NONE), client_id))
    return fail(err, ERR_UNAUTHORIZED, "the ID token was given to \"%.*s\" (azp), not to our client \"%.*s\"",
                STR_ARG(shown(arena, value_text_or(party, STR_NONE))), STR_ARG(client_id));
  return true;
}

static bool check_times(const Value *claims, i64 now_ms, Error *err) {
  i64 now_s = now_ms / 1000, ends = value_int_or(value_get_c(claims, "exp"), 0),
      made = value_int_or(value_get_c(claims, "iat"), 0), from = value_int_or(value_get_c(claims, "nbf"), 0);
  if (ends <= 0 || made <= 0) return fail(err, ERR_UNAUTHORIZED, "the ID token does not say when it was made and ends");
  if (ends <= now_s - ID_TOKEN_SKEW_S)
    return fail(err, ERR_UNAUTHORIZED,
                "the ID token expired %lld s ago; sign in again, and if it happens again compare the clocks of this "
                "server and the provider",
                (long long)(now_s - ends));
  if (made > now_s + FUTURE_S_MAX || from > now_s + FUTURE_S_MAX)
    return fail(err, ERR_UNAUTHORIZED,
                "the ID token is of a time that is %lld s ahead; compare the clocks of this server and the provider",
                (long long)(MAX(made, from) - now_s));
  return true;
}

bool issuer_fits(Str issuer, Str wanted, const Value *tenants) {
  size_t at = str_find(wanted, S(ISSUER_TENANT), 0);
  if (at == SIZE_MAX) return str_equal(issuer, wanted);
  Str before = str_slice(wanted, 0, at), after = str_slice(wanted, at + sizeof ISSUER_TENANT - 1, wanted.len);
  if (issuer.len < before.len + after.len || !str_starts_with(issuer, before) || !str_ends_with(issuer, after))
    return false;
  Str tenant = str_slice(issuer, before.len, issuer.len - after.len);
  for (size_t i = 0; value_is(tenants, VALUE_LIST) && i < tenants->size; i++)
    if (str_equal(tenant, value_text_or(value_at(tenants, i), STR_NONE))) return true;
  return false;
}

static bool check_claims(Arena *arena, const Value *claims, const IdTokenWanted *wanted, Error *err) {
  Str issuer = value_text_or(value_get_c(claims, "iss"), STR_NONE),
      subject = value_text_or(value_get_c(claims, "sub"), STR_NONE);
  if (!issuer_fits(issuer, wanted->issuer, wanted->tenants))
    return fail(err, ERR_UNAUTHORIZED, "the ID token is of the issuer \"%.*s\", not of \"%.*s\"%s",
                STR_ARG(shown(arena, issuer)), STR_ARG(wanted->issuer),
                str_find(wanted->issuer, S(ISSUER_TENANT), 0) == SIZE_MAX ? ""
                                                                          : " with a tenant that is let in (tenants)");
  if (!check_audience(arena, claims, wanted->client_id, err) || !check_times(claims, wanted->now_ms, err)) return false;
  if (!str_equal_secret(value_text_or(value_get_c(claims, "nonce"), STR_NONE), wanted->nonce))
    return fail(err, ERR_UNAUTHORIZED, "the ID token belongs to another sign-in (its nonce is not ours)");
  if (subject.len == 0 || subject.len > 255)
    return fail(err, ERR_UNAUTHORIZED, "the ID token does not say whose it is (sub)");
  return true;
}

/* The whole ------------------------------------------------------------------------------------------------------- */

static bool part(Arena *arena, Str text, Value *out) {
  Str raw = STR_NONE;
  JsonOptions options = {0};
  Error ignored = {0};
  return base64_decode(arena, text, &raw) && json_parse(arena, raw, &options, out, &ignored) &&
         value_is(out, VALUE_MAP);
}

bool id_token_read(Arena *arena, Str token, const Value *keys, const IdTokenWanted *wanted, Value *out, Error *err) {
  Str head = STR_NONE, rest = STR_NONE, body = STR_NONE, tail = STR_NONE, signature = STR_NONE;
  Value header = value_null(), claims = value_null();
  if (token.len == 0) return fail(err, ERR_UNAUTHORIZED, "the provider gave no ID token; is the scope openid allowed?");
  if (token.len > ID_TOKEN_BYTES_MAX)
    return fail(err, ERR_UNAUTHORIZED, "the ID token has %zu bytes; at most %d are read: send fewer groups", token.len,
                ID_TOKEN_BYTES_MAX);
  if (!str_cut(token, '.', &head, &rest) || !str_cut(rest, '.', &body, &tail) ||
      str_find_char(tail, '.', 0) != SIZE_MAX || !part(arena, head, &header))
    return fail(err, ERR_UNAUTHORIZED, "the ID token is not a signed JSON Web Token");
  if (!base64_decode(arena, tail, &signature))
    return fail(err, ERR_UNAUTHORIZED, "the signature of the ID token is wrong");
  if (!check_signature(arena, &header, str_slice(token, 0, head.len + 1 + body.len), signature, keys, err))
    return false;
  if (!part(arena, body, &claims)) return fail(err, ERR_UNAUTHORIZED, "the ID token holds no claims");
  if (!check_claims(arena, &claims, wanted, err)) return false;
  *out = claims;
  return true;
}

/* Some providers say it as text, and Entra ID only that the owner of the domain did (xms_edov). */
static bool says_yes(const Value *claim) {
  Str text = value_text_or(claim, STR_NONE);
  return value_bool_or(claim, false) || value_int_or(claim, 0) == 1 || str_equal_nocase(text, S("true")) ||
         str_equal_c(text, "1");
}

Str id_token_verified_email(Arena *arena, const Value *claims) {
  Str email = str_lower(arena, str_trim(value_text_or(value_get_c(claims, "email"), STR_NONE)));
  const Value *verified = value_get_c(claims, "email_verified");
  if (!says_yes(verified ? verified : value_get_c(claims, "xms_edov"))) return STR_NONE;
  return str_find_char(email, '@', 0) == SIZE_MAX || email.len > 320 ? STR_NONE : email;
}

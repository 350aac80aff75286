/* JSON Web Tokens (RFC 7519) as far as providers of messages want them: signing with RS256 and ES256, checking HS256.
 * Identity providers are another matter, and not ours to check by hand. Pure; costs a signature (RSA 1 ms, P-256 50
 * us). */
#ifndef TOCSIN_NET_JWT_H
#define TOCSIN_NET_JWT_H

#include <openssl/types.h>

#include "lang/value.h"

/* key: RSA; header {"alg":"RS256","typ":"JWT"}. */
MUST_CHECK bool jwt_sign_rs256(Arena *arena, EVP_PKEY *key, const Value *claims, Str *out, Error *err);
/* key: P-256; the signature is r and s, 32 bytes each. */
MUST_CHECK bool jwt_sign_es256(Arena *arena, EVP_PKEY *key, const Value *claims, Str *out, Error *err);
/* Algorithm HS256 and nothing else, the signature, exp and nbf; the rest of the claims is the caller's. */
MUST_CHECK bool jwt_check_hs256(Arena *arena, Str token, Str secret, i64 now_s, Value *out_claims, Error *err);

/* A private key in PEM; pkey_free accepts NULL. */
MUST_CHECK bool pkey_from_pem(Str pem, EVP_PKEY **out, Error *err);
void pkey_freep(EVP_PKEY **key);

#endif

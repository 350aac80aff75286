/* ID tokens of OpenID Connect: a JSON Web Token, signed with RS256 or ES256 by a key of the provider's set. Nothing of
 * a token is believed before its signature fits; no other algorithm is taken, "none" and the symmetric ones least of
 * all. Pure functions over texts in an arena. */
#ifndef TOCSIN_CORE_ID_TOKEN_H
#define TOCSIN_CORE_ID_TOKEN_H

#include "lang/value.h"

enum { ID_TOKEN_BYTES_MAX = 32 * 1024, ID_TOKEN_SKEW_S = 60 };

typedef struct IdTokenWanted {
  Str issuer;           /* may hold ISSUER_TENANT */
  const Value *tenants; /* a list of texts: what may stand there */
  Str client_id, nonce;
  i64 now_ms;
} IdTokenWanted;

/* Microsoft's way of saying that one address serves many tenants: each token's issuer has its tenant there. */
#define ISSUER_TENANT "{tenantid}"
/* Is it the issuer that is wanted, of one of these tenants where that holds ISSUER_TENANT? */
bool issuer_fits(Str issuer, Str wanted, const Value *tenants);

/* `keys`: the provider's JSON Web Key Set. *out: the claims, once signature, issuer, audience, times and nonce are
 * right. err says which of them is not, with the value. Cost: one verification for each key that may be meant. */
MUST_CHECK bool id_token_read(Arena *arena, Str token, const Value *keys, const IdTokenWanted *wanted, Value *out,
                              Error *err);

/* The address, in lower case, when the provider says that it is proved to be theirs; empty: it does not say so. */
Str id_token_verified_email(Arena *arena, const Value *claims);

#endif

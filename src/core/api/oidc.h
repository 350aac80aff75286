/* Signing in by OpenID Connect.
 *
 * An account of a provider (its `sub`) becomes one person's by a verified e-mail address, once; from then on the
 * account counts, whatever its address becomes. An address that another account of the same provider is known by
 * already is refused: it was given to somebody else meanwhile. */
#ifndef TOCSIN_CORE_API_OIDC_H
#define TOCSIN_CORE_API_OIDC_H

#include "core/api/api.h"
#include "core/identity/oidc.h"

typedef struct OidcArrival {
  const OidcProvider *provider;
  const Value *claims; /* of a token that was checked */
  Str state;           /* used up */
  Str address, agent;  /* of the browser */
} OidcArrival;
/* Finds or makes the person, gives them the role of their groups, and a session: its cookie's value is *out_token.
 * ERR_FORBIDDEN says why they are not let in, ERR_CONFLICT that this sign-in was finished before. */
MUST_CHECK bool oidc_admit(Cycle *cycle, const OidcArrival *arrival, Str *out_token, Error *err);
/* Writes into the audit that the provider vouched for somebody whom we did not let in. */
MUST_CHECK bool oidc_note_refusal(Cycle *cycle, const OidcArrival *arrival, const char *why, Error *err);

/* oidc_provider.c: what the provider says of itself (discovery), kept for some minutes. */
typedef struct OidcEndpoints {
  Str issuer;                           /* of its tokens; may hold ISSUER_TENANT */
  Str authorize, token, keys, userinfo; /* userinfo may be empty */
  bool post_secret;                     /* the secret goes into the form instead of a header */
} OidcEndpoints;
MUST_CHECK bool oidc_endpoints(Arena *arena, const OidcProvider *provider, Str document, OidcEndpoints *out,
                               Error *err);

/* Documents of discovery by provider, so that a visitor cannot make us call out at will. Thread-safe, bounded. */
typedef struct OidcCache OidcCache;
OidcCache *oidc_cache_new(void);
void oidc_cache_free(OidcCache *cache);
bool oidc_cache_get(OidcCache *cache, Arena *arena, const OidcProvider *provider, i64 now_ms, Str *out);
void oidc_cache_put(OidcCache *cache, const OidcProvider *provider, Str document, i64 now_ms);

#endif

/* Identity providers: who signs people in by OpenID Connect. The proof is id_token.h, the conversation with the
 * provider core/api/oidc_flow.c, whom it lets in core/api/oidc_admit.c. */
#ifndef TOCSIN_CORE_OIDC_H
#define TOCSIN_CORE_OIDC_H

#include "core/app.h"

#define OIDC_CALLBACK "/sign-in/callback"

typedef struct OidcProvider {
  i64 id, org_id;
  Str name, issuer, client_id, client_secret; /* the secret is empty where there is none */
  Str scopes, groups_claim, default_role;     /* default_role is empty when there is none */
  Value role_map;
  Value tenants; /* list of texts, or null */
  bool create_users;
} OidcProvider;

/* ERR_NOT_FOUND when there is none, or it is switched off. */
MUST_CHECK bool oidc_provider_load(App *app, Db *db, Arena *arena, i64 id, OidcProvider *out, Error *err);
/* Those of the sign-in page: {"items": [{id, name}], "next_cursor": null, "redirect_uri"}. */
MUST_CHECK bool oidc_provider_list(const App *app, Db *db, Arena *arena, Value *out, Error *err);
/* Forgets which accounts of a provider are which people. */
MUST_CHECK bool oidc_forget(Db *db, i64 provider_id, Error *err);
/* Forgets every account that is this person. */
MUST_CHECK bool oidc_unlink(Db *db, i64 org_id, i64 user_id, Error *err);
bool oidc_is_loopback(Str url);

#endif

/* One sign-in by OpenID Connect: what its two files share. Each step runs on a worker thread; each answer of the
 * provider brings the next one. Everything lives in the request's arena. */
#ifndef TOCSIN_CORE_API_OIDC_FLOW_H
#define TOCSIN_CORE_API_OIDC_FLOW_H

#include "core/api/internal.h"
#include "core/api/oidc.h"

typedef struct OidcFlow {
  Command command;
  App *app;
  HttpRequest *request;
  Arena *arena;
  OidcProvider provider;
  OidcEndpoints at;
  Str state, nonce, verifier, to;
  Str code, id_token, access_token;
  Value keys, claims;
  OidcArrival arrival;
  Str cookie; /* of the session */
  Error refusal;
  void (*next)(struct OidcFlow *f);     /* after discovery */
  const char *asked;                    /* what the provider was asked for, in a sentence */
  void (*answered)(struct OidcFlow *f); /* the step after the call */
  bool ok;                              /* the call was answered with 200 */
  Str answer;
  long status;
  Str trouble;
} OidcFlow;

/* oidc_ask.c */
#define OIDC_COOKIE "tocsin_sign_in"
enum { OIDC_COOKIE_S = 600 };
/* The cookie of a sign-in under way; empty: away with it. */
Str oidc_cookie(const OidcFlow *f, Str value);
/* The end of a sign-in that did not work: a page of its own, since a redirect would have to carry the words. */
void oidc_give_up(OidcFlow *f, const Error *why);
/* `session` may be empty. */
void oidc_redirect(OidcFlow *f, Str where, Str cookie, Str session);
void oidc_busy(OidcFlow *f);
void oidc_on_worker(void *flow); /* runs its `answered` */

typedef struct OidcAsking {
  const char *what; /* "the keys" */
  Str url, form;    /* with a form: POST */
  Str authorization;
  void (*answered)(OidcFlow *f);
} OidcAsking;
/* Asks the provider; `answered` runs on a worker, and reads the answer with oidc_answered. */
void oidc_ask(OidcFlow *f, const OidcAsking *asking);
/* The object that was answered; err says what came instead, in the provider's own words. */
MUST_CHECK bool oidc_answered(OidcFlow *f, Value *out, Error *err);
/* Fills f->at, then f->next. */
void oidc_discover(OidcFlow *f);

#endif

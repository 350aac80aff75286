/* Sessions: who is signed in at the web page. The browser keeps a random cookie, the table its SHA-256; the picture
 * (core/setup) knows sessions as it knows API keys, so a request costs no query.
 *
 * A cookie is sent along by any page that makes the browser call us. So a write by cookie must come from our own page:
 * its Origin is the public URL, or the very host that was called. */
#ifndef TOCSIN_CORE_SESSION_H
#define TOCSIN_CORE_SESSION_H

#include "core/setup/setup.h"

enum { SESSION_DAYS = 30, SESSIONS_PER_USER_MAX = 50 };

/* The session of this request's cookie; NULL: none, unknown or expired. */
const SetupKey *session_find(const App *app, const Setup *setup, const HttpRequest *request);
/* Refuses what another site may have made the browser send. Reads pass. */
MUST_CHECK bool session_origin_ok(const App *app, const HttpRequest *request, Error *err);

typedef struct SessionNew {
  i64 org_id, user_id;
  Str address, agent; /* shown in the list of sessions */
} SessionNew;
/* Writes the row and gives the cookie's value. The oldest beyond SESSIONS_PER_USER_MAX go. */
MUST_CHECK bool session_add(Cycle *cycle, const SessionNew *session, Str *out_token, Error *err);
/* By id, of this user only. */
MUST_CHECK bool session_end(Cycle *cycle, i64 org_id, i64 user_id, i64 session_id, Error *err);
/* All of a user but one (0: really all): a new password, a deactivation. */
MUST_CHECK bool session_end_all(Cycle *cycle, i64 org_id, i64 user_id, i64 but_id, Error *err);
/* A list of {id, address, agent, created_at, expires_at, current}. */
MUST_CHECK bool session_list(Db *db, Arena *arena, i64 org_id, i64 user_id, i64 current_id, i64 now_ms, Value *out,
                             Error *err);

/* Set-Cookie: token empty: away with it. */
Str session_cookie_header(const App *app, const HttpRequest *request, Str token);

/* How long this account or address has to wait after failures: nothing for the first few, then twice as long each time.
 * In memory, bounded: the oldest are forgotten. Thread-safe. */
typedef struct SignInGuard SignInGuard;
SignInGuard *sign_in_guard_new(void);
void sign_in_guard_free(SignInGuard *guard);
/* Milliseconds until the next attempt may be made; 0: now. */
i64 sign_in_guard_wait(SignInGuard *guard, Str account, Str address, i64 now_ms);
void sign_in_guard_failed(SignInGuard *guard, Str account, Str address, i64 now_ms);
void sign_in_guard_passed(SignInGuard *guard, Str account);

#endif

/* The second factor: six digits of an authenticator app (RFC 6238: SHA-1, 30 s), and ten recovery codes for the day on
 * which the phone is gone. Optional, a person's own. The secret is sealed, recovery codes are hashes; a code is good
 * once. It guards the sign-in with a password; API keys stand for themselves. */
#ifndef TOCSIN_CORE_IDENTITY_TOTP_H
#define TOCSIN_CORE_IDENTITY_TOTP_H

#include "core/app.h"

enum { TOTP_SECRET_BYTES = 20, TOTP_STEP_S = 30, RECOVERY_CODES = 10, RECOVERY_CHARS = 12 };

/* Pure: the code of a time, as RFC 6238 has it; tests ask for its vectors. */
Str totp_code(Arena *arena, Str secret, i64 step);
/* RFC 4648 without padding: what people type into the app. */
Str base32_encode(Arena *arena, Str bytes);

typedef struct Totp {
  bool begun, on; /* a secret was shown; a code of it was typed */
  Str secret;     /* raw */
  i64 last_step;  /* of the last code that was good */
  Str recovery;   /* JSON list of SHA-256 */
  i64 confirmed_ms;
  size_t recovery_left;
} Totp;

MUST_CHECK bool totp_load(App *app, Db *db, Arena *arena, i64 user_id, Totp *out, Error *err);
/* A fresh secret, not yet on: replaces one that was not on either. ERR_CONFLICT when it is on. */
MUST_CHECK bool totp_begin(Cycle *cycle, i64 org_id, i64 user_id, Str *out_secret, Error *err);
/* On, when the code is one of the secret; the recovery codes, shown once. */
MUST_CHECK bool totp_confirm(Cycle *cycle, i64 user_id, Str code, Value *out_codes, Error *err);
MUST_CHECK bool totp_remove(Cycle *cycle, i64 user_id, Error *err);
/* Is this a code of now, or a recovery code? Without using it up: any thread. */
bool totp_fits(Arena *arena, const Totp *totp, Str code, i64 now_ms);
/* Uses it up: false with ERR_UNAUTHORIZED when somebody used it meanwhile. In the transaction that makes the session.
 */
MUST_CHECK bool totp_use(Cycle *cycle, i64 user_id, Str code, Error *err);

#endif

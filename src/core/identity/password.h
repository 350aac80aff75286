/* Passwords: what is good enough, argon2id hashes, and the few threads that make them.
 *
 * A hash costs 64 MiB and about 55 ms, on purpose; so it is made on the pool, never on an I/O loop or the engine's
 * thread, and the pool is small: PASSWORD_THREADS times 64 MiB is all that a flood of sign-ins can take.
 *
 *   if (!password_pool_do(app->passwords, check_it, attempt)) -> 503, "too many sign-ins wait; try again"
 *   check_it: ok = password_verify(hash_or_none, given); then a Command, or the answer */
#ifndef TOCSIN_CORE_PASSWORD_H
#define TOCSIN_CORE_PASSWORD_H

#include "db/db.h"

typedef struct PasswordPool PasswordPool;

enum { PASSWORD_CHARS_MIN = 10, PASSWORD_BYTES_MAX = 1024, PASSWORD_THREADS = 2, PASSWORD_WAITING_MAX = 64 };

/* Good enough to be set: long, not common, not the person's own address or name. The sentence says what to change. */
MUST_CHECK bool password_check(Str password, Str email, Str name, Error *err);

/* Blocks; see above. The text goes into account.password_hash and names its own costs. */
MUST_CHECK bool password_hash(Arena *arena, Str password, Str *out, Error *err);
/* Blocks. An empty hash (nobody of that name, or no password set) takes as long and is false: time tells nothing. */
MUST_CHECK bool password_verify(Str hash, Str password);
/* Made with other costs than today's: to be made again at the next good sign-in. */
bool password_is_stale(Str hash);

MUST_CHECK bool password_store(Db *db, i64 org_id, i64 user_id, Str hash, i64 now_ms, Error *err);
/* Empty: no password was set. */
MUST_CHECK bool password_load(Db *db, Arena *arena, i64 org_id, i64 user_id, Str *out, Error *err);

MUST_CHECK bool password_pool_new(PasswordPool **out, Error *err);
/* What waits is still done. Accepts NULL. */
void password_pool_free(PasswordPool *pool);
/* fn runs once on a thread of the pool. False when PASSWORD_WAITING_MAX wait already: nothing was taken. */
MUST_CHECK bool password_pool_do(PasswordPool *pool, void (*fn)(void *ctx), void *ctx);

#endif

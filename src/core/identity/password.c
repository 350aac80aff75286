/* Argon2id through libsodium, with the costs that it calls interactive: 64 MiB, two passes. */
#include "core/identity/password.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

enum { DISTINCT_MIN = 5, OWN_WORD_BYTES_MIN = 4 };

/* What is good enough ---------------------------------------------------------------------------------------------- */

/* Ten characters and more out of what is tried first, in lower case. */
static const char *const COMMON[] = {
    "1234567890",       "12345678910",
    "0123456789",       "0987654321",
    "qwertyuiop",       "qwerty1234",
    "qwerty12345",      "qwerty123456",
    "password12",       "password123",
    "password1234",     "passw0rd123",
    "p@ssword123",      "p@ssw0rd123",
    "letmein123",       "welcome123",
    "welcome1234",      "changeme123",
    "changemenow",      "administrator",
    "admin12345",       "admin123456",
    "adminadmin",       "iloveyou123",
    "1q2w3e4r5t",       "1qaz2wsx3edc",
    "zaq12wsxcde3",     "asdfghjkl1",
    "asdfghjkl;",       "abcdefghij",
    "abc1234567",       "abcd123456",
    "trustno1trustno1", "correcthorsebatterystaple",
    "monkey12345",      "dragon12345",
    "football123",      "baseball123",
    "superman123",      "sunshine123",
    "princess123",      "secret12345",
    "mypassword",       "yourpassword",
    "thepassword",      "newpassword",
    "oldpassword",      "password!!",
    "tocsintocsin",     "tocsin12345",
    "pagerduty123",     "opsgenie123",
    "oncalloncall",
};

static bool is_common(Str password) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Str low = str_lower(arena, password);
  for (size_t i = 0; i < COUNT(COMMON); i++)
    if (str_equal_c(low, COMMON[i])) return true;
  return false;
}

static size_t distinct_bytes(Str text) {
  bool seen[256] = {false};
  size_t count = 0;
  for (size_t i = 0; i < text.len; i++) {
    u8 byte = (u8)text.ptr[i];
    count += !seen[byte];
    seen[byte] = true;
  }
  return count;
}

/* The person's own word with little round it: "ann.lee2026" of ann.lee@example.com. */
static bool is_mostly(Str password, Str own) {
  if (own.len < OWN_WORD_BYTES_MIN || password.len > own.len + 4) return false;
  for (size_t i = 0; i + own.len <= password.len; i++)
    if (str_equal_nocase(str_slice(password, i, i + own.len), own)) return true;
  return false;
}

bool password_check(Str password, Str email, Str name, Error *err) {
  Str local = email, domain = STR_NONE;
  (void)str_cut(email, '@', &local, &domain);
  if (!utf8_valid(password)) return fail(err, ERR_INVALID, "the password is not valid UTF-8");
  if (utf8_count(password) < PASSWORD_CHARS_MIN)
    return fail(err, ERR_INVALID, "the password has %zu characters; it needs at least %d", utf8_count(password),
                PASSWORD_CHARS_MIN);
  if (password.len > PASSWORD_BYTES_MAX)
    return fail(err, ERR_INVALID, "the password is longer than %d bytes", PASSWORD_BYTES_MAX);
  if (distinct_bytes(password) < DISTINCT_MIN)
    return fail(err, ERR_INVALID, "the password repeats itself; use at least %d different characters", DISTINCT_MIN);
  if (is_common(password))
    return fail(err, ERR_INVALID, "the password is among those that are tried first; choose another");
  if (str_equal_nocase(password, email) || is_mostly(password, local) || is_mostly(password, name))
    return fail(err, ERR_INVALID, "the password is made of the name or the e-mail address; choose another");
  return true;
}

/* Hashes ----------------------------------------------------------------------------------------------------------- */

bool password_hash(Arena *arena, Str password, Str *out, Error *err) {
  char text[crypto_pwhash_STRBYTES];
  if (crypto_pwhash_str_alg(text, password.ptr, password.len, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                            crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13) != 0)
    return fail(err, ERR_UNAVAILABLE, "there are not the 64 MiB of memory free that a password takes; try again");
  *out = str_copy(arena, str_from_c(text));
  return true;
}

/* The same work as for a real one. */
static void work_for_nothing(Str password) {
  static const u8 SALT[crypto_pwhash_SALTBYTES] = {0};
  u8 key[32];
  if (crypto_pwhash(key, sizeof key, password.ptr ? password.ptr : "", password.len, SALT,
                    crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE,
                    crypto_pwhash_ALG_ARGON2ID13) != 0)
    log_warn("identity", "there are not the 64 MiB of memory free that a password takes");
  sodium_memzero(key, sizeof key);
}

static bool as_text(Str hash, char out[crypto_pwhash_STRBYTES]) {
  memset(out, 0, crypto_pwhash_STRBYTES);
  if (hash.len == 0 || hash.len >= crypto_pwhash_STRBYTES) return false;
  memcpy(out, hash.ptr, hash.len);
  return true;
}

bool password_verify(Str hash, Str password) {
  char text[crypto_pwhash_STRBYTES];
  if (password.len > PASSWORD_BYTES_MAX) return false;
  if (!as_text(hash, text)) return work_for_nothing(password), false;
  return crypto_pwhash_str_verify(text, password.ptr ? password.ptr : "", password.len) == 0;
}

bool password_is_stale(Str hash) {
  char text[crypto_pwhash_STRBYTES];
  if (!as_text(hash, text)) return false;
  return crypto_pwhash_str_needs_rehash(text, crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE) !=
         0;
}

/* Rows ------------------------------------------------------------------------------------------------------------- */

bool password_store(Db *db, i64 org_id, i64 user_id, Str hash, i64 now_ms, Error *err) {
  static const DbStmt STORE = {
      "password_store", "UPDATE account SET password_hash = $3, updated_at = $4 WHERE org_id = $1 AND id = $2", NULL};
  DbValue args[] = {db_int(org_id), db_int(user_id), db_text(hash), db_int(now_ms)};
  i64 changed = 0;
  if (!db_exec(db, &STORE, COUNT(args), args, &changed, err)) return false;
  return changed == 1 || fail(err, ERR_NOT_FOUND, "the user of this password is gone");
}

typedef struct HashRow {
  Arena *arena;
  Str hash;
} HashRow;

static bool read_hash(const DbRow *row, void *ctx) {
  HashRow *out = ctx;
  out->hash = db_row_text(row, 0, out->arena);
  return true;
}

bool password_load(Db *db, Arena *arena, i64 org_id, i64 user_id, Str *out, Error *err) {
  static const DbStmt LOAD = {"password_load", "SELECT password_hash FROM account WHERE org_id = $1 AND id = $2", NULL};
  HashRow row = {.arena = arena};
  bool found = false;
  if (!db_query_one(db, &LOAD, DB_ARGS(db_int(org_id), db_int(user_id)), read_hash, &row, &found, err)) return false;
  *out = row.hash;
  return true;
}

/* The pool --------------------------------------------------------------------------------------------------------- */

typedef struct PasswordTask {
  void (*fn)(void *ctx);
  void *ctx;
} PasswordTask;

struct PasswordPool {
  Queue *queue;
  pthread_t threads[PASSWORD_THREADS];
  size_t count;
};

static void *password_main(void *ctx) {
  PasswordPool *pool = ctx;
  void *item = NULL;
  while (queue_take(pool->queue, &item, 1, -1) == 1) {
    PasswordTask *task = item;
    task->fn(task->ctx);
    free(task);
  }
  return NULL;
}

bool password_pool_new(PasswordPool **out, Error *err) {
  PasswordPool *pool = xcalloc(1, sizeof *pool);
  pool->queue = queue_new(PASSWORD_WAITING_MAX, SIZE_MAX);
  for (; pool->count < PASSWORD_THREADS; pool->count++)
    if (pthread_create(&pool->threads[pool->count], NULL, password_main, pool) != 0) break;
  if (pool->count == 0) {
    password_pool_free(pool);
    return fail(err, ERR_INTERNAL, "cannot start the threads for passwords");
  }
  *out = pool;
  return true;
}

void password_pool_free(PasswordPool *pool) {
  if (!pool) return;
  queue_close(pool->queue);
  for (size_t i = 0; i < pool->count; i++) pthread_join(pool->threads[i], NULL);
  queue_free(pool->queue);
  free(pool);
}

bool password_pool_do(PasswordPool *pool, void (*fn)(void *ctx), void *ctx) {
  PasswordTask *task = xcalloc(1, sizeof *task);
  *task = (PasswordTask){fn, ctx};
  if (queue_push(pool->queue, task, 1)) return true;
  free(task);
  return false;
}

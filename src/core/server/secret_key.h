/* The key that seals stored secrets: from TOCSIN_SECRET_KEY, else --secret-key-file, else DIR/secret.key, which is made
 * at the first start. The first line seals, all lines open. meta.secret_key_id names the key that everything is sealed
 * with; when the first line is another one, everything is sealed again, in one transaction, before anything is served.
 *
 * So a key is changed by putting the new one above the old one; `tocsin doctor --rotate-key` does that, and takes the
 * old one out when all is sealed anew. A crash in between leaves a file with both, and the next start goes on. */
#ifndef TOCSIN_CORE_SECRET_KEY_H
#define TOCSIN_CORE_SECRET_KEY_H

#include "core/app.h"

/* Fills app->sealer. Inside no transaction. */
MUST_CHECK bool secret_key_open(App *app, const char *file, Db *db, Error *err);
/* The file that the key stands in; NULL: it comes from the environment. */
const char *secret_key_path(Arena *arena, const char *data_folder, const char *file);
/* Puts a new key above what is there (made when nothing is). */
MUST_CHECK bool secret_key_add(Arena *arena, const char *path, Error *err);
/* Takes all but the first key out. */
MUST_CHECK bool secret_key_drop_old(Arena *arena, const char *path, Error *err);

typedef struct SecretCounts {
  i64 sealed, plain, closed; /* closed: sealed with a key that is not here */
} SecretCounts;
/* Every stored secret: how many are there; with `renew` each is sealed with the first key. `forget`: what does not open
 * is removed. In the caller's transaction when it renews. */
MUST_CHECK bool secrets_walk(App *app, Db *db, bool renew, bool forget, SecretCounts *out, Error *err);

#endif

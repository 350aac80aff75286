/* Links with which somebody sets their password: the first one, or a new one. Nothing is stored: a link names the user
 * and its end, under an HMAC that also covers the password of the moment. So a link is good once, ends by itself, and
 * ends when the password or the address changes. */
#ifndef TOCSIN_CORE_INVITATION_H
#define TOCSIN_CORE_INVITATION_H

#include "core/app.h"

enum { INVITATION_DAYS = 7 };

typedef struct Invited {
  i64 user_id, org_id;
  Str email, name, status;
  i64 expires_ms;
} Invited;

MUST_CHECK bool invitation_make(App *app, Db *db, Arena *arena, i64 org_id, i64 user_id, i64 now_ms, Str *out_token,
                                i64 *out_expires_ms, Error *err);
/* Whose link it is. ERR_NOT_FOUND, one sentence whatever is wrong: changed, used, over. */
MUST_CHECK bool invitation_read(App *app, Db *db, Arena *arena, Str token, i64 now_ms, Invited *out, Error *err);

#endif

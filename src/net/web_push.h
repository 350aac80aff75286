/* Web Push: a message for one browser, encrypted (RFC 8291, one record of aes128gcm) and with who sends it (VAPID, RFC
 * 8292). Pure, but for fresh keys and salts. */
#ifndef TOCSIN_NET_WEB_PUSH_H
#define TOCSIN_NET_WEB_PUSH_H

#include <openssl/types.h>

#include "lang/value.h"

enum { WEB_PUSH_PLAIN_MAX = 3993 /* services need to take only 4096 bytes in all */ };

/* What a browser's PushSubscription is as JSON: {endpoint, keys {p256dh, auth}}. */
typedef struct WebPushTarget {
  Str endpoint;    /* an https URL; http for tests only, which the outbound guard decides */
  Str public_key;  /* 65 bytes, a point of P-256 */
  Str auth_secret; /* 16 bytes */
} WebPushTarget;
MUST_CHECK bool web_push_target(Arena *arena, Str json, WebPushTarget *out, Error *err);

/* own, salt: NULL and empty for fresh ones; tests give them. */
MUST_CHECK bool web_push_encrypt(Arena *arena, const WebPushTarget *target, Str plain, EVP_PKEY *own, Str salt,
                                 Str *out, Error *err);
/* The value of Authorization: who sends it to this endpoint, for 12 hours. subject: mailto: or https:. */
MUST_CHECK bool web_push_authorize(Arena *arena, Str endpoint, EVP_PKEY *key, Str subject, i64 now_s, Str *out,
                                   Error *err);

/* A key pair that browsers subscribe to. */
MUST_CHECK bool web_push_key_new(Arena *arena, Str *out_pem, Error *err);
/* Its public half, as `applicationServerKey`: 65 bytes in base64url. */
MUST_CHECK bool web_push_public(Arena *arena, EVP_PKEY *key, Str *out, Error *err);

#endif

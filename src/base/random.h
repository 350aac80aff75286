/* Randomness for keys and tokens (libsodium). */
#ifndef TOCSIN_BASE_RANDOM_H
#define TOCSIN_BASE_RANDOM_H

#include "base/str.h"

void random_bytes(void *out, size_t count);
u64 random_u64(void);
/* `count` characters of a-z0-9 without look-alikes; 5 bits each. */
Str random_token(Arena *arena, size_t count);
/* SHA-256 as 32 raw bytes; hex form for storage of keys. */
Str sha256_hex(Arena *arena, Str bytes);
Str sha256_raw(Arena *arena, Str bytes);
Str hmac_sha256_raw(Arena *arena, Str key, Str bytes);

#endif

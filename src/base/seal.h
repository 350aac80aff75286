/* Sealing secrets that must be read again: XChaCha20-Poly1305 (libsodium), a random nonce each time, and the place
 * where the secret stands as associated data, so that a sealed text moved elsewhere does not open.
 *
 * A key is 32 bytes, written as 64 hex digits, one key a line: the first seals, all of them open. The sealed form is
 * text, "sealed:1:KEYID:BASE64", so that it fits where the plain text stood and says which key it needs. */
#ifndef TOCSIN_BASE_SEAL_H
#define TOCSIN_BASE_SEAL_H

#include "base/error.h"
#include "base/str.h"

enum { SEAL_KEYS_MAX = 8 };

typedef struct Sealer Sealer;

/* Lines that are empty or begin with # are left out. The error never shows what stands there. */
MUST_CHECK bool sealer_new(Str keys, Sealer **out, Error *err);
void sealer_free(Sealer *sealer);
/* A fresh key as text, without end of line. */
Str seal_new_key(Arena *arena);

/* Eight hex digits that name the key that seals; they tell nothing about it. */
Str sealer_id(const Sealer *sealer);
/* Does it have the key of this name? */
bool sealer_knows(const Sealer *sealer, Str id);
size_t sealer_count(const Sealer *sealer);

Str seal(Arena *arena, const Sealer *sealer, Str plain, Str place);
bool is_sealed(Str text);
/* A text that is not sealed comes out as it is. ERR_INTERNAL names the key that is missing. */
MUST_CHECK bool unseal(Arena *arena, const Sealer *sealer, Str text, Str place, Str *out, Error *err);

#endif

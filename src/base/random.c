/* Randomness and digests, all libsodium's. */
#include "base/random.h"

#include <sodium.h>

/* sodium_init is thread-safe and cheap when it has run already. */
static void ready(void) {
  int rc = sodium_init();
  ASSERT(rc >= 0); /* no source of randomness: nothing may go on */
}

void random_bytes(void *out, size_t count) {
  ready();
  randombytes_buf(out, count);
}

u64 random_u64(void) {
  u64 number;
  random_bytes(&number, sizeof(number));
  return number;
}

Str random_token(Arena *arena, size_t count) {
  static const char ALPHABET[] = "0123456789abcdefghjkmnpqrstvwxyz";
  char *text = arena_alloc(arena, count + 1);
  random_bytes(text, count);
  for (size_t i = 0; i < count; i++) text[i] = ALPHABET[(u8)text[i] & 31];
  text[count] = '\0';
  return (Str){text, count};
}

/* libsodium reads nothing when the length is 0, but its pointers must not be NULL. */
static const u8 *bytes_of(Str s) {
  return s.ptr ? (const u8 *)s.ptr : (const u8 *)"";
}

Str sha256_raw(Arena *arena, Str bytes) {
  u8 *digest = arena_alloc(arena, crypto_hash_sha256_BYTES);
  crypto_hash_sha256(digest, bytes_of(bytes), bytes.len);
  return (Str){(char *)digest, crypto_hash_sha256_BYTES};
}

Str sha256_hex(Arena *arena, Str bytes) {
  u8 digest[crypto_hash_sha256_BYTES];
  crypto_hash_sha256(digest, bytes_of(bytes), bytes.len);
  return hex_encode(arena, digest, sizeof(digest));
}

Str hmac_sha256_raw(Arena *arena, Str key, Str bytes) {
  u8 *digest = arena_alloc(arena, crypto_auth_hmacsha256_BYTES);
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, bytes_of(key), key.len);
  crypto_auth_hmacsha256_update(&state, bytes_of(bytes), bytes.len);
  crypto_auth_hmacsha256_final(&state, digest);
  sodium_memzero(&state, sizeof(state));
  return (Str){(char *)digest, crypto_auth_hmacsha256_BYTES};
}

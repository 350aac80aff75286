/* Sealing secrets. */
#include "base/seal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
  KEY_BYTES = crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
  NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
  TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
  ID_BYTES = 4,
  HASH_BYTES = 16
};

#define PREFIX S("sealed:1:")

typedef struct SealKey {
  u8 bytes[KEY_BYTES];
  char id[2 * ID_BYTES + 1];
} SealKey;

struct Sealer {
  SealKey keys[SEAL_KEYS_MAX];
  size_t count;
};

static void name_key(Arena *arena, SealKey *key) {
  static const char WHAT[] = "tocsin key id";
  u8 hash[HASH_BYTES];
  crypto_generichash(hash, sizeof hash, (const u8 *)WHAT, sizeof WHAT - 1, key->bytes, KEY_BYTES);
  memcpy(key->id, hex_encode(arena, hash, ID_BYTES).ptr, sizeof key->id);
}

static bool add_key(Arena *arena, Sealer *sealer, Str line, size_t number, Error *err) {
  Str bytes = STR_NONE;
  if (sealer->count == SEAL_KEYS_MAX) return fail(err, ERR_INVALID, "more than %d keys", SEAL_KEYS_MAX);
  if (!hex_decode(arena, line, &bytes) || bytes.len != KEY_BYTES)
    return fail(err, ERR_INVALID, "line %zu is not a key of 64 hex digits", number);
  SealKey *key = &sealer->keys[sealer->count++];
  memcpy(key->bytes, bytes.ptr, KEY_BYTES);
  name_key(arena, key);
  return true;
}

static bool add_keys(Arena *arena, Sealer *sealer, Str keys, Error *err) {
  Str line;
  for (size_t number = 1; keys.len; number++) {
    (void)str_cut(keys, '\n', &line, &keys);
    line = str_trim(line);
    if (line.len == 0 || line.ptr[0] == '#') continue;
    if (!add_key(arena, sealer, line, number, err)) return false;
  }
  return sealer->count > 0 || fail(err, ERR_INVALID, "there is no key; one is 64 hex digits");
}

bool sealer_new(Str keys, Sealer **out, Error *err) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Sealer *sealer = xcalloc(1, sizeof *sealer);
  if (!add_keys(arena, sealer, keys, err)) {
    sealer_free(sealer);
    return false;
  }
  *out = sealer;
  return true;
}

void sealer_free(Sealer *sealer) {
  if (!sealer) return;
  sodium_memzero(sealer, sizeof *sealer);
  free(sealer);
}

Str seal_new_key(Arena *arena) {
  u8 bytes[KEY_BYTES];
  randombytes_buf(bytes, sizeof bytes);
  Str text = hex_encode(arena, bytes, sizeof bytes);
  sodium_memzero(bytes, sizeof bytes);
  return text;
}

Str sealer_id(const Sealer *sealer) {
  return str_from_c(sealer->keys[0].id);
}

size_t sealer_count(const Sealer *sealer) {
  return sealer->count;
}

static const SealKey *find_key(const Sealer *sealer, Str id) {
  for (size_t i = 0; i < sealer->count; i++)
    if (str_equal_c(id, sealer->keys[i].id)) return &sealer->keys[i];
  return NULL;
}

bool sealer_knows(const Sealer *sealer, Str id) {
  return find_key(sealer, id) != NULL;
}

Str seal(Arena *arena, const Sealer *sealer, Str plain, Str place) {
  const SealKey *key = &sealer->keys[0];
  size_t room = NONCE_BYTES + plain.len + TAG_BYTES;
  u8 *box = arena_alloc(arena, room);
  unsigned long long sealed = 0;
  randombytes_buf(box, NONCE_BYTES);
  crypto_aead_xchacha20poly1305_ietf_encrypt(box + NONCE_BYTES, &sealed, (const u8 *)plain.ptr, plain.len,
                                             (const u8 *)place.ptr, place.len, NULL, box, key->bytes);
  ASSERT(NONCE_BYTES + sealed == room);
  Str base64 = base64_encode(arena, (Str){(const char *)box, room});
  return str_format(arena, "sealed:1:%s:%.*s", key->id, STR_ARG(base64));
}

bool is_sealed(Str text) {
  return str_starts_with(text, PREFIX);
}

static bool open_box(Arena *arena, const SealKey *key, Str base64, Str place, Str *out) {
  Str box = STR_NONE;
  unsigned long long opened = 0;
  if (!base64_decode(arena, base64, &box) || box.len < NONCE_BYTES + TAG_BYTES) return false;
  u8 *plain = arena_alloc(arena, box.len);
  const u8 *bytes = (const u8 *)box.ptr;
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &opened, NULL, bytes + NONCE_BYTES, box.len - NONCE_BYTES,
                                                 (const u8 *)place.ptr, place.len, bytes, key->bytes) != 0)
    return false;
  *out = (Str){(const char *)plain, (size_t)opened};
  return true;
}

bool unseal(Arena *arena, const Sealer *sealer, Str text, Str place, Str *out, Error *err) {
  Str id, base64;
  if (!is_sealed(text)) return *out = text, true;
  if (!str_cut(str_slice(text, PREFIX.len, text.len), ':', &id, &base64))
    return fail(err, ERR_INTERNAL, "a sealed secret is damaged");
  const SealKey *key = find_key(sealer, id);
  if (!key) return fail(err, ERR_INTERNAL, "a secret is sealed with the key %.*s, which is not here", STR_ARG(id));
  return open_box(arena, key, base64, place, out) ||
         fail(err, ERR_INTERNAL, "a secret that is sealed with the key %.*s does not open: it was changed or moved",
              STR_ARG(id));
}

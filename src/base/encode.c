/* Bytes as hex and base64, and back. Decoders are strict: one text for one sequence of bytes, no white space. */
#include "base/str.h"

#include <sodium.h>

static Str c_text(char *text, size_t len) {
  text[len] = '\0';
  return (Str){text, len};
}

Str hex_encode(Arena *arena, const void *bytes, size_t count) {
  static const char DIGITS[] = "0123456789abcdef";
  const u8 *in = bytes;
  char *text = arena_alloc(arena, count * 2 + 1);
  for (size_t i = 0; i < count; i++) {
    text[2 * i] = DIGITS[in[i] >> 4];
    text[2 * i + 1] = DIGITS[in[i] & 15];
  }
  return c_text(text, count * 2);
}

static int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool hex_decode(Arena *arena, Str text, Str *out) {
  if (text.len % 2) return false;
  char *bytes = arena_alloc(arena, text.len / 2 + 1);
  for (size_t i = 0; i < text.len / 2; i++) {
    int high = hex_value(text.ptr[2 * i]);
    int low = hex_value(text.ptr[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = (char)(high << 4 | low);
  }
  *out = c_text(bytes, text.len / 2);
  return true;
}

static Str base64_as(Arena *arena, Str bytes, int variant) {
  size_t room = sodium_base64_encoded_len(bytes.len, variant); /* with the NUL */
  char *text = arena_alloc(arena, room);
  sodium_bin2base64(text, room, (const u8 *)bytes.ptr, bytes.len, variant);
  return str_from_c(text);
}

Str base64_encode(Arena *arena, Str bytes) {
  return base64_as(arena, bytes, sodium_base64_VARIANT_ORIGINAL);
}

Str base64url_encode(Arena *arena, Str bytes) {
  return base64_as(arena, bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

/* Without its padding; false when there is padding but not the right amount. */
static bool strip_padding(Str *text) {
  size_t padding = 0;
  while (padding < 2 && padding < text->len && text->ptr[text->len - 1 - padding] == '=') padding++;
  if (padding && text->len % 4) return false;
  text->len -= padding;
  return text->len % 4 != 1;
}

bool base64_decode(Arena *arena, Str text, Str *out) {
  if (!strip_padding(&text)) return false;
  char *bytes = arena_alloc(arena, text.len / 4 * 3 + 3);
  size_t len = 0;
  u32 bits = 0, bit_count = 0;
  for (size_t i = 0; i < text.len; i++) {
    int value = base64_value(text.ptr[i]);
    if (value < 0) return false;
    bits = bits << 6 | (u32)value;
    bit_count += 6;
    if (bit_count < 8) continue;
    bit_count -= 8;
    bytes[len++] = (char)(bits >> bit_count & 0xff);
  }
  if (bits & ((1u << bit_count) - 1)) return false;
  *out = c_text(bytes, len);
  return true;
}

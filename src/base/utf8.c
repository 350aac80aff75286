/* UTF-8, strictly: no surrogates, no overlong forms, nothing above U+10FFFF. */
#include "base/str.h"

#include <string.h>

/* What a leading byte promises. `low` is the smallest code point that may be written with so many bytes. */
typedef struct Lead {
  size_t bytes;
  u32 bits;
  u32 low;
} Lead;

static Lead lead_of(u8 byte) {
  if (byte < 0x80) return (Lead){1, byte, 0};
  if ((byte & 0xe0) == 0xc0) return (Lead){2, byte & 0x1fu, 0x80};
  if ((byte & 0xf0) == 0xe0) return (Lead){3, byte & 0x0fu, 0x800};
  if ((byte & 0xf8) == 0xf0) return (Lead){4, byte & 0x07u, 0x10000};
  return (Lead){0};
}

static bool is_continuation(char c) {
  return ((u8)c & 0xc0) == 0x80;
}

i32 utf8_next(Str s, size_t *pos) {
  size_t at = (*pos)++;
  Lead lead = lead_of((u8)s.ptr[at]);
  if (lead.bytes == 0 || lead.bytes > s.len - at) return -1;
  u32 point = lead.bits;
  for (size_t i = 1; i < lead.bytes; i++) {
    if (!is_continuation(s.ptr[at + i])) return -1;
    point = point << 6 | ((u8)s.ptr[at + i] & 0x3fu);
  }
  if (point < lead.low || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return -1;
  *pos = at + lead.bytes;
  return (i32)point;
}

/* Most text is ASCII: eight bytes in a step. */
static size_t skip_ascii(Str s, size_t pos) {
  for (u64 word; s.len - pos >= sizeof(word); pos += sizeof(word)) {
    memcpy(&word, s.ptr + pos, sizeof(word));
    if (word & 0x8080808080808080u) break;
  }
  return pos;
}

bool utf8_valid(Str s) {
  for (size_t pos = 0; pos < s.len;) {
    pos = skip_ascii(s, pos);
    if (pos < s.len && utf8_next(s, &pos) < 0) return false;
  }
  return true;
}

size_t utf8_encode(u32 code_point, char out[4]) {
  ASSERT(code_point <= 0x10ffff);
  if (code_point < 0x80) {
    out[0] = (char)code_point;
    return 1;
  }
  size_t bytes = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
  for (size_t i = bytes - 1; i > 0; i--, code_point >>= 6) out[i] = (char)(0x80 | (code_point & 0x3f));
  static const u8 LEADS[] = {0, 0, 0xc0, 0xe0, 0xf0};
  out[0] = (char)(LEADS[bytes] | code_point);
  return bytes;
}

Str utf8_cut(Str s, size_t bytes) {
  if (s.len <= bytes) return s;
  size_t end = bytes;
  while (end > 0 && bytes - end < 3 && is_continuation(s.ptr[end])) end--;
  /* Four continuation bytes in a row are no character: any place is as good. */
  if (is_continuation(s.ptr[end])) end = bytes;
  return (Str){s.ptr, end};
}

/* How far the text is clean: s.len when all of it. */
static size_t clean_prefix(Str s) {
  for (size_t pos = 0; pos < s.len;) {
    size_t start = pos;
    if (utf8_next(s, &pos) <= 0) return start;
  }
  return s.len;
}

static size_t count_dirty(Str s) {
  size_t dirty = 0;
  for (size_t pos = 0; pos < s.len;) dirty += utf8_next(s, &pos) <= 0;
  return dirty;
}

Str utf8_clean(Arena *arena, Str s) {
  if (clean_prefix(s) == s.len) return s;
  char *text = arena_alloc(arena, s.len + count_dirty(s) * 2 + 1);
  size_t len = 0;
  for (size_t pos = 0; pos < s.len;) {
    size_t start = pos;
    bool clean = utf8_next(s, &pos) > 0;
    memcpy(text + len, clean ? s.ptr + start : "\xef\xbf\xbd", clean ? pos - start : 3);
    len += clean ? pos - start : 3;
  }
  text[len] = '\0';
  return (Str){text, len};
}

size_t utf8_count(Str s) {
  size_t count = 0;
  for (size_t pos = 0; pos < s.len; count++) utf8_next(s, &pos);
  return count;
}

/* Values to bytes and back. A value is its kind in one byte, then its content; lists and maps say their count first, so
 * a count larger than the bytes left is refused before anything is allocated. */
#include "lang/value_pack.h"

#include <string.h>

void pack_u64(Buf *buf, u64 number) {
  char bytes[10];
  size_t count = 0;
  for (; number >= 0x80; number >>= 7) bytes[count++] = (char)(number | 0x80);
  bytes[count++] = (char)number;
  buf_put(buf, (Str){bytes, count});
}

void pack_i64(Buf *buf, i64 number) {
  pack_u64(buf, ((u64)number << 1) ^ (u64)(number >> 63));
}

void pack_str(Buf *buf, Str text) {
  pack_u64(buf, text.len);
  buf_put(buf, text);
}

static void pack_double(Buf *buf, double number) {
  char bytes[sizeof number];
  memcpy(bytes, &number, sizeof number);
  buf_put(buf, (Str){bytes, sizeof bytes});
}

static void pack_at(Buf *buf, const Value *v, int depth) {
  ValueKind kind = depth > VALUE_DEPTH_MAX ? VALUE_NULL : (ValueKind)v->kind;
  buf_putc(buf, (char)kind);
  switch (kind) {
  case VALUE_BOOL: buf_putc(buf, v->b ? 1 : 0); return;
  case VALUE_INT: pack_i64(buf, v->i); return;
  case VALUE_UINT: pack_u64(buf, v->u); return;
  case VALUE_DOUBLE: pack_double(buf, v->d); return;
  case VALUE_TIMESTAMP:
  case VALUE_DURATION:
    pack_i64(buf, v->i);
    pack_u64(buf, v->size);
    return;
  case VALUE_STRING:
  case VALUE_BYTES:
  case VALUE_TYPE:
  case VALUE_BIGNUM: pack_str(buf, value_text(v)); return;
  case VALUE_LIST:
  case VALUE_OPTIONAL:
    pack_u64(buf, v->size);
    for (u32 i = 0; i < v->size; i++) pack_at(buf, &v->items[i], depth + 1);
    return;
  case VALUE_MAP:
    pack_u64(buf, v->size);
    for (u32 i = 0; i < v->size; i++) {
      pack_at(buf, &v->members[i].key, depth + 1);
      pack_at(buf, &v->members[i].value, depth + 1);
    }
    return;
  case VALUE_NULL:
  case VALUE_KIND_COUNT: return;
  }
}

void pack_value(Buf *buf, const Value *value) {
  pack_at(buf, value, 0);
}

static bool take_bytes(Str *rest, size_t count, const char **out) {
  if (count > rest->len) return false;
  *out = rest->ptr;
  *rest = str_slice(*rest, count, rest->len);
  return true;
}

bool unpack_u64(Str *rest, u64 *out) {
  u64 number = 0;
  for (unsigned shift = 0; shift < 64 && rest->len; shift += 7) {
    u8 byte = (u8)rest->ptr[0];
    *rest = str_slice(*rest, 1, rest->len);
    if (shift == 63 && byte > 1) return false;
    number |= (u64)(byte & 0x7f) << shift;
    if (byte < 0x80) return *out = number, true;
  }
  return false;
}

bool unpack_i64(Str *rest, i64 *out) {
  u64 number = 0;
  if (!unpack_u64(rest, &number)) return false;
  *out = (i64)((number >> 1) ^ (~(number & 1) + 1));
  return true;
}

bool unpack_str(Str *rest, Str *out) {
  u64 bytes = 0;
  if (!unpack_u64(rest, &bytes) || bytes > rest->len) return false;
  *out = str_slice(*rest, 0, (size_t)bytes);
  *rest = str_slice(*rest, (size_t)bytes, rest->len);
  return true;
}

static bool unpack_at(Arena *arena, Str *rest, Value *out, int depth);

static bool unpack_list(Arena *arena, Str *rest, Value *out, int depth) {
  u64 count = 0;
  if (!unpack_u64(rest, &count) || count > rest->len) return false;
  Value *items = ARENA_ARRAY(arena, Value, count + 1);
  for (u64 i = 0; i < count; i++)
    if (!unpack_at(arena, rest, &items[i], depth + 1)) return false;
  out->size = (u32)count;
  out->items = items;
  return true;
}

static bool is_key(const Value *v) {
  return v->kind == VALUE_STRING || v->kind == VALUE_BOOL || v->kind == VALUE_INT || v->kind == VALUE_UINT;
}

static bool unpack_map(Arena *arena, Str *rest, Value *out, int depth) {
  u64 count = 0;
  if (!unpack_u64(rest, &count) || count > rest->len / 2) return false;
  Member *members = ARENA_ARRAY(arena, Member, count + 1);
  for (u64 i = 0; i < count; i++)
    if (!unpack_at(arena, rest, &members[i].key, depth + 1) || !is_key(&members[i].key) ||
        !unpack_at(arena, rest, &members[i].value, depth + 1))
      return false;
  if (count < VALUE_INDEX_MIN)
    *out = (Value){.kind = VALUE_MAP, .size = (u32)count, .members = members};
  else
    *out = map_of(arena, members, (size_t)count, NULL);
  return true;
}

static bool unpack_text(Str *rest, Value *out) {
  Str text = STR_NONE;
  if (!unpack_str(rest, &text) || text.len > UINT32_MAX) return false;
  if (out->kind != VALUE_BYTES && !utf8_valid(text)) return false;
  out->size = (u32)text.len;
  out->text = text.ptr;
  return true;
}

static bool unpack_time(Str *rest, Value *out) {
  u64 nanoseconds = 0;
  if (!unpack_i64(rest, &out->i) || !unpack_u64(rest, &nanoseconds) || nanoseconds > 999999999) return false;
  out->size = (u32)nanoseconds;
  return true;
}

static bool unpack_at(Arena *arena, Str *rest, Value *out, int depth) {
  const char *byte = NULL;
  if (depth > VALUE_DEPTH_MAX || !take_bytes(rest, 1, &byte)) return false;
  *out = (Value){.kind = (u8)*byte};
  switch ((ValueKind)out->kind) {
  case VALUE_NULL: return true;
  case VALUE_BOOL:
    if (!take_bytes(rest, 1, &byte)) return false;
    out->b = *byte == 1;
    return true;
  case VALUE_INT: return unpack_i64(rest, &out->i);
  case VALUE_UINT: return unpack_u64(rest, &out->u);
  case VALUE_DOUBLE:
    if (!take_bytes(rest, sizeof out->d, &byte)) return false;
    memcpy(&out->d, byte, sizeof out->d);
    return true;
  case VALUE_STRING:
  case VALUE_BYTES:
  case VALUE_TYPE:
  case VALUE_BIGNUM: return unpack_text(rest, out);
  case VALUE_TIMESTAMP:
  case VALUE_DURATION: return unpack_time(rest, out);
  case VALUE_LIST: return unpack_list(arena, rest, out, depth);
  case VALUE_OPTIONAL: return unpack_list(arena, rest, out, depth) && out->size <= 1;
  case VALUE_MAP: return unpack_map(arena, rest, out, depth);
  case VALUE_KIND_COUNT: return false;
  }
  return false;
}

bool unpack_value(Arena *arena, Str *rest, Value *out) {
  return unpack_at(arena, rest, out, 0);
}

/* Values as JSON text, in three layouts that share one walk. Strings are copied in runs between the few characters that
 * need an escape. Deeper than VALUE_DEPTH_MAX a value is written as null; the Buf's ceiling bounds the rest. */
#include <math.h>
#include <stdlib.h>

#include "lang/json_parser.h"
#include "lang/time.h"
#include "lang/value_map.h"

typedef enum Layout { LAYOUT_COMPACT, LAYOUT_PRETTY, LAYOUT_CANONICAL } Layout;

static void write_escape(Buf *out, u8 c) {
  static const char HEX[] = "0123456789abcdef";
  static const char SHORT[0x20] = {['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
  buf_putc(out, '\\');
  if (c >= 0x20) {
    buf_putc(out, (char)c);
  } else if (SHORT[c]) {
    buf_putc(out, SHORT[c]);
  } else {
    char code[] = {'u', '0', '0', HEX[c >> 4], HEX[c & 15]};
    buf_put(out, (Str){code, sizeof code});
  }
}

/* Most strings need no escape: they are written in one go. */
static bool write_plain(Buf *out, Str text) {
  if (text.len && json_skip_plain(text.ptr, text.ptr + text.len, JSON_STOP_TEXT) < text.ptr + text.len) return false;
  char *room = buf_room(out, text.len + 2);
  if (!room) return true; /* past the ceiling: dropped, as all that follows */
  room[0] = '"';
  if (text.len) memcpy(room + 1, text.ptr, text.len);
  room[text.len + 1] = '"';
  out->len += text.len + 2;
  return true;
}

void json_write_string(Buf *out, Str text) {
  if (write_plain(out, text)) return;
  buf_putc(out, '"');
  for (const char *at = text.ptr, *end = text.len ? at + text.len : at; at < end;) {
    const char *plain = json_skip_plain(at, end, JSON_STOP_TEXT);
    buf_put(out, (Str){at, (size_t)(plain - at)});
    if (plain < end) write_escape(out, (u8)*plain++);
    at = plain;
  }
  buf_putc(out, '"');
}

/* CEL's duration text: seconds with as many decimals as are needed. */
static void write_duration(Buf *out, const Value *v) {
  i64 seconds = v->i;
  u32 nanos = v->size;
  bool negative = seconds < 0;
  if (negative && nanos) { /* floored: -1.5 s is -2 s and 500,000,000 ns */
    seconds++;
    nanos = 1000000000 - nanos;
  }
  u64 magnitude = negative ? 0 - (u64)seconds : (u64)seconds;
  buf_puts(out, negative ? "\"-" : "\"");
  buf_u64(out, magnitude);
  int digits = 9;
  for (; nanos && nanos % 10 == 0; nanos /= 10) digits--;
  if (nanos) buf_format(out, ".%0*u", digits, nanos);
  buf_puts(out, "s\"");
}

static void write_timestamp(Buf *out, const Value *v) {
  buf_putc(out, '"');
  time_write(v->i, (i32)v->size, out);
  buf_putc(out, '"');
}

static void write_base64(Buf *out, Str bytes) {
  Arena *arena = arena_new();
  json_write_string(out, base64_encode(arena, bytes));
  arena_free(arena);
}

static void write_scalar(Buf *out, const Value *v) {
  switch ((ValueKind)v->kind) {
  case VALUE_BOOL: buf_puts(out, v->b ? "true" : "false"); return;
  case VALUE_INT: buf_i64(out, v->i); return;
  case VALUE_UINT: buf_u64(out, v->u); return;
  case VALUE_DOUBLE: buf_double(out, v->d); return; /* null when not finite */
  case VALUE_BIGNUM: buf_put(out, value_text(v)); return;
  case VALUE_STRING:
  case VALUE_TYPE: json_write_string(out, value_text(v)); return;
  case VALUE_BYTES: write_base64(out, value_text(v)); return;
  case VALUE_TIMESTAMP: write_timestamp(out, v); return;
  case VALUE_DURATION: write_duration(out, v); return;
  default: buf_puts(out, "null");
  }
}

static void write_key(Buf *out, const Value *key) {
  if (key->kind == VALUE_STRING) {
    json_write_string(out, value_text(key));
    return;
  }
  buf_putc(out, '"'); /* CEL's keys: numbers and bools, nothing to escape */
  write_scalar(out, key);
  buf_putc(out, '"');
}

static void new_line(Buf *out, Layout layout, u32 depth) {
  if (layout != LAYOUT_PRETTY) return;
  buf_putc(out, '\n');
  for (u32 i = 0; i < depth; i++) buf_puts(out, "  ");
}

static void write_within(Buf *out, const Value *v, Layout layout, u32 depth);

static void write_list(Buf *out, const Value *v, Layout layout, u32 depth) {
  buf_putc(out, '[');
  for (u32 i = 0; i < v->size && !out->overflow; i++) {
    if (i) buf_putc(out, ',');
    new_line(out, layout, depth + 1);
    write_within(out, &v->items[i], layout, depth + 1);
  }
  if (v->size) new_line(out, layout, depth);
  buf_putc(out, ']');
}

static void write_map(Buf *out, const Value *v, Layout layout, u32 depth) {
  const Member **sorted = layout == LAYOUT_CANONICAL ? map_sorted(v) : NULL;
  buf_putc(out, '{');
  for (u32 i = 0; i < v->size && !out->overflow; i++) {
    const Member *member = sorted ? sorted[i] : &v->members[i];
    if (i) buf_putc(out, ',');
    new_line(out, layout, depth + 1);
    write_key(out, &member->key);
    buf_puts(out, layout == LAYOUT_PRETTY ? ": " : ":");
    write_within(out, &member->value, layout, depth + 1);
  }
  if (v->size) new_line(out, layout, depth);
  buf_putc(out, '}');
  free(sorted);
}

/* Equal numbers get equal text: the double 1e18 and the integer, a long text and the double it stands for. */
static void write_number_canonical(Buf *out, const Value *v) {
  double d = v->d;
  if (v->kind == VALUE_BIGNUM && !str_to_double(value_text(v), &d)) {
    buf_puts(out, v->text[0] == '-' ? "-1e999" : "1e999");
    return;
  }
  bool whole = floor(d) == d;
  if (whole && d >= -0x1p63 && d < 0x1p63)
    buf_i64(out, (i64)d);
  else if (whole && d > 0 && d < 0x1p64)
    buf_u64(out, (u64)d);
  else
    buf_double(out, d);
}

static void write_within(Buf *out, const Value *v, Layout layout, u32 depth) {
  bool real = v->kind == VALUE_DOUBLE || v->kind == VALUE_BIGNUM;
  if (depth >= VALUE_DEPTH_MAX)
    buf_puts(out, "null");
  else if (v->kind == VALUE_LIST)
    write_list(out, v, layout, depth);
  else if (v->kind == VALUE_MAP)
    write_map(out, v, layout, depth);
  else if (v->kind == VALUE_OPTIONAL && v->size)
    write_within(out, &v->items[0], layout, depth + 1);
  else if (real && layout == LAYOUT_CANONICAL)
    write_number_canonical(out, v);
  else
    write_scalar(out, v);
}

void json_write(Buf *out, const Value *value) {
  write_within(out, value, LAYOUT_COMPACT, 0);
}

void json_write_pretty(Buf *out, const Value *value) {
  write_within(out, value, LAYOUT_PRETTY, 0);
}

void json_write_canonical(Buf *out, const Value *value) {
  write_within(out, value, LAYOUT_CANONICAL, 0);
}

Str json_text(Arena *arena, const Value *value) {
  Buf out = buf_new(arena, UINT32_MAX);
  json_write(&out, value);
  return buf_str(&out);
}

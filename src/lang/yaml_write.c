/* YAML out, in block style. A text is plain when every YAML reader takes it for a text, a literal block ("|") when it
 * has lines, and else in double quotes. */
#include <math.h>
#include <string.h>

#include "lang/json.h"
#include "lang/yaml.h"
#include "lang/yaml_scalar.h"

/* libyaml takes 1,024 bytes for a key before its colon; longer ones need "? ". Escapes make six of one. */
enum { SIMPLE_KEY_MAX = 128, PLAIN_MAX = 4096 };

/* Texts ----------------------------------------------------------------------------------------------------------- */

/* Characters that YAML does not print, or takes for a line break. */
static bool needs_escape(i32 point) {
  return point < 0x20 || (point >= 0x7f && point <= 0x9f) || point == 0x2028 || point == 0x2029 || point == 0xfeff ||
         point == 0xfffe || point == 0xffff;
}

static bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Digits first would be numbers or dates to somebody; other signs have meanings. */
static bool may_begin_plain(u8 c) {
  return (is_alnum((char)c) && !(c >= '0' && c <= '9')) || c == '_' || c == '/' || c == '$' || c == '(' || c >= 0x80;
}

static bool is_plain(Str text) {
  if (text.len == 0 || text.len > PLAIN_MAX || !may_begin_plain((u8)text.ptr[0]) || yaml_is_reserved(text))
    return false;
  char last = text.ptr[text.len - 1];
  if (last == ' ' || last == ':') return false;
  if (str_find(text, S(": "), 0) != SIZE_MAX || str_find(text, S(" #"), 0) != SIZE_MAX) return false;
  for (size_t pos = 0; pos < text.len;)
    if (needs_escape(utf8_next(text, &pos))) return false;
  return true;
}

/* Lines that a literal block keeps as they are. */
static bool is_literal(Str text) {
  if (text.len < 2 || str_find_char(text, '\n', 0) == SIZE_MAX) return false;
  if (text.ptr[0] == ' ' || text.ptr[0] == '\n' || text.ptr[0] == '\t')
    return false; /* would need an indent's number */
  for (size_t pos = 0; pos < text.len;) {
    i32 point = utf8_next(text, &pos);
    if (point != '\n' && point != '\t' && needs_escape(point)) return false;
  }
  return true;
}

static void write_quoted(Buf *out, Str text) {
  buf_putc(out, '"');
  for (size_t pos = 0; pos < text.len && !out->overflow;) {
    size_t start = pos;
    i32 point = utf8_next(text, &pos);
    if (point == '"' || point == '\\')
      buf_format(out, "\\%c", (char)point);
    else if (point == '\n')
      buf_puts(out, "\\n");
    else if (point == '\t')
      buf_puts(out, "\\t");
    else if (needs_escape(point))
      buf_format(out, "\\u%04X", point < 0 ? 0xfffdu : (u32)point);
    else
      buf_put(out, str_slice(text, start, pos));
  }
  buf_putc(out, '"');
}

static void indent_to(Buf *out, u32 indent) {
  for (u32 i = 0; i < indent; i++) buf_putc(out, ' ');
}

/* "|", with how it ends: "-" without a line feed, "+" with several. */
static void write_literal(Buf *out, Str text, u32 indent) {
  bool ends = text.ptr[text.len - 1] == '\n';
  bool several = ends && text.ptr[text.len - 2] == '\n';
  buf_puts(out, several ? "|+" : ends ? "|" : "|-");
  if (ends) text.len--;
  for (bool more = true; more && !out->overflow;) {
    Str line;
    more = str_cut(text, '\n', &line, &text);
    buf_putc(out, '\n');
    if (line.len) indent_to(out, indent);
    buf_put(out, line);
  }
}

static void write_text(Buf *out, Str text, u32 indent) {
  if (is_plain(text))
    buf_put(out, text);
  else if (is_literal(text))
    write_literal(out, text, indent);
  else
    write_quoted(out, text);
}

static void write_double(Buf *out, double d) {
  if (isnan(d))
    buf_puts(out, ".nan");
  else if (isinf(d))
    buf_puts(out, d > 0 ? ".inf" : "-.inf");
  else
    buf_double(out, d);
}

/* Layout ---------------------------------------------------------------------------------------------------------- */

static bool is_block(const Value *v) {
  return (v->kind == VALUE_LIST || v->kind == VALUE_MAP) && v->size > 0;
}

/* An optional is what it holds. */
static const Value *unwrap(const Value *v) {
  static const Value NOTHING = {.kind = VALUE_NULL};
  for (u32 i = 0; v->kind == VALUE_OPTIONAL; i++) v = v->size && i < VALUE_DEPTH_MAX ? &v->items[0] : &NOTHING;
  return v;
}

static void write_scalar(Buf *out, const Value *v, u32 indent) {
  if (v->kind == VALUE_STRING || v->kind == VALUE_TYPE)
    write_text(out, value_text(v), indent);
  else if (v->kind == VALUE_DOUBLE)
    write_double(out, v->d);
  else if (v->kind == VALUE_LIST)
    buf_puts(out, "[]");
  else if (v->kind == VALUE_MAP)
    buf_puts(out, "{}");
  else
    json_write(out, v); /* quoted where it is not a number or a word */
}

static void write_block(Buf *out, const Value *v, u32 indent, u32 depth);

static void write_key(Buf *out, const Value *key, u32 indent) {
  Arena *scratch = arena_new();
  Str text = value_display(scratch, key);
  bool simple = text.len <= SIMPLE_KEY_MAX;
  if (!simple) buf_puts(out, "? ");
  if (is_plain(text))
    buf_put(out, text);
  else
    write_quoted(out, text);
  if (!simple) {
    buf_putc(out, '\n');
    indent_to(out, indent);
  }
  buf_putc(out, ':');
  arena_free(scratch);
}

static void write_members(Buf *out, const Value *v, u32 indent, u32 depth) {
  for (u32 i = 0; i < v->size && !out->overflow; i++) {
    const Value *value = unwrap(&v->members[i].value);
    if (i) {
      buf_putc(out, '\n');
      indent_to(out, indent);
    }
    write_key(out, &v->members[i].key, indent);
    if (is_block(value)) {
      buf_putc(out, '\n');
      indent_to(out, indent + 2);
      write_block(out, value, indent + 2, depth + 1);
    } else {
      buf_putc(out, ' ');
      write_scalar(out, value, indent + 2);
    }
  }
}

static void write_items(Buf *out, const Value *v, u32 indent, u32 depth) {
  for (u32 i = 0; i < v->size && !out->overflow; i++) {
    const Value *item = unwrap(&v->items[i]);
    if (i) {
      buf_putc(out, '\n');
      indent_to(out, indent);
    }
    buf_puts(out, "- ");
    if (is_block(item))
      write_block(out, item, indent + 2, depth + 1);
    else
      write_scalar(out, item, indent + 2);
  }
}

/* The cursor stands at `indent` already. */
static void write_block(Buf *out, const Value *v, u32 indent, u32 depth) {
  if (depth >= VALUE_DEPTH_MAX)
    buf_puts(out, "null");
  else if (v->kind == VALUE_MAP)
    write_members(out, v, indent, depth);
  else
    write_items(out, v, indent, depth);
}

void yaml_write(Buf *out, const Value *value) {
  value = unwrap(value);
  if (is_block(value))
    write_block(out, value, 0, 0);
  else
    write_scalar(out, value, 2);
  buf_putc(out, '\n');
}

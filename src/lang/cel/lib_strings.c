/* Strings: CEL's strings extension. Places count characters, not bytes. */
#include <string.h>

#include "lang/cel/library.h"

/* Bytes before the character `index`; SIZE_MAX past the end. Texts of ASCII take the short way. */
static size_t byte_of(Str s, i64 index) {
  if (index < 0 || (u64)index > s.len) return SIZE_MAX;
  size_t at = 0;
  for (i64 i = 0; i < index; i++) {
    if (at >= s.len) return SIZE_MAX;
    (void)utf8_next(s, &at);
  }
  return at;
}

static i64 characters_before(Str s, size_t at) {
  return (i64)utf8_count(str_slice(s, 0, at));
}

static Value out_of_range(CelCall *call, i64 index) {
  return cel_fault(call, "the index %lld is outside of the text", (long long)index);
}

static Value do_char_at(CelCall *call, const Value *args, u32 count) {
  (void)count;
  Str s = value_text(&args[0]);
  size_t at = byte_of(s, args[1].i), end = at;
  if (at == SIZE_MAX) return out_of_range(call, args[1].i);
  if (at < s.len) (void)utf8_next(s, &end);
  return value_string(str_slice(s, at, end));
}

static Value do_index_of(CelCall *call, const Value *args, u32 count) {
  Str s = value_text(&args[0]), part = value_text(&args[1]);
  i64 from = count == 3 ? args[2].i : 0;
  size_t at = byte_of(s, from);
  if (at == SIZE_MAX) return out_of_range(call, from);
  if (part.len == 0) return value_int(from);
  size_t found = str_find(s, part, at);
  return value_int(found == SIZE_MAX ? -1 : characters_before(s, found));
}

static Value do_last_index_of(CelCall *call, const Value *args, u32 count) {
  Str s = value_text(&args[0]), part = value_text(&args[1]);
  size_t last = s.len;
  if (count == 3) {
    last = byte_of(s, args[2].i);
    if (last == SIZE_MAX) return out_of_range(call, args[2].i);
  }
  if (part.len > s.len) return value_int(-1);
  if (!cel_charge(call, s.len / 8 + part.len * (s.len / 64))) return cel_out_of_budget(call);
  for (size_t at = MIN(last, s.len - part.len) + 1; at-- > 0;)
    if (part.len == 0 || memcmp(s.ptr + at, part.ptr, part.len) == 0) return value_int(characters_before(s, at));
  return value_int(-1);
}

static Value map_ascii(CelCall *call, const Value *v, char from, char to) {
  char *text = arena_alloc(call->arena, v->size);
  for (u32 i = 0; i < v->size; i++) {
    char c = v->text[i];
    text[i] = c >= from && c <= to ? (char)(c ^ 32) : c;
  }
  return value_string((Str){text, v->size});
}

static Value do_lower(CelCall *call, const Value *args, u32 count) {
  (void)count;
  return map_ascii(call, &args[0], 'A', 'Z');
}

static Value do_upper(CelCall *call, const Value *args, u32 count) {
  (void)count;
  return map_ascii(call, &args[0], 'a', 'z');
}

/* Between characters when `from` is empty, as Go does. */
static Value replace_empty(CelCall *call, Str s, Str to, i64 limit) {
  Buf buf = cel_buf(call);
  size_t at = 0;
  while (at <= s.len && !buf.overflow) {
    if (limit != 0) buf_put(&buf, to);
    if (limit > 0) limit--;
    if (at == s.len) break;
    if (!cel_charge(call, 2)) return cel_out_of_budget(call);
    size_t from = at;
    (void)utf8_next(s, &at);
    buf_put(&buf, str_slice(s, from, at));
  }
  return cel_text(call, &buf);
}

static Value do_replace(CelCall *call, const Value *args, u32 count) {
  Str s = value_text(&args[0]), from = value_text(&args[1]), to = value_text(&args[2]);
  i64 limit = count == 4 ? args[3].i : -1;
  if (from.len == 0) return replace_empty(call, s, to, limit);
  Buf buf = cel_buf(call);
  size_t at = 0;
  for (; limit != 0 && !buf.overflow; limit -= limit > 0) {
    size_t found = str_find(s, from, at);
    if (found == SIZE_MAX) break;
    if (!cel_charge(call, 2)) return cel_out_of_budget(call);
    buf_put(&buf, str_slice(s, at, found));
    buf_put(&buf, to);
    at = found + from.len;
  }
  if (at == 0 && buf.len == 0 && !buf.overflow) return args[0];
  buf_put(&buf, str_slice(s, at, s.len));
  return cel_text(call, &buf);
}

/* The next piece of a split: up to the separator, or one character when it is empty. */
static size_t piece_end(Str s, Str separator, size_t at) {
  if (separator.len) return str_find(s, separator, at);
  size_t end = at;
  if (end < s.len) (void)utf8_next(s, &end);
  return end >= s.len ? SIZE_MAX : end;
}

static Value do_split(CelCall *call, const Value *args, u32 count) {
  Str s = value_text(&args[0]), separator = value_text(&args[1]);
  i64 limit = count == 3 ? args[2].i : -1;
  ValueVec parts = {0};
  if (limit == 0 || (separator.len == 0 && s.len == 0)) return list_done(&parts);
  size_t at = 0;
  for (; limit < 0 || limit > 1; limit -= limit > 0) {
    size_t end = piece_end(s, separator, at);
    if (end == SIZE_MAX) break;
    if (!cel_charge(call, 2)) return cel_out_of_budget(call);
    *VEC_PUSH(call->arena, &parts) = value_string(str_slice(s, at, end));
    at = end + separator.len;
  }
  *VEC_PUSH(call->arena, &parts) = value_string(str_slice(s, at, s.len));
  return list_done(&parts);
}

static Value do_substring(CelCall *call, const Value *args, u32 count) {
  Str s = value_text(&args[0]);
  size_t from = byte_of(s, args[1].i), to = s.len;
  if (from == SIZE_MAX) return out_of_range(call, args[1].i);
  if (count == 3) {
    to = byte_of(s, args[2].i);
    if (to == SIZE_MAX) return out_of_range(call, args[2].i);
    if (to < from) return cel_fault(call, "substring(): the start lies behind the end");
  }
  return value_string(str_slice(s, from, to));
}

static bool is_white(i32 c) {
  return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

static Value do_trim(CelCall *call, const Value *args, u32 count) {
  (void)call, (void)count;
  Str s = value_text(&args[0]);
  size_t from = 0, end = 0, at = 0;
  bool leading = true;
  while (at < s.len) {
    size_t start = at;
    bool white = is_white(utf8_next(s, &at));
    if (!white && leading) {
      leading = false;
      from = start;
    }
    if (!white) end = at;
  }
  return value_string(str_slice(s, leading ? 0 : from, end));
}

static Value do_join(CelCall *call, const Value *args, u32 count) {
  Str between = count == 2 ? value_text(&args[1]) : S("");
  Buf buf = cel_buf(call);
  for (u32 i = 0; i < args[0].size; i++) {
    const Value *item = &args[0].items[i];
    if (item->kind != VALUE_STRING)
      return cel_fault(call, "join() wants a list of texts; element %u is %.*s", i, STR_ARG(cel_type_name(item)));
    if (i) buf_put(&buf, between);
    buf_put(&buf, value_text(item));
  }
  return cel_text(call, &buf);
}

static Value do_reverse(CelCall *call, const Value *args, u32 count) {
  (void)count;
  Str s = value_text(&args[0]);
  char *text = arena_alloc(call->arena, s.len);
  for (size_t at = 0, from = 0; at < s.len; from = at) {
    (void)utf8_next(s, &at);
    memcpy(text + (s.len - at), s.ptr + from, at - from);
  }
  return value_string((Str){text, s.len});
}

static Value do_quote(CelCall *call, const Value *args, u32 count) {
  (void)count;
  static const char PLAIN[] = "\a\b\f\n\r\t\v\\\"", NAMES[] = "abfnrtv\\\"";
  Buf buf = cel_buf(call);
  buf_putc(&buf, '"');
  for (u32 i = 0; i < args[0].size; i++) {
    char c = args[0].text[i];
    const char *special = c ? strchr(PLAIN, c) : NULL;
    if (special) buf_putc(&buf, '\\');
    buf_putc(&buf, special ? NAMES[special - PLAIN] : c);
  }
  buf_putc(&buf, '"');
  return cel_text(call, &buf);
}

static const CelFn ROWS[] = {
    {"charAt", "string.(int) -> string", do_char_at, "The character at a place; empty at the end.", .slow = 4},
    {"indexOf", "string.(string) -> int; string.(string, int) -> int", do_index_of, "Place of the first, or -1.",
     .slow = 4},
    {"lastIndexOf", "string.(string) -> int; string.(string, int) -> int", do_last_index_of,
     "Place of the last, or -1.", .slow = 2},
    {"lowerAscii", "string.() -> string", do_lower, "A-Z in lower case."},
    {"upperAscii", "string.() -> string", do_upper, "a-z in upper case."},
    {"lower", "string.() -> string", do_lower, "A-Z in lower case."},
    {"upper", "string.() -> string", do_upper, "a-z in upper case."},
    {"toLowerCase", "string.() -> string", do_lower, "The same as lower()."},
    {"toUpperCase", "string.() -> string", do_upper, "The same as upper()."},
    {"replace", "string.(string, string) -> string; string.(string, string, int) -> string", do_replace,
     "Replaces all, or the first n.", .slow = 3},
    {"split", "string.(string) -> list(string); string.(string, int) -> list(string)", do_split,
     "Cuts at each, into at most n.", .slow = 2},
    {"substring", "string.(int) -> string; string.(int, int) -> string", do_substring, "Characters from, up to.",
     .slow = 4},
    {"trim", "string.() -> string", do_trim, "Without white space at both ends.", .slow = 4},
    {"join", "list(string).() -> string; list(string).(string) -> string", do_join, "All texts, with one between."},
    {"reverse", "string.() -> string", do_reverse, "Last character first.", .slow = 6},
    {"strings.quote", "(string) -> string", do_quote, "In quotes, with escapes.", .slow = 8},
};

const CelLibrary LIB_STRINGS = {"texts", ROWS, COUNT(ROWS)};

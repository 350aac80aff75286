/* Percent-encoding (RFC 3986) and the query of a request. Pure; nothing here knows a connection. */
#include <string.h>

#include "net/http_server.h"

static int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  char lower = (char)(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool url_decode(Arena *arena, Str text, bool form, Str *out) {
  char *copy = arena_alloc(arena, text.len);
  size_t len = 0;
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    if (c == '%') {
      int high = i + 1 < text.len ? hex_value(text.ptr[i + 1]) : -1;
      int low = i + 2 < text.len ? hex_value(text.ptr[i + 2]) : -1;
      if (high < 0 || low < 0) return false;
      c = (char)(high * 16 + low);
      i += 2;
    } else if (c == '+' && form) {
      c = ' ';
    }
    copy[len++] = c;
  }
  *out = (Str){copy, len};
  return true;
}

static bool is_unreserved(char c) {
  char lower = (char)(c | 0x20);
  return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') || c == '-' || c == '.' || c == '_' || c == '~';
}

Str url_encode(Arena *arena, Str text) {
  static const char HEX[] = "0123456789ABCDEF";
  char *copy = arena_alloc(arena, text.len * 3);
  size_t len = 0;
  for (size_t i = 0; i < text.len; i++) {
    u8 byte = (u8)text.ptr[i];
    if (is_unreserved(text.ptr[i])) {
      copy[len++] = text.ptr[i];
      continue;
    }
    copy[len++] = '%';
    copy[len++] = HEX[byte >> 4];
    copy[len++] = HEX[byte & 15];
  }
  return (Str){copy, len};
}

Str http_header(const HttpRequest *request, const char *name) {
  Str wanted = str_from_c(name);
  for (size_t i = 0; i < request->header_count; i++)
    if (str_equal_nocase(request->headers[i].name, wanted)) return request->headers[i].value;
  return STR_NONE;
}

/* Names are compared decoded, as forms write "a%5Bb%5D" for "a[b]". */
static bool name_is(Arena *arena, Str raw, Str wanted) {
  if (str_find_char(raw, '%', 0) == SIZE_MAX && str_find_char(raw, '+', 0) == SIZE_MAX) return str_equal(raw, wanted);
  ArenaMark mark = arena_mark(arena);
  Str name;
  bool same = url_decode(arena, raw, true, &name) && str_equal(name, wanted);
  arena_rewind(arena, mark);
  return same;
}

Str http_query(const HttpRequest *request, const char *name, size_t i) {
  Str wanted = str_from_c(name), rest = request->query, pair;
  bool more = rest.len > 0;
  while (more) {
    more = str_cut(rest, '&', &pair, &rest);
    Str key, value = S("");
    str_cut(pair, '=', &key, &value);
    if (!name_is(request->arena, key, wanted) || i-- > 0) continue;
    Str decoded;
    return url_decode(request->arena, value, true, &decoded) ? decoded : STR_NONE;
  }
  return STR_NONE;
}

Str http_form_value(Arena *arena, Str form, const char *name) {
  Str rest = form, part;
  while (rest.len) {
    Str key, value = STR_NONE, decoded = STR_NONE;
    (void)str_cut(rest, '&', &part, &rest);
    if (str_cut(part, '=', &key, &value) && str_equal_c(key, name) && url_decode(arena, value, true, &decoded))
      return decoded;
  }
  return STR_NONE;
}

/* Slices: looking, cutting, copying. Numbers are in number.c, UTF-8 in utf8.c, hex and base64 in encode.c. */
#include "base/str.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

Str str_from_c(const char *text) {
  return text ? (Str){text, strlen(text)} : STR_NONE;
}

/* By the first letter; nouns that begin with u here begin with the sound of "you": user, uint. */
const char *str_article(const char *noun) {
  return noun[0] && strchr("aeio", noun[0]) ? "an" : "a";
}

Str str_slice(Str s, size_t from, size_t to) {
  to = MIN(to, s.len);
  from = MIN(from, to);
  return s.ptr ? (Str){s.ptr + from, to - from} : STR_NONE;
}

bool str_equal(Str a, Str b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_equal_c(Str a, const char *b) {
  return str_equal(a, str_from_c(b));
}

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool str_equal_nocase(Str a, Str b) {
  if (a.len != b.len) return false;
  for (size_t i = 0; i < a.len; i++)
    if (lower(a.ptr[i]) != lower(b.ptr[i])) return false;
  return true;
}

int str_compare(Str a, Str b) {
  size_t common = MIN(a.len, b.len);
  int order = common ? memcmp(a.ptr, b.ptr, common) : 0;
  if (order) return order;
  return (a.len > b.len) - (a.len < b.len);
}

bool str_starts_with(Str s, Str prefix) {
  return s.len >= prefix.len && str_equal(str_slice(s, 0, prefix.len), prefix);
}

bool str_ends_with(Str s, Str suffix) {
  return s.len >= suffix.len && str_equal(str_slice(s, s.len - suffix.len, s.len), suffix);
}

size_t str_find(Str s, Str needle, size_t from) {
  if (from > s.len || needle.len > s.len - from) return SIZE_MAX;
  if (needle.len == 0) return from;
  const char *hit = memmem(s.ptr + from, s.len - from, needle.ptr, needle.len);
  return hit ? (size_t)(hit - s.ptr) : SIZE_MAX;
}

size_t str_find_char(Str s, char c, size_t from) {
  if (from >= s.len) return SIZE_MAX;
  const char *hit = memchr(s.ptr + from, c, s.len - from);
  return hit ? (size_t)(hit - s.ptr) : SIZE_MAX;
}

static bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

Str str_trim(Str s) {
  while (s.len && is_space(s.ptr[0])) s = (Str){s.ptr + 1, s.len - 1};
  while (s.len && is_space(s.ptr[s.len - 1])) s.len--;
  return s;
}

bool str_is_blank(Str s) {
  return str_trim(s).len == 0;
}

bool str_cut(Str s, char separator, Str *out_head, Str *out_tail) {
  size_t at = str_find_char(s, separator, 0);
  bool found = at != SIZE_MAX;
  *out_head = found ? str_slice(s, 0, at) : s;
  *out_tail = found ? str_slice(s, at + 1, s.len) : STR_NONE;
  return found;
}

char *str_to_c(Arena *arena, Str s) {
  char *copy = arena_alloc(arena, s.len + 1);
  if (s.len) memcpy(copy, s.ptr, s.len);
  copy[s.len] = '\0';
  return copy;
}

Str str_copy(Arena *arena, Str s) {
  return (Str){str_to_c(arena, s), s.len};
}

Str str_lower(Arena *arena, Str s) {
  char *copy = str_to_c(arena, s);
  for (size_t i = 0; i < s.len; i++) copy[i] = lower(copy[i]);
  return (Str){copy, s.len};
}

Str str_vformat(Arena *arena, const char *format, va_list args) {
  ASSERT(format);
  va_list again;
  va_copy(again, args);
  char small[256]; /* most texts fit, and are formatted once */
  int len = vsnprintf(small, sizeof small, format, args);
  ASSERT(len >= 0); /* formats are literals */
  char *text = arena_alloc(arena, (size_t)len + 1);
  if ((size_t)len < sizeof small)
    memcpy(text, small, (size_t)len + 1);
  else
    vsnprintf(text, (size_t)len + 1, format, again);
  va_end(again);
  return (Str){text, (size_t)len};
}

Str str_format(Arena *arena, const char *format, ...) {
  va_list args;
  va_start(args, format);
  Str text = str_vformat(arena, format, args);
  va_end(args);
  return text;
}

static char *append(char *at, Str s) {
  return s.len ? (char *)memcpy(at, s.ptr, s.len) + s.len : at;
}

Str str_join(Arena *arena, const Str *parts, size_t count, Str between) {
  size_t bytes = 0;
  for (size_t i = 0; i < count; i++) bytes += parts[i].len + (i ? between.len : 0);
  char *text = arena_alloc(arena, bytes + 1);
  char *at = text;
  for (size_t i = 0; i < count; i++) at = append(i ? append(at, between) : at, parts[i]);
  *at = '\0';
  return (Str){text, bytes};
}

bool str_equal_secret(Str a, Str b) {
  return a.len == b.len && (a.len == 0 || sodium_memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Linear over the input. Inside script and style everything is dropped; entities that people use are decoded, others
 * stay. */
#include <string.h>

#include "lang/cel/html.h"

static const char *const BREAKS[] = {"br", "p",  "div", "li", "tr",    "h1", "h2",
                                     "h3", "h4", "h5",  "h6", "table", "ul", "ol"};

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Name of the tag that opens at `at` ("<p", "</p"); empty when '<' is just a character. */
static Str tag_name(Str s, size_t at) {
  size_t from = at + 1;
  if (from < s.len && s.ptr[from] == '/') from++;
  size_t to = from;
  while (to < s.len && is_letter(s.ptr[to])) to++;
  return str_slice(s, from, to);
}

static size_t find_nocase(Str s, Str needle, size_t from) {
  for (size_t i = from; i + needle.len <= s.len; i++)
    if (str_equal_nocase(str_slice(s, i, i + needle.len), needle)) return i;
  return s.len;
}

/* Where reading goes on behind the tag at `at`. */
static size_t skip_tag(Str s, size_t at, Str name) {
  if (str_equal_nocase(name, S("script")))
    at = find_nocase(s, S("</script"), at + 1);
  else if (str_equal_nocase(name, S("style")))
    at = find_nocase(s, S("</style"), at + 1);
  size_t close = str_find_char(s, '>', MIN(at, s.len));
  return close == SIZE_MAX ? s.len : close + 1;
}

static size_t put_entity(Buf *buf, Str s, size_t at) {
  static const struct {
    const char *name, *text;
  } NAMED[] = {{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}, {"&nbsp;", " "}};
  Str rest = str_slice(s, at, MIN(at + 12, s.len));
  for (size_t i = 0; i < COUNT(NAMED); i++)
    if (str_starts_with(rest, str_from_c(NAMED[i].name))) {
      buf_puts(buf, NAMED[i].text);
      return at + strlen(NAMED[i].name);
    }
  size_t end = str_find_char(rest, ';', 0);
  u64 code = 0;
  bool numeric =
      rest.len > 3 && rest.ptr[1] == '#' && end != SIZE_MAX && str_to_u64(str_slice(rest, 2, end), 0x10FFFF, &code);
  if (!numeric || code == 0 || (code >= 0xD800 && code <= 0xDFFF)) {
    buf_putc(buf, '&');
    return at + 1;
  }
  char text[4];
  buf_put(buf, (Str){text, utf8_encode((u32)code, text)});
  return at + end + 1;
}

static void put_break(Buf *buf, Str name) {
  for (size_t i = 0; i < COUNT(BREAKS); i++)
    if (str_equal_nocase(name, str_from_c(BREAKS[i])) && buf->len && buf->ptr[buf->len - 1] != '\n')
      buf_putc(buf, '\n');
}

Str html_to_text(Arena *arena, Str html) {
  Buf buf = buf_new(arena, html.len + 1);
  for (size_t at = 0; at < html.len;) {
    char c = html.ptr[at];
    bool comment = c == '<' && str_starts_with(str_slice(html, at, html.len), S("<!--"));
    if (comment) {
      size_t end = str_find(html, S("-->"), at);
      at = end == SIZE_MAX ? html.len : end + 3;
      continue;
    }
    Str name = c == '<' ? tag_name(html, at) : STR_NONE;
    if (name.len) {
      put_break(&buf, name);
      at = skip_tag(html, at, name);
    } else if (c == '&') {
      at = put_entity(&buf, html, at);
    } else {
      buf_putc(&buf, c);
      at++;
    }
  }
  return buf.len ? str_trim(buf_str(&buf)) : S("");
}

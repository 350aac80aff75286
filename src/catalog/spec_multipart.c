/* multipart/form-data (RFC 7578), as some senders and `curl -F` post it: each part's name and its text. Bytes of
 * strangers: nothing is trusted but what is found; a part that is not understood is left out. Linear in the body. */
#include "catalog/internal.h"

enum { BOUNDARY_BYTES_MAX = 70, HEAD_BYTES_MAX = 4096 };

/* The value of a parameter of a header: name="..", or name=.. up to a ; or white space. */
static bool parameter(Str header, Str name, Str *out) {
  for (Str rest = header, part = STR_NONE; rest.len;) {
    (void)str_cut(rest, ';', &part, &rest);
    Str key = STR_NONE, value = STR_NONE;
    if (!str_cut(str_trim(part), '=', &key, &value) || !str_equal_nocase(str_trim(key), name)) continue;
    value = str_trim(value);
    bool quoted = value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"';
    *out = quoted ? str_slice(value, 1, value.len - 1) : value;
    return out->len > 0;
  }
  return false;
}

bool multipart_boundary(Str content_type, Str *out) {
  Str kind = STR_NONE, rest = STR_NONE;
  (void)str_cut(content_type, ';', &kind, &rest);
  return str_equal_nocase(str_trim(kind), S("multipart/form-data")) && parameter(rest, S("boundary"), out) &&
         out->len <= BOUNDARY_BYTES_MAX;
}

/* Where the head of a part ends, and where its text begins; bare line feeds are understood, too. */
static bool split_part(Str part, Str *out_head, Str *out_text) {
  Str head = str_slice(part, 0, MIN(part.len, (size_t)HEAD_BYTES_MAX));
  size_t at = str_find(head, S("\r\n\r\n"), 0), gap = 4;
  if (at == SIZE_MAX) {
    at = str_find(head, S("\n\n"), 0);
    gap = 2;
  }
  if (at == SIZE_MAX) return false;
  *out_head = str_slice(part, 0, at);
  *out_text = str_slice(part, at + gap, part.len);
  return true;
}

static bool part_name(Str head, Str *out) {
  for (Str line = STR_NONE; head.len;) {
    Str name = STR_NONE, value = STR_NONE;
    (void)str_cut(head, '\n', &line, &head);
    if (str_cut(line, ':', &name, &value) && str_equal_nocase(str_trim(name), S("Content-Disposition")))
      return parameter(str_trim(value), S("name"), out);
  }
  return false;
}

static Str without_line_end(Str text) {
  if (str_ends_with(text, S("\n"))) text = str_slice(text, 0, text.len - 1);
  return str_ends_with(text, S("\r")) ? str_slice(text, 0, text.len - 1) : text;
}

Value spec_multipart(Arena *arena, Str body, Str boundary) {
  MapBuilder map = map_builder(arena);
  Str mark = str_format(arena, "--%.*s", STR_ARG(boundary));
  size_t at = str_find(body, mark, 0);
  for (size_t fields = 0; at != SIZE_MAX && fields < SPEC_FORM_FIELDS_MAX; fields++) {
    size_t from = at + mark.len, next = str_find(body, mark, from);
    Str part = str_slice(body, from, next == SIZE_MAX ? body.len : next), head = STR_NONE, text = STR_NONE, name;
    if (str_starts_with(part, S("--"))) break; /* the last mark */
    if (next != SIZE_MAX && split_part(part, &head, &text) && part_name(head, &name))
      (void)map_put(&map, utf8_clean(arena, name), value_string(utf8_clean(arena, without_line_end(text))));
    at = next;
  }
  return map_done(&map);
}

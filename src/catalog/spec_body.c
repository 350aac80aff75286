/* The raw request as values: body (JSON, a form, or the parts of one), headers, query. Bytes of strangers: whatever is
 * not UTF-8 becomes U+FFFD here, so that nothing behind needs to ask. */
#include "catalog/internal.h"
#include "lang/json.h"

static i32 hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* "a%20b+c" as "a b c"; a % that starts no escape stays. */
static Str form_decode(Arena *arena, Str s) {
  char *out = arena_alloc(arena, s.len + 1);
  size_t len = 0;
  for (size_t i = 0; i < s.len; i++) {
    char c = s.ptr[i];
    if (c == '%' && i + 2 < s.len && hex_digit(s.ptr[i + 1]) >= 0 && hex_digit(s.ptr[i + 2]) >= 0) {
      out[len++] = (char)(hex_digit(s.ptr[i + 1]) * 16 + hex_digit(s.ptr[i + 2]));
      i += 2;
    } else {
      out[len++] = c == '+' ? ' ' : c;
    }
  }
  return utf8_clean(arena, (Str){out, len});
}

/* A name that comes more than once keeps its last value. */
Value spec_form(Arena *arena, Str text) {
  MapBuilder map = map_builder(arena);
  bool more = text.len > 0;
  for (size_t fields = 0; more && fields < SPEC_FORM_FIELDS_MAX; fields++) {
    Str pair, name, value;
    more = str_cut(text, '&', &pair, &text);
    if (!str_cut(pair, '=', &name, &value)) {
      name = pair;
      value = S("");
    }
    if (name.len) (void)map_put(&map, form_decode(arena, name), value_string(form_decode(arena, value)));
  }
  return map_done(&map);
}

Value spec_query(Arena *arena, Str query) {
  return spec_form(arena, query.len && query.ptr[0] == '?' ? str_slice(query, 1, query.len) : query);
}

Str spec_header(const RawRequest *request, Str name) {
  for (size_t i = 0; i < request->header_count; i++)
    if (str_equal_nocase(request->header_names[i], name)) return str_trim(request->header_values[i]);
  return STR_NONE;
}

Value spec_headers(Arena *arena, const RawRequest *request) {
  MapBuilder map = map_builder(arena);
  for (size_t i = 0; i < request->header_count; i++) {
    Str name = utf8_clean(arena, str_lower(arena, request->header_names[i]));
    (void)map_put(&map, name, value_string(utf8_clean(arena, request->header_values[i])));
  }
  return map_done(&map);
}

static Str type_of(const RawRequest *request) {
  return request->content_type.len ? request->content_type : spec_header(request, S("content-type"));
}

static bool says_form(const RawRequest *request) {
  Str type = type_of(request);
  Str plain, rest;
  (void)str_cut(type, ';', &plain, &rest);
  return str_equal_nocase(str_trim(plain), S("application/x-www-form-urlencoded"));
}

static Str without_mark(Str body) {
  return str_starts_with(body, S("\xEF\xBB\xBF")) ? str_slice(body, 3, body.len) : body;
}

static bool read_json(Arena *arena, Str text, Value *out, Duplicates *twice, Error *err) {
  JsonOptions options = {.lenient_text = true, .duplicates = twice};
  if (str_is_blank(text)) return fail(err, ERR_INVALID, "the body is empty; JSON was expected");
  return json_parse(arena, text, &options, out, err) || error_prefix(err, "the body is not JSON: ");
}

bool spec_read_body(const Spec *spec, Arena *arena, const RawRequest *request, Value *out, Duplicates *twice,
                    Error *err) {
  Str body = without_mark(request->body);
  /* curl -d says "form" of everything: a body that begins like JSON is JSON */
  Str start = str_trim(body);
  bool braces = start.len > 0 && (start.ptr[0] == '{' || start.ptr[0] == '[');
  Str boundary = STR_NONE;
  bool parts = spec->body != BODY_JSON && multipart_boundary(type_of(request), &boundary);
  bool form = spec->body == BODY_FORM || (spec->body == BODY_JSON_OR_FORM && says_form(request));
  if (!parts && (!form || (braces && spec->body != BODY_FORM))) return read_json(arena, body, out, twice, err);
  Value fields = parts ? spec_multipart(arena, body, boundary) : spec_form(arena, body);
  const Value *inner = spec->form_field.len ? value_get(&fields, spec->form_field) : NULL;
  if (inner) return read_json(arena, value_text(inner), out, twice, err);
  if (fields.size == 0) return fail(err, ERR_INVALID, "the body is not a form: no field was found");
  *out = fields;
  return true;
}

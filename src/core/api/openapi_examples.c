/* An example of every body and every answer, made from its schema: what the tables say by way of example, and for the
 * rest something that fits. Bodies show what must be there and what has an example; answers show all. */
#include "core/api/openapi.h"

enum { DEPTH_MAX = 12 };

typedef struct Making {
  Doc *doc;
  bool all; /* every member: an answer */
} Making;

static Value make(const Making *m, const Value *schema, Str name, int depth);

static bool is_type(const Value *schema, const char *name) {
  const Value *type = value_get_c(schema, "type");
  Str first = value_is(type, VALUE_LIST) && type->size ? value_text_or(value_at(type, 0), STR_NONE)
                                                       : value_text_or(type, STR_NONE);
  return str_equal_c(first, name);
}

static const Value *component(const Making *m, Str ref) {
  const MapBuilder *all = &m->doc->schemas.components;
  Str name = str_slice(ref, MIN(ref.len, sizeof "#/components/schemas/" - 1), ref.len);
  for (size_t i = 0; i < all->count; i++)
    if (str_equal(value_text(&all->members[i].key), name)) return &all->members[i].value;
  return NULL;
}

/* "^usr_[0-9...]{13}$" */
static Value make_text(const Making *m, const Value *schema, Str name) {
  static const struct {
    const char *format, *text;
  } FORMATS[] = {{"date-time", "2026-01-05T09:00:00Z"},
                 {"local-date-time", "2026-01-05T09:00:00"},
                 {"email", "ann@example.com"},
                 {"cel", "true"},
                 {"time-zone", "Europe/Berlin"}};
  Str format = value_text_or(value_get_c(schema, "format"), STR_NONE), prefix, rest;
  Str pattern = value_text_or(value_get_c(schema, "pattern"), STR_NONE);
  i64 max = value_int_or(value_get_c(schema, "maxLength"), 100),
      min = value_int_or(value_get_c(schema, "minLength"), 0);
  for (size_t i = 0; i < COUNT(FORMATS); i++)
    if (str_equal_c(format, FORMATS[i].format)) return value_c(FORMATS[i].text);
  if (str_starts_with(pattern, S("^")) && str_cut(str_slice(pattern, 1, pattern.len), '_', &prefix, &rest))
    return value_string(str_format(m->doc->arena, "%.*s_01H8XGJWBWBAQ", STR_ARG(prefix)));
  Str text = name.len ? name : S("text");
  while ((i64)text.len < min) text = str_format(m->doc->arena, "%.*s-%.*s", STR_ARG(text), STR_ARG(text));
  return value_string(utf8_cut(text, (size_t)MIN(max, (i64)100)));
}

static bool is_required(const Value *schema, Str name) {
  const Value *list = value_get_c(schema, "required");
  for (u32 i = 0; value_is(list, VALUE_LIST) && i < list->size; i++)
    if (str_equal(value_text(value_at(list, i)), name)) return true;
  return false;
}

static Value make_object(const Making *m, const Value *schema, int depth) {
  MapBuilder map = map_builder(m->doc->arena);
  const Value *properties = value_get_c(schema, "properties");
  for (u32 i = 0; value_is(properties, VALUE_MAP) && i < properties->size; i++) {
    Str name = value_text(&properties->members[i].key);
    const Value *of = &properties->members[i].value;
    if (m->all || is_required(schema, name) || value_get_c(of, "examples"))
      map_put(&map, name, make(m, of, name, depth));
  }
  return map_done(&map);
}

static Value make_list(const Making *m, const Value *schema, int depth) {
  const Value *items = value_get_c(schema, "items");
  if (!items || depth >= DEPTH_MAX) return (Value){.kind = VALUE_LIST};
  Value one = make(m, items, STR_NONE, depth);
  return list_of(m->doc->arena, &one, 1);
}

/* The first of several forms, but not "null". */
static const Value *first_form(const Value *schema) {
  static const char *const WAYS[] = {"anyOf", "oneOf", "allOf"};
  for (size_t w = 0; w < COUNT(WAYS); w++) {
    const Value *list = value_get_c(schema, WAYS[w]);
    for (u32 i = 0; value_is(list, VALUE_LIST) && i < list->size; i++)
      if (!is_type(value_at(list, i), "null")) return value_at(list, i);
  }
  return NULL;
}

static Value make(const Making *m, const Value *schema, Str name, int depth) {
  const Value *given = value_get_c(schema, "examples"), *values = value_get_c(schema, "enum");
  const Value *constant = value_get_c(schema, "const"), *form = first_form(schema);
  Str ref = value_text_or(value_get_c(schema, "$ref"), STR_NONE);
  const Value *target = ref.len ? component(m, ref) : NULL;
  if (depth > DEPTH_MAX) return value_null();
  if (value_is(given, VALUE_LIST) && given->size && !m->all) return *value_at(given, 0);
  if (value_is(given, VALUE_LIST) && given->size && !is_type(schema, "object") && !is_type(schema, "array") && !form)
    return *value_at(given, 0);
  if (constant) return *constant;
  if (value_is(values, VALUE_LIST) && values->size) return *value_at(values, 0);
  if (target) return make(m, target, name, depth + 1);
  if (form && !value_get_c(schema, "properties")) return make(m, form, name, depth + 1);
  if (is_type(schema, "object")) return make_object(m, schema, depth + 1);
  if (is_type(schema, "array")) return make_list(m, schema, depth + 1);
  if (is_type(schema, "string")) return make_text(m, schema, name);
  if (is_type(schema, "boolean")) return value_bool(false);
  if (is_type(schema, "integer") || is_type(schema, "number"))
    return value_int(MAX(value_int_or(value_get_c(schema, "minimum"), 0), (i64)(m->all ? 1 : 0)));
  return value_null();
}

Value openapi_with_example(Doc *d, Value content, bool answer) {
  Making m = {.doc = d, .all = answer};
  MapBuilder types = map_builder(d->arena);
  for (u32 i = 0; i < content.size; i++) {
    const Value *type = &content.members[i].value, *schema = value_get_c(type, "schema");
    MapBuilder map = map_builder(d->arena);
    map_put_c(&map, "schema", *schema);
    map_put_c(&map, "example", make(&m, schema, STR_NONE, 0));
    map_put(&types, value_text(&content.members[i].key), map_done(&map));
  }
  return map_done(&types);
}

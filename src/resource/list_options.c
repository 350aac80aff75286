/* The options of a list as they stand in an address: limit, cursor, sort, ... and fields, which one row takes too. */
#include "resource/internal.h"

enum { QUERY_NAMES_MAX = 64 };

/* Reading --------------------------------------------------------------------------------------------------------- */

typedef struct Gather {
  VEC(Str) values;
} Gather;

static bool read_option(Str name, Str value, ListQuery *out, bool *out_known, Error *err) {
  *out_known = true;
  bool time = str_equal_c(name, "since") || str_equal_c(name, "until");
  if (time && value.len == 0)
    return fail(err, ERR_INVALID, "%.*s must be a time such as 2026-01-05T09:00:00Z, not empty", STR_ARG(name));
  if (str_equal_c(name, "limit"))
    return str_to_i64(value, 1, LIST_LIMIT_MAX, &out->limit) ||
           fail(err, ERR_INVALID, "limit must be a number from 1 to %d, not \"%.*s\"", LIST_LIMIT_MAX,
                STR_ARG(utf8_cut(value, 40)));
  if (str_equal_c(name, "cursor"))
    out->cursor = value;
  else if (str_equal_c(name, "sort") && value.len == 0)
    return fail(err, ERR_INVALID, "sort is empty; name a field, or leave it out");
  else if (str_equal_c(name, "sort"))
    out->sort = value;
  else if (str_equal_c(name, "filter"))
    out->filter = value;
  else if (str_equal_c(name, "fields"))
    out->fields = value;
  else if (str_equal_c(name, "since"))
    out->since = value;
  else if (str_equal_c(name, "until"))
    out->until = value;
  else if (str_equal_c(name, "total") && (str_equal_c(value, "true") || str_equal_c(value, "false")))
    out->total = str_equal_c(value, "true");
  else if (str_equal_c(name, "total"))
    return fail(err, ERR_INVALID, "total must be true or false, not \"%.*s\"", STR_ARG(utf8_cut(value, 40)));
  else
    *out_known = false;
  return true;
}

bool resource_query_read(Arena *arena, const Str *names, const Str *values, size_t count, ListQuery *out, Error *err) {
  ListQuery query = {0};
  Map *filters = map_new(arena);
  for (size_t i = 0; i < count; i++) {
    bool known = false;
    if (!read_option(names[i], values[i], &query, &known, err)) return false;
    for (size_t k = 0; known && k < i; k++)
      if (str_equal(names[k], names[i]))
        return fail(err, ERR_INVALID, "parameter %.*s is given twice", STR_ARG(names[i]));
    if (known) continue;
    Gather **slot = (Gather **)map_slot(filters, names[i]);
    if (!*slot) *slot = ARENA_NEW(arena, Gather);
    *VEC_PUSH(arena, &(*slot)->values) = values[i];
  }
  if (map_count(filters) > QUERY_NAMES_MAX) return fail(err, ERR_INVALID, "more than %d filters", QUERY_NAMES_MAX);
  ListFilter *list = ARENA_ARRAY(arena, ListFilter, map_count(filters));
  for (size_t i = 0; i < map_count(filters); i++) {
    const Gather *gather = map_at(filters, i)->value;
    list[i] = (ListFilter){map_at(filters, i)->key, gather->values.items, gather->values.count};
  }
  query.filters = list;
  query.filter_count = map_count(filters);
  *out = query;
  return true;
}

/* fields=a,b ------------------------------------------------------------------------------------------------------ */

static bool known_member(const Resource *r, Str name) {
  static const char *const COMMON[] = {"id", "slug", "number", "created_at", "updated_at", "version"};
  const Field *f = resource_field(r, name);
  for (size_t i = 0; i < COUNT(COMMON); i++)
    if (str_equal_c(name, COMMON[i])) return true;
  return f && !f->hidden && !f->write_only;
}

bool resource_fields_check(Arena *arena, const Resource *r, Str fields, Error *err) {
  const char *names[COLUMNS_MAX];
  Str rest = fields, name;
  size_t count = 0;
  for (size_t i = 0; i < r->field_count; i++)
    if (!r->fields[i].hidden && !r->fields[i].write_only) names[count++] = r->fields[i].name;
  while (rest.len) {
    (void)str_cut(rest, ',', &name, &rest);
    if (!known_member(r, name))
      return fail(err, ERR_INVALID, "fields: %s have no \"%.*s\"%.*s", r->plural, STR_ARG(utf8_cut(name, 60)),
                  STR_ARG(resource_suggest(arena, name, names, count)));
  }
  return true;
}

static bool chosen(Str fields, Str member) {
  Str rest = fields, name;
  if (str_equal_c(member, "id")) return true;
  while (rest.len) {
    (void)str_cut(rest, ',', &name, &rest);
    if (str_equal(name, member)) return true;
  }
  return false;
}

Value resource_fields_only(Arena *arena, Str fields, Value row) {
  MapBuilder map = map_builder(arena);
  if (fields.len == 0) return row;
  for (u32 i = 0; i < row.size; i++)
    if (chosen(fields, value_text(&row.members[i].key)))
      map_put(&map, value_text(&row.members[i].key), row.members[i].value);
  return map_done(&map);
}

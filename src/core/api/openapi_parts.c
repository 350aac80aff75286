/* Parts of an operation in the OpenAPI document: what it takes in path, query and headers, and what it answers. */
#include "core/api/bulk.h"
#include "core/api/openapi.h"

/* Small pieces ---------------------------------------------------------------------------------------------------- */

Value openapi_one(Arena *arena, const char *name, Value value) {
  MapBuilder map = map_builder(arena);
  map_put_c(&map, name, value);
  return map_done(&map);
}

Value openapi_content(Arena *arena, const char *type, Value schema) {
  return openapi_one(arena, type, openapi_one(arena, "schema", schema));
}

static Value parameter(Doc *d, const char *place, Str name, Str words, Value schema, bool required) {
  MapBuilder map = map_builder(d->arena);
  map_put_c(&map, "name", value_string(name));
  map_put_c(&map, "in", value_c(place));
  map_put_c(&map, "description", value_string(words));
  if (required) map_put_c(&map, "required", value_bool(true));
  map_put_c(&map, "schema", schema);
  return map_done(&map);
}

static Value typed(Arena *arena, const char *type) {
  return openapi_one(arena, "type", value_c(type));
}

static void add(Doc *d, ValueVec *list, Value value) {
  *VEC_PUSH(d->arena, list) = value;
}

/* Parameters ------------------------------------------------------------------------------------------------------ */

static Value id_parameter(Doc *d, const Resource *r, Str name) {
  MapBuilder schema = map_builder(d->arena);
  map_put_c(&schema, "type", value_c("string"));
  map_put_c(&schema, "minLength", value_int(1));
  if (r) map_put_c(&schema, "x-resource", value_c(r->plural));
  Str words = !r ? S("The id.")
                 : str_format(d->arena, "Of the %s: its id%s%s%s.", r->name, r->has_slug ? ", slug" : "",
                              r->number ? ", number" : "", r->lookup ? " or e-mail" : "");
  return parameter(d, "path", name, words, map_done(&schema), true);
}

static void path_parameters(Doc *d, const Operation *op, const Resource *r, ValueVec *out) {
  Str rest = op->path, part;
  bool more = true;
  while (more) {
    more = str_cut(rest, '/', &part, &rest);
    if (part.len < 3 || part.ptr[0] != '{') continue;
    Str name = str_slice(part, 1, part.len - 1);
    add(d, out, id_parameter(d, str_equal_c(name, "id") ? r : NULL, name));
  }
}

static Value sort_schema(Doc *d, const Resource *r) {
  ValueVec values = {0};
  MapBuilder items = map_builder(d->arena);
  add(d, &values, value_c("id"));
  add(d, &values, value_c("-id"));
  for (const SortField *s = r->sorts; s && s->name; s++) {
    add(d, &values, value_c(s->name));
    add(d, &values, value_string(str_format(d->arena, "-%s", s->name)));
  }
  map_put_c(&items, "type", value_c("string"));
  map_put_c(&items, "enum", list_done(&values));
  return map_done(&items);
}

static Value time_schema(Doc *d) {
  static const Field TIME = {.kind = F_TIME, .required = true};
  return schema_of_field(&d->schemas, &TIME, SCHEMA_CREATE, STR_NONE);
}

/* ?field=a&field=b: any of them. */
static Value filter_schema(Doc *d, const Field *f) {
  MapBuilder array = map_builder(d->arena);
  Field item = *f;
  item.required = true;
  item.read_only = item.write_only = false;
  item.doc = item.example = item.def = NULL;
  if (item.kind == F_TEXT) item.max = 0;
  Value schema = schema_of_field(&d->schemas, &item, SCHEMA_CREATE, STR_NONE);
  Value either[] = {schema, openapi_one(d->arena, "const", value_c("null"))};
  map_put_c(&array, "type", value_c("array"));
  map_put_c(&array, "items", f->required ? schema : openapi_one(d->arena, "anyOf", list_of(d->arena, either, 2)));
  map_put_c(&array, "maxItems", value_int(30));
  return map_done(&array);
}

static void filter_parameters(Doc *d, const Resource *r, ValueVec *out) {
  for (size_t i = 0; i < r->field_count; i++) {
    const Field *f = &r->fields[i];
    if (!f->filter) continue;
    Str words = str_format(d->arena, "Only with this %s; repeated: any of them%s.", f->name,
                           f->required ? "" : "; null: without one");
    add(d, out, parameter(d, "query", str_from_c(f->name), words, filter_schema(d, f), false));
  }
}

static Value limit_schema(Doc *d) {
  static const Field LIMIT = {.kind = F_INT, .required = true, .min = 1, .max = LIST_LIMIT_MAX};
  return schema_of_field(&d->schemas, &LIMIT, SCHEMA_CREATE, STR_NONE);
}

static Value filter_text(Doc *d) {
  MapBuilder map = map_builder(d->arena);
  map_put_c(&map, "type", value_c("string"));
  map_put_c(&map, "format", value_c("cel"));
  return map_done(&map);
}

static void fields_parameter(Doc *d, ValueVec *out) {
  add(d, out,
      parameter(d, "query", S("fields"), S("Only these members, with commas between; the id is always there."),
                typed(d->arena, "string"), false));
}

static void list_parameters(Doc *d, const Resource *r, ValueVec *out) {
  const char *time = r->time_column ? r->time_column : r->bare ? "the time of its id" : "created_at";
  add(d, out, parameter(d, "query", S("limit"), S("So many at most; 50 when not given."), limit_schema(d), false));
  add(d, out,
      parameter(d, "query", S("cursor"), S("next_cursor of the page before."), typed(d->arena, "string"), false));
  add(d, out,
      parameter(d, "query", S("sort"),
                str_format(d->arena, "Order; - in front: downwards. %s when not given.",
                           r->default_sort ? r->default_sort : "id"),
                sort_schema(d, r), false));
  add(d, out,
      parameter(d, "query", S("since"), str_format(d->arena, "Only from then on (%s), inclusive.", time),
                time_schema(d), false));
  add(d, out,
      parameter(d, "query", S("until"), str_format(d->arena, "Only before then (%s), exclusive.", time), time_schema(d),
                false));
  add(d, out,
      parameter(d, "query", S("filter"),
                S("A CEL expression over the fields, such as severity < 2 && title.contains(\"disk\")."),
                filter_text(d), false));
  fields_parameter(d, out);
  add(d, out, parameter(d, "query", S("total"), S("Count too, up to 10,000."), typed(d->arena, "boolean"), false));
  filter_parameters(d, r, out);
}

/* A parameter is absent, never null. */
static Value without_null(const Value *schema) {
  const Value *either = value_get_c(schema, "anyOf"), *type = value_get_c(schema, "type");
  return either && !type ? *value_at(either, 0) : *schema;
}

static Value parameter_schema(Doc *d, const Field *f) {
  Value schema = schema_of_field(&d->schemas, f, SCHEMA_CREATE, STR_NONE);
  MapBuilder out = map_builder(d->arena);
  schema = without_null(&schema);
  for (u32 i = 0; i < schema.size; i++) {
    Str name = value_text(&schema.members[i].key);
    const Value *value = &schema.members[i].value;
    if (str_equal_c(name, "description")) continue;
    bool types = str_equal_c(name, "type") && value->kind == VALUE_LIST;
    map_put(&out, name, types ? value->items[0] : *value);
  }
  return map_done(&out);
}

static void table_parameters(Doc *d, const Route *route, ValueVec *out) {
  for (size_t i = 0; i < route->query_count; i++) {
    const Field *f = &route->query[i];
    add(d, out, parameter(d, "query", str_from_c(f->name), str_from_c(f->doc), parameter_schema(d, f), f->required));
  }
}

static void write_parameters(Doc *d, const Operation *op, ValueVec *out) {
  static const Field KEY = {.kind = F_TEXT, .max = 255};
  bool versioned = op->verb == VERB_UPDATE || op->verb == VERB_DELETE;
  bool reads = op->method == HTTP_GET || (op->route && op->route->read);
  if (reads || op->permission.len == 0) return;
  add(d, out,
      parameter(d, "header", S("Idempotency-Key"),
                S("The same key within 24 hours gives the first answer again, and nothing is written."),
                parameter_schema(d, &KEY), false));
  if (op->resource && op->resource->configured)
    add(d, out,
        parameter(d, "query", S("dry_run"), S("true: checks all, answers as if it were written, and keeps nothing."),
                  typed(d->arena, "boolean"), false));
  if (versioned)
    add(d, out,
        parameter(d, "header", S("If-Match"), S("The version that is to be changed (ETag); another one is 412."),
                  typed(d->arena, "string"), false));
}

/* Answers --------------------------------------------------------------------------------------------------------- */

static Str list_name(Doc *d, const Resource *r) {
  return str_format(d->arena, "%.*sList", STR_ARG(schema_name(d->arena, r, SCHEMA_READ)));
}

static Value answer_schema(Doc *d, const Operation *op) {
  const Route *route = op->route;
  if (op->resource)
    return schema_ref(d->arena, op->verb == VERB_LIST ? list_name(d, op->resource)
                                                      : schema_name(d->arena, op->resource, SCHEMA_READ));
  if (route->answers)
    return schema_ref(d->arena,
                      schema_name(d->arena, registry_find(d->registry, str_from_c(route->answers)), SCHEMA_READ));
  if (route->answers_list)
    return schema_ref(d->arena, list_name(d, registry_find(d->registry, str_from_c(route->answers_list))));
  if (!route->answer) return typed(d->arena, "object");
  Str name = str_format(d->arena, "%.*sAnswer", STR_ARG(schema_pascal(d->arena, op->id)));
  schema_add(&d->schemas, name, schema_of_fields(&d->schemas, route->answer, route->answer_count, SCHEMA_READ, name));
  return schema_ref(d->arena, name);
}

/* Of a verb on more rows than are done at once. */
static void later_answer(Doc *d, MapBuilder *out) {
  MapBuilder map = map_builder(d->arena);
  const Resource *job = registry_find(d->registry, S("job"));
  map_put_c(&map, "description",
            value_string(str_format(d->arena, "More than %d rows: a job that works some at a time.", BULK_NOW_MAX)));
  map_put_c(&map, "content",
            openapi_with_example(d,
                                 openapi_content(d->arena, "application/json",
                                                 schema_ref(d->arena, schema_name(d->arena, job, SCHEMA_READ))),
                                 true));
  map_put_c(out, "202", map_done(&map));
}

static void good_answer(Doc *d, const Operation *op, MapBuilder *out) {
  MapBuilder map = map_builder(d->arena);
  const Route *route = op->route;
  if (op->verb == VERB_DELETE || (route && route->answers_nothing)) {
    map_put_c(&map, "description", value_c(route ? "Done." : "Deleted."));
    map_put_c(out, "204", map_done(&map));
    return;
  }
  bool made = op->verb == VERB_CREATE || (route && route->creates);
  map_put_c(&map, "description", value_c(made ? "Made." : "Done."));
  if (op->resource && op->verb != VERB_LIST && !op->resource->bare) {
    MapBuilder etag = map_builder(d->arena);
    map_put_c(&etag, "description", value_c("The version, for If-Match."));
    map_put_c(&etag, "schema", typed(d->arena, "string"));
    map_put_c(&map, "headers", openapi_one(d->arena, "ETag", map_done(&etag)));
  }
  if (route && route->answers_text)
    map_put_c(&map, "content", openapi_content(d->arena, route->answers_text, typed(d->arena, "string")));
  else
    map_put_c(&map, "content",
              openapi_with_example(d, openapi_content(d->arena, "application/json", answer_schema(d, op)), true));
  map_put_c(out, made ? "201" : "200", map_done(&map));
  if (route && route->bulk) later_answer(d, out);
}

Value openapi_parameters(Doc *d, const Operation *op, const Resource *of) {
  ValueVec parameters = {0};
  path_parameters(d, op, of, &parameters);
  const char *listed = op->route ? op->route->answers_list : NULL;
  if (op->verb == VERB_LIST || listed)
    list_parameters(d, listed ? registry_find(d->registry, str_from_c(listed)) : op->resource, &parameters);
  else if (op->route)
    table_parameters(d, op->route, &parameters);
  else if (op->resource && op->verb == VERB_READ)
    fields_parameter(d, &parameters);
  write_parameters(d, op, &parameters);
  return list_done(&parameters);
}

Value openapi_answers(Doc *d, const Operation *op) {
  MapBuilder answers = map_builder(d->arena);
  good_answer(d, op, &answers);
  openapi_problem_answers(d, op, &answers);
  return map_done(&answers);
}

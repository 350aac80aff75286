/* Forms: one walk down the field tables for each direction. Depth is bounded by the tables. */
#include <string.h>

#include "cli/stock.h"
#include "lang/json.h"
#include "lang/time.h"

bool form_holds(const Field *field) {
  return !field->read_only && !field->computed && !field->hidden && !field->write_only &&
         strcmp(field->name, "managed_by") != 0;
}

/* What a member holds when a file leaves it out. */
static Value default_of(Arena *arena, const Field *field) {
  Value value = value_null();
  Error ignored = {0};
  if (!field->def) return (field->kind == F_LIST) ? (Value){.kind = VALUE_LIST} : value_null();
  bool json = field->kind == F_INT || field->kind == F_BOOL || field->kind == F_LIST || field->kind == F_OBJECT ||
              field->kind == F_JSON || field->kind == F_LABELS || field->kind == F_UNION;
  if (json && json_parse(arena, str_from_c(field->def), NULL, &value, &ignored)) return value;
  return value_c(field->def);
}

static bool is_empty(const Value *value) {
  return value->kind == VALUE_NULL || ((value->kind == VALUE_LIST || value->kind == VALUE_MAP) && value->size == 0);
}

static bool is_default(Stock *stock, const Field *field, const Value *plain) {
  Value def = default_of(stock->arena, field);
  def = form_plain(stock, field, &def, false);
  return value_equal(plain, &def) || (is_empty(plain) && is_empty(&def));
}

/* The fields of a map, and the tag of a union: which variant it is. */
typedef struct Shape {
  const Field *fields;
  size_t count;
  const char *tag;
} Shape;

static Shape shape_of(const Field *field, const Value *map) {
  if (field->kind != F_UNION) return (Shape){field->fields, field->field_count, NULL};
  Str chosen = value_text_or(value_get_c(map, field->tag), STR_NONE);
  for (size_t i = 0; i < field->field_count; i++)
    if (str_equal_c(chosen, field->fields[i].name))
      return (Shape){field->fields[i].fields, field->fields[i].field_count, field->tag};
  return (Shape){NULL, 0, field->tag};
}

static const Field *shape_field(const Shape *shape, Str name) {
  for (size_t i = 0; i < shape->count; i++)
    if (str_equal_c(name, shape->fields[i].name)) return &shape->fields[i];
  return NULL;
}

static bool is_list(const Field *field, const Value *value) {
  return field->kind == F_LIST && value->kind == VALUE_LIST;
}
static bool is_map(const Field *field, const Value *value) {
  return (field->kind == F_OBJECT || field->kind == F_UNION) && value->kind == VALUE_MAP;
}
static bool is_ref(const Field *field, const Value *value) {
  return field->kind == F_REF && field->ref && value->kind == VALUE_STRING && kind_by_name(field->ref)->configured;
}

/* Plain --------------------------------------------------------------------------------------------------------------
 */

static Value plain_map(Stock *stock, const Field *field, const Value *map, bool whole) {
  MapBuilder out = map_builder(stock->arena);
  Shape shape = shape_of(field, map);
  if (shape.tag && value_get_c(map, shape.tag)) map_put_c(&out, shape.tag, *value_get_c(map, shape.tag));
  for (size_t i = 0; i < shape.count; i++) {
    const Field *member = &shape.fields[i];
    const Value *value = value_get_c(map, member->name);
    if (!value || member->read_only || (member->immutable && !whole)) continue;
    Value plain = form_plain(stock, member, value, whole);
    if (member->required || !is_default(stock, member, &plain)) map_put_c(&out, member->name, plain);
  }
  for (size_t i = 0; i < map->size; i++) { /* what no table knows stays, for the server to refuse */
    Str name = value_text(&map->members[i].key);
    if (!(shape.tag && str_equal_c(name, shape.tag)) && !shape_field(&shape, name))
      map_put(&out, name, map->members[i].value);
  }
  return map_done(&out);
}

static Value plain_scalar(Stock *stock, const Field *field, const Value *value) {
  Str text = value_text_or(value, STR_NONE);
  i64 ms = 0;
  if (is_ref(field, value)) {
    const Thing *target = stock_find(stock, kind_by_name(field->ref), text);
    return target ? value_string(target->name) : *value;
  }
  if (field->kind == F_EMAIL && text.len) return value_string(str_lower(stock->arena, text));
  if (field->kind == F_TIME && time_parse_ms(text, &ms)) return value_string(time_text_ms(stock->arena, ms));
  return *value;
}

Value form_plain(Stock *stock, const Field *field, const Value *value, bool whole) {
  if (is_map(field, value)) return plain_map(stock, field, value, whole);
  if (!is_list(field, value)) return plain_scalar(stock, field, value);
  ValueVec out = {0};
  for (size_t i = 0; i < value->size; i++)
    *VEC_PUSH(stock->arena, &out) = form_plain(stock, field->of, value_at(value, i), whole);
  return list_done(&out);
}

Value form_member(Stock *stock, const Field *field, const Value *value, bool whole) {
  if (field->kind != F_OBJECT || value->kind != VALUE_MAP) return form_plain(stock, field, value, whole);
  MapBuilder out = map_builder(stock->arena);
  Shape shape = shape_of(field, value);
  for (size_t i = 0; i < value->size; i++) {
    Str name = value_text(&value->members[i].key);
    const Field *member = shape_field(&shape, name);
    const Value *inner = &value->members[i].value;
    map_put(&out, name, member ? form_plain(stock, member, inner, whole) : *inner);
  }
  return map_done(&out);
}

/* Wire ---------------------------------------------------------------------------------------------------------------
 */

Value form_wire(Stock *stock, const Field *field, const Value *value) {
  if (is_ref(field, value)) {
    const Thing *target = stock_find(stock, kind_by_name(field->ref), value_text(value));
    return target && target->id.len ? value_string(target->id) : *value;
  }
  if (is_list(field, value)) {
    ValueVec out = {0};
    for (size_t i = 0; i < value->size; i++)
      *VEC_PUSH(stock->arena, &out) = form_wire(stock, field->of, value_at(value, i));
    return list_done(&out);
  }
  if (!is_map(field, value)) return *value;
  MapBuilder out = map_builder(stock->arena);
  Shape shape = shape_of(field, value);
  for (size_t i = 0; i < value->size; i++) {
    Str name = value_text(&value->members[i].key);
    const Field *member = shape_field(&shape, name);
    map_put(&out, name, member ? form_wire(stock, member, &value->members[i].value) : value->members[i].value);
  }
  return map_done(&out);
}

/* References --------------------------------------------------------------------------------------------------------
 */

void form_refs(Stock *stock, const Field *field, const Value *value, Str pointer, FormRefFn fn, void *ctx) {
  if (is_ref(field, value)) {
    fn(ctx, field, pointer, value_text(value), stock_find(stock, kind_by_name(field->ref), value_text(value)));
  } else if (is_list(field, value)) {
    for (size_t i = 0; i < value->size; i++)
      form_refs(stock, field->of, value_at(value, i), str_format(stock->arena, "%.*s/%zu", STR_ARG(pointer), i), fn,
                ctx);
  } else if (is_map(field, value)) {
    Shape shape = shape_of(field, value);
    for (size_t i = 0; i < value->size; i++) {
      Str name = value_text(&value->members[i].key);
      const Field *member = shape_field(&shape, name);
      Str below = str_format(stock->arena, "%.*s/%.*s", STR_ARG(pointer), STR_ARG(name));
      if (member) form_refs(stock, member, &value->members[i].value, below, fn, ctx);
    }
  }
}

/* Rows ----------------------------------------------------------------------------------------------------------------
 */

Value form_of_row(Stock *stock, const Thing *thing, bool brief) {
  const Resource *kind = thing->kind;
  MapBuilder out = map_builder(stock->arena);
  if (kind->has_slug && !kind->is_organization) map_put_c(&out, "slug", value_string(thing->name));
  for (size_t i = 0; i < kind->field_count; i++) {
    const Field *field = &kind->fields[i];
    const Value *value = value_get_c(thing->row, field->name);
    if (!value || !form_holds(field)) continue;
    Value plain = form_plain(stock, field, value, true);
    if (brief && !field->required && is_default(stock, field, &plain)) continue;
    map_put_c(&out, field->name, brief ? plain : form_member(stock, field, value, true));
  }
  return map_done(&out);
}

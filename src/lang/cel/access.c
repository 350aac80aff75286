/* What is inside of values: fields, elements, membership; building lists and maps. The slow halves of the evaluator's
 * instructions. A field of null is missing, not wrong: payloads say null for "nothing". */
#include <math.h>
#include <string.h>

#include "lang/cel/machine.h"

static const Value *field_of(const Value *map, const Value *name) {
  bool indexed = map->flags & VALUE_INDEXED || name->size == 0;
  return indexed ? value_get_key(map, name) : machine_small_field(map, name);
}

static Value no_field(Machine *m, const Value *from, Str name) {
  if (is_fault(from)) return *from;
  if (from->kind == VALUE_NULL) return cel_missing(&m->call, name);
  return cel_fault(&m->call, "a value of type %.*s has no field \"%.*s\"", STR_ARG(cel_type_name(from)), STR_ARG(name));
}

/* What selection on an optional gives: of none, none; else an optional of the field. */
static Value through_optional(Machine *m, const Value *from, const Value *name) {
  if (from->size == 0) return cel_none();
  return machine_opt_select(m, &from->items[0], name);
}

Value machine_select(Machine *m, const Value *from, const Value *name) {
  if (from->kind == VALUE_OPTIONAL) return through_optional(m, from, name);
  if (from->kind != VALUE_MAP) return no_field(m, from, value_text(name));
  const Value *found = field_of(from, name);
  return found ? *found : cel_missing(&m->call, value_text(name));
}

Value machine_opt_select(Machine *m, const Value *from, const Value *name) {
  if (from->kind == VALUE_OPTIONAL) return through_optional(m, from, name);
  if (from->kind != VALUE_MAP) return no_field(m, from, value_text(name));
  const Value *found = field_of(from, name);
  return found ? cel_some(&m->call, *found) : cel_none();
}

Value machine_has(Machine *m, const Value *from, const Value *name) {
  if (from->kind == VALUE_OPTIONAL) return from->size ? machine_has(m, &from->items[0], name) : value_bool(false);
  if (from->kind == VALUE_NULL) return value_bool(false);
  if (from->kind != VALUE_MAP) return no_field(m, from, value_text(name));
  return value_bool(field_of(from, name) != NULL);
}

/* A list's index as a number, from any numeric kind that says a whole one. */
static bool whole(const Value *index, i64 *out) {
  if (index->kind == VALUE_INT)
    *out = index->i;
  else if (index->kind == VALUE_UINT && index->u <= INT64_MAX)
    *out = (i64)index->u;
  else if (index->kind == VALUE_DOUBLE && index->d >= -0x1p53 && index->d <= 0x1p53 && floor(index->d) == index->d)
    *out = (i64)index->d;
  else
    return false;
  return true;
}

/* The element, or NULL with a fault in *out when the index cannot be one at all (*out null when it is only absent). */
static const Value *element(Machine *m, const Value *from, const Value *index, Value *out) {
  *out = value_null();
  if (is_fault(from) || is_fault(index)) {
    *out = is_fault(from) ? *from : *index;
    return NULL;
  }
  if (from->kind == VALUE_MAP) return value_get_key(from, index);
  i64 i = 0;
  if (from->kind == VALUE_LIST && whole(index, &i)) return i >= 0 ? value_at(from, (size_t)i) : NULL;
  if (from->kind == VALUE_LIST)
    *out = cel_fault(&m->call, "a list's index is a whole number, not %.*s", STR_ARG(cel_type_name(index)));
  else if (from->kind != VALUE_NULL)
    *out = cel_fault(&m->call, "a value of type %.*s has no elements; [] works on lists and maps",
                     STR_ARG(cel_type_name(from)));
  return NULL;
}

static Value no_element(Machine *m, const Value *index) {
  if (index->kind == VALUE_STRING) return cel_missing(&m->call, value_text(index));
  Str text = value_display(m->call.arena, index);
  return cel_fault_code(&m->call, ERR_MISSING,
                        str_format(m->call.arena, "there is no element [%.*s]", STR_ARG(utf8_cut(text, 60))));
}

Value machine_index(Machine *m, const Value *from, const Value *index) {
  if (from->kind == VALUE_OPTIONAL) return machine_opt_index(m, from, index);
  Value fault;
  const Value *found = element(m, from, index, &fault);
  if (found) return *found;
  return is_fault(&fault) ? fault : no_element(m, index);
}

Value machine_opt_index(Machine *m, const Value *from, const Value *index) {
  if (from->kind == VALUE_OPTIONAL) {
    if (is_fault(index)) return *index;
    return from->size ? machine_opt_index(m, &from->items[0], index) : cel_none();
  }
  Value fault;
  const Value *found = element(m, from, index, &fault);
  if (found) return cel_some(&m->call, *found);
  return is_fault(&fault) ? fault : cel_none();
}

Value machine_in(Machine *m, const Value *item, const Value *in) {
  if (is_fault(item) || is_fault(in)) return is_fault(item) ? *item : *in;
  if (in->kind == VALUE_MAP) return value_bool(value_get_key(in, item) != NULL);
  if (in->kind != VALUE_LIST)
    return cel_fault(&m->call, "'in' looks into lists and maps, not into %.*s%s", STR_ARG(cel_type_name(in)),
                     in->kind == VALUE_STRING ? "; use text.contains(part)" : "");
  u64 steps = 0;
  bool found = cel_list_has(in, item, &steps);
  if (steps > 16 && !cel_charge(&m->call, steps)) return cel_out_of_budget(&m->call);
  return value_bool(found);
}

/* Building -------------------------------------------------------------------------------------------------------- */

static const Value *first_fault(const Value *values, u32 count) {
  for (u32 i = 0; i < count; i++)
    if (is_fault(&values[i])) return &values[i];
  return NULL;
}

Value machine_list(Machine *m, const Value *items, const Op *op) {
  const Value *fault = first_fault(items, op->b);
  if (fault) return *fault;
  if (!cel_charge(&m->call, op->b)) return cel_out_of_budget(&m->call);
  const bool *flags = op->a ? m->program->flags[op->a - 1] : NULL;
  if (!flags) return list_of(m->call.arena, items, op->b);
  Value *kept = arena_alloc(m->call.arena, op->b * sizeof(Value));
  u32 count = 0;
  for (u32 i = 0; i < op->b; i++) {
    if (flags[i] && items[i].kind != VALUE_OPTIONAL) return cel_fault(&m->call, "'?' in a list wants an optional");
    if (flags[i] && items[i].size == 0) continue;
    kept[count++] = flags[i] ? items[i].items[0] : items[i];
  }
  return (Value){.kind = VALUE_LIST, .size = count, .items = kept};
}

Value machine_map(Machine *m, const Value *pairs, const Op *op) {
  const Value *fault = first_fault(pairs, op->b * 2);
  if (fault) return *fault;
  if (!cel_charge(&m->call, (u64)op->b * (op->b > 16 ? CEL_ENTRY_STEPS : 4))) return cel_out_of_budget(&m->call);
  const bool *flags = op->a ? m->program->flags[op->a - 1] : NULL;
  MapBuilder map = map_builder(m->call.arena);
  for (u32 i = 0; i < op->b; i++) {
    Value key = pairs[i * 2], value = pairs[i * 2 + 1];
    if (flags && flags[i]) {
      if (value.kind != VALUE_OPTIONAL) return cel_fault(&m->call, "'?' in a map wants an optional");
      if (value.size == 0) continue;
      value = value.items[0];
    }
    if (!cel_is_key(&key))
      return cel_fault(&m->call, "a map's key is a bool, int, uint or string, not %.*s", STR_ARG(cel_type_name(&key)));
    if (map_put_value(&map, key, value))
      return cel_fault(&m->call, "the key %.*s is given twice",
                       STR_ARG(utf8_cut(value_display(m->call.arena, &key), 60)));
  }
  return map_done(&map);
}

bool cel_is_key(const Value *v) {
  return v->kind == VALUE_STRING || v->kind == VALUE_INT || v->kind == VALUE_UINT || v->kind == VALUE_BOOL;
}

Value cel_some(CelCall *call, Value v) {
  Value *inner = arena_alloc(call->arena, sizeof *inner);
  *inner = v;
  return (Value){.kind = VALUE_OPTIONAL, .size = 1, .items = inner};
}

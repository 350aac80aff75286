/* Assignability of types, with variables: the rules of CEL's reference checker (cel-go, checker/types.go). dyn goes
 * with everything; null with times, optionals and opaque types; a variable with the most general of what it has met. */
#include "lang/cel/types.h"

enum { TYPE_DEPTH_MAX = 64 }; /* deeper types are taken as dyn */

static bool assignable(Bindings *b, const Type *to, const Type *from, u32 depth);

const Type *bindings_fresh(Bindings *b) {
  Type *type = ARENA_NEW(b->arena, Type);
  *type = (Type){.kind = TYPE_VAR, .id = (u32)b->types.count};
  *VEC_PUSH(b->arena, &b->types) = NULL;
  return type;
}

static const Type *found(const Bindings *b, const Type *type) {
  return type->kind == TYPE_VAR ? b->types.items[type->id] : NULL;
}

static void bind(Bindings *b, u32 id, const Type *type) {
  (void)VEC_PUSH(b->arena, &b->trail);
  b->trail.items[b->trail.count - 1].id = id;
  b->trail.items[b->trail.count - 1].old = b->types.items[id];
  b->types.items[id] = type;
}

void bindings_undo(Bindings *b, size_t mark) {
  while (b->trail.count > mark) {
    b->trail.count--;
    b->types.items[b->trail.items[b->trail.count].id] = b->trail.items[b->trail.count].old;
  }
}

static const Type *with_params(Bindings *b, const Type *type, const Type *const *params) {
  bool same = true;
  for (u32 i = 0; i < type->count; i++) same &= params[i] == type->params[i];
  if (same) return type;
  Type *copy = ARENA_NEW(b->arena, Type);
  *copy = *type;
  for (u32 i = 0; i < type->count; i++) copy->params[i] = params[i];
  return copy;
}

const Type *bindings_instantiate(Bindings *b, const Type *type, const Type **map) {
  if (type->kind == TYPE_VAR) {
    if (!map[type->id]) map[type->id] = bindings_fresh(b);
    return map[type->id];
  }
  const Type *params[TYPE_PARAMS_MAX];
  for (u32 i = 0; i < type->count; i++) params[i] = bindings_instantiate(b, type->params[i], map);
  return with_params(b, type, params);
}

static const Type *resolve(Bindings *b, const Type *type, bool close, u32 depth) {
  if (depth > TYPE_DEPTH_MAX) return &TYPE_OF_DYN;
  const Type *bound = found(b, type);
  if (bound) return resolve(b, bound, close, depth + 1);
  if (type->kind == TYPE_VAR) return close ? &TYPE_OF_DYN : type;
  const Type *params[TYPE_PARAMS_MAX];
  for (u32 i = 0; i < type->count; i++) params[i] = resolve(b, type->params[i], close, depth + 1);
  return with_params(b, type, params);
}

const Type *bindings_resolve(Bindings *b, const Type *type, bool close) {
  return resolve(b, type, close, 0);
}

static bool exact(const Type *a, const Type *b, u32 depth) {
  if (a == b) return true;
  if (a->kind != b->kind || a->count != b->count || depth > TYPE_DEPTH_MAX) return false;
  if (a->kind == TYPE_VAR) return a->id == b->id;
  if (a->kind == TYPE_OPAQUE && !str_equal(a->name, b->name)) return false;
  for (u32 i = 0; i < a->count; i++)
    if (!exact(a->params[i], b->params[i], depth + 1)) return false;
  return true;
}

static bool less_specific(const Type *a, const Type *b, u32 depth) {
  if (a->kind == TYPE_DYN || a->kind == TYPE_VAR || depth > TYPE_DEPTH_MAX) return true;
  if (b->kind == TYPE_DYN || b->kind == TYPE_VAR || a->kind != b->kind || a->count != b->count) return false;
  if (a->kind == TYPE_TYPE) return true;
  if (a->kind == TYPE_OPAQUE && !str_equal(a->name, b->name)) return false;
  for (u32 i = 0; i < a->count; i++)
    if (!less_specific(a->params[i], b->params[i], depth + 1)) return false;
  return true;
}

/* Of two types of which one takes the other. null is no type of its own where a type takes null. */
static const Type *most_general(const Type *a, const Type *b) {
  if (a->kind == TYPE_NULL || b->kind == TYPE_NULL) return b->kind == TYPE_NULL ? a : b;
  return less_specific(a, b, 0) ? a : b;
}

/* Whether the variable occurs inside the type (a type cannot contain itself). */
static bool occurs(const Bindings *b, u32 id, const Type *within, u32 depth) {
  if (depth > TYPE_DEPTH_MAX) return true;
  if (within->kind == TYPE_VAR) {
    if (within->id == id) return true;
    const Type *bound = found(b, within);
    return bound && occurs(b, id, bound, depth + 1);
  }
  for (u32 i = 0; i < within->count; i++)
    if (occurs(b, id, within->params[i], depth + 1)) return true;
  return false;
}

/* Whether the variable may stand for the type; binds it. *had: it already stood for something. */
static bool substitutes(Bindings *b, const Type *type, const Type *variable, bool *had, u32 depth) {
  *had = true;
  if (exact(type, variable, 0)) return true;
  const Type *bound = found(b, variable);
  if (bound) {
    if (exact(type, bound, 0)) return true;
    if (!assignable(b, type, bound, depth + 1)) return false;
    const Type *general = most_general(type, bound);
    if (!occurs(b, variable->id, general, 0)) bind(b, variable->id, general);
    return true;
  }
  *had = false;
  if (occurs(b, variable->id, type, 0)) return false;
  bind(b, variable->id, type);
  return true;
}

static bool takes_null(const Type *type) {
  return type->kind == TYPE_NULL || type->kind == TYPE_TIMESTAMP || type->kind == TYPE_DURATION ||
         type->kind == TYPE_OPTIONAL || type->kind == TYPE_OPAQUE;
}

static bool assignable(Bindings *b, const Type *to, const Type *from, u32 depth) {
  if (depth > TYPE_DEPTH_MAX) return true;
  bool had = false;
  if (from->kind == TYPE_VAR) {
    if (substitutes(b, to, from, &had, depth)) return true;
    if (had) return false;
  }
  if (to->kind == TYPE_VAR) return substitutes(b, from, to, &had, depth);
  if (to->kind == TYPE_DYN || from->kind == TYPE_DYN) return true;
  if (to->kind == TYPE_NULL) return takes_null(from);
  if (from->kind == TYPE_NULL) return takes_null(to);
  if (to->kind != from->kind || (to->kind != TYPE_TYPE && to->count != from->count)) return false;
  if (to->kind == TYPE_TYPE) return true;
  if (to->kind == TYPE_OPAQUE && !str_equal(to->name, from->name)) return false;
  for (u32 i = 0; i < to->count; i++)
    if (!assignable(b, to->params[i], from->params[i], depth + 1)) return false;
  return true;
}

bool bindings_assignable(Bindings *b, const Type *to, const Type *from) {
  size_t mark = b->trail.count;
  if (assignable(b, to, from, 0)) return true;
  bindings_undo(b, mark);
  return false;
}

const Type *bindings_join(Bindings *b, const Type *first, const Type *second) {
  if (first == second) return first;
  return bindings_assignable(b, first, second) ? most_general(first, second) : &TYPE_OF_DYN;
}

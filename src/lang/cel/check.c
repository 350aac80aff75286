/* Checker: infers a type for every node and refuses calls that no overload fits. What is dyn fits everywhere, so that
 * payloads of unknown shape pass and are judged at evaluation. */
#include <string.h>

#include "lang/cel/program.h"

typedef struct Checker {
  Compilation *c;
  Bindings bindings;
  const Type **locals; /* by slot */
} Checker;

static bool check(Checker *k, Node *node);

static bool check_fails(Checker *k, u32 at, const char *format, Str detail) {
  return cel_fail_at(k->c->err, ERR_INVALID, k->c->source, at, format, STR_ARG(detail));
}

static Str text_of(Checker *k, const Type *type) {
  return type_text(k->c->scratch, bindings_resolve(&k->bindings, type, true));
}

static const Type *type_of_value(const Value *v) {
  switch ((ValueKind)v->kind) {
  case VALUE_NULL: return &TYPE_OF_NULL;
  case VALUE_BOOL: return &TYPE_OF_BOOL;
  case VALUE_INT: return &TYPE_OF_INT;
  case VALUE_UINT: return &TYPE_OF_UINT;
  case VALUE_DOUBLE: return &TYPE_OF_DOUBLE;
  case VALUE_STRING: return &TYPE_OF_STRING;
  case VALUE_BYTES: return &TYPE_OF_BYTES;
  case VALUE_TYPE: return &TYPE_OF_TYPE;
  default: return &TYPE_OF_DYN;
  }
}

static bool check_name(Checker *k, Node *node) {
  if (node->ref == REF_LOCAL)
    node->type = k->locals[node->slot];
  else if (node->ref == REF_VAR)
    node->type = node->test ? &TYPE_OF_BOOL : k->c->env->var_types[node->slot];
  else
    node->type = &TYPE_OF_DYN;
  return true;
}

/* The type inside an optional, which selection looks through; *was tells. */
static const Type *unwrap_optional(const Type *type, bool *was) {
  *was = type->kind == TYPE_OPTIONAL;
  return *was ? type->params[0] : type;
}

static const Type *wrap(Checker *k, const Type *type, bool optional) {
  return optional ? type_optional(k->c->scratch, type) : type;
}

static bool check_select(Checker *k, Node *node) {
  Node *operand = node->args[0];
  if (!check(k, operand)) return false;
  bool was = false;
  const Type *type = unwrap_optional(bindings_resolve(&k->bindings, operand->type, false), &was);
  const Type *field = &TYPE_OF_DYN;
  if (node->slot >= 0) {
    field = k->c->env->var_types[node->slot]; /* declared */
  } else if (type->kind == TYPE_MAP) {
    field = type->params[1];
  } else if (type->kind == TYPE_VAR) {
    (void)bindings_assignable(&k->bindings, &TYPE_OF_DYN, type);
  } else if (type->kind != TYPE_DYN) {
    return cel_fail_at(k->c->err, ERR_INVALID, k->c->source, node->at, "a value of type %.*s has no field \"%.*s\"",
                       STR_ARG(text_of(k, type)), STR_ARG(node->name));
  }
  node->type = node->test ? &TYPE_OF_BOOL : wrap(k, field, was || node->optional);
  return true;
}

/* What an index of this type may be, and what it gives. */
static bool check_index(Checker *k, Node *node) {
  if (!check(k, node->args[0]) || !check(k, node->args[1])) return false;
  bool was = false;
  const Type *type = unwrap_optional(bindings_resolve(&k->bindings, node->args[0]->type, false), &was);
  const Type *wanted = &TYPE_OF_DYN, *item = &TYPE_OF_DYN;
  if (type->kind == TYPE_LIST) {
    wanted = &TYPE_OF_INT;
    item = type->params[0];
  } else if (type->kind == TYPE_MAP) {
    wanted = type->params[0];
    item = type->params[1];
  } else if (type->kind != TYPE_DYN && type->kind != TYPE_VAR) {
    return check_fails(k, node->at, "a value of type %.*s has no elements; [] works on lists and maps",
                       text_of(k, type));
  }
  if (!bindings_assignable(&k->bindings, wanted, node->args[1]->type))
    return cel_fail_at(k->c->err, ERR_INVALID, k->c->source, node->args[1]->from,
                       "the index is of type %.*s; expected %.*s", STR_ARG(text_of(k, node->args[1]->type)),
                       STR_ARG(text_of(k, wanted)));
  node->type = wrap(k, item, was || node->optional);
  return true;
}

/* Calls ----------------------------------------------------------------------------------------------------------- */

static bool arity_fits(const Overload *o, const Node *call) {
  if (o->member != call->member) return false;
  return o->variadic ? call->count + 1 >= o->count : call->count == o->count;
}

static bool overload_fits(Checker *k, const Overload *o, const Node *call, const Type **out_result) {
  const Type *map[26] = {NULL};
  size_t mark = k->bindings.trail.count;
  for (u32 i = 0; i < call->count; i++) {
    const Type *param = bindings_instantiate(&k->bindings, o->params[MIN(i, o->count - 1)], map);
    if (bindings_assignable(&k->bindings, param, call->args[i]->type)) continue;
    bindings_undo(&k->bindings, mark);
    return false;
  }
  *out_result = bindings_resolve(&k->bindings, bindings_instantiate(&k->bindings, o->result, map), false);
  return true;
}

static void write_arguments(Checker *k, const Node *call, Buf *out) {
  for (u32 i = 0; i < call->count; i++) {
    if (i == 0 && call->member) continue;
    if (i > call->member) buf_puts(out, ", ");
    buf_put(out, text_of(k, call->args[i]->type));
  }
}

static void write_overload(const Overload *o, Str name, Buf *out) {
  if (o->member) {
    type_write(out, o->params[0]);
    buf_putc(out, '.');
  }
  buf_put(out, name);
  buf_putc(out, '(');
  for (u32 i = o->member; i < o->count; i++) {
    if (i > o->member) buf_puts(out, ", ");
    type_write(out, o->params[i]);
    if (o->variadic && i + 1 == o->count) buf_puts(out, "...");
  }
  buf_putc(out, ')');
}

/* Operators are called what no person can write: "_+_", "!_", "@in_". */
static bool is_operator(Str name) {
  return name.ptr[name.len - 1] == '_' && !(name.ptr[0] >= 'a' && name.ptr[0] <= 'z');
}

static bool operator_fails(Checker *k, const Node *call) {
  Str sign = str_slice(call->name, call->count == 2, call->name.len - 1);
  if (call->count == 1)
    return cel_fail_at(k->c->err, ERR_INVALID, k->c->source, call->at, "'%.*s' does not work on %.*s", STR_ARG(sign),
                       STR_ARG(text_of(k, call->args[0]->type)));
  return cel_fail_at(k->c->err, ERR_INVALID, k->c->source, call->at,
                     "'%.*s' does not work between %.*s and %.*s; convert one side, or wrap it in dyn()", STR_ARG(sign),
                     STR_ARG(text_of(k, call->args[0]->type)), STR_ARG(text_of(k, call->args[1]->type)));
}

/* The caller gave other types or another number of arguments than any row takes: lists what is there. */
static bool call_fails(Checker *k, const Node *call) {
  if (is_operator(call->name)) return operator_fails(k, call);
  Buf given = buf_new(k->c->scratch, 200), known = buf_new(k->c->scratch, 300);
  write_arguments(k, call, &given);
  u32 shown = 0;
  bool arity = false;
  for (const CelFn *fn = call->fn; fn; fn = fn->next)
    for (const Overload *o = fn->read; o; o = o->next) {
      arity |= arity_fits(o, call);
      if (shown++ >= 4) continue;
      if (shown > 1) buf_puts(&known, " or ");
      write_overload(o, call->name, &known);
    }
  const char *format = arity ? "%.*s%s%.*s() does not take (%.*s); expected %.*s"
                             : "%.*s%s%.*s() has the wrong number of arguments (%.*s); expected %.*s";
  Str receiver = call->member ? text_of(k, call->args[0]->type) : S("");
  return cel_fail_at(k->c->err, ERR_INVALID, k->c->source, call->at, format, STR_ARG(receiver), call->member ? "." : "",
                     STR_ARG(call->name), STR_ARG(buf_str(&given)), STR_ARG(buf_str(&known)));
}

/* All overloads that fit count: results that differ make dyn. What the variables stand for is learnt only where one
 * overload fits: the first of several would make x of [].filter(x, x < payload.n) a bool. */
static bool check_call(Checker *k, Node *node) {
  for (u32 i = 0; i < node->count; i++)
    if (!check(k, node->args[i])) return false;
  const Type *result = NULL;
  const Overload *only = NULL;
  size_t mark = k->bindings.trail.count;
  for (const CelFn *fn = node->fn; fn; fn = fn->next)
    for (const Overload *o = fn->read; o; o = o->next) {
      const Type *one = NULL;
      if (!arity_fits(o, node) || !overload_fits(k, o, node, &one)) continue;
      bindings_undo(&k->bindings, mark);
      only = result ? NULL : o;
      if (!result)
        result = one;
      else if (!str_equal(type_text(k->c->scratch, result), type_text(k->c->scratch, one)))
        result = &TYPE_OF_DYN;
    }
  if (!result) return call_fails(k, node);
  if (only && !overload_fits(k, only, node, &result)) return call_fails(k, node);
  node->type = result;
  return true;
}

/* Logic, literals, loops ------------------------------------------------------------------------------------------ */

static bool wants(Checker *k, Node *node, const Type *wanted, const char *format) {
  if (bindings_assignable(&k->bindings, wanted, node->type)) return true;
  return check_fails(k, node->from, format, text_of(k, node->type));
}

static bool check_logic(Checker *k, Node *node) {
  for (u32 i = 0; i < node->count; i++)
    if (!check(k, node->args[i]) || !wants(k, node->args[i], &TYPE_OF_BOOL, "a condition must be a bool; this is %.*s"))
      return false;
  node->type = &TYPE_OF_BOOL;
  return true;
}

static bool check_if(Checker *k, Node *node) {
  for (u32 i = 0; i < 3; i++)
    if (!check(k, node->args[i])) return false;
  if (!wants(k, node->args[0], &TYPE_OF_BOOL, "the condition before '?' must be a bool; this is %.*s")) return false;
  node->type = bindings_join(&k->bindings, node->args[1]->type, node->args[2]->type);
  return true;
}

/* The element's type, inside its optional where the literal says `?`. */
static bool literal_item(Checker *k, Node *item, bool optional, const Type **out) {
  if (!check(k, item)) return false;
  *out = item->type;
  if (!optional) return true;
  const Type *type = bindings_resolve(&k->bindings, item->type, false);
  if (type->kind == TYPE_OPTIONAL)
    *out = type->params[0];
  else if (type->kind == TYPE_DYN || type->kind == TYPE_VAR)
    *out = &TYPE_OF_DYN;
  else
    return check_fails(k, item->from, "'?' wants an optional; this is %.*s", text_of(k, type));
  return true;
}

static void join_into(Checker *k, const Type **all, const Type *one) {
  *all = *all ? bindings_join(&k->bindings, *all, one) : one;
}

static bool check_list(Checker *k, Node *node) {
  const Type *all = NULL;
  for (u32 i = 0; i < node->count; i++) {
    const Type *one = NULL;
    if (!literal_item(k, node->args[i], node->optionals && node->optionals[i], &one)) return false;
    join_into(k, &all, one);
  }
  node->type = type_list(k->c->scratch, all ? all : bindings_fresh(&k->bindings));
  return true;
}

static bool is_key_type(const Type *type) {
  return type->kind == TYPE_DYN || type->kind == TYPE_VAR || type->kind == TYPE_BOOL || type->kind == TYPE_INT ||
         type->kind == TYPE_UINT || type->kind == TYPE_STRING;
}

static bool check_map(Checker *k, Node *node) {
  const Type *keys = NULL, *values = NULL;
  for (u32 i = 0; i < node->count; i += 2) {
    const Type *value = NULL;
    if (!check(k, node->args[i]) ||
        !literal_item(k, node->args[i + 1], node->optionals && node->optionals[i / 2], &value))
      return false;
    if (!is_key_type(bindings_resolve(&k->bindings, node->args[i]->type, false)))
      return check_fails(k, node->args[i]->from, "a map's key is a bool, int, uint or string; this is %.*s",
                         text_of(k, node->args[i]->type));
    join_into(k, &keys, node->args[i]->type);
    join_into(k, &values, value);
  }
  node->type = type_map(k->c->scratch, keys ? keys : bindings_fresh(&k->bindings),
                        values ? values : bindings_fresh(&k->bindings));
  return true;
}

static bool loop_variables(Checker *k, Node *node) {
  const Type *range = bindings_resolve(&k->bindings, node->args[0]->type, false);
  const Type *first = &TYPE_OF_DYN, *second = &TYPE_OF_DYN;
  bool two = node->slot2 >= 0;
  if (range->kind == TYPE_LIST) {
    first = two ? &TYPE_OF_INT : range->params[0];
    second = range->params[0];
  } else if (range->kind == TYPE_MAP) {
    first = range->params[0];
    second = range->params[1];
  } else if (range->kind == TYPE_VAR) {
    (void)bindings_assignable(&k->bindings, &TYPE_OF_DYN, range);
  } else if (range->kind != TYPE_DYN) {
    return check_fails(k, node->args[0]->from, "a value of type %.*s has no elements to go through", text_of(k, range));
  }
  k->locals[node->slot] = first;
  if (two) k->locals[node->slot2] = second;
  return true;
}

static bool loop_result(Checker *k, Node *node) {
  const Type *range = bindings_resolve(&k->bindings, node->args[0]->type, false);
  const Type *body = node->args[1]->type;
  Arena *arena = k->c->scratch;
  switch (node->loop) {
  case LOOP_LIST: node->type = type_list(arena, body); return true;
  case LOOP_MAP: node->type = type_map(arena, k->locals[node->slot], body); return true;
  case LOOP_MAP_ENTRY: node->type = bindings_resolve(&k->bindings, body, false); return true;
  case LOOP_SORT: node->type = range->kind == TYPE_LIST ? range : type_list(arena, &TYPE_OF_DYN); return true;
  case LOOP_FILTER:
    node->type =
        range->kind == TYPE_LIST ? range : type_list(arena, range->kind == TYPE_MAP ? range->params[0] : &TYPE_OF_DYN);
    break;
  default: node->type = &TYPE_OF_BOOL; break;
  }
  return wants(k, node->args[1], &TYPE_OF_BOOL, "the condition of a loop must be a bool; this is %.*s");
}

static bool check_loop(Checker *k, Node *node) {
  Node *filter = node->args[2];
  if (!check(k, node->args[0]) || !loop_variables(k, node)) return false;
  if (filter && (!check(k, filter) || !wants(k, filter, &TYPE_OF_BOOL, "a filter must be a bool; this is %.*s")))
    return false;
  return check(k, node->args[1]) && loop_result(k, node);
}

static bool check_let(Checker *k, Node *node) {
  if (!check(k, node->args[0])) return false;
  k->locals[node->slot] = node->args[0]->type;
  if (!check(k, node->args[1])) return false;
  node->type = node->args[1]->type;
  return true;
}

static bool check_opt_map(Checker *k, Node *node) {
  if (!check(k, node->args[0])) return false;
  const Type *type = bindings_resolve(&k->bindings, node->args[0]->type, false);
  bool open = type->kind == TYPE_DYN || type->kind == TYPE_VAR;
  if (!open && type->kind != TYPE_OPTIONAL)
    return check_fails(k, node->args[0]->from, "an optional was expected; this is %.*s", text_of(k, type));
  k->locals[node->slot] = open ? &TYPE_OF_DYN : type->params[0];
  if (!check(k, node->args[1])) return false;
  node->type = wrap(k, node->args[1]->type, !node->flat);
  return true;
}

static bool check_first(Checker *k, Node *node) {
  for (u32 i = 0; i < node->count; i++)
    if (!check(k, node->args[i])) return false;
  node->type = &TYPE_OF_DYN; /* it may be null */
  return true;
}

static bool check(Checker *k, Node *node) {
  switch (node->kind) {
  case NODE_CONST: node->type = type_of_value(&node->value); return true;
  case NODE_NAME: return check_name(k, node);
  case NODE_SELECT: return check_select(k, node);
  case NODE_INDEX: return check_index(k, node);
  case NODE_CALL: return check_call(k, node);
  case NODE_AND:
  case NODE_OR: return check_logic(k, node);
  case NODE_IF: return check_if(k, node);
  case NODE_LIST: return check_list(k, node);
  case NODE_MAP: return check_map(k, node);
  case NODE_LOOP: return check_loop(k, node);
  case NODE_LET: return check_let(k, node);
  case NODE_FIRST: return check_first(k, node);
  case NODE_OPT_MAP: return check_opt_map(k, node);
  }
  return false;
}

bool cel_check(Compilation *c, Node *root, const Type **out_type) {
  Checker k = {.c = c, .bindings = {.arena = c->scratch}};
  k.locals = ARENA_ARRAY(c->scratch, const Type *, c->locals);
  if (!check(&k, root)) return false;
  *out_type = bindings_resolve(&k.bindings, root->type, true);
  return true;
}

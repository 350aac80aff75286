/* Tree to flat program. Constant lists and maps are built here; jumps are patched when their targets are known; the
 * depth of the stack is counted along, so that a run allocates once at most. */
#include <string.h>

#include "lang/cel/program.h"

typedef struct Generator {
  Compilation *c;
  VEC(Op) ops;
  VEC(Place) places;
  VEC(Value) consts;
  VEC(CallSite) calls;
  VEC(LoopSite) loops;
  VEC(const bool *) flags;
  u32 depth, depth_max; /* of the stack */
  u32 loop_depth, loop_depth_max;
} Generator;

static bool generate(Generator *g, Node *node);

static u32 emit(Generator *g, OpCode code, u32 a, const Node *node, i32 grows) {
  *VEC_PUSH(g->c->arena, &g->ops) = (Op){.code = (u8)code, .a = a};
  *VEC_PUSH(g->c->arena, &g->places) = (Place){node->from, node->to, node->at};
  g->depth = (u32)((i32)g->depth + grows);
  g->depth_max = MAX(g->depth_max, g->depth);
  return (u32)g->ops.count - 1;
}

static u32 here(const Generator *g) {
  return (u32)g->ops.count;
}

static u32 add_const(Generator *g, Value value) {
  *VEC_PUSH(g->c->arena, &g->consts) = value;
  return (u32)g->consts.count - 1;
}

static Value kept_text(Generator *g, Str text) {
  return value_string(str_copy(g->c->arena, text));
}

static bool generate_fault(Generator *g, const Node *node, const char *what) {
  Str message = str_format(g->c->arena, "unknown %s \"%.*s\"", what, STR_ARG(node->name));
  emit(g, OP_FAULT, add_const(g, value_string(message)), node, 1);
  return true;
}

/* Constants ------------------------------------------------------------------------------------------------------- */

static bool fold(Generator *g, const Node *node, Value *out);

static bool fold_list(Generator *g, const Node *node, Value *out) {
  Value *items = ARENA_ARRAY(g->c->arena, Value, node->count);
  for (u32 i = 0; i < node->count; i++)
    if (!fold(g, node->args[i], &items[i])) return false;
  *out = (Value){.kind = VALUE_LIST, .size = node->count, .items = items};
  return true;
}

static bool fold_map(Generator *g, const Node *node, Value *out) {
  MapBuilder map = map_builder(g->c->arena);
  for (u32 i = 0; i < node->count; i += 2) {
    Value key, value;
    if (!fold(g, node->args[i], &key) || !fold(g, node->args[i + 1], &value)) return false;
    if (key.kind != VALUE_STRING && key.kind != VALUE_INT && key.kind != VALUE_UINT && key.kind != VALUE_BOOL)
      return false;
    if (map_put_value(&map, key, value)) return false; /* a key twice: fails when evaluated */
  }
  *out = map_done(&map);
  return true;
}

static bool fold(Generator *g, const Node *node, Value *out) {
  if (node->optionals) return false;
  if (node->kind == NODE_LIST) return fold_list(g, node, out);
  if (node->kind == NODE_MAP) return fold_map(g, node, out);
  if (node->kind != NODE_CONST) return false;
  *out = node->value;
  if (out->kind == VALUE_STRING || out->kind == VALUE_BYTES) out->text = str_copy(g->c->arena, value_text(out)).ptr;
  if (out->size == 0 && (out->kind == VALUE_STRING || out->kind == VALUE_BYTES)) out->text = "";
  return true;
}

/* Names, fields, calls -------------------------------------------------------------------------------------------- */

static bool generate_name(Generator *g, const Node *node) {
  if (node->ref == REF_UNKNOWN) return generate_fault(g, node, "name");
  OpCode code = node->ref == REF_LOCAL ? OP_LOCAL : node->test ? OP_HAS_VAR : OP_VAR;
  emit(g, code, (u32)node->slot, node, 1);
  return true;
}

/* A field of a variable is what most expressions read: one instruction instead of two. */
static bool is_field(const Node *node) {
  if (node->kind != NODE_SELECT || node->test || node->optional) return false;
  const Node *of = node->args[0];
  return of->kind == NODE_NAME && of->ref == REF_VAR && !of->test;
}

static bool generate_field(Generator *g, const Node *node) {
  const Node *of = node->args[0];
  if (!is_field(node)) return false;
  u32 op = emit(g, OP_FIELD, (u32)of->slot, node, 1);
  g->ops.items[op].b = add_const(g, kept_text(g, node->name));
  return true;
}

static bool generate_select(Generator *g, Node *node) {
  if (generate_field(g, node)) return true;
  if (!generate(g, node->args[0])) return false;
  OpCode code = node->test ? OP_HAS : node->optional ? OP_OPT_SELECT : OP_SELECT;
  emit(g, code, add_const(g, kept_text(g, node->name)), node, 0);
  return true;
}

static bool generate_args(Generator *g, Node *node) {
  for (u32 i = 0; i < node->count; i++)
    if (!generate(g, node->args[i])) return false;
  return true;
}

static const struct {
  const char *name;
  OpCode code;
} OPERATORS[] = {
    {"_+_", OP_ADD},         {"_-_", OP_SUBTRACT}, {"_*_", OP_MULTIPLY},       {"_/_", OP_DIVIDE},
    {"_%_", OP_MODULO},      {"_==_", OP_EQUAL},   {"_!=_", OP_NOT_EQUAL},     {"_<_", OP_LESS},
    {"_<=_", OP_LESS_EQUAL}, {"_>_", OP_GREATER},  {"_>=_", OP_GREATER_EQUAL}, {"@in_", OP_IN},
    {"!_", OP_NOT},          {"-_", OP_NEGATE},
};

/* a.or(b), a.orValue(b): b only when a is none. */
static bool generate_opt_or(Generator *g, Node *node) {
  if (!generate(g, node->args[0])) return false;
  u32 jump = emit(g, OP_OPT_OR, 0, node, -1);
  g->ops.items[jump].count = str_equal_c(node->name, "orValue");
  if (!generate(g, node->args[1])) return false;
  g->ops.items[jump].a = here(g);
  return true;
}

/* What a row makes of a constant argument 1 (a pattern) is made once, and its mistakes are found now. */
static bool prepare(Generator *g, const Node *node, const void **out) {
  if (!node->fn->prepare || node->count < 2 || node->args[1]->kind != NODE_CONST) return true;
  Value constant;
  if (!fold(g, node->args[1], &constant)) return true;
  Error err = {0};
  if (node->fn->prepare(g->c->arena, &constant, out, &err)) return true;
  if (g->c->no_check) return true; /* fails when evaluated */
  return cel_fail_at(g->c->err, ERR_INVALID, g->c->source, node->args[1]->from, "%s", err.message);
}

/* a == "text": the constant stays where it is. */
static bool generate_equal_const(Generator *g, Node *node, bool *out_ok) {
  bool equal = str_equal_c(node->name, "_==_");
  Value constant;
  if ((!equal && !str_equal_c(node->name, "_!=_")) || node->count != 2 || node->args[1]->kind != NODE_CONST ||
      !fold(g, node->args[1], &constant))
    return false;
  if (is_field(node->args[0])) emit(g, OP_TRY_EQUAL, 0, node, 0);
  *out_ok = generate(g, node->args[0]);
  emit(g, equal ? OP_EQUAL_CONST : OP_NOT_EQUAL_CONST, add_const(g, constant), node, 0);
  return true;
}

/* The row of a method of texts that answers a bool, when its name has no other. */
static const CelFn *only_row(const CelFn *fn) {
  const Overload *o = fn->call ? fn->read : NULL;
  bool fits = o && !fn->next && !o->next && o->member && !o->variadic && o->count == 2;
  bool texts = fits && o->params[0]->kind == TYPE_STRING && o->params[1]->kind == TYPE_STRING;
  return texts && o->result->kind == TYPE_BOOL ? fn : NULL;
}

static bool is_constant(const Node *node, ValueKind kind) {
  return node->kind == NODE_CONST && node->value.kind == kind;
}

static bool generate_call(Generator *g, Node *node) {
  bool ok = false;
  if (!node->fn) return generate_fault(g, node, "function");
  if (generate_equal_const(g, node, &ok)) return ok;
  for (size_t i = 0; i < COUNT(OPERATORS); i++)
    if (str_equal_c(node->name, OPERATORS[i].name)) {
      bool order = OPERATORS[i].code >= OP_LESS && OPERATORS[i].code <= OP_GREATER_EQUAL;
      if (order && is_field(node->args[0]) && is_constant(node->args[1], VALUE_INT)) emit(g, OP_TRY_ORDER, 0, node, 0);
      if (!generate_args(g, node)) return false;
      emit(g, OPERATORS[i].code, 0, node, 1 - (i32)node->count);
      return true;
    }
  bool lazy = str_equal_c(node->name, "or") || str_equal_c(node->name, "orValue");
  if (lazy && node->member && node->count == 2) return generate_opt_or(g, node);
  CallSite site = {.fn = node->fn};
  if (node->member && node->count == 2 && is_field(node->args[0]) && is_constant(node->args[1], VALUE_STRING))
    site.only = only_row(node->fn);
  if (site.only) emit(g, OP_TRY_CALL, 0, node, 0);
  if (!generate_args(g, node) || !prepare(g, node, &site.prepared)) return false;
  *VEC_PUSH(g->c->arena, &g->calls) = site;
  u32 op = emit(g, OP_CALL, (u32)g->calls.count - 1, node, 1 - (i32)node->count);
  g->ops.items[op].count = (u8)node->count;
  g->ops.items[op].b = node->member;
  return true;
}

/* Logic ----------------------------------------------------------------------------------------------------------- */

static bool is_logic(const Node *node) {
  return node->kind == NODE_AND || node->kind == NODE_OR;
}

/* `top`: part of the && and || tree at the root, which explain looks at. */
static bool generate_logic(Generator *g, Node *node, bool top) {
  bool is_and = node->kind == NODE_AND;
  VEC(u32) patches = {0};
  for (u32 i = 0; i < node->count; i++) {
    Node *child = node->args[i];
    if (!(is_logic(child) ? generate_logic(g, child, top) : generate(g, child))) return false;
    OpCode code = is_and ? (i == 0 ? OP_AND_FIRST : OP_AND_NEXT) : (i == 0 ? OP_OR_FIRST : OP_OR_NEXT);
    u32 op = emit(g, code, 0, child, i == 0 ? 0 : -1);
    g->ops.items[op].count = top && !is_logic(child);
    *VEC_PUSH(g->c->scratch, &patches) = op;
  }
  if (top) emit(g, OP_DECIDE, 0, node, 0);
  for (size_t i = 0; i < patches.count; i++) g->ops.items[patches.items[i]].a = here(g);
  return true;
}

static bool generate_if(Generator *g, Node *node) {
  if (!generate(g, node->args[0])) return false;
  u32 test = emit(g, OP_IF, 0, node->args[0], -1);
  if (!generate(g, node->args[1])) return false;
  u32 jump = emit(g, OP_JUMP, 0, node, -1);
  g->ops.items[test].a = here(g);
  if (!generate(g, node->args[2])) return false;
  g->ops.items[jump].a = here(g);
  g->ops.items[test].b = here(g);
  return true;
}

static bool generate_literal(Generator *g, Node *node) {
  Value constant;
  if (fold(g, node, &constant)) {
    emit(g, OP_CONST, add_const(g, constant), node, 1);
    return true;
  }
  if (!generate_args(g, node)) return false;
  bool list = node->kind == NODE_LIST;
  u32 flags = 0;
  if (node->optionals) {
    u32 count = list ? node->count : node->count / 2;
    bool *copy = ARENA_ARRAY(g->c->arena, bool, count);
    memcpy(copy, node->optionals, count * sizeof(bool));
    *VEC_PUSH(g->c->arena, &g->flags) = copy;
    flags = (u32)g->flags.count;
  }
  u32 op = emit(g, list ? OP_LIST : OP_MAP, flags, node, 1 - (i32)node->count);
  g->ops.items[op].b = list ? node->count : node->count / 2;
  return true;
}

/* Macros ---------------------------------------------------------------------------------------------------------- */

static bool generate_loop(Generator *g, Node *node) {
  if (!generate(g, node->args[0])) return false;
  u32 site = (u32)g->loops.count, level = g->loop_depth++;
  g->loop_depth_max = MAX(g->loop_depth_max, g->loop_depth);
  *VEC_PUSH(g->c->arena, &g->loops) = (LoopSite){.kind = node->loop, .var = node->slot, .var2 = node->slot2};
  u32 start = emit(g, OP_LOOP, site, node, -1);
  g->ops.items[start].loop = (u16)level;
  g->loops.items[site].body = here(g);
  if (node->args[2]) {
    if (!generate(g, node->args[2])) return false;
    u32 filter = emit(g, OP_LOOP_FILTER, site, node->args[2], -1);
    g->ops.items[filter].loop = (u16)level;
  }
  if (!generate(g, node->args[1])) return false;
  u32 step = emit(g, OP_LOOP_STEP, site, node->args[1], 0);
  g->ops.items[step].loop = (u16)level;
  g->loops.items[site].end = here(g);
  g->loops.items[site].steps = here(g) - g->loops.items[site].body;
  g->loop_depth--;
  return true;
}

static bool generate_let(Generator *g, Node *node) {
  if (!generate(g, node->args[0])) return false;
  emit(g, OP_STORE, (u32)node->slot, node, -1);
  return generate(g, node->args[1]);
}

static bool generate_opt_map(Generator *g, Node *node) {
  if (!generate(g, node->args[0])) return false;
  u32 open = emit(g, OP_OPT_OPEN, 0, node, 0);
  emit(g, OP_STORE, (u32)node->slot, node, -1);
  if (!generate(g, node->args[1])) return false;
  if (!node->flat) emit(g, OP_OPT_WRAP, 0, node, 0);
  g->ops.items[open].a = here(g);
  return true;
}

static bool generate_first(Generator *g, Node *node) {
  VEC(u32) patches = {0};
  for (u32 i = 0; i < node->count; i++) {
    if (!generate(g, node->args[i])) return false;
    *VEC_PUSH(g->c->scratch, &patches) = emit(g, OP_FIRST, 0, node->args[i], -1);
  }
  emit(g, OP_CONST, add_const(g, value_null()), node, 1);
  for (size_t i = 0; i < patches.count; i++) g->ops.items[patches.items[i]].a = here(g);
  return true;
}

static bool generate(Generator *g, Node *node) {
  switch (node->kind) {
  case NODE_CONST:
  case NODE_LIST:
  case NODE_MAP: return generate_literal(g, node);
  case NODE_NAME: return generate_name(g, node);
  case NODE_SELECT: return generate_select(g, node);
  case NODE_INDEX:
    if (!generate_args(g, node)) return false;
    emit(g, node->optional ? OP_OPT_INDEX : OP_INDEX, 0, node, -1);
    return true;
  case NODE_CALL: return generate_call(g, node);
  case NODE_AND:
  case NODE_OR: return generate_logic(g, node, false);
  case NODE_IF: return generate_if(g, node);
  case NODE_LOOP: return generate_loop(g, node);
  case NODE_LET: return generate_let(g, node);
  case NODE_FIRST: return generate_first(g, node);
  case NODE_OPT_MAP: return generate_opt_map(g, node);
  }
  return false;
}

bool cel_generate(Compilation *c, Node *root, CelProgram *program) {
  Generator g = {.c = c};
  if (!(is_logic(root) ? generate_logic(&g, root, true) : generate(&g, root))) return false;
  emit(&g, OP_END, 0, root, 0);
  program->ops = g.ops.items;
  program->places = g.places.items;
  program->consts = g.consts.items;
  program->calls = g.calls.items;
  program->loops = g.loops.items;
  program->flags = g.flags.items;
  program->op_count = (u32)g.ops.count;
  program->loop_count = (u32)g.loops.count;
  program->local_count = c->locals;
  program->stack_max = g.depth_max;
  program->loop_depth = g.loop_depth_max;
  program->root = (Place){root->from, root->to, root->at};
  return true;
}

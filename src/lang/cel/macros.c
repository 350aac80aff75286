/* Macros: calls that the parser replaces, because their arguments are not evaluated once and in order: has(), the
 * loops, the binding and block extensions, and Tocsin's first(). A loop is one node with a kind, not CEL's general
 * fold: the program is smaller and an early exit is a jump. */
#include <string.h>

#include "lang/cel/parser.h"

typedef struct Macro {
  const char *name;
  const char *receiver; /* NULL: global; "": any expression; else this very name */
  u32 args_min, args_max;
  LoopKind loop;
  bool (*expand)(Parser *p, const struct Macro *macro, Node **call);
  const char *usage;
  const char *doc;
} Macro;

static bool macro_fails(Parser *p, const Macro *macro, u32 at, const char *why) {
  return cel_fail_at(p->err, ERR_INVALID, p->source, at, "%s; %s", why, macro->usage);
}

static bool is_variable(const Node *node) {
  return node->kind == NODE_NAME && !node->rooted;
}

static Node *replacement(Parser *p, NodeKind kind, const Node *call) {
  Node *node = node_new(p->arena, kind, call->from, call->to);
  node->at = call->at;
  return node;
}

static Node **args_of(Parser *p, Node *a, Node *b, Node *c) {
  Node **args = ARENA_ARRAY(p->arena, Node *, 3);
  args[0] = a;
  args[1] = b;
  args[2] = c;
  return args;
}

static bool expand_has(Parser *p, const Macro *macro, Node **call) {
  Node *field = (*call)->args[0];
  if (field->kind != NODE_SELECT || field->optional) return macro_fails(p, macro, field->from, "has() wants a field");
  Node *node = replacement(p, NODE_SELECT, *call);
  node->name = field->name;
  node->at = field->at;
  node->test = true;
  *call = node;
  return node_adopt(p, node, field->args, 1);
}

/* `first_variable` arguments are variables; then perhaps a filter; then the body. */
static bool make_loop(Parser *p, const Macro *macro, Node **call, u32 variables, bool filtered) {
  Node **args = (*call)->args;
  for (u32 i = 1; i <= variables; i++)
    if (!is_variable(args[i])) return macro_fails(p, macro, args[i]->from, "a variable's name was expected here");
  if (variables == 2 && str_equal(args[1]->name, args[2]->name))
    return macro_fails(p, macro, args[2]->from, "the two variables need different names");
  Node *node = replacement(p, NODE_LOOP, *call);
  node->loop = macro->loop;
  node->name = args[1]->name;
  if (variables == 2) node->name2 = args[2]->name;
  Node *filter = filtered ? args[variables + 1] : NULL;
  Node *body = args[variables + 1 + filtered];
  *call = node;
  return node_adopt(p, node, args_of(p, args[0], body, filter), 3);
}

/* all, exists, exists_one: one or two variables. */
static bool expand_quantifier(Parser *p, const Macro *macro, Node **call) {
  return make_loop(p, macro, call, (*call)->count - 2, false);
}

/* map, filter: one variable; map with three arguments has a filter. */
static bool expand_map(Parser *p, const Macro *macro, Node **call) {
  return make_loop(p, macro, call, 1, (*call)->count == 4);
}

/* transformList, transformMap: two variables, perhaps a filter. */
static bool expand_transform(Parser *p, const Macro *macro, Node **call) {
  return make_loop(p, macro, call, 2, (*call)->count == 5);
}

static bool expand_opt_map(Parser *p, const Macro *macro, Node **call) {
  Node **args = (*call)->args;
  if (!is_variable(args[1])) return macro_fails(p, macro, args[1]->from, "a variable's name was expected here");
  Node *node = replacement(p, NODE_OPT_MAP, *call);
  node->name = args[1]->name;
  node->flat = str_equal_c((*call)->name, "optFlatMap");
  *call = node;
  return node_adopt(p, node, args_of(p, args[0], args[2], NULL), 2);
}

static bool expand_bind(Parser *p, const Macro *macro, Node **call) {
  Node **args = (*call)->args;
  if (!is_variable(args[1])) return macro_fails(p, macro, args[1]->from, "a variable's name was expected here");
  Node *node = replacement(p, NODE_LET, *call);
  node->name = args[1]->name;
  *call = node;
  return node_adopt(p, node, args_of(p, args[2], args[3], NULL), 2);
}

/* cel.block([a, b], body): each element is a variable for those behind it and for the body. */
static bool expand_block(Parser *p, const Macro *macro, Node **call) {
  Node *list = (*call)->args[1], *body = (*call)->args[2];
  if (list->kind != NODE_LIST || list->optionals) return macro_fails(p, macro, list->from, "a list was expected here");
  for (u32 i = list->count; i-- > 0;) {
    Node *node = replacement(p, NODE_LET, *call);
    node->name = str_format(p->arena, "@index%u", i);
    if (!node_adopt(p, node, args_of(p, list->args[i], body, NULL), 2)) return false;
    body = node;
  }
  *call = body;
  return true;
}

/* cel.index(N) and cel.iterVar(N, M) are names that no person can write. */
static bool expand_block_name(Parser *p, const Macro *macro, Node **call) {
  Node **args = (*call)->args;
  for (u32 i = 1; i < (*call)->count; i++)
    if (args[i]->kind != NODE_CONST || args[i]->value.kind != VALUE_INT || args[i]->value.i < 0)
      return macro_fails(p, macro, args[i]->from, "a number was expected here");
  Node *node = replacement(p, NODE_NAME, *call);
  node->name = (*call)->count == 2
                   ? str_format(p->arena, "@index%lld", (long long)args[1]->value.i)
                   : str_format(p->arena, "@it%lld:%lld", (long long)args[1]->value.i, (long long)args[2]->value.i);
  *call = node;
  return true;
}

static bool expand_first(Parser *p, const Macro *macro, Node **call) {
  (void)macro;
  Node *node = replacement(p, NODE_FIRST, *call);
  Node **args = (*call)->args;
  u32 count = (*call)->count;
  *call = node;
  return node_adopt(p, node, args, count);
}

static const Macro MACROS[] = {
    {"has", NULL, 1, 1, 0, expand_has, "write has(alert.field)", "Is this field there? Asks without failing."},
    {"all", "", 2, 3, LOOP_ALL, expand_quantifier, "write list.all(x, condition) or list.all(i, x, condition)",
     "Does the condition hold for every element (or key and value)?"},
    {"exists", "", 2, 3, LOOP_EXISTS, expand_quantifier, "write list.exists(x, condition)",
     "Does it hold for at least one?"},
    {"exists_one", "", 2, 3, LOOP_EXISTS_ONE, expand_quantifier, "write list.exists_one(x, condition)",
     "Does it hold for exactly one?"},
    {"existsOne", "", 2, 3, LOOP_EXISTS_ONE, expand_quantifier, "write list.existsOne(x, condition)",
     "The same under the name of macros2."},
    {"map", "", 2, 3, LOOP_LIST, expand_map, "write list.map(x, value) or list.map(x, condition, value)",
     "A list of what the expression gives for each element, or for those that pass a condition."},
    {"filter", "", 2, 2, LOOP_FILTER, expand_map, "write list.filter(x, condition)",
     "The elements, or the keys, for which the condition holds."},
    {"sortBy", "", 2, 2, LOOP_SORT, expand_map, "write list.sortBy(x, key)",
     "The elements in the order of their keys."},
    {"transformList", "", 3, 4, LOOP_LIST, expand_transform, "write list.transformList(i, x, value)",
     "A list out of indexes and elements, or keys and values; a condition may stand before the value."},
    {"transformMap", "", 3, 4, LOOP_MAP, expand_transform, "write map.transformMap(key, value, new_value)",
     "The same keys with new values; a condition may stand before the value."},
    {"transformMapEntry", "", 3, 4, LOOP_MAP_ENTRY, expand_transform, "write map.transformMapEntry(k, v, {key: value})",
     "A map out of the small maps that the expression gives."},
    {"optMap", "", 2, 2, 0, expand_opt_map, "write optional.optMap(x, value)",
     "The optional's value through an expression; none stays none."},
    {"optFlatMap", "", 2, 2, 0, expand_opt_map, "write optional.optFlatMap(x, optional)",
     "The same for an expression that gives an optional itself."},
    {"bind", "cel", 3, 3, 0, expand_bind, "write cel.bind(name, value, expression)",
     "Names a value for use inside the expression."},
    {"block", "cel", 2, 2, 0, expand_block, "write cel.block([values], expression)",
     "Names several values, which the expression reads by cel.index(N)."},
    {"index", "cel", 1, 1, 0, expand_block_name, "write cel.index(0)", "Value N of the cel.block around."},
    {"iterVar", "cel", 2, 2, 0, expand_block_name, "write cel.iterVar(0, 0)",
     "A variable of a loop in generated expressions."},
    {"first", NULL, 1, CEL_ARGS_MAX, 0, expand_first, "write first(a, b, ...)",
     "The first argument that is there and not empty; null when none is. What is missing or null is passed over."},
};

static bool receiver_fits(const Macro *macro, const Node *call) {
  if (!macro->receiver) return !call->member;
  if (!call->member) return false;
  if (!macro->receiver[0]) return true;
  const Node *receiver = call->args[0];
  return receiver->kind == NODE_NAME && str_equal_c(receiver->name, macro->receiver);
}

bool macro_expand(Parser *p, Node **call) {
  u32 count = (*call)->count - (*call)->member;
  for (size_t i = 0; i < COUNT(MACROS); i++) {
    const Macro *macro = &MACROS[i];
    if (!str_equal_c((*call)->name, macro->name) || !receiver_fits(macro, *call)) continue;
    if (count < macro->args_min || count > macro->args_max)
      return cel_fail_at(p->err, ERR_INVALID, p->source, (*call)->at, "%s() does not take %u arguments; %s",
                         macro->name, count, macro->usage);
    return macro->expand(p, macro, call);
  }
  return true;
}

const char *macro_name(size_t i) {
  return i < COUNT(MACROS) ? MACROS[i].name : NULL;
}

const char *macro_usage(size_t i) {
  return i < COUNT(MACROS) ? MACROS[i].usage : NULL;
}

const char *macro_doc(size_t i) {
  return i < COUNT(MACROS) ? MACROS[i].doc : NULL;
}

/* Names: every variable gets a slot, every chain a.b.c that is a known dotted name becomes one, every call its rows.
 * Variables of macros shadow the environment's, except for names with a leading dot. */
#include <string.h>

#include "base/spelling.h"
#include "lang/cel/program.h"

typedef struct Scope {
  Str name;
  i32 slot;
} Scope;

typedef struct Resolver {
  Compilation *c;
  VEC(Scope) scopes; /* innermost last */
} Resolver;

static bool resolve(Resolver *r, Node **at);

static i32 scope_find(const Resolver *r, Str name) {
  for (size_t i = r->scopes.count; i-- > 0;)
    if (str_equal(r->scopes.items[i].name, name)) return r->scopes.items[i].slot;
  return -1;
}

static i32 scope_push(Resolver *r, Str name) {
  i32 slot = (i32)r->c->locals++;
  *VEC_PUSH(r->c->scratch, &r->scopes) = (Scope){name, slot};
  return slot;
}

/* "a.b.c" when the node is a plain chain of names; else empty. `root` is the first name's node. */
static Str dotted_name(Resolver *r, Node *node, Node **root) {
  if (node->kind == NODE_NAME && node->ref == REF_UNKNOWN) {
    *root = node;
    return node->name;
  }
  if (node->kind != NODE_SELECT || node->optional || node->test || node->quoted) return STR_NONE;
  Str head = dotted_name(r, node->args[0], root);
  return head.len ? str_format(r->c->scratch, "%.*s.%.*s", STR_ARG(head), STR_ARG(node->name)) : STR_NONE;
}

/* Names of types are values. */
static bool type_value(Str name, Value *out) {
  static const char *const TYPES[][2] = {
      {"bool", "bool"},
      {"int", "int"},
      {"uint", "uint"},
      {"double", "double"},
      {"string", "string"},
      {"bytes", "bytes"},
      {"list", "list"},
      {"map", "map"},
      {"type", "type"},
      {"null_type", "null_type"},
      {"optional_type", "optional_type"},
      {"net.IP", "net.IP"},
      {"net.CIDR", "net.CIDR"},
      {"google.protobuf.Timestamp", "google.protobuf.Timestamp"},
      {"google.protobuf.Duration", "google.protobuf.Duration"},
  };
  for (size_t i = 0; i < COUNT(TYPES); i++)
    if (str_equal_c(name, TYPES[i][0])) {
      *out = (Value){.kind = VALUE_TYPE, .size = (u32)strlen(TYPES[i][1]), .text = TYPES[i][1]};
      return true;
    }
  return false;
}

/* Makes the node the variable or type of this dotted name, if there is one. */
static bool become_known(Resolver *r, Node *node, Str name, bool rooted) {
  i32 slot = cel_env_resolve_var(r->c->env, r->c->scratch, name, rooted);
  if (slot >= 0) {
    node->kind = NODE_NAME;
    node->ref = REF_VAR;
    node->slot = slot;
    node->name = name;
    return true;
  }
  Value value;
  if (!type_value(name, &value)) return false;
  node->kind = NODE_CONST;
  node->value = value;
  return true;
}

static u32 count_dots(Str s) {
  u32 dots = 0;
  for (size_t i = 0; i < s.len; i++) dots += s.ptr[i] == '.';
  return dots;
}

/* As many parts of the chain as the candidate has, so that runbook.input.x is compared to runbook.inputs. */
static Str nearest_variable(const Resolver *r, Str chain) {
  Str best = STR_NONE;
  size_t edits = SIZE_MAX;
  const CelEnvOptions *o = &r->c->env->options;
  for (size_t i = 0; i < o->var_count + r->scopes.count; i++) {
    Str candidate = i < o->var_count ? str_from_c(o->vars[i].name) : r->scopes.items[i - o->var_count].name;
    u32 dots = count_dots(candidate);
    size_t end = 0;
    for (; end < chain.len; end++)
      if (chain.ptr[end] == '.' && dots-- == 0) break;
    Spelling near = spelling_of(str_slice(chain, 0, end));
    spelling_try(&near, candidate);
    bool absent = i < o->var_count && o->vars[i].absent;
    if (!near.word.len || near.edits >= edits || candidate.ptr[0] == '@' || absent) continue;
    edits = near.edits;
    best = candidate;
  }
  return best;
}

/* "severity" where alert.severity is declared: what other products call it without the alert. Empty: none is. */
static Str field_called(const Resolver *r, Str name) {
  const CelEnvOptions *o = &r->c->env->options;
  for (size_t i = 0; i < o->var_count; i++) {
    Str field = str_from_c(o->vars[i].name);
    bool ends = o->vars[i].field && !o->vars[i].absent && field.len > name.len + 1 && str_ends_with(field, name);
    if (ends && field.ptr[field.len - name.len - 1] == '.') return field;
  }
  return STR_NONE;
}

static bool unknown_name(Resolver *r, const Node *node, Str chain) {
  if (r->c->no_check) return true;
  Str near = nearest_variable(r, chain);
  Str name = node->name;
  const CelEnvOptions *o = &r->c->env->options;
  for (size_t i = 0; i < o->var_count; i++)
    if (o->vars[i].absent && str_equal_c(name, o->vars[i].name))
      return cel_fail_at(r->c->err, ERR_INVALID, r->c->source, node->at, "\"%.*s\" is not known here: %s",
                         STR_ARG(name), o->vars[i].doc);
  Str called = field_called(r, name);
  if (called.len) near = called;
  if (near.len)
    return cel_fail_at(r->c->err, ERR_INVALID, r->c->source, node->at, "unknown name \"%.*s\"; did you mean %.*s?",
                       STR_ARG(name), STR_ARG(near));
  if (cel_env_function(r->c->env, name))
    return cel_fail_at(r->c->err, ERR_INVALID, r->c->source, node->at, "\"%.*s\" is a function; call it: %.*s(...)",
                       STR_ARG(name), STR_ARG(name));
  return cel_fail_at(r->c->err, ERR_INVALID, r->c->source, node->at, "unknown name \"%.*s\"", STR_ARG(name));
}

static bool resolve_name(Resolver *r, Node *node, Str chain) {
  i32 local = node->rooted ? -1 : scope_find(r, node->name);
  if (local >= 0) {
    node->ref = REF_LOCAL;
    node->slot = local;
    return true;
  }
  return become_known(r, node, node->name, node->rooted) || unknown_name(r, node, chain);
}

/* The declared name of what is selected from: "alert", "alert.service"; empty for anything else. */
static Str declared_name(const Resolver *r, const Node *node) {
  bool known = node->kind == NODE_NAME ? node->ref == REF_VAR : node->kind == NODE_SELECT && node->slot >= 0;
  return known ? str_from_c(r->c->env->options.vars[node->slot].name) : STR_NONE;
}

/* No field is like it: what it may have been meant for. */
static bool unknown_field(Resolver *r, const Node *node, Str of, Str name) {
  const CelEnvOptions *o = &r->c->env->options;
  for (size_t i = 0; i < o->var_count; i++)
    if (o->vars[i].field && o->vars[i].absent && str_equal_c(name, o->vars[i].name))
      return cel_fail_at(r->c->err, ERR_INVALID, r->c->source, node->at, "there is no field \"%.*s\": %s",
                         STR_ARG(name), o->vars[i].doc);
  Str labels = str_format(r->c->scratch, "%.*s.labels", STR_ARG(of));
  if (map_get(r->c->env->fields, labels))
    return cel_fail_at(r->c->err, ERR_INVALID, r->c->source, node->at,
                       "unknown field \"%.*s\"; a field of your own is a label: %.*s.%.*s (a text; double(...) makes a "
                       "number of it)",
                       STR_ARG(name), STR_ARG(labels), STR_ARG(node->name));
  return cel_fail_at(r->c->err, ERR_INVALID, r->c->source, node->at, "unknown field \"%.*s\"", STR_ARG(name));
}

/* Where fields are declared, the node must be one of them; node->slot says which, for its type. */
static bool resolve_field(Resolver *r, Node *node) {
  Str of = declared_name(r, node->args[0]);
  if (!of.len || map_count(r->c->env->fields) == 0) return true;
  Str name = str_format(r->c->scratch, "%.*s.%.*s", STR_ARG(of), STR_ARG(node->name));
  Str prefix = str_slice(name, 0, of.len + 1);
  node->slot = (i32)(uintptr_t)map_get(r->c->env->fields, name) - 1;
  if (node->slot >= 0 || r->c->no_check) return true;
  Spelling near = spelling_of(node->name);
  bool declared = false;
  for (size_t i = 0; i < map_count(r->c->env->fields); i++) {
    Str field = map_at(r->c->env->fields, i)->key;
    if (!str_starts_with(field, prefix)) continue;
    declared = true;
    spelling_try(&near, str_slice(field, prefix.len, field.len));
  }
  if (!declared) return true;
  if (near.word.len)
    return cel_fail_at(r->c->err, ERR_INVALID, r->c->source, node->at, "unknown field \"%.*s\"; did you mean %.*s%.*s?",
                       STR_ARG(name), STR_ARG(prefix), STR_ARG(near.word));
  return unknown_field(r, node, of, name);
}

/* The longest known prefix of the chain becomes one name; the rest stays selection. */
static bool resolve_select(Resolver *r, Node *node, Str chain) {
  Node *root = NULL;
  bool test = node->test; /* has(a.b) of a variable "a.b" asks whether it is bound */
  node->test = false;
  Str name = dotted_name(r, node, &root);
  node->test = test;
  bool free = name.len && (root->rooted || scope_find(r, root->name) < 0);
  if (free && become_known(r, node, name, root->rooted)) return true;
  if (!chain.len) chain = name;
  Node *operand = node->args[0];
  bool ok = operand->kind == NODE_NAME     ? resolve_name(r, operand, chain.len ? chain : operand->name)
            : operand->kind == NODE_SELECT ? resolve_select(r, operand, chain)
                                           : resolve(r, &node->args[0]);
  return ok && resolve_field(r, node);
}

static bool unknown_function(Resolver *r, const Node *node, Str name) {
  if (r->c->no_check) return true;
  Spelling near = spelling_of(name);
  const Map *functions = r->c->env->functions;
  for (size_t i = 0; i < map_count(functions); i++) {
    Str known = map_at(functions, i)->key;
    bool callable = (known.ptr[0] >= 'a' && known.ptr[0] <= 'z') || (known.ptr[0] >= 'A' && known.ptr[0] <= 'Z');
    if (callable) spelling_try(&near, known); /* operators are not */
  }
  for (size_t i = 0; macro_name(i) && !r->c->env->options.no_macros; i++)
    spelling_try(&near, str_from_c(macro_name(i)));
  if (near.word.len)
    return cel_fail_at(r->c->err, ERR_INVALID, r->c->source, node->at,
                       "unknown function \"%.*s\"; did you mean %.*s()?", STR_ARG(name), STR_ARG(near.word));
  return cel_fail_at(r->c->err, ERR_INVALID, r->c->source, node->at, "unknown function \"%.*s\"", STR_ARG(name));
}

/* math.greatest(a): the receiver is a namespace when the whole is a known function and the root no variable. */
static bool resolve_namespaced(Resolver *r, Node *node) {
  Node *root = NULL;
  Str head = dotted_name(r, node->args[0], &root);
  if (!head.len || scope_find(r, root->name) >= 0) return false;
  Str name = str_format(r->c->scratch, "%.*s.%.*s", STR_ARG(head), STR_ARG(node->name));
  const CelFn *fn = cel_env_resolve_function(r->c->env, r->c->scratch, name, root->rooted);
  if (!fn) return false;
  node->fn = fn;
  node->name = name;
  node->member = false;
  node->args++;
  node->count--;
  return true;
}

static bool resolve_args(Resolver *r, Node *node) {
  for (u32 i = 0; i < node->count; i++)
    if (node->args[i] && !resolve(r, &node->args[i])) return false;
  return true;
}

static bool resolve_call(Resolver *r, Node *node) {
  if (node->member && resolve_namespaced(r, node)) return resolve_args(r, node);
  node->fn = node->member ? cel_env_function(r->c->env, node->name)
                          : cel_env_resolve_function(r->c->env, r->c->scratch, node->name, node->rooted);
  if (!node->fn) return unknown_function(r, node, node->name); /* before its arguments: x of exist(x, ...) is no name */
  return resolve_args(r, node);
}

/* args[0] outside, the rest inside the scope of the variables. */
static bool resolve_scoped(Resolver *r, Node *node) {
  if (!resolve(r, &node->args[0])) return false;
  size_t mark = r->scopes.count;
  node->slot = scope_push(r, node->name);
  if (node->name2.len) node->slot2 = scope_push(r, node->name2);
  for (u32 i = 1; i < node->count; i++)
    if (node->args[i] && !resolve(r, &node->args[i])) return false;
  r->scopes.count = mark;
  return true;
}

static bool resolve(Resolver *r, Node **at) {
  Node *node = *at;
  switch (node->kind) {
  case NODE_CONST: return true;
  case NODE_NAME: return resolve_name(r, node, node->name);
  case NODE_SELECT: return resolve_select(r, node, STR_NONE);
  case NODE_CALL: return resolve_call(r, node);
  case NODE_LOOP:
  case NODE_LET:
  case NODE_OPT_MAP: return resolve_scoped(r, node);
  default: return resolve_args(r, node);
  }
}

bool cel_resolve(Compilation *c, Node **root) {
  Resolver r = {.c = c};
  return resolve(&r, root);
}

/* Pratt parser: one table of precedences, && and || gathered into one node each so that long conditions stay flat.
 * Recursion is bounded by CEL_DEPTH_MAX, both while reading and in the tree. */
#include <string.h>

#include "lang/cel/parser.h"

typedef VEC(Node *) NodeVec;
typedef VEC(bool) FlagVec;

static bool parse_expression(Parser *p, Node **out);

static bool parse_fails(Parser *p, u32 at, const char *what) {
  return cel_fail_at(p->err, ERR_INVALID, p->source, at, "%s", what);
}

Node *node_new(Arena *arena, NodeKind kind, u32 from, u32 to) {
  Node *node = ARENA_NEW(arena, Node);
  *node = (Node){.kind = kind, .from = from, .to = to, .at = from, .depth = 1, .slot = -1, .slot2 = -1};
  return node;
}

bool node_adopt(Parser *p, Node *node, Node **args, u32 count) {
  node->args = args;
  node->count = count;
  for (u32 i = 0; i < count; i++)
    if (args[i]) node->depth = MAX(node->depth, args[i]->depth + 1);
  if (node->depth <= CEL_DEPTH_MAX) return true;
  return cel_fail_at(p->err, ERR_INVALID, p->source, node->at,
                     "this expression is nested more than %d levels deep; split it", CEL_DEPTH_MAX);
}

static bool is_punct(const Parser *p, const char *text) {
  return p->token.kind == TOKEN_PUNCT && str_equal_c(p->token.text, text);
}

static bool is_word(const Parser *p, const char *text) {
  return p->token.kind == TOKEN_NAME && !p->token.quoted && str_equal_c(p->token.text, text);
}

static bool unexpected(Parser *p, const char *wanted) {
  if (p->token.kind == TOKEN_END)
    return cel_fail_at(p->err, ERR_INVALID, p->source, p->token.from, "the expression ends where %s was expected",
                       wanted);
  return cel_fail_at(p->err, ERR_INVALID, p->source, p->token.from, "unexpected '%.*s'; expected %s",
                     (int)MIN(p->token.text.len, (size_t)40), p->token.text.ptr, wanted);
}

static bool expect(Parser *p, const char *punct, const char *wanted) {
  if (!is_punct(p, punct)) return unexpected(p, wanted);
  return lexer_next(p);
}

static bool is_reserved(Str name) {
  static const char *const WORDS[] = {"in",      "as",        "break",  "const",  "continue", "else",
                                      "for",     "function",  "if",     "import", "let",      "loop",
                                      "package", "namespace", "return", "var",    "void",     "while"};
  for (size_t i = 0; i < COUNT(WORDS); i++)
    if (str_equal_c(name, WORDS[i])) return true;
  return false;
}

/* `a, b, c` up to the closing bracket, which is taken; a comma may stand at the end where `trailing`. */
static bool parse_list(Parser *p, const char *close, bool trailing, NodeVec *out, FlagVec *optionals) {
  if (is_punct(p, close)) return lexer_next(p);
  for (;;) {
    bool optional = false;
    if (optionals && is_punct(p, "?")) {
      optional = true;
      if (!lexer_next(p)) return false;
    }
    Node *item = NULL;
    if (!parse_expression(p, &item)) return false;
    *VEC_PUSH(p->arena, out) = item;
    if (optionals) *VEC_PUSH(p->arena, optionals) = optional;
    if (is_punct(p, close)) return lexer_next(p);
    if (!expect(p, ",", "',' or a closing bracket")) return false;
    if (trailing && is_punct(p, close)) return lexer_next(p);
  }
}

static bool any_flag(const FlagVec *flags) {
  for (size_t i = 0; i < flags->count; i++)
    if (flags->items[i]) return true;
  return false;
}

static bool parse_list_literal(Parser *p, Node **out) {
  u32 from = p->token.from;
  NodeVec items = {0};
  FlagVec optionals = {0};
  if (!lexer_next(p) || !parse_list(p, "]", true, &items, &optionals)) return false;
  Node *node = node_new(p->arena, NODE_LIST, from, p->last);
  if (any_flag(&optionals)) node->optionals = optionals.items;
  *out = node;
  return node_adopt(p, node, items.items, (u32)items.count);
}

static bool parse_map_entry(Parser *p, NodeVec *items, FlagVec *optionals) {
  bool optional = is_punct(p, "?");
  if (optional && !lexer_next(p)) return false;
  Node *key = NULL, *value = NULL;
  if (!parse_expression(p, &key) || !expect(p, ":", "':' after a key") || !parse_expression(p, &value)) return false;
  *VEC_PUSH(p->arena, items) = key;
  *VEC_PUSH(p->arena, items) = value;
  *VEC_PUSH(p->arena, optionals) = optional;
  return true;
}

static bool parse_map_literal(Parser *p, Node **out) {
  u32 from = p->token.from;
  NodeVec items = {0};
  FlagVec optionals = {0};
  if (!lexer_next(p)) return false;
  while (!is_punct(p, "}")) {
    if (!parse_map_entry(p, &items, &optionals)) return false;
    if (!is_punct(p, "}") && !expect(p, ",", "',' or '}'")) return false;
  }
  Node *node = node_new(p->arena, NODE_MAP, from, p->token.to);
  if (any_flag(&optionals)) node->optionals = optionals.items;
  *out = node;
  return node_adopt(p, node, items.items, (u32)items.count) && lexer_next(p);
}

static bool parse_arguments(Parser *p, Node *call, Node *receiver) {
  NodeVec args = {0};
  if (receiver) *VEC_PUSH(p->arena, &args) = receiver;
  call->member = receiver != NULL;
  if (!lexer_next(p) || !parse_list(p, ")", false, &args, NULL)) return false;
  if (args.count > CEL_ARGS_MAX) return parse_fails(p, call->at, "this call has too many arguments");
  return node_adopt(p, call, args.items, (u32)args.count);
}

static bool parse_name(Parser *p, bool rooted, u32 from, Node **out) {
  Token name = p->token;
  if (name.kind != TOKEN_NAME || name.quoted) return unexpected(p, "a name");
  if (is_reserved(name.text))
    return cel_fail_at(p->err, ERR_INVALID, p->source, name.from, "'%.*s' is a reserved word", STR_ARG(name.text));
  if (!lexer_next(p)) return false;
  bool call = is_punct(p, "(");
  Node *node = node_new(p->arena, call ? NODE_CALL : NODE_NAME, from, name.to);
  node->at = name.from;
  node->name = name.text;
  node->rooted = rooted;
  *out = node;
  if (!call) return true;
  if (!parse_arguments(p, node, NULL)) return false;
  node->to = p->last;
  return p->no_macros || macro_expand(p, out);
}

static bool constant(Parser *p, Value value, Node **out) {
  *out = node_new(p->arena, NODE_CONST, p->token.from, p->token.to);
  (*out)->value = value;
  return lexer_next(p);
}

/* `negative`: a minus stands directly before, which belongs to the number. */
static bool parse_number(Parser *p, bool negative, Node **out) {
  Value value = p->token.value;
  if (p->token.kind == TOKEN_DOUBLE) return constant(p, value_double(negative ? -value.d : value.d), out);
  if (p->token.kind == TOKEN_UINT) return constant(p, value, out);
  u64 limit = (u64)INT64_MAX + negative;
  if (value.u > limit)
    return parse_fails(p, p->token.from, "this number does not fit an int; write it with a trailing u, or as a double");
  return constant(p, value_int(negative ? (i64)(0 - value.u) : (i64)value.u), out);
}

static bool parse_grouped(Parser *p, Node **out) {
  u32 from = p->token.from;
  if (!lexer_next(p) || !parse_expression(p, out)) return false;
  if (!is_punct(p, ")")) return unexpected(p, "')'");
  (*out)->from = from;
  (*out)->to = p->token.to;
  return lexer_next(p);
}

static bool parse_primary(Parser *p, Node **out) {
  u32 from = p->token.from;
  switch (p->token.kind) {
  case TOKEN_INT:
  case TOKEN_UINT:
  case TOKEN_DOUBLE: return parse_number(p, false, out);
  case TOKEN_STRING:
  case TOKEN_BYTES: return constant(p, p->token.value, out);
  case TOKEN_NAME:
    if (is_word(p, "true") || is_word(p, "false")) return constant(p, value_bool(is_word(p, "true")), out);
    if (is_word(p, "null")) return constant(p, value_null(), out);
    return parse_name(p, false, from, out);
  default: break;
  }
  if (is_punct(p, "(")) return parse_grouped(p, out);
  if (is_punct(p, "[")) return parse_list_literal(p, out);
  if (is_punct(p, "{")) return parse_map_literal(p, out);
  if (is_punct(p, ".")) return lexer_next(p) && parse_name(p, true, from, out);
  return unexpected(p, "a value");
}

static Node **pair(Parser *p, Node *a, Node *b) {
  Node **args = ARENA_ARRAY(p->arena, Node *, 2);
  args[0] = a;
  args[1] = b;
  return args;
}

/* `.name`, `.?name`, `.name(...)` after `left`. */
static bool parse_select(Parser *p, Node **left) {
  if (!lexer_next(p)) return false;
  bool optional = is_punct(p, "?");
  if (optional && !lexer_next(p)) return false;
  Token name = p->token;
  if (name.kind != TOKEN_NAME) return unexpected(p, "a field name");
  if (!lexer_next(p)) return false;
  bool call = !optional && !name.quoted && is_punct(p, "(");
  Node *node = node_new(p->arena, call ? NODE_CALL : NODE_SELECT, (*left)->from, name.to);
  node->at = name.from;
  node->name = name.text;
  node->optional = optional;
  node->quoted = name.quoted;
  Node *receiver = *left;
  *left = node;
  if (!call) return node_adopt(p, node, pair(p, receiver, NULL), 1);
  if (!parse_arguments(p, node, receiver)) return false;
  node->to = p->last;
  return p->no_macros || macro_expand(p, left);
}

static bool parse_index(Parser *p, Node **left) {
  u32 at = p->token.from;
  if (!lexer_next(p)) return false;
  bool optional = is_punct(p, "?");
  Node *index = NULL;
  if ((optional && !lexer_next(p)) || !parse_expression(p, &index)) return false;
  if (!is_punct(p, "]")) return unexpected(p, "']'");
  Node *node = node_new(p->arena, NODE_INDEX, (*left)->from, p->token.to);
  node->at = at;
  node->optional = optional;
  Node **args = pair(p, *left, index);
  *left = node;
  return node_adopt(p, node, args, 2) && lexer_next(p);
}

static bool parse_postfix(Parser *p, Node **out) {
  if (!parse_primary(p, out)) return false;
  for (;;) {
    if (is_punct(p, ".")) {
      if (!parse_select(p, out)) return false;
    } else if (is_punct(p, "[")) {
      if (!parse_index(p, out)) return false;
    } else if (is_punct(p, "{")) {
      return parse_fails(p, p->token.from, "messages are not supported; a map is {'key': value}");
    } else {
      return true;
    }
  }
}

static bool is_number(const Parser *p) {
  return p->token.kind == TOKEN_INT || p->token.kind == TOKEN_DOUBLE;
}

static bool parse_unary(Parser *p, Node **out) {
  u32 signs = 0;
  bool negation = is_punct(p, "!");
  Token first = p->token;
  VEC(u32) places = {0};
  while (is_punct(p, negation ? "!" : "-")) {
    *VEC_PUSH(p->arena, &places) = p->token.from;
    signs++;
    if (signs > CEL_DEPTH_MAX) return parse_fails(p, first.from, "too many signs");
    if (!lexer_next(p)) return false;
  }
  if (!negation && signs > 0 && is_number(p)) {
    signs--;
    if (!parse_number(p, true, out)) return false;
    (*out)->from = places.items[signs];
    while (is_punct(p, ".") || is_punct(p, "["))
      if (is_punct(p, ".") ? !parse_select(p, out) : !parse_index(p, out)) return false;
  } else if (!parse_postfix(p, out)) {
    return false;
  }
  for (; signs > 0; signs--) {
    Node *node = node_new(p->arena, NODE_CALL, places.items[signs - 1], (*out)->to);
    node->name = negation ? S("!_") : S("-_");
    Node **args = pair(p, *out, NULL);
    *out = node;
    if (!node_adopt(p, node, args, 1)) return false;
  }
  return true;
}

static const struct {
  const char *token, *name;
  int power; /* binds tighter when larger */
} BINARY[] = {
    {"||", "||", 1},   {"&&", "&&", 2}, {"==", "_==_", 3}, {"!=", "_!=_", 3}, {"<", "_<_", 3},
    {"<=", "_<=_", 3}, {">", "_>_", 3}, {">=", "_>=_", 3}, {"in", "@in_", 3}, {"+", "_+_", 4},
    {"-", "_-_", 4},   {"*", "_*_", 5}, {"/", "_/_", 5},   {"%", "_%_", 5},
};

static int binary_index(const Parser *p) {
  for (int i = 0; i < (int)COUNT(BINARY); i++)
    if (is_punct(p, BINARY[i].token) || (BINARY[i].token[0] == 'i' && is_word(p, "in"))) return i;
  return -1;
}

static bool parse_binary(Parser *p, int power, Node **out);

/* The chain `left && b && c ...` as one node. */
static bool parse_logic(Parser *p, NodeKind kind, int row, Node **left) {
  NodeVec args = {0};
  *VEC_PUSH(p->arena, &args) = *left;
  u32 at = p->token.from;
  while (is_punct(p, BINARY[row].token)) {
    Node *right = NULL;
    if (!lexer_next(p) || !parse_binary(p, BINARY[row].power + 1, &right)) return false;
    *VEC_PUSH(p->arena, &args) = right;
  }
  Node *node = node_new(p->arena, kind, (*left)->from, args.items[args.count - 1]->to);
  node->at = at;
  *left = node;
  return node_adopt(p, node, args.items, (u32)args.count);
}

static bool parse_binary(Parser *p, int power, Node **out) {
  if (!parse_unary(p, out)) return false;
  for (;;) {
    int row = binary_index(p);
    if (row < 0 || BINARY[row].power < power) return true;
    if (row <= 1) {
      if (!parse_logic(p, row == 0 ? NODE_OR : NODE_AND, row, out)) return false;
      continue;
    }
    u32 at = p->token.from;
    Node *right = NULL;
    if (!lexer_next(p) || !parse_binary(p, BINARY[row].power + 1, &right)) return false;
    Node *node = node_new(p->arena, NODE_CALL, (*out)->from, right->to);
    node->at = at;
    node->name = str_from_c(BINARY[row].name);
    Node **args = pair(p, *out, right);
    *out = node;
    if (!node_adopt(p, node, args, 2)) return false;
  }
}

static bool parse_conditional(Parser *p, Node **out) {
  if (!parse_binary(p, 1, out)) return false;
  if (!is_punct(p, "?")) return true;
  u32 at = p->token.from;
  Node **args = ARENA_ARRAY(p->arena, Node *, 3);
  args[0] = *out;
  if (!lexer_next(p) || !parse_binary(p, 1, &args[1])) return false;
  if (!expect(p, ":", "':' of the condition")) return false;
  if (!parse_expression(p, &args[2])) return false;
  Node *node = node_new(p->arena, NODE_IF, args[0]->from, args[2]->to);
  node->at = at;
  *out = node;
  return node_adopt(p, node, args, 3);
}

static bool parse_expression(Parser *p, Node **out) {
  if (p->nesting >= CEL_DEPTH_MAX)
    return cel_fail_at(p->err, ERR_INVALID, p->source, p->token.from,
                       "this expression is nested more than %d levels deep; split it", CEL_DEPTH_MAX);
  p->nesting++;
  bool ok = parse_conditional(p, out);
  p->nesting--;
  return ok;
}

bool cel_parse(Arena *arena, Str source, bool no_macros, Node **out, Error *err) {
  if (source.len > CEL_SOURCE_MAX)
    return fail(err, ERR_INVALID, "the expression is %zu bytes long; at most %d are allowed", source.len,
                CEL_SOURCE_MAX);
  if (!utf8_valid(source)) return fail(err, ERR_INVALID, "the expression is not valid UTF-8");
  if (str_is_blank(source)) return fail(err, ERR_INVALID, "the expression is empty");
  Parser p = {.arena = arena, .source = source, .no_macros = no_macros, .err = err};
  if (!lexer_next(&p) || !parse_expression(&p, out)) return false;
  return p.token.kind == TOKEN_END || unexpected(&p, "an operator or the end");
}

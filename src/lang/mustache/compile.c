/* Compiler: tokens become one flat array of nodes, for the template and for every partial that it names, directly or
 * not. A partial is loaded once, so partials may name each other; one that is missing is an empty unit.
 *
 * Surprise: inside a parent tag only its blocks are kept (they are its arguments); all else there is ignored. */
#include "lang/mustache/internal.h"

typedef struct Source {
  Str name, text;
} Source;

typedef struct Compiler {
  Arena *arena;
  const MustacheOptions *options;
  VEC(Source) sources; /* by unit */
  VEC(Unit) units;
  VEC(Node) nodes;
  VEC(Str) parts;
  Map *unit_by_name; /* index + 1 */
  size_t bytes;      /* of all sources */
  u32 open[NEST_MAX];
  u32 depth;
  Error *err;
} Compiler;

static bool add_unit(Compiler *c, Str name, Str text) {
  if (text.len > SOURCE_BYTES_MAX)
    return fail(c->err, ERR_INVALID, "a template of %zu bytes; at most %d", text.len, SOURCE_BYTES_MAX);
  if (!utf8_valid(text)) return fail(c->err, ERR_INVALID, "the template is not valid UTF-8");
  c->bytes += text.len;
  if (c->bytes > UNITS_BYTES_MAX)
    return fail(c->err, ERR_INVALID, "the template and its partials are longer than %d bytes", UNITS_BYTES_MAX);
  *VEC_PUSH(c->arena, &c->sources) = (Source){.name = name, .text = str_copy(c->arena, text)};
  *VEC_PUSH(c->arena, &c->units) = (Unit){.name = name};
  return true;
}

/* The unit of a partial, made when it is met first. */
static bool unit_of_partial(Compiler *c, const Token *token, u32 *out) {
  uintptr_t known = (uintptr_t)map_get(c->unit_by_name, token->text);
  if (known > 0) {
    *out = (u32)known - 1;
    return true;
  }
  u32 unit = (u32)c->units.count;
  if (unit == UNIT_COUNT_MAX)
    return mustache_fail(c->err, token->line, token->column, "more than %d partials", UNIT_COUNT_MAX - 1);
  Str text = STR_NONE;
  if (c->options->partial && !c->options->partial(c->options->partial_ctx, token->text, &text)) text = STR_NONE;
  if (!add_unit(c, token->text, text))
    return error_prefix(c->err, "partial \"%.*s\": ", STR_ARG(utf8_cut(token->text, 80)));
  map_set(c->unit_by_name, token->text, (void *)((uintptr_t)unit + 1));
  *out = unit;
  return true;
}

/* "a.b.c" into its parts; "." has none. */
static bool emit_parts(Compiler *c, const Token *token, Node *node) {
  node->part_first = (u32)c->parts.count;
  if (str_equal_c(token->text, ".")) return true;
  Str rest = token->text, part;
  for (bool more = true; more;) {
    more = str_cut(rest, '.', &part, &rest);
    if (part.len == 0)
      return mustache_fail(c->err, token->line, token->column, "\"%.*s\" has an empty name between its dots",
                           STR_ARG(utf8_cut(token->text, 80)));
    *VEC_PUSH(c->arena, &c->parts) = part;
  }
  node->part_count = (u32)c->parts.count - node->part_first;
  return true;
}

/* Text that follows text of the same source directly becomes one node with it. */
static bool joins_last_text(const Compiler *c, const Token *token, u32 first) {
  if (token->kind != TAG_TEXT || c->nodes.count == first) return false;
  const Node *last = &c->nodes.items[c->nodes.count - 1];
  return last->kind == TAG_TEXT && last->text.ptr + last->text.len == token->text.ptr;
}

static bool fill_node(Compiler *c, const Token *token, Node *node) {
  switch (token->kind) {
  case TAG_CEL:
    return cel_compile(c->arena, c->options->cel_env, token->text, NULL, &node->program, c->err) ||
           mustache_fail_cel(c->err, token->line, token->column);
  case TAG_VALUE:
  case TAG_RAW:
  case TAG_SECTION:
  case TAG_INVERTED: return emit_parts(c, token, node);
  case TAG_PARTIAL:
  case TAG_PARENT: return token->dynamic ? emit_parts(c, token, node) : unit_of_partial(c, token, &node->unit);
  default: return true;
  }
}

static bool emit(Compiler *c, const Token *token, u32 unit_first) {
  if (joins_last_text(c, token, unit_first)) {
    c->nodes.items[c->nodes.count - 1].text.len += token->text.len;
    return true;
  }
  Node node = {.kind = token->kind,
               .dynamic = token->dynamic,
               .line_start = token->line_start,
               .standalone = token->standalone,
               .line = token->line,
               .column = token->column,
               .text = token->text,
               .indent = token->indent,
               .line_end = token->line_end};
  if (!fill_node(c, token, &node)) return false;
  u32 index = (u32)c->nodes.count;
  node.end = index + 1;
  *VEC_PUSH(c->arena, &c->nodes) = node;
  return true;
}

static bool is_opener(TagKind kind) {
  return kind == TAG_SECTION || kind == TAG_INVERTED || kind == TAG_PARENT || kind == TAG_BLOCK;
}

static bool inside_parent(const Compiler *c) {
  return c->depth > 0 && c->nodes.items[c->open[c->depth - 1]].kind == TAG_PARENT;
}

static bool emit_all(Compiler *c, const TokenVec *tokens) {
  u32 unit_first = (u32)c->nodes.count;
  for (size_t i = 0; i < tokens->count; i++) {
    const Token *token = &tokens->items[i];
    if (token->kind == TAG_CLOSE) {
      c->nodes.items[c->open[--c->depth]].end = (u32)c->nodes.count;
      continue;
    }
    if (token->dropped || token->kind == TAG_COMMENT || token->kind == TAG_DELIMITERS) continue;
    if (inside_parent(c) && token->kind != TAG_BLOCK) {
      if (is_opener(token->kind)) i = token->match;
      continue;
    }
    if (!emit(c, token, unit_first)) return false;
    if (is_opener(token->kind)) c->open[c->depth++] = (u32)c->nodes.count - 1;
  }
  ASSERT(c->depth == 0);
  return true;
}

static bool compile_unit(Compiler *c, size_t unit) {
  Source source = c->sources.items[unit];
  TokenVec tokens = {0};
  u32 first = (u32)c->nodes.count;
  if (!mustache_scan(c->arena, source.text, c->options->cel_env != NULL, &tokens, c->err) || !emit_all(c, &tokens))
    return unit == 0 ? false : error_prefix(c->err, "partial \"%.*s\": ", STR_ARG(utf8_cut(source.name, 80)));
  c->units.items[unit].first = first;
  c->units.items[unit].end = (u32)c->nodes.count;
  return true;
}

bool mustache_compile(Arena *arena, Str source, const MustacheOptions *options, const Mustache **out, Error *err) {
  ASSERT(options->context < MUSTACHE_CONTEXT_COUNT);
  Compiler c = {.arena = arena, .options = options, .unit_by_name = map_new(arena), .err = err};
  if (!add_unit(&c, STR_NONE, source)) return false;
  for (size_t unit = 0; unit < c.units.count; unit++)
    if (!compile_unit(&c, unit)) return false;
  Mustache *template = ARENA_NEW(arena, Mustache);
  *template = (Mustache){.options = *options,
                         .nodes = c.nodes.items,
                         .parts = c.parts.items,
                         .units = c.units.items,
                         .unit_count = (u32)c.units.count};
  *out = template;
  return true;
}

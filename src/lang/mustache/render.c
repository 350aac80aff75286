/* Renderer: walks the nodes of a template, with the stack of contexts and of arguments on the C stack.
 *
 * Surprises:
 * - Indentation is written late: `at_line_start` is set by a line end of the template's text, and whatever is written
 * next gets the indentation of its place first. Line ends inside values do not count (the specification says so).
 * - `dedent` is how much white space the lines of an argument lose, because its author indented it; `indent` is what
 * the place that it fills gives them.
 * - The outermost argument for a block wins, and what it holds is resolved by the templates outside of it only.
 * Cost: bounded by RENDER_STEPS_MAX nodes and lookup steps, by out->max and by the budget of all expressions together.
 */
#include "lang/json.h"
#include "lang/mustache/internal.h"

/* The stack of contexts: the innermost value first. */
typedef struct Scope {
  const Value *value;
  const struct Scope *outer;
} Scope;

/* The blocks directly inside a parent tag, innermost parent first. */
typedef struct Arguments {
  const Mustache *template;
  const Node *parent;
  const struct Arguments *outer;
} Arguments;

/* Where nodes are rendered. */
typedef struct Place {
  const Mustache *template;
  const Scope *scope;
  const Arguments *arguments;
  Str indent;
  size_t dedent; /* bytes */
  u32 depth;     /* partials, parents and arguments around */
} Place;

typedef struct Render {
  Arena *arena;
  const MustacheOptions *options;
  Buf *out;
  Error *err;
  CelRun cel;
  const Value *root;
  bool cel_bound; /* cel.vars is filled */
  u64 cel_left;   /* budget of the expressions to come */
  u64 cel_cost;
  u64 steps;
  u32 nest;     /* calls of render_nodes inside each other */
  Map *dynamic; /* name -> Mustache; made at the first dynamic name */
  JsonPlace json;
  bool at_line_start;
} Render;

static bool render_nodes(Render *r, const Place *place, u32 from, u32 to);

/* A failure at a node, told with the partial that holds it. Returns false. */
static bool render_fail(Render *r, const Place *place, const Node *node, const char *what) {
  const Mustache *t = place->template;
  u32 index = (u32)(node - t->nodes), unit = 0;
  while (unit + 1 < t->unit_count && !(index >= t->units[unit].first && index < t->units[unit].end)) unit++;
  if (what) {
    fail(r->err, ERR_COST, "line %u, column %u: %s", node->line, node->column, what);
    if (r->err) r->err->line = node->line, r->err->column = node->column;
  }
  if (t->units[unit].name.len > 0)
    error_prefix(r->err, "partial \"%.*s\": ", STR_ARG(utf8_cut(t->units[unit].name, 80)));
  return false;
}

/* ---- text ---- */

static void put_indent(Render *r, const Place *place) {
  if (r->at_line_start) buf_put(r->out, place->indent);
  r->at_line_start = false;
}

/* One line of text, or the rest of one. Empty lines get no indentation. */
static void put_line(Render *r, const Place *place, Str line, bool source_line_start) {
  size_t skip = 0;
  while (source_line_start && skip < place->dedent && skip < line.len &&
         (line.ptr[skip] == ' ' || line.ptr[skip] == '\t'))
    skip++;
  line = str_slice(line, skip, line.len);
  if (line.len == 0) return;
  if (!str_equal_c(line, "\n") && !str_equal_c(line, "\r\n")) put_indent(r, place);
  buf_put(r->out, line);
  r->at_line_start = line.ptr[line.len - 1] == '\n';
}

static void put_text(Render *r, const Place *place, Str text, bool source_line_start) {
  if (text.len == 0) return;
  if (place->indent.len == 0 && place->dedent == 0) {
    buf_put(r->out, text);
    r->at_line_start = text.ptr[text.len - 1] == '\n';
    return;
  }
  for (size_t from = 0, to; from < text.len; from = to, source_line_start = true) {
    size_t newline = str_find_char(text, '\n', from);
    to = newline == SIZE_MAX ? text.len : newline + 1;
    put_line(r, place, str_slice(text, from, to), source_line_start);
  }
}

/* ---- values ---- */

static const Value *unwrap(const Value *v) {
  if (!v || v->kind == VALUE_NULL) return NULL;
  if (v->kind == VALUE_OPTIONAL) return v->size == 1 ? unwrap(v->items) : NULL;
  return v;
}

/* The specification's truth (JavaScript's): absent, null, false, zero, the empty text and the empty list are false. */
static bool is_true(const Value *v) {
  switch (v ? v->kind : VALUE_NULL) {
  case VALUE_NULL: return false;
  case VALUE_BOOL: return v->b;
  case VALUE_INT:
  case VALUE_UINT: return v->u != 0;
  case VALUE_DOUBLE: return v->d < 0 || v->d > 0;
  case VALUE_STRING:
  case VALUE_BYTES:
  case VALUE_LIST: return v->size > 0;
  default: return true;
  }
}

static const Value *step_into(const Value *v, Str part) {
  u64 index;
  v = unwrap(v);
  if (v && v->kind == VALUE_LIST) return str_to_u64(part, UINT32_MAX, &index) ? value_at(v, index) : NULL;
  return v && v->kind == VALUE_MAP ? value_get(v, part) : NULL;
}

/* The first part is looked for from the innermost context outwards; the rest only inside of what it named. */
static const Value *look_up(Render *r, const Place *place, const Node *node) {
  if (node->part_count == 0) return unwrap(place->scope->value);
  const Str *parts = place->template->parts + node->part_first;
  const Value *found = NULL;
  for (const Scope *scope = place->scope; scope && !found; scope = scope->outer, r->steps++)
    found = step_into(scope->value, parts[0]);
  for (u32 i = 1; i < node->part_count && found; i++, r->steps++) found = step_into(found, parts[i]);
  return unwrap(found);
}

static Str display(Render *r, const Value *v) {
  if (!v) return STR_NONE;
  return v->kind == VALUE_STRING ? value_text(v) : value_display(r->arena, v);
}

/* JSON outside of quotes is JSON; inside of them it becomes part of that string. {{text}} is always meant for quotes.
 */
static void put_json(Render *r, const Value *v, bool raw) {
  bool in_string = json_place_in_string(&r->json, r->out);
  bool text = v && v->kind != VALUE_LIST && v->kind != VALUE_MAP;
  if (in_string || (!raw && (!v || text)))
    escape_json(r->out, display(r, v));
  else
    json_write(r->out, v ? v : &(Value){.kind = VALUE_NULL});
}

static void put_value(Render *r, const Place *place, const Value *v, bool raw) {
  MustacheContext context = r->options->context;
  if (context == MUSTACHE_JSON) {
    put_indent(r, place);
    put_json(r, v, raw);
    return;
  }
  Str text = display(r, v);
  if (text.len == 0) return;
  put_indent(r, place);
  if (raw || context == MUSTACHE_TEXT)
    buf_put(r->out, text);
  else if (context == MUSTACHE_HTML)
    escape_html(r->out, text);
  else if (context == MUSTACHE_URL)
    escape_url(r->out, text);
  else
    escape_slack(r->out, text);
}

/* ---- expressions ---- */

/* Members of the context become the variables of the same names; "a.b" is the member b of a, when a is no variable
 * itself. */
static void bind_members(const CelEnv *env, Arena *arena, const Value *map, Str prefix, Value *vars, bool *bound) {
  for (u32 i = 0; i < map->size; i++) {
    const Member *member = &map->members[i];
    if (member->key.kind != VALUE_STRING) continue;
    Str name = value_text(&member->key);
    if (prefix.len > 0) name = str_format(arena, "%.*s.%.*s", STR_ARG(prefix), STR_ARG(name));
    i32 slot = cel_env_slot(env, name);
    if (slot >= 0)
      vars[slot] = member->value, bound[slot] = true;
    else if (prefix.len == 0 && member->value.kind == VALUE_MAP)
      bind_members(env, arena, &member->value, name, vars, bound);
  }
}

static void bind_cel(Render *r) {
  if (r->cel_bound) return;
  r->cel_bound = true;
  const CelEnv *env = r->options->cel_env;
  size_t count = cel_env_var_count(env);
  Value *vars = ARENA_ARRAY(r->arena, Value, count);
  bool *bound = ARENA_ARRAY(r->arena, bool, count);
  if (value_is(r->root, VALUE_MAP)) bind_members(env, r->arena, r->root, STR_NONE, vars, bound);
  r->cel.vars = vars;
  r->cel.bound = bound;
}

static bool render_cel(Render *r, const Place *place, const Node *node) {
  bind_cel(r);
  if (r->cel_left == 0) return render_fail(r, place, node, "the expressions of this template cost too much together");
  r->cel.cost_max = r->cel_left;
  r->cel.cost = 0;
  Value value = value_null();
  Error err = {0};
  bool ok = cel_eval(node->program, r->arena, &r->cel, &value, &err);
  r->cel_left -= MIN(r->cel.cost, r->cel_left);
  r->cel_cost += r->cel.cost;
  if (!ok && err.code != ERR_MISSING) { /* what is missing is empty, as in {{ }} */
    mustache_fail_cel(&err, node->line, node->column);
    if (r->err) *r->err = err;
    return render_fail(r, place, node, NULL);
  }
  put_value(r, place, ok ? unwrap(&value) : NULL, false);
  return true;
}

/* ---- sections ---- */

static bool render_inside(Render *r, const Place *place, const Node *node, const Value *value) {
  Scope scope = {.value = value, .outer = place->scope};
  Place inner = *place;
  inner.scope = &scope;
  u32 index = (u32)(node - place->template->nodes);
  return render_nodes(r, &inner, index + 1, node->end);
}

static bool render_section(Render *r, const Place *place, const Node *node) {
  const Value *value = look_up(r, place, node);
  if (!is_true(value)) return true;
  if (value->kind != VALUE_LIST) return render_inside(r, place, node, value);
  for (u32 i = 0; i < value->size; i++, r->steps++) {
    if (r->steps > RENDER_STEPS_MAX) return render_fail(r, place, node, "the template takes too many steps");
    if (!render_inside(r, place, node, &value->items[i])) return false;
  }
  return true;
}

static bool render_inverted(Render *r, const Place *place, const Node *node) {
  if (is_true(look_up(r, place, node))) return true;
  return render_nodes(r, place, (u32)(node - place->template->nodes) + 1, node->end);
}

/* ---- partials, parents and blocks ---- */

/* The indentation of a standalone tag inside of its place. */
static Str add_indent(Render *r, const Place *place, Str indent) {
  indent = str_slice(indent, place->dedent, indent.len);
  if (indent.len == 0 || place->indent.len == 0) return indent.len ? indent : place->indent;
  return str_format(r->arena, "%.*s%.*s", STR_ARG(place->indent), STR_ARG(indent));
}

/* Loads and compiles the partial of a name that only the data knows; once for each name. */
static bool load_dynamic(Render *r, const Place *place, const Node *node, Str name, const Mustache **out) {
  if (!r->dynamic) r->dynamic = map_new(r->arena);
  *out = map_get(r->dynamic, name);
  if (*out) return true;
  if (map_count(r->dynamic) == DYNAMIC_COUNT_MAX)
    return render_fail(r, place, node, "too many different dynamic partials");
  Str source = STR_NONE;
  if (!r->options->partial || !r->options->partial(r->options->partial_ctx, name, &source)) source = STR_NONE;
  if (!mustache_compile(r->arena, source, r->options, out, r->err))
    return error_prefix(r->err, "partial \"%.*s\": ", STR_ARG(utf8_cut(name, 80)));
  map_set(r->dynamic, name, (void *)(uintptr_t)*out);
  return true;
}

/* Finds the unit to inject: *out_unit is NULL when a dynamic name names nothing. */
static bool find_unit(Render *r, const Place *place, const Node *node, const Mustache **out, const Unit **out_unit) {
  *out = place->template;
  *out_unit = NULL;
  if (!node->dynamic) {
    *out_unit = &place->template->units[node->unit];
    return true;
  }
  const Value *name = look_up(r, place, node);
  if (!value_is(name, VALUE_STRING)) return true;
  if (!load_dynamic(r, place, node, value_text(name), out)) return false;
  *out_unit = &(*out)->units[0];
  return true;
}

static bool render_partial(Render *r, const Place *place, const Node *node, const Arguments *arguments) {
  const Mustache *template;
  const Unit *unit;
  if (place->depth == NEST_MAX) return render_fail(r, place, node, "partials inside each other without end");
  if (!find_unit(r, place, node, &template, &unit)) return false;
  if (!unit) return true;
  Place inner = {.template = template, .scope = place->scope, .arguments = arguments, .depth = place->depth + 1};
  if (node->standalone) inner.indent = add_indent(r, place, node->indent);
  return render_nodes(r, &inner, unit->first, unit->end);
}

static bool render_parent(Render *r, const Place *place, const Node *node) {
  Arguments arguments = {.template = place->template, .parent = node, .outer = place->arguments};
  return render_partial(r, place, node, &arguments);
}

static const Node *find_argument(Render *r, const Arguments *arguments, Str name) {
  const Node *nodes = arguments->template->nodes;
  u32 i = (u32)(arguments->parent - nodes) + 1;
  for (; i < arguments->parent->end; i = nodes[i].end, r->steps++)
    if (str_equal(nodes[i].text, name)) return &nodes[i];
  return NULL;
}

/* The outermost argument of this name. */
static const Node *find_outermost(Render *r, const Place *place, Str name, const Arguments **out) {
  const Node *found = NULL;
  for (const Arguments *arguments = place->arguments; arguments; arguments = arguments->outer, r->steps++) {
    const Node *argument = find_argument(r, arguments, name);
    if (!argument) continue;
    found = argument;
    *out = arguments;
  }
  return found;
}

static bool render_block(Render *r, const Place *place, const Node *node) {
  const Arguments *from = NULL;
  const Node *argument = find_outermost(r, place, node->text, &from);
  if (!argument) return render_nodes(r, place, (u32)(node - place->template->nodes) + 1, node->end);
  if (place->depth == NEST_MAX) return render_fail(r, place, node, "blocks inside each other without end");
  Place inner = {.template = from->template,
                 .scope = place->scope,
                 .arguments = from->outer,
                 .indent = place->indent,
                 .depth = place->depth + 1};
  if (node->standalone) inner.indent = add_indent(r, place, node->indent);
  if (argument->standalone) inner.dedent = argument->indent.len;
  if (!render_nodes(r, &inner, (u32)(argument - from->template->nodes) + 1, argument->end)) return false;
  if (!r->at_line_start) put_text(r, place, node->line_end, false);
  return true;
}

static bool render_node(Render *r, const Place *place, const Node *node) {
  switch (node->kind) {
  case TAG_TEXT: put_text(r, place, node->text, node->line_start); return true;
  case TAG_VALUE: put_value(r, place, look_up(r, place, node), false); return true;
  case TAG_RAW: put_value(r, place, look_up(r, place, node), true); return true;
  case TAG_CEL: return render_cel(r, place, node);
  case TAG_SECTION: return render_section(r, place, node);
  case TAG_INVERTED: return render_inverted(r, place, node);
  case TAG_PARTIAL: return render_partial(r, place, node, place->arguments);
  case TAG_PARENT: return render_parent(r, place, node);
  case TAG_BLOCK: return render_block(r, place, node);
  default: return render_fail(r, place, node, "a node that does not render");
  }
}

static bool render_nodes(Render *r, const Place *place, u32 from, u32 to) {
  const Node *nodes = place->template->nodes;
  if (from >= to) return true;
  if (r->nest == RENDER_NEST_MAX)
    return render_fail(r, place, &nodes[from], "sections and partials inside each other without end");
  r->nest++;
  for (u32 i = from; i < to; i = nodes[i].end) {
    if (++r->steps > RENDER_STEPS_MAX) return render_fail(r, place, &nodes[i], "the template takes too many steps");
    if (!render_node(r, place, &nodes[i])) return false;
    if (r->out->overflow) return render_fail(r, place, &nodes[i], "the text becomes too long");
  }
  r->nest--;
  return true;
}

bool mustache_render(const Mustache *template, Arena *arena, const Value *context, CelRun *cel, Buf *out, Error *err) {
  Render r = {.arena = arena,
              .options = &template->options,
              .out = out,
              .err = err,
              .root = context,
              .json = {.seen = out->len},
              .at_line_start = true};
  if (cel) r.cel = *cel;
  r.cel_bound = r.cel.vars != NULL;
  r.cel_left = r.cel.cost_max ? r.cel.cost_max : CEL_COST_DEFAULT;
  Scope scope = {.value = context};
  Place place = {.template = template, .scope = &scope};
  bool ok = render_nodes(&r, &place, template->units[0].first, template->units[0].end);
  if (cel) cel->cost = r.cel_cost;
  return ok;
}

/* filter=<CEL> of a list. The expression is checked against the fields of the resource and cut at its top-level &&. A
 * part that the database can answer becomes SQL; what is left is evaluated row by row.
 *
 * Both must agree on every row, so SQL's NULL stands for CEL's error: `severity < 2` of a row without severity is an
 * error there and NULL here, and both let `||` and `&&` go on in the same way. Equality is never an error in CEL, so it
 * is written with IS NULL here. A row of which the whole is an error is left out. */
#include <string.h>

#include "lang/cel/parser.h"
#include "resource/internal.h"

enum { NAMES_MAX = COLUMNS_MAX + 8, ROW_COST_MAX = 10000 };

/* Fields ---------------------------------------------------------------------------------------------------------- */

#define COMMON(n, k)                                                                                                   \
  { .name = n, .kind = k, .doc = "" }
static const Field COMMON_FIELDS[] = {COMMON("slug", F_TEXT), COMMON("created_at", F_TIME),
                                      COMMON("updated_at", F_TIME), COMMON("version", F_INT)};

static bool filterable(const Field *f) {
  return !f->hidden && !f->write_only && !f->computed;
}

static const Field *field_named(const CelFilter *b, Str name) {
  const Field *f = resource_field(b->resource, name);
  if (f) return filterable(f) ? f : NULL;
  if (b->resource->bare) return NULL;
  for (size_t i = b->resource->has_slug ? 0 : 1; i < COUNT(COMMON_FIELDS); i++)
    if (str_equal_c(name, COMMON_FIELDS[i].name)) return &COMMON_FIELDS[i];
  return NULL;
}

static CelEnv *make_env(CelFilter *b) {
  CelVar *vars = ARENA_ARRAY(b->ctx->arena, CelVar, NAMES_MAX);
  size_t n = 0;
  vars[n++] = (CelVar){.name = "id", .type = "dyn"};
  if (b->resource->number) vars[n++] = (CelVar){.name = "number", .type = "dyn"};
  if (b->resource->has_slug) vars[n++] = (CelVar){.name = "slug", .type = "dyn"};
  for (size_t i = 0; i < b->resource->field_count && n < NAMES_MAX - 4; i++)
    if (filterable(&b->resource->fields[i]))
      vars[n++] = (CelVar){.name = b->resource->fields[i].name, .type = "dyn", .doc = b->resource->fields[i].doc};
  for (size_t i = 1; !b->resource->bare && i < COUNT(COMMON_FIELDS); i++)
    vars[n++] = (CelVar){.name = COMMON_FIELDS[i].name, .type = "dyn"};
  b->vars = vars;
  b->var_count = n;
  CelEnvOptions options = {.vars = vars, .var_count = n, .zones = b->ctx->zones};
  return cel_env_new(b->ctx->arena, &options);
}

/* Constants ------------------------------------------------------------------------------------------------------- */

static Str source_of(const CelFilter *b, const Node *node) {
  return str_slice(b->source, node->from, node->to);
}

static bool is_constant(const Node *node) {
  if (node->kind == NODE_NAME || node->kind == NODE_LOOP || node->kind == NODE_LET) return false;
  for (u32 i = 0; i < node->count; i++)
    if (node->args[i] && !is_constant(node->args[i])) return false;
  return true;
}

/* now() - duration("1h"), timestamp("..."), "text": anything that names no field. */
static bool constant(CelFilter *b, const Node *node, Value *out) {
  const CelProgram *program = NULL;
  Error ignored = {0};
  CelRun run = {.now_ms = b->ctx->now_ms};
  Value *vars = ARENA_ARRAY(b->ctx->arena, Value, b->var_count + 1);
  run.vars = vars;
  if (!is_constant(node)) return false;
  return cel_compile(b->ctx->arena, b->env, source_of(b, node), NULL, &program, &ignored) &&
         cel_eval(program, b->ctx->arena, &run, out, &ignored);
}

/* The column's form of a constant; false: the field cannot be compared with it here. */
static bool column_constant(CelFilter *b, const Field *f, const Value *v, DbValue *out) {
  i64 id = 0;
  switch (f->kind) {
  case F_TEXT:
  case F_EMAIL:
  case F_ZONE:
  case F_CEL:
  case F_LOCAL_TIME:
    if (v->kind != VALUE_STRING) return false;
    *out = db_text(value_text(v));
    return true;
  case F_INT:
    if (v->kind != VALUE_INT) return false;
    *out = db_int(v->i);
    return true;
  case F_BOOL:
    if (v->kind != VALUE_BOOL) return false;
    *out = db_int(v->b);
    return true;
  case F_TIME:
    if (v->kind != VALUE_TIMESTAMP || v->size % 1000000 != 0) return false;
    *out = db_int(v->i * 1000 + v->size / 1000000);
    return true;
  case F_ENUM:
  case F_PRIORITY:
    if (v->kind != VALUE_STRING) return false;
    if (f->kind == F_ENUM && !enum_by_text(f->values, value_text(v))) return false;
    *out = column_value(b->ctx, f, v);
    return f->kind == F_ENUM || out->i > 0;
  case F_REF: {
    const Resource *target = f->ref ? registry_find(b->ctx->registry, str_from_c(f->ref)) : NULL;
    if (!target || v->kind != VALUE_STRING || !id_parse(target->prefix, value_text(v), &id)) return false;
    *out = db_int(id);
    return true;
  }
  default: return false;
  }
}

/* Translation ----------------------------------------------------------------------------------------------------- */

static bool put_arg(CelFilter *b, Buf *out, DbValue value) {
  int n = b->add_arg(b->listing, value);
  if (n > 0) buf_format(out, "$%d", n);
  return n > 0;
}

const Field *filter_column(const CelFilter *b, const Node *node) {
  const Field *f = node->kind == NODE_NAME && !node->rooted ? field_named(b, node->name) : NULL;
  return f && !f->ref_by ? f : NULL;
}

/* A missing priority is 0 in its column. */
static Str column_sql(const CelFilter *b, const Field *f) {
  return str_format(b->ctx->arena, f->kind == F_PRIORITY ? "NULLIF(\"%s\", 0)" : "\"%s\"", field_column(f));
}

static bool equality(CelFilter *b, Buf *out, const Node *left, const Node *right, bool equal) {
  const Field *f = filter_column(b, left);
  Value value = value_null();
  DbValue arg;
  if (!f) {
    const Node *swap = left;
    left = right, right = swap;
    f = filter_column(b, left);
  }
  if (!f || !constant(b, right, &value)) return false;
  Str column = column_sql(b, f);
  if (value.kind == VALUE_NULL) {
    if (f->kind == F_LIST || f->kind == F_LABELS || f->kind == F_JSON || f->kind == F_OBJECT || f->kind == F_UNION)
      return false;
    buf_format(out, "%.*s IS %sNULL", STR_ARG(column), equal ? "" : "NOT ");
    return true;
  }
  if (!column_constant(b, f, &value, &arg)) return false;
  buf_format(out, equal ? "(%.*s IS NOT NULL AND %.*s = " : "(%.*s IS NULL OR %.*s <> ", STR_ARG(column),
             STR_ARG(column));
  bool ok = put_arg(b, out, arg);
  buf_putc(out, ')');
  return ok;
}

static bool order(CelFilter *b, Buf *out, const Node *left, const Node *right, const char *op, const char *mirrored) {
  const Field *f = filter_column(b, left);
  Value value = value_null();
  DbValue arg;
  if (!f) {
    const Node *swap = left;
    left = right, right = swap, op = mirrored;
    f = filter_column(b, left);
  }
  if (!f || f->kind == F_REF || f->kind == F_ENUM || f->kind == F_BOOL) return false;
  if (!constant(b, right, &value) || !column_constant(b, f, &value, &arg)) return false;
  buf_format(out, "%.*s %s ", STR_ARG(column_sql(b, f)), op);
  return put_arg(b, out, arg);
}

static bool among(CelFilter *b, Buf *out, const Node *left, const Node *right) {
  const Field *f = filter_column(b, left);
  Value list = value_null();
  if (!f || !constant(b, right, &list) || list.kind != VALUE_LIST || list.size == 0 || list.size > 30) return false;
  Str column = column_sql(b, f);
  buf_format(out, "(%.*s IS NOT NULL AND %.*s IN (", STR_ARG(column), STR_ARG(column));
  for (u32 i = 0; i < list.size; i++) {
    DbValue arg;
    if (!column_constant(b, f, &list.items[i], &arg)) return false;
    if (i) buf_puts(out, ", ");
    if (!put_arg(b, out, arg)) return false;
  }
  buf_puts(out, "))");
  return true;
}

/* Without LIKE: SQLite's folds case. */
static bool text_test(CelFilter *b, Buf *out, const Node *call) {
  const Field *f = call->count == 2 ? filter_column(b, call->args[0]) : NULL;
  Value part = value_null();
  bool textual = f && (f->kind == F_TEXT || f->kind == F_EMAIL || f->kind == F_ZONE || f->kind == F_CEL);
  if (!textual || !constant(b, call->args[1], &part) || part.kind != VALUE_STRING || part.size == 0) return false;
  Str column = column_sql(b, f);
  long long n = (long long)utf8_count(value_text(&part));
  if (str_equal_c(call->name, "startsWith"))
    buf_format(out, "substr(%.*s, 1, %lld) = ", STR_ARG(column), n);
  else if (str_equal_c(call->name, "endsWith"))
    buf_format(out,
               "CASE WHEN length(%.*s) < %lld THEN '' ELSE substr(%.*s, length(%.*s) - %lld) END = ", STR_ARG(column),
               n, STR_ARG(column), STR_ARG(column), n - 1);
  else if (str_equal_c(call->name, "contains"))
    buf_format(out, "%.*s <> replace(%.*s, ", STR_ARG(column), STR_ARG(column));
  else
    return false;
  if (!put_arg(b, out, db_text(value_text(&part)))) return false;
  if (str_equal_c(call->name, "contains")) buf_puts(out, ", '')");
  return true;
}

static bool translate(CelFilter *b, Buf *out, const Node *node);

static bool joined(CelFilter *b, Buf *out, const Node *node, const char *word) {
  buf_putc(out, '(');
  for (u32 i = 0; i < node->count; i++) {
    if (i) buf_puts(out, word);
    if (!translate(b, out, node->args[i])) return false;
  }
  buf_putc(out, ')');
  return true;
}

static bool translate_call(CelFilter *b, Buf *out, const Node *n) {
  static const struct {
    const char *name, *op, *mirrored;
  } ORDERS[] = {{"_<_", "<", ">"}, {"_<=_", "<=", ">="}, {"_>_", ">", "<"}, {"_>=_", ">=", "<="}};
  bool equals = n->count == 2 && str_equal_c(n->name, "_==_");
  if (equals || (n->count == 2 && str_equal_c(n->name, "_!=_")))
    return label_equality_sql(b, out, n->args[0], n->args[1], equals) ||
           equality(b, out, n->args[0], n->args[1], equals);
  if (n->count == 2 && str_equal_c(n->name, "@in_"))
    return label_presence_sql(b, out, n) || among(b, out, n->args[0], n->args[1]);
  for (size_t i = 0; n->count == 2 && i < COUNT(ORDERS); i++)
    if (str_equal_c(n->name, ORDERS[i].name))
      return order(b, out, n->args[0], n->args[1], ORDERS[i].op, ORDERS[i].mirrored);
  if (n->count == 1 && str_equal_c(n->name, "!_")) {
    buf_puts(out, "NOT (");
    if (!translate(b, out, n->args[0])) return false;
    buf_putc(out, ')');
    return true;
  }
  return n->member && text_test(b, out, n);
}

static bool translate(CelFilter *b, Buf *out, const Node *node) {
  const Field *f = filter_column(b, node);
  if (node->kind == NODE_AND) return joined(b, out, node, " AND ");
  if (node->kind == NODE_OR) return joined(b, out, node, " OR ");
  if (node->kind == NODE_CALL) return translate_call(b, out, node);
  if (node->kind == NODE_SELECT) return label_presence_sql(b, out, node);
  if (!f || f->kind != F_BOOL) return false;
  buf_format(out, "\"%s\" = 1", field_column(f));
  return true;
}

/* Parts ----------------------------------------------------------------------------------------------------------- */

/* status == "triggered" and status in [...] may use the index that the field names. */
static bool as_equality_filter(CelFilter *b, const Node *n) {
  const Field *f = n->kind == NODE_CALL && n->count == 2 ? filter_column(b, n->args[0]) : NULL;
  bool equal = str_equal_c(n->name, "_==_"), in = str_equal_c(n->name, "@in_");
  Value value = value_null();
  if (!f || !f->filter || !(equal || in) || !constant(b, n->args[1], &value)) return false;
  const Value *items = equal ? &value : value.items;
  size_t count = equal ? 1 : value.kind == VALUE_LIST ? value.size : 0;
  if (count == 0 || count > 30) return false;
  Str *texts = ARENA_ARRAY(b->ctx->arena, Str, count);
  for (size_t i = 0; i < count; i++) {
    DbValue ignored;
    if (items[i].kind != VALUE_STRING || !column_constant(b, f, &items[i], &ignored)) return false;
    texts[i] = value_text(&items[i]);
    if (texts[i].len == 0 || str_equal_c(texts[i], "null")) return false; /* means something else there */
  }
  *VEC_PUSH(b->ctx->arena, &b->equalities) = (ListFilter){str_from_c(f->name), texts, count};
  return true;
}

static void take_part(CelFilter *b, const Node *node, Buf *rest) {
  size_t args_before = *b->arg_count;
  Buf sql = buf_new(b->ctx->arena, 16384);
  if (as_equality_filter(b, node)) return;
  if (translate(b, &sql, node) && !sql.overflow) {
    buf_format(&b->sql, "%s%.*s", b->sql.len ? " AND " : "", STR_ARG(buf_str(&sql)));
    return;
  }
  *b->arg_count = args_before;
  buf_format(rest, "%s(%.*s)", rest->len ? " && " : "", STR_ARG(source_of(b, node)));
}

/* References may be written as slug, number or e-mail: the source that is compiled has their ids. */
typedef struct Rewrite {
  u32 from, to;
  Str text;
} Rewrite;
typedef VEC(Rewrite) Rewrites;

static bool rewrite_ref(CelFilter *b, const Field *f, const Node *literal, Rewrites *out) {
  const Resource *target = f->ref ? registry_find(b->ctx->registry, str_from_c(f->ref)) : NULL;
  i64 id = 0;
  if (!target || literal->kind != NODE_CONST || literal->value.kind != VALUE_STRING) return true;
  Str text = value_text(&literal->value);
  if (id_parse(target->prefix, text, &id)) return true;
  if (!resource_resolve(b->ctx, target, text, &id, b->err)) {
    if (b->err && b->err->code == ERR_NOT_FOUND) b->err->code = ERR_INVALID;
    return error_prefix(b->err, "filter, %s: ", f->name);
  }
  *VEC_PUSH(b->ctx->arena, out) =
      (Rewrite){literal->from, literal->to,
                str_format(b->ctx->arena, "\"%.*s\"", STR_ARG(id_text(b->ctx->arena, target->prefix, id)))};
  return true;
}

static bool find_refs(CelFilter *b, const Node *node, Rewrites *out) {
  bool compares =
      node->kind == NODE_CALL && node->count == 2 &&
      (str_equal_c(node->name, "_==_") || str_equal_c(node->name, "_!=_") || str_equal_c(node->name, "@in_"));
  for (u32 i = 0; compares && i < 2; i++) {
    const Field *f = filter_column(b, node->args[i]);
    const Node *other = node->args[1 - i];
    if (!f || f->kind != F_REF) continue;
    if (!rewrite_ref(b, f, other, out)) return false;
    for (u32 k = 0; other->kind == NODE_LIST && k < other->count; k++)
      if (!rewrite_ref(b, f, other->args[k], out)) return false;
  }
  for (u32 i = 0; i < node->count; i++)
    if (node->args[i] && !find_refs(b, node->args[i], out)) return false;
  return true;
}

static Str rewritten(CelFilter *b, Str source, const Rewrites *changes) {
  Buf out = buf_new(b->ctx->arena, 2 * CEL_SOURCE_MAX);
  u32 at = 0;
  for (;;) {
    const Rewrite *next = NULL;
    for (size_t i = 0; i < changes->count; i++)
      if (changes->items[i].from >= at && (!next || changes->items[i].from < next->from)) next = &changes->items[i];
    if (!next) break;
    buf_put(&out, str_slice(source, at, next->from));
    buf_put(&out, next->text);
    at = next->to;
  }
  buf_put(&out, str_slice(source, at, source.len));
  return buf_str(&out);
}

bool cel_filter_build(CelFilter *b, Str source) {
  Arena *arena = b->ctx->arena;
  const CelProgram *whole = NULL;
  Node *root = NULL;
  Rewrites changes = {0};
  Buf rest = buf_new(arena, 2 * CEL_SOURCE_MAX);
  b->env = make_env(b);
  b->sql = buf_new(arena, 32768);
  b->source = source;
  if (!cel_compile(arena, b->env, source, NULL, &whole, b->err) || !cel_parse(arena, source, false, &root, b->err))
    return error_prefix(b->err, "filter: ");
  if (!cel_is_condition(whole, arena, b->err)) return error_prefix(b->err, "filter: ");
  if (!filter_words_check(b, root) || !find_refs(b, root, &changes)) return false;
  if (changes.count) {
    b->source = rewritten(b, source, &changes);
    if (!cel_parse(arena, b->source, false, &root, b->err)) return error_prefix(b->err, "filter: ");
  }
  for (u32 i = 0; root->kind == NODE_AND && i < root->count; i++) take_part(b, root->args[i], &rest);
  if (root->kind != NODE_AND) take_part(b, root, &rest);
  if (b->sql.overflow || rest.overflow) return fail(b->err, ERR_INVALID, "filter: the expression is too long");
  if (rest.len == 0) return true;
  return cel_compile(arena, b->env, buf_str(&rest), NULL, &b->rest, b->err) || error_prefix(b->err, "filter: ");
}

/* Rows ------------------------------------------------------------------------------------------------------------ */

static Value row_member(const CelFilter *b, const char *name, const Value *row) {
  const Value *v = value_get_c(row, name);
  const Field *f = field_named(b, str_from_c(name));
  i64 ms = 0;
  if (!v) return value_null();
  if (f && f->kind == F_TIME && v->kind == VALUE_STRING && time_parse_ms(value_text(v), &ms)) {
    i64 seconds = ms / 1000 - (ms % 1000 < 0);
    return (Value){.kind = VALUE_TIMESTAMP, .size = (u32)((ms - seconds * 1000) * 1000000), .i = seconds};
  }
  return *v;
}

bool cel_filter_row(const CelFilter *b, Arena *arena, const Value *row, bool *out_match) {
  Value *vars = ARENA_ARRAY(arena, Value, b->var_count + 1);
  Value answer = value_null();
  Error err = {0};
  CelRun run = {.vars = vars, .now_ms = b->ctx->now_ms, .cost_max = ROW_COST_MAX};
  for (size_t i = 0; i < b->var_count; i++) vars[i] = row_member(b, b->vars[i].name, row);
  *out_match = cel_eval(b->rest, arena, &run, &answer, &err) && answer.kind == VALUE_BOOL && answer.b;
  if (err.code != ERR_COST) return true;
  return fail(b->err, ERR_INVALID, "filter: %s", err.message);
}

/* Expressions of rules that can never come true: constants, a word that the field never has, a text compared with a
 * number. Nobody would see it, as the rule would only be quiet. Only literals are looked at: what is computed may be
 * anything. */
#include "core/alerts/rule.h"
#include "lang/cel/parser.h"
#include "resource/resource.h"

/* Fields ---------------------------------------------------------------------------------------------------------- */

/* The path as it is written, without what is asked for inside of it: "alert.labels.x", "labels.x" of labels["x"]. */
static Str path_of(Arena *arena, const Node *node) {
  Str name = STR_NONE, base = STR_NONE;
  if (node->kind == NODE_NAME) return node->name;
  if (node->kind == NODE_SELECT && !node->test) name = node->name;
  if (node->kind == NODE_INDEX && node->args[1]->kind == NODE_CONST)
    name = value_text_or(&node->args[1]->value, STR_NONE);
  if (name.len == 0) return STR_NONE;
  base = path_of(arena, node->args[0]);
  return base.len ? str_format(arena, "%.*s.%.*s", STR_ARG(base), STR_ARG(name)) : STR_NONE;
}

static const struct {
  const char *path;
  const char *words[RULE_WORDS];
} WORDS[] = {{"alert.status", {"triggered", "acknowledged", "resolved", "dismissed"}},
             {"alert.priority", {"p1", "p2", "p3", "p4"}},
             {"service.tier", {"tier1", "tier2", "tier3", "tier4"}}};

static const char *const *words_of(Str path) {
  for (size_t i = 0; i < COUNT(WORDS); i++)
    if (str_equal_c(path, WORDS[i].path)) return WORDS[i].words;
  return NULL;
}

static bool is_label(Str path) {
  return str_starts_with(path, S("labels.")) || str_starts_with(path, S("alert.labels.")) ||
         str_starts_with(path, S("service.labels."));
}

/* What the expression language does not know the type of; it refuses numbers for the others itself. */
static bool is_text(Str path) {
  static const char *const TEXTS[] = {"alert.service", "alert.service_id", "alert.team", "alert.url",
                                      "alert.environment"};
  for (size_t i = 0; i < COUNT(TEXTS); i++)
    if (str_equal_c(path, TEXTS[i])) return true;
  return words_of(path) || is_label(path);
}

/* Comparisons ----------------------------------------------------------------------------------------------------- */

/* 1 is p1, and tier1. */
static Str meant(Arena *arena, Str number, const char *const *words) {
  for (size_t i = 0; words && i < RULE_WORDS; i++)
    if (str_ends_with(str_from_c(words[i]), number)) return str_format(arena, "; did you mean \"%s\"?", words[i]);
  return words ? resource_suggest(arena, number, words, RULE_WORDS) : STR_NONE;
}

static void number_wrong(ResourceCtx *ctx, const Node *node, Str path) {
  Str number = value_display(ctx->arena, &node->value);
  if (is_label(path))
    field_error(ctx, "/when", "type",
                "%.*s is a text; it is never %.*s: write double(%.*s) to compare numbers, or \"%.*s\"", STR_ARG(path),
                STR_ARG(number), STR_ARG(path), STR_ARG(number));
  else
    field_error(ctx, "/when", "type", "%.*s is a text, written in quotes; it is never %.*s%.*s", STR_ARG(path),
                STR_ARG(number), STR_ARG(meant(ctx->arena, number, words_of(path))));
}

static void check_literal(ResourceCtx *ctx, const Node *node, Str path, bool equals) {
  const Value *v = &node->value;
  const char *const *words = words_of(path);
  if (node->kind != NODE_CONST) return;
  if (v->kind == VALUE_INT || v->kind == VALUE_UINT || v->kind == VALUE_DOUBLE) {
    number_wrong(ctx, node, path);
    return;
  }
  if (!words || !equals || v->kind != VALUE_STRING || v->size == 0) return;
  for (size_t i = 0; i < RULE_WORDS; i++)
    if (str_equal_c(value_text(v), words[i])) return;
  field_error(ctx, "/when", "choice", "%.*s is never \"%.*s\"%.*s", STR_ARG(path), STR_ARG(utf8_cut(value_text(v), 60)),
              STR_ARG(rule_word_suggested(ctx->arena, value_text(v), words)));
}

static void check_compared(ResourceCtx *ctx, const Node *node) {
  static const char *const ORDERS[] = {"_<_", "_<=_", "_>_", "_>=_"};
  bool equals = str_equal_c(node->name, "_==_") || str_equal_c(node->name, "_!=_") || str_equal_c(node->name, "@in_");
  bool orders = false;
  for (size_t i = 0; i < COUNT(ORDERS); i++) orders = orders || str_equal_c(node->name, ORDERS[i]);
  for (u32 i = 0; (equals || orders) && i < 2; i++) {
    Str path = path_of(ctx->arena, node->args[i]);
    const Node *other = node->args[1 - i];
    if (path.len == 0 || !is_text(path)) continue;
    check_literal(ctx, other, path, equals);
    for (u32 k = 0; other->kind == NODE_LIST && k < other->count; k++) check_literal(ctx, other->args[k], path, equals);
  }
}

/* Depth is the parser's. */
static void check_comparisons(ResourceCtx *ctx, const Node *node) {
  if (node->kind == NODE_CALL && node->count == 2) check_compared(ctx, node);
  for (u32 i = 0; i < node->count; i++)
    if (node->args[i]) check_comparisons(ctx, node->args[i]);
}

/* Constants ------------------------------------------------------------------------------------------------------- */

/* Names nothing, and calls nothing but operators. */
static bool is_constant(const Node *node) {
  u8 first = node->name.len ? (u8)node->name.ptr[0] | 0x20 : 'a';
  bool acts = node->kind == NODE_CALL && (first < 'a' || first > 'z');
  if (node->kind != NODE_CONST && node->kind != NODE_LIST && node->kind != NODE_AND && node->kind != NODE_OR && !acts)
    return false;
  for (u32 i = 0; i < node->count; i++)
    if (!node->args[i] || !is_constant(node->args[i])) return false;
  return true;
}

static bool is_false(ResourceCtx *ctx, Str source, const Node *node) {
  const CelProgram *program = NULL;
  CelEnvOptions none = {0};
  CelRun run = {0};
  Value answer = value_null();
  Error ignored = {0};
  return cel_compile(ctx->arena, cel_env_new(ctx->arena, &none), str_slice(source, node->from, node->to), NULL,
                     &program, &ignored) &&
         cel_eval(program, ctx->arena, &run, &answer, &ignored) && !value_bool_or(&answer, true);
}

/* One part that is false decides an &&; an || needs all of them. */
static bool never_holds(ResourceCtx *ctx, Str source, const Node *node) {
  u32 never = 0;
  if (is_constant(node)) return is_false(ctx, source, node);
  if (node->kind != NODE_AND && node->kind != NODE_OR) return false;
  for (u32 i = 0; i < node->count; i++) never += never_holds(ctx, source, node->args[i]);
  return node->kind == NODE_AND ? never > 0 : never == node->count;
}

void rule_check_when(ResourceCtx *ctx, Str when) {
  Node *root = NULL;
  Error ignored = {0};
  if (str_is_blank(when) || !cel_parse(ctx->arena, when, false, &root, &ignored)) return;
  if (never_holds(ctx, when, root))
    field_error(
        ctx, "/when", "choice",
        "\"%.*s\" is false whatever the alert is, so the rule would never do anything; ask for something of the "
        "alert; enabled: false switches a rule off",
        STR_ARG(utf8_cut(when, 80)));
  check_comparisons(ctx, root);
}

/* A filter that compares a field with what it never is answers an empty list, and an empty list reads as "all is well".
 * So a word that no status is, a time written as text, a number in quotes are refused, with what was meant. Only
 * literals are looked at: what is computed may be anything. */
#include "lang/cel/parser.h"
#include "resource/internal.h"

static bool is_literal(const Node *node) {
  return node->kind == NODE_CONST && node->value.kind != VALUE_NULL;
}

static bool never(const CelFilter *b, const Field *f, const Value *v, const char *is) {
  Str text = value_display(b->ctx->arena, v);
  const char *quote = v->kind == VALUE_STRING ? "\"" : "";
  return fail(b->err, ERR_INVALID, "filter: %s is %s; it is never %s%.*s%s", f->name, is, quote,
              STR_ARG(utf8_cut(text, 60)), quote);
}

static bool check_word(const CelFilter *b, const Field *f, const Value *v) {
  static const char *const PRIORITIES[] = {"p1", "p2", "p3", "p4"};
  const char *names[64];
  size_t count = 0;
  for (; f->kind == F_PRIORITY && count < COUNT(PRIORITIES); count++) names[count] = PRIORITIES[count];
  for (const EnumValue *e = f->kind == F_ENUM ? f->values : NULL; e && e->text && count < COUNT(names); e++)
    names[count++] = e->text;
  Str text = value_text_or(v, value_display(b->ctx->arena, v));
  for (size_t i = 0; v->kind == VALUE_STRING && i < count; i++)
    if (str_equal_c(text, names[i])) return true;
  return fail(b->err, ERR_INVALID, "filter: %s is never \"%.*s\"%.*s", f->name, STR_ARG(utf8_cut(text, 60)),
              STR_ARG(resource_suggest(b->ctx->arena, text, names, count)));
}

static bool is_number(const Value *v) {
  return v->kind == VALUE_INT || v->kind == VALUE_UINT || v->kind == VALUE_DOUBLE;
}

static bool check_literal(const CelFilter *b, const Field *f, const Node *node, bool words) {
  const Value *v = &node->value;
  if (!is_literal(node)) return true;
  switch (f->kind) {
  case F_ENUM:
  case F_PRIORITY: return !words || check_word(b, f, v);
  case F_INT: return is_number(v) || never(b, f, v, "a number");
  case F_BOOL: return v->kind == VALUE_BOOL || never(b, f, v, "true or false");
  case F_TIME: return never(b, f, v, "a time, written timestamp(\"2026-01-05T09:00:00Z\") or now() - duration(\"1h\")");
  case F_TEXT:
  case F_EMAIL:
  case F_ZONE:
  case F_CEL: return v->kind == VALUE_STRING || never(b, f, v, "a text, written in quotes");
  default: return true;
  }
}

static bool check_compared(const CelFilter *b, const Node *node) {
  static const char *const ORDERS[] = {"_<_", "_<=_", "_>_", "_>=_"};
  bool words = str_equal_c(node->name, "_==_") || str_equal_c(node->name, "_!=_") || str_equal_c(node->name, "@in_");
  bool order = false;
  for (size_t i = 0; i < COUNT(ORDERS); i++) order = order || str_equal_c(node->name, ORDERS[i]);
  for (u32 i = 0; (words || order) && i < 2; i++) {
    const Field *f = filter_column(b, node->args[i]);
    const Node *other = node->args[1 - i];
    if (!f) continue;
    if (!check_literal(b, f, other, words)) return false;
    for (u32 k = 0; other->kind == NODE_LIST && k < other->count; k++)
      if (!check_literal(b, f, other->args[k], words)) return false;
  }
  return true;
}

bool filter_words_check(const CelFilter *b, const Node *node) {
  if (node->kind == NODE_CALL && node->count == 2 && !check_compared(b, node)) return false;
  for (u32 i = 0; i < node->count; i++)
    if (node->args[i] && !filter_words_check(b, node->args[i])) return false;
  return true;
}

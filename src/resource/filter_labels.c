/* labels.env == "prod" as SQL over the JSON text of a column. That text is written here, compact and with one spelling
 * for each string, and a quote inside a string is escaped; so {"env":"prod" at its beginning, or ,"env":"prod"
 * anywhere, is that label and nothing else. Three answers, as CEL has them: yes, no, and NULL for a label that is not
 * there. */
#include "lang/cel/parser.h"
#include "lang/json.h"
#include "resource/internal.h"

typedef struct Label {
  const Field *field;
  Str name;
} Label;

/* labels.env, labels["env"] */
static bool label_of(const CelFilter *b, const Node *node, Label *out) {
  bool select = node->kind == NODE_SELECT, index = node->kind == NODE_INDEX;
  if ((!select && !index) || node->optional || node->args[0]->kind != NODE_NAME || node->args[0]->rooted) return false;
  const Field *f = resource_field(b->resource, node->args[0]->name);
  if (!f || f->kind != F_LABELS || f->hidden || f->write_only || f->computed) return false;
  bool named = select || (node->args[1]->kind == NODE_CONST && node->args[1]->value.kind == VALUE_STRING);
  if (!named) return false;
  *out = (Label){f, select ? node->name : value_text(&node->args[1]->value)};
  return true;
}

/* (substr(labels, 1, n) = '{...' OR labels <> replace(labels, ',...', '')) */
static bool put_has(CelFilter *b, Buf *out, const Field *f, Str text) {
  Arena *arena = b->ctx->arena;
  Str first = str_format(arena, "{%.*s", STR_ARG(text)), later = str_format(arena, ",%.*s", STR_ARG(text));
  int n = b->add_arg(b->listing, db_text(first)), m = n ? b->add_arg(b->listing, db_text(later)) : 0;
  const char *column = field_column(f);
  if (m)
    buf_format(out, "(substr(\"%s\", 1, %lld) = $%d OR \"%s\" <> replace(\"%s\", $%d, ''))", column,
               (long long)utf8_count(first), n, column, column, m);
  return m > 0;
}

static Str spelt(CelFilter *b, Str name, const Str *value) {
  Buf text = buf_new(b->ctx->arena, 16384);
  json_write_string(&text, name);
  buf_putc(&text, ':');
  if (value) json_write_string(&text, *value);
  return text.overflow ? STR_NONE : buf_str(&text);
}

bool label_equality_sql(CelFilter *b, Buf *out, const Node *left, const Node *right, bool equal) {
  Label label = {0};
  if (!label_of(b, left, &label)) {
    const Node *swap = left;
    left = right, right = swap;
    if (!label_of(b, left, &label)) return false;
  }
  if (right->kind != NODE_CONST || right->value.kind != VALUE_STRING) return false;
  Str value = value_text(&right->value), pair = spelt(b, label.name, &value), key = spelt(b, label.name, NULL);
  if (!pair.len || !key.len) return false;
  buf_puts(out, "CASE WHEN ");
  if (!put_has(b, out, label.field, pair)) return false;
  buf_puts(out, equal ? " THEN 1 = 1 WHEN " : " THEN 1 = 0 WHEN ");
  if (!put_has(b, out, label.field, key)) return false;
  buf_puts(out, equal ? " THEN 1 = 0 END" : " THEN 1 = 1 END");
  return true;
}

/* has(labels.env), "env" in labels: yes or no. */
bool label_presence_sql(CelFilter *b, Buf *out, const Node *node) {
  Label label = {0};
  if (node->kind == NODE_CALL) {
    const Node *name = node->args[0], *map = node->args[1];
    const Field *f = map->kind == NODE_NAME && !map->rooted ? resource_field(b->resource, map->name) : NULL;
    if (!f || f->kind != F_LABELS || name->kind != NODE_CONST || name->value.kind != VALUE_STRING) return false;
    label = (Label){f, value_text(&name->value)};
  } else if (!node->test || !label_of(b, node, &label)) {
    return false;
  }
  Str key = spelt(b, label.name, NULL);
  return key.len && put_has(b, out, label.field, key);
}

/* Labels, lists, objects and unions: every member and item is checked, unknown members are named with the nearest known
 * one. Depth is bounded by the field tables, counts by `max`. */
#include "base/spelling.h"
#include "resource/internal.h"

enum { LIST_MAX_DEFAULT = 1000, LABELS_MAX_DEFAULT = 256, LABEL_NAME_MAX = 255, LABEL_VALUE_MAX = 4096 };

/* Suggestions ----------------------------------------------------------------------------------------------------- */

Str resource_suggest(Arena *arena, Str wrong, const char *const *names, size_t count) {
  Spelling near = spelling_of(str_lower(arena, wrong));
  for (size_t i = 0; i < count; i++) spelling_try(&near, str_from_c(names[i]));
  if (near.word.len) return str_format(arena, "; did you mean \"%.*s\"?", STR_ARG(near.word));
  Buf text = buf_new(arena, 600);
  for (size_t i = 0; i < count; i++) buf_format(&text, "%s%s", i ? ", " : "; known: ", names[i]);
  return buf_str(&text);
}

void report_unknown(Checker *c, const Field *fields, size_t count, const char *tag, Str name) {
  const char *names[COLUMNS_MAX + 1];
  size_t n = 0;
  if (tag) names[n++] = tag;
  for (size_t i = 0; i < count && n < COUNT(names); i++)
    if (!fields[i].hidden && !fields[i].read_only) names[n++] = fields[i].name;
  size_t before = checker_push(c, name);
  field_error(c->ctx, c->pointer, "unknown", "there is no member \"%.*s\"%.*s", STR_ARG(utf8_cut(name, 80)),
              STR_ARG(resource_suggest(c->ctx->arena, name, names, n)));
  checker_pop(c, before);
}

/* Labels ---------------------------------------------------------------------------------------------------------- */

static bool check_label(Checker *c, const Member *m) {
  Str name = value_text(&m->key);
  size_t before = checker_push(c, name);
  bool ok = false;
  if (name.len == 0 || name.len > LABEL_NAME_MAX)
    field_error(c->ctx, c->pointer, "length", "a label's name has 1 to %d bytes, not %zu", LABEL_NAME_MAX, name.len);
  else if (m->value.kind != VALUE_STRING)
    field_error(c->ctx, c->pointer, "type", "the value of label \"%.*s\" must be a text", STR_ARG(name));
  else if (m->value.size > LABEL_VALUE_MAX)
    field_error(c->ctx, c->pointer, "length", "the value of label \"%.*s\" has %u bytes; it may have %d", STR_ARG(name),
                m->value.size, LABEL_VALUE_MAX);
  else
    ok = true;
  checker_pop(c, before);
  return ok;
}

static bool check_labels(Checker *c, const Field *f, const Value *in, Value *out) {
  i64 max = f->max ? f->max : LABELS_MAX_DEFAULT;
  if (in->kind != VALUE_MAP) {
    field_error(c->ctx, c->pointer, "type", "%s must be a map of text to text, such as {\"env\": \"production\"}",
                f->name);
    return false;
  }
  if ((i64)in->size > max) {
    field_error(c->ctx, c->pointer, "length", "%s has %u labels; it may have %lld", f->name, in->size, (long long)max);
    return false;
  }
  MapBuilder kept = map_builder(c->ctx->arena);
  bool ok = true;
  for (u32 i = 0; i < in->size; i++) {
    if (in->members[i].value.kind == VALUE_NULL) continue; /* as in a merge patch */
    ok = check_label(c, &in->members[i]) && ok;
    map_put(&kept, value_text(&in->members[i].key), in->members[i].value);
  }
  *out = map_done(&kept);
  return ok;
}

/* Lists ----------------------------------------------------------------------------------------------------------- */

static bool check_list(Checker *c, const Field *f, const Value *in, Value *out) {
  const char *name = checker_label(c, f);
  i64 max = f->max ? f->max : LIST_MAX_DEFAULT;
  if (in->kind != VALUE_LIST) {
    bool one = f->of && f->of->kind != F_LIST && in->kind != VALUE_NULL; /* what was given may be its only item */
    field_error(c->ctx, c->pointer, "type", "%s must be a list%s", name,
                one ? ", also of one: [...]" : ", such as [[\"a\"], [\"b\"]]");
    return false;
  }
  if (in->size == 0 && f->min > 0) {
    field_error(c->ctx, c->pointer, "length", "%s is empty; it needs at least %lld", name, (long long)f->min);
    return false;
  }
  if ((i64)in->size > max || (i64)in->size < f->min) {
    field_error(c->ctx, c->pointer, "length", "%s has %u items; it may have %lld to %lld", name, in->size,
                (long long)f->min, (long long)max);
    return false;
  }
  ValueVec items = {0};
  bool ok = true;
  for (u32 i = 0; i < in->size; i++) {
    Value item = value_null();
    size_t before = checker_push_index(c, i);
    ok = check_value(c, f->of, &in->items[i], &item) && ok;
    checker_pop(c, before);
    *VEC_PUSH(c->ctx->arena, &items) = item;
  }
  *out = list_done(&items);
  return ok;
}

/* Objects and unions ---------------------------------------------------------------------------------------------- */

static const Field *member_field(const Field *fields, size_t count, Str name) {
  for (size_t i = 0; i < count; i++)
    if (str_equal_c(name, fields[i].name)) return &fields[i];
  return NULL;
}

static bool check_names(Checker *c, const Field *f, const char *tag, const Value *in) {
  bool ok = true;
  for (u32 i = 0; i < in->size; i++) {
    Str name = value_text(&in->members[i].key);
    if ((tag && str_equal_c(name, tag)) || member_field(f->fields, f->field_count, name)) continue;
    report_unknown(c, f->fields, f->field_count, tag, name);
    ok = false;
  }
  return ok;
}

/* Members in the table's order. Read-only ones are kept out of the input: hooks set them afterwards. */
static bool check_members(Checker *c, const Field *f, const char *tag, const Value *in, Value *out) {
  MapBuilder map = map_builder(c->ctx->arena);
  bool ok = check_names(c, f, tag, in);
  if (tag) map_put_c(&map, tag, *value_get_c(in, tag));
  for (size_t i = 0; i < f->field_count; i++) {
    const Field *member = &f->fields[i];
    const Value *given = member->read_only ? NULL : value_get_c(in, member->name);
    Value absent = value_null(), value = value_null();
    size_t before = checker_push(c, str_from_c(member->name));
    ok = check_value(c, member, given ? given : &absent, &value) && ok;
    checker_pop(c, before);
    map_put_c(&map, member->name, value);
  }
  *out = map_done(&map);
  return ok;
}

/* Says which members it has: who wrote a name where an object belongs sees what is missing. */
static bool not_a_map(Checker *c, const Field *f) {
  enum { NAMED_MAX = 6 };
  Buf names = buf_new(c->ctx->arena, 600);
  if (f->tag) buf_format(&names, " with %s", f->tag);
  for (size_t i = 0, n = 0; !f->tag && i < f->field_count && n < NAMED_MAX; i++)
    if (!f->fields[i].hidden && !f->fields[i].read_only)
      buf_format(&names, "%s%s", n++ ? ", " : " with ", f->fields[i].name);
  field_error(c->ctx, c->pointer, "type", "%s must be an object%.*s", checker_label(c, f), STR_ARG(buf_str(&names)));
  return false;
}

static bool check_union(Checker *c, const Field *f, const Value *in, Value *out) {
  const char *names[COLUMNS_MAX];
  if (in->kind != VALUE_MAP) return not_a_map(c, f);
  const Value *tag = value_get_c(in, f->tag);
  Str chosen = value_text_or(tag, STR_NONE);
  const Field *variant = chosen.len ? member_field(f->fields, f->field_count, chosen) : NULL;
  if (variant) return check_members(c, variant, f->tag, in, out);
  size_t count = MIN(f->field_count, COUNT(names));
  for (size_t i = 0; i < count; i++) names[i] = f->fields[i].name;
  size_t before = checker_push(c, str_from_c(f->tag));
  if (!tag)
    field_error(c->ctx, c->pointer, "required", "%s is required%.*s", f->tag,
                STR_ARG(resource_suggest(c->ctx->arena, chosen, names, count)));
  else
    field_error(c->ctx, c->pointer, "choice", "%s cannot be \"%.*s\"%.*s", f->tag, STR_ARG(utf8_cut(chosen, 80)),
                STR_ARG(resource_suggest(c->ctx->arena, chosen, names, count)));
  checker_pop(c, before);
  return false;
}

bool check_nested(Checker *c, const Field *f, const Value *in, Value *out) {
  ASSERT(c->depth < NESTING_MAX);
  c->depth++;
  bool ok = false;
  switch (f->kind) {
  case F_LABELS: ok = check_labels(c, f, in, out); break;
  case F_LIST: ok = check_list(c, f, in, out); break;
  case F_UNION: ok = check_union(c, f, in, out); break;
  default: ok = in->kind == VALUE_MAP ? check_members(c, f, NULL, in, out) : not_a_map(c, f);
  }
  c->depth--;
  return ok;
}

bool resource_check(ResourceCtx *ctx, const Field *fields, size_t count, const Value *in, Value *out, Error *err) {
  Checker checker = {.ctx = ctx};
  Field object = {.kind = F_OBJECT, .fields = fields, .field_count = count};
  ctx->errors.count = 0;
  if (check_nested(&checker, &object, in, out)) return true;
  return errors_none(ctx, err);
}

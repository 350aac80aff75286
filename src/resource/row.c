/* Between columns and the API form: both directions of every kind stand side by side. */
#include "base/seal.h"
#include "base/spelling.h"
#include "lang/json.h"
#include "resource/internal.h"

static Value json_column(ResourceCtx *ctx, const DbRow *row, int column) {
  Str text = db_row_text(row, column, ctx->arena);
  Value value = value_null();
  Error ignored = {0};
  /* what does not parse was not written by us: shown as its text, so that nothing is hidden */
  if (text.len && !json_parse(ctx->arena, text, NULL, &value, &ignored))
    value = value_string(utf8_clean(ctx->arena, text));
  return value;
}

static Value priority_value(i64 stored) {
  static const char *const TEXTS[] = {"p1", "p2", "p3", "p4"};
  return stored >= 1 && stored <= 4 ? value_c(TEXTS[stored - 1]) : value_null();
}

static Value id_value(ResourceCtx *ctx, const Resource *target, i64 id) {
  return id > 0 && target ? value_string(id_text(ctx->arena, target->prefix, id)) : value_null();
}

/* Ids and times inside JSON that others wrote as integers get the API's form. */
static Value nested_value(ResourceCtx *ctx, const Field *f, const Value *in);

static Value nested_members(ResourceCtx *ctx, const Field *fields, size_t count, const Value *in) {
  MapBuilder out = map_builder(ctx->arena);
  for (u32 i = 0; i < in->size; i++) {
    const Member *m = &in->members[i];
    Value value = m->value;
    for (size_t k = 0; k < count; k++)
      if (str_equal_c(value_text(&m->key), fields[k].name)) value = nested_value(ctx, &fields[k], &m->value);
    map_put(&out, value_text(&m->key), value);
  }
  return map_done(&out);
}

static Value nested_list(ResourceCtx *ctx, const Field *f, const Value *in) {
  ValueVec out = {0};
  for (u32 i = 0; i < in->size; i++) *VEC_PUSH(ctx->arena, &out) = nested_value(ctx, f->of, &in->items[i]);
  return list_done(&out);
}

static Value nested_value(ResourceCtx *ctx, const Field *f, const Value *in) {
  if (f->kind == F_REF && value_is(in, VALUE_INT) && f->ref)
    return id_value(ctx, registry_find(ctx->registry, str_from_c(f->ref)), in->i);
  if (f->kind == F_TIME && value_is(in, VALUE_INT)) return value_string(time_text_ms(ctx->arena, in->i));
  if (f->kind == F_LIST && value_is(in, VALUE_LIST)) return nested_list(ctx, f, in);
  if (f->kind == F_OBJECT && value_is(in, VALUE_MAP)) return nested_members(ctx, f->fields, f->field_count, in);
  return *in;
}

static Value enum_value(const Field *f, const DbRow *row, int column, Arena *arena) {
  if (!f->numbered) return value_string(db_row_text(row, column, arena));
  const EnumValue *known = enum_by_number(f->values, db_row_int(row, column));
  return known ? value_c(known->text) : value_null();
}

Str resource_secret_place(Arena *arena, const char *field, i64 org_id) {
  return str_format(arena, "%s:%lld", field, (long long)org_id);
}

/* What does not open stays as it is, so that a change of something else does not lose it. */
static Value secret_read(ResourceCtx *ctx, const Field *f, Str stored) {
  Error err = {0};
  Str plain = STR_NONE;
  if (!ctx->sealer) return value_string(stored);
  if (unseal(ctx->arena, ctx->sealer, stored, resource_secret_place(ctx->arena, f->name, ctx->org_id), &plain, &err))
    return value_string(plain);
  log_warn("resource", "%s: %s", f->name, err.message);
  return value_string(stored);
}

static DbValue secret_column(ResourceCtx *ctx, const Field *f, Str plain) {
  if (!ctx->sealer || is_sealed(plain)) return db_text(plain);
  return db_text(seal(ctx->arena, ctx->sealer, plain, resource_secret_place(ctx->arena, f->name, ctx->org_id)));
}

static Value column_read(ResourceCtx *ctx, const Field *f, const DbRow *row, int column) {
  if (db_row_is_null(row, column)) return f->kind == F_LIST ? (Value){.kind = VALUE_LIST} : value_null();
  switch (f->kind) {
  case F_INT: return value_int(db_row_int(row, column));
  case F_BOOL: return value_bool(db_row_int(row, column) != 0);
  case F_TIME: return value_string(time_text_ms(ctx->arena, db_row_int(row, column)));
  case F_REF: /* by a sibling: row_value knows it */
    return f->ref ? id_value(ctx, registry_find(ctx->registry, str_from_c(f->ref)), db_row_int(row, column))
                  : value_int(db_row_int(row, column));
  case F_PRIORITY: return priority_value(db_row_int(row, column));
  case F_ENUM: return enum_value(f, row, column, ctx->arena);
  case F_LABELS:
  case F_LIST:
  case F_OBJECT:
  case F_UNION:
  case F_JSON:
  case F_ACTOR: {
    Value stored = json_column(ctx, row, column);
    return nested_value(ctx, f, &stored);
  }
  default: {
    Str text = db_row_text(row, column, ctx->arena);
    return f->write_only ? secret_read(ctx, f, text) : value_string(text);
  }
  }
}

static void put_common_head(ResourceCtx *ctx, const Resource *r, const DbRow *row, int *column, MapBuilder *out) {
  map_put_c(out, "id", id_value(ctx, r, db_row_int(row, (*column)++)));
  if (r->has_slug) map_put_c(out, "slug", value_string(db_row_text(row, (*column)++, ctx->arena)));
  if (r->number)
    map_put_c(out, "number",
              value_string(str_format(ctx->arena, "%s-%lld", r->number, (long long)db_row_int(row, (*column)++))));
}

/* A reference whose kind stands in a sibling: the subject of a timeline entry. */
static Value sibling_ref(ResourceCtx *ctx, const ResourceSql *sql, const Field *f, const DbRow *row, int first,
                         i64 id) {
  for (size_t i = 0; i < sql->column_count; i++)
    if (str_equal_c(str_from_c(f->ref_by), sql->columns[i]->name))
      return id_value(ctx, registry_find(ctx->registry, db_row_peek(row, first + (int)i)), id);
  return value_null();
}

Value row_value(ResourceCtx *ctx, const ResourceSql *sql, const DbRow *row) {
  const Resource *r = sql->resource;
  MapBuilder out = map_builder(ctx->arena);
  int column = 0;
  put_common_head(ctx, r, row, &column, &out);
  int first = column;
  for (size_t i = 0; i < sql->column_count; i++, column++) {
    const Field *f = sql->columns[i];
    Value value = column_read(ctx, f, row, column);
    if (f->kind == F_REF && f->ref_by) value = sibling_ref(ctx, sql, f, row, first, value_int_or(&value, 0));
    map_put_c(&out, f->name, value);
  }
  if (!r->bare) {
    map_put_c(&out, "created_at", value_string(time_text_ms(ctx->arena, db_row_int(row, column))));
    map_put_c(&out, "updated_at", value_string(time_text_ms(ctx->arena, db_row_int(row, column + 1))));
    map_put_c(&out, "version", value_int(db_row_int(row, column + 2)));
  }
  return map_done(&out);
}

/* Writing --------------------------------------------------------------------------------------------------------- */

static i64 priority_number(Str text) {
  return text.len == 2 && text.ptr[1] >= '1' && text.ptr[1] <= '4' ? text.ptr[1] - '0' : 0;
}

i64 resource_ref_id(const Registry *registry, const Value *ref) {
  Str text = value_text_or(ref, STR_NONE);
  const Resource *target = text.len ? registry_prefix(registry, text) : NULL;
  i64 id = 0;
  return target && id_parse(target->prefix, text, &id) ? id : 0;
}

static DbValue time_column(const Value *value) {
  i64 ms = 0;
  return time_parse_ms(value_text_or(value, STR_NONE), &ms) ? db_int(ms) : db_null();
}

DbValue column_value(ResourceCtx *ctx, const Field *f, const Value *value) {
  if (f->kind == F_PRIORITY) return db_int(priority_number(value_text_or(value, STR_NONE)));
  if (!value || value->kind == VALUE_NULL) return db_null();
  switch (f->kind) {
  case F_INT: return db_int(value_int_or(value, 0));
  case F_BOOL: return db_int(value_bool_or(value, false));
  case F_TIME: return time_column(value);
  case F_REF: return db_id(resource_ref_id(ctx->registry, value));
  case F_ENUM: {
    const EnumValue *known = enum_by_text(f->values, value_text_or(value, STR_NONE));
    return f->numbered && known ? db_int(known->number) : db_text(value_text_or(value, S("")));
  }
  case F_LABELS:
  case F_LIST:
  case F_OBJECT:
  case F_UNION:
  case F_JSON:
  case F_ACTOR: return db_text(json_text(ctx->arena, value));
  default:
    return f->write_only ? secret_column(ctx, f, value_text_or(value, S(""))) : db_text(value_text_or(value, S("")));
  }
}

/* Filters --------------------------------------------------------------------------------------------------------- */

static bool filter_bad(Error *err, const Field *f, Str text, const char *want) {
  return fail_at(err, ERR_INVALID, "", "filter %s=%.*s: the value must be %s", f->name, STR_ARG(text), want);
}

static bool filter_ref(ResourceCtx *ctx, const Field *f, Str text, DbValue *out, Error *err) {
  const Resource *target =
      f->ref ? registry_find(ctx->registry, str_from_c(f->ref)) : registry_prefix(ctx->registry, text);
  i64 id = 0;
  if (!target) return filter_bad(err, f, text, "the id of something (prefix and digits)");
  if (!f->ref && id_parse(target->prefix, text, &id)) { /* records outlive what they tell of */
    *out = db_int(id);
    return true;
  }
  if (!resource_resolve(ctx, target, text, &id, err) && !resource_resolve_record(ctx, target, text, &id)) {
    if (err && err->code == ERR_NOT_FOUND) err->code = ERR_INVALID;
    return error_prefix(err, "filter %s: ", f->name);
  }
  *out = db_int(id);
  return true;
}

static bool filter_enum(const Field *f, Str text, DbValue *out, Arena *arena, Error *err) {
  const EnumValue *known = enum_by_text(f->values, text);
  if (!known) {
    Buf names = buf_new(arena, 400);
    Spelling near = spelling_of(str_lower(arena, text));
    for (const EnumValue *v = f->values; v->text; v++) {
      spelling_try(&near, str_from_c(v->text));
      buf_format(&names, "%s%s", v == f->values ? "one of " : ", ", v->text);
    }
    if (near.word.len) buf_format(&names, "; did you mean \"%.*s\"?", STR_ARG(near.word));
    return filter_bad(err, f, text, str_to_c(arena, buf_str(&names)));
  }
  *out = f->numbered ? db_int(known->number) : db_text(text);
  return true;
}

bool filter_value(ResourceCtx *ctx, const Resource *resource, const Field *f, Str text, DbValue *out, Error *err) {
  (void)resource;
  i64 n = 0;
  switch (f->kind) {
  case F_INT:
    if (!str_to_i64(text, INT64_MIN, INT64_MAX, &n)) return filter_bad(err, f, text, "a whole number");
    *out = db_int(n);
    return true;
  case F_BOOL:
    if (!str_equal_c(text, "true") && !str_equal_c(text, "false")) return filter_bad(err, f, text, "true or false");
    *out = db_int(str_equal_c(text, "true"));
    return true;
  case F_PRIORITY:
    if (!(n = priority_number(text))) return filter_bad(err, f, text, "p1, p2, p3, p4 or null");
    *out = db_int(n);
    return true;
  case F_REF: return filter_ref(ctx, f, text, out, err);
  case F_ENUM: return filter_enum(f, text, out, ctx->arena, err);
  case F_EMAIL: *out = db_text(str_lower(ctx->arena, text)); return true;
  default: *out = db_text(text); return true;
  }
}

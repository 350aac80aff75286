/* One value against its field: is it of the kind, within its limits, does it name something that exists? Everything
 * wrong is reported with its pointer; what is right comes out in the API form. Lists, objects and unions:
 * check_nested.c. */
#include <stdio.h>

#include "lang/json.h"
#include "resource/internal.h"

void field_error(ResourceCtx *ctx, const char *pointer, const char *code, const char *format, ...) {
  if (ctx->errors.count >= FIELD_ERRORS_MAX) return;
  va_list args;
  va_start(args, format);
  Str message = str_vformat(ctx->arena, format, args);
  va_end(args);
  *VEC_PUSH(ctx->arena, &ctx->errors) =
      (FieldError){str_copy(ctx->arena, str_from_c(pointer)), code, utf8_clean(ctx->arena, message)};
}

void resource_put(ResourceCtx *ctx, Value *map, const char *name, Value value) {
  MapBuilder out = map_builder(ctx->arena);
  for (u32 i = 0; value_is(map, VALUE_MAP) && i < map->size; i++)
    map_put(&out, value_text(&map->members[i].key), map->members[i].value);
  map_put_c(&out, name, value);
  *map = map_done(&out);
}

/* Pointers -------------------------------------------------------------------------------------------------------- */

/* Adds "/name", escaped as RFC 6901 wants; a pointer that becomes too long is cut, which no field table can cause. */
size_t checker_push(Checker *checker, Str name) {
  size_t before = checker->length;
  size_t room = POINTER_MAX - 1;
#define PUT(c) (checker->length < room ? (void)(checker->pointer[checker->length++] = (c)) : (void)0)
  PUT('/');
  name = utf8_cut(name, 64);
  for (size_t i = 0; i < name.len; i++) {
    if (name.ptr[i] == '~')
      PUT('~'), PUT('0');
    else if (name.ptr[i] == '/')
      PUT('~'), PUT('1');
    else
      PUT(name.ptr[i]);
  }
#undef PUT
  checker->pointer[checker->length] = 0;
  return before;
}

size_t checker_push_index(Checker *checker, size_t index) {
  char digits[24];
  snprintf(digits, sizeof digits, "%zu", index);
  return checker_push(checker, str_from_c(digits));
}

void checker_pop(Checker *checker, size_t length) {
  checker->length = length;
  checker->pointer[length] = 0;
}

/* Scalars --------------------------------------------------------------------------------------------------------- */

/* The bad value as people gave it, short. */
static Str shown(Checker *c, const Value *in) {
  Str text = json_text(c->ctx->arena, in);
  return text.len > 80 ? str_format(c->ctx->arena, "%.*s...", STR_ARG(utf8_cut(text, 77))) : text;
}

const char *checker_label(Checker *c, const Field *f) {
  if (f->name) return f->name;
  Str at = {c->pointer, c->length};
  Buf text = buf_new(c->ctx->arena, 400);
  while (at.len) { /* "/members/0/2": item 3 of item 1 of members */
    size_t slash = at.len - 1;
    while (slash > 0 && at.ptr[slash] != '/') slash--;
    Str last = str_slice(at, slash + 1, at.len);
    i64 n = 0;
    at = str_slice(at, 0, slash);
    if (text.len) buf_puts(&text, " of ");
    if (!str_to_i64(last, 0, INT32_MAX, &n)) {
      buf_put(&text, last);
      break;
    }
    buf_format(&text, "item %lld", (long long)n + 1);
  }
  return text.len ? str_to_c(c->ctx->arena, buf_str(&text)) : "the value";
}

static bool wrong(Checker *c, const Field *f, const Value *in, const char *code, const char *want) {
  field_error(c->ctx, c->pointer, code, "%s must be %s, not %.*s", checker_label(c, f), want, STR_ARG(shown(c, in)));
  return false;
}

static bool check_text(Checker *c, const Field *f, const Value *in, Value *out) {
  if (in->kind != VALUE_STRING) return wrong(c, f, in, "type", "a text");
  Str text = value_text(in);
  size_t count = utf8_count(text);
  i64 max = f->max ? f->max : f->kind == F_CEL ? 16384 : TEXT_MAX_DEFAULT;
  if ((i64)count > max || (i64)count < f->min) {
    field_error(c->ctx, c->pointer, "length", "%s has %zu characters; it may have %lld to %lld%s", checker_label(c, f),
                count, (long long)f->min, (long long)max, f->filled ? "; left out, one is made" : "");
    return false;
  }
  if (f->required && str_is_blank(text)) return wrong(c, f, in, "required", "a text that is not blank");
  *out = *in;
  return true;
}

static bool check_int(Checker *c, const Field *f, const Value *in, Value *out) {
  bool whole = in->kind == VALUE_INT ||
               (in->kind == VALUE_DOUBLE && in->d >= -9e15 && in->d <= 9e15 && in->d == (double)(i64)in->d);
  bool seconds = f->name && str_ends_with(str_from_c(f->name), S("_s"));
  if (!whole) return wrong(c, f, in, "type", seconds ? "a whole number of seconds, such as 300" : "a whole number");
  i64 n = value_int_or(in, 0);
  bool bounded = f->min || f->max;
  if (bounded && (n < f->min || n > f->max)) {
    field_error(c->ctx, c->pointer, "range", "%s must be from %lld to %lld, not %lld", checker_label(c, f),
                (long long)f->min, (long long)f->max, (long long)n);
    return false;
  }
  *out = value_int(n);
  return true;
}

static bool check_enum(Checker *c, const Field *f, const Value *in, Value *out) {
  const char *names[64];
  size_t count = 0;
  for (const EnumValue *v = f->values; v->text && count < COUNT(names); v++) names[count++] = v->text;
  Str text = value_text_or(in, STR_NONE);
  if (in->kind == VALUE_STRING && enum_by_text(f->values, text)) {
    *out = *in;
    return true;
  }
  field_error(c->ctx, c->pointer, "choice", "%s cannot be %.*s%.*s", checker_label(c, f), STR_ARG(shown(c, in)),
              STR_ARG(resource_suggest(c->ctx->arena, text, names, count)));
  return false;
}

static bool check_time(Checker *c, const Field *f, const Value *in, Value *out) {
  i64 ms = in->kind == VALUE_INT ? in->i : -1;
  bool ok = in->kind == VALUE_INT || (in->kind == VALUE_STRING && time_parse_ms(value_text(in), &ms));
  if (!ok || ms < 0 || ms > TIME_MS_MAX)
    return wrong(c, f, in, "format", "a time such as 2026-01-05T09:00:00Z, or milliseconds since 1970");
  *out = value_string(time_text_ms(c->ctx->arena, ms));
  return true;
}

static bool check_local_time(Checker *c, const Field *f, const Value *in, Value *out) {
  Civil civil;
  if (in->kind != VALUE_STRING || !civil_parse(value_text(in), &civil))
    return wrong(c, f, in, "format", "a local time without offset, such as 2026-01-05T09:00:00");
  Buf text = buf_new(c->ctx->arena, 64);
  civil_write(civil, &text);
  *out = value_string(buf_str(&text));
  return true;
}

static bool check_zone(Checker *c, const Field *f, const Value *in, Value *out) {
  Error err = {0};
  const Zone *zone = NULL;
  if (in->kind != VALUE_STRING) return wrong(c, f, in, "type", "the name of a time zone, such as Europe/Berlin");
  if (!zone_find(c->ctx->zones, value_text(in), &zone, &err)) {
    field_error(c->ctx, c->pointer, "choice", "%s", err.message);
    return false;
  }
  *out = *in;
  return true;
}

static bool email_ok(Str text) {
  Str local, domain;
  if (text.len > 254 || !str_cut(text, '@', &local, &domain) || local.len == 0 || local.len > 64 || domain.len == 0)
    return false;
  for (size_t i = 0; i < text.len; i++) {
    unsigned char ch = (unsigned char)text.ptr[i];
    if (ch <= ' ' || ch == 127 || ch == '<' || ch == '>' || ch == ',' || ch == '"' || ch == ';') return false;
  }
  return str_find_char(domain, '@', 0) == SIZE_MAX && domain.ptr[0] != '.' && domain.ptr[domain.len - 1] != '.';
}

static bool check_email(Checker *c, const Field *f, const Value *in, Value *out) {
  if (in->kind != VALUE_STRING || !email_ok(value_text(in)))
    return wrong(c, f, in, "format", "an e-mail address such as ann@example.com");
  *out = value_string(str_lower(c->ctx->arena, value_text(in)));
  return true;
}

static bool check_cel(Checker *c, const Field *f, const Value *in, Value *out) {
  Error err = {0};
  if (!check_text(c, f, in, out)) return false;
  if (!c->ctx->check_cel || c->ctx->check_cel(c->ctx, f, value_text(in), &err)) return true;
  field_error(c->ctx, c->pointer, "expression", "%s: %s%s%s", checker_label(c, f), err.message,
              err.detail[0] ? "\n" : "", err.detail);
  return false;
}

static bool check_priority(Checker *c, const Field *f, const Value *in, Value *out) {
  Str text = in->kind == VALUE_STRING ? str_lower(c->ctx->arena, value_text(in)) : STR_NONE;
  if (text.len != 2 || text.ptr[0] != 'p' || text.ptr[1] < '1' || text.ptr[1] > '4')
    return wrong(c, f, in, "choice", "p1, p2, p3, p4 or null");
  *out = value_string(text);
  return true;
}

static bool check_ref(Checker *c, const Field *f, const Value *in, Value *out) {
  const Resource *target = f->ref ? registry_find(c->ctx->registry, str_from_c(f->ref)) : NULL;
  Error err = {0};
  i64 id = 0;
  ASSERT(target);
  if (in->kind != VALUE_STRING) return wrong(c, f, in, "type", "an id as text, a slug, a number or an e-mail");
  if (!resource_resolve(c->ctx, target, value_text(in), &id, &err)) {
    field_error(c->ctx, c->pointer, "not_found", "%s: %s", checker_label(c, f), err.message);
    return false;
  }
  *out = value_string(id_text(c->ctx->arena, target->prefix, id));
  return true;
}

static bool check_json(Checker *c, const Field *f, const Value *in, Value *out) {
  if ((i64)json_text(c->ctx->arena, in).len > (f->max ? f->max : JSON_BYTES_MAX))
    return wrong(c, f, in, "length", "shorter: at most 64 KiB of JSON");
  *out = *in;
  return true;
}

/* The door -------------------------------------------------------------------------------------------------------- */

static bool check_kind(Checker *c, const Field *f, const Value *in, Value *out) {
  ASSERT(f->kind < F_KIND_COUNT);
  switch (f->kind) {
  case F_TEXT: return check_text(c, f, in, out);
  case F_INT: return check_int(c, f, in, out);
  case F_BOOL:
    if (in->kind != VALUE_BOOL) return wrong(c, f, in, "type", "true or false");
    *out = *in;
    return true;
  case F_ENUM: return check_enum(c, f, in, out);
  case F_TIME: return check_time(c, f, in, out);
  case F_REF: return check_ref(c, f, in, out);
  case F_CEL: return check_cel(c, f, in, out);
  case F_LOCAL_TIME: return check_local_time(c, f, in, out);
  case F_ZONE: return check_zone(c, f, in, out);
  case F_EMAIL: return check_email(c, f, in, out);
  case F_PRIORITY: return check_priority(c, f, in, out);
  case F_JSON:
  case F_ACTOR: return check_json(c, f, in, out);
  case F_LABELS:
  case F_LIST:
  case F_OBJECT:
  case F_UNION: return check_nested(c, f, in, out);
  case F_KIND_COUNT: break;
  }
  return false;
}

Value field_default(Arena *arena, const Field *f) {
  bool textual = f->kind == F_TEXT || f->kind == F_ENUM || f->kind == F_CEL || f->kind == F_ZONE ||
                 f->kind == F_EMAIL || f->kind == F_LOCAL_TIME || f->kind == F_PRIORITY || f->kind == F_TIME;
  if (!f->def)
    return f->kind == F_LABELS ? (Value){.kind = VALUE_MAP}
           : f->kind == F_LIST ? (Value){.kind = VALUE_LIST}
                               : value_null();
  if (textual) return value_c(f->def);
  Value value = value_null();
  Error err = {0};
  bool ok = json_parse(arena, str_from_c(f->def), NULL, &value, &err);
  ASSERT(ok); /* a generic test walks every default */
  return value;
}

static bool required(Checker *c, const Field *f) {
  bool quoted = f->example && (f->kind == F_TEXT || f->kind == F_EMAIL) && f->example[0] != '"';
  const char *quote = quoted ? "\"" : "";
  if (f->example)
    field_error(c->ctx, c->pointer, "required", "%s is required, for example %s%s%s", checker_label(c, f), quote,
                f->example, quote);
  else
    field_error(c->ctx, c->pointer, "required", "%s is required", checker_label(c, f));
  return false;
}

bool check_value(Checker *c, const Field *f, const Value *in, Value *out) {
  if (in->kind == VALUE_NULL) {
    if (f->required) return required(c, f);
    *out = f->nullable ? value_null() : field_default(c->ctx->arena, f);
    return true;
  }
  size_t wrong_before = c->ctx->errors.count;
  if (!check_kind(c, f, in, out)) return false;
  if (f->check) f->check(c->ctx, f, c->pointer, out);
  return c->ctx->errors.count == wrong_before;
}

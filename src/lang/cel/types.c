/* Types: building, reading from and writing to text, and the table of overloads' signatures. */
#include <string.h>

#include "lang/cel/library.h"

const Type TYPE_OF_DYN = {.kind = TYPE_DYN}, TYPE_OF_NULL = {.kind = TYPE_NULL}, TYPE_OF_BOOL = {.kind = TYPE_BOOL},
           TYPE_OF_INT = {.kind = TYPE_INT}, TYPE_OF_UINT = {.kind = TYPE_UINT}, TYPE_OF_DOUBLE = {.kind = TYPE_DOUBLE},
           TYPE_OF_STRING = {.kind = TYPE_STRING}, TYPE_OF_BYTES = {.kind = TYPE_BYTES},
           TYPE_OF_TIMESTAMP = {.kind = TYPE_TIMESTAMP}, TYPE_OF_DURATION = {.kind = TYPE_DURATION},
           TYPE_OF_TYPE = {.kind = TYPE_TYPE};

static const struct {
  const char *name;
  TypeKind kind;
  u32 params;
  u32 kinds; /* ValueKinds that are of this type at run time */
} NAMES[] = {
    {"dyn", TYPE_DYN, 0, ~0u},
    {"null_type", TYPE_NULL, 0, 1u << VALUE_NULL},
    {"null", TYPE_NULL, 0, 1u << VALUE_NULL},
    {"bool", TYPE_BOOL, 0, 1u << VALUE_BOOL},
    {"int", TYPE_INT, 0, 1u << VALUE_INT},
    {"uint", TYPE_UINT, 0, 1u << VALUE_UINT},
    {"double", TYPE_DOUBLE, 0, 1u << VALUE_DOUBLE},
    {"string", TYPE_STRING, 0, 1u << VALUE_STRING},
    {"bytes", TYPE_BYTES, 0, 1u << VALUE_BYTES},
    {"timestamp", TYPE_TIMESTAMP, 0, 1u << VALUE_TIMESTAMP},
    {"duration", TYPE_DURATION, 0, 1u << VALUE_DURATION},
    {"type", TYPE_TYPE, 1, 1u << VALUE_TYPE},
    {"list", TYPE_LIST, 1, 1u << VALUE_LIST},
    {"map", TYPE_MAP, 2, 1u << VALUE_MAP},
    {"optional_type", TYPE_OPTIONAL, 1, 1u << VALUE_OPTIONAL},
    {"net.IP", TYPE_OPAQUE, 0, 1u << VALUE_STRING},
    {"net.CIDR", TYPE_OPAQUE, 0, 1u << VALUE_STRING},
    {"bignum", TYPE_OPAQUE, 0, 1u << VALUE_BIGNUM}, /* no expression has this type: only JSON makes such numbers */
};

/* FIRST_NAME: several rows may have one kind; the first is how it is written. */
static const char *kind_text(TypeKind kind) {
  for (size_t i = 0; i < COUNT(NAMES); i++)
    if (NAMES[i].kind == kind) return NAMES[i].name;
  return "?";
}

static const Type *type_with(Arena *arena, TypeKind kind, const Type *a, const Type *b) {
  Type *type = ARENA_NEW(arena, Type);
  *type = (Type){.kind = kind, .count = b ? 2 : 1, .params = {a, b}};
  return type;
}

const Type *type_list(Arena *arena, const Type *item) {
  return type_with(arena, TYPE_LIST, item, NULL);
}
const Type *type_map(Arena *arena, const Type *key, const Type *value) {
  return type_with(arena, TYPE_MAP, key, value);
}
const Type *type_optional(Arena *arena, const Type *inner) {
  return type_with(arena, TYPE_OPTIONAL, inner, NULL);
}

/* Reading --------------------------------------------------------------------------------------------------------- */

typedef struct Reader {
  Arena *arena;
  const char *at;
} Reader;

static void skip(Reader *r) {
  while (*r->at == ' ') r->at++;
}

static bool take(Reader *r, const char *word) {
  skip(r);
  size_t length = strlen(word);
  if (strncmp(r->at, word, length) != 0) return false;
  r->at += length;
  return true;
}

static bool is_type_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9');
}

/* Dots belong to the name ("net.IP") only before a letter: "string.(" is a receiver. */
static Str read_type_name(Reader *r) {
  skip(r);
  const char *from = r->at;
  while (is_type_char(*r->at) || (*r->at == '.' && is_type_char(r->at[1]))) r->at++;
  ASSERT(r->at > from);
  return (Str){from, (size_t)(r->at - from)};
}

static u32 row_of(Str name) {
  u32 i = 0;
  while (i < COUNT(NAMES) && !str_equal_c(name, NAMES[i].name)) i++;
  return i;
}

static const Type *read_type(Reader *r) {
  Str name = read_type_name(r);
  Type *type = ARENA_NEW(r->arena, Type);
  if (name.len == 1 && name.ptr[0] >= 'A' && name.ptr[0] <= 'Z') {
    *type = (Type){.kind = TYPE_VAR, .id = (u32)(name.ptr[0] - 'A')};
    return type;
  }
  u32 row = row_of(name);
  *type = (Type){.kind = row < COUNT(NAMES) ? NAMES[row].kind : TYPE_OPAQUE, .name = name};
  u32 wanted = row < COUNT(NAMES) ? NAMES[row].params : 0;
  if (*r->at == '(') {
    r->at++;
    do {
      ASSERT(type->count < TYPE_PARAMS_MAX);
      type->params[type->count++] = read_type(r);
    } while (take(r, ","));
    bool closed = take(r, ")");
    ASSERT(closed);
  }
  while (type->count < wanted) type->params[type->count++] = &TYPE_OF_DYN;
  return type;
}

static u32 kinds_of(const Type *type) {
  if (type->kind == TYPE_VAR) return ~0u;
  if (type->kind == TYPE_OPAQUE) return row_of(type->name) < COUNT(NAMES) ? NAMES[row_of(type->name)].kinds : ~0u;
  for (size_t i = 0; i < COUNT(NAMES); i++)
    if (NAMES[i].kind == type->kind) return NAMES[i].kinds;
  return ~0u;
}

static void read_params(Reader *r, Overload *overload, const Type **params) {
  while (!take(r, ")")) {
    ASSERT(overload->count < 8);
    params[overload->count++] = read_type(r);
    overload->variadic = take(r, "...");
    (void)take(r, ",");
  }
}

static Overload *read_overload(Reader *r) {
  const Type *params[8];
  Overload *overload = ARENA_NEW(r->arena, Overload);
  if (!take(r, "(")) {
    overload->member = true;
    params[overload->count++] = read_type(r);
    bool dot = take(r, ".(");
    ASSERT(dot);
  }
  read_params(r, overload, params);
  bool arrow = take(r, "->");
  ASSERT(arrow);
  overload->result = read_type(r);
  overload->params = ARENA_ARRAY(r->arena, const Type *, overload->count);
  overload->kinds = ARENA_ARRAY(r->arena, u32, overload->count);
  for (u32 i = 0; i < overload->count; i++) {
    overload->params[i] = params[i];
    overload->kinds[i] = kinds_of(params[i]) & ~(1u << CEL_FAULT);
  }
  return overload;
}

const Overload *overloads_read(Arena *arena, const char *text) {
  Reader r = {arena, text};
  Overload *first = read_overload(&r), *last = first;
  while (take(&r, ";")) {
    Overload *next = read_overload(&r);
    last->next = next;
    last = next;
  }
  skip(&r);
  ASSERT(*r.at == 0);
  return first;
}

const Type *type_read(Arena *arena, const char *text) {
  Reader r = {arena, text};
  return read_type(&r);
}

/* Writing --------------------------------------------------------------------------------------------------------- */

void type_write(Buf *out, const Type *type) {
  if (type->kind == TYPE_VAR)
    buf_putc(out, (char)('A' + type->id % 26));
  else if (type->kind == TYPE_OPAQUE)
    buf_put(out, type->name);
  else
    buf_puts(out, kind_text(type->kind));
  if (type->count == 0 || type->kind == TYPE_TYPE) return;
  for (u32 i = 0; i < type->count; i++) {
    buf_puts(out, i == 0 ? "(" : ", ");
    type_write(out, type->params[i]);
  }
  buf_putc(out, ')');
}

Str type_text(Arena *arena, const Type *type) {
  Buf buf = buf_new(arena, 400);
  type_write(&buf, type);
  return buf_str(&buf);
}

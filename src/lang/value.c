/* Values: questions, lookups, equality, order, copies. Building maps and their index is in value_map.c.
 * Surprises: numbers of all kinds are compared by what they say, exactly (2^53+1 is not the double 2^53); a lookup in a
 * large map costs one keyed hash; the order of maps does not depend on the order of their members. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lang/json.h"
#include "lang/value_map.h"

bool value_is(const Value *v, ValueKind kind) {
  return v && v->kind == kind;
}

Str value_text_or(const Value *v, Str otherwise) {
  return value_is(v, VALUE_STRING) ? value_text(v) : otherwise;
}

i64 value_int_or(const Value *v, i64 otherwise) {
  if (!v) return otherwise;
  if (v->kind == VALUE_INT) return v->i;
  if (v->kind == VALUE_UINT && v->u <= INT64_MAX) return (i64)v->u;
  if (v->kind == VALUE_DOUBLE && v->d >= -0x1p63 && v->d < 0x1p63 && floor(v->d) == v->d) return (i64)v->d;
  return otherwise;
}

bool value_bool_or(const Value *v, bool otherwise) {
  return value_is(v, VALUE_BOOL) ? v->b : otherwise;
}

const Value *value_get_c(const Value *map, const char *key) {
  return value_get(map, str_from_c(key));
}

const Value *value_at(const Value *list, size_t i) {
  return value_is(list, VALUE_LIST) && i < list->size ? &list->items[i] : NULL;
}

/* Whether the escaped step of a pointer ("a~1b") names this key ("a/b"). */
static bool step_is_key(Str step, Str key) {
  size_t at = 0;
  for (size_t i = 0; i < step.len; i++, at++) {
    char c = step.ptr[i];
    if (c == '~') {
      if (i + 1 == step.len || (step.ptr[i + 1] != '0' && step.ptr[i + 1] != '1')) return false;
      c = step.ptr[++i] == '0' ? '~' : '/';
    }
    if (at == key.len || key.ptr[at] != c) return false;
  }
  return at == key.len;
}

static const Value *pointer_step(const Value *v, Str step) {
  if (value_is(v, VALUE_LIST)) {
    u64 i = 0;
    bool padded = step.len > 1 && step.ptr[0] == '0';
    return !padded && str_to_u64(step, UINT32_MAX, &i) ? value_at(v, i) : NULL;
  }
  if (!value_is(v, VALUE_MAP)) return NULL;
  if (str_find_char(step, '~', 0) == SIZE_MAX) return value_get(v, step);
  for (u32 i = 0; i < v->size; i++) { /* escapes are rare: no copy, a walk instead */
    const Member *m = &v->members[i];
    if (m->key.kind == VALUE_STRING && step_is_key(step, value_text(&m->key))) return &m->value;
  }
  return NULL;
}

const Value *value_pointer(const Value *root, Str pointer) {
  if (pointer.len == 0) return root;
  if (pointer.ptr[0] != '/') return NULL;
  Str rest = str_slice(pointer, 1, pointer.len);
  for (bool more = true; more && root;) {
    Str step;
    more = str_cut(rest, '/', &step, &rest);
    root = pointer_step(root, step);
  }
  return root;
}

/* Numbers --------------------------------------------------------------------------------------------------------- */

static double bignum_double(const Value *v) {
  double d = 0;
  Str text = value_text(v);
  if (str_to_double(text, &d)) return d;
  return text.len && text.ptr[0] == '-' ? -HUGE_VAL : HUGE_VAL;
}

static int compare_i64_double(i64 i, double d) {
  if (isnan(d)) return 1; /* NaN comes before every number */
  if (d >= 0x1p63) return -1;
  if (d < -0x1p63) return 1;
  i64 whole = (i64)d; /* towards zero */
  if (i != whole) return i < whole ? -1 : 1;
  double rest = d - (double)whole;
  return rest > 0 ? -1 : rest < 0 ? 1 : 0;
}

static int compare_u64_double(u64 u, double d) {
  if (u <= INT64_MAX) return compare_i64_double((i64)u, d);
  if (isnan(d)) return 1;
  if (d >= 0x1p64) return -1;
  if (d < 0x1p63) return 1;
  u64 whole = (u64)d; /* doubles this large have no fraction */
  return u < whole ? -1 : u > whole ? 1 : 0;
}

static int compare_double(double a, double b) {
  if (isnan(a) || isnan(b)) return isnan(b) - isnan(a);
  return a < b ? -1 : a > b ? 1 : 0;
}

/* UINTs that fit become INTs and BIGNUMs doubles: three kinds are left. */
static Value number_plain(const Value *v) {
  if (v->kind == VALUE_UINT && v->u <= INT64_MAX) return value_int((i64)v->u);
  if (v->kind == VALUE_BIGNUM) return value_double(bignum_double(v));
  return *v;
}

static int compare_numbers(const Value *left, const Value *right) {
  Value a = number_plain(left), b = number_plain(right);
  if (a.kind == VALUE_DOUBLE && b.kind == VALUE_DOUBLE) return compare_double(a.d, b.d);
  if (a.kind == VALUE_DOUBLE)
    return b.kind == VALUE_INT ? -compare_i64_double(b.i, a.d) : -compare_u64_double(b.u, a.d);
  if (b.kind == VALUE_DOUBLE) return a.kind == VALUE_INT ? compare_i64_double(a.i, b.d) : compare_u64_double(a.u, b.d);
  if (a.kind != b.kind) return a.kind == VALUE_INT ? -1 : 1; /* a UINT left over is above every INT */
  if (a.kind == VALUE_INT) return a.i < b.i ? -1 : a.i > b.i;
  return a.u < b.u ? -1 : a.u > b.u;
}

/* Equality and order ---------------------------------------------------------------------------------------------- */

typedef enum Group {
  GROUP_NULL,
  GROUP_BOOL,
  GROUP_NUMBER,
  GROUP_STRING,
  GROUP_BYTES,
  GROUP_TIMESTAMP,
  GROUP_DURATION,
  GROUP_LIST,
  GROUP_MAP,
  GROUP_TYPE,
  GROUP_OPTIONAL
} Group;

static const struct {
  const char *name; /* CEL's word */
  Group group;
} KINDS[VALUE_KIND_COUNT] = {
    [VALUE_NULL] = {"null_type", GROUP_NULL},
    [VALUE_BOOL] = {"bool", GROUP_BOOL},
    [VALUE_INT] = {"int", GROUP_NUMBER},
    [VALUE_UINT] = {"uint", GROUP_NUMBER},
    [VALUE_DOUBLE] = {"double", GROUP_NUMBER},
    [VALUE_STRING] = {"string", GROUP_STRING},
    [VALUE_BYTES] = {"bytes", GROUP_BYTES},
    [VALUE_LIST] = {"list", GROUP_LIST},
    [VALUE_MAP] = {"map", GROUP_MAP},
    [VALUE_TIMESTAMP] = {"google.protobuf.Timestamp", GROUP_TIMESTAMP},
    [VALUE_DURATION] = {"google.protobuf.Duration", GROUP_DURATION},
    [VALUE_TYPE] = {"type", GROUP_TYPE},
    [VALUE_OPTIONAL] = {"optional_type", GROUP_OPTIONAL},
    [VALUE_BIGNUM] = {"double", GROUP_NUMBER},
};

const char *value_kind_name(ValueKind kind) {
  return KINDS[kind].name;
}

static bool equal_within(const Value *a, const Value *b, u32 depth);

static bool items_equal(const Value *a, const Value *b, u32 depth) {
  if (a->size != b->size) return false;
  if (a->items == b->items) return true; /* shared, as copies are */
  for (u32 i = 0; i < a->size; i++)
    if (!equal_within(&a->items[i], &b->items[i], depth)) return false;
  return true;
}

static bool maps_equal(const Value *a, const Value *b, u32 depth) {
  if (a->size != b->size) return false;
  for (u32 i = 0; i < a->size; i++) {
    const Value *other = value_get_key(b, &a->members[i].key);
    if (!other || !equal_within(&a->members[i].value, other, depth)) return false;
  }
  return true;
}

static bool equal_within(const Value *a, const Value *b, u32 depth) {
  if (KINDS[a->kind].group != KINDS[b->kind].group) return false;
  if (depth >= VALUE_DEPTH_MAX) return true;
  switch (KINDS[a->kind].group) {
  case GROUP_NULL: return true;
  case GROUP_BOOL: return a->b == b->b;
  case GROUP_NUMBER: return compare_numbers(a, b) == 0;
  case GROUP_STRING:
  case GROUP_BYTES:
  case GROUP_TYPE: return str_equal(value_text(a), value_text(b));
  case GROUP_TIMESTAMP:
  case GROUP_DURATION: return a->i == b->i && a->size == b->size;
  case GROUP_LIST:
  case GROUP_OPTIONAL: return items_equal(a, b, depth + 1);
  case GROUP_MAP: return maps_equal(a, b, depth + 1);
  }
  return false;
}

bool value_equal(const Value *a, const Value *b) {
  return equal_within(a, b, 0);
}

static int compare_within(const Value *a, const Value *b, u32 depth);

static int compare_lists(const Value *a, const Value *b, u32 depth) {
  for (u32 i = 0; i < a->size && i < b->size; i++) {
    int order = compare_within(&a->items[i], &b->items[i], depth);
    if (order) return order;
  }
  return a->size < b->size ? -1 : a->size > b->size;
}

/* By keys in their order, then by the values of equal keys; fewer members come first. */
static int compare_maps(const Value *a, const Value *b, u32 depth) {
  if (a->size != b->size) return a->size < b->size ? -1 : 1;
  if (a->size == 0) return 0;
  const Member **left = map_sorted(a), **right = map_sorted(b);
  int order = 0;
  for (u32 i = 0; i < a->size && !order; i++) {
    order = compare_within(&left[i]->key, &right[i]->key, depth);
    if (!order) order = compare_within(&left[i]->value, &right[i]->value, depth);
  }
  free(left);
  free(right);
  return order;
}

static int compare_times(const Value *a, const Value *b) {
  if (a->i != b->i) return a->i < b->i ? -1 : 1;
  return a->size < b->size ? -1 : a->size > b->size;
}

static int compare_within(const Value *a, const Value *b, u32 depth) {
  Group group = KINDS[a->kind].group, other = KINDS[b->kind].group;
  if (group != other) return group < other ? -1 : 1;
  if (depth >= VALUE_DEPTH_MAX) return 0;
  switch (group) {
  case GROUP_NULL: return 0;
  case GROUP_BOOL: return (int)a->b - (int)b->b;
  case GROUP_NUMBER: return compare_numbers(a, b);
  case GROUP_STRING:
  case GROUP_BYTES:
  case GROUP_TYPE: return str_compare(value_text(a), value_text(b));
  case GROUP_TIMESTAMP:
  case GROUP_DURATION: return compare_times(a, b);
  case GROUP_LIST:
  case GROUP_OPTIONAL: return compare_lists(a, b, depth + 1);
  case GROUP_MAP: return compare_maps(a, b, depth + 1);
  }
  return 0;
}

int value_compare(const Value *a, const Value *b) {
  return compare_within(a, b, 0);
}

/* Copies and text ------------------------------------------------------------------------------------------------- */

static Value copy_within(Arena *arena, const Value *v, u32 depth);

static Value copy_items(Arena *arena, const Value *v, u32 depth) {
  Value *items = arena_alloc(arena, v->size * sizeof(Value));
  for (u32 i = 0; i < v->size; i++) items[i] = copy_within(arena, &v->items[i], depth);
  Value copy = *v;
  copy.items = items;
  return copy;
}

static Value copy_members(Arena *arena, const Value *v, u32 depth) {
  size_t bytes = map_bytes(v);
  Member *members = arena_alloc(arena, bytes);
  if (bytes) memcpy(members, v->members, bytes); /* with the index: places do not change */
  for (u32 i = 0; i < v->size; i++) {
    members[i].key = copy_within(arena, &v->members[i].key, depth);
    members[i].value = copy_within(arena, &v->members[i].value, depth);
  }
  Value copy = *v;
  copy.members = members;
  return copy;
}

static Value copy_within(Arena *arena, const Value *v, u32 depth) {
  if (depth >= VALUE_DEPTH_MAX) return value_null();
  Value copy = *v;
  switch ((ValueKind)v->kind) {
  case VALUE_STRING:
  case VALUE_BYTES:
  case VALUE_TYPE:
  case VALUE_BIGNUM: copy.text = str_copy(arena, value_text(v)).ptr; return copy;
  case VALUE_LIST:
  case VALUE_OPTIONAL: return copy_items(arena, v, depth + 1);
  case VALUE_MAP: return copy_members(arena, v, depth + 1);
  default: return copy;
  }
}

Value value_copy(Arena *arena, const Value *v) {
  return copy_within(arena, v, 0);
}

Str value_display(Arena *arena, const Value *v) {
  if (!v || v->kind == VALUE_NULL) return S("");
  if (v->kind == VALUE_STRING || v->kind == VALUE_TYPE || v->kind == VALUE_BIGNUM) return value_text(v);
  if (v->kind == VALUE_OPTIONAL) return v->size ? value_display(arena, &v->items[0]) : S("");
  Str text = json_text(arena, v);
  bool quoted = v->kind == VALUE_BYTES || v->kind == VALUE_TIMESTAMP || v->kind == VALUE_DURATION;
  return quoted && text.len >= 2 ? str_slice(text, 1, text.len - 1) : text;
}

Value list_of(Arena *arena, const Value *items, size_t count) {
  ASSERT(count <= UINT32_MAX);
  Value *copy = arena_alloc(arena, count * sizeof(Value));
  if (count) memcpy(copy, items, count * sizeof(Value));
  return (Value){.kind = VALUE_LIST, .size = (u32)count, .items = copy};
}

Value list_done(const ValueVec *items) {
  ASSERT(items->count <= UINT32_MAX);
  return (Value){.kind = VALUE_LIST, .size = (u32)items->count, .items = items->items};
}

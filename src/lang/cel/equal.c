/* Equality and order of CEL: numbers are compared by what they say whatever their kind, NaN equals nothing, a network
 * address is not the text it is written as. Strings and small integers, nearly all of what rules compare, come first.
 */
#include <math.h>
#include <string.h>

#include "lang/cel/library.h"

static bool is_number(const Value *v) {
  return v->kind == VALUE_INT || v->kind == VALUE_UINT || v->kind == VALUE_DOUBLE || v->kind == VALUE_BIGNUM;
}

static bool is_nan(const Value *v) {
  return v->kind == VALUE_DOUBLE && isnan(v->d);
}

/* An integer meets a double as a double, as CEL's conformance cases have it; else numbers compare exactly. */
static int compare_numbers(const Value *a, const Value *b) {
  bool mixed = (a->kind == VALUE_DOUBLE) != (b->kind == VALUE_DOUBLE);
  if (!mixed || a->kind == VALUE_BIGNUM || b->kind == VALUE_BIGNUM) return value_compare(a, b);
  double left = a->kind == VALUE_DOUBLE ? a->d : a->kind == VALUE_INT ? (double)a->i : (double)a->u;
  double right = b->kind == VALUE_DOUBLE ? b->d : b->kind == VALUE_INT ? (double)b->i : (double)b->u;
  return left < right ? -1 : left > right;
}

static bool same_text(const Value *a, const Value *b) {
  return a->size == b->size && (a->size == 0 || memcmp(a->text, b->text, a->size) == 0);
}

static bool equal(const Value *a, const Value *b, u64 *steps, u32 depth);

static bool items_equal(const Value *a, const Value *b, u64 *steps, u32 depth) {
  if (a->size != b->size) return false;
  for (u32 i = 0; i < a->size; i++)
    if (!equal(&a->items[i], &b->items[i], steps, depth)) return false;
  return true;
}

static bool maps_equal(const Value *a, const Value *b, u64 *steps, u32 depth) {
  if (a->size != b->size) return false;
  for (u32 i = 0; i < a->size; i++) {
    const Value *other = value_get_key(b, &a->members[i].key);
    if (!other || !equal(&a->members[i].value, other, steps, depth)) return false;
  }
  return true;
}

static bool equal(const Value *a, const Value *b, u64 *steps, u32 depth) {
  (*steps)++;
  if (is_number(a) && is_number(b)) {
    if (a->kind == VALUE_INT && b->kind == VALUE_INT) return a->i == b->i;
    return !is_nan(a) && !is_nan(b) && compare_numbers(a, b) == 0;
  }
  if (a->kind != b->kind || depth >= VALUE_DEPTH_MAX) return false;
  switch ((ValueKind)a->kind) {
  case VALUE_NULL: return true;
  case VALUE_BOOL: return a->b == b->b;
  case VALUE_STRING:
  case VALUE_BYTES:
  case VALUE_TYPE: *steps += a->size / 16; return a->flags == b->flags && same_text(a, b);
  case VALUE_LIST:
  case VALUE_OPTIONAL: return items_equal(a, b, steps, depth + 1);
  case VALUE_MAP: return maps_equal(a, b, steps, depth + 1);
  case VALUE_TIMESTAMP:
  case VALUE_DURATION: return a->i == b->i && a->size == b->size;
  default: return false;
  }
}

bool cel_equal_counted(const Value *a, const Value *b, u64 *steps) {
  return equal(a, b, steps, 0);
}

bool cel_equal(const Value *a, const Value *b) {
  u64 steps = 0;
  return equal(a, b, &steps, 0);
}

bool cel_list_has(const Value *list, const Value *item, u64 *steps) {
  for (u32 i = 0; i < list->size; i++)
    if (equal(&list->items[i], item, steps, 0)) return true;
  return false;
}

bool cel_order(const Value *a, const Value *b, int *out) {
  bool numbers = is_number(a) && is_number(b);
  if (!numbers && a->kind != b->kind) return false;
  if (numbers && (is_nan(a) || is_nan(b))) {
    *out = 2;
    return true;
  }
  bool ordered = numbers || a->kind == VALUE_BOOL || a->kind == VALUE_STRING || a->kind == VALUE_BYTES ||
                 a->kind == VALUE_TIMESTAMP || a->kind == VALUE_DURATION;
  if (!ordered) return false;
  int order = numbers ? compare_numbers(a, b) : value_compare(a, b);
  *out = order < 0 ? -1 : order > 0;
  return true;
}

bool cel_is_empty(const Value *v) {
  switch ((ValueKind)v->kind) {
  case VALUE_NULL: return true;
  case VALUE_BOOL: return !v->b;
  case VALUE_INT: return v->i == 0;
  case VALUE_UINT: return v->u == 0;
  case VALUE_DOUBLE: return v->d == 0;
  case VALUE_STRING:
  case VALUE_BYTES:
  case VALUE_LIST:
  case VALUE_MAP:
  case VALUE_OPTIONAL: return v->size == 0;
  case VALUE_DURATION: return v->i == 0 && v->size == 0;
  default: return false;
  }
}

Str cel_type_name(const Value *v) {
  if (v->kind == VALUE_STRING && v->flags & CEL_FLAG_IP) return S("net.IP");
  if (v->kind == VALUE_STRING && v->flags & CEL_FLAG_CIDR) return S("net.CIDR");
  return str_from_c(value_kind_name((ValueKind)v->kind));
}

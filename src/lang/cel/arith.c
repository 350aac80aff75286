/* Arithmetic: overflow is a fault, never a wrap; times and durations keep to their ranges; lists, strings and bytes
 * join. */
#include <string.h>

#include "lang/cel/machine.h"

enum { NANOS = 1000000000 };

static Value overflow(CelCall *call) {
  return cel_fault(call, "the result does not fit: integer overflow");
}

/* A fault among the operands, else the complaint about their types. */
static Value refuse(CelCall *call, const char *sign, const Value *a, const Value *b) {
  if (is_fault(a)) return *a;
  if (is_fault(b)) return *b;
  Str left = cel_type_name(a), right = cel_type_name(b);
  return cel_fault(call, "'%s' does not work between %.*s and %.*s; convert one side, such as double(x) or string(x)",
                   sign, STR_ARG(left), STR_ARG(right));
}

/* Numbers of JSON that are too large for 64 bits count as doubles. */
static Value plain(const Value *v) {
  if (v->kind != VALUE_BIGNUM) return *v;
  double d = 0;
  return str_to_double(value_text(v), &d) ? value_double(d) : value_double(__builtin_huge_val());
}

static Value join_text(CelCall *call, const Value *a, const Value *b) {
  size_t size = (size_t)a->size + b->size;
  if (!cel_charge(call, size / CEL_BYTES_WRITTEN) || size > INT32_MAX) return cel_out_of_budget(call);
  char *text = arena_alloc(call->arena, size);
  if (a->size) memcpy(text, a->text, a->size);
  if (b->size) memcpy(text + a->size, b->text, b->size);
  return (Value){.kind = a->kind, .size = (u32)size, .text = text};
}

static Value join_lists(CelCall *call, const Value *a, const Value *b) {
  if (a->size == 0) return *b;
  if (b->size == 0) return *a;
  u64 size = (u64)a->size + b->size;
  if (!cel_charge(call, size)) return cel_out_of_budget(call);
  Value *items = arena_alloc(call->arena, size * sizeof(Value));
  memcpy(items, a->items, a->size * sizeof(Value));
  memcpy(items + a->size, b->items, b->size * sizeof(Value));
  return (Value){.kind = VALUE_LIST, .size = (u32)size, .items = items};
}

/* Seconds and nanoseconds, nanos within (-NANOS, 2 * NANOS), as a time of this kind. */
static Value make_time(CelCall *call, ValueKind kind, i64 seconds, i64 nanos) {
  if (nanos >= NANOS) {
    nanos -= NANOS;
    seconds++;
  } else if (nanos < 0) {
    nanos += NANOS;
    seconds--;
  }
  if (kind == VALUE_TIMESTAMP && (seconds < CEL_TIME_MIN_S || seconds > CEL_TIME_MAX_S))
    return cel_fault(call, "the time is outside of the years 1 to 9999");
  if (kind == VALUE_DURATION && (seconds < -CEL_DURATION_MAX_S || seconds > CEL_DURATION_MAX_S))
    return cel_fault(call, "the duration is outside of about 292 years");
  return (Value){.kind = (u8)kind, .size = (u32)nanos, .i = seconds};
}

Value cel_add(CelCall *call, const Value *left, const Value *right) {
  Value a = plain(left), b = plain(right);
  if (a.kind == VALUE_TIMESTAMP && b.kind == VALUE_DURATION)
    return make_time(call, VALUE_TIMESTAMP, a.i + b.i, (i64)a.size + b.size);
  if (a.kind == VALUE_DURATION && b.kind == VALUE_TIMESTAMP)
    return make_time(call, VALUE_TIMESTAMP, a.i + b.i, (i64)a.size + b.size);
  if (a.kind != b.kind) return refuse(call, "+", left, right);
  Value out = {.kind = a.kind};
  switch ((ValueKind)a.kind) {
  case VALUE_INT: return __builtin_add_overflow(a.i, b.i, &out.i) ? overflow(call) : out;
  case VALUE_UINT: return __builtin_add_overflow(a.u, b.u, &out.u) ? overflow(call) : out;
  case VALUE_DOUBLE: return value_double(a.d + b.d);
  case VALUE_STRING:
  case VALUE_BYTES: return join_text(call, &a, &b);
  case VALUE_LIST: return join_lists(call, &a, &b);
  case VALUE_DURATION: return make_time(call, VALUE_DURATION, a.i + b.i, (i64)a.size + b.size);
  default: return refuse(call, "+", left, right);
  }
}

Value cel_subtract(CelCall *call, const Value *left, const Value *right) {
  Value a = plain(left), b = plain(right);
  if (a.kind == VALUE_TIMESTAMP && b.kind == VALUE_DURATION)
    return make_time(call, VALUE_TIMESTAMP, a.i - b.i, (i64)a.size - b.size);
  if (a.kind != b.kind) return refuse(call, "-", left, right);
  Value out = {.kind = a.kind};
  switch ((ValueKind)a.kind) {
  case VALUE_INT: return __builtin_sub_overflow(a.i, b.i, &out.i) ? overflow(call) : out;
  case VALUE_UINT: return __builtin_sub_overflow(a.u, b.u, &out.u) ? overflow(call) : out;
  case VALUE_DOUBLE: return value_double(a.d - b.d);
  case VALUE_TIMESTAMP:
  case VALUE_DURATION: return make_time(call, VALUE_DURATION, a.i - b.i, (i64)a.size - b.size);
  default: return refuse(call, "-", left, right);
  }
}

Value cel_multiply(CelCall *call, const Value *left, const Value *right) {
  Value a = plain(left), b = plain(right), out = {.kind = a.kind};
  if (a.kind != b.kind) return refuse(call, "*", left, right);
  switch ((ValueKind)a.kind) {
  case VALUE_INT: return __builtin_mul_overflow(a.i, b.i, &out.i) ? overflow(call) : out;
  case VALUE_UINT: return __builtin_mul_overflow(a.u, b.u, &out.u) ? overflow(call) : out;
  case VALUE_DOUBLE: return value_double(a.d * b.d);
  default: return refuse(call, "*", left, right);
  }
}

Value cel_divide(CelCall *call, const Value *left, const Value *right) {
  Value a = plain(left), b = plain(right);
  if (a.kind != b.kind) return refuse(call, "/", left, right);
  switch ((ValueKind)a.kind) {
  case VALUE_INT:
    if (b.i == 0) return cel_fault(call, "division by zero");
    return a.i == INT64_MIN && b.i == -1 ? overflow(call) : value_int(a.i / b.i);
  case VALUE_UINT: return b.u == 0 ? cel_fault(call, "division by zero") : value_uint(a.u / b.u);
  case VALUE_DOUBLE: return value_double(a.d / b.d);
  default: return refuse(call, "/", left, right);
  }
}

Value cel_modulo(CelCall *call, const Value *a, const Value *b) {
  if (a->kind != b->kind) return refuse(call, "%", a, b);
  switch ((ValueKind)a->kind) {
  case VALUE_INT:
    if (b->i == 0) return cel_fault(call, "modulus by zero");
    return value_int(b->i == -1 ? 0 : a->i % b->i);
  case VALUE_UINT: return b->u == 0 ? cel_fault(call, "modulus by zero") : value_uint(a->u % b->u);
  default: return refuse(call, "%", a, b);
  }
}

Value cel_negate(CelCall *call, const Value *v) {
  Value a = plain(v);
  if (a.kind == VALUE_INT) return a.i == INT64_MIN ? overflow(call) : value_int(-a.i);
  if (a.kind == VALUE_DOUBLE) return value_double(-a.d);
  if (is_fault(v)) return *v;
  return cel_fault(call, "'-' does not work on %.*s", STR_ARG(cel_type_name(v)));
}

Value machine_compare(Machine *m, OpCode code, const Value *a, const Value *b) {
  static const char *const SIGNS[] = {"<", "<=", ">", ">="};
  if (is_fault(a) || is_fault(b)) return is_fault(a) ? *a : *b;
  if (code == OP_EQUAL || code == OP_NOT_EQUAL) {
    u64 steps = 0;
    bool equal = cel_equal_counted(a, b, &steps);
    if (steps > 16 && !cel_charge(&m->call, steps)) return cel_out_of_budget(&m->call);
    return value_bool(equal == (code == OP_EQUAL));
  }
  int order = 0;
  bool long_texts = a->kind == VALUE_STRING && b->kind == VALUE_STRING && MIN(a->size, b->size) > 256;
  if (long_texts && !cel_charge(&m->call, MIN(a->size, b->size) / CEL_BYTES_READ)) return cel_out_of_budget(&m->call);
  if (!cel_order(a, b, &order)) return refuse(&m->call, SIGNS[code - OP_LESS], a, b);
  return value_bool(order_answers(code, order));
}

/* Math: CEL's math extension. */
#include <math.h>

#include "lang/cel/library.h"

static bool is_number(const Value *v) {
  return v->kind == VALUE_INT || v->kind == VALUE_UINT || v->kind == VALUE_DOUBLE;
}

/* The greatest (sign 1) or least (sign -1) of the arguments, or of one list; the first of equals. */
static Value extreme(CelCall *call, const Value *args, u32 count, int sign) {
  const Value *items = args;
  if (count == 1 && args[0].kind == VALUE_LIST) {
    items = args[0].items;
    count = args[0].size;
  }
  if (count == 0) return cel_fault(call, "there is nothing to compare");
  if (!cel_charge(call, count)) return cel_out_of_budget(call);
  const Value *best = NULL;
  for (u32 i = 0; i < count; i++) {
    int order = 0;
    if (!is_number(&items[i]))
      return cel_fault(call, "only numbers can be compared, not %.*s", STR_ARG(cel_type_name(&items[i])));
    if (!best || (cel_order(&items[i], best, &order) && order == sign)) best = &items[i];
  }
  return *best;
}

static Value do_greatest(CelCall *call, const Value *args, u32 count) {
  return extreme(call, args, count, 1);
}
static Value do_least(CelCall *call, const Value *args, u32 count) {
  return extreme(call, args, count, -1);
}

#define ROUNDING(name, function)                                                                                       \
  static Value name(CelCall *call, const Value *args, u32 count) {                                                     \
    (void)call, (void)count;                                                                                           \
    return value_double(function(args[0].d));                                                                          \
  }
ROUNDING(do_ceil, ceil)
ROUNDING(do_floor, floor)
ROUNDING(do_round, round)
ROUNDING(do_trunc, trunc)
#undef ROUNDING

static Value do_sqrt(CelCall *call, const Value *args, u32 count) {
  (void)call, (void)count;
  const Value *v = &args[0];
  return value_double(sqrt(v->kind == VALUE_INT ? (double)v->i : v->kind == VALUE_UINT ? (double)v->u : v->d));
}

static Value do_abs(CelCall *call, const Value *args, u32 count) {
  (void)count;
  const Value *v = &args[0];
  if (v->kind == VALUE_DOUBLE) return value_double(fabs(v->d));
  if (v->kind == VALUE_UINT || v->i >= 0) return *v;
  return v->i == INT64_MIN ? cel_fault(call, "the result does not fit: integer overflow") : value_int(-v->i);
}

static Value do_sign(CelCall *call, const Value *args, u32 count) {
  (void)call, (void)count;
  const Value *v = &args[0];
  if (v->kind == VALUE_UINT) return value_uint(v->u > 0);
  if (v->kind == VALUE_INT) return value_int((v->i > 0) - (v->i < 0));
  return isnan(v->d) ? *v : value_double((v->d > 0) - (v->d < 0));
}

static Value do_is_nan(CelCall *call, const Value *args, u32 count) {
  (void)call, (void)count;
  return value_bool(isnan(args[0].d));
}

static Value do_is_inf(CelCall *call, const Value *args, u32 count) {
  (void)call, (void)count;
  return value_bool(isinf(args[0].d));
}

static Value do_is_finite(CelCall *call, const Value *args, u32 count) {
  (void)call, (void)count;
  return value_bool(isfinite(args[0].d));
}

/* The bits of an int in the kind of the first argument. */
static Value bits(const Value *like, u64 bits) {
  return (Value){.kind = like->kind, .u = bits};
}

static Value do_and(CelCall *call, const Value *args, u32 count) {
  (void)call, (void)count;
  return bits(args, args[0].u & args[1].u);
}

static Value do_or(CelCall *call, const Value *args, u32 count) {
  (void)call, (void)count;
  return bits(args, args[0].u | args[1].u);
}

static Value do_xor(CelCall *call, const Value *args, u32 count) {
  (void)call, (void)count;
  return bits(args, args[0].u ^ args[1].u);
}

static Value do_not(CelCall *call, const Value *args, u32 count) {
  (void)call, (void)count;
  return bits(args, ~args[0].u);
}

static Value shift(CelCall *call, const Value *args, bool left) {
  i64 by = args[1].i;
  if (by < 0) return cel_fault(call, "a shift by %lld bits is negative", (long long)by);
  if (by > 63) return bits(args, 0);
  return bits(args, left ? args[0].u << by : args[0].u >> by);
}

static Value do_shift_left(CelCall *call, const Value *args, u32 count) {
  (void)count;
  return shift(call, args, true);
}

static Value do_shift_right(CelCall *call, const Value *args, u32 count) {
  (void)count;
  return shift(call, args, false);
}

#define NUMERIC "(int) -> int; (uint) -> uint; (double) -> double"
#define BITWISE "(int, int) -> int; (uint, uint) -> uint"

static const CelFn ROWS[] = {
    {"math.greatest", "(dyn, dyn...) -> dyn", do_greatest, "The greatest of the numbers, or of a list."},
    {"math.least", "(dyn, dyn...) -> dyn", do_least, "The least of the numbers, or of a list."},
    {"math.ceil", "(double) -> double", do_ceil, "Rounded up."},
    {"math.floor", "(double) -> double", do_floor, "Rounded down."},
    {"math.round", "(double) -> double", do_round, "Rounded; halves away from zero."},
    {"math.trunc", "(double) -> double", do_trunc, "Without fraction."},
    {"math.sqrt", "(double) -> double; (int) -> double; (uint) -> double", do_sqrt, "Square root."},
    {"math.abs", NUMERIC, do_abs, "Without sign."},
    {"math.sign", NUMERIC, do_sign, "-1, 0 or 1."},
    {"math.isNaN", "(double) -> bool", do_is_nan, "Whether it is no number."},
    {"math.isInf", "(double) -> bool", do_is_inf, "Whether it is infinite."},
    {"math.isFinite", "(double) -> bool", do_is_finite, "Whether it is neither infinite nor NaN."},
    {"math.bitAnd", BITWISE, do_and, "Bits set in both."},
    {"math.bitOr", BITWISE, do_or, "Bits set in one."},
    {"math.bitXor", BITWISE, do_xor, "Bits that differ."},
    {"math.bitNot", "(int) -> int; (uint) -> uint", do_not, "Bits turned over."},
    {"math.bitShiftLeft", "(int, int) -> int; (uint, int) -> uint", do_shift_left, "Bits moved up."},
    {"math.bitShiftRight", "(int, int) -> int; (uint, int) -> uint", do_shift_right, "Bits moved down, zeros behind."},
};

const CelLibrary LIB_MATH = {"numbers", ROWS, COUNT(ROWS)};

/* Optionals: values that may be absent. or() and orValue() are instructions (their argument is evaluated only when
 * needed), optMap() and optFlatMap() are macros. */
#include "lang/cel/library.h"

static Value do_of(CelCall *call, const Value *args, u32 count) {
  (void)count;
  return cel_some(call, args[0]);
}

static Value do_none(CelCall *call, const Value *args, u32 count) {
  (void)call, (void)args, (void)count;
  return cel_none();
}

static Value do_of_non_zero(CelCall *call, const Value *args, u32 count) {
  (void)count;
  return cel_is_empty(&args[0]) ? cel_none() : cel_some(call, args[0]);
}

static Value do_has_value(CelCall *call, const Value *args, u32 count) {
  (void)call, (void)count;
  return value_bool(args[0].size == 1);
}

static Value do_value(CelCall *call, const Value *args, u32 count) {
  (void)count;
  return args[0].size ? args[0].items[0] : cel_fault_code(call, ERR_MISSING, S("the optional has no value"));
}

static Value do_unwrap(CelCall *call, const Value *args, u32 count) {
  (void)count;
  ValueVec values = {0};
  for (u32 i = 0; i < args[0].size; i++) {
    const Value *item = &args[0].items[i];
    if (item->kind != VALUE_OPTIONAL) return cel_fault(call, "a list of optionals was expected");
    if (!cel_charge(call, 1)) return cel_out_of_budget(call);
    if (item->size) *VEC_PUSH(call->arena, &values) = item->items[0];
  }
  return list_done(&values);
}

static const CelFn ROWS[] = {
    {"optional.of", "(A) -> optional_type(A)", do_of, "An optional with this value."},
    {"optional.none", "() -> optional_type(A)", do_none, "An optional without value."},
    {"optional.ofNonZeroValue", "(A) -> optional_type(A)", do_of_non_zero,
     "Without value when null, 0, empty or false."},
    {"hasValue", "optional_type(A).() -> bool", do_has_value, "Whether there is a value."},
    {"value", "optional_type(A).() -> A", do_value, "The value; fails without one."},
    {"or", "optional_type(A).(optional_type(A)) -> optional_type(A)", NULL, "This optional, else the other."},
    {"orValue", "optional_type(A).(A) -> A", NULL, "The value, else the other."},
    {"optional.unwrap", "(list(optional_type(A))) -> list(A)", do_unwrap, "The values that are there."},
    {"unwrapOpt", "list(optional_type(A)).() -> list(A)", do_unwrap, "The values that are there."},
};

const CelLibrary LIB_OPTIONAL = {"optionals", ROWS, COUNT(ROWS)};

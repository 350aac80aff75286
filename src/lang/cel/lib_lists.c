/* Lists: CEL's lists extension. sortBy is a macro. */
#include <string.h>

#include "lang/cel/library.h"

enum { FLATTEN_DEPTH_MAX = 32 };

static Value do_slice(CelCall *call, const Value *args, u32 count) {
  (void)count;
  i64 from = args[1].i, to = args[2].i;
  if (from < 0 || to < from || to > args[0].size)
    return cel_fault(call, "slice(%lld, %lld) is outside of a list of %u", (long long)from, (long long)to,
                     args[0].size);
  return (Value){.kind = VALUE_LIST, .size = (u32)(to - from), .items = args[0].items + from};
}

static bool flatten(CelCall *call, const Value *list, i64 depth, ValueVec *out) {
  for (u32 i = 0; i < list->size; i++) {
    if (!cel_charge(call, 1)) return false;
    const Value *item = &list->items[i];
    if (item->kind == VALUE_LIST && depth > 0) {
      if (!flatten(call, item, depth - 1, out)) return false;
    } else {
      *VEC_PUSH(call->arena, out) = *item;
    }
  }
  return true;
}

static Value do_flatten(CelCall *call, const Value *args, u32 count) {
  i64 depth = count == 2 ? args[1].i : 1;
  if (depth < 0) return cel_fault(call, "flatten(): the depth must not be negative");
  ValueVec items = {0};
  return flatten(call, &args[0], MIN(depth, FLATTEN_DEPTH_MAX), &items) ? list_done(&items) : cel_out_of_budget(call);
}

static Value do_sort(CelCall *call, const Value *args, u32 count) {
  (void)count;
  if (!cel_charge(call, args[0].size)) return cel_out_of_budget(call);
  Value items = list_of(call->arena, args[0].items, args[0].size),
        keys = list_of(call->arena, args[0].items, args[0].size);
  return cel_sort(call, (Value *)items.items, (Value *)keys.items, args[0].size);
}

/* Quadratic, charged as such: equality across kinds has no hash. */
static Value do_distinct(CelCall *call, const Value *args, u32 count) {
  (void)count;
  ValueVec kept = {0};
  for (u32 i = 0; i < args[0].size; i++) {
    Value so_far = list_done(&kept);
    u64 steps = 0;
    bool known = cel_list_has(&so_far, &args[0].items[i], &steps);
    if (!cel_charge(call, steps / 2 + 1)) return cel_out_of_budget(call);
    if (!known) *VEC_PUSH(call->arena, &kept) = args[0].items[i];
  }
  return list_done(&kept);
}

static Value do_reverse(CelCall *call, const Value *args, u32 count) {
  (void)count;
  if (!cel_charge(call, args[0].size)) return cel_out_of_budget(call);
  u32 size = args[0].size;
  Value *items = arena_alloc(call->arena, size * sizeof(Value));
  for (u32 i = 0; i < size; i++) items[i] = args[0].items[size - 1 - i];
  return (Value){.kind = VALUE_LIST, .size = size, .items = items};
}

static Value do_range(CelCall *call, const Value *args, u32 count) {
  (void)count;
  i64 size = args[0].i;
  if (size <= 0) return (Value){.kind = VALUE_LIST};
  if (!cel_charge(call, (u64)size)) return cel_out_of_budget(call);
  Value *items = arena_alloc(call->arena, (size_t)size * sizeof(Value));
  for (i64 i = 0; i < size; i++) items[i] = value_int(i);
  return (Value){.kind = VALUE_LIST, .size = (u32)size, .items = items};
}

static Value do_first(CelCall *call, const Value *args, u32 count) {
  (void)count;
  return args[0].size ? cel_some(call, args[0].items[0]) : cel_none();
}

static Value do_last(CelCall *call, const Value *args, u32 count) {
  (void)count;
  return args[0].size ? cel_some(call, args[0].items[args[0].size - 1]) : cel_none();
}

static const CelFn ROWS[] = {
    {"slice", "list(A).(int, int) -> list(A)", do_slice, "Elements from, up to."},
    {"flatten", "list(dyn).() -> list(dyn); list(dyn).(int) -> list(dyn)", do_flatten,
     "Lists inside become their elements."},
    {"sort", "list(A).() -> list(A)", do_sort, "In ascending order."},
    {"distinct", "list(A).() -> list(A)", do_distinct, "Each value once."},
    {"reverse", "list(A).() -> list(A)", do_reverse, "Last first."},
    {"lists.range", "(int) -> list(int)", do_range, "0, 1, ... n - 1."},
    {"first", "list(A).() -> optional_type(A)", do_first, "The first element as an optional."},
    {"last", "list(A).() -> optional_type(A)", do_last, "The last element as an optional."},
};

const CelLibrary LIB_LISTS = {"lists", ROWS, COUNT(ROWS)};

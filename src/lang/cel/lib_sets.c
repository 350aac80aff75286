/* Sets: CEL's sets extension, over lists. */
#include "lang/cel/library.h"

/* Elements of `b` that `a` has are counted until one says otherwise than `all`. */
static Value compare_sets(CelCall *call, const Value *a, const Value *b, bool all) {
  for (u32 i = 0; i < b->size; i++) {
    u64 steps = 0;
    bool has = cel_list_has(a, &b->items[i], &steps);
    if (!cel_charge(call, steps / 2 + 1)) return cel_out_of_budget(call);
    if (has != all) return value_bool(!all);
  }
  return value_bool(all);
}

static Value do_contains(CelCall *call, const Value *args, u32 count) {
  (void)count;
  return compare_sets(call, &args[0], &args[1], true);
}

static Value do_equivalent(CelCall *call, const Value *args, u32 count) {
  (void)count;
  Value one = compare_sets(call, &args[0], &args[1], true);
  return one.kind == VALUE_BOOL && one.b ? compare_sets(call, &args[1], &args[0], true) : one;
}

static Value do_intersects(CelCall *call, const Value *args, u32 count) {
  (void)count;
  return compare_sets(call, &args[0], &args[1], false);
}

static const CelFn ROWS[] = {
    {"sets.contains", "(list(A), list(A)) -> bool", do_contains, "Whether the first list has all of the second."},
    {"sets.equivalent", "(list(A), list(A)) -> bool", do_equivalent, "Whether both have the same elements."},
    {"sets.intersects", "(list(A), list(A)) -> bool", do_intersects, "Whether both share an element."},
};

const CelLibrary LIB_SETS = {"sets", ROWS, COUNT(ROWS)};

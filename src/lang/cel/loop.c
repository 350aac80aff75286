/* The loops of macros. all and exists absorb faults when another element decides; the others fail at the first. */
#include <string.h>

#include "lang/cel/machine.h"

static void load_element(Machine *m, const LoopState *loop, const LoopSite *site) {
  u32 i = loop->i;
  bool list = loop->range.kind == VALUE_LIST, two = site->var2 >= 0;
  const Value *item = list ? &loop->range.items[i] : &loop->range.members[i].key;
  if (!two) {
    m->locals[site->var] = *item;
    return;
  }
  m->locals[site->var] = list ? value_int(i) : *item;
  m->locals[site->var2] = list ? *item : loop->range.members[i].value;
}

static bool is_collecting(LoopKind kind) {
  return kind == LOOP_LIST || kind == LOOP_FILTER || kind == LOOP_SORT;
}

/* Sorting: merges runs, so that equal keys keep their order. */
typedef struct Sorting {
  Value *items, *keys, *items_to, *keys_to;
} Sorting;

static void merge(const Sorting *s, u32 from, u32 middle, u32 to) {
  u32 left = from, right = middle;
  for (u32 out = from; out < to; out++) {
    bool take_left = right >= to || (left < middle && value_compare(&s->keys[left], &s->keys[right]) <= 0);
    u32 at = take_left ? left++ : right++;
    s->items_to[out] = s->items[at];
    s->keys_to[out] = s->keys[at];
  }
}

Value cel_sort(CelCall *call, Value *items, Value *keys, u32 count) {
  for (u32 i = 1; i < count; i++) {
    int order = 0;
    if (!cel_order(&keys[0], &keys[i], &order))
      return cel_fault(call, "cannot sort: %.*s and %.*s have no order", STR_ARG(cel_type_name(&keys[0])),
                       STR_ARG(cel_type_name(&keys[i])));
  }
  u64 passes = 0;
  while (passes < 32 && (u32)1 << passes < count) passes++;
  if (!cel_charge(call, count * (4 + passes))) return cel_out_of_budget(call);
  Sorting s = {items, keys, arena_alloc(call->arena, count * sizeof(Value)),
               arena_alloc(call->arena, count * sizeof(Value))};
  for (u32 width = 1; width < count; width *= 2) {
    for (u32 from = 0; from < count; from += 2 * width)
      merge(&s, from, MIN(from + width, count), MIN(from + 2 * width, count));
    s = (Sorting){s.items_to, s.keys_to, s.items, s.keys};
  }
  return (Value){.kind = VALUE_LIST, .size = count, .items = s.items};
}

static Value result(Machine *m, LoopState *loop, const LoopSite *site) {
  switch (site->kind) {
  case LOOP_ALL:
  case LOOP_EXISTS: return loop->fault.kind == CEL_FAULT ? loop->fault : value_bool(site->kind == LOOP_ALL);
  case LOOP_EXISTS_ONE: return value_bool(loop->hits == 1);
  case LOOP_LIST:
  case LOOP_FILTER: return (Value){.kind = VALUE_LIST, .size = loop->count, .items = loop->items};
  case LOOP_MAP:
  case LOOP_MAP_ENTRY: return map_done(&loop->map);
  case LOOP_SORT: return cel_sort(&m->call, loop->items, loop->keys, loop->count);
  }
  return value_null();
}

/* To the next element; true when there is none, or the budget is spent. */
static bool advance(Machine *m, LoopState *loop, const LoopSite *site, Value *out) {
  if (!cel_charge(&m->call, site->steps)) {
    *out = cel_out_of_budget(&m->call);
    return true;
  }
  if (++loop->i < loop->range.size) {
    load_element(m, loop, site);
    return false;
  }
  *out = result(m, loop, site);
  return true;
}

bool loop_start(Machine *m, LoopState *loop, const LoopSite *site, const Value *range, Value *out) {
  if (range->kind != VALUE_LIST && range->kind != VALUE_MAP) {
    *out = is_fault(range) ? *range
                           : cel_fault(&m->call, "a value of type %.*s has no elements to go through",
                                       STR_ARG(cel_type_name(range)));
    return true;
  }
  *loop = (LoopState){.range = *range};
  if (is_collecting(site->kind)) {
    if (!cel_charge(&m->call, range->size)) {
      *out = cel_out_of_budget(&m->call);
      return true;
    }
    loop->items = arena_alloc(m->call.arena, range->size * sizeof(Value));
    if (site->kind == LOOP_SORT) loop->keys = arena_alloc(m->call.arena, range->size * sizeof(Value));
  } else if (site->kind == LOOP_MAP || site->kind == LOOP_MAP_ENTRY) {
    loop->map = map_builder(m->call.arena);
  }
  if (range->size == 0) {
    *out = result(m, loop, site);
    return true;
  }
  load_element(m, loop, site);
  return false;
}

bool loop_filter(Machine *m, LoopState *loop, const LoopSite *site, const Value *pass, bool *out_done, Value *out) {
  *out_done = false;
  if (pass->kind == VALUE_BOOL && pass->b) return true;
  if (pass->kind == VALUE_BOOL) {
    *out_done = advance(m, loop, site, out);
  } else {
    *out = cel_not_bool(&m->call, pass);
    *out_done = true;
  }
  return false;
}

static bool step_quantifier(Machine *m, LoopState *loop, bool decisive, const Value *body, Value *out) {
  if (body->kind == VALUE_BOOL) {
    *out = *body;
    return body->b == decisive;
  }
  if (loop->fault.kind != CEL_FAULT) loop->fault = cel_not_bool(&m->call, body);
  return false;
}

static bool put_entry(Machine *m, LoopState *loop, Value key, Value value, Value *out) {
  if (!cel_charge(&m->call, CEL_ENTRY_STEPS))
    *out = cel_out_of_budget(&m->call);
  else if (map_put_value(&loop->map, key, value))
    *out = cel_fault(&m->call, "the key %.*s came twice", STR_ARG(utf8_cut(value_display(m->call.arena, &key), 60)));
  else
    return false;
  return true;
}

static bool step_entries(Machine *m, LoopState *loop, const Value *body, Value *out) {
  if (body->kind != VALUE_MAP) {
    *out = cel_fault(&m->call, "transformMapEntry() wants maps, not %.*s", STR_ARG(cel_type_name(body)));
    return true;
  }
  for (u32 i = 0; i < body->size; i++)
    if (put_entry(m, loop, body->members[i].key, body->members[i].value, out)) return true;
  return false;
}

/* The element itself, not its index, of the loop's one or two variables. */
static Value current(const LoopState *loop) {
  return loop->range.kind == VALUE_LIST ? loop->range.items[loop->i] : loop->range.members[loop->i].key;
}

/* Takes in the body's value; true when the loop ends by it. */
static bool take(Machine *m, LoopState *loop, const LoopSite *site, const Value *body, Value *out) {
  if (site->kind == LOOP_ALL || site->kind == LOOP_EXISTS)
    return step_quantifier(m, loop, site->kind == LOOP_EXISTS, body, out);
  bool wants_bool = site->kind == LOOP_EXISTS_ONE || site->kind == LOOP_FILTER;
  if (is_fault(body) || (wants_bool && body->kind != VALUE_BOOL)) {
    *out = cel_not_bool(&m->call, body);
    return true;
  }
  switch (site->kind) {
  case LOOP_EXISTS_ONE: loop->hits += body->b; return false;
  case LOOP_LIST: loop->items[loop->count++] = *body; return false;
  case LOOP_FILTER:
    if (body->b) loop->items[loop->count++] = current(loop);
    return false;
  case LOOP_SORT:
    loop->keys[loop->count] = *body;
    loop->items[loop->count++] = current(loop);
    return false;
  case LOOP_MAP:
    return put_entry(m, loop, loop->range.kind == VALUE_LIST ? value_int(loop->i) : current(loop), *body, out);
  default: return step_entries(m, loop, body, out);
  }
}

bool loop_step(Machine *m, LoopState *loop, const LoopSite *site, const Value *body, Value *out) {
  return take(m, loop, site, body, out) || advance(m, loop, site, out);
}

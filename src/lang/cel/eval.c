/* The evaluator: a loop over the flat program with a stack of values. No recursion; nothing is allocated for comparing
 * and for && and ||. Faults are values and travel on the stack until something absorbs them. Straight code is charged
 * once by its length; loops, calls and what is built are charged as they happen. */
#include <stdio.h>
#include <string.h>

#include "lang/cel/machine.h"

enum { SMALL_STACK = 32, SMALL_LOCALS = 8, SMALL_LOOPS = 2, COST_DEFAULT = 100000 };

static bool same_text(const Value *a, const Value *b) {
  return a->size == b->size && a->flags == b->flags && (a->size == 0 || memcmp(a->text, b->text, a->size) == 0);
}

/* Equality of the two top values where it is quick; false: take the slow way. */
static inline bool quick_equal(const Value *a, const Value *b, bool *out) {
  if (a->kind != b->kind) return false;
  if (a->kind == VALUE_STRING)
    *out = same_text(a, b);
  else if (a->kind == VALUE_INT)
    *out = a->i == b->i;
  else if (a->kind == VALUE_BOOL)
    *out = a->b == b->b;
  else
    return false;
  return true;
}

/* Joins the next operand into an && (decisive: false) or || (decisive: true). True: decided, leave the chain. */
static bool join_logic(Machine *m, Value *sum, const Value *next, bool decisive) {
  if (next->kind == VALUE_BOOL && next->b == decisive) {
    *sum = *next;
    return true;
  }
  if (is_fault(sum)) return false; /* the first fault stays, whatever comes, unless it is absorbed */
  *sum = next->kind == VALUE_BOOL ? *next : cel_not_bool(&m->call, next);
  return false;
}

static bool start_logic(Machine *m, Value *sum, bool decisive) {
  if (sum->kind == VALUE_BOOL) return sum->b == decisive;
  *sum = cel_not_bool(&m->call, sum);
  return false;
}

/* Whether first() goes on to its next argument; an optional is looked into. */
static bool passes_over(Value *v) {
  if (is_fault(v)) return fault_of(v)->code == ERR_MISSING;
  if (v->kind == VALUE_OPTIONAL) {
    if (v->size == 0) return true;
    *v = v->items[0];
  }
  bool sized = v->kind == VALUE_STRING || v->kind == VALUE_LIST || v->kind == VALUE_MAP || v->kind == VALUE_BYTES;
  return v->kind == VALUE_NULL || (sized && v->size == 0);
}

/* a.or(b) and a.orValue(b): true when b is needed. */
static bool needs_other(Machine *m, Value *v, bool unwrap) {
  if (v->kind == VALUE_OPTIONAL) {
    if (v->size == 0) return true;
    if (unwrap) *v = v->items[0];
  } else if (!is_fault(v)) {
    *v = cel_fault(&m->call, "or() and orValue() want an optional, such as a.?b, not %.*s", STR_ARG(cel_type_name(v)));
  }
  return false;
}

static bool opens(Machine *m, Value *v) {
  if (v->kind == VALUE_OPTIONAL && v->size) {
    *v = v->items[0];
    return true;
  }
  if (v->kind != VALUE_OPTIONAL && !is_fault(v)) *v = cel_fault(&m->call, "optMap() wants an optional");
  return false;
}

static Value variable(Machine *m, u32 slot) {
  const CelRun *run = m->call.run;
  if (!run->bound || run->bound[slot]) return run->vars[slot];
  return cel_fault_code(
      &m->call, ERR_MISSING,
      str_format(m->call.arena, "\"%s\" is not known here", m->program->env->options.vars[slot].name));
}

static Value arithmetic(Machine *m, OpCode code, const Value *a, const Value *b) {
  switch (code) {
  case OP_ADD: return cel_add(&m->call, a, b);
  case OP_SUBTRACT: return cel_subtract(&m->call, a, b);
  case OP_MULTIPLY: return cel_multiply(&m->call, a, b);
  case OP_DIVIDE: return cel_divide(&m->call, a, b);
  default: return cel_modulo(&m->call, a, b);
  }
}

static Value negation(Machine *m, const Value *v) {
  if (v->kind == VALUE_BOOL) return value_bool(!v->b);
  if (is_fault(v)) return *v;
  return cel_fault(&m->call, "'!' does not work on %.*s", STR_ARG(cel_type_name(v)));
}

/* One switch on purpose: the instructions share the stack and the place. Each is a line or a call. */
static Value execute(Machine *m, Value *stack) {
  const CelProgram *p = m->program;
  const Op *ops = p->ops;
  Value *top = stack - 1;
  Value result;
  bool yes = false;
  for (u32 at = 0;; at++) {
    const Op *op = &ops[at];
    m->call.op = at;
    switch ((OpCode)op->code) {
    case OP_CONST: *++top = p->consts[op->a]; break;
    case OP_VAR: *++top = variable(m, op->a); break;
    case OP_HAS_VAR: *++top = value_bool(!m->call.run->bound || m->call.run->bound[op->a]); break;
    case OP_LOCAL: *++top = m->locals[op->a]; break;
    case OP_STORE: m->locals[op->a] = *top--; break;
    case OP_SELECT: *top = machine_select(m, top, &p->consts[op->a]); break;
    case OP_HAS: *top = machine_has(m, top, &p->consts[op->a]); break;
    case OP_OPT_SELECT: *top = machine_opt_select(m, top, &p->consts[op->a]); break;
    case OP_INDEX:
      top--;
      *top = machine_index(m, top, top + 1);
      break;
    case OP_OPT_INDEX:
      top--;
      *top = machine_opt_index(m, top, top + 1);
      break;
    case OP_CALL:
      top -= (i32)op->count - 1;
      *top = machine_call(m, top, op);
      if (m->call.left < 0) return cel_out_of_budget(&m->call);
      break;
    case OP_ADD:
    case OP_SUBTRACT:
    case OP_MULTIPLY:
    case OP_DIVIDE:
    case OP_MODULO:
      top--;
      *top = arithmetic(m, (OpCode)op->code, top, top + 1);
      break;
    case OP_EQUAL:
    case OP_NOT_EQUAL:
      top--;
      if (quick_equal(top, top + 1, &yes))
        *top = value_bool(yes == (op->code == OP_EQUAL));
      else
        *top = machine_compare(m, (OpCode)op->code, top, top + 1);
      break;
    case OP_LESS:
    case OP_LESS_EQUAL:
    case OP_GREATER:
    case OP_GREATER_EQUAL:
      top--;
      *top = machine_compare(m, (OpCode)op->code, top, top + 1);
      break;
    case OP_IN:
      top--;
      *top = machine_in(m, top, top + 1);
      break;
    case OP_NOT: *top = negation(m, top); break;
    case OP_NEGATE: *top = cel_negate(&m->call, top); break;
    case OP_AND_FIRST:
    case OP_OR_FIRST: yes = start_logic(m, top, op->code == OP_OR_FIRST); goto decide;
    case OP_AND_NEXT:
    case OP_OR_NEXT:
      top--;
      yes = join_logic(m, top, top + 1, op->code == OP_OR_NEXT);
    decide:
      if (!yes) break;
      if (op->count) m->decided = p->places[at];
      at = op->a - 1;
      break;
    case OP_DECIDE: m->decided = p->places[at]; break;
    case OP_IF:
      if (top->kind == VALUE_BOOL) {
        if (!top->b) at = op->a - 1;
        top--;
      } else {
        *top = cel_not_bool(&m->call, top);
        at = op->b - 1;
      }
      break;
    case OP_JUMP: at = op->a - 1; break;
    case OP_LIST:
      top -= (i32)op->b - 1;
      *top = machine_list(m, top, op);
      break;
    case OP_MAP:
      top -= (i32)op->b * 2 - 1;
      *top = machine_map(m, top, op);
      break;
    case OP_FIRST:
      if (passes_over(top))
        top--;
      else
        at = op->a - 1;
      break;
    case OP_OPT_OR:
      if (needs_other(m, top, op->count))
        top--;
      else
        at = op->a - 1;
      break;
    case OP_OPT_OPEN:
      if (!opens(m, top)) at = op->a - 1;
      break;
    case OP_OPT_WRAP:
      if (!is_fault(top)) *top = cel_some(&m->call, *top);
      break;
    case OP_LOOP:
      if (loop_start(m, &m->loops[op->loop], &p->loops[op->a], top, &result)) {
        *top = result;
        at = p->loops[op->a].end - 1;
      } else {
        top--;
      }
      if (m->call.left < 0) return cel_out_of_budget(&m->call);
      break;
    case OP_LOOP_FILTER:
      if (loop_filter(m, &m->loops[op->loop], &p->loops[op->a], top, &yes, &result)) {
        top--;
      } else if (yes) {
        *top = result;
        at = p->loops[op->a].end - 1;
      } else {
        top--;
        at = p->loops[op->a].body - 1;
      }
      if (m->call.left < 0) return cel_out_of_budget(&m->call);
      break;
    case OP_LOOP_STEP:
      if (loop_step(m, &m->loops[op->loop], &p->loops[op->a], top, &result)) {
        *top = result;
      } else {
        top--;
        at = p->loops[op->a].body - 1;
      }
      if (m->call.left < 0) return cel_out_of_budget(&m->call);
      break;
    case OP_FAULT: *++top = cel_fault_code(&m->call, ERR_INVALID, value_text(&p->consts[op->a])); break;
    case OP_END: return m->call.left < 0 ? cel_out_of_budget(&m->call) : *top;
    }
  }
}

static bool fault_fails(const Machine *m, const CelFault *fault, Error *err) {
  const CelProgram *p = m->program;
  u32 op = MIN(fault->op, p->op_count - 1);
  if (fault->is_key)
    (void)fail(err, fault->code, "there is no field \"%.*s\"", STR_ARG(fault->text));
  else if (fault->text.len)
    (void)fail(err, fault->code, "%.*s", STR_ARG(fault->text));
  else
    (void)fail(err, fault->code, "this does not work on these types");
  cel_error_place(err, p->source, p->places[op].at);
  return false;
}

bool cel_eval(const CelProgram *program, Arena *arena, CelRun *run, Value *out, Error *err) {
  Value stack[SMALL_STACK], locals[SMALL_LOCALS];
  LoopState loops[SMALL_LOOPS];
  i64 budget = run->cost_max ? (i64)MIN(run->cost_max, (u64)INT64_MAX) : COST_DEFAULT;
  Machine m = {.call = {.arena = arena, .env = program->env, .run = run, .left = budget - program->op_count},
               .program = program,
               .locals = locals,
               .loops = loops,
               .decided = program->root};
  Value *base = stack;
  if (program->stack_max > SMALL_STACK) base = arena_alloc(arena, program->stack_max * sizeof(Value));
  if (program->local_count > SMALL_LOCALS) m.locals = arena_alloc(arena, program->local_count * sizeof(Value));
  if (program->loop_depth > SMALL_LOOPS) m.loops = arena_alloc(arena, program->loop_depth * sizeof(LoopState));
  Value result = execute(&m, base);
  run->cost = (u64)(budget - m.call.left);
  bool failed = is_fault(&result);
  if (run->explain) {
    Place place = failed ? program->places[fault_of(&result)->op] : m.decided;
    run->decided_from = place.from;
    run->decided_to = place.to;
  }
  if (failed) return fault_fails(&m, fault_of(&result), err);
  *out = result;
  return true;
}

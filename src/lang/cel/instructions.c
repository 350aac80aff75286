/* The instructions of programs: a small function each, in a table by opcode. Each takes the place of the next
 * instruction and returns where to go on. m->top is the newest value of the stack. Nothing here allocates for comparing
 * or for && and ||. */
#include <string.h>

#include "lang/cel/machine.h"

/* Values ---------------------------------------------------------------------------------------------------------- */

static u32 run_const(Machine *m, const Op *op, u32 next) {
  push(m, m->program->consts[op->a]);
  return next;
}

static u32 run_var(Machine *m, const Op *op, u32 next) {
  const CelRun *run = m->call.run;
  if (!run->bound || run->bound[op->a]) {
    push(m, run->vars[op->a]);
    return next;
  }
  const char *name = m->program->env->options.vars[op->a].name;
  push(m, cel_fault_code(&m->call, ERR_MISSING, str_format(m->call.arena, "\"%s\" is not known here", name)));
  return next;
}

static u32 run_has_var(Machine *m, const Op *op, u32 next) {
  push(m, value_bool(!m->call.run->bound || m->call.run->bound[op->a]));
  return next;
}

static u32 run_local(Machine *m, const Op *op, u32 next) {
  push(m, m->locals[op->a]);
  return next;
}

static u32 run_store(Machine *m, const Op *op, u32 next) {
  m->locals[op->a] = *m->top--;
  return next;
}

static u32 run_fault(Machine *m, const Op *op, u32 next) {
  push(m, cel_fault_code(&m->call, ERR_INVALID, value_text(&m->program->consts[op->a])));
  return next;
}

static u32 run_select(Machine *m, const Op *op, u32 next) {
  *m->top = machine_select(m, m->top, &m->program->consts[op->a]);
  return next;
}

static u32 run_field(Machine *m, const Op *op, u32 next) {
  const CelRun *run = m->call.run;
  if (run->bound && !run->bound[op->a]) return run_var(m, op, next);
  push(m, machine_select(m, &run->vars[op->a], &m->program->consts[op->b]));
  return next;
}

static u32 run_has(Machine *m, const Op *op, u32 next) {
  *m->top = machine_has(m, m->top, &m->program->consts[op->a]);
  return next;
}

static u32 run_opt_select(Machine *m, const Op *op, u32 next) {
  *m->top = machine_opt_select(m, m->top, &m->program->consts[op->a]);
  return next;
}

static u32 run_index(Machine *m, const Op *op, u32 next) {
  m->top--;
  bool optional = op->code == OP_OPT_INDEX;
  *m->top = optional ? machine_opt_index(m, m->top, m->top + 1) : machine_index(m, m->top, m->top + 1);
  return next;
}

static u32 run_list(Machine *m, const Op *op, u32 next) {
  m->top -= (i32)op->b - 1;
  *m->top = machine_list(m, m->top, op);
  return unless_spent(m, next);
}

static u32 run_map(Machine *m, const Op *op, u32 next) {
  m->top -= (i32)op->b * 2 - 1;
  *m->top = machine_map(m, m->top, op);
  return unless_spent(m, next);
}

static u32 run_call(Machine *m, const Op *op, u32 next) {
  m->top -= (i32)op->count - 1;
  *m->top = machine_call(m, m->top, op);
  return unless_spent(m, next);
}

/* Operators ------------------------------------------------------------------------------------------------------- */

static u32 run_arithmetic(Machine *m, const Op *op, u32 next) {
  static Value (*const FUNCTIONS[])(CelCall *, const Value *, const Value *) = {cel_add, cel_subtract, cel_multiply,
                                                                                cel_divide, cel_modulo};
  m->top--;
  *m->top = FUNCTIONS[op->code - OP_ADD](&m->call, m->top, m->top + 1);
  return unless_spent(m, next);
}

static u32 run_equal(Machine *m, const Op *op, u32 next) {
  bool equal = false;
  m->top--;
  if (quick_equal(m->top, m->top + 1, &equal))
    *m->top = value_bool(equal == (op->code == OP_EQUAL));
  else
    *m->top = machine_compare(m, (OpCode)op->code, m->top, m->top + 1);
  return unless_spent(m, next);
}

static u32 run_equal_const(Machine *m, const Op *op, u32 next) {
  const Value *constant = &m->program->consts[op->a];
  bool equal = false, wanted = op->code == OP_EQUAL_CONST;
  if (quick_equal(m->top, constant, &equal))
    *m->top = value_bool(equal == wanted);
  else
    *m->top = machine_compare(m, wanted ? OP_EQUAL : OP_NOT_EQUAL, m->top, constant);
  return unless_spent(m, next);
}

static u32 run_order(Machine *m, const Op *op, u32 next) {
  Value *a = --m->top;
  const Value *b = a + 1;
  if (a->kind == VALUE_INT && b->kind == VALUE_INT) {
    int order = a->i < b->i ? -1 : a->i > b->i;
    *a = value_bool(order_answers((OpCode)op->code, order));
    return next;
  }
  *a = machine_compare(m, (OpCode)op->code, a, b);
  return next;
}

static u32 run_in(Machine *m, const Op *op, u32 next) {
  (void)op;
  m->top--;
  *m->top = machine_in(m, m->top, m->top + 1);
  return unless_spent(m, next);
}

static u32 run_not(Machine *m, const Op *op, u32 next) {
  (void)op;
  Value *v = m->top;
  if (v->kind == VALUE_BOOL)
    v->b = !v->b;
  else if (!is_fault(v))
    *v = cel_fault(&m->call, "'!' does not work on %.*s", STR_ARG(cel_type_name(v)));
  return next;
}

static u32 run_negate(Machine *m, const Op *op, u32 next) {
  (void)op;
  *m->top = cel_negate(&m->call, m->top);
  return next;
}

/* Logic: one value of the chain so far stays on the stack. `decisive` ends a chain: false for &&, true for ||.
 * ---------- */

static u32 run_logic_first(Machine *m, const Op *op, u32 next) {
  bool decisive = op->code == OP_OR_FIRST;
  if (m->top->kind == VALUE_BOOL) return m->top->b == decisive ? machine_decided(m, op) : next;
  *m->top = cel_not_bool(&m->call, m->top);
  return next;
}

static u32 run_logic_next(Machine *m, const Op *op, u32 next) {
  bool decisive = op->code == OP_OR_NEXT;
  const Value *operand = m->top--;
  if (operand->kind == VALUE_BOOL && operand->b == decisive) {
    *m->top = *operand;
    return machine_decided(m, op);
  }
  if (operand->kind == VALUE_BOOL && m->top->kind == VALUE_BOOL) return next; /* neither decides: they are the same */
  if (is_fault(m->top)) return next; /* the first fault stays, whatever comes, unless it is absorbed */
  *m->top = operand->kind == VALUE_BOOL ? *operand : cel_not_bool(&m->call, operand);
  return next;
}

static u32 run_decide(Machine *m, const Op *op, u32 next) {
  (void)op;
  m->decided = m->program->places[m->call.op];
  return next;
}

static u32 run_if(Machine *m, const Op *op, u32 next) {
  if (m->top->kind != VALUE_BOOL) {
    *m->top = cel_not_bool(&m->call, m->top);
    return op->b;
  }
  return (m->top--)->b ? next : op->a;
}

static u32 run_jump(Machine *m, const Op *op, u32 next) {
  (void)m, (void)next;
  return op->a;
}

/* Macros ---------------------------------------------------------------------------------------------------------- */

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

static u32 run_first(Machine *m, const Op *op, u32 next) {
  if (!passes_over(m->top)) return op->a;
  m->top--;
  return next;
}

/* a.or(b), a.orValue(b): on to b only when a has no value. orValue() also takes what payloads have, values and nulls.
 */
static u32 run_opt_or(Machine *m, const Op *op, u32 next) {
  Value *v = m->top;
  if ((v->kind == VALUE_OPTIONAL && v->size == 0) || (v->kind == VALUE_NULL && op->count)) {
    m->top--;
    return next;
  }
  if (v->kind == VALUE_OPTIONAL && op->count)
    *v = v->items[0];
  else if (v->kind != VALUE_OPTIONAL && !op->count && !is_fault(v))
    *v = cel_fault(&m->call, "or() wants an optional, such as a.?b, not %.*s", STR_ARG(cel_type_name(v)));
  return op->a;
}

static u32 run_opt_open(Machine *m, const Op *op, u32 next) {
  Value *v = m->top;
  if (v->kind == VALUE_OPTIONAL && v->size) {
    *v = v->items[0];
    return next;
  }
  if (v->kind != VALUE_OPTIONAL && !is_fault(v))
    *v = cel_fault(&m->call, "optMap() wants an optional, such as a.?b, not %.*s", STR_ARG(cel_type_name(v)));
  return op->a;
}

static u32 run_opt_wrap(Machine *m, const Op *op, u32 next) {
  (void)op;
  if (!is_fault(m->top)) *m->top = cel_some(&m->call, *m->top);
  return next;
}

static u32 run_loop(Machine *m, const Op *op, u32 next) {
  const LoopSite *site = &m->program->loops[op->a];
  Value result;
  if (!loop_start(m, &m->loops[op->loop], site, m->top, &result)) {
    m->top--;
    return next;
  }
  *m->top = result;
  return unless_spent(m, site->end);
}

static u32 run_loop_filter(Machine *m, const Op *op, u32 next) {
  const LoopSite *site = &m->program->loops[op->a];
  Value result;
  bool done = false, pass = loop_filter(m, &m->loops[op->loop], site, m->top, &done, &result);
  if (done) {
    *m->top = result;
    return unless_spent(m, site->end);
  }
  m->top--;
  return pass ? next : site->body;
}

static u32 run_loop_step(Machine *m, const Op *op, u32 next) {
  const LoopSite *site = &m->program->loops[op->a];
  Value result;
  if (loop_step(m, &m->loops[op->loop], site, m->top, &result)) {
    *m->top = result;
    return unless_spent(m, next);
  }
  m->top--;
  return site->body;
}

const Instruction INSTRUCTIONS[OP_END] = {
    [OP_CONST] = run_const,
    [OP_VAR] = run_var,
    [OP_HAS_VAR] = run_has_var,
    [OP_LOCAL] = run_local,
    [OP_STORE] = run_store,
    [OP_SELECT] = run_select,
    [OP_FIELD] = run_field,
    [OP_HAS] = run_has,
    [OP_OPT_SELECT] = run_opt_select,
    [OP_INDEX] = run_index,
    [OP_OPT_INDEX] = run_index,
    [OP_CALL] = run_call,
    [OP_ADD] = run_arithmetic,
    [OP_SUBTRACT] = run_arithmetic,
    [OP_MULTIPLY] = run_arithmetic,
    [OP_DIVIDE] = run_arithmetic,
    [OP_MODULO] = run_arithmetic,
    [OP_EQUAL] = run_equal,
    [OP_NOT_EQUAL] = run_equal,
    [OP_EQUAL_CONST] = run_equal_const,
    [OP_NOT_EQUAL_CONST] = run_equal_const,
    [OP_LESS] = run_order,
    [OP_LESS_EQUAL] = run_order,
    [OP_GREATER] = run_order,
    [OP_GREATER_EQUAL] = run_order,
    [OP_IN] = run_in,
    [OP_NOT] = run_not,
    [OP_NEGATE] = run_negate,
    [OP_AND_FIRST] = run_logic_first,
    [OP_AND_NEXT] = run_logic_next,
    [OP_OR_FIRST] = run_logic_first,
    [OP_OR_NEXT] = run_logic_next,
    [OP_DECIDE] = run_decide,
    [OP_IF] = run_if,
    [OP_JUMP] = run_jump,
    [OP_LIST] = run_list,
    [OP_MAP] = run_map,
    [OP_FIRST] = run_first,
    [OP_OPT_OR] = run_opt_or,
    [OP_OPT_OPEN] = run_opt_open,
    [OP_OPT_WRAP] = run_opt_wrap,
    [OP_LOOP] = run_loop,
    [OP_LOOP_FILTER] = run_loop_filter,
    [OP_LOOP_STEP] = run_loop_step,
    [OP_FAULT] = run_fault,
    [OP_TRY_EQUAL] = attempt_equal,
    [OP_TRY_ORDER] = attempt_order,
    [OP_TRY_CALL] = attempt_call,
};

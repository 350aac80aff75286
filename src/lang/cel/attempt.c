/* Most of what rules ask is a field against a constant: `labels.env == "live"`, `alert.count > 3`,
 * `alert.title.startsWith("disk")`, joined by && or ||. An attempt stands before the ordinary instructions of such a
 * test and reads their operands. When nothing can go wrong it does them all at once, with the && or || after them, and
 * copies no value; else the ordinary ones run, with all their faults and places. It never decides otherwise than they.
 */
#include "lang/cel/machine.h"

/* The field that the OP_FIELD at `at` reads, when it is there and quickly found; else NULL. Attempts call nothing, so
 * that nothing is to be kept across a call. */
static inline const Value *field_at(const Machine *m, u32 at) {
  const Op *op = &m->program->ops[at];
  const CelRun *run = m->call.run;
  const Value *from = &run->vars[op->a], *name = &m->program->consts[op->b];
  if (run->bound && !run->bound[op->a]) return NULL;
  if (from->kind != VALUE_MAP || from->flags & VALUE_INDEXED || name->size == 0) return NULL;
  return machine_small_field(from, name);
}

/* The test says `is`, and `at` comes after it. In the middle of a chain that it does not decide, nothing is to be
 * kept: what the chain has so far, true of && or a fault, stays. */
static inline u32 answer(Machine *m, u32 at, bool is) {
  const Op *op = &m->program->ops[at];
  bool first = op->code == OP_AND_FIRST || op->code == OP_OR_FIRST;
  if (!first && op->code != OP_AND_NEXT && op->code != OP_OR_NEXT) {
    push(m, value_bool(is));
    return at;
  }
  bool decisive = op->code == OP_OR_FIRST || op->code == OP_OR_NEXT;
  if (first)
    push(m, value_bool(is));
  else if (is == decisive)
    *m->top = value_bool(is);
  if (is != decisive) return at + 1;
  m->call.op = at;
  return machine_decided(m, op);
}

/* OP_FIELD, OP_EQUAL_CONST */
u32 attempt_equal(Machine *m, const Op *op, u32 next) {
  (void)op;
  const Op *test = &m->program->ops[next + 1];
  const Value *field = field_at(m, next);
  bool equal = false;
  if (!field || !quick_equal(field, &m->program->consts[test->a], &equal)) return next;
  return answer(m, next + 2, equal == (test->code == OP_EQUAL_CONST));
}

/* OP_FIELD, OP_CONST, OP_LESS and so on */
u32 attempt_order(Machine *m, const Op *op, u32 next) {
  (void)op;
  const Value *field = field_at(m, next);
  const Value *constant = &m->program->consts[m->program->ops[next + 1].a];
  if (!field || field->kind != VALUE_INT || constant->kind != VALUE_INT) return next;
  int order = field->i < constant->i ? -1 : field->i > constant->i;
  return answer(m, next + 3, order_answers((OpCode)m->program->ops[next + 2].code, order));
}

/* OP_FIELD, OP_CONST, OP_CALL of a method that has one row, takes texts and answers a bool */
u32 attempt_call(Machine *m, const Op *op, u32 next) {
  (void)op;
  const CallSite *site = &m->program->calls[m->program->ops[next + 2].a];
  const Value *field = field_at(m, next);
  if (!field || field->kind != VALUE_STRING || field->flags & CEL_FLAG_NET) return next;
  Value args[2] = {*field, m->program->consts[m->program->ops[next + 1].a]};
  m->call.op = next + 2;
  Value out =
      machine_call_row(m, site, site->only, args, 2, args[0].size / CEL_BYTES_READ + args[1].size / CEL_BYTES_READ);
  if (out.kind == VALUE_BOOL) return answer(m, next + 3, out.b);
  push(m, out);
  return unless_spent(m, next + 3);
}

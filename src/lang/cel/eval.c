/* The evaluator: a loop over the flat program with a stack of values; no recursion. Faults are values and travel on the
 * stack until something absorbs them. Straight code is charged once by its length; loops, calls and what is built are
 * charged as they happen. Small programs run on the C stack and allocate nothing. */
#include "lang/cel/machine.h"

enum { SMALL_STACK = 32, SMALL_LOCALS = 8, SMALL_LOOPS = 2 };

static Value execute(Machine *m) {
  const Op *ops = m->program->ops;
  for (u32 at = 0; ops[at].code != OP_END;) {
    m->call.op = at;
    at = INSTRUCTIONS[ops[at].code](m, &ops[at], at + 1);
  }
  bool told = is_fault(m->top) && fault_of(m->top)->code == ERR_COST;
  return m->call.left < 0 && !told ? cel_out_of_budget(&m->call) : *m->top;
}

static bool fault_fails(const CelProgram *p, const CelFault *fault, Error *err) {
  if (fault->is_key)
    (void)fail(err, fault->code, "there is no field \"%.*s\"", STR_ARG(fault->text));
  else
    (void)fail(err, fault->code, "%.*s", STR_ARG(fault->text));
  cel_error_place(err, p->source, p->places[fault->op].at);
  return false;
}

bool cel_eval(const CelProgram *program, Arena *arena, CelRun *run, Value *out, Error *err) {
  Value stack[SMALL_STACK], locals[SMALL_LOCALS];
  LoopState loops[SMALL_LOOPS];
  i64 budget = run->cost_max ? (i64)MIN(run->cost_max, (u64)INT64_MAX) : CEL_COST_DEFAULT;
  Machine m = {.call = {.arena = arena, .env = program->env, .run = run, .left = budget - program->op_count},
               .program = program,
               .locals = locals,
               .loops = loops,
               .decided = program->root};
  Value *base = stack;
  if (program->stack_max > SMALL_STACK) base = arena_alloc(arena, program->stack_max * sizeof(Value));
  if (program->local_count > SMALL_LOCALS) m.locals = arena_alloc(arena, program->local_count * sizeof(Value));
  if (program->loop_depth > SMALL_LOOPS) m.loops = arena_alloc(arena, program->loop_depth * sizeof(LoopState));
  m.top = base - 1;
  Value result = execute(&m);
  run->cost = (u64)(budget - m.call.left);
  bool failed = is_fault(&result);
  if (run->explain) {
    Place place = failed ? program->places[fault_of(&result)->op] : m.decided;
    run->decided_from = place.from;
    run->decided_to = place.to;
  }
  if (failed) return fault_fails(program, fault_of(&result), err);
  *out = result;
  return true;
}

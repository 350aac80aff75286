/* The run of a program: stack, locals, loops. Private to the evaluator's files. */
#ifndef TOCSIN_LANG_CEL_MACHINE_H
#define TOCSIN_LANG_CEL_MACHINE_H

#include <string.h>

#include "lang/cel/program.h"

typedef struct LoopState {
  Value range;
  u32 i;        /* element now in the locals */
  u32 hits;     /* EXISTS_ONE */
  Value fault;  /* first fault of ALL and EXISTS; null: none */
  Value *items; /* LIST, FILTER, SORT */
  Value *keys;  /* SORT */
  u32 count;
  MapBuilder map; /* MAP, MAP_ENTRY */
} LoopState;

typedef struct Machine {
  CelCall call; /* first: libraries see only this */
  const CelProgram *program;
  Value *top; /* newest value of the stack */
  Value *locals;
  LoopState *loops;
  Place decided;
} Machine;

/* Runs one instruction; returns where to go on, usually `next`. By opcode; OP_END has none. */
typedef u32 (*Instruction)(Machine *m, const Op *op, u32 next);
extern const Instruction INSTRUCTIONS[OP_END];

static inline bool is_fault(const Value *v) {
  return v->kind == CEL_FAULT;
}
static inline const CelFault *fault_of(const Value *v) {
  return (const CelFault *)(const void *)v->text;
}

static inline bool order_answers(OpCode code, int order) {
  switch (code) {
  case OP_LESS: return order == -1;
  case OP_LESS_EQUAL: return order == -1 || order == 0;
  case OP_GREATER: return order == 1;
  default: return order == 1 || order == 0;
  }
}

/* Names and words are short: no call, not even for longer ones. `bytes` is at least 1; both texts hold that many. */
static inline bool same_bytes(const char *a, const char *b, size_t bytes) {
  u64 head[2], tail[2];
  u32 short_head[2], short_tail[2];
  for (; bytes > 16; a += 8, b += 8, bytes -= 8) {
    memcpy(&head[0], a, 8), memcpy(&head[1], b, 8);
    if (head[0] != head[1]) return false;
  }
  if (bytes >= 8) {
    memcpy(&head[0], a, 8), memcpy(&head[1], b, 8);
    memcpy(&tail[0], a + bytes - 8, 8), memcpy(&tail[1], b + bytes - 8, 8);
    return head[0] == head[1] && tail[0] == tail[1];
  }
  if (bytes >= 4) {
    memcpy(&short_head[0], a, 4), memcpy(&short_head[1], b, 4);
    memcpy(&short_tail[0], a + bytes - 4, 4), memcpy(&short_tail[1], b + bytes - 4, 4);
    return short_head[0] == short_head[1] && short_tail[0] == short_tail[1];
  }
  return a[0] == b[0] && a[bytes / 2] == b[bytes / 2] && a[bytes - 1] == b[bytes - 1];
}

static inline void push(Machine *m, Value v) {
  *++m->top = v;
}

/* Leaves the program when the budget is spent; OP_END makes the fault. */
static inline u32 unless_spent(const Machine *m, u32 next) {
  return m->call.left < 0 ? m->program->op_count - 1 : next;
}

enum { QUICK_BYTES_MAX = 256 };

/* Equality where it is quick; false: take the slow way. */
static inline bool quick_equal(const Value *a, const Value *b, bool *out) {
  if (a->kind != b->kind) return false;
  if (a->kind == VALUE_STRING && a->size > QUICK_BYTES_MAX) return false; /* long texts are paid for */
  if (a->kind == VALUE_STRING)
    *out = a->size == b->size && a->flags == b->flags && (a->size == 0 || same_bytes(a->text, b->text, a->size));
  else if (a->kind == VALUE_INT)
    *out = a->i == b->i;
  else if (a->kind == VALUE_BOOL)
    *out = a->b == b->b;
  else
    return false;
  return true;
}

/* The field of a map without an index. Most maps are small and most keys differ in length. `name` is not empty. */
static inline const Value *machine_small_field(const Value *map, const Value *name) {
  for (u32 i = 0; i < map->size; i++) {
    const Member *m = &map->members[i];
    if (m->key.size == name->size && m->key.kind == VALUE_STRING && same_bytes(m->key.text, name->text, name->size))
      return &m->value;
  }
  return NULL;
}

/* The operand at m->call.op has ended its && or ||: where to go on. */
static inline u32 machine_decided(Machine *m, const Op *op) {
  if (op->count) m->decided = m->program->places[m->call.op];
  return op->a;
}

Value cel_missing(CelCall *call, Str key);
/* A value where a bool was expected: the fault itself, or a new one. */
Value cel_not_bool(CelCall *call, const Value *v);

Value machine_select(Machine *m, const Value *from, const Value *name);
Value machine_has(Machine *m, const Value *from, const Value *name);
Value machine_opt_select(Machine *m, const Value *from, const Value *name);
Value machine_index(Machine *m, const Value *from, const Value *index);
Value machine_opt_index(Machine *m, const Value *from, const Value *index);
Value machine_list(Machine *m, const Value *items, const Op *op);
Value machine_map(Machine *m, const Value *pairs, const Op *op);
Value machine_call(Machine *m, const Value *args, const Op *op);
/* The call itself, of a row whose kinds fit; `read`: steps for what it reads. */
Value machine_call_row(Machine *m, const CallSite *site, const CelFn *row, const Value *args, u32 count, u64 read);
Value machine_in(Machine *m, const Value *item, const Value *in);
Value machine_compare(Machine *m, OpCode code, const Value *a, const Value *b);

u32 attempt_equal(Machine *m, const Op *op, u32 next);
u32 attempt_order(Machine *m, const Op *op, u32 next);
u32 attempt_call(Machine *m, const Op *op, u32 next);

/* Each returns true when the loop is over, its result in *out; else the locals hold the next element. */
bool loop_start(Machine *m, LoopState *loop, const LoopSite *site, const Value *range, Value *out);
/* `pass` by the filter: true when the body is to run now. */
bool loop_filter(Machine *m, LoopState *loop, const LoopSite *site, const Value *pass, bool *out_done, Value *out);
bool loop_step(Machine *m, LoopState *loop, const LoopSite *site, const Value *body, Value *out);

#endif

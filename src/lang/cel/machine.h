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

/* Names and words are short: no call for those. `bytes` is at least 1; both texts hold that many. */
static inline bool same_bytes(const char *a, const char *b, size_t bytes) {
  u64 head[2], tail[2];
  u32 short_head[2], short_tail[2];
  if (bytes > 16) return memcmp(a, b, bytes) == 0;
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
Value machine_in(Machine *m, const Value *item, const Value *in);
Value machine_compare(Machine *m, OpCode code, const Value *a, const Value *b);

/* Each returns true when the loop is over, its result in *out; else the locals hold the next element. */
bool loop_start(Machine *m, LoopState *loop, const LoopSite *site, const Value *range, Value *out);
/* `pass` by the filter: true when the body is to run now. */
bool loop_filter(Machine *m, LoopState *loop, const LoopSite *site, const Value *pass, bool *out_done, Value *out);
bool loop_step(Machine *m, LoopState *loop, const LoopSite *site, const Value *body, Value *out);

#endif

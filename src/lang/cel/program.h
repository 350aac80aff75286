/* Between the passes: the environment, the resolver, the checker, the compiler, and the flat program they make. */
#ifndef TOCSIN_LANG_CEL_PROGRAM_H
#define TOCSIN_LANG_CEL_PROGRAM_H

#include "lang/cel/library.h"
#include "lang/cel/parser.h"

struct CelEnv {
  Arena *arena;
  CelEnvOptions options;
  const Type **var_types; /* by slot */
  Map *vars;              /* name: slot + 1 */
  Map *fields;            /* declared fields, the same way */
  Map *functions;         /* name: CelFn, chained by next */
};

/* More functions, without implementation, for checking only. */
void cel_env_declare(CelEnv *env, const char *name, const char *overloads);
const CelFn *cel_env_function(const CelEnv *env, Str name);
/* `name` as seen from the container: "a.b.name", "a.name", "name". Rooted names are taken as they are. */
i32 cel_env_resolve_var(const CelEnv *env, Arena *scratch, Str name, bool rooted);
const CelFn *cel_env_resolve_function(const CelEnv *env, Arena *scratch, Str name, bool rooted);

typedef struct Compilation {
  Arena *arena;   /* of the program */
  Arena *scratch; /* of the tree */
  const CelEnv *env;
  Str source;
  bool no_check;
  u32 locals; /* count of slots that variables of macros need */
  Error *err;
} Compilation;

/* Gives every name its variable and every call its rows. Unknown names fail, or stay unknown with no_check. */
MUST_CHECK bool cel_resolve(Compilation *c, Node **root);
MUST_CHECK bool cel_check(Compilation *c, Node *root, const Type **out_type);

typedef enum OpCode {
  OP_CONST,      /* push consts[a] */
  OP_VAR,        /* push variable a */
  OP_HAS_VAR,    /* push whether variable a is bound */
  OP_LOCAL,      /* push local a */
  OP_STORE,      /* pop into local a */
  OP_SELECT,     /* top.consts[a] */
  OP_FIELD,      /* push variable a, its field consts[b] */
  OP_HAS,        /* has(top.consts[a]) */
  OP_OPT_SELECT, /* top.?consts[a] */
  OP_INDEX,      /* pop index; top[index] */
  OP_OPT_INDEX,
  OP_CALL, /* calls[a] of `count` values */
  OP_ADD,  /* pop right; top + right; so the rest of the operators */
  OP_SUBTRACT,
  OP_MULTIPLY,
  OP_DIVIDE,
  OP_MODULO,
  OP_EQUAL,
  OP_NOT_EQUAL,
  OP_EQUAL_CONST, /* top == consts[a] */
  OP_NOT_EQUAL_CONST,
  OP_LESS,
  OP_LESS_EQUAL,
  OP_GREATER,
  OP_GREATER_EQUAL,
  OP_IN,
  OP_NOT,
  OP_NEGATE,
  OP_AND_FIRST, /* false: jump to a */
  OP_AND_NEXT,  /* pop b: top && b; false: jump to a */
  OP_OR_FIRST,
  OP_OR_NEXT,
  OP_DECIDE,      /* the && or || was decided by all of it: for explain */
  OP_IF,          /* pop; false: jump to a; a fault or no bool: fault stays, jump to b */
  OP_JUMP,        /* to a */
  OP_LIST,        /* pop `b` items, push the list; a: 1 + index of flags, or 0 */
  OP_MAP,         /* pop `b` pairs */
  OP_FIRST,       /* missing or empty: pop, go on; else jump to a */
  OP_OPT_OR,      /* optional with value: keep (count: unwrap), jump to a; none: pop */
  OP_OPT_OPEN,    /* none or fault: keep, jump to a; else its value */
  OP_OPT_WRAP,    /* top becomes an optional */
  OP_LOOP,        /* pop range, start loops[a]; nothing to do: push the result, jump to b */
  OP_LOOP_FILTER, /* pop; false: go to the next step at b of loops[a] */
  OP_LOOP_STEP,   /* pop the body's value; next element: jump to b; done: push the result */
  OP_FAULT,       /* push a fault: consts[a] is its message */
  OP_TRY_EQUAL,   /* see attempt.c: what follows tests a field against a constant */
  OP_TRY_ORDER,
  OP_TRY_CALL,
  OP_END,
} OpCode;

typedef struct Op {
  u8 code, count;
  u16 loop;
  u32 a, b;
} Op;

typedef struct Place { /* of an instruction or a decision in the source */
  u32 from, to, at;
} Place;

typedef struct CallSite {
  const CelFn *fn;
  const CelFn *only; /* the row of a method of texts that answers a bool and has no other overload, or NULL */
  const void *prepared;
} CallSite;

typedef struct LoopSite {
  LoopKind kind;
  i32 var, var2; /* locals; var2 -1 when the loop has one variable */
  u32 body;      /* first instruction */
  u32 skip;      /* where the filter goes to */
  u32 steps;     /* cost of a round */
  u32 end;
} LoopSite;

struct CelProgram {
  const CelEnv *env;
  Str source;
  const Op *ops;
  const Place *places; /* by instruction */
  const Value *consts;
  const CallSite *calls;
  const LoopSite *loops;
  const bool *const *flags;
  u32 op_count, loop_count, local_count, stack_max;
  u32 loop_depth; /* loops inside each other */
  Place root;
  const Type *type; /* NULL when unchecked */
};

MUST_CHECK bool cel_generate(Compilation *c, Node *root, CelProgram *program);

#endif

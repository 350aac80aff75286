/* The tree between parser and compiler. Lives in the arena of the compilation; dropped with it. */
#ifndef TOCSIN_LANG_CEL_AST_H
#define TOCSIN_LANG_CEL_AST_H

#include "lang/value.h"

enum {
  CEL_SOURCE_MAX = 16 * 1024, /* bytes */
  CEL_DEPTH_MAX = 128,        /* levels of the tree; && and || of any length are one level */
  CEL_ARGS_MAX = 64,          /* arguments of one call */
};

typedef struct Type Type;
typedef struct CelFn CelFn;

/* What a node uses besides its place: see each line. `args` are always the sub-expressions, in order of evaluation. */
typedef enum NodeKind {
  NODE_CONST,  /* value */
  NODE_NAME,   /* name, rooted; after resolving: ref, slot or value */
  NODE_SELECT, /* args[0].name; optional: `.?`, test: has() */
  NODE_INDEX,  /* args[0][args[1]]; optional: `[?` */
  NODE_CALL,   /* name(args), member: args[0] is the receiver; operators are calls of names that no person can write:
                  "_+_", "@in_" */
  NODE_AND,    /* two or more args */
  NODE_OR,
  NODE_IF,      /* args[0] ? args[1] : args[2] */
  NODE_LIST,    /* args; optionals */
  NODE_MAP,     /* args: key, value, key, value ...; optionals by pair */
  NODE_LOOP,    /* loop over args[0], variables name and name2, body args[1], filter args[2] or NULL */
  NODE_LET,     /* name = args[0] in args[1] */
  NODE_FIRST,   /* the first arg that is there and not empty */
  NODE_OPT_MAP, /* args[0] an optional, name its value, args[1] the body; flat: the body is an optional */
} NodeKind;

typedef enum LoopKind {
  LOOP_ALL,
  LOOP_EXISTS,
  LOOP_EXISTS_ONE,
  LOOP_LIST,      /* body of each, of those that pass the filter */
  LOOP_FILTER,    /* elements of which the body is true */
  LOOP_MAP,       /* key: body of each, of those that pass the filter */
  LOOP_MAP_ENTRY, /* the body is a map whose members are collected */
  LOOP_SORT,      /* elements in the order of their bodies */
} LoopKind;

typedef enum RefKind {
  REF_UNKNOWN,
  REF_VAR,   /* slot of the environment */
  REF_LOCAL, /* slot of the frame: variable of a macro */
} RefKind;

typedef struct Node Node;
struct Node {
  NodeKind kind;
  u32 from, to; /* bytes of the source, with surrounding parentheses */
  u32 at;       /* where a caret points: the operator, the name */
  u32 depth;
  u32 count;
  Node **args;
  Str name, name2;
  Value value;
  const bool *optionals; /* NULL: none */
  const Type *type;      /* by the checker */
  const CelFn *fn;       /* CALL: the first row of that name, NULL when unknown */
  i32 slot, slot2;       /* of a variable; SELECT: of the declared field, or -1 */
  LoopKind loop;
  RefKind ref;
  bool optional, test, rooted, member, flat, quoted;
};

#endif

/* CEL: Common Expression Language. Compiled once into a flat program against an environment (known variables and
 * functions), evaluated over Values in an arena. Nothing here does I/O. Programs are immutable and may be shared by
 * threads.
 *
 * Life: cel_env_new once per kind of expression; cel_compile when a rule or spec is saved or loaded; cel_eval per
 * event. */
#ifndef TOCSIN_LANG_CEL_H
#define TOCSIN_LANG_CEL_H

#include "lang/time.h"
#include "lang/value.h"

typedef struct CelEnv CelEnv;
typedef struct CelProgram CelProgram;

typedef struct CelVar {
  const char *name; /* "alert", "payload"; dotted names are allowed ("runbook.inputs") */
  const char *type; /* "dyn", "string", "int", "map", ...; "dyn" when unknown */
  const char *doc;
  bool absent; /* not there: whoever writes it is told `doc` instead of the nearest name. Its slot is not read. */
  bool field;  /* "alert.labels" only declares a field of the variable "alert" and has no value of its own (its slot is
                 not read). A variable with declared fields has no others: a misspelt one is found at compilation. */
} CelVar;

typedef struct CelEnvOptions {
  const CelVar *vars;
  size_t var_count;
  ZoneDb *zones;         /* for timestamp functions with a zone; may be NULL (then only UTC and offsets) */
  const char *container; /* name resolution prefix; NULL for none */
  bool no_macros;        /* has, all, exists ... are plain calls (conformance cases ask for it) */
} CelEnvOptions;

/* The environment lives in the arena, and so must every program compiled against it not outlive it. */
CelEnv *cel_env_new(Arena *arena, const CelEnvOptions *options);
size_t cel_env_var_count(const CelEnv *env);
/* Slot of a variable, or -1. */
i32 cel_env_slot(const CelEnv *env, Str name);

typedef struct CelCompileOptions {
  bool no_check; /* skip the checker: unknown names become errors at evaluation */
} CelCompileOptions;

/* Source at most 16 KiB, depth at most 128. Errors: line, column, and in err->detail the line with a caret below;
 * unknown names suggest the nearest known one. Copies `source`. */
MUST_CHECK bool cel_compile(Arena *arena, const CelEnv *env, Str source, const CelCompileOptions *options,
                            const CelProgram **out, Error *err);
Str cel_source(const CelProgram *program);

/* Steps of a run that says nothing else. A step is about 10 ns, and what takes longer is that many steps: no expression
 * holds its caller much longer than half a millisecond. The budget is counted, not timed, so that a busy machine
 * changes nothing about what a rule decides; only a pattern that backtracks is timed, too (regex.h). */
enum { CEL_COST_DEFAULT = 50000 };

typedef struct CelRun {
  /* in */
  const Value *vars; /* by slot, var_count of the env */
  const bool *bound; /* by slot; NULL: all are bound */
  u64 cost_max;      /* 0: CEL_COST_DEFAULT; 8 bytes of text written or 16 read are one */
  i64 now_ms;        /* for now(); 0: error */
  const Zone *zone;  /* default zone of time(x) for texts without offset; NULL: UTC */
  bool explain;      /* fill decided_* */
  /* out */
  u64 cost;
  u32 decided_from, decided_to; /* bytes of the source: the sub-expression of the &&, || tree that decided the result */
} CelRun;

/* False: err->code ERR_MISSING for an absent key or index, ERR_COST for a spent budget, ERR_INVALID for the rest. */
MUST_CHECK bool cel_eval(const CelProgram *program, Arena *arena, CelRun *run, Value *out, Error *err);

/* What an expression may say in an environment, out of the tables that the checker reads: for completion and for the
 * documentation. In the order of the tables; NULL stands for what does not apply. */
typedef enum CelWordKind { CEL_WORD_VARIABLE, CEL_WORD_FUNCTION, CEL_WORD_MACRO, CEL_WORD_OPERATOR } CelWordKind;
typedef struct CelWord {
  CelWordKind kind;
  const char *name;    /* "alert.labels", "startsWith", "all", "&&" */
  const char *type;    /* of a variable */
  const char *library; /* of a function: "texts", "times", ... */
  Str *signatures;     /* of the rest: "string.startsWith(string) -> bool", "list.all(x, condition)" */
  size_t signature_count;
  const char *doc;
} CelWord;
const char *cel_word_kind_name(CelWordKind kind);
/* The words; lives in the arena. */
CelWord *cel_env_words(const CelEnv *env, Arena *arena, size_t *out_count);

/* CEL's name of a value's type: "int", "null_type", "google.protobuf.Timestamp", "net.IP". */
Str cel_type_name(const Value *v);
/* The checker's type of a program, as text: "list(string)"; "dyn" when unchecked or not known. */
Str cel_program_type(const CelProgram *program, Arena *arena);
/* ERR_INVALID when the checker knows that it gives something else than true or false. */
MUST_CHECK bool cel_is_condition(const CelProgram *program, Arena *arena, Error *err);

/* CEL's own equality (numbers across kinds, NaN unequal). */
bool cel_equal(const Value *a, const Value *b);

#endif

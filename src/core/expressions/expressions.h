/* Expressions as people try them out: in the editor, over the API, with `tocsin eval`. Pure; in the caller's arena. */
#ifndef TOCSIN_CORE_EXPRESSIONS_H
#define TOCSIN_CORE_EXPRESSIONS_H

#include "lang/mustache/mustache.h"

/* Where expressions stand decides which variables they see. */
typedef struct ExpressionPlace {
  const char *name; /* "rule"; NULL ends the table */
  const char *doc;
  const CelEnv *(*env)(Arena *arena, ZoneDb *zones);
} ExpressionPlace;
extern const ExpressionPlace EXPRESSION_PLACES[];
/* Empty name: *out is NULL (the context alone says which variables there are). Unknown: ERR_INVALID at /place. */
MUST_CHECK bool expression_place(Str name, const ExpressionPlace **out, Error *err);

typedef struct Expression {
  Str language; /* "cel" (also when empty), "mustache", "json_path", "json_pointer" */
  Str source;
  Value context;                /* a map: its members are the variables; for paths any value, the root */
  const ExpressionPlace *place; /* NULL: the members of the context are the variables, and nothing else */
  Str escape;                   /* of a template: "text" (also when empty), "html", "json", "url", "slack" */
  Str container;                /* prefix of names, as CEL has it; empty: none */
  bool no_check, no_macros;
  u64 cost_max; /* 0: what rules have */
  i64 now_ms;
  const Zone *zone; /* of times without offset; NULL: UTC */
} Expression;

/* Reads the members of a request's body or of a line of `tocsin eval --lines`: language, source, context, place,
 * escape, container, check, macros, time_zone, now. Fails with the pointer of what is wrong. */
MUST_CHECK bool expression_read(Arena *arena, ZoneDb *zones, const Value *body, Expression *out, Error *err);
/* {type, value, cost, checked_type?, decided?}, or {error: {code, message, line, column, caret}, cost?}. What is wrong
 * with the expression is an answer, not a failure. */
Value expression_evaluate(Arena *arena, ZoneDb *zones, const Expression *expression);
/* {places: [{name, doc, variables: [...]}], functions: [...]}; of one place, or of all when NULL. */
Value expression_vocabulary(Arena *arena, ZoneDb *zones, const ExpressionPlace *place);
/* A value as JSON can say it exactly: NaN and infinities as texts, the rest as json.h writes it. */
Value expression_shown(Arena *arena, const Value *v);

#endif

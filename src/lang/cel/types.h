/* Types of the checker: terms with variables, assignability as in CEL's reference checker, and their text form
 * ("list(int)", "map(string, dyn)", "optional_type(T)"), which function tables are written in. */
#ifndef TOCSIN_LANG_CEL_TYPES_H
#define TOCSIN_LANG_CEL_TYPES_H

#include "lang/value.h"

typedef enum TypeKind {
  TYPE_DYN,
  TYPE_NULL,
  TYPE_BOOL,
  TYPE_INT,
  TYPE_UINT,
  TYPE_DOUBLE,
  TYPE_STRING,
  TYPE_BYTES,
  TYPE_TIMESTAMP,
  TYPE_DURATION,
  TYPE_TYPE,     /* the type of types; one parameter or none */
  TYPE_LIST,     /* one parameter */
  TYPE_MAP,      /* two */
  TYPE_OPTIONAL, /* one */
  TYPE_OPAQUE,   /* by name */
  TYPE_VAR,      /* id */
} TypeKind;

enum { TYPE_PARAMS_MAX = 4 };

typedef struct Type Type;
struct Type {
  TypeKind kind;
  u32 id;   /* VAR */
  Str name; /* OPAQUE */
  u32 count;
  const Type *params[TYPE_PARAMS_MAX];
};

extern const Type TYPE_OF_DYN, TYPE_OF_NULL, TYPE_OF_BOOL, TYPE_OF_INT, TYPE_OF_UINT, TYPE_OF_DOUBLE, TYPE_OF_STRING,
    TYPE_OF_BYTES, TYPE_OF_TIMESTAMP, TYPE_OF_DURATION, TYPE_OF_TYPE;

const Type *type_list(Arena *arena, const Type *item);
const Type *type_map(Arena *arena, const Type *key, const Type *value);
const Type *type_optional(Arena *arena, const Type *inner);

/* One overload: "string.(int, T...) -> list(T)". A dot after the first type makes it the receiver. */
typedef struct Overload Overload;
struct Overload {
  const Type **params;
  u32 *kinds; /* by parameter: set of ValueKinds that may come, as bits */
  u32 count;
  bool member;
  bool variadic; /* the last parameter repeats, also no times */
  const Type *result;
  const Overload *next;
};
/* Reads overloads separated by ';'. The texts are ours, so that a mistake in one stops the process. */
const Overload *overloads_read(Arena *arena, const char *text);
const Type *type_read(Arena *arena, const char *text);
void type_write(Buf *out, const Type *type);
Str type_text(Arena *arena, const Type *type);

/* What the variables stand for so far; undone back to a mark when an overload does not fit. */
typedef struct Bindings {
  Arena *arena;
  VEC(const Type *) types; /* by id; NULL: free */
  VEC(struct {
    u32 id;
    const Type *old;
  })
  trail;
} Bindings;

const Type *bindings_fresh(Bindings *bindings);
/* A copy of `type` whose variables are new; `map` of 26 letters, filled as they are met. */
const Type *bindings_instantiate(Bindings *bindings, const Type *type, const Type **map);
bool bindings_assignable(Bindings *bindings, const Type *to, const Type *from);
void bindings_undo(Bindings *bindings, size_t mark);
/* With variables replaced; free ones become dyn when `close`. */
const Type *bindings_resolve(Bindings *bindings, const Type *type, bool close);
/* The type of both: one of them, or dyn. */
const Type *bindings_join(Bindings *bindings, const Type *a, const Type *b);

#endif

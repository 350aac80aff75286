/* What a function library is made of: rows of a table. To add a function, add a row (README.md). */
#ifndef TOCSIN_LANG_CEL_LIBRARY_H
#define TOCSIN_LANG_CEL_LIBRARY_H

#include "lang/cel/cel.h"
#include "lang/cel/types.h"

enum {
  CEL_FAULT = VALUE_KIND_COUNT, /* kind of a value that is an error on its way up */
  CEL_FLAG_IP = 2,              /* flags of a STRING that is a net.IP or net.CIDR in canonical text */
  CEL_FLAG_CIDR = 4,
  CEL_FLAG_NET = CEL_FLAG_IP | CEL_FLAG_CIDR,
  CEL_BYTES_WRITTEN = 8, /* of text, for one step of the budget */
  CEL_BYTES_READ = 16,
  CEL_ENTRY_STEPS = 16, /* for an entry of a map that is built: it is looked for first */
};

typedef struct CelFault {
  ErrorCode code;
  u32 op;   /* index of the instruction */
  Str text; /* ERR_MISSING: the key, when not empty; else the message */
  bool is_key;
} CelFault;

typedef struct CelCall {
  Arena *arena;
  const CelEnv *env;
  const CelRun *run;
  i64 left;             /* budget; below zero: spent */
  u32 op;               /* for faults */
  const void *prepared; /* what the row's prepare made of a constant argument, or NULL */
} CelCall;

typedef struct CelFn CelFn;
/* Arguments have the kinds of one of the row's overloads. Returns a value or a fault. */
typedef Value (*CelImpl)(CelCall *call, const Value *args, u32 count);

struct CelFn {
  const char *name;
  const char *overloads; /* see types.h */
  CelImpl call;          /* NULL: the compiler has instructions of its own for it */
  const char *doc;
  u32 cost; /* steps besides bytes read and written */
  u32 slow; /* how much longer a byte read takes than in a plain search; 0: no longer */
  /* Called once when argument 1 is a constant; its result comes back in call->prepared. */
  bool (*prepare)(Arena *arena, const Value *constant, const void **out, Error *err);
  /* Filled by the environment. */
  const char *library;
  const Overload *read;
  const CelFn *next; /* of the same name */
};

typedef struct CelLibrary {
  const char *name; /* as docs/expressions.md groups them */
  const CelFn *rows;
  size_t count;
} CelLibrary;

extern const CelLibrary LIB_STANDARD, LIB_CONVERSIONS, LIB_STRINGS, LIB_FORMAT, LIB_MATH, LIB_LISTS, LIB_SETS,
    LIB_ENCODERS, LIB_OPTIONAL, LIB_REGEX, LIB_TIME, LIB_NETWORK, LIB_TOCSIN, LIB_TOCSIN_TIME, LIB_PATHS;

Value cel_fault(CelCall *call, const char *format, ...) PRINTF_LIKE(2, 3);
Value cel_fault_code(CelCall *call, ErrorCode code, Str text);
Value cel_no_overload(CelCall *call);
Value cel_out_of_budget(CelCall *call);
/* False when the budget is spent. */
static inline bool cel_charge(CelCall *call, u64 steps) {
  call->left -= (i64)MIN(steps, (u64)INT32_MAX);
  return call->left >= 0;
}
/* A buffer that cannot outgrow the budget; cel_text makes the value, or the fault of a spent budget. */
Buf cel_buf(CelCall *call);
Value cel_text(CelCall *call, const Buf *buf);

Value cel_add(CelCall *call, const Value *a, const Value *b);
Value cel_subtract(CelCall *call, const Value *a, const Value *b);
Value cel_multiply(CelCall *call, const Value *a, const Value *b);
Value cel_divide(CelCall *call, const Value *a, const Value *b);
Value cel_modulo(CelCall *call, const Value *a, const Value *b);
Value cel_negate(CelCall *call, const Value *a);
/* Order of two values of comparable kinds: -1, 0, 1, or 2 when one is NaN; false when there is no order. */
bool cel_order(const Value *a, const Value *b, int *out);
/* Counts the steps of comparing. */
bool cel_equal_counted(const Value *a, const Value *b, u64 *steps);
bool cel_list_has(const Value *list, const Value *item, u64 *steps);
/* A new list of the items in the order of their keys; both arrays are scratch. */
Value cel_sort(CelCall *call, Value *items, Value *keys, u32 count);
/* The value as CEL's own string() says it; a fault for lists and maps. */
Value cel_to_string(CelCall *call, const Value *v);
bool cel_is_empty(const Value *v); /* null, false, 0, "", [], {} and so on */
bool cel_is_key(const Value *v);   /* may be a key of a map */
Value cel_some(CelCall *call, Value v);
static inline Value cel_none(void) {
  return (Value){.kind = VALUE_OPTIONAL};
}
static inline Value cel_timestamp(i64 seconds, u32 nanos) {
  return (Value){.kind = VALUE_TIMESTAMP, .size = nanos, .i = seconds};
}
static inline Value cel_duration(i64 seconds, u32 nanos) {
  return (Value){.kind = VALUE_DURATION, .size = nanos, .i = seconds};
}
#define CEL_TIME_MIN_S     ((i64)-62135596800) /* year 1 */
#define CEL_TIME_MAX_S     ((i64)253402300799) /* year 9999 */
#define CEL_DURATION_MAX_S ((i64)9223372036)   /* 64 bits of nanoseconds */

ZoneDb *cel_env_zones(const CelEnv *env);

#endif

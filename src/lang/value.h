/* Value: the one tagged value that JSON, YAML, CEL and Mustache share. 16 bytes, plain data, everything it points to
 * lives in an arena. Lists and maps are arrays; a map of more than 32 members carries a hash index behind its members,
 * so that hostile payloads cannot make lookups slow. Immutable once built. */
#ifndef TOCSIN_LANG_VALUE_H
#define TOCSIN_LANG_VALUE_H

#include "base/base.h"

typedef enum ValueKind {
  VALUE_NULL,
  VALUE_BOOL,
  VALUE_INT,
  VALUE_UINT, /* only CEL makes these, and JSON integers above INT64_MAX */
  VALUE_DOUBLE,
  VALUE_STRING, /* valid UTF-8 */
  VALUE_BYTES,
  VALUE_LIST,
  VALUE_MAP,
  VALUE_TIMESTAMP, /* i: seconds since the epoch, size: nanoseconds 0..999999999 */
  VALUE_DURATION,  /* as TIMESTAMP; i is floored */
  VALUE_TYPE,      /* text: the type's name */
  VALUE_OPTIONAL,  /* items: one value when size is 1 */
  VALUE_BIGNUM,    /* JSON number beyond 64 bits or double: its text; compares as a double */
  VALUE_KIND_COUNT
} ValueKind;

typedef struct Value Value;
typedef struct Member Member;

struct Value {
  u8 kind;  /* ValueKind */
  u8 flags; /* VALUE_INDEXED */
  u32 size; /* bytes of text, count of items or members, nanoseconds */
  union {
    bool b;
    i64 i;
    u64 u;
    double d;
    const char *text;
    const Value *items;
    const Member *members;
  };
};

struct Member {
  Value key; /* a string from JSON and YAML; CEL also allows bool, int, uint */
  Value value;
};

enum {
  VALUE_INDEXED = 1,
  VALUE_INDEX_MIN = 33,   /* maps of this many members and more carry an index */
  VALUE_DEPTH_MAX = 1024, /* no parser makes deeper values; comparing, copying and writing take deeper parts as null */
};

static inline Value value_null(void) {
  return (Value){.kind = VALUE_NULL};
}
static inline Value value_bool(bool b) {
  return (Value){.kind = VALUE_BOOL, .b = b};
}
static inline Value value_int(i64 i) {
  return (Value){.kind = VALUE_INT, .i = i};
}
static inline Value value_uint(u64 u) {
  return (Value){.kind = VALUE_UINT, .u = u};
}
static inline Value value_double(double d) {
  return (Value){.kind = VALUE_DOUBLE, .d = d};
}
static inline Value value_string(Str s) {
  return (Value){.kind = VALUE_STRING, .size = (u32)s.len, .text = s.ptr};
}
static inline Value value_bytes(Str s) {
  return (Value){.kind = VALUE_BYTES, .size = (u32)s.len, .text = s.ptr};
}
static inline Value value_c(const char *text) {
  return value_string(str_from_c(text));
}
static inline Str value_text(const Value *v) {
  return (Str){v->text, v->size};
} /* STRING, BYTES, TYPE, BIGNUM */

/* NULL-safe questions: `v` may be NULL (absent). */
bool value_is(const Value *v, ValueKind kind);
Str value_text_or(const Value *v, Str otherwise); /* text of a STRING, else otherwise */
i64 value_int_or(const Value *v, i64 otherwise);  /* INT, UINT that fits, whole DOUBLE; else otherwise */
bool value_bool_or(const Value *v, bool otherwise);

/* Member of a map by key; NULL when `map` is NULL, not a map, or has no such key. */
const Value *value_get(const Value *map, Str key);
const Value *value_get_c(const Value *map, const char *key);
/* The same for a key of any kind; int, uint and whole double keys of the same number are one key. */
const Value *value_get_key(const Value *map, const Value *key);
/* Item of a list; NULL outside. */
const Value *value_at(const Value *list, size_t i);
/* RFC 6901 pointer ("/alerts/0/labels"); NULL when nothing is there. A step "name#json" is not understood here. */
const Value *value_pointer(const Value *root, Str pointer);
/* Deep equality as JSON: numbers by value, members in any order. */
bool value_equal(const Value *a, const Value *b);
/* Total order for sorting: by kind group (null, bool, number, text, ...), then by value. */
int value_compare(const Value *a, const Value *b);
Value value_copy(Arena *arena, const Value *v); /* deep */
const char *value_kind_name(ValueKind kind);    /* CEL's names: "null_type", "int", "string", "list", ... */
/* What a person reads: strings as they are, null as nothing, numbers, times, lists and maps as JSON. */
Str value_display(Arena *arena, const Value *v);

/* Builders. A key given twice: the last wins, in the place of the first. */
typedef struct MapBuilder {
  Arena *arena;
  Member *members;
  size_t count, capacity;
  Map *seen; /* made past 32 members */
} MapBuilder;
MapBuilder map_builder(Arena *arena);
/* True when the key was there before. Keys that are not strings go through map_put_value. */
bool map_put(MapBuilder *builder, Str key, Value value);
bool map_put_c(MapBuilder *builder, const char *key, Value value); /* key must outlive the value (a literal) */
bool map_put_value(MapBuilder *builder, Value key, Value value);
Value map_done(MapBuilder *builder); /* builds the index when large */

/* What came again: how many members fell away because a later one had their key, and the first such key. */
typedef struct Duplicates {
  u32 count;
  Value key; /* valid when count > 0 */
} Duplicates;

/* All at once: copies `members` (the array is scratch and is changed) without what duplicates left behind.
 * `duplicates` may be NULL; it is counted up, never cleared. Linear in `count`. */
Value map_of(Arena *arena, Member *members, size_t count, Duplicates *duplicates);

typedef VEC(Value) ValueVec;
Value list_of(Arena *arena, const Value *items, size_t count); /* copies the array */
Value list_done(const ValueVec *items);                        /* takes the array */

#endif

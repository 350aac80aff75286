/* Standard library: the operators' types (they have instructions of their own) and size, type, dyn, and the tests of
 * texts. */
#include "lang/cel/library.h"

static Value do_size(CelCall *call, const Value *args, u32 count) {
  (void)count;
  if (args[0].kind != VALUE_STRING) return value_int(args[0].size);
  if (!cel_charge(call, args[0].size / CEL_BYTES_READ)) return cel_out_of_budget(call);
  return value_int((i64)utf8_count(value_text(&args[0])));
}

static Value do_type(CelCall *call, const Value *args, u32 count) {
  (void)call, (void)count;
  Str name = cel_type_name(&args[0]);
  return (Value){.kind = VALUE_TYPE, .size = (u32)name.len, .text = name.ptr};
}

static Value do_dyn(CelCall *call, const Value *args, u32 count) {
  (void)call, (void)count;
  return args[0];
}

static Value do_contains(CelCall *call, const Value *args, u32 count) {
  (void)call, (void)count;
  return value_bool(args[1].size == 0 || str_find(value_text(&args[0]), value_text(&args[1]), 0) != SIZE_MAX);
}

static Value do_starts_with(CelCall *call, const Value *args, u32 count) {
  (void)call, (void)count;
  return value_bool(str_starts_with(value_text(&args[0]), value_text(&args[1])));
}

static Value do_ends_with(CelCall *call, const Value *args, u32 count) {
  (void)call, (void)count;
  return value_bool(str_ends_with(value_text(&args[0]), value_text(&args[1])));
}

#define ORDERED                                                                                                        \
  "(bool, bool) -> bool; (int, int) -> bool; (uint, uint) -> bool; (double, double) -> bool; (string, string) -> "     \
  "bool; (bytes, bytes) -> bool; (timestamp, timestamp) -> bool; (duration, duration) -> bool; (int, uint) -> bool; "  \
  "(int, double) -> bool; (uint, int) -> bool; (uint, double) -> bool; (double, int) -> bool; (double, uint) -> bool"

static const CelFn ROWS[] = {
    {"_==_", "(A, A) -> bool", NULL, "Equal; numbers of different kinds by value."},
    {"_!=_", "(A, A) -> bool", NULL, "Not equal."},
    {"_<_", ORDERED, NULL, "Less."},
    {"_<=_", ORDERED, NULL, "Less or equal."},
    {"_>_", ORDERED, NULL, "Greater."},
    {"_>=_", ORDERED, NULL, "Greater or equal."},
    {"_+_",
     "(int, int) -> int; (uint, uint) -> uint; (double, double) -> double; (string, string) -> string; (bytes, bytes) "
     "-> "
     "bytes; (list(A), list(A)) -> list(A); (timestamp, duration) -> timestamp; (duration, timestamp) -> timestamp; "
     "(duration, duration) -> duration",
     NULL, "Sum, or both joined."},
    {"_-_",
     "(int, int) -> int; (uint, uint) -> uint; (double, double) -> double; (timestamp, timestamp) -> duration; "
     "(timestamp, duration) -> timestamp; (duration, duration) -> duration",
     NULL, "Difference."},
    {"_*_", "(int, int) -> int; (uint, uint) -> uint; (double, double) -> double", NULL, "Product."},
    {"_/_", "(int, int) -> int; (uint, uint) -> uint; (double, double) -> double", NULL,
     "Quotient; of integers, towards zero."},
    {"_%_", "(int, int) -> int; (uint, uint) -> uint", NULL, "Remainder, with the sign of the left side."},
    {"!_", "(bool) -> bool", NULL, "Not."},
    {"-_", "(int) -> int; (double) -> double", NULL, "Negative."},
    {"@in_", "(A, list(A)) -> bool; (A, map(A, B)) -> bool", NULL, "Is an element of the list, or a key of the map."},
    {"size",
     "(string) -> int; (bytes) -> int; (list(A)) -> int; (map(A, B)) -> int; string.() -> int; bytes.() -> int; "
     "list(A).() -> int; map(A, B).() -> int",
     do_size, "Characters, bytes, elements or members.", .slow = 3},
    {"type", "(A) -> type(A)", do_type, "The type of a value: type(x) == string."},
    {"dyn", "(A) -> dyn", do_dyn, "The value, its type unknown to the checker."},
    {"contains", "string.(string) -> bool", do_contains, "Whether the text contains another."},
    {"startsWith", "string.(string) -> bool", do_starts_with, "Whether the text starts with another."},
    {"endsWith", "string.(string) -> bool", do_ends_with, "Whether the text ends with another."},
};

const CelLibrary LIB_STANDARD = {"basics", ROWS, COUNT(ROWS)};

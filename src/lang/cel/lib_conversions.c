/* Conversions: int(), uint(), double(), bool(), string(), bytes(). What does not fit is a fault. */
#include <math.h>
#include <stdlib.h>

#include "lang/cel/library.h"

static Value range_fault(CelCall *call, const char *type) {
  return cel_fault(call, "the number does not fit %s", type);
}

static Value to_int(CelCall *call, const Value *args, u32 count) {
  (void)count;
  const Value *v = &args[0];
  i64 number = 0;
  switch ((ValueKind)v->kind) {
  case VALUE_UINT: return v->u > INT64_MAX ? range_fault(call, "an int") : value_int((i64)v->u);
  case VALUE_DOUBLE:
    if (!(v->d > -0x1p63 && v->d < 0x1p63)) return range_fault(call, "an int");
    return value_int((i64)v->d);
  case VALUE_STRING:
    if (!str_to_i64(value_text(v), INT64_MIN, INT64_MAX, &number))
      return cel_fault(call, "int(): \"%.*s\" is not a whole number", STR_ARG(utf8_cut(value_text(v), 60)));
    return value_int(number);
  default: return value_int(v->i); /* int, timestamp */
  }
}

static Value to_uint(CelCall *call, const Value *args, u32 count) {
  (void)count;
  const Value *v = &args[0];
  u64 number = 0;
  switch ((ValueKind)v->kind) {
  case VALUE_INT: return v->i < 0 ? range_fault(call, "a uint") : value_uint((u64)v->i);
  case VALUE_DOUBLE:
    if (!(v->d >= 0 && v->d < 0x1p64)) return range_fault(call, "a uint");
    return value_uint((u64)v->d);
  case VALUE_STRING:
    if (!str_to_u64(value_text(v), UINT64_MAX, &number))
      return cel_fault(call, "uint(): \"%.*s\" is not a whole number of 0 or more",
                       STR_ARG(utf8_cut(value_text(v), 60)));
    return value_uint(number);
  default: return value_uint(v->u);
  }
}

static bool text_to_double(Str text, double *out) {
  Str sign = text.len && (text.ptr[0] == '-' || text.ptr[0] == '+') ? str_slice(text, 0, 1) : S("");
  Str rest = str_slice(text, sign.len, text.len);
  double factor = str_equal_c(sign, "-") ? -1 : 1;
  if (str_equal_nocase(rest, S("nan")))
    *out = (double)NAN;
  else if (str_equal_nocase(rest, S("inf")) || str_equal_nocase(rest, S("infinity")))
    *out = factor * (double)INFINITY;
  else
    return str_to_double(str_equal_c(sign, "+") ? rest : text, out);
  return true;
}

static Value to_double(CelCall *call, const Value *args, u32 count) {
  (void)count;
  const Value *v = &args[0];
  double number = 0;
  switch ((ValueKind)v->kind) {
  case VALUE_INT: return value_double((double)v->i);
  case VALUE_UINT: return value_double((double)v->u);
  case VALUE_STRING:
    if (!cel_charge(call, 20 + v->size)) return cel_out_of_budget(call);
    if (!text_to_double(value_text(v), &number))
      return cel_fault(call, "double(): \"%.*s\" is not a number", STR_ARG(utf8_cut(value_text(v), 60)));
    return value_double(number);
  default: return *v;
  }
}

static Value to_bool(CelCall *call, const Value *args, u32 count) {
  (void)count;
  static const char *const YES[] = {"1", "t", "T", "true", "TRUE", "True"}, *const NO[] = {"0",     "f",     "F",
                                                                                           "false", "FALSE", "False"};
  if (args[0].kind == VALUE_BOOL) return args[0];
  Str text = value_text(&args[0]);
  for (size_t i = 0; i < COUNT(YES); i++) {
    if (str_equal_c(text, YES[i])) return value_bool(true);
    if (str_equal_c(text, NO[i])) return value_bool(false);
  }
  return cel_fault(call, "bool(): \"%.*s\" is neither true nor false", STR_ARG(utf8_cut(text, 60)));
}

static void put_double(Buf *buf, double d) {
  if (isnan(d))
    buf_puts(buf, "NaN");
  else if (isinf(d))
    buf_puts(buf, d < 0 ? "-Infinity" : "Infinity");
  else
    buf_double(buf, d);
}

static void put_duration(Buf *buf, const Value *v) {
  bool negative = v->i < 0;
  u64 seconds = negative ? (u64)-v->i : (u64)v->i, nanos = v->size;
  if (negative && nanos) {
    seconds--;
    nanos = 1000000000 - nanos;
  }
  if (negative) buf_putc(buf, '-');
  buf_u64(buf, seconds);
  if (nanos) {
    char digits[16];
    int length = 9;
    for (int i = 8; i >= 0; i--, nanos /= 10) digits[i] = (char)('0' + nanos % 10);
    while (digits[length - 1] == '0') length--;
    buf_putc(buf, '.');
    buf_put(buf, (Str){digits, (size_t)length});
  }
  buf_putc(buf, 's');
}

Value cel_to_string(CelCall *call, const Value *v) {
  Buf buf = buf_new(call->arena, 64);
  switch ((ValueKind)v->kind) {
  case VALUE_STRING: return value_string(value_text(v)); /* also of addresses, which are then plain text */
  case VALUE_BIGNUM:
  case VALUE_TYPE: return value_string(value_text(v));
  case VALUE_BYTES:
    return utf8_valid(value_text(v)) ? value_string(value_text(v))
                                     : cel_fault(call, "string(): the bytes are not UTF-8");
  case VALUE_BOOL: return value_string(v->b ? S("true") : S("false"));
  case VALUE_INT: buf_i64(&buf, v->i); break;
  case VALUE_UINT: buf_u64(&buf, v->u); break;
  case VALUE_DOUBLE: put_double(&buf, v->d); break;
  case VALUE_TIMESTAMP: time_write(v->i, (i32)v->size, &buf); break;
  case VALUE_DURATION: put_duration(&buf, v); break;
  default: return cel_fault(call, "string() does not take %.*s; use to_json() or text()", STR_ARG(cel_type_name(v)));
  }
  return value_string(buf_str(&buf));
}

static Value to_string(CelCall *call, const Value *args, u32 count) {
  (void)count;
  return cel_to_string(call, &args[0]);
}

static Value to_bytes(CelCall *call, const Value *args, u32 count) {
  (void)call, (void)count;
  return value_bytes(value_text(&args[0]));
}

static const CelFn ROWS[] = {
    {"int", "(int) -> int; (uint) -> int; (double) -> int; (string) -> int; (timestamp) -> int", to_int,
     "Whole number; of a double without its fraction, of a timestamp its seconds."},
    {"uint", "(uint) -> uint; (int) -> uint; (double) -> uint; (string) -> uint", to_uint,
     "Whole number of 0 or more."},
    {"double", "(double) -> double; (int) -> double; (uint) -> double; (string) -> double", to_double,
     "Number with fraction."},
    {"bool", "(bool) -> bool; (string) -> bool", to_bool,
     "true of \"true\", \"t\" and \"1\"; false of their opposites."},
    {"string",
     "(string) -> string; (int) -> string; (uint) -> string; (double) -> string; (bool) -> string; (bytes) -> string; "
     "(timestamp) -> string; (duration) -> string; (net.IP) -> string; (net.CIDR) -> string; (bignum) -> string; "
     "(type) -> string",
     to_string, "Text of a value; of lists and maps use to_json()."},
    {"bytes", "(bytes) -> bytes; (string) -> bytes", to_bytes, "Bytes of a text in UTF-8."},
};

const CelLibrary LIB_CONVERSIONS = {"conversions", ROWS, COUNT(ROWS)};

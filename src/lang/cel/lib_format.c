/* "...".format([args]): %s %d %f %e %b %o %x %X %%, with a precision for %f and %e. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lang/cel/library.h"

enum { PRECISION_DEFAULT = 6, PRECISION_MAX = 100, FORMAT_DEPTH_MAX = 32 };

typedef struct Formatter {
  CelCall *call;
  Buf buf;
} Formatter;

static void put_value(Formatter *f, const Value *v, u32 depth);

static void put_list(Formatter *f, const Value *v, u32 depth) {
  buf_putc(&f->buf, '[');
  for (u32 i = 0; i < v->size; i++) {
    if (i) buf_puts(&f->buf, ", ");
    put_value(f, &v->items[i], depth + 1);
  }
  buf_putc(&f->buf, ']');
}

typedef struct Entry {
  Str key;
  const Value *value;
} Entry;

static int compare_entries(const void *a, const void *b) {
  return str_compare(((const Entry *)a)->key, ((const Entry *)b)->key);
}

/* Members in the order of their keys' texts. */
static void put_map(Formatter *f, const Value *v, u32 depth) {
  Entry *entries = ARENA_ARRAY(f->call->arena, Entry, v->size);
  for (u32 i = 0; i < v->size; i++) {
    Value key = cel_to_string(f->call, &v->members[i].key);
    entries[i] = (Entry){key.kind == VALUE_STRING ? value_text(&key) : S("?"), &v->members[i].value};
  }
  if (v->size) qsort(entries, v->size, sizeof *entries, compare_entries);
  buf_putc(&f->buf, '{');
  for (u32 i = 0; i < v->size; i++) {
    if (i) buf_puts(&f->buf, ", ");
    buf_put(&f->buf, entries[i].key);
    buf_puts(&f->buf, ": ");
    put_value(f, entries[i].value, depth + 1);
  }
  buf_putc(&f->buf, '}');
}

static void put_value(Formatter *f, const Value *v, u32 depth) {
  if (depth > FORMAT_DEPTH_MAX)
    buf_puts(&f->buf, "...");
  else if (v->kind == VALUE_NULL)
    buf_puts(&f->buf, "null");
  else if (v->kind == VALUE_LIST)
    put_list(f, v, depth);
  else if (v->kind == VALUE_MAP)
    put_map(f, v, depth);
  else if (v->kind == VALUE_BYTES)
    buf_put(&f->buf, utf8_clean(f->call->arena, value_text(v)));
  else if (v->kind == VALUE_OPTIONAL)
    buf_put(&f->buf, value_display(f->call->arena, v));
  else {
    Value text = cel_to_string(f->call, v);
    if (text.kind == VALUE_STRING) buf_put(&f->buf, value_text(&text));
  }
}

static bool wrong(Formatter *f, const char *what, const Value *v, Value *out) {
  *out = cel_fault(f->call, "format(): %s, not %.*s", what, STR_ARG(cel_type_name(v)));
  return false;
}

static bool put_special(Formatter *f, double d) {
  if (isnan(d))
    buf_puts(&f->buf, "NaN");
  else if (isinf(d))
    buf_puts(&f->buf, d < 0 ? "-Infinity" : "Infinity");
  else
    return false;
  return true;
}

static bool put_decimal(Formatter *f, const Value *v, Value *out) {
  if (v->kind == VALUE_INT)
    buf_i64(&f->buf, v->i);
  else if (v->kind == VALUE_UINT)
    buf_u64(&f->buf, v->u);
  else if (v->kind == VALUE_BIGNUM)
    buf_put(&f->buf, value_text(v));
  else if (v->kind == VALUE_DOUBLE) {
    if (!put_special(f, v->d)) buf_double(&f->buf, v->d);
  } else
    return wrong(f, "%d wants a number", v, out);
  return true;
}

static bool put_fraction(Formatter *f, const Value *v, char verb, int precision, Value *out) {
  double d = v->d;
  if (v->kind == VALUE_INT)
    d = (double)v->i;
  else if (v->kind == VALUE_UINT)
    d = (double)v->u;
  else if (v->kind != VALUE_DOUBLE)
    return wrong(f, verb == 'f' ? "%f wants a number" : "%e wants a number", v, out);
  if (put_special(f, d)) return true;
  if (verb == 'f')
    buf_format(&f->buf, "%.*f", precision, d);
  else
    buf_format(&f->buf, "%.*e", precision, d);
  return true;
}

static void put_digits(Formatter *f, const Value *v, unsigned base, bool upper) {
  bool negative = v->kind == VALUE_INT && v->i < 0;
  u64 number = v->kind == VALUE_BOOL ? v->b : negative ? 0 - v->u : v->u;
  const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  char text[65];
  size_t at = sizeof text;
  do text[--at] = digits[number % base];
  while ((number /= base) > 0);
  if (negative) buf_putc(&f->buf, '-');
  buf_put(&f->buf, (Str){text + at, sizeof text - at});
}

static bool put_base(Formatter *f, const Value *v, char verb, Value *out) {
  bool integer = v->kind == VALUE_INT || v->kind == VALUE_UINT;
  if (verb == 'b' && !integer && v->kind != VALUE_BOOL) return wrong(f, "%b wants an integer or bool", v, out);
  if (verb == 'o' && !integer) return wrong(f, "%o wants an integer", v, out);
  if (verb == 'b' || verb == 'o' || integer) {
    put_digits(f, v, verb == 'b' ? 2 : verb == 'o' ? 8 : 16, verb == 'X');
    return true;
  }
  if (v->kind != VALUE_STRING && v->kind != VALUE_BYTES) return wrong(f, "%x wants an integer, text or bytes", v, out);
  for (u32 i = 0; i < v->size; i++) buf_format(&f->buf, verb == 'X' ? "%02X" : "%02x", (unsigned)(u8)v->text[i]);
  return true;
}

static bool put_argument(Formatter *f, const Value *v, char verb, int precision, Value *out) {
  switch (verb) {
  case 's': put_value(f, v, 0); return true;
  case 'd': return put_decimal(f, v, out);
  case 'f':
  case 'e': return put_fraction(f, v, verb, precision, out);
  case 'b':
  case 'o':
  case 'x':
  case 'X': return put_base(f, v, verb, out);
  default: *out = cel_fault(f->call, "format(): there is no %%%c", verb); return false;
  }
}

/* ".12" after the percent sign; -1 when malformed. */
static int read_precision(Str s, size_t *at) {
  if (*at >= s.len || s.ptr[*at] != '.') return PRECISION_DEFAULT;
  size_t from = ++*at;
  int precision = 0;
  for (; *at < s.len && s.ptr[*at] >= '0' && s.ptr[*at] <= '9'; ++*at)
    precision = MIN(precision * 10 + s.ptr[*at] - '0', 1000);
  return *at == from || precision > PRECISION_MAX ? -1 : precision;
}

static Value do_format(CelCall *call, const Value *args, u32 count) {
  (void)count;
  Formatter f = {call, cel_buf(call)};
  Str s = value_text(&args[0]);
  Value fault;
  u32 next = 0;
  for (size_t at = 0; at < s.len && !f.buf.overflow; at++) {
    size_t percent = str_find_char(s, '%', at);
    buf_put(&f.buf, str_slice(s, at, MIN(percent, s.len)));
    if (percent == SIZE_MAX) break;
    at = percent + 1;
    if (at < s.len && s.ptr[at] == '%') {
      buf_putc(&f.buf, '%');
      continue;
    }
    int precision = read_precision(s, &at);
    if (precision < 0 || at >= s.len) return cel_fault(call, "format(): a %% is not complete");
    if (next >= args[1].size) return cel_fault(call, "format(): there is no argument %u", next);
    if (!put_argument(&f, &args[1].items[next++], s.ptr[at], precision, &fault)) return fault;
  }
  return cel_text(call, &f.buf);
}

static const CelFn ROWS[] = {
    {"format", "string.(list(dyn)) -> string", do_format,
     "Fills %s, %d, %f, %e, %b, %o, %x from a list. Of a time: writes it by a pattern such as yyyy-MM-dd HH:mm:ss.",
     .cost = 50},
};

const CelLibrary LIB_FORMAT = {"texts", ROWS, COUNT(ROWS)};

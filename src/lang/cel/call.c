/* Calls of library functions: finds the row whose overload takes the kinds at hand, charges for what is read and
 * written. Libraries can therefore rely on the kinds of their arguments. */
#include "lang/cel/machine.h"

static bool kinds_fit(const Overload *o, const Value *args, u32 count, bool member) {
  if (o->member != member || (o->variadic ? count + 1 < o->count : count != o->count)) return false;
  for (u32 i = 0; i < count; i++) {
    u32 at = MIN(i, o->count - 1);
    if (!(o->kinds[at] >> args[i].kind & 1)) return false;
    if (args[i].kind != VALUE_STRING) continue; /* texts may be addresses, which are types of their own */
    TypeKind kind = o->params[at]->kind;
    if (kind == TYPE_OPAQUE && !str_equal(o->params[at]->name, cel_type_name(&args[i]))) return false;
    if (kind == TYPE_STRING && args[i].flags & CEL_FLAG_NET) return false;
  }
  return true;
}

static const CelFn *row_for(const CelFn *fn, const Value *args, u32 count, bool member) {
  for (; fn; fn = fn->next)
    for (const Overload *o = fn->call ? fn->read : NULL; o; o = o->next)
      if (kinds_fit(o, args, count, member)) return fn;
  return NULL;
}

static bool has_size(const Value *v) {
  return v->kind == VALUE_STRING || v->kind == VALUE_BYTES || v->kind == VALUE_LIST || v->kind == VALUE_MAP;
}

static Value refuse(Machine *m, const CelFn *fn, const Value *args, u32 count, bool member) {
  Buf given = buf_new(m->call.arena, 200);
  for (u32 i = member; i < count; i++) {
    if (i > (u32)member) buf_puts(&given, ", ");
    buf_put(&given, cel_type_name(&args[i]));
  }
  Str receiver = member ? cel_type_name(&args[0]) : S("");
  return cel_fault(&m->call, "%.*s%s%s() does not take (%.*s)", STR_ARG(receiver), member ? "." : "", fn->name,
                   STR_ARG(buf_str(&given)));
}

/* Numbers that JSON could not hold in 64 bits are doubles for functions that do not take them as they are. */
static bool make_doubles(Value *copy, const Value *args, u32 count) {
  bool any = false;
  for (u32 i = 0; i < count; i++) {
    copy[i] = args[i];
    if (args[i].kind != VALUE_BIGNUM) continue;
    double d = 0;
    copy[i] = value_double(str_to_double(value_text(&args[i]), &d) ? d : __builtin_huge_val());
    any = true;
  }
  return any;
}

Value machine_call_row(Machine *m, const CallSite *site, const CelFn *row, const Value *args, u32 count, u64 read) {
  if (row->slow) read *= row->slow;
  if (!cel_charge(&m->call, read + row->cost + 1)) return cel_out_of_budget(&m->call);
  m->call.prepared = site->prepared;
  Value out = row->call(&m->call, args, count);
  if (has_size(&out) && !cel_charge(&m->call, out.size / CEL_BYTES_WRITTEN)) return cel_out_of_budget(&m->call);
  return out;
}

Value machine_call(Machine *m, const Value *args, const Op *op) {
  const CallSite *site = &m->program->calls[op->a];
  u32 count = op->count;
  bool member = op->b;
  u64 read = 0;
  for (u32 i = 0; i < count; i++) {
    if (is_fault(&args[i])) return args[i];
    if (has_size(&args[i])) read += args[i].size / CEL_BYTES_READ;
  }
  Value copy[CEL_ARGS_MAX + 1];
  const CelFn *row = row_for(site->fn, args, count, member);
  if (!row && make_doubles(copy, args, count)) {
    args = copy;
    row = row_for(site->fn, args, count, member);
  }
  if (!row) return refuse(m, site->fn, args, count, member);
  return machine_call_row(m, site, row, args, count, read);
}

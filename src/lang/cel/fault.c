/* Faults: errors as values, so that && and || can absorb them. Small, made only when something went wrong; the sentence
 * for a person is put together when one reaches the end of the program. */
#include <stdio.h>

#include "lang/cel/machine.h"

Value cel_fault_code(CelCall *call, ErrorCode code, Str text) {
  CelFault *fault = arena_alloc(call->arena, sizeof *fault);
  *fault = (CelFault){.code = code, .op = call->op, .text = text};
  return (Value){.kind = CEL_FAULT, .text = (const char *)(const void *)fault};
}

Value cel_fault(CelCall *call, const char *format, ...) {
  va_list args;
  va_start(args, format);
  Str text = str_vformat(call->arena, format, args);
  va_end(args);
  return cel_fault_code(call, ERR_INVALID, text);
}

Value cel_missing(CelCall *call, Str key) {
  CelFault *fault = arena_alloc(call->arena, sizeof *fault);
  *fault = (CelFault){.code = ERR_MISSING, .op = call->op, .text = key, .is_key = true};
  return (Value){.kind = CEL_FAULT, .text = (const char *)(const void *)fault};
}

Value cel_no_overload(CelCall *call) {
  return cel_fault_code(call, ERR_INVALID, STR_NONE);
}

Value cel_out_of_budget(CelCall *call) {
  call->left = -1;
  return cel_fault_code(
      call, ERR_COST,
      S("the expression costs too much: its budget of steps is spent; look at less data or fewer times"));
}

Value cel_not_bool(CelCall *call, const Value *v) {
  if (is_fault(v)) return *v;
  return cel_fault(call, "a condition must be a bool; this is %.*s", STR_ARG(cel_type_name(v)));
}

Buf cel_buf(CelCall *call) {
  return buf_new(call->arena, (size_t)MAX(call->left, 0) * CEL_BYTES_WRITTEN + 64);
}

Value cel_text(CelCall *call, const Buf *buf) {
  if (buf->overflow) return cel_out_of_budget(call);
  return value_string(buf->len ? buf_str(buf) : S(""));
}

/* Encoders: base64. */
#include "lang/cel/library.h"

static Value do_encode(CelCall *call, const Value *args, u32 count) {
  (void)count;
  if (!cel_charge(call, args[0].size / CEL_BYTES_WRITTEN)) return cel_out_of_budget(call);
  Str text = base64_encode(call->arena, value_text(&args[0]));
  return value_string(text);
}

static Value do_decode(CelCall *call, const Value *args, u32 count) {
  (void)count;
  Str bytes = STR_NONE;
  if (!cel_charge(call, args[0].size / CEL_BYTES_WRITTEN)) return cel_out_of_budget(call);
  if (!base64_decode(call->arena, value_text(&args[0]), &bytes))
    return cel_fault(call, "base64.decode(): this is not base64");
  return value_bytes(bytes);
}

static const CelFn ROWS[] = {
    {"base64.encode", "(bytes) -> string", do_encode, "Bytes as base64."},
    {"base64.decode", "(string) -> bytes", do_decode, "Bytes of base64, padded or not."},
};

const CelLibrary LIB_ENCODERS = {"encoders", ROWS, COUNT(ROWS)};

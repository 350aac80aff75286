/* json_path() and json_pointer(): for those who bring their paths from other tools. */
#include "lang/cel/library.h"
#include "lang/json_path.h"

static bool prepare_path(Arena *arena, const Value *constant, const void **out, Error *err) {
  const JsonPath *path = NULL;
  if (constant->kind != VALUE_STRING) return true;
  if (!json_path_compile(arena, value_text(constant), &path, err)) return error_prefix(err, "json_path(): ");
  *out = path;
  return true;
}

static Value do_json_path(CelCall *call, const Value *args, u32 count) {
  (void)count;
  const JsonPath *path = call->prepared;
  Error err = {0};
  Value out;
  if (!path && !json_path_compile(call->arena, value_text(&args[1]), &path, &err))
    return cel_fault(call, "json_path(): %s", err.message);
  if (json_path_find(path, call->arena, &args[0], &call->left, &out, &err)) return out;
  if (err.code == ERR_COST) return cel_out_of_budget(call);
  return cel_fault_code(call, err.code, str_copy(call->arena, str_from_c(err.message)));
}

static Value do_json_pointer(CelCall *call, const Value *args, u32 count) {
  (void)count;
  Str pointer = value_text(&args[1]);
  if (pointer.len && pointer.ptr[0] != '/')
    return cel_fault(call, "json_pointer(): a pointer is empty or begins with '/', as in \"/alerts/0/labels\"");
  if (!cel_charge(call, pointer.len)) return cel_out_of_budget(call);
  const Value *found = value_pointer(&args[0], pointer);
  if (found) return *found;
  return cel_fault_code(call, ERR_MISSING,
                        str_format(call->arena, "there is nothing at \"%.*s\"", STR_ARG(utf8_cut(pointer, 200))));
}

static const CelFn ROWS[] = {
    {"json_path", "(dyn, string) -> dyn", do_json_path,
     "What a JSONPath finds ($.a.b[0], [*], ..): a value, or with a star or two dots a list.", .cost = 4,
     .prepare = prepare_path},
    {"json_pointer", "(dyn, string) -> dyn", do_json_pointer, "The value at a JSON pointer (RFC 6901), such as /a/0/b.",
     .cost = 2},
};

const CelLibrary LIB_PATHS = {"payloads", ROWS, COUNT(ROWS)};

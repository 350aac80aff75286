/* Typed ids inside JSON. */
#include "core/setup/internal.h"

i64 setup_ref(const Value *value) {
  Str text = value_text_or(value, STR_NONE);
  size_t bar = str_find_char(text, '_', 0);
  if (bar == SIZE_MAX || bar > 15) return 0;
  char prefix[16] = {0};
  for (size_t i = 0; i < bar; i++) prefix[i] = text.ptr[i];
  i64 id = 0;
  return id_parse(prefix, text, &id) ? id : 0;
}

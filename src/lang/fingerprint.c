/* Prometheus' fingerprint of labels. The webhook's template and the Alertmanager API both use it for an alert's key. */
#include "lang/fingerprint.h"

#include <stdlib.h>

#include "lang/json.h"

typedef struct Label {
  Str name, text;
} Label;

static int compare_labels(const void *a, const void *b) {
  return str_compare(((const Label *)a)->name, ((const Label *)b)->name);
}

static u64 add(u64 hash, Str text) {
  for (size_t i = 0; i < text.len; i++) hash = (hash ^ (u8)text.ptr[i]) * 1099511628211ull;
  return (hash ^ 0xff) * 1099511628211ull;
}

static Str hex_of(Arena *arena, u64 hash) {
  u8 bytes[sizeof hash];
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (u8)(hash >> (56 - 8 * i));
  return hex_encode(arena, bytes, sizeof bytes);
}

/* Senders that are not Prometheus give numbers, too: two alerts that differ in one are two. */
static Str text_of(Arena *arena, const Value *value) {
  if (value->kind == VALUE_STRING) return value_text(value);
  return value->kind == VALUE_NULL ? STR_NONE : json_text(arena, value);
}

Str label_fingerprint(Arena *arena, const Value *labels) {
  Label *sorted = ARENA_ARRAY(arena, Label, labels->size + 1);
  size_t count = 0;
  bool in_order = true; /* as Prometheus sends them */
  u64 hash = 14695981039346656037ull;
  for (size_t i = 0; i < labels->size; i++) {
    const Member *m = &labels->members[i];
    if (m->key.kind != VALUE_STRING) continue;
    Label label = {value_text(&m->key), text_of(arena, &m->value)};
    if (label.text.len == 0) continue;
    in_order = in_order && (count == 0 || compare_labels(&sorted[count - 1], &label) <= 0);
    sorted[count++] = label;
  }
  if (count == 0) return S("");
  if (!in_order) qsort(sorted, count, sizeof(Label), compare_labels);
  for (size_t i = 0; i < count; i++) hash = add(add(hash, sorted[i].name), sorted[i].text);
  return hex_of(arena, hash);
}

/* Event: its words, and its form as a value, as preview shows it and overrides see it. One table says which member of
 * the struct has which name; event_pack.c walks it too. */
#include "catalog/event_parts.h"

static const char *const STATUS_NAMES[] = {
    [EVENT_TRIGGERED] = "triggered", [EVENT_ACKNOWLEDGED] = "acknowledged", [EVENT_RESOLVED] = "resolved"};

const EventLimits EVENT_LIMITS = {.key_bytes = EVENT_KEY_BYTES,
                                  .title_bytes = EVENT_TITLE_BYTES,
                                  .label_bytes = EVENT_LABEL_BYTES,
                                  .labels_max = EVENT_LABELS_MAX,
                                  .clock_tolerance_ms = 60000};

const char *event_status_name(EventStatus status) {
  ASSERT((size_t)status < COUNT(STATUS_NAMES));
  return STATUS_NAMES[status];
}

bool event_status_parse(Str text, EventStatus *out) {
  for (size_t i = 0; i < COUNT(STATUS_NAMES); i++)
    if (str_equal_c(text, STATUS_NAMES[i])) {
      *out = (EventStatus)i;
      return true;
    }
  return false;
}

#define PART(type, member)                                                                                             \
  { #member, type, offsetof(Event, member) }
/* Packed events name a part by its place: append, never reorder. */
const EventPart EVENT_PARTS[] = {
    PART(PART_KIND, kind),
    PART(PART_U32, element),
    PART(PART_STATUS, status),
    PART(PART_I32, priority),
    PART(PART_STR, source_priority),
    PART(PART_STR, dedup_key),
    PART(PART_STR, title),
    PART(PART_STR, description),
    PART(PART_STR, source),
    PART(PART_STR, service),
    PART(PART_I64, starts_ms),
    PART(PART_I64, ends_ms),
    PART(PART_I64, occurred_ms),
    PART(PART_I64, deadline_ms),
    PART(PART_VALUE, labels),
    PART(PART_VALUE, links),
    PART(PART_VALUE, images),
    PART(PART_BOOL, truncated),
    PART(PART_BOOL, quiet),
    PART(PART_STR, change_kind),
    PART(PART_STR, change_status),
    PART(PART_STR, environment),
    PART(PART_STR, revision),
    PART(PART_STR, author),
    PART(PART_STR, url),
    PART(PART_BOOL, own),
};
#undef PART
const size_t EVENT_PART_COUNT = COUNT(EVENT_PARTS);

static Value part_value(const EventPart *part, const Event *event) {
  const void *at = (const char *)event + part->offset;
  switch (part->type) {
  case PART_KIND: return value_c(*(const EventKind *)at == EVENT_ALERT ? "alert" : "change");
  case PART_STATUS: return value_c(event_status_name(*(const EventStatus *)at));
  case PART_U32: return value_int(*(const u32 *)at);
  case PART_I32: return value_int(*(const i32 *)at);
  case PART_I64: return value_int(*(const i64 *)at);
  case PART_BOOL: return value_bool(*(const bool *)at);
  case PART_STR: return ((const Str *)at)->len ? value_string(*(const Str *)at) : value_c("");
  case PART_VALUE: return *(const Value *)at;
  }
  return value_null();
}

/* What is empty is left out: most events have no change fields, and rows wait by the million. */
static bool is_empty(const Value *v) {
  switch (v->kind) {
  case VALUE_NULL: return true;
  case VALUE_INT: return v->i == 0;
  case VALUE_BOOL: return !v->b;
  case VALUE_STRING:
  case VALUE_LIST:
  case VALUE_MAP: return v->size == 0;
  default: return false;
  }
}

Value event_to_value(Arena *arena, const Event *event) {
  MapBuilder map = map_builder(arena);
  for (size_t i = 0; i < COUNT(EVENT_PARTS); i++) {
    Value v = part_value(&EVENT_PARTS[i], event);
    if (!is_empty(&v)) (void)map_put_c(&map, EVENT_PARTS[i].name, v);
  }
  return map_done(&map);
}

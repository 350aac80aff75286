/* Event: its words, and its form as a value, for rows that wait in the inbox. One table says which member of the struct
 * has which name; both directions walk it. */
#include "catalog/event.h"

static const char *const STATUS_NAMES[] = {
    [EVENT_TRIGGERED] = "triggered", [EVENT_ACKNOWLEDGED] = "acknowledged", [EVENT_RESOLVED] = "resolved"};

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

typedef enum PartType {
  PART_KIND,
  PART_STATUS,
  PART_U32,
  PART_I32,
  PART_I64,
  PART_BOOL,
  PART_STR,
  PART_VALUE
} PartType;

typedef struct Part {
  const char *name;
  PartType type;
  size_t offset;
} Part;

#define PART(type, member)                                                                                             \
  { #member, type, offsetof(Event, member) }
static const Part PARTS[] = {
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

static Value part_value(const Part *part, const Event *event) {
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
  for (size_t i = 0; i < COUNT(PARTS); i++) {
    Value v = part_value(&PARTS[i], event);
    if (!is_empty(&v)) (void)map_put_c(&map, PARTS[i].name, v);
  }
  return map_done(&map);
}

static bool read_number(const Part *part, const Value *v, void *at) {
  if (v->kind != VALUE_INT) return false;
  switch (part->type) {
  case PART_U32:
    if (v->i < 0 || v->i > UINT32_MAX) return false;
    *(u32 *)at = (u32)v->i;
    return true;
  case PART_I32:
    if (v->i < INT32_MIN || v->i > INT32_MAX) return false;
    *(i32 *)at = (i32)v->i;
    return true;
  default: *(i64 *)at = v->i; return true;
  }
}

static bool read_part(const Part *part, const Value *v, Event *event) {
  void *at = (char *)event + part->offset;
  Str text = value_text_or(v, STR_NONE);
  switch (part->type) {
  case PART_KIND:
    *(EventKind *)at = str_equal(text, S("change")) ? EVENT_CHANGE : EVENT_ALERT;
    return str_equal(text, S("alert")) || str_equal(text, S("change"));
  case PART_STATUS: return event_status_parse(text, (EventStatus *)at);
  case PART_U32:
  case PART_I32:
  case PART_I64: return read_number(part, v, at);
  case PART_BOOL: *(bool *)at = value_bool_or(v, false); return v->kind == VALUE_BOOL;
  case PART_STR: *(Str *)at = text; return v->kind == VALUE_STRING;
  case PART_VALUE: *(Value *)at = *v; return v->kind == VALUE_MAP || v->kind == VALUE_LIST;
  }
  return false;
}

bool event_from_value(Arena *arena, const Value *value, Event *out, Error *err) {
  if (!value_is(value, VALUE_MAP)) return fail(err, ERR_INTERNAL, "a stored event is not a map");
  Value copy = value_copy(arena, value);
  Event event = {.labels = {.kind = VALUE_MAP}};
  for (size_t i = 0; i < COUNT(PARTS); i++) {
    const Value *v = value_get_c(&copy, PARTS[i].name);
    if (v && !read_part(&PARTS[i], v, &event))
      return fail(err, ERR_INTERNAL, "a stored event's \"%s\" is a %s that it cannot be", PARTS[i].name,
                  value_kind_name((ValueKind)v->kind));
  }
  *out = event;
  return true;
}

/* Events as bytes, for rows that wait in the inbox: a version, a count, then each event as (place of the part + 1, its
 * value)… and a 0. Empty parts are left out. What comes back points into the bytes. */
#include "catalog/event_parts.h"
#include "lang/value_pack.h"

enum { EVENTS_VERSION = 1, EVENT_BYTES_MIN = 1 };

static bool part_is_empty(const EventPart *part, const void *at) {
  switch (part->type) {
  case PART_KIND: return *(const EventKind *)at == EVENT_ALERT;
  case PART_STATUS: return *(const EventStatus *)at == EVENT_TRIGGERED;
  case PART_U32: return *(const u32 *)at == 0;
  case PART_I32: return *(const i32 *)at == 0;
  case PART_I64: return *(const i64 *)at == 0;
  case PART_BOOL: return !*(const bool *)at;
  case PART_STR: return ((const Str *)at)->len == 0;
  case PART_VALUE: return ((const Value *)at)->kind == VALUE_NULL || ((const Value *)at)->size == 0;
  }
  return true;
}

static void pack_part(Buf *buf, const EventPart *part, const void *at) {
  switch (part->type) {
  case PART_KIND: pack_u64(buf, *(const EventKind *)at); return;
  case PART_STATUS: pack_u64(buf, *(const EventStatus *)at); return;
  case PART_U32: pack_u64(buf, *(const u32 *)at); return;
  case PART_I32: pack_i64(buf, *(const i32 *)at); return;
  case PART_I64: pack_i64(buf, *(const i64 *)at); return;
  case PART_BOOL: return; /* there: true */
  case PART_STR: pack_str(buf, *(const Str *)at); return;
  case PART_VALUE: pack_value(buf, at); return;
  }
}

Str events_pack(Arena *arena, const Event *events, size_t count) {
  Buf buf = buf_new(arena, MIB(512));
  buf_putc(&buf, EVENTS_VERSION);
  pack_u64(&buf, count);
  for (size_t i = 0; i < count; i++) {
    for (size_t k = 0; k < EVENT_PART_COUNT; k++) {
      const void *at = (const char *)&events[i] + EVENT_PARTS[k].offset;
      if (part_is_empty(&EVENT_PARTS[k], at)) continue;
      buf_putc(&buf, (char)(k + 1));
      pack_part(&buf, &EVENT_PARTS[k], at);
    }
    buf_putc(&buf, 0);
  }
  ASSERT(!buf.overflow); /* a request's events are bounded by its body */
  return buf_str(&buf);
}

static bool unpack_number(const EventPart *part, Str *rest, void *at) {
  u64 number = 0;
  if (!unpack_u64(rest, &number)) return false;
  switch (part->type) {
  case PART_KIND: *(EventKind *)at = (EventKind)number; return number <= EVENT_CHANGE;
  case PART_STATUS: *(EventStatus *)at = (EventStatus)number; return number <= EVENT_RESOLVED;
  default: *(u32 *)at = (u32)number; return number <= UINT32_MAX;
  }
}

static bool unpack_part(Arena *arena, const EventPart *part, Str *rest, void *at) {
  i64 number = 0;
  switch (part->type) {
  case PART_KIND:
  case PART_STATUS:
  case PART_U32: return unpack_number(part, rest, at);
  case PART_I32:
    if (!unpack_i64(rest, &number) || number < INT32_MIN || number > INT32_MAX) return false;
    *(i32 *)at = (i32)number;
    return true;
  case PART_I64: return unpack_i64(rest, at);
  case PART_BOOL: return *(bool *)at = true;
  case PART_STR: return unpack_str(rest, at);
  case PART_VALUE: {
    Value value;
    if (!unpack_value(arena, rest, &value) || (value.kind != VALUE_MAP && value.kind != VALUE_LIST)) return false;
    *(Value *)at = value;
    return true;
  }
  }
  return false;
}

static bool unpack_event(Arena *arena, Str *rest, Event *out, Error *err) {
  *out = (Event){.labels = {.kind = VALUE_MAP}};
  while (rest->len) {
    size_t place = (u8)rest->ptr[0];
    *rest = str_slice(*rest, 1, rest->len);
    if (place == 0) return true;
    if (place > EVENT_PART_COUNT)
      return fail(err, ERR_INTERNAL, "a stored event has a part %zu, which is unknown", place);
    const EventPart *part = &EVENT_PARTS[place - 1];
    if (!unpack_part(arena, part, rest, (char *)out + part->offset))
      return fail(err, ERR_INTERNAL, "a stored event's \"%s\" cannot be read", part->name);
  }
  return fail(err, ERR_INTERNAL, "a stored event is cut off");
}

bool events_unpack(Arena *arena, Str bytes, Event **out, size_t *out_count, Error *err) {
  u64 count = 0;
  if (bytes.len == 0 || bytes.ptr[0] != EVENTS_VERSION)
    return fail(err, ERR_INTERNAL, "stored events begin with an unknown version");
  Str rest = str_slice(bytes, 1, bytes.len);
  if (!unpack_u64(&rest, &count) || count > rest.len / EVENT_BYTES_MIN)
    return fail(err, ERR_INTERNAL, "stored events have a count that cannot be");
  Event *events = ARENA_ARRAY(arena, Event, count + 1);
  for (u64 i = 0; i < count; i++)
    if (!unpack_event(arena, &rest, &events[i], err)) return false;
  if (rest.len) return fail(err, ERR_INTERNAL, "stored events are followed by %zu bytes too many", rest.len);
  *out = events;
  *out_count = (size_t)count;
  return true;
}

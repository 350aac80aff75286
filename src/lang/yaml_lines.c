/* Lines by pointer: walks the events of libyaml down the pointer's steps and skips the rest. Depth is bounded by the
 * pointer, skipping by a counter. */
#include "lang/yaml_lines.h"

#include <yaml.h>

typedef struct Walk {
  Arena *arena;
  yaml_parser_t parser;
  u32 line;  /* of the deepest step found */
  bool over; /* found, or the text ended */
} Walk;

static void event_done(yaml_event_t *event) {
  yaml_event_delete(event);
}

static bool next(Walk *w, yaml_event_t *out) {
  if (!w->over && yaml_parser_parse(&w->parser, out) && out->type != YAML_STREAM_END_EVENT) return true;
  w->over = true;
  return false;
}

static bool opens(yaml_event_type_t type) {
  return type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;
}
static bool closes(yaml_event_type_t type) {
  return type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT;
}

/* The rest of a value of which `first` was read. */
static void skip(Walk *w, yaml_event_type_t first) {
  size_t depth = opens(first);
  while (depth > 0) {
    yaml_event_t event = {0};
    if (!next(w, &event)) return;
    depth += opens(event.type);
    depth -= closes(event.type);
    event_done(&event);
  }
}

/* "a~1b" is a/b. */
static Str unescaped(Arena *arena, Str step) {
  Buf out = buf_new(arena, step.len + 1);
  for (size_t i = 0; i < step.len; i++) {
    char c = step.ptr[i], n = i + 1 < step.len ? step.ptr[i + 1] : '\0';
    bool escape = c == '~' && (n == '0' || n == '1');
    buf_putc(&out, escape ? (n == '0' ? '~' : '/') : c);
    i += escape;
  }
  return buf_str(&out);
}

static void descend(Walk *w, yaml_event_type_t type, Str pointer);

static void down_value(Walk *w, bool mine, Str rest) {
  yaml_event_t event = {0};
  if (!next(w, &event)) return;
  yaml_event_type_t type = event.type;
  event_done(&event);
  if (mine)
    descend(w, type, rest);
  else
    skip(w, type);
}

static void down_map(Walk *w, Str step, Str rest) {
  for (;;) {
    yaml_event_t key = {0};
    if (!next(w, &key)) return;
    yaml_event_type_t type = key.type;
    u32 line = (u32)key.start_mark.line + 1;
    Str name =
        type == YAML_SCALAR_EVENT ? (Str){(const char *)key.data.scalar.value, key.data.scalar.length} : STR_NONE;
    bool mine = type == YAML_SCALAR_EVENT && str_equal(name, step);
    event_done(&key);
    if (closes(type)) return;
    skip(w, type);
    if (mine) w->line = line;
    down_value(w, mine, rest);
    if (mine) w->over = true;
    if (w->over) return;
  }
}

static void down_list(Walk *w, Str step, Str rest) {
  u64 wanted = 0;
  if (!str_to_u64(step, UINT32_MAX, &wanted)) wanted = UINT64_MAX;
  for (u64 i = 0;; i++) {
    yaml_event_t event = {0};
    if (!next(w, &event)) return;
    yaml_event_type_t type = event.type;
    u32 line = (u32)event.start_mark.line + 1;
    event_done(&event);
    if (closes(type)) return;
    if (i != wanted) {
      skip(w, type);
      continue;
    }
    w->line = line;
    descend(w, type, rest);
    w->over = true;
    return;
  }
}

/* A value begins: `type` was read. Deepest first found ends the walk. */
static void descend(Walk *w, yaml_event_type_t type, Str pointer) {
  if (pointer.len < 2 || pointer.ptr[0] != '/' || !opens(type)) {
    w->over = true;
    return;
  }
  Str step, rest;
  bool more = str_cut(str_slice(pointer, 1, pointer.len), '/', &step, &rest);
  rest = more ? str_format(w->arena, "/%.*s", STR_ARG(rest)) : STR_NONE;
  step = unescaped(w->arena, step);
  if (type == YAML_MAPPING_START_EVENT)
    down_map(w, step, rest);
  else
    down_list(w, step, rest);
}

u32 yaml_line_of(Arena *arena, Str text, Str pointer) {
  Walk w = {.arena = arena};
  if (!yaml_parser_initialize(&w.parser)) return 0;
  yaml_parser_set_input_string(&w.parser, (const unsigned char *)(text.len ? text.ptr : ""), text.len);
  while (!w.over) {
    yaml_event_t event = {0};
    if (!next(&w, &event)) break;
    yaml_event_type_t type = event.type;
    u32 line = (u32)event.start_mark.line + 1;
    event_done(&event);
    if (type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_START_EVENT) continue;
    w.line = line;
    descend(&w, type, pointer);
    break;
  }
  yaml_parser_delete(&w.parser);
  return w.line;
}

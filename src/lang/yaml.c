/* YAML in: libyaml's events become values. Depth, size, and what aliases repeat are limited, so that neither reading
 * nor walking the result can cost more than the text suggests. Keys are strings, as they are written. */
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "lang/yaml.h"
#include "lang/yaml_scalar.h"

enum {
  TEXT_BYTES_MAX = 1024 * 1024,
  DEPTH_MAX = 64,
  ANCHORS_MAX = 100,
  REPEATED_BYTES_MAX = 1024 * 1024, /* by all aliases together */
};

/* A value and what it costs to repeat it. */
typedef struct Node {
  Value value;
  size_t bytes;
  u32 height; /* 0 for a scalar */
} Node;

typedef struct Anchor {
  Str name;
  Node node;
} Anchor;

typedef struct Reader {
  yaml_parser_t parser;
  Str text;
  Arena *arena;
  Error *err;
  Anchor anchors[ANCHORS_MAX];
  size_t anchor_count, repeated_bytes;
} Reader;

typedef VEC(Member) MemberVec;

/* Errors ---------------------------------------------------------------------------------------------------------- */

static bool fail_mark(Reader *r, yaml_mark_t mark, const char *what) {
  u32 line = (u32)mark.line + 1, column = (u32)mark.column + 1;
  fail(r->err, ERR_INVALID, "line %u, column %u: %s", line, column, what);
  if (r->err) r->err->line = line, r->err->column = column;
  return false;
}

/* libyaml says "found character that cannot start any token"; people ask which, and why. */
static const char *hint_for(const Reader *r, yaml_mark_t mark) {
  switch (mark.index < r->text.len ? r->text.ptr[mark.index] : '\0') {
  case '\t': return "; a tab cannot indent, use spaces";
  case '@':
  case '`': return "; quote text that begins with @ or `";
  case '%': return "; quote text that begins with %";
  case '*':
  case '&': return "; quote text that begins with * or &";
  default: return "";
  }
}

static bool fail_syntax(Reader *r) {
  const yaml_parser_t *p = &r->parser;
  const char *problem = p->problem ? p->problem : "this is not YAML";
  char what[400];
  if (p->error == YAML_READER_ERROR) {
    snprintf(what, sizeof what, "%s, at byte %zu of the text", problem, p->problem_offset);
    return fail(r->err, ERR_INVALID, "%s", what);
  }
  if (p->context)
    snprintf(what, sizeof what, "%s, %s that begins in line %zu%s", problem, p->context, p->context_mark.line + 1,
             hint_for(r, p->problem_mark));
  else
    snprintf(what, sizeof what, "%s%s", problem, hint_for(r, p->problem_mark));
  return fail_mark(r, p->problem_mark, what);
}

static bool next_event(Reader *r, yaml_event_t *out) {
  return yaml_parser_parse(&r->parser, out) || fail_syntax(r);
}

/* Anchors --------------------------------------------------------------------------------------------------------- */

static bool anchor_add(Reader *r, yaml_mark_t mark, Str name, const Node *node) {
  if (name.len == 0) return true;
  if (r->anchor_count == ANCHORS_MAX) return fail_mark(r, mark, "more than 100 anchors; write the values out");
  r->anchors[r->anchor_count++] = (Anchor){name, *node};
  return true;
}

/* An anchor is known once its value has ended, so no value contains itself; the latest of a name counts. */
static bool read_alias(Reader *r, yaml_mark_t mark, Str name, u32 depth, Node *out) {
  char what[200];
  size_t i = r->anchor_count;
  while (i > 0 && !str_equal(r->anchors[i - 1].name, name)) i--;
  if (i == 0) {
    snprintf(what, sizeof what, "*%.*s has no anchor &%.*s before it", STR_ARG(utf8_cut(name, 60)),
             STR_ARG(utf8_cut(name, 60)));
    return fail_mark(r, mark, what);
  }
  *out = r->anchors[i - 1].node;
  r->repeated_bytes += out->bytes;
  if (r->repeated_bytes > REPEATED_BYTES_MAX)
    return fail_mark(r, mark, "aliases repeat more than 1 MiB; write less, or without aliases");
  return depth + out->height < DEPTH_MAX || fail_mark(r, mark, "lists and maps are nested deeper than 64");
}

/* Nodes ----------------------------------------------------------------------------------------------------------- */

static bool read_node(Reader *r, const yaml_event_t *event, u32 depth, Node *out);

static bool refuse_tag(Reader *r, const yaml_event_t *event, const yaml_char_t *tag) {
  if (!tag || strcmp((const char *)tag, "!") == 0) return true;
  return fail_mark(r, event->start_mark, "tags (!) are not understood; write the value without one");
}

static bool read_scalar(Reader *r, const yaml_event_t *event, Node *out) {
  if (!refuse_tag(r, event, event->data.scalar.tag)) return false;
  Str text = {(const char *)event->data.scalar.value, event->data.scalar.length};
  text = str_copy(r->arena, text);
  bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !event->data.scalar.tag;
  out->value = plain ? yaml_resolve(r->arena, text) : value_string(text);
  out->bytes = sizeof(Value) + text.len;
  return true;
}

static void contain(Node *outer, const Node *inner) {
  outer->bytes += inner->bytes;
  outer->height = MAX(outer->height, inner->height + 1);
}

static bool read_list(Reader *r, const yaml_event_t *start, u32 depth, Node *out) {
  ValueVec items = {0};
  if (!refuse_tag(r, start, start->data.sequence_start.tag)) return false;
  *out = (Node){.bytes = sizeof(Value), .height = 1};
  for (;;) {
    CLEANUP(yaml_event_delete) yaml_event_t event;
    if (!next_event(r, &event)) return false;
    if (event.type == YAML_SEQUENCE_END_EVENT) break;
    Node item = {0};
    if (!read_node(r, &event, depth + 1, &item)) return false;
    contain(out, &item);
    *VEC_PUSH(r->arena, &items) = item.value;
  }
  out->value = list_done(&items);
  return true;
}

static bool read_key(Reader *r, const yaml_event_t *event, Node *out) {
  if (event->type != YAML_SCALAR_EVENT) return fail_mark(r, event->start_mark, "expected a key that is a text");
  if (!refuse_tag(r, event, event->data.scalar.tag)) return false;
  Str text = str_copy(r->arena, (Str){(const char *)event->data.scalar.value, event->data.scalar.length});
  if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && str_equal(text, S("<<")))
    return fail_mark(r, event->start_mark, "merge keys (<<) are not understood; write the members out");
  *out = (Node){.value = value_string(text), .bytes = sizeof(Value) + text.len};
  Str anchor = str_copy(r->arena, str_from_c((const char *)event->data.scalar.anchor));
  return anchor_add(r, event->start_mark, anchor, out);
}

static bool read_member(Reader *r, const yaml_event_t *key_event, u32 depth, MapBuilder *map, Node *outer) {
  CLEANUP(yaml_event_delete) yaml_event_t event;
  memset(&event, 0, sizeof event);
  Node key = {0}, value = {0};
  if (!read_key(r, key_event, &key)) return false;
  if (!next_event(r, &event) || !read_node(r, &event, depth + 1, &value)) return false;
  contain(outer, &key);
  contain(outer, &value);
  if (!map_put_value(map, key.value, value.value)) return true;
  char what[200];
  snprintf(what, sizeof what, "the key \"%.*s\" is there twice", STR_ARG(utf8_cut(value_text(&key.value), 100)));
  return fail_mark(r, key_event->start_mark, what);
}

static bool read_map(Reader *r, const yaml_event_t *start, u32 depth, Node *out) {
  MapBuilder map = map_builder(r->arena);
  if (!refuse_tag(r, start, start->data.mapping_start.tag)) return false;
  *out = (Node){.bytes = sizeof(Value), .height = 1};
  for (;;) {
    CLEANUP(yaml_event_delete) yaml_event_t event;
    if (!next_event(r, &event)) return false;
    if (event.type == YAML_MAPPING_END_EVENT) break;
    if (!read_member(r, &event, depth, &map, out)) return false;
  }
  out->value = map_done(&map);
  return true;
}

static Str anchor_of(Reader *r, const yaml_event_t *event) {
  const yaml_char_t *name = NULL;
  if (event->type == YAML_SCALAR_EVENT) name = event->data.scalar.anchor;
  if (event->type == YAML_SEQUENCE_START_EVENT) name = event->data.sequence_start.anchor;
  if (event->type == YAML_MAPPING_START_EVENT) name = event->data.mapping_start.anchor;
  return name ? str_copy(r->arena, str_from_c((const char *)name)) : STR_NONE;
}

/* Recursive; as deep as `depth`, which ends at DEPTH_MAX. */
static bool read_node(Reader *r, const yaml_event_t *event, u32 depth, Node *out) {
  if (event->type == YAML_ALIAS_EVENT)
    return read_alias(r, event->start_mark, str_from_c((const char *)event->data.alias.anchor), depth, out);
  bool scalar = event->type == YAML_SCALAR_EVENT;
  if (!scalar && depth >= DEPTH_MAX) return fail_mark(r, event->start_mark, "lists and maps are nested deeper than 64");
  bool good = scalar                                     ? read_scalar(r, event, out)
              : event->type == YAML_SEQUENCE_START_EVENT ? read_list(r, event, depth, out)
                                                         : read_map(r, event, depth, out);
  return good && anchor_add(r, event->start_mark, anchor_of(r, event), out);
}

/* Documents ------------------------------------------------------------------------------------------------------- */

/* Stream start, then a document (none is null), then nothing but the end. */
static bool read_stream(Reader *r, Value *out) {
  Node root = {0};
  bool had_document = false;
  for (;;) {
    CLEANUP(yaml_event_delete) yaml_event_t event;
    if (!next_event(r, &event)) return false;
    switch (event.type) {
    case YAML_STREAM_END_EVENT: *out = root.value; return true;
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT: break;
    case YAML_DOCUMENT_START_EVENT:
      if (had_document) return fail_mark(r, event.start_mark, "a second document begins here; one is expected");
      had_document = true;
      break;
    default:
      if (!read_node(r, &event, 0, &root)) return false;
    }
  }
}

bool yaml_parse(Arena *arena, Str text, Value *out, Error *err) {
  if (text.len > TEXT_BYTES_MAX)
    return fail(err, ERR_TOO_LARGE, "a YAML text has at most 1 MiB, this one %zu bytes", text.len);
  Reader r = {.text = text, .arena = arena, .err = err};
  if (!yaml_parser_initialize(&r.parser)) return fail(err, ERR_INTERNAL, "no memory for a YAML parser");
  yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.len ? text.ptr : ""), text.len);
  bool good = read_stream(&r, out);
  yaml_parser_delete(&r.parser);
  return good;
}

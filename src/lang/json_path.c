/* JSONPath: a list of steps, walked depth first. A step with `deep` is tried at a value and at everything below it, the
 * value before its children, as RFC 9535 orders them. Recursion is bounded by the path's steps and the value's depth.
 */
#include "lang/json_path.h"

#include <stdio.h>
#include <string.h>

typedef enum StepKind { STEP_NAME, STEP_INDEX, STEP_ALL } StepKind;

typedef struct Step {
  StepKind kind;
  bool deep;
  Str name;
  i64 index; /* from the end when negative */
} Step;

struct JsonPath {
  Step steps[JSON_PATH_STEPS_MAX];
  size_t count;
  bool definite;
};

/* Reading --------------------------------------------------------------------------------------------------------- */

typedef struct PathReader {
  Arena *arena;
  Str text;
  size_t at;
  Error *err;
} PathReader;

static char peek(const PathReader *r) {
  return r->at < r->text.len ? r->text.ptr[r->at] : 0;
}

static bool path_fails(const PathReader *r, const char *expected) {
  u32 column = (u32)utf8_count(str_slice(r->text, 0, r->at)) + 1;
  size_t end = r->at;
  if (end < r->text.len) (void)utf8_next(r->text, &end);
  Str met = str_slice(r->text, r->at, end);
  if (met.len)
    (void)fail(r->err, ERR_INVALID, "%s, met '%.*s' at character %u of the path", expected, STR_ARG(met), column);
  else
    (void)fail(r->err, ERR_INVALID, "%s, met the end of the path", expected);
  if (!r->err) return false;
  r->err->line = 1;
  r->err->column = column;
  (void)snprintf(r->err->detail, sizeof r->err->detail, "%.*s\n%*s^", STR_ARG(utf8_cut(r->text, 400)), (int)column - 1,
                 "");
  return false;
}

static bool is_name_byte(char c, bool first) {
  bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (u8)c >= 0x80;
  return letter || (!first && ((c >= '0' && c <= '9') || c == '-' || c == '@' || c == '/' || c == ':'));
}

static bool read_name(PathReader *r, Step *step) {
  size_t from = r->at;
  while (is_name_byte(peek(r), r->at == from)) r->at++;
  if (r->at == from) return path_fails(r, "expected a name or '*'");
  step->kind = STEP_NAME;
  step->name = str_slice(r->text, from, r->at);
  return true;
}

/* 'a.b' or "a.b"; a backslash keeps the character behind it. */
static bool read_quoted(PathReader *r, Step *step) {
  char quote = peek(r);
  size_t from = r->at++;
  Buf name = buf_new(r->arena, r->text.len);
  for (; r->at < r->text.len && peek(r) != quote; r->at++) {
    if (peek(r) == '\\') r->at++;
    if (r->at < r->text.len) buf_putc(&name, peek(r));
  }
  if (r->at >= r->text.len) {
    r->at = from;
    return path_fails(r, "this quote has no end");
  }
  r->at++;
  step->kind = STEP_NAME;
  step->name = name.len ? buf_str(&name) : S("");
  return true;
}

static bool read_index(PathReader *r, Step *step) {
  size_t from = r->at;
  if (peek(r) == '-') r->at++;
  while (peek(r) >= '0' && peek(r) <= '9') r->at++;
  Str digits = str_slice(r->text, from, r->at);
  step->kind = STEP_INDEX;
  if (str_to_i64(digits, INT32_MIN, INT32_MAX, &step->index)) return true;
  r->at = from;
  return path_fails(r, "expected a name in quotes, a number or '*'");
}

static bool read_bracket(PathReader *r, Step *step) {
  r->at++;
  while (peek(r) == ' ') r->at++;
  if (peek(r) == '?' || peek(r) == '(')
    return path_fails(r, "filters are not part of this; write it in CEL, as list.filter(x, condition)");
  if (peek(r) == '*') {
    r->at++;
    step->kind = STEP_ALL;
  } else if (!(peek(r) == '\'' || peek(r) == '"' ? read_quoted(r, step) : read_index(r, step))) {
    return false;
  }
  while (peek(r) == ' ') r->at++;
  if (peek(r) != ']') return path_fails(r, "expected ']' (slices and lists of names are not part of this)");
  r->at++;
  return true;
}

static bool read_step(PathReader *r, Step *step) {
  if (peek(r) == '.') {
    r->at++;
    if (peek(r) == '.') {
      r->at++;
      step->deep = true;
    }
    if (peek(r) == '*') {
      r->at++;
      step->kind = STEP_ALL;
      return true;
    }
    if (!(step->deep && peek(r) == '[')) return read_name(r, step);
  }
  if (peek(r) != '[') return path_fails(r, "expected '.' or '['");
  return read_bracket(r, step);
}

bool json_path_compile(Arena *arena, Str source, const JsonPath **out, Error *err) {
  if (source.len > JSON_PATH_BYTES_MAX)
    return fail(err, ERR_INVALID, "a path has at most %d bytes, this one %zu", JSON_PATH_BYTES_MAX, source.len);
  if (!utf8_valid(source)) return fail(err, ERR_INVALID, "the path is not valid UTF-8");
  PathReader r = {.arena = arena, .text = str_copy(arena, source), .err = err};
  JsonPath *path = ARENA_NEW(arena, JsonPath);
  path->definite = true;
  if (peek(&r) != '$') return path_fails(&r, "a path begins with '$'");
  r.at++;
  while (r.at < r.text.len) {
    if (path->count == JSON_PATH_STEPS_MAX) return path_fails(&r, "a path has at most 64 steps");
    Step *step = &path->steps[path->count++];
    if (!read_step(&r, step)) return false;
    if (step->deep || step->kind == STEP_ALL) path->definite = false;
  }
  *out = path;
  return true;
}

bool json_path_definite(const JsonPath *path) {
  return path->definite;
}

/* Walking --------------------------------------------------------------------------------------------------------- */

typedef struct PathWalk {
  const JsonPath *path;
  Arena *arena;
  ValueVec found;
  i64 *steps_left;
} PathWalk;

static bool walk(PathWalk *w, size_t at, const Value *v);

static const Value *child(const Value *v, u32 i) {
  return v->kind == VALUE_LIST ? &v->items[i] : &v->members[i].value;
}

static bool has_children(const Value *v) {
  return v->kind == VALUE_LIST || v->kind == VALUE_MAP;
}

static bool walk_all(PathWalk *w, size_t at, const Value *v) {
  bool ok = true;
  for (u32 i = 0; ok && has_children(v) && i < v->size; i++) ok = walk(w, at, child(v, i));
  return ok;
}

/* What the step names directly below `v`. */
static bool walk_step(PathWalk *w, size_t at, const Value *v) {
  const Step *step = &w->path->steps[at];
  if (step->kind == STEP_ALL) return walk_all(w, at + 1, v);
  if (step->kind == STEP_NAME) {
    const Value *named = value_get(v, step->name);
    return !named || walk(w, at + 1, named);
  }
  if (v->kind != VALUE_LIST) return true;
  i64 index = step->index < 0 ? (i64)v->size + step->index : step->index;
  return index < 0 || index >= (i64)v->size || walk(w, at + 1, &v->items[index]);
}

static bool walk(PathWalk *w, size_t at, const Value *v) {
  if (--*w->steps_left < 0) return false;
  if (at == w->path->count) {
    *VEC_PUSH(w->arena, &w->found) = *v;
    return true;
  }
  return walk_step(w, at, v) && (!w->path->steps[at].deep || walk_all(w, at, v));
}

/* The step of a definite path at which nothing was there, for the message. */
static bool path_missing(const JsonPath *path, const Value *root, Error *err) {
  for (size_t i = 0; i < path->count && root; i++) {
    const Step *step = &path->steps[i];
    if (step->kind == STEP_NAME) {
      const Value *named = value_get(root, step->name);
      if (!named) return fail(err, ERR_MISSING, "there is no field \"%.*s\"", STR_ARG(step->name));
      root = named;
    } else {
      u32 size = root->kind == VALUE_LIST ? root->size : 0;
      i64 index = step->index < 0 ? (i64)size + step->index : step->index;
      if (index < 0 || index >= (i64)size)
        return fail(err, ERR_MISSING, "there is no element %lld; the list has %u", (long long)step->index, size);
      root = &root->items[index];
    }
  }
  return fail(err, ERR_MISSING, "the path leads nowhere");
}

bool json_path_find(const JsonPath *path, Arena *arena, const Value *root, i64 *steps_left, Value *out, Error *err) {
  PathWalk w = {.path = path, .arena = arena, .steps_left = steps_left};
  if (!walk(&w, 0, root)) return fail(err, ERR_COST, "the path looks at too many values");
  if (!path->definite) {
    *out = list_done(&w.found);
    return true;
  }
  if (w.found.count == 0) return path_missing(path, root, err);
  *out = w.found.items[0];
  return true;
}

/* JSON's structure, without recursion. Finished values wait on a stack; when a list or object closes, its part of the
 * stack is copied to the arena at once, so an arena allocation is made per list and object, never per value. Objects
 * leave through map_of, which drops duplicates and builds the index of large ones. */
#include <stdio.h>
#include <stdlib.h>

#include "lang/json_parser.h"

enum { DEPTH_DEFAULT = 64, STACK_FIRST = 256 };

typedef struct Frame {
  size_t base; /* of its values on the stack */
  bool map;
} Frame;

typedef struct Parser {
  JsonParser token; /* the cursor */
  u32 depth, depth_max;
  Duplicates duplicates;
  Value *stack; /* `first`, or on the heap once that is full; a map's keys and values take turns */
  size_t count, capacity;
  Value first[STACK_FIRST];
  Frame frames[VALUE_DEPTH_MAX];
} Parser;

/* Errors ---------------------------------------------------------------------------------------------------------- */

static void place_of(const JsonParser *p, const char *at, u32 *out_line, u32 *out_column) {
  u32 line = 1;
  const char *start = p->begin;
  for (const char *c = p->begin; c < at; c++)
    if (*c == '\n') line++, start = c + 1;
  *out_line = line;
  *out_column = (u32)utf8_count((Str){start, (size_t)(at - start)}) + 1;
}

static bool fail_place(JsonParser *p, const char *at, const char *what, const char *met) {
  u32 line, column;
  place_of(p, at, &line, &column);
  fail(p->err, ERR_INVALID, "line %u, column %u: %s%s", line, column, what, met);
  if (p->err) p->err->line = line, p->err->column = column;
  return false;
}

bool json_fail_plain(JsonParser *p, const char *at, const char *what) {
  return fail_place(p, at, what, "");
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* What stands at `at`, for people: a word, a character, or its number when it cannot be shown. */
static Str met_name(const JsonParser *p, const char *at, char *out, size_t bytes) {
  Str rest = {at, (size_t)(p->end - at)};
  size_t word = 0, pos = 0;
  while (word < rest.len && word < 20 && is_letter(rest.ptr[word])) word++;
  i32 point = rest.len ? utf8_next(rest, &pos) : 0;
  int len;
  if (rest.len == 0)
    len = snprintf(out, bytes, "the end of the text");
  else if (word > 1)
    len = snprintf(out, bytes, "\"%.*s\"", (int)word, at);
  else if (point < 0)
    len = snprintf(out, bytes, "the byte 0x%02X", (u8)*at);
  else if (point == '\n' || point == '\r')
    len = snprintf(out, bytes, "a line break");
  else if (point == '\t')
    len = snprintf(out, bytes, "a tab");
  else if (point == 0xfeff)
    len = snprintf(out, bytes, "a byte order mark (U+FEFF)");
  else if (point < 0x20 || (point >= 0x7f && point < 0xa0))
    len = snprintf(out, bytes, "the character U+%04X", (u32)point);
  else
    len = snprintf(out, bytes, "'%.*s'", (int)pos, at);
  return (Str){out, (size_t)len};
}

bool json_fail(JsonParser *p, const char *at, const char *expected) {
  char met[64] = ", met ";
  met_name(p, at, met + 6, sizeof met - 6);
  return fail_place(p, at, expected, met);
}

/* The stack ------------------------------------------------------------------------------------------------------- */

/* The ceiling is the text: every value takes a byte of it. */
static void grow(Parser *p) {
  Value *old = p->stack == p->first ? NULL : p->stack;
  size_t capacity = p->capacity * 2;
  p->stack = xrealloc(old, capacity * sizeof(Value));
  if (!old) memcpy(p->stack, p->first, p->count * sizeof(Value));
  p->capacity = capacity;
}

static inline Value *push(Parser *p) {
  if (p->count == p->capacity) grow(p);
  return &p->stack[p->count++];
}

static bool open_frame(Parser *p, bool map) {
  if (p->depth == p->depth_max) {
    char what[80];
    snprintf(what, sizeof what, "lists and objects are nested deeper than %u", p->depth_max);
    return json_fail_plain(&p->token, p->token.at, what);
  }
  p->frames[p->depth++] = (Frame){.base = p->count, .map = map};
  p->token.at++;
  return true;
}

/* The open list or object becomes one value. */
static void close_frame(Parser *p) {
  const Frame *frame = &p->frames[--p->depth];
  Value *values = p->stack + frame->base;
  size_t count = p->count - frame->base;
  Value made = frame->map ? map_of(p->token.arena, (Member *)(void *)values, count / 2, &p->duplicates)
                          : list_of(p->token.arena, values, count);
  p->token.at++;
  p->count = frame->base;
  *push(p) = made;
}

/* The grammar ----------------------------------------------------------------------------------------------------- */

typedef enum Next { NEXT_FAILED, NEXT_VALUE, NEXT_DONE } Next; /* what is due */

static inline void skip_space(JsonParser *t) {
  while (t->at < t->end && (u8)*t->at <= ' ' && (*t->at == ' ' || *t->at == '\n' || *t->at == '\r' || *t->at == '\t'))
    t->at++;
}

/* 0 at the end: no token begins with NUL. */
static inline char peek(JsonParser *t) {
  skip_space(t);
  return t->at < t->end ? *t->at : '\0';
}

static Next read_key(Parser *p) {
  JsonParser *t = &p->token;
  if (peek(t) != '"') {
    json_fail(t, t->at, "expected a key in double quotes");
    return NEXT_FAILED;
  }
  if (!json_read_string(t, push(p))) return NEXT_FAILED;
  if (peek(t) != ':') {
    json_fail(t, t->at, "expected ':' after a key");
    return NEXT_FAILED;
  }
  t->at++;
  return NEXT_VALUE;
}

/* Behind a value: closes what ends here, until a comma asks for more. */
static Next after_value(Parser *p) {
  JsonParser *t = &p->token;
  while (p->depth > 0) {
    bool map = p->frames[p->depth - 1].map;
    char c = peek(t);
    if (c == ',') {
      t->at++;
      return map ? read_key(p) : NEXT_VALUE;
    }
    if (c != (map ? '}' : ']')) {
      json_fail(t, t->at, map ? "expected ',' or '}' after a member" : "expected ',' or ']' after an item");
      return NEXT_FAILED;
    }
    close_frame(p);
  }
  return NEXT_DONE;
}

static Next read_open(Parser *p, bool map) {
  if (!open_frame(p, map)) return NEXT_FAILED;
  if (peek(&p->token) == (map ? '}' : ']')) {
    close_frame(p);
    return after_value(p);
  }
  return map ? read_key(p) : NEXT_VALUE;
}

static bool read_word(JsonParser *t, const char *word, Value value, Value *out) {
  size_t bytes = strlen(word);
  if ((size_t)(t->end - t->at) < bytes || memcmp(t->at, word, bytes) != 0)
    return json_fail(t, t->at, "expected a value");
  t->at += bytes;
  *out = value;
  return true;
}

static Next read_value(Parser *p) {
  JsonParser *t = &p->token;
  bool good;
  char c = peek(t);
  switch (c) {
  case '{':
  case '[': return read_open(p, c == '{');
  case '"': good = json_read_string(t, push(p)); break;
  case 't': good = read_word(t, "true", value_bool(true), push(p)); break;
  case 'f': good = read_word(t, "false", value_bool(false), push(p)); break;
  case 'n': good = read_word(t, "null", value_null(), push(p)); break;
  default:
    if (c == '-' || (c >= '0' && c <= '9'))
      good = json_read_number(t, push(p));
    else
      good = json_fail(t, t->at, "expected a value");
  }
  return good ? after_value(p) : NEXT_FAILED;
}

static bool read_document(Parser *p) {
  JsonParser *t = &p->token;
  if (t->lenient && t->end - t->at >= 3 && memcmp(t->at, "\xef\xbb\xbf", 3) == 0) t->at += 3;
  Next next = NEXT_VALUE;
  while (next == NEXT_VALUE) next = read_value(p);
  if (next == NEXT_FAILED) return false;
  skip_space(t);
  return t->at == t->end || json_fail(t, t->at, "expected the end of the text after the value");
}

bool json_parse(Arena *arena, Str text, const JsonOptions *options, Value *out, Error *err) {
  static const JsonOptions DEFAULTS = {0};
  if (!options) options = &DEFAULTS;
  if (text.len > UINT32_MAX)
    return fail(err, ERR_TOO_LARGE, "a JSON text has at most 4 GiB, this one %zu bytes", text.len);
  if (text.len == 0) text.ptr = ""; /* pointers are compared below */
  Parser p;                         /* 16 KiB, not cleared on purpose */
  p.token = (JsonParser){text.ptr, text.ptr, text.ptr + text.len, arena, options->lenient_text, err};
  p.depth = 0;
  p.depth_max = MIN(options->depth_max ? options->depth_max : DEPTH_DEFAULT, (u32)VALUE_DEPTH_MAX);
  p.duplicates = (Duplicates){0};
  p.stack = p.first;
  p.count = 0;
  p.capacity = STACK_FIRST;
  bool good = read_document(&p);
  if (good) *out = p.stack[0];
  if (options->duplicates) *options->duplicates = good ? p.duplicates : (Duplicates){0};
  if (p.stack != p.first) free(p.stack);
  return good;
}

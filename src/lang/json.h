/* JSON by RFC 8259, strict: UTF-8 checked, no trailing text, no comments. Parsed values live in the arena; strings
 * without escapes point into `text`, so the text must live as long as the value. */
#ifndef TOCSIN_LANG_JSON_H
#define TOCSIN_LANG_JSON_H

#include "lang/value.h"

typedef struct JsonOptions {
  u32 depth_max;     /* 0: 64 */
  bool lenient_text; /* invalid UTF-8, lone surrogates and U+0000 become U+FFFD instead of failing (webhook bodies) */
  Duplicates *duplicates; /* cleared, then filled: keys that an object named twice (the last wins); may be NULL */
} JsonOptions;

/* Errors carry line and column, and say what was met ("line 1, column 12: expected ':' after a key, met '}'"). */
MUST_CHECK bool json_parse(Arena *arena, Str text, const JsonOptions *options, Value *out, Error *err);
/* Compact. Doubles shortest; NaN and infinities as null; bytes as base64; timestamps RFC 3339; durations "3600s". */
void json_write(Buf *out, const Value *value);
/* Two spaces of indent. */
void json_write_pretty(Buf *out, const Value *value);
/* Members sorted by key: equal values give equal text (for hashes). */
void json_write_canonical(Buf *out, const Value *value);
Str json_text(Arena *arena, const Value *value);
/* A quoted, escaped JSON string. */
void json_write_string(Buf *out, Str text);

#endif

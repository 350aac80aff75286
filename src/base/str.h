/* Str: a slice of bytes, never assumed to end with NUL. Slices do not own. */
#ifndef TOCSIN_BASE_STR_H
#define TOCSIN_BASE_STR_H

#include <stdarg.h>

#include "base/arena.h"

typedef struct Str {
  const char *ptr;
  size_t len;
} Str;

/* A literal as a slice; STR is for initialisers of static tables, S for expressions. */
#define STR(literal)                                                                                                   \
  { (literal), sizeof(literal) - 1 }
#define S(literal) ((Str){(literal), sizeof(literal) - 1})
/* For "%.*s". */
#define STR_ARG(s) (int)MIN((s).len, (size_t)0x7fffffff), (s).ptr
#define STR_NONE   ((Str){NULL, 0})

Str str_from_c(const char *text);          /* NULL gives the empty slice */
const char *str_article(const char *noun); /* "a" or "an" */
Str str_slice(Str s, size_t from, size_t to);
bool str_equal(Str a, Str b);
bool str_equal_c(Str a, const char *b);
bool str_equal_nocase(Str a, Str b); /* ASCII */
int str_compare(Str a, Str b);       /* bytes, as memcmp */
bool str_starts_with(Str s, Str prefix);
bool str_ends_with(Str s, Str suffix);
/* Position of the first `needle` at or after `from`; SIZE_MAX when there is none. */
size_t str_find(Str s, Str needle, size_t from);
size_t str_find_char(Str s, char c, size_t from);
Str str_trim(Str s); /* ASCII white space at both ends */
/* Cuts at the first `separator`: true and both halves; false leaves all in *out_head. */
bool str_cut(Str s, char separator, Str *out_head, Str *out_tail);
bool str_is_blank(Str s);

Str str_copy(Arena *arena, Str s);
char *str_to_c(Arena *arena, Str s); /* NUL-terminated copy */
Str str_lower(Arena *arena, Str s);  /* ASCII */
Str str_format(Arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
Str str_vformat(Arena *arena, const char *format, va_list args) PRINTF_LIKE(2, 0);
Str str_join(Arena *arena, const Str *parts, size_t count, Str between);

/* Whole-string decimal numbers in [min, max]; false on anything else (signs, spaces, overflow). */
MUST_CHECK bool str_to_u64(Str s, u64 max, u64 *out);
MUST_CHECK bool str_to_i64(Str s, i64 min, i64 max, i64 *out);
MUST_CHECK bool str_to_double(Str s, double *out); /* finite, whole string, locale-free */

/* UTF-8. valid: strict (no surrogates, overlongs, > U+10FFFF). */
bool utf8_valid(Str s);
/* Decodes one code point at *pos and moves it; -1 for an invalid byte (moves by one). */
i32 utf8_next(Str s, size_t *pos);
size_t utf8_encode(u32 code_point, char out[4]);
/* Longest prefix of at most `bytes` bytes that ends at a character. */
Str utf8_cut(Str s, size_t bytes);
/* Invalid sequences, U+0000 become U+FFFD; returns s itself when clean. */
Str utf8_clean(Arena *arena, Str s);
size_t utf8_count(Str s); /* code points; an invalid byte counts as one */

/* Hex and base64 (standard with padding; url without). Decoders return false on malformed input. */
Str hex_encode(Arena *arena, const void *bytes, size_t count);
MUST_CHECK bool hex_decode(Arena *arena, Str text, Str *out);
Str base64_encode(Arena *arena, Str bytes);
Str base64url_encode(Arena *arena, Str bytes);                   /* without padding */
MUST_CHECK bool base64_decode(Arena *arena, Str text, Str *out); /* accepts missing padding and the url alphabet */

/* Whole-second-free compare for secrets. */
bool str_equal_secret(Str a, Str b);

#endif

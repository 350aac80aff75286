/* Ids: 64 bits, ordered by time: 41 of milliseconds since 2025-01-01, 10 of node, 12 of sequence. Never go back.
 * Written outside as prefix, underscore, 13 characters of Crockford base 32: "inc_01H8...". */
#ifndef TOCSIN_BASE_ID_H
#define TOCSIN_BASE_ID_H

#include <stdatomic.h>

#include "base/str.h"

enum { ID_DIGITS = 13, ID_TEXT_MAX = 40 };

typedef struct IdGen {
  _Atomic u64 last; /* highest id given, without node bits: (ms << 12 | sequence) */
  u32 node;         /* 0..1023 */
} IdGen;

/* `high_water` is the greatest id ever stored, 0 for a new database; ids stay above it even if the clock went back. */
void id_gen_init(IdGen *gen, u32 node, i64 high_water);
/* Thread-safe. Always > 0. */
i64 id_next(IdGen *gen);
/* When the id was made, in ms since the epoch. */
i64 id_time_ms(i64 id);
/* The smallest id that could be made at this time. */
i64 id_at_time(i64 time_ms);
/* "inc" + 42 -> "inc_000000000001A". */
Str id_text(Arena *arena, const char *prefix, i64 id);
void id_digits(i64 id, char out[ID_DIGITS]);
/* Case-insensitive, I L O read as 1 1 0. False when the prefix differs or the digits are not an id. */
MUST_CHECK bool id_parse(const char *prefix, Str text, i64 *out);

#endif

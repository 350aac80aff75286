/* What the two halves of the JSON parser share: json_parse.c reads structure, json_token.c strings and numbers; and the
 * scan that the writer uses too. Private to lang/. */
#ifndef TOCSIN_LANG_JSON_PARSER_H
#define TOCSIN_LANG_JSON_PARSER_H

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "lang/json.h"

typedef struct JsonParser {
  const char *begin, *at, *end;
  Arena *arena;
  bool lenient;
  Error *err;
} JsonParser;

/* Both begin at the token's first character, move behind its last, and give the value. */
MUST_CHECK bool json_read_string(JsonParser *p, Value *out);
MUST_CHECK bool json_read_number(JsonParser *p, Value *out);

/* "line 1, column 7: <expected>, met 'x'", about the character at `at`. Returns false. */
bool json_fail(JsonParser *p, const char *at, const char *expected);
/* The same without what was met: "line 1, column 7: <what>". */
bool json_fail_plain(JsonParser *p, const char *at, const char *what);

/* What a scan stops at. JSON_STOP_TEXT leaves UTF-8 alone (the writer trusts it); JSON_STOP_ASCII stops there as well.
 */
typedef enum JsonStop { JSON_STOP_TEXT, JSON_STOP_ASCII } JsonStop;

static inline bool json_is_plain(u8 c, JsonStop stop) {
  return c >= 0x20 && c != '"' && c != '\\' && (stop == JSON_STOP_TEXT || c < 0x80);
}

#ifdef __SSE2__
enum { JSON_STEP = 16 };

/* A bit for each of 16 bytes that needs a look. */
static inline u32 json_special_mask(const char *at, JsonStop stop) {
  __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
  __m128i control = _mm_set1_epi8(0x1f);
  __m128i special = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
  special = _mm_or_si128(special, _mm_cmpeq_epi8(_mm_max_epu8(bytes, control), control));
  if (stop == JSON_STOP_ASCII) special = _mm_or_si128(special, bytes); /* movemask reads the top bits */
  return (u32)_mm_movemask_epi8(special);
}

static inline u32 json_special_first(u32 mask) {
  return (u32)__builtin_ctz(mask);
}
#else
enum { JSON_STEP = 8 };

/* The top bit of each of 8 bytes that needs a look; bytes behind the first one found may be marked wrongly. */
static inline u64 json_special_mask(const char *at, JsonStop stop) {
  const u64 ones = 0x0101010101010101u, tops = 0x8080808080808080u;
  u64 word;
  memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  u64 quote = word ^ (ones * '"'), slash = word ^ (ones * '\\');
  u64 found = ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((word - ones * 0x20) & ~word);
  return (stop == JSON_STOP_ASCII ? found | word : found) & tops;
}

static inline u32 json_special_first(u64 mask) {
  return (u32)__builtin_ctzll(mask) / 8;
}
#endif

/* Moves past characters that stand for themselves inside a string. */
static inline const char *json_skip_plain(const char *at, const char *end, JsonStop stop) {
  for (; end - at >= JSON_STEP; at += JSON_STEP) {
    __typeof__(json_special_mask(at, stop)) mask = json_special_mask(at, stop);
    if (mask) return at + json_special_first(mask);
  }
  while (at < end && json_is_plain((u8)*at, stop)) at++;
  return at;
}

#endif

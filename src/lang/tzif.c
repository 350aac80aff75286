/* TZif files (RFC 8536): big-endian. A header and a block of 32-bit times that nobody needs, then the same with 64-bit
 * times, then the POSIX rule between two line feeds. Every count is checked before it is believed. */
#include <string.h>

#include "lang/zone_file.h"

enum { HEADER_BYTES = 44, TIMES_MAX = 20000, TYPES_MAX = 256, CHARS_MAX = 4096, TYPE_BYTES = 6 };

typedef struct Counts {
  u32 is_utc, is_standard, leaps, times, types, chars;
} Counts;

/* The arrays of the 64-bit block, in their order. */
typedef struct Block {
  const u8 *times, *kinds, *types;
  const char *chars;
} Block;

static u32 read_u32(const u8 *at) {
  return (u32)at[0] << 24 | (u32)at[1] << 16 | (u32)at[2] << 8 | at[3];
}

static i64 read_i64(const u8 *at) {
  return (i64)((u64)read_u32(at) << 32 | read_u32(at + 4));
}

static bool read_header(Str bytes, size_t pos, Counts *out, char *out_version) {
  if (bytes.len - pos < HEADER_BYTES || memcmp(bytes.ptr + pos, "TZif", 4) != 0) return false;
  const u8 *at = (const u8 *)bytes.ptr + pos + 20;
  *out = (Counts){read_u32(at),      read_u32(at + 4),  read_u32(at + 8),
                  read_u32(at + 12), read_u32(at + 16), read_u32(at + 20)};
  *out_version = bytes.ptr[pos + 4];
  return out->times <= TIMES_MAX && out->types >= 1 && out->types <= TYPES_MAX && out->chars <= CHARS_MAX &&
         out->leaps <= TIMES_MAX && out->is_utc <= TYPES_MAX && out->is_standard <= TYPES_MAX;
}

static size_t block_bytes(const Counts *c, size_t time_bytes) {
  return c->times * (time_bytes + 1) + c->types * (size_t)TYPE_BYTES + c->chars + c->leaps * (time_bytes + 4) +
         c->is_standard + c->is_utc;
}

static const ZoneType *read_types(Arena *arena, const Block *b, const Counts *c) {
  ZoneType *types = ARENA_ARRAY(arena, ZoneType, c->types);
  const char *chars = str_copy(arena, (Str){b->chars, c->chars}).ptr;
  for (u32 i = 0; i < c->types; i++) {
    const u8 *at = b->types + i * (size_t)TYPE_BYTES;
    u8 index = at[5];
    types[i].offset = (i32)read_u32(at);
    if (types[i].offset < -ZONE_OFFSET_MAX || types[i].offset > ZONE_OFFSET_MAX) return NULL;
    if (index >= c->chars || !memchr(chars + index, '\0', c->chars - index)) return NULL;
    types[i].abbreviation = chars + index;
  }
  return types;
}

static bool read_transitions(Arena *arena, const Block *b, const Counts *c, struct Zone *out) {
  i64 *times = ARENA_ARRAY(arena, i64, c->times);
  u8 *kinds = ARENA_ARRAY(arena, u8, c->times);
  for (u32 i = 0; i < c->times; i++) {
    times[i] = read_i64(b->times + i * 8);
    kinds[i] = b->kinds[i];
    if (kinds[i] >= c->types || (i > 0 && times[i] <= times[i - 1])) return false;
  }
  out->times = times;
  out->kinds = kinds;
  out->count = c->times;
  return true;
}

/* "\n<rule>\n"; an empty rule says that the last type goes on. */
static bool read_footer(Str rest, ZoneTail *out) {
  if (rest.len < 2 || rest.ptr[0] != '\n') return false;
  size_t end = str_find_char(rest, '\n', 1);
  if (end == SIZE_MAX) return false;
  return end == 1 || zone_tail_parse(str_slice(rest, 1, end), out);
}

bool tzif_parse(Arena *arena, Str bytes, struct Zone *out, Error *err) {
  Counts old, counts;
  char version;
  if (!read_header(bytes, 0, &old, &version)) return fail(err, ERR_INVALID, "not a TZif file");
  if (version < '2') return fail(err, ERR_INVALID, "a TZif file of version 1; version 2 or later is needed");
  size_t pos = HEADER_BYTES + block_bytes(&old, 4);
  if (pos > bytes.len || !read_header(bytes, pos, &counts, &version))
    return fail(err, ERR_INVALID, "a TZif file without its 64-bit part");
  pos += HEADER_BYTES;
  if (bytes.len - pos < block_bytes(&counts, 8)) return fail(err, ERR_INVALID, "a TZif file that was cut short");
  if (counts.leaps > 0) return fail(err, ERR_INVALID, "a TZif file that counts leap seconds; use one that does not");
  const u8 *at = (const u8 *)bytes.ptr + pos;
  Block block = {.times = at, .kinds = at + counts.times * (size_t)8, .types = at + counts.times * (size_t)9};
  block.chars = (const char *)block.types + counts.types * (size_t)TYPE_BYTES;
  struct Zone zone = {.types = read_types(arena, &block, &counts)};
  if (!zone.types || !read_transitions(arena, &block, &counts, &zone))
    return fail(err, ERR_INVALID, "a damaged TZif file");
  if (!read_footer(str_slice(bytes, pos + block_bytes(&counts, 8), bytes.len), &zone.tail))
    return fail(err, ERR_INVALID, "a TZif file with a rule that is not understood in its last line");
  *out = zone;
  return true;
}

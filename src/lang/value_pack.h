/* Values as compact bytes, for columns that only this program reads. Half the size of JSON and five times as quick to
 * read; every kind survives exactly, invalid input is refused. Not for what people or other programs see. */
#ifndef TOCSIN_LANG_VALUE_PACK_H
#define TOCSIN_LANG_VALUE_PACK_H

#include "base/buf.h"
#include "lang/value.h"

/* The parts, for those who pack structs of their own: numbers of 7 bits a byte, signed ones zigzag, texts by length. */
void pack_u64(Buf *buf, u64 number);
void pack_i64(Buf *buf, i64 number);
void pack_str(Buf *buf, Str text);
void pack_value(Buf *buf, const Value *value); /* parts deeper than VALUE_DEPTH_MAX become null */

/* Each takes from the front of *rest; false when the bytes are not what they should be. Texts point into the bytes. */
MUST_CHECK bool unpack_u64(Str *rest, u64 *out);
MUST_CHECK bool unpack_i64(Str *rest, i64 *out);
MUST_CHECK bool unpack_str(Str *rest, Str *out);
MUST_CHECK bool unpack_value(Arena *arena, Str *rest, Value *out);

#endif

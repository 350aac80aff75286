/* Buf: text being written. Grows inside an arena up to a ceiling; past it `overflow` is set and further writes are
 * dropped. */
#ifndef TOCSIN_BASE_BUF_H
#define TOCSIN_BASE_BUF_H

#include "base/str.h"

typedef struct Buf {
  Arena *arena;
  char *ptr;
  size_t len;
  size_t capacity;
  size_t max;
  bool overflow;
} Buf;

Buf buf_new(Arena *arena, size_t max);
void buf_put(Buf *buf, Str text);
void buf_putc(Buf *buf, char c);
void buf_puts(Buf *buf, const char *text);
void buf_i64(Buf *buf, i64 number);
void buf_u64(Buf *buf, u64 number);
void buf_double(Buf *buf, double number); /* shortest text that reads back the same */
void buf_format(Buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
Str buf_str(const Buf *buf);

#endif

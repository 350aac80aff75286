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
void buf_putc_grow(Buf *buf, char c);
static inline void buf_putc(Buf *buf, char c) {
  if (buf->len < buf->capacity && !buf->overflow)
    buf->ptr[buf->len++] = c;
  else
    buf_putc_grow(buf, c);
}
/* Room for `bytes` more, which the caller writes and adds to len; NULL past the ceiling. */
char *buf_room(Buf *buf, size_t bytes);
void buf_puts(Buf *buf, const char *text);
void buf_i64(Buf *buf, i64 number);
void buf_u64(Buf *buf, u64 number);
void buf_double(Buf *buf, double number); /* shortest text that reads back the same */
void buf_format(Buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
Str buf_str(const Buf *buf);

#endif

/* Errors with their place: line, column in characters, and the line with a caret below. */
#include <stdio.h>
#include <string.h>

#include "lang/cel/parser.h"

enum { CARET_WIDTH_MAX = 120 }; /* bytes of the line that are shown */

void cel_error_place(Error *err, Str source, u32 at) {
  if (!err) return;
  size_t place = MIN((size_t)at, source.len), start = 0;
  u32 line = 1;
  for (size_t i = 0; i < place; i++)
    if (source.ptr[i] == '\n') {
      line++;
      start = i + 1;
    }
  size_t end = str_find_char(source, '\n', start);
  if (end == SIZE_MAX) end = source.len;
  err->line = line;
  err->column = (u32)utf8_count(str_slice(source, start, place)) + 1;
  size_t from = start;
  if (place - start > CARET_WIDTH_MAX / 2) { /* long lines: what is around the place */
    from = place - CARET_WIDTH_MAX / 2;
    while (from < place && ((u8)source.ptr[from] & 0xC0) == 0x80) from++;
  }
  Str shown = utf8_cut(str_slice(source, from, end), CARET_WIDTH_MAX);
  int indent = (int)utf8_count(str_slice(source, from, MAX(place, from)));
  (void)snprintf(err->detail, sizeof err->detail, "%.*s\n%*s^", STR_ARG(shown), indent, "");
}

bool cel_fail_at(Error *err, ErrorCode code, Str source, u32 at, const char *format, ...) {
  char message[sizeof err->message];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(message, sizeof message, format, args);
  va_end(args);
  (void)fail(err, code, "%s", message);
  cel_error_place(err, source, at);
  return false;
}

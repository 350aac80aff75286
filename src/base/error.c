/* Error: texts are formatted aside first, since the old message may be one of the arguments. */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* More than any field holds, so that the cut is ours and falls between characters. */
enum { SCRATCH_BYTES = 1536 };

typedef struct CodeInfo {
  const char *name;
  int http_status;
} CodeInfo;

static const CodeInfo CODES[] = {
    [ERR_NONE] = {"none", 200},
    [ERR_INVALID] = {"invalid", 400},
    [ERR_UNAUTHORIZED] = {"unauthorized", 401},
    [ERR_FORBIDDEN] = {"forbidden", 403},
    [ERR_NOT_FOUND] = {"not_found", 404},
    [ERR_METHOD] = {"method_not_allowed", 405},
    [ERR_CONFLICT] = {"conflict", 409},
    [ERR_PRECONDITION] = {"precondition_failed", 412},
    [ERR_TOO_LARGE] = {"too_large", 413},
    [ERR_UNPROCESSABLE] = {"unprocessable", 422},
    [ERR_LIMITED] = {"rate_limited", 429},
    [ERR_INTERNAL] = {"internal", 500},
    [ERR_UNAVAILABLE] = {"unavailable", 503},
    [ERR_STORAGE] = {"storage", 503},
    [ERR_MISSING] = {"missing", 422},
    [ERR_COST] = {"too_costly", 422},
};
_Static_assert(COUNT(CODES) == ERR_COUNT, "every code has a name and a status");

/* Copies as many whole characters as fit into `bytes` with a NUL; what is not UTF-8 becomes '?'. */
static void set_text(char *out, size_t bytes, const char *text) {
  Str all = utf8_cut(str_from_c(text), bytes - 1);
  size_t len = 0;
  for (size_t pos = 0; pos < all.len;) {
    size_t start = pos;
    if (utf8_next(all, &pos) < 0) {
      out[len++] = '?';
      continue;
    }
    memcpy(out + len, all.ptr + start, pos - start);
    len += pos - start;
  }
  out[len] = '\0';
}

/* A cut of vsnprintf's may fall within a character, which set_text would show as '?'. */
static void format_scratch(char out[SCRATCH_BYTES], const char *format, va_list args) {
  int len = vsnprintf(out, SCRATCH_BYTES, format, args);
  ASSERT(len >= 0); /* formats are literals */
}
_Static_assert(SCRATCH_BYTES > sizeof((Error){0}.message) * 2, "the scratch's own cut is out of sight");

static void fill(Error *err, ErrorCode code, const char *pointer, const char *message) {
  char place[sizeof(err->pointer)];
  set_text(place, sizeof(place), pointer);
  err->code = code;
  err->system = 0;
  err->line = 0;
  err->column = 0;
  err->detail[0] = '\0';
  memcpy(err->pointer, place, sizeof(place));
  set_text(err->message, sizeof(err->message), message);
}

bool fail(Error *err, ErrorCode code, const char *format, ...) {
  if (!err) return false;
  char message[SCRATCH_BYTES];
  va_list args;
  va_start(args, format);
  format_scratch(message, format, args);
  va_end(args);
  fill(err, code, "", message);
  return false;
}

bool fail_at(Error *err, ErrorCode code, const char *pointer, const char *format, ...) {
  if (!err) return false;
  char message[SCRATCH_BYTES];
  va_list args;
  va_start(args, format);
  format_scratch(message, format, args);
  va_end(args);
  fill(err, code, pointer, message);
  return false;
}

bool error_prefix(Error *err, const char *format, ...) {
  if (!err) return false;
  char message[SCRATCH_BYTES];
  va_list args;
  va_start(args, format);
  format_scratch(message, format, args);
  va_end(args);
  /* The prefix is clean before the message follows, else the two could be cut into one wrong character. */
  char prefix[sizeof(err->message)];
  set_text(prefix, sizeof(prefix), message);
  snprintf(message, sizeof(message), "%s%s", prefix, err->message);
  set_text(err->message, sizeof(err->message), message);
  return false;
}

void error_clear(Error *err) {
  if (err) *err = (Error){0};
}

static const CodeInfo *info_of(ErrorCode code) {
  ASSERT((unsigned)code < ERR_COUNT);
  return &CODES[code];
}

const char *error_code_name(ErrorCode code) {
  return info_of(code)->name;
}

int error_http_status(ErrorCode code) {
  return info_of(code)->http_status;
}

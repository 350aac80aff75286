/* Errors: a code, a sentence, a place. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"

static const struct {
  const char *name;
  int status;
} CODES[ERR_COUNT] = {
    [ERR_NONE] = {"none", 200},
    [ERR_INVALID] = {"invalid", 400},
    [ERR_UNAUTHORIZED] = {"unauthorized", 401},
    [ERR_FORBIDDEN] = {"forbidden", 403},
    [ERR_NOT_FOUND] = {"not_found", 404},
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

const char *error_code_name(ErrorCode code) { return CODES[code].name; }
int error_http_status(ErrorCode code) { return CODES[code].status; }

/* A cut message must not end in half a character. */
static void end_at_character(char *text, size_t capacity) {
  Str whole = {text, strnlen(text, capacity)};
  text[utf8_cut(whole, capacity - 1).len] = 0;
}

static void fill(Error *err, ErrorCode code, const char *pointer, const char *format, va_list args) {
  *err = (Error){.code = code};
  if (pointer) snprintf(err->pointer, sizeof err->pointer, "%s", pointer);
  vsnprintf(err->message, sizeof err->message, format, args);
  if (strlen(err->message) == sizeof err->message - 1) end_at_character(err->message, sizeof err->message - 1);
}

bool fail(Error *err, ErrorCode code, const char *format, ...) {
  if (!err) return false;
  va_list args;
  va_start(args, format);
  fill(err, code, NULL, format, args);
  va_end(args);
  return false;
}

bool fail_at(Error *err, ErrorCode code, const char *pointer, const char *format, ...) {
  if (!err) return false;
  va_list args;
  va_start(args, format);
  fill(err, code, pointer, format, args);
  va_end(args);
  return false;
}

bool error_prefix(Error *err, const char *format, ...) {
  if (!err) return false;
  char prefix[320], rest[sizeof err->message];
  va_list args;
  va_start(args, format);
  vsnprintf(prefix, sizeof prefix, format, args);
  va_end(args);
  memcpy(rest, err->message, sizeof rest);
  size_t used = strnlen(prefix, sizeof prefix - 1);
  size_t room = sizeof err->message - 1 - used;
  memcpy(err->message, prefix, used);
  size_t taken = strnlen(rest, room);
  memcpy(err->message + used, rest, taken);
  err->message[used + taken] = 0;
  end_at_character(err->message, sizeof err->message);
  return false;
}

void error_clear(Error *err) {
  if (err) *err = (Error){0};
}

/* Error: what went wrong, told to a person. Functions that can fail return bool and fill one; nobody logs and returns.
 */
#ifndef TOCSIN_BASE_ERROR_H
#define TOCSIN_BASE_ERROR_H

#include "base/str.h"

typedef enum ErrorCode {
  ERR_NONE,
  ERR_INVALID,       /* 400: malformed or wrong value */
  ERR_UNAUTHORIZED,  /* 401 */
  ERR_FORBIDDEN,     /* 403 */
  ERR_NOT_FOUND,     /* 404 */
  ERR_METHOD,        /* 405 */
  ERR_CONFLICT,      /* 409 */
  ERR_PRECONDITION,  /* 412: If-Match */
  ERR_TOO_LARGE,     /* 413 */
  ERR_UNPROCESSABLE, /* 422 */
  ERR_LIMITED,       /* 429 */
  ERR_INTERNAL,      /* 500: a defect of ours */
  ERR_UNAVAILABLE,   /* 503: overload, storage not writable */
  ERR_STORAGE,       /* the database refused; becomes 503 */
  ERR_MISSING,       /* an expression met a field that is not there; conditions treat it as false */
  ERR_COST,          /* an expression or template ran out of its budget */
  ERR_COUNT
} ErrorCode;

typedef struct Error {
  ErrorCode code;
  int system;        /* errno, SQLite or curl code; 0 when none */
  u32 line, column;  /* place in a source text, from 1; 0 when none */
  char pointer[192]; /* JSON pointer of the bad value, empty when none */
  char message[640]; /* a sentence: what was wrong, with what value, what to do */
  char detail[640];  /* more lines: caret line, engine's own words; may be empty */
} Error;

/* Fill and return false, so that callers can `return fail(...)`. `err` may be NULL. The message is kept valid UTF-8. */
bool fail(Error *err, ErrorCode code, const char *format, ...) PRINTF_LIKE(3, 4);
bool fail_at(Error *err, ErrorCode code, const char *pointer, const char *format, ...) PRINTF_LIKE(4, 5);
/* Puts words in front of the message: error_prefix(err, "rule \"%.*s\": ", ...). Returns false. */
bool error_prefix(Error *err, const char *format, ...) PRINTF_LIKE(2, 3);
void error_clear(Error *err);

const char *error_code_name(ErrorCode code); /* "invalid", "not_found", ... the `code` of problem+json */
int error_http_status(ErrorCode code);

#endif

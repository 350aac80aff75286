/* Log: one line per event on standard error, text or JSON. Thread-safe; a line is written whole.
 * Secrets never go in. Bad input is never LOG_ERROR. */
#ifndef TOCSIN_BASE_LOG_H
#define TOCSIN_BASE_LOG_H

#include "base/str.h"

typedef enum LogLevel { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR } LogLevel;
typedef enum LogFormat { LOG_TEXT, LOG_JSON } LogFormat;

void log_setup(LogFormat format, LogLevel level);
/* `part` is the folder's word: "http", "engine", "paging". */
void log_write(LogLevel level, const char *part, const char *format, ...) PRINTF_LIKE(3, 4);
/* Lines that this thread writes from now on name this request; STR_NONE: none. The text must live as long; gives back
 * what was there. */
Str log_about(Str request_id);
#define log_debug(part, ...) log_write(LOG_DEBUG, part, __VA_ARGS__)
#define log_info(part, ...)  log_write(LOG_INFO, part, __VA_ARGS__)
#define log_warn(part, ...)  log_write(LOG_WARN, part, __VA_ARGS__)
#define log_error(part, ...) log_write(LOG_ERROR, part, __VA_ARGS__)

#endif

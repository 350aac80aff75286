/* Log: a line is built on the stack and written with one write(2). It never exceeds PIPE_BUF, so lines of several
 * threads stay whole in a pipe too; a longer message is cut and ends in "...". Control characters are escaped: input
 * cannot forge a line or talk to the terminal. When standard error cannot be written there is nobody left to tell. */
#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* Set once at start, read by every thread. */
static _Atomic int log_format = LOG_TEXT;
static _Atomic int log_level = LOG_INFO;

/* What this thread works on. */
static _Thread_local Str log_request;

enum { MESSAGE_BYTES = 4096, LINE_BYTES = PIPE_BUF, END_BYTES = 8 /* for ..."}\n */ };

static const char *const TEXT_LEVELS[] = {"DEBUG", "INFO ", "WARN ", "ERROR"};
static const char *const JSON_LEVELS[] = {"debug", "info", "warn", "error"};

typedef struct Line {
  size_t len;
  bool cut;
  char text[LINE_BYTES];
} Line;

void log_setup(LogFormat format, LogLevel level) {
  atomic_store(&log_format, (int)format);
  atomic_store(&log_level, (int)level);
}

static void line_put(Line *line, const char *text, size_t len) {
  if (line->cut) return;
  if (len > LINE_BYTES - END_BYTES - line->len) {
    line->cut = true;
    return;
  }
  memcpy(line->text + line->len, text, len);
  line->len += len;
}

static void line_puts(Line *line, const char *text) {
  line_put(line, text, strlen(text));
}

/* After line_put has stopped, the room kept for it takes the end. */
static void line_end(Line *line, const char *end) {
  if (line->cut) memcpy(line->text + line->len, "...", 3), line->len += 3;
  size_t len = strlen(end);
  memcpy(line->text + line->len, end, len);
  line->len += len;
}

/* C0, DEL, C1 and the two line separators that some readers break lines at. */
static bool is_control(i32 point) {
  return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 || point == 0x2029;
}

static void put_escaped(Line *line, i32 point, bool json) {
  char escape[16];
  static const char SHORT_FOR[] = "\n\r\t";
  static const char SHORT[] = "nrt";
  const char *at = point ? strchr(SHORT_FOR, point < 0x80 ? point : 0x7f) : NULL;
  if (at)
    snprintf(escape, sizeof(escape), "\\%c", SHORT[at - SHORT_FOR]);
  else if (json || point > 0xff)
    snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)point);
  else
    snprintf(escape, sizeof(escape), "\\x%02x", (unsigned)point);
  line_puts(line, escape);
}

static void put_message(Line *line, Str message, bool json) {
  for (size_t pos = 0; pos < message.len;) {
    size_t start = pos;
    i32 point = utf8_next(message, &pos);
    if (point < 0)
      line_puts(line, "\xef\xbf\xbd");
    else if (is_control(point))
      put_escaped(line, point, json);
    else if (json && (point == '"' || point == '\\'))
      line_puts(line, point == '"' ? "\\\"" : "\\\\");
    else
      line_put(line, message.ptr + start, pos - start);
  }
}

static void put_time(Line *line) {
  i64 now_ms = clock_true_ms();
  time_t seconds = (time_t)(now_ms / 1000);
  struct tm parts;
  gmtime_r(&seconds, &parts);
  char text[64];
  size_t len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
  snprintf(text + len, sizeof(text) - len, ".%03dZ", (int)(now_ms % 1000));
  line_puts(line, text);
}

static void build_text(Line *line, LogLevel level, const char *part, Str message) {
  put_time(line);
  line_puts(line, " ");
  line_puts(line, TEXT_LEVELS[level]);
  char word[64];
  snprintf(word, sizeof(word), " %-7s ", part);
  line_puts(line, word);
  put_message(line, message, false);
  if (log_request.len) {
    line_puts(line, " request=");
    put_message(line, log_request, false);
  }
  line_end(line, "\n");
}

static void build_json(Line *line, LogLevel level, const char *part, Str message) {
  line_puts(line, "{\"time\":\"");
  put_time(line);
  line_puts(line, "\",\"level\":\"");
  line_puts(line, JSON_LEVELS[level]);
  line_puts(line, "\",\"part\":\"");
  put_message(line, str_from_c(part), true);
  if (log_request.len) {
    line_puts(line, "\",\"request\":\"");
    put_message(line, log_request, true);
  }
  line_puts(line, "\",\"message\":\"");
  put_message(line, message, true);
  line_end(line, "\"}\n");
}

static void write_line(const Line *line) {
  ssize_t rc;
  do rc = write(STDERR_FILENO, line->text, line->len);
  while (rc < 0 && errno == EINTR);
}

Str log_about(Str request_id) {
  Str before = log_request;
  log_request = request_id;
  return before;
}

void log_write(LogLevel level, const char *part, const char *format, ...) {
  if ((int)level < atomic_load_explicit(&log_level, memory_order_relaxed)) return;
  int saved_errno = errno;
  char message[MESSAGE_BYTES];
  va_list args;
  va_start(args, format);
  int len = vsnprintf(message, sizeof(message), format, args);
  va_end(args);
  ASSERT(len >= 0); /* formats are literals */
  Str text = utf8_cut((Str){message, MIN((size_t)len, sizeof(message) - 1)}, sizeof(message) - 1);
  Line line = {.len = 0};
  bool json = atomic_load_explicit(&log_format, memory_order_relaxed) == LOG_JSON;
  (json ? build_json : build_text)(&line, level, part, text);
  write_line(&line);
  errno = saved_errno;
}

/* Log lines, written whole with one write(2). The format is set once at start; nothing else is kept. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

static const char *const LEVELS[] = {"debug", "info", "warn", "error"};
static const char *const LEVELS_TEXT[] = {"DEBUG", "INFO ", "WARN ", "ERROR"};

/* The one process-wide setting: written before threads start. */
static _Atomic int log_format = LOG_TEXT;
static _Atomic int log_level = LOG_INFO;

void log_setup(LogFormat format, LogLevel level) {
  atomic_store(&log_format, (int)format);
  atomic_store(&log_level, (int)level);
}

typedef struct Line {
  char text[4096];
  size_t len;
} Line;

static void put(Line *line, const char *text, size_t len) {
  size_t room = sizeof line->text - 8 - line->len;
  if (len > room) len = room;
  memcpy(line->text + line->len, text, len);
  line->len += len;
}

static void puts_line(Line *line, const char *text) { put(line, text, strlen(text)); }

static void put_escaped(Line *line, const char *text, bool json) {
  for (const char *p = text; *p; p++) {
    char small[8];
    u8 c = (u8)*p;
    if (c < 0x20 || c == 0x7f) {
      int n = snprintf(small, sizeof small, json ? "\\u%04x" : "\\x%02x", c);
      put(line, small, (size_t)n);
    } else if (json && (c == '"' || c == '\\')) {
      small[0] = '\\';
      small[1] = (char)c;
      put(line, small, 2);
    } else {
      put(line, p, 1);
    }
  }
}

static void put_time(Line *line) {
  i64 now = clock_true_ms();
  time_t seconds = (time_t)(now / 1000);
  struct tm tm;
  char text[40], all[56];
  gmtime_r(&seconds, &tm);
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
  snprintf(all, sizeof all, "%s.%03dZ", text, (int)(now % 1000));
  puts_line(line, all);
}

void log_write(LogLevel level, const char *part, const char *format, ...) {
  if ((int)level < atomic_load(&log_level)) return;
  char message[2048];
  Line line = {.len = 0};
  bool json = atomic_load(&log_format) == LOG_JSON;
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  if (json) puts_line(&line, "{\"time\":\"");
  put_time(&line);
  if (json) {
    puts_line(&line, "\",\"level\":\"");
    puts_line(&line, LEVELS[level]);
    puts_line(&line, "\",\"part\":\"");
    puts_line(&line, part);
    puts_line(&line, "\",\"message\":\"");
  } else {
    char head[40];
    snprintf(head, sizeof head, " %s %-8s ", LEVELS_TEXT[level], part);
    puts_line(&line, head);
  }
  put_escaped(&line, message, json);
  if (json) puts_line(&line, "\"}");
  line.text[line.len++] = '\n';
  ssize_t written = write(STDERR_FILENO, line.text, line.len);
  (void)written;
}

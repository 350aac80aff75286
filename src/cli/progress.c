/* Progress: one line on standard error that is drawn over itself, at most ten times a second, and only when the work
 * takes longer than a moment. */
#include <string.h>
#include <unistd.h>

#include "cli/print.h"

enum { PATIENCE_MS = 400, REDRAW_MS = 100, BAR_WIDTH = 30 };

Progress progress_start(const char *what, size_t count, bool quiet) {
  return (Progress){.what = what ? what : "",
                    .count = count,
                    .started_ms = clock_true_ms(),
                    .wanted = !quiet && count > 1 && isatty(STDERR_FILENO) == 1};
}

static void draw(const Progress *p) {
  char bar[BAR_WIDTH + 1];
  size_t full = p->count ? p->done * BAR_WIDTH / p->count : BAR_WIDTH;
  memset(bar, '.', BAR_WIDTH);
  memset(bar, '#', MIN(full, (size_t)BAR_WIDTH));
  bar[BAR_WIDTH] = '\0';
  fprintf(stderr, "\r[%s] %zu/%zu %s\033[K", bar, p->done, p->count, p->what);
  fflush(stderr);
}

void progress_step(Progress *p) {
  progress_to(p, p->done + 1);
}

void progress_to(Progress *p, size_t done) {
  i64 now = clock_true_ms();
  p->done = done;
  if (!p->wanted || now - p->started_ms < PATIENCE_MS || now - p->drawn_ms < REDRAW_MS) return;
  p->drawn_ms = now;
  p->shown = true;
  draw(p);
}

void progress_end(Progress *p) {
  if (p->shown) fprintf(stderr, "\r\033[K");
  p->wanted = p->shown = false;
}

/* Diff: the longest common subsequence of lines. Past LINES_MAX lines a side, all of one goes and all of the other
 * comes. Cost: the product of both counts. */
#include "cli/apply.h"

enum { LINES_MAX = 600 };

typedef struct Lines {
  VEC(Str) items;
} Lines;

static Lines split(Arena *arena, Str text) {
  Lines lines = {0};
  Str line, rest = text;
  if (str_ends_with(rest, S("\n"))) rest.len--;
  for (bool more = rest.len > 0; more;) {
    more = str_cut(rest, '\n', &line, &rest);
    *VEC_PUSH(arena, &lines.items) = line;
  }
  return lines;
}

typedef struct Marked {
  char mark;
  Str text;
} Marked;

/* lengths[i][k]: of the common subsequence of what follows line i and line k. */
static void match(Arena *arena, const Lines *a, const Lines *b, Marked *out, size_t *out_count) {
  size_t n = a->items.count, m = b->items.count, i = 0, k = 0;
  u16 *lengths = arena_zero(arena, (n + 1) * (m + 1), sizeof(u16));
#define AT(i, k) lengths[(i) * (m + 1) + (k)]
  for (i = n; i-- > 0;)
    for (k = m; k-- > 0;)
      AT(i, k) = str_equal(a->items.items[i], b->items.items[k]) ? (u16)(AT(i + 1, k + 1) + 1)
                                                                 : MAX(AT(i + 1, k), AT(i, k + 1));
  for (i = 0, k = 0; i < n || k < m;) {
    if (i < n && k < m && str_equal(a->items.items[i], b->items.items[k]))
      out[(*out_count)++] = (Marked){' ', a->items.items[i]}, i++, k++;
    else if (i < n && (k == m || AT(i + 1, k) >= AT(i, k + 1)))
      out[(*out_count)++] = (Marked){'-', a->items.items[i++]};
    else
      out[(*out_count)++] = (Marked){'+', b->items.items[k++]};
  }
#undef AT
}

static bool near_change(const Marked *lines, size_t count, size_t at, size_t context) {
  size_t from = at > context ? at - context : 0, to = MIN(count, at + context + 1);
  for (size_t i = from; i < to; i++)
    if (lines[i].mark != ' ') return true;
  return false;
}

void diff_lines(Arena *arena, Str before, Str after, size_t context, void (*line)(void *ctx, char mark, Str text),
                void *ctx) {
  Lines a = split(arena, before), b = split(arena, after);
  Marked *lines = ARENA_ARRAY(arena, Marked, a.items.count + b.items.count + 1);
  size_t count = 0;
  bool gap = false;
  if (a.items.count <= LINES_MAX && b.items.count <= LINES_MAX) {
    match(arena, &a, &b, lines, &count);
  } else {
    for (size_t i = 0; i < a.items.count; i++) lines[count++] = (Marked){'-', a.items.items[i]};
    for (size_t i = 0; i < b.items.count; i++) lines[count++] = (Marked){'+', b.items.items[i]};
  }
  for (size_t i = 0; i < count; i++) {
    bool shown = near_change(lines, count, i, context);
    if (shown)
      line(ctx, lines[i].mark, lines[i].text);
    else if (!gap)
      line(ctx, ' ', S("\xe2\x80\xa6"));
    gap = !shown;
  }
}

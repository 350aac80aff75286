/* The score of two alerts, and its reason in words. */
#include "core/alerts/together.h"

#include <math.h>
#include <stdlib.h>

enum { WORDS_MAX = 400, TEXT_MAX = 4096, HEX_RUN = 6 };

/* Text as it is compared ------------------------------------------------------------------------------------------ */

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

/* Runs of digits, and of hex digits that are long and have a digit, are what differs between two of a kind. */
static size_t run_that_varies(Str text, size_t at) {
  size_t digits = at, hex = at;
  bool any_digit = false;
  while (digits < text.len && is_digit(text.ptr[digits])) digits++;
  for (; hex < text.len && is_hex(text.ptr[hex]); hex++) any_digit = any_digit || is_digit(text.ptr[hex]);
  bool whole = hex == text.len || !is_word(text.ptr[hex]);
  if (hex - at >= HEX_RUN && any_digit && whole) return hex - at;
  return digits - at;
}

static Str plain(Arena *arena, Str text) {
  Str lower = str_lower(arena, utf8_cut(text, TEXT_MAX));
  Buf out = buf_new(arena, TEXT_MAX + 1);
  for (size_t i = 0; i < lower.len;) {
    size_t varies = run_that_varies(lower, i);
    buf_putc(&out, varies ? '#' : lower.ptr[i]);
    i += varies ? varies : 1;
  }
  return buf_str(&out);
}

/* Shingles -------------------------------------------------------------------------------------------------------- */

typedef struct Hashes {
  Arena *arena;
  VEC(u64) items;
} Hashes;

static void add(Hashes *h, const char *kind, Str text) {
  Str key = str_format(h->arena, "%s%.*s", kind, STR_ARG(text));
  if (h->items.count < TEXT_MAX) *VEC_PUSH(h->arena, &h->items) = hash_stable(key);
}

static void add_words(Hashes *h, Str text) {
  for (size_t at = 0, begins = 0, words = 0; at <= text.len && words < WORDS_MAX; at++) {
    if (at < text.len && (is_word(text.ptr[at]) || text.ptr[at] == '#')) continue;
    if (at > begins) add(h, "w", str_slice(text, begins, at)), words++;
    begins = at + 1;
  }
}

static void add_text(Hashes *h, Str text) {
  Str as = plain(h->arena, text);
  add_words(h, as);
  for (size_t i = 0; i + 3 <= as.len; i++) add(h, "s", str_slice(as, i, i + 3));
}

static int by_value(const void *a, const void *b) {
  u64 x = *(const u64 *)a, y = *(const u64 *)b;
  return (x > y) - (x < y);
}

Shingles together_shingles(Arena *arena, Str title, const Value *labels) {
  Hashes h = {.arena = arena};
  size_t kept = 0;
  add_text(&h, title);
  for (size_t i = 0; value_is(labels, VALUE_MAP) && i < labels->size; i++) {
    const Member *m = &labels->members[i];
    if (m->value.kind != VALUE_STRING) continue;
    add(&h, "l",
        str_format(arena, "%.*s=%.*s", STR_ARG(value_text(&m->key)), STR_ARG(plain(arena, value_text(&m->value)))));
  }
  if (h.items.count) qsort(h.items.items, h.items.count, sizeof(u64), by_value);
  for (size_t i = 0; i < h.items.count; i++)
    if (kept == 0 || h.items.items[kept - 1] != h.items.items[i]) h.items.items[kept++] = h.items.items[i];
  return (Shingles){h.items.items, kept};
}

/* Scores ---------------------------------------------------------------------------------------------------------- */

double together_text(const Shingles *a, const Shingles *b) {
  size_t both = 0, i = 0, k = 0;
  while (i < a->count && k < b->count) {
    if (a->items[i] == b->items[k])
      both++, i++, k++;
    else if (a->items[i] < b->items[k])
      i++;
    else
      k++;
  }
  size_t all = a->count + b->count - both;
  return all ? (double)both / (double)all : 0;
}

double together_time(i64 a_ms, i64 b_ms) {
  i64 apart = a_ms > b_ms ? a_ms - b_ms : b_ms - a_ms;
  return exp(-(double)apart / (5.0 * 60 * 1000));
}

double together_graph(int hops) {
  static const double BY_HOPS[] = {1, 0.5, 0.25};
  return hops >= 0 && hops <= 2 ? BY_HOPS[hops] : 0;
}

TogetherScore together_score(const Shingles *a, const Shingles *b, i64 a_ms, i64 b_ms, int hops) {
  TogetherScore s = {.text = together_text(a, b),
                     .time = together_time(a_ms, b_ms),
                     .graph = together_graph(hops),
                     .hops = hops,
                     .apart_ms = a_ms > b_ms ? a_ms - b_ms : b_ms - a_ms};
  s.score = 0.4 * s.text + 0.3 * s.time + 0.3 * s.graph;
  return s;
}

Str together_because(Arena *arena, const TogetherScore *s, Str service_a, Str service_b) {
  const char *text = s->text >= 0.9   ? "The same text but for numbers"
                     : s->text >= 0.6 ? "Nearly the same text"
                     : s->text >= 0.3 ? "A similar text"
                                      : "Different texts";
  i64 seconds = s->apart_ms / 1000;
  Str apart = seconds < 120 ? str_format(arena, "%lld seconds apart", (long long)seconds)
                            : str_format(arena, "%lld minutes apart", (long long)seconds / 60);
  Str way = s->hops == 0   ? str_format(arena, "both of %.*s", STR_ARG(service_a))
            : s->hops == 1 ? str_format(arena, "%.*s and %.*s depend on each other directly", STR_ARG(service_a),
                                        STR_ARG(service_b))
            : s->hops == 2
                ? str_format(arena, "%.*s and %.*s have a neighbour in common", STR_ARG(service_a), STR_ARG(service_b))
                : S("their services are not connected");
  return str_format(arena, "%s; %.*s; %.*s.", text, STR_ARG(apart), STR_ARG(way));
}

/* The score of two alerts: text, time, graph, and the words for it. */
#include "core/alerts/together.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static double text_of(Arena *arena, const char *a, const char *b) {
  Shingles x = together_shingles(arena, str_from_c(a), NULL), y = together_shingles(arena, str_from_c(b), NULL);
  double score = together_text(&x, &y);
  assert_true(fabs(score - together_text(&y, &x)) < 1e-9);
  return score;
}

static void what_varies_between_two_of_a_kind_does_not_count(void **state) {
  static const struct {
    const char *a, *b;
    double low, high;
  } ROWS[] = {
      {"disk 91 % full", "disk 7 % full", 1, 1},
      {"pod web-7f9c2d41aa died", "pod web-03b17e55cd died", 1, 1},
      {"commit deadbeef1 broke", "commit 0badcafe2 broke", 1, 1},
      {"DISK FULL", "disk full", 1, 1},
      {"1a1a1a1a1a1a1a1a1a1a", "2", 1, 1},
      {"facade defaced", "decade faded", 0, 0.5}, /* hex letters without a digit are words */
      {"disk is full", "disk was full", 0.4, 0.99},
      {"the wheel stands still", "queue is full", 0, 0.1},
      {"", "", 0, 0},
      {"x", "", 0, 0},
  };
  Arena *arena = arena_new();
  (void)state;
  for (size_t i = 0; i < COUNT(ROWS); i++) {
    double score = text_of(arena, ROWS[i].a, ROWS[i].b);
    if (score < ROWS[i].low - 1e-9 || score > ROWS[i].high + 1e-9)
      fail_msg("\"%s\" and \"%s\": %f", ROWS[i].a, ROWS[i].b, score);
  }
  arena_free(arena);
}

static void a_very_long_text_is_cut_and_still_compared(void **state) {
  Arena *arena = arena_new();
  Buf text = buf_new(arena, 100000);
  (void)state;
  for (size_t i = 0; i < 9000; i++) buf_puts(&text, i % 3 ? "ab1" : "é 9");
  Shingles x = together_shingles(arena, buf_str(&text), NULL);
  assert_true(x.count > 0 && x.count < 5000);
  for (size_t i = 1; i < x.count; i++) assert_true(x.items[i - 1] < x.items[i]);
  assert_true(fabs(together_text(&x, &x) - 1) < 1e-9);
  arena_free(arena);
}

static void time_and_graph_fade(void **state) {
  (void)state;
  assert_true(fabs(together_time(1000, 1000) - 1) < 1e-9);
  assert_true(fabs(together_time(0, 300000) - 0.367879) < 1e-4);
  assert_true(fabs(together_time(300000, 0) - together_time(0, 300000)) < 1e-9);
  static const double GRAPH[] = {0, 1, 0.5, 0.25, 0};
  for (int hops = -1; hops < 4; hops++) assert_true(fabs(together_graph(hops) - GRAPH[hops + 1]) < 1e-9);
}

static void the_score_and_its_words(void **state) {
  Arena *arena = arena_new();
  (void)state;
  Shingles x = together_shingles(arena, S("disk full"), NULL);
  TogetherScore far = together_score(&x, &x, 0, 900000, 2), same = together_score(&x, &x, 0, 0, 0);
  assert_true(far.score < TOGETHER_SHOWN_FROM && fabs(same.score - 1) < 1e-9);
  Str words = together_because(arena, &same, S("Shop"), S("Shop"));
  assert_true(str_equal_c(words, "The same text but for numbers; 0 seconds apart; both of Shop."));
  far.hops = -1;
  words = together_because(arena, &far, S("A"), S("B"));
  assert_true(str_equal_c(words, "The same text but for numbers; 15 minutes apart; their services are not connected."));
  arena_free(arena);
}

/* Pairs by the index against every pair there is. */
enum { ITEMS = 120 };
typedef struct Looked {
  size_t times[ITEMS][ITEMS];
} Looked;

static void note_pair(void *ctx, size_t a, size_t b) {
  Looked *looked = ctx;
  assert_true(a < b);
  looked->times[a][b]++;
}

/* Services 1 to 4 stand in a row. */
static size_t in_a_row(void *ctx, i64 service_id, const i64 **out) {
  static const i64 AROUND[5][3] = {{0}, {2, 3}, {1, 3, 4}, {2, 1, 4}, {3, 2}};
  static const size_t COUNTS[] = {0, 2, 3, 3, 2};
  (void)ctx;
  *out = AROUND[service_id];
  return COUNTS[service_id];
}

static int hops_of(i64 a, i64 b) {
  i64 apart = a > b ? a - b : b - a;
  return a && b && apart <= 2 ? (int)apart : -1;
}

static void the_index_misses_no_pair_that_is_shown(void **state) {
  static const char *const WORDS[] = {"disk", "full", "latency", "of", "checkout", "is", "high", "queue", "pod"};
  Arena *arena = arena_new();
  TogetherItem *items = ARENA_ARRAY(arena, TogetherItem, ITEMS);
  Looked *looked = ARENA_NEW(arena, Looked);
  u64 seed = 7;
  size_t shown = 0, asked = 0;
  (void)state;
  for (size_t i = 0; i < ITEMS; i++) {
    Buf text = buf_new(arena, 200);
    for (size_t w = 0; w < 4; w++) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      buf_format(&text, "%s ", WORDS[(seed >> 33) % COUNT(WORDS)]);
    }
    items[i] = (TogetherItem){(i64)i * 30000, (i64)((seed >> 40) % 5), together_shingles(arena, buf_str(&text), NULL)};
  }
  together_pairs(arena, items, ITEMS, &(TogetherLook){.ctx = looked, .pair = note_pair, .near = in_a_row});
  for (size_t a = 0; a < ITEMS; a++)
    for (size_t b = a + 1; b < ITEMS; b++) {
      TogetherScore score = together_score(&items[a].shingles, &items[b].shingles, items[a].at_ms, items[b].at_ms,
                                           hops_of(items[a].service_id, items[b].service_id));
      bool near = items[b].at_ms - items[a].at_ms <= TOGETHER_APART_MS;
      assert_true(looked->times[a][b] <= (near ? 1u : 0u));
      asked += looked->times[a][b];
      if (!near || score.score < TOGETHER_SHOWN_FROM) continue;
      shown++;
      if (looked->times[a][b] != 1) fail_msg("%zu and %zu score %f and were not looked at", a, b, score.score);
    }
  assert_true(shown > 20 && asked < ITEMS * 30);
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_varies_between_two_of_a_kind_does_not_count),
      cmocka_unit_test(a_very_long_text_is_cut_and_still_compared),
      cmocka_unit_test(time_and_graph_fade),
      cmocka_unit_test(the_score_and_its_words),
      cmocka_unit_test(the_index_misses_no_pair_that_is_shown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

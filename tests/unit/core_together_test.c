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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_varies_between_two_of_a_kind_does_not_count),
      cmocka_unit_test(a_very_long_text_is_cut_and_still_compared),
      cmocka_unit_test(time_and_graph_fade),
      cmocka_unit_test(the_score_and_its_words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

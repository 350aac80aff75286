/* Metrics: the text Prometheus reads. */
#include "base/metrics.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *written(Metrics *metrics, Arena *arena) {
  Buf out = buf_new(arena, MIB(1));
  metrics_write(metrics, &out);
  assert_false(out.overflow);
  return str_to_c(arena, buf_str(&out));
}

static double read_seven(void *ctx) {
  return *(const double *)ctx;
}

static void all_kinds_are_written_in_order(void **state) {
  (void)state;
  static const double BOUNDS[] = {0.1, 1, 2.5};
  Arena *arena = arena_new();
  Metrics *metrics = metrics_new();
  Metric *counter = metrics_counter(metrics, "a_total", "Things\\done,\nall.", NULL);
  Metric *gauge = metrics_gauge(metrics, "b", "Level.", NULL);
  Metric *times = metrics_histogram(metrics, "c_seconds", "Time.", BOUNDS, COUNT(BOUNDS));
  double seven = 7;
  metrics_gauge_fn(metrics, "d", "Asked.", read_seven, &seven);
  metric_add(counter, NULL, 2);
  metric_add(counter, NULL, 0.5);
  metric_set(gauge, NULL, INFINITY);
  static const double VALUES[] = {0.1, 0.2, 1, 99};
  for (size_t i = 0; i < COUNT(VALUES); i++) metric_observe(times, VALUES[i]);
  assert_string_equal(written(metrics, arena), "# HELP a_total Things\\\\done,\\nall.\n"
                                               "# TYPE a_total counter\n"
                                               "a_total 2.5\n"
                                               "# HELP b Level.\n"
                                               "# TYPE b gauge\n"
                                               "b +Inf\n"
                                               "# HELP c_seconds Time.\n"
                                               "# TYPE c_seconds histogram\n"
                                               "c_seconds_bucket{le=\"0.1\"} 1\n"
                                               "c_seconds_bucket{le=\"1\"} 3\n"
                                               "c_seconds_bucket{le=\"2.5\"} 3\n"
                                               "c_seconds_bucket{le=\"+Inf\"} 4\n"
                                               "c_seconds_sum 100.3\n"
                                               "c_seconds_count 4\n"
                                               "# HELP d Asked.\n"
                                               "# TYPE d gauge\n"
                                               "d 7\n");
  metrics_free(metrics);
  metrics_free(NULL);
  arena_free(arena);
}

static void labels_are_named_and_escaped(void **state) {
  (void)state;
  Arena *arena = arena_new();
  Metrics *metrics = metrics_new();
  Metric *counter = metrics_counter(metrics, "x_total", "X.", "kind,outcome");
  metric_add(counter, "sms,ok", 1);
  metric_add(counter, "sms,ok", 1);
  metric_add(counter, "a\"b\\c\nd,e,f", 1);
  metric_add(counter, "alone", 1);
  assert_string_equal(written(metrics, arena), "# HELP x_total X.\n"
                                               "# TYPE x_total counter\n"
                                               "x_total{kind=\"sms\",outcome=\"ok\"} 2\n"
                                               "x_total{kind=\"a\\\"b\\\\c\\nd\",outcome=\"e,f\"} 1\n"
                                               "x_total{kind=\"alone\",outcome=\"\"} 1\n");
  metrics_free(metrics);
  arena_free(arena);
}

static void past_two_hundred_label_values_the_rest_is_other(void **state) {
  (void)state;
  Arena *arena = arena_new();
  Metrics *metrics = metrics_new();
  Metric *counter = metrics_counter(metrics, "x_total", "X.", "a,b");
  for (size_t i = 0; i < 250; i++) metric_add(counter, str_to_c(arena, str_format(arena, "%zu,y", i)), 1);
  metric_add(counter, "199,y", 1); /* known ones go on */
  const char *text = written(metrics, arena);
  assert_non_null(strstr(text, "{a=\"199\",b=\"y\"} 2\n"));
  assert_null(strstr(text, "{a=\"200\",b=\"y\"}"));
  assert_non_null(strstr(text, "{a=\"other\",b=\"other\"} 50\n"));
  metrics_free(metrics);
  arena_free(arena);
}

static void asking_twice_gives_the_same_metric(void **state) {
  (void)state;
  Metrics *metrics = metrics_new();
  Metric *first = metrics_counter(metrics, "x_total", "X.", "a");
  assert_ptr_equal(metrics_counter(metrics, "x_total", "X.", "a"), first);
  metrics_free(metrics);
}

typedef struct Shared {
  Metric *plain, *labelled, *times;
} Shared;

static void *count_up(void *ptr) {
  const Shared *shared = ptr;
  for (size_t i = 0; i < 10000; i++) {
    metric_add(shared->plain, NULL, 1);
    metric_add(shared->labelled, i % 2 ? "odd" : "even", 1);
    metric_observe(shared->times, 1);
  }
  return NULL;
}

static void threads_lose_no_counts(void **state) {
  (void)state;
  static const double BOUNDS[] = {1};
  Arena *arena = arena_new();
  Metrics *metrics = metrics_new();
  Shared shared = {metrics_counter(metrics, "a_total", "A.", NULL), metrics_counter(metrics, "b_total", "B.", "kind"),
                   metrics_histogram(metrics, "c", "C.", BOUNDS, 1)};
  pthread_t threads[4];
  for (size_t i = 0; i < COUNT(threads); i++) pthread_create(&threads[i], NULL, count_up, &shared);
  written(metrics, arena); /* scraping meanwhile disturbs nobody */
  for (size_t i = 0; i < COUNT(threads); i++) pthread_join(threads[i], NULL);
  const char *text = written(metrics, arena);
  assert_non_null(strstr(text, "\na_total 40000\n"));
  assert_non_null(strstr(text, "{kind=\"even\"} 20000\n"));
  assert_non_null(strstr(text, "{kind=\"odd\"} 20000\n"));
  assert_non_null(strstr(text, "\nc_sum 40000\nc_count 40000\n"));
  metrics_free(metrics);
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_kinds_are_written_in_order),
      cmocka_unit_test(labels_are_named_and_escaped),
      cmocka_unit_test(past_two_hundred_label_values_the_rest_is_other),
      cmocka_unit_test(asking_twice_gives_the_same_metric),
      cmocka_unit_test(threads_lose_no_counts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* How many requests a minute: a table of moments and what they get. */
#include "core/api/limits.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_bucket_holds_a_minute_and_fills_up_steadily(void **state) {
  static const struct {
    i64 now_ms;
    bool taken;
    i64 remaining, reset_s, wait_ms;
  } ROWS[] = {
      {0, true, 2, 20, 0},
      {0, true, 1, 40, 0},
      {0, true, 0, 60, 0},
      {0, false, 0, 60, 20000},
      {19999, false, 0, 41, 1},
      {20000, true, 0, 60, 0},
      {10000, false, 0, 60, 20000} /* a clock that went back */,
      {90000, true, 2, 20, 0},
      {9000000, true, 2, 20, 0}, /* never more than a minute's worth */
  };
  Limits *limits = limits_new();
  (void)state;
  for (size_t i = 0; i < COUNT(ROWS); i++) {
    LimitState got = {0};
    assert_int_equal(limits_take(limits, S("key"), 3, ROWS[i].now_ms, &got), ROWS[i].taken);
    assert_int_equal(got.limit, 3);
    assert_int_equal(got.remaining, ROWS[i].remaining);
    assert_int_equal(got.reset_s, ROWS[i].reset_s);
    assert_int_equal(got.wait_ms, ROWS[i].wait_ms);
  }
  limits_free(limits);
}

static void each_has_its_own(void **state) {
  Limits *limits = limits_new();
  LimitState got = {0};
  (void)state;
  assert_true(limits_take(limits, S("a"), 1, 0, &got));
  assert_false(limits_take(limits, S("a"), 1, 0, &got));
  assert_true(limits_take(limits, S("b"), 1, 0, &got));
  limits_free(limits);
}

/* More addresses than there are slots: newcomers are served, and the memory does not grow. */
static void a_crowd_is_served(void **state) {
  Limits *limits = limits_new();
  LimitState got = {0};
  (void)state;
  for (int i = 0; i < 100000; i++) {
    char name[20];
    snprintf(name, sizeof name, "%d", i);
    assert_true(limits_take(limits, str_from_c(name), 1, i, &got));
  }
  limits_free(limits);
}

static void a_changed_limit_holds_at_once(void **state) {
  Limits *limits = limits_new();
  LimitState got = {0};
  (void)state;
  for (int i = 0; i < 50; i++) assert_true(limits_take(limits, S("a"), 100, 0, &got));
  assert_true(limits_take(limits, S("a"), 2, 0, &got));
  assert_int_equal(got.remaining, 1);
  assert_true(limits_take(limits, S("a"), 2, 0, &got));
  assert_false(limits_take(limits, S("a"), 2, 0, &got));
  limits_free(limits);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_bucket_holds_a_minute_and_fills_up_steadily),
      cmocka_unit_test(each_has_its_own),
      cmocka_unit_test(a_crowd_is_served),
      cmocka_unit_test(a_changed_limit_holds_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

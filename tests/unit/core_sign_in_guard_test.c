/* The growing delay of sign-ins, as a table of what happens and how long one then waits. */
#include "core/identity/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static SignInGuard *failed_times(int count, const char *account, const char *address, i64 now_ms) {
  SignInGuard *guard = sign_in_guard_new();
  for (int i = 0; i < count; i++) sign_in_guard_failed(guard, str_from_c(account), str_from_c(address), now_ms);
  return guard;
}

static void waits_grow_and_end(void **state) {
  static const struct {
    int failures;
    i64 wait_ms;
  } ROWS[] = {{0, 0}, {4, 0}, {5, 1000}, {6, 2000}, {8, 8000}, {14, 512000}, {15, 900000}, {100, 900000}};
  (void)state;
  for (size_t i = 0; i < COUNT(ROWS); i++) {
    SignInGuard *guard = failed_times(ROWS[i].failures, "ann", "10.0.0.1", 1000000);
    assert_int_equal(sign_in_guard_wait(guard, S("ann"), S("10.0.0.9"), 1000000), ROWS[i].wait_ms);
    assert_int_equal(sign_in_guard_wait(guard, S("ann"), S("10.0.0.9"), 1000000 + ROWS[i].wait_ms), 0);
    sign_in_guard_free(guard);
  }
}

static void an_address_is_given_more(void **state) {
  (void)state;
  SignInGuard *guard = sign_in_guard_new();
  for (int i = 0; i < 20; i++) {
    char account[] = "user-a";
    account[5] = (char)('a' + i);
    assert_int_equal(sign_in_guard_wait(guard, str_from_c(account), S("10.0.0.1"), 0), 0);
    sign_in_guard_failed(guard, str_from_c(account), S("10.0.0.1"), 0);
  }
  assert_int_equal(sign_in_guard_wait(guard, S("new"), S("10.0.0.1"), 0), 1000);
  assert_int_equal(sign_in_guard_wait(guard, S("new"), S("10.0.0.2"), 0), 0);
  sign_in_guard_free(guard);
}

static void success_and_time_forgive(void **state) {
  (void)state;
  SignInGuard *guard = failed_times(9, "ann", "10.0.0.1", 0);
  assert_true(sign_in_guard_wait(guard, S("ann"), S("x"), 0) > 0);
  sign_in_guard_passed(guard, S("ann"));
  assert_int_equal(sign_in_guard_wait(guard, S("ann"), S("x"), 0), 0);
  sign_in_guard_free(guard);
  guard = failed_times(100, "ann", "10.0.0.1", 0);
  sign_in_guard_failed(guard, S("ann"), S("10.0.0.1"), 31 * 60 * 1000);
  assert_int_equal(sign_in_guard_wait(guard, S("ann"), S("10.0.0.1"), 31 * 60 * 1000), 0);
  sign_in_guard_free(guard);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(waits_grow_and_end),
      cmocka_unit_test(an_address_is_given_more),
      cmocka_unit_test(success_and_time_forgive),
  };
  return cmocka_run_group_tests_name("core.sign_in_guard", tests, NULL, NULL);
}

/* The arithmetic of one-time passwords against RFC 6238 (appendix B, SHA-1, its last six digits) and RFC 4648. */
#include "core/identity/totp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void codes_are_those_of_the_rfc(void **state) {
  static const struct {
    i64 at_s;
    const char *code;
  } CASES[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
               {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
  CLEANUP(arena_freep) Arena *arena = arena_new();
  (void)state;
  for (size_t i = 0; i < COUNT(CASES); i++)
    assert_true(str_equal_c(totp_code(arena, S("12345678901234567890"), CASES[i].at_s / TOTP_STEP_S), CASES[i].code));
}

static void base32_is_that_of_the_rfc(void **state) {
  static const char *const CASES[][2] = {{"", ""},
                                         {"f", "MY"},
                                         {"fo", "MZXQ"},
                                         {"foo", "MZXW6"},
                                         {"foob", "MZXW6YQ"},
                                         {"fooba", "MZXW6YTB"},
                                         {"foobar", "MZXW6YTBOI"}};
  CLEANUP(arena_freep) Arena *arena = arena_new();
  (void)state;
  for (size_t i = 0; i < COUNT(CASES); i++)
    assert_true(str_equal_c(base32_encode(arena, str_from_c(CASES[i][0])), CASES[i][1]));
}

static void a_code_fits_its_step_and_its_neighbours_and_only_once(void **state) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Totp totp = {.begun = true, .on = true, .secret = S("12345678901234567890"), .recovery = S("[]")};
  Str code = totp_code(arena, totp.secret, 1000);
  static const struct {
    i64 step;
    bool fits;
  } CASES[] = {{998, false}, {999, true}, {1000, true}, {1001, true}, {1002, false}};
  (void)state;
  for (size_t i = 0; i < COUNT(CASES); i++)
    assert_int_equal(totp_fits(arena, &totp, code, CASES[i].step * TOTP_STEP_S * 1000), CASES[i].fits);
  totp.last_step = 1000;
  assert_false(totp_fits(arena, &totp, code, (i64)1000 * TOTP_STEP_S * 1000));
  assert_false(totp_fits(arena, &totp, S(""), (i64)1000 * TOTP_STEP_S * 1000));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(codes_are_those_of_the_rfc),
      cmocka_unit_test(base32_is_that_of_the_rfc),
      cmocka_unit_test(a_code_fits_its_step_and_its_neighbours_and_only_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

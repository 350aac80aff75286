/* Digests against published values; tokens from their alphabet. */
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void digests_match_published_values(void **state) {
  (void)state;
  Arena *arena = arena_new();
  /* FIPS 180-2 */
  static const struct {
    Str bytes;
    const char *hex;
  } CASES[] = {
      {{NULL, 0}, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {STR("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
  };
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Str raw = sha256_raw(arena, CASES[i].bytes);
    assert_true(str_equal_c(sha256_hex(arena, CASES[i].bytes), CASES[i].hex));
    assert_true(str_equal_c(hex_encode(arena, raw.ptr, raw.len), CASES[i].hex));
  }
  /* RFC 4231, case 2 */
  Str mac = hmac_sha256_raw(arena, S("Jefe"), S("what do ya want for nothing?"));
  assert_true(str_equal_c(hex_encode(arena, mac.ptr, mac.len),
                          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
  assert_int_equal(hmac_sha256_raw(arena, STR_NONE, STR_NONE).len, 32);
  arena_free(arena);
}

static void tokens_use_the_whole_alphabet_and_nothing_else(void **state) {
  (void)state;
  Arena *arena = arena_new();
  Str token = random_token(arena, 5000);
  bool seen[256] = {0};
  size_t distinct = 0;
  assert_int_equal(token.len, 5000);
  for (size_t i = 0; i < token.len; i++) {
    char c = token.ptr[i];
    assert_non_null(strchr("0123456789abcdefghjkmnpqrstvwxyz", c));
    distinct += !seen[(u8)c];
    seen[(u8)c] = true;
  }
  assert_int_equal(distinct, 32);
  assert_false(str_equal(random_token(arena, 32), random_token(arena, 32)));
  assert_int_equal(random_token(arena, 0).len, 0);
  assert_true(random_u64() != random_u64());
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(digests_match_published_values),
      cmocka_unit_test(tokens_use_the_whole_alphabet_and_nothing_else),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

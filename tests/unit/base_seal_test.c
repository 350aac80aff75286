/* Sealing: opens with its key in its place, and with nothing else. */
#include "base/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#define KEY_A "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define KEY_B "ff112233445566778899aabbccddeeff00112233445566778899aabbccddee00"

static Sealer *sealer_of(const char *keys) {
  Sealer *sealer = NULL;
  Error err = {0};
  assert_true(sealer_new(str_from_c(keys), &sealer, &err));
  return sealer;
}

static void what_is_sealed_opens_in_its_place_only(void **state) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Sealer *sealer = sealer_of(KEY_A "\n");
  static const char *const TEXTS[] = {"", "x", "hush hush", "with \xc3\xbc and \n lines", "sealed:1:looks:likeone"};
  (void)state;
  for (size_t i = 0; i < COUNT(TEXTS); i++) {
    Error err = {0};
    Str plain = str_from_c(TEXTS[i]), out = STR_NONE;
    Str one = seal(arena, sealer, plain, S("secret:7")), two = seal(arena, sealer, plain, S("secret:7"));
    assert_true(is_sealed(one));
    assert_false(str_equal(one, two)); /* a nonce each time */
    assert_true(plain.len < 3 || str_find(one, plain, 0) == SIZE_MAX);
    assert_true(unseal(arena, sealer, one, S("secret:7"), &out, &err) && str_equal(out, plain));
    assert_false(unseal(arena, sealer, one, S("secret:8"), &out, &err));
  }
  sealer_free(sealer);
}

static void every_flipped_bit_is_seen(void **state) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Sealer *sealer = sealer_of(KEY_A);
  Str sealed = seal(arena, sealer, S("hush"), S("p"));
  (void)state;
  for (size_t i = 0; i < sealed.len; i++) {
    char *copy = arena_alloc(arena, sealed.len);
    Str out = STR_NONE, changed = {copy, sealed.len};
    Error err = {0};
    memcpy(copy, sealed.ptr, sealed.len);
    copy[i] = copy[i] == 'A' ? 'B' : 'A';
    if (str_equal(changed, sealed)) continue;
    bool same_bytes = unseal(arena, sealer, changed, S("p"), &out, &err) && str_equal(out, S("hush"));
    assert_false(same_bytes);
  }
  sealer_free(sealer);
}

static void the_first_key_seals_and_all_open(void **state) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Sealer *old = sealer_of(KEY_A), *both = sealer_of("# new, then old\n" KEY_B "\n\n" KEY_A "\n"),
         *fresh = sealer_of(KEY_B);
  Str sealed = seal(arena, old, S("hush"), S("p")), out = STR_NONE;
  Error err = {0};
  (void)state;
  assert_int_equal(sealer_count(both), 2);
  assert_true(str_equal(sealer_id(both), sealer_id(fresh)) && !str_equal(sealer_id(old), sealer_id(fresh)));
  assert_true(sealer_knows(both, sealer_id(old)) && !sealer_knows(fresh, sealer_id(old)));
  assert_true(unseal(arena, both, sealed, S("p"), &out, &err) && str_equal_c(out, "hush"));
  assert_false(unseal(arena, fresh, sealed, S("p"), &out, &err));
  assert_non_null(strstr(err.message, str_to_c(arena, sealer_id(old))));
  assert_true(unseal(arena, fresh, S("plain"), S("p"), &out, &err) && str_equal_c(out, "plain"));
  sealer_free(old);
  sealer_free(both);
  sealer_free(fresh);
}

static void what_is_no_key_is_refused_without_showing_it(void **state) {
  static const char *const WRONG[] = {
      "",         "\n# nothing\n",     "1234",
      KEY_A "00", KEY_A "\nnot-a-key", "zz112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"};
  (void)state;
  for (size_t i = 0; i < COUNT(WRONG); i++) {
    Sealer *sealer = NULL;
    Error err = {0};
    assert_false(sealer_new(str_from_c(WRONG[i]), &sealer, &err));
    assert_null(strstr(err.message, "not-a-key"));
    assert_true(err.message[0]);
  }
}

static void new_keys_differ_and_are_keys(void **state) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Str one = seal_new_key(arena), two = seal_new_key(arena);
  (void)state;
  assert_false(str_equal(one, two));
  sealer_free(sealer_of(str_to_c(arena, one)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_sealed_opens_in_its_place_only),
      cmocka_unit_test(every_flipped_bit_is_seen),
      cmocka_unit_test(the_first_key_seals_and_all_open),
      cmocka_unit_test(what_is_no_key_is_refused_without_showing_it),
      cmocka_unit_test(new_keys_differ_and_are_keys),
  };
  return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

/* Passwords: which are taken, hashes that fit, and a pool that is full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "core/identity/password.h"

#include <cmocka.h>
#include <sodium.h>

static const struct {
  const char *password, *email, *name;
  bool good;
  const char *word; /* of the sentence */
} CHECKS[] = {
    {"seven otters sing", "ann@example.org", "Ann Lee", true, NULL},
    {"9characts", "ann@example.org", "Ann Lee", false, "at least 10"},
    {"", "ann@example.org", "Ann Lee", false, "at least 10"},
    {"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa4\xc3\xb6\xc3\xbc", "ann@example.org", "Ann Lee", false, "7 characters"},
    {"aaaaaaaaaaaa", "ann@example.org", "Ann Lee", false, "repeats"},
    {"Password123", "ann@example.org", "Ann Lee", false, "tried first"},
    {"ann.lee2026", "ann.lee@example.org", "Ann", false, "e-mail address"},
    {"ann.lee@example.org", "ann.lee@example.org", "Ann", false, "e-mail address"},
    {"Annabel Lee1", "a@example.org", "Annabel Lee", false, "name"},
    {"Annabel Lee and the kingdom by the sea", "a@example.org", "Annabel Lee", true, NULL},
    {"\xff\xfe bad bytes here", "a@example.org", "A", false, "UTF-8"},
};

static void a_password_is_taken_or_the_reason_is_said(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(CHECKS); i++) {
    Error err = {0};
    bool good =
        password_check(str_from_c(CHECKS[i].password), str_from_c(CHECKS[i].email), str_from_c(CHECKS[i].name), &err);
    if (good != CHECKS[i].good || (!good && !strstr(err.message, CHECKS[i].word)))
      fail_msg("\"%s\": %d, %s", CHECKS[i].password, good, err.message);
  }
}

static void one_that_is_too_long_is_refused(void **state) {
  (void)state;
  CLEANUP(arena_freep) Arena *arena = arena_new();
  char *text = arena_alloc(arena, 2000);
  for (size_t i = 0; i < 2000; i++) text[i] = (char)('a' + i % 26);
  Error err = {0};
  assert_false(password_check((Str){text, 2000}, S("a@example.org"), S("A"), &err));
  assert_non_null(strstr(err.message, "1024"));
  assert_false(password_verify(STR_NONE, (Str){text, 2000}));
}

static void a_hash_fits_its_password_and_no_other(void **state) {
  (void)state;
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Str hash = STR_NONE, again = STR_NONE;
  Error err = {0};
  assert_true(password_hash(arena, S("seven otters sing"), &hash, &err));
  assert_true(password_hash(arena, S("seven otters sing"), &again, &err));
  assert_true(str_starts_with(hash, S("$argon2id$v=19$m=65536,t=2,p=1$")));
  assert_false(str_equal(hash, again)); /* salted */
  assert_true(password_verify(hash, S("seven otters sing")));
  assert_false(password_verify(hash, S("seven otters sinG")));
  assert_false(password_verify(hash, S("")));
  assert_false(password_verify(STR_NONE, S("seven otters sing")));
  assert_false(password_verify(S("not a hash"), S("seven otters sing")));
  assert_false(password_is_stale(hash));
  assert_true(
      password_is_stale(S("$argon2id$v=19$m=8192,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$bm90IGEgcmVhbCBoYXNoIGF0IGFsbC4")));
}

typedef struct Slow {
  atomic_bool release;
  atomic_int done;
} Slow;

static void wait_for_release(void *ctx) {
  Slow *slow = ctx;
  while (!atomic_load(&slow->release)) usleep(1000);
  atomic_fetch_add(&slow->done, 1);
}

static void a_full_pool_says_so_and_what_it_took_is_done(void **state) {
  (void)state;
  PasswordPool *pool = NULL;
  Error err = {0};
  Slow slow = {0};
  int taken = 0;
  assert_true(password_pool_new(&pool, &err));
  for (int i = 0; i < PASSWORD_WAITING_MAX + PASSWORD_THREADS + 10; i++)
    taken += password_pool_do(pool, wait_for_release, &slow);
  assert_in_range(taken, PASSWORD_WAITING_MAX, PASSWORD_WAITING_MAX + PASSWORD_THREADS);
  atomic_store(&slow.release, true);
  password_pool_free(pool);
  assert_int_equal(atomic_load(&slow.done), taken);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_password_is_taken_or_the_reason_is_said),
      cmocka_unit_test(one_that_is_too_long_is_refused),
      cmocka_unit_test(a_hash_fits_its_password_and_no_other),
      cmocka_unit_test(a_full_pool_says_so_and_what_it_took_is_done),
  };
  if (sodium_init() < 0) return 1;
  return cmocka_run_group_tests_name("core_password", tests, NULL, NULL);
}

/* Maps: what was put in comes out, in the order it went in. */
#include "base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static Arena *arena;

static int open_arena(void **state) {
  (void)state;
  arena = arena_new();
  return 0;
}

static int close_arena(void **state) {
  (void)state;
  arena_free(arena);
  return 0;
}

static void empty_map_holds_nothing(void **state) {
  (void)state;
  Map *map = map_new(arena);
  assert_null(map_get(map, S("a")));
  assert_int_equal(map_count(map), 0);
}

static void setting_again_replaces_and_keeps_the_place(void **state) {
  (void)state;
  int one = 1, two = 2;
  Map *map = map_new(arena);
  assert_null(map_set(map, S("a"), &one));
  assert_null(map_set(map, S("b"), &one));
  assert_ptr_equal(map_set(map, S("a"), &two), &one);
  assert_int_equal(map_count(map), 2);
  assert_true(str_equal_c(map_at(map, 0)->key, "a"));
  assert_ptr_equal(map_at(map, 0)->value, &two);
  assert_ptr_equal(map_set(map, S("a"), NULL), &two);
  assert_null(map_get(map, S("a")));
  assert_int_equal(map_count(map), 2);
}

static void keys_are_bytes_of_any_kind(void **state) {
  (void)state;
  int values[4];
  static const Str KEYS[] = {STR(""), STR("\0"), STR("\0\0"), STR("a\0b")};
  Map *map = map_new(arena);
  for (size_t i = 0; i < COUNT(KEYS); i++) assert_null(map_set(map, KEYS[i], &values[i]));
  for (size_t i = 0; i < COUNT(KEYS); i++) assert_ptr_equal(map_get(map, KEYS[i]), &values[i]);
  assert_ptr_equal(map_get(map, STR_NONE), &values[0]);
}

static void many_keys_are_found_and_stay_in_order(void **state) {
  (void)state;
  enum { MANY = 20000 };
  Map *map = map_new(arena);
  for (size_t i = 0; i < MANY; i++) {
    void **slot = map_slot(map, str_format(arena, "key %zu", i));
    assert_null(*slot);
    *slot = (void *)(uintptr_t)(i + 1);
  }
  assert_int_equal(map_count(map), MANY);
  for (size_t i = 0; i < MANY; i++) {
    Str key = str_format(arena, "key %zu", i);
    assert_int_equal((uintptr_t)map_get(map, key), i + 1);
    assert_true(str_equal(map_at(map, i)->key, key));
    assert_true(map_at(map, i)->hash == hash_keyed(key));
  }
  assert_null(map_get(map, S("key 20000")));
}

static void stable_hash_never_changes(void **state) {
  (void)state;
  assert_true(hash_stable(S("")) == UINT64_C(0x2d06800538d394c2)); /* XXH3 of nothing, seed 0 */
  assert_true(hash_stable(STR_NONE) == hash_stable(S("")));
  assert_true(hash_stable(S("a")) == UINT64_C(0xe6c632b61e964e1f));
  assert_true(hash_keyed(S("a")) == hash_keyed(S("a")) && hash_keyed(S("a")) != hash_keyed(S("b")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(empty_map_holds_nothing),    cmocka_unit_test(setting_again_replaces_and_keeps_the_place),
      cmocka_unit_test(keys_are_bytes_of_any_kind), cmocka_unit_test(many_keys_are_found_and_stay_in_order),
      cmocka_unit_test(stable_hash_never_changes),
  };
  return cmocka_run_group_tests(tests, open_arena, close_arena);
}

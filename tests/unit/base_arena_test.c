/* Arenas: alignment, growing, going back, deferred functions, and the poison under AddressSanitizer. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#define POISONED(ptr) (__asan_address_is_poisoned(ptr) != 0)
#else
#define POISONED(ptr) ((void)(ptr), true)
#endif

/* Deferred functions write their letter here. */
typedef struct Trail {
  char text[16];
  size_t len;
} Trail;

typedef struct Step {
  Trail *trail;
  char letter;
} Step;

static void leave_letter(void *ptr) {
  const Step *step = ptr;
  step->trail->text[step->trail->len++] = step->letter;
}

static void every_allocation_is_aligned_and_its_own(void **state) {
  (void)state;
  Arena *arena = arena_new();
  static const size_t SIZES[] = {0, 1, 15, 16, 17, 100, 4095, 4096, 5000, 1 << 20, (1 << 20) + 1, 3 << 20, 1};
  u8 *taken[COUNT(SIZES)];
  for (size_t i = 0; i < COUNT(SIZES); i++) {
    taken[i] = arena_alloc(arena, SIZES[i]);
    assert_int_equal((uintptr_t)taken[i] % 16, 0);
    memset(taken[i], (int)i + 1, SIZES[i]);
  }
  for (size_t i = 0; i < COUNT(SIZES); i++)
    for (size_t at = 0; at < SIZES[i]; at += 97) assert_int_equal(taken[i][at], i + 1);
  arena_free(arena);
}

static void zeroed_memory_is_zero_after_use_of_the_same_place(void **state) {
  (void)state;
  Arena *arena = arena_new();
  u8 *first = arena_alloc(arena, 64);
  memset(first, 0xff, 64);
  arena_clear(arena);
  u8 *again = arena_zero(arena, 8, 8);
  assert_ptr_equal(first, again);
  for (size_t i = 0; i < 64; i++) assert_int_equal(again[i], 0);
  arena_free(arena);
}

static void newest_allocation_grows_in_place(void **state) {
  (void)state;
  Arena *arena = arena_new();
  char *text = arena_alloc(arena, 10);
  memcpy(text, "123456789", 10);
  assert_ptr_equal(arena_grow(arena, text, 10, 1000), text);
  assert_string_equal(text, "123456789");
  text[999] = 'x';
  assert_ptr_equal(arena_grow(arena, text, 1000, 10), text);
  char *next = arena_alloc(arena, 1);
  assert_true(next - text <= 64); /* what shrinking gave back is used again */
  arena_free(arena);
}

static void older_allocation_is_copied_when_it_grows(void **state) {
  (void)state;
  Arena *arena = arena_new();
  char *text = arena_alloc(arena, 10);
  memcpy(text, "123456789", 10);
  arena_alloc(arena, 1);
  char *grown = arena_grow(arena, text, 10, 100000);
  assert_ptr_not_equal(grown, text);
  assert_string_equal(grown, "123456789");
  arena_free(arena);
}

static void deferred_functions_run_newest_first(void **state) {
  (void)state;
  Trail trail = {0};
  Step a = {&trail, 'a'}, b = {&trail, 'b'}, c = {&trail, 'c'};
  Arena *arena = arena_new();
  arena_defer(arena, leave_letter, &a);
  arena_defer(arena, leave_letter, &b);
  arena_clear(arena);
  assert_string_equal(trail.text, "ba");
  arena_defer(arena, leave_letter, &c);
  arena_free(arena);
  assert_string_equal(trail.text, "bac");
}

static void rewinding_gives_back_what_came_after_the_mark(void **state) {
  (void)state;
  Trail trail = {0};
  Step a = {&trail, 'a'}, b = {&trail, 'b'}, c = {&trail, 'c'};
  Arena *arena = arena_new();
  char *kept = arena_alloc(arena, 100);
  memset(kept, 'k', 100);
  arena_defer(arena, leave_letter, &a);
  size_t bytes = arena_bytes(arena);
  ArenaMark mark = arena_mark(arena);
  for (size_t i = 0; i < 100; i++) arena_alloc(arena, 10000);
  arena_defer(arena, leave_letter, &b);
  ArenaMark inner = arena_mark(arena);
  arena_defer(arena, leave_letter, &c);
  arena_rewind(arena, inner);
  assert_string_equal(trail.text, "c");
  arena_rewind(arena, mark);
  assert_string_equal(trail.text, "cb");
  assert_int_equal(arena_bytes(arena), bytes);
  assert_int_equal(kept[99], 'k');
  arena_free(arena);
  assert_string_equal(trail.text, "cba");
}

static void bytes_count_from_the_last_clear(void **state) {
  (void)state;
  Arena *arena = arena_new();
  assert_int_equal(arena_bytes(arena), 0);
  for (size_t i = 0; i < 1000; i++) arena_alloc(arena, 1024);
  assert_true(arena_bytes(arena) >= 1024000);
  arena_clear(arena);
  assert_int_equal(arena_bytes(arena), 0);
  arena_freep(&arena);
  assert_null(arena);
  arena_freep(&arena);
}

static void what_was_not_handed_out_is_poisoned(void **state) {
  (void)state;
  Arena *arena = arena_new();
  char *text = arena_alloc(arena, 24);
  assert_true(POISONED(text + 24));
  assert_true(POISONED(text + 32)); /* the red zone */
  ArenaMark mark = arena_mark(arena);
  char *later = arena_alloc(arena, 24);
  arena_rewind(arena, mark);
  assert_true(POISONED(later));
  arena_clear(arena);
  assert_true(POISONED(text));
  arena_free(arena);
}

static void vectors_keep_their_items_while_growing(void **state) {
  (void)state;
  Arena *arena = arena_new();
  VEC(u32) numbers = {0};
  VEC(u32) others = {0};
  for (u32 i = 0; i < 10000; i++) {
    *VEC_PUSH(arena, &numbers) = i;
    if (i % 3 == 0) *VEC_PUSH(arena, &others) = i;
  }
  assert_int_equal(numbers.count, 10000);
  for (u32 i = 0; i < 10000; i++) assert_int_equal(numbers.items[i], i);
  for (u32 i = 0; i < others.count; i++) assert_int_equal(others.items[i], i * 3);
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_allocation_is_aligned_and_its_own),
      cmocka_unit_test(zeroed_memory_is_zero_after_use_of_the_same_place),
      cmocka_unit_test(newest_allocation_grows_in_place),
      cmocka_unit_test(older_allocation_is_copied_when_it_grows),
      cmocka_unit_test(deferred_functions_run_newest_first),
      cmocka_unit_test(rewinding_gives_back_what_came_after_the_mark),
      cmocka_unit_test(bytes_count_from_the_last_clear),
      cmocka_unit_test(what_was_not_handed_out_is_poisoned),
      cmocka_unit_test(vectors_keep_their_items_while_growing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

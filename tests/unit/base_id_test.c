/* Ids and clocks: upwards from every thread, whatever the clock does; texts there and back. */
#include "base/clock.h"
#include "base/id.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { THREADS = 4, IDS_PER_THREAD = 50000 };
#define EPOCH_MS INT64_C(1735689600000)

static void ids_rise_and_carry_node_and_time(void **state) {
  (void)state;
  IdGen gen;
  id_gen_init(&gen, 517, 0);
  i64 before_ms = clock_true_ms();
  i64 last = 0;
  for (size_t i = 0; i < 20000; i++) { /* more than a millisecond's sequence */
    i64 id = id_next(&gen);
    assert_true(id > last);
    assert_int_equal(id >> 12 & 1023, 517);
    last = id;
  }
  assert_true(id_time_ms(last) >= before_ms && id_time_ms(last) <= clock_true_ms() + 10);
}

static void ids_stay_above_the_high_water_of_any_node(void **state) {
  (void)state;
  i64 future_ms = clock_true_ms() + DAY_MS;
  static const i64 LOW_BITS[] = {0, 1, 4095, 1023 << 12, (1023 << 12) + 4095};
  for (size_t i = 0; i < COUNT(LOW_BITS); i++) {
    IdGen gen;
    i64 high_water = id_at_time(future_ms) + LOW_BITS[i];
    id_gen_init(&gen, 0, high_water);
    i64 id = id_next(&gen);
    assert_true(id > high_water);
    assert_true(id_time_ms(id) == future_ms + 1);
    assert_true(id_next(&gen) > id);
  }
}

static void used_up_sequence_borrows_the_next_millisecond(void **state) {
  (void)state;
  IdGen gen;
  i64 future_ms = clock_true_ms() + DAY_MS;
  id_gen_init(&gen, 3, id_at_time(future_ms - 1));
  i64 id = 0;
  for (size_t i = 0; i < 4096; i++) id = id_next(&gen);
  assert_true(id_time_ms(id) == future_ms && (id & 4095) == 4095);
  id = id_next(&gen);
  assert_true(id_time_ms(id) == future_ms + 1 && (id & 4095) == 0);
}

typedef struct Taker {
  pthread_t thread;
  IdGen *gen;
  i64 *ids;
} Taker;

static void *take_ids(void *ptr) {
  Taker *taker = ptr;
  for (size_t i = 0; i < IDS_PER_THREAD; i++) taker->ids[i] = id_next(taker->gen);
  return NULL;
}

static int compare_ids(const void *a, const void *b) {
  i64 x = *(const i64 *)a, y = *(const i64 *)b;
  return (x > y) - (x < y);
}

static void threads_never_get_the_same_id(void **state) {
  (void)state;
  IdGen gen;
  id_gen_init(&gen, 1, 0);
  i64 *all = xcalloc(THREADS * IDS_PER_THREAD, sizeof(i64));
  Taker takers[THREADS];
  for (size_t i = 0; i < THREADS; i++) {
    takers[i] = (Taker){.gen = &gen, .ids = all + i * IDS_PER_THREAD};
    assert_int_equal(pthread_create(&takers[i].thread, NULL, take_ids, &takers[i]), 0);
  }
  for (size_t i = 0; i < THREADS; i++) pthread_join(takers[i].thread, NULL);
  for (size_t i = 0; i < THREADS; i++)
    for (size_t j = 1; j < IDS_PER_THREAD; j++) assert_true(takers[i].ids[j] > takers[i].ids[j - 1]);
  qsort(all, THREADS * IDS_PER_THREAD, sizeof(i64), compare_ids);
  for (size_t i = 1; i < THREADS * IDS_PER_THREAD; i++) assert_true(all[i] > all[i - 1]);
  free(all);
}

static void texts_go_there_and_back(void **state) {
  (void)state;
  static const struct {
    i64 id;
    const char *text;
  } CASES[] = {
      {1, "inc_0000000000001"},
      {42, "inc_000000000001A"},
      {INT64_MAX, "inc_7ZZZZZZZZZZZZ"},
  };
  Arena *arena = arena_new();
  for (size_t i = 0; i < COUNT(CASES); i++) {
    i64 back = 0;
    Str text = id_text(arena, "inc", CASES[i].id);
    assert_true(str_equal_c(text, CASES[i].text));
    assert_true(id_parse("inc", text, &back) && back == CASES[i].id);
    assert_true(id_parse("inc", str_lower(arena, text), &back) && back == CASES[i].id);
  }
  i64 id = 0;
  assert_true(id_parse("inc", S("inc_0oOoOoOoO0iIl"), &id));
  assert_int_equal(id, 1 << 10 | 1 << 5 | 1);
  arena_free(arena);
}

static void what_is_no_id_of_the_kind_is_refused(void **state) {
  (void)state;
  static const Str CASES[] = {
      STR(""),
      STR("inc_"),
      STR("inc_000000000001"),
      STR("inc_00000000000001"),
      STR("svc_0000000000001"),
      STR("inc-0000000000001"),
      STR("0000000000001"),
      STR("inc_0000000000000"), /* ids are positive */
      STR("inc_8000000000000"), /* 64 bits */
      STR("inc_G000000000000"), /* 65 bits */
      STR("inc_000000000000U"),
      STR("inc_000000000000\0"),
      STR("inc_000000000000\xc3"),
  };
  for (size_t i = 0; i < COUNT(CASES); i++) {
    i64 id = 77;
    if (id_parse("inc", CASES[i], &id) || id != 77) fail_msg("%.*s was taken", STR_ARG(CASES[i]));
  }
}

static void times_map_to_the_smallest_id(void **state) {
  (void)state;
  assert_int_equal(id_at_time(EPOCH_MS), 0);
  assert_int_equal(id_at_time(0), 0);
  assert_int_equal(id_at_time(EPOCH_MS + 1), 1 << 22);
  assert_true(id_time_ms(id_at_time(EPOCH_MS + 123456789)) == EPOCH_MS + 123456789);
  assert_true(id_at_time(INT64_MAX - 1) > 0);
}

static void turning_the_clock_moves_only_its_own_time(void **state) {
  (void)state;
  Clock clock = {0};
  clock_turn(&clock, 2 * HOUR_MS);
  clock_turn(&clock, -HOUR_MS);
  i64 ahead_ms = clock_now(&clock) - clock_true_ms();
  assert_true(ahead_ms > HOUR_MS - MINUTE_MS && ahead_ms <= HOUR_MS);
  i64 first_us = clock_monotonic_us();
  assert_true(clock_monotonic_us() >= first_us);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ids_rise_and_carry_node_and_time),
      cmocka_unit_test(ids_stay_above_the_high_water_of_any_node),
      cmocka_unit_test(used_up_sequence_borrows_the_next_millisecond),
      cmocka_unit_test(threads_never_get_the_same_id),
      cmocka_unit_test(texts_go_there_and_back),
      cmocka_unit_test(what_is_no_id_of_the_kind_is_refused),
      cmocka_unit_test(times_map_to_the_smallest_id),
      cmocka_unit_test(turning_the_clock_moves_only_its_own_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Queues: order, limits, closing, and many threads at once. */
#include "base/queue.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int items[1000];

static void items_come_out_in_order(void **state) {
  (void)state;
  Queue *queue = queue_new(1000, SIZE_MAX);
  void *out[7];
  size_t next_in = 0, next_out = 0;
  for (size_t round = 0; round < 90; round++) { /* goes round the ring and widens it while it is in use */
    for (size_t i = 0; i < 10; i++) assert_true(queue_push(queue, &items[next_in++], 1));
    size_t count = queue_take(queue, out, COUNT(out), 0);
    for (size_t i = 0; i < count; i++) assert_ptr_equal(out[i], &items[next_out++]);
  }
  assert_int_equal(queue_count(queue), next_in - next_out);
  while (queue_take(queue, out, 1, 0)) assert_ptr_equal(out[0], &items[next_out++]);
  assert_int_equal(next_in, next_out);
  queue_free(queue);
  queue_free(NULL);
}

static void limits_refuse_and_give_way_again(void **state) {
  (void)state;
  Queue *queue = queue_new(3, 100);
  void *out[4];
  assert_true(queue_push(queue, &items[0], 60));
  assert_false(queue_push(queue, &items[1], 41));
  assert_true(queue_push(queue, &items[1], 40));
  assert_true(queue_push(queue, &items[2], 0));
  assert_false(queue_push(queue, &items[3], 0));
  assert_true(queue_push_always(queue, &items[3], 1000));
  assert_int_equal(queue_take(queue, out, 4, 0), 4);
  assert_true(queue_push(queue, &items[0], 100));
  queue_free(queue);
}

static void an_item_over_the_limit_may_come_alone(void **state) {
  (void)state;
  Queue *queue = queue_new(10, 100);
  assert_true(queue_push(queue, &items[0], 1000));
  assert_false(queue_push(queue, &items[1], 1));
  queue_free(queue);
}

static void closed_queue_gives_what_it_has_and_takes_nothing(void **state) {
  (void)state;
  Queue *queue = queue_new(10, 100);
  void *out[2];
  assert_true(queue_push(queue, &items[0], 1));
  queue_close(queue);
  assert_false(queue_push(queue, &items[1], 1));
  assert_false(queue_push_always(queue, &items[1], 1));
  assert_int_equal(queue_take(queue, out, 2, -1), 1);
  assert_int_equal(queue_take(queue, out, 2, -1), 0);
  queue_free(queue);
}

static void waking_returns_once_without_an_item(void **state) {
  (void)state;
  Queue *queue = queue_new(10, 100);
  void *out[1];
  queue_wake(queue);
  assert_int_equal(queue_take(queue, out, 1, -1), 0);
  assert_int_equal(queue_take(queue, out, 1, 1), 0); /* the wake is used up: this one times out */
  queue_free(queue);
}

enum { MAKERS = 3, EACH = 20000 };

static void *make_items(void *ptr) {
  Queue *queue = ptr;
  for (size_t i = 0; i < EACH; i++)
    while (!queue_push(queue, &items[i % COUNT(items)], 8)) sched_yield();
  return NULL;
}

static void nothing_is_lost_between_threads(void **state) {
  (void)state;
  Queue *queue = queue_new(100, SIZE_MAX);
  pthread_t makers[MAKERS];
  for (size_t i = 0; i < MAKERS; i++) assert_int_equal(pthread_create(&makers[i], NULL, make_items, queue), 0);
  void *out[32];
  size_t taken = 0;
  while (taken < (size_t)MAKERS * EACH) taken += queue_take(queue, out, COUNT(out), -1);
  for (size_t i = 0; i < MAKERS; i++) pthread_join(makers[i], NULL);
  assert_int_equal(queue_count(queue), 0);
  queue_free(queue);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(items_come_out_in_order),
      cmocka_unit_test(limits_refuse_and_give_way_again),
      cmocka_unit_test(an_item_over_the_limit_may_come_alone),
      cmocka_unit_test(closed_queue_gives_what_it_has_and_takes_nothing),
      cmocka_unit_test(waking_returns_once_without_an_item),
      cmocka_unit_test(nothing_is_lost_between_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Many outbound calls at once: slots, order, ceilings, and the end. */
#include "net_fake_http.h"

static void five_hundred_calls_share_the_slots(void **state) {
  World *world = *state;
  for (int i = 0; i < 500; i++) ask(world->client, world->fake->port, (Ask){.path = "/ok"}, waiter_done, &world->w);
  waiter_wait(&world->w, 500);
  assert_int_equal(world->w.outcomes[OUTBOUND_ANSWERED], 500);
  assert_in_range(atomic_load(&world->fake->at_once_max), 1, 12);
  assert_in_range(atomic_load(&world->fake->opened), 1, 12);
}

static void wait_for_requests(Fake *fake, int count) {
  for (int i = 0; i < 10000 && atomic_load(&fake->requests) < count; i++) fake_nap();
  assert_int_equal(atomic_load(&fake->requests), count);
}

static void pages_pass_a_crowd_of_hanging_calls(void **state) {
  World *world = *state;
  Waiter hanging;
  waiter_init(&hanging);
  for (int i = 0; i < 40; i++)
    ask(world->client, world->fake->port, (Ask){.path = "/slow-head", .timeout_ms = 60000}, waiter_done, &hanging);
  wait_for_requests(world->fake, 12);
  ask_and_wait(world->client, world->fake->port, (Ask){.path = "/ok", .for_page = true}, &world->w);
  assert_int_equal(world->w.result.outcome, OUTBOUND_ANSWERED);
  for (int i = 0; i < 110; i++)
    ask(world->client, world->fake->port, (Ask){.path = "/slow-head", .timeout_ms = 60000, .for_page = true},
        waiter_done, &hanging);
  wait_for_requests(world->fake, 1 + 100);
  assert_int_equal(atomic_load(&world->fake->at_once_max), 100);
  http_client_free(world->client);
  world->client = NULL;
  assert_int_equal(hanging.outcomes[OUTBOUND_CANCELLED], 150);
  waiter_done_with(&hanging);
}

static void another_host_is_not_held_up(void **state) {
  World *world = *state;
  Fake *other = fake_start(serve, NULL);
  Waiter hanging;
  waiter_init(&hanging);
  for (int i = 0; i < 300; i++)
    ask(world->client, world->fake->port, (Ask){.path = "/slow-head", .timeout_ms = 60000}, waiter_done, &hanging);
  ask_and_wait(world->client, other->port, (Ask){.path = "/ok"}, &world->w);
  assert_int_equal(world->w.result.outcome, OUTBOUND_ANSWERED);
  http_client_free(world->client);
  world->client = NULL;
  assert_int_equal(hanging.count, 300);
  fake_stop(other);
  waiter_done_with(&hanging);
}

static void waiting_for_a_slot_ends_in_time(void **state) {
  World *world = *state;
  Waiter hanging;
  waiter_init(&hanging);
  for (int i = 0; i < 12; i++)
    ask(world->client, world->fake->port, (Ask){.path = "/slow-head", .timeout_ms = 60000}, waiter_done, &hanging);
  wait_for_requests(world->fake, 12);
  ask_and_wait(world->client, world->fake->port, (Ask){.path = "/ok", .timeout_ms = 100}, &world->w);
  assert_int_equal(world->w.result.outcome, OUTBOUND_REFUSED);
  assert_true(world->w.result.not_started);
  assert_non_null(strstr(world->w.result.error, "slot"));
  assert_int_equal(atomic_load(&world->fake->requests), 12);
  http_client_free(world->client);
  world->client = NULL;
  waiter_done_with(&hanging);
}

static void more_than_the_ceiling_is_turned_away(void **state) {
  World *world = *state;
  for (int i = 0; i < 5000; i++)
    ask(world->client, world->fake->port, (Ask){.path = "/slow-head", .timeout_ms = 60000}, waiter_done, &world->w);
  waiter_wait(&world->w, 904);
  assert_int_equal(world->w.outcomes[OUTBOUND_REFUSED], 904);
  http_client_free(world->client);
  world->client = NULL;
  assert_int_equal(world->w.count, 5000);
  assert_int_equal(world->w.outcomes[OUTBOUND_CANCELLED], 4096);
}

typedef struct Chain {
  World *world;
  int left;
} Chain;

static void chain_done(void *ctx, const OutboundResult *result) {
  Chain *chain = ctx;
  if (--chain->left > 0)
    ask(chain->world->client, chain->world->fake->port, (Ask){.path = "/ok"}, chain_done, chain);
  else
    waiter_done(&chain->world->w, result);
}

static void done_may_submit_again(void **state) {
  World *world = *state;
  Chain chain = {.world = world, .left = 30};
  ask(world->client, world->fake->port, (Ask){.path = "/ok"}, chain_done, &chain);
  waiter_wait(&world->w, 1);
  assert_int_equal(atomic_load(&world->fake->requests), 30);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_WORLD(five_hundred_calls_share_the_slots),   IN_WORLD(pages_pass_a_crowd_of_hanging_calls),
      IN_WORLD(another_host_is_not_held_up),          IN_WORLD(waiting_for_a_slot_ends_in_time),
      IN_WORLD(more_than_the_ceiling_is_turned_away), IN_WORLD(done_may_submit_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

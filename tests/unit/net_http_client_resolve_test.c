/* Names: the guard sees what they resolve to, and a look-up that hangs holds up nobody.
 * libcurl's resolver calls the getaddrinfo below instead of the C library's. */
#include <netdb.h>

#include "net_fake_http.h"

static atomic_bool lookup_released;
static atomic_int lookups;

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out) {
  (void)hints;
  atomic_fetch_add(&lookups, 1);
  while (strcmp(name, "hanging.test") == 0 && !atomic_load(&lookup_released)) fake_nap();
  if (strcmp(name, "private.test") != 0) return EAI_NONAME;
  struct addrinfo *info = calloc(1, sizeof(*info));
  struct sockaddr_in *at = calloc(1, sizeof(*at));
  u16 port = (u16)strtoul(service, NULL, 10);
  *at = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  *info = (struct addrinfo){.ai_family = AF_INET, .ai_socktype = SOCK_STREAM, .ai_addrlen = sizeof(*at)};
  info->ai_addr = (struct sockaddr *)at;
  *out = info;
  return 0;
}

void freeaddrinfo(struct addrinfo *info) {
  free(info->ai_addr);
  free(info);
}

static void ask_name(HttpClient *client, const char *name, u16 port, i64 timeout_ms, Waiter *w) {
  char url[128];
  (void)snprintf(url, sizeof(url), "http://%s:%u/ok", name, port);
  http_client_call(
      client,
      &(HttpCall){
          .method = S("POST"), .url = str_from_c(url), .timeout_ms = timeout_ms, .done = waiter_done, .ctx = w});
}

static void name_of_a_private_address_is_refused(void **state) {
  World *world = *state;
  HttpClient *guarded = client_of(NULL);
  ask_name(guarded, "private.test", world->fake->port, 5000, &world->w);
  waiter_wait(&world->w, 1);
  assert_int_equal(world->w.result.outcome, OUTBOUND_REFUSED);
  assert_true(world->w.result.target_refused);
  http_client_free(guarded);
  assert_int_equal(atomic_load(&world->fake->opened), 0);
  ask_name(world->client, "private.test", world->fake->port, 5000, &world->w);
  waiter_wait(&world->w, 2);
  assert_int_equal(world->w.result.outcome, OUTBOUND_ANSWERED);
}

static void unknown_name_means_nothing_was_sent(void **state) {
  World *world = *state;
  ask_name(world->client, "unknown.test", 80, 5000, &world->w);
  waiter_wait(&world->w, 1);
  assert_int_equal(world->w.result.outcome, OUTBOUND_REFUSED);
  assert_false(world->w.result.target_refused);
}

static void hanging_lookup_ends_in_time_and_holds_up_nobody(void **state) {
  World *world = *state;
  Waiter hanging;
  waiter_init(&hanging);
  int before = atomic_load(&lookups);
  ask_name(world->client, "hanging.test", 80, 300, &hanging);
  while (atomic_load(&lookups) == before) fake_nap();
  ask_and_wait(world->client, world->fake->port, (Ask){.path = "/ok"}, &world->w);
  assert_int_equal(world->w.result.outcome, OUTBOUND_ANSWERED);
  waiter_wait(&hanging, 1); /* while the resolver's thread still hangs */
  assert_int_equal(hanging.result.outcome, OUTBOUND_REFUSED);
  ask_name(world->client, "hanging.test", 81, 60000, &hanging);
  while (atomic_load(&lookups) < before + 2) fake_nap();
  http_client_free(world->client);
  world->client = NULL;
  assert_int_equal(hanging.outcomes[OUTBOUND_CANCELLED], 1);
  atomic_store(&lookup_released, true);
  waiter_done_with(&hanging);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_WORLD(name_of_a_private_address_is_refused),
      IN_WORLD(unknown_name_means_nothing_was_sent),
      IN_WORLD(hanging_lookup_ends_in_time_and_holds_up_nobody),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A loopback server for tests: one thread accepts, one thread a connection runs `serve`. It counts what it sees.
 * Also: a client's result that can be waited for. */
#ifndef TESTS_NET_FAKE_SERVER_H
#define TESTS_NET_FAKE_SERVER_H

#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Before cmocka, whose macro hides fail(). */
#include "net/http_client.h"

#include <cmocka.h>

enum { FAKE_CONNECTIONS_MAX = 2048, FAKE_TEXT_MAX = 64 * 1024 };

typedef struct Fake Fake;
typedef struct FakeConnection {
  Fake *fake;
  pthread_t thread;
  int fd; /* -1 once closed */
} FakeConnection;

struct Fake {
  void (*serve)(Fake *fake, int fd);
  const void *script;
  int fd;
  u16 port;
  pthread_t thread;
  atomic_int requests, at_once, at_once_max, opened;
  atomic_bool release;  /* lets hanging answers go */
  pthread_mutex_t lock; /* guards the fields below */
  size_t connection_count;
  FakeConnection connections[FAKE_CONNECTIONS_MAX];
  char last[FAKE_TEXT_MAX]; /* newest request or mail */
};

static void *fake_connection_main(void *arg) {
  FakeConnection *c = arg;
  c->fake->serve(c->fake, c->fd);
  pthread_mutex_lock(&c->fake->lock);
  close(c->fd);
  c->fd = -1;
  pthread_mutex_unlock(&c->fake->lock);
  return NULL;
}

static void *fake_main(void *arg) {
  Fake *fake = arg;
  for (int fd; (fd = accept(fake->fd, NULL, NULL)) >= 0;) {
    pthread_mutex_lock(&fake->lock);
    FakeConnection *c = &fake->connections[fake->connection_count++];
    *c = (FakeConnection){.fake = fake, .fd = fd};
    pthread_mutex_unlock(&fake->lock);
    atomic_fetch_add(&fake->opened, 1);
    assert_int_equal(pthread_create(&c->thread, NULL, fake_connection_main, c), 0);
  }
  return NULL;
}

static int fake_listen(u16 *out_port) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof(at);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(fd >= 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
  assert_int_equal(listen(fd, 512), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
  *out_port = ntohs(at.sin_port);
  return fd;
}

static Fake *fake_start(void (*serve)(Fake *, int), const void *script) {
  Fake *fake = calloc(1, sizeof(*fake));
  fake->serve = serve;
  fake->script = script;
  pthread_mutex_init(&fake->lock, NULL);
  fake->fd = fake_listen(&fake->port);
  assert_int_equal(pthread_create(&fake->thread, NULL, fake_main, fake), 0);
  return fake;
}

static void fake_stop(Fake *fake) {
  atomic_store(&fake->release, true);
  shutdown(fake->fd, SHUT_RDWR);
  pthread_join(fake->thread, NULL);
  close(fake->fd);
  pthread_mutex_lock(&fake->lock);
  for (size_t i = 0; i < fake->connection_count; i++)
    if (fake->connections[i].fd >= 0) shutdown(fake->connections[i].fd, SHUT_RDWR);
  pthread_mutex_unlock(&fake->lock);
  for (size_t i = 0; i < fake->connection_count; i++) pthread_join(fake->connections[i].thread, NULL);
  pthread_mutex_destroy(&fake->lock);
  free(fake);
}

static void fake_nap(void) {
  nanosleep(&(struct timespec){.tv_nsec = 2 * 1000 * 1000}, NULL);
}

static void fake_hang(Fake *fake, int fd) {
  char byte;
  while (!atomic_load(&fake->release) && recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0) fake_nap();
}

static void fake_say(int fd, const char *text) {
  (void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void fake_keep(Fake *fake, const char *text) {
  pthread_mutex_lock(&fake->lock);
  (void)snprintf(fake->last, sizeof(fake->last), "%s", text);
  pthread_mutex_unlock(&fake->lock);
}

static UNUSED bool fake_heard(Fake *fake, const char *text) {
  pthread_mutex_lock(&fake->lock);
  bool heard = strstr(fake->last, text) != NULL;
  pthread_mutex_unlock(&fake->lock);
  return heard;
}

/* A result that can be waited for; counts how often done was called. */
typedef struct Waiter {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  size_t count;
  size_t outcomes[OUTBOUND_OUTCOME_COUNT];
  OutboundResult result; /* the newest; its body is in `body` */
  char body[FAKE_TEXT_MAX];
} Waiter;

static void waiter_init(Waiter *w) {
  memset(w, 0, sizeof(*w));
  pthread_mutex_init(&w->lock, NULL);
  pthread_cond_init(&w->changed, NULL);
}

static void waiter_done(void *ctx, const OutboundResult *result) {
  Waiter *w = ctx;
  pthread_mutex_lock(&w->lock);
  w->count++;
  w->outcomes[result->outcome]++;
  w->result = *result;
  w->result.body.len = MIN(result->body.len, sizeof(w->body));
  if (result->body.len > 0) memcpy(w->body, result->body.ptr, w->result.body.len);
  w->result.body.ptr = w->body;
  pthread_cond_signal(&w->changed);
  pthread_mutex_unlock(&w->lock);
}

static size_t waiter_count(Waiter *w) {
  pthread_mutex_lock(&w->lock);
  size_t count = w->count;
  pthread_mutex_unlock(&w->lock);
  return count;
}

static void waiter_wait(Waiter *w, size_t count) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 60;
  pthread_mutex_lock(&w->lock);
  while (w->count < count)
    if (pthread_cond_timedwait(&w->changed, &w->lock, &until) != 0) {
      pthread_mutex_unlock(&w->lock);
      fail_msg("%zu of %zu calls came back", w->count, count);
    }
  pthread_mutex_unlock(&w->lock);
}

static void waiter_done_with(Waiter *w) {
  pthread_mutex_destroy(&w->lock);
  pthread_cond_destroy(&w->changed);
}

static UNUSED HttpClient *client_of(const char *allow) {
  HttpClient *client = NULL;
  Error err = {0};
  if (!http_client_new(&(HttpClientOptions){.outbound_allow = allow}, &client, &err)) fail_msg("%s", err.message);
  return client;
}

#endif

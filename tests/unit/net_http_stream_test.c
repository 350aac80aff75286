/* Streams: shared bytes reach every reader, slow readers are closed, the owner is told once. */
#include "unit/net_http_fixture.h"

static int setup(void **state) {
  *state = fixture_start(NULL);
  return 0;
}

static int teardown(void **state) {
  fixture_free(*state);
  return 0;
}

static u32 stream_count(Fixture *f) {
  pthread_mutex_lock(&f->mutex);
  u32 count = f->stream_count;
  pthread_mutex_unlock(&f->mutex);
  return count;
}

/* A client whose request has become the newest stream. */
static int open_stream(Fixture *f, Arena *arena, HttpStream **out) {
  u32 before = stream_count(f);
  int fd = client_open(f);
  client_send(fd, S("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n"));
  Answer answer = client_answer(arena, fd, true);
  assert_int_equal(answer.status, 200);
  assert_true(str_equal_c(answer_field(answer, "Content-Type"), "text/event-stream"));
  assert_null(answer_field(answer, "Content-Length").ptr);
  assert_int_equal(stream_count(f), before + 1);
  pthread_mutex_lock(&f->mutex);
  *out = f->streams[before];
  pthread_mutex_unlock(&f->mutex);
  return fd;
}

static void send_text(HttpStream *stream, Str text) {
  SharedBytes *bytes = shared_bytes_new(text);
  http_stream_send(stream, bytes);
  shared_bytes_drop(bytes);
}

static void assert_receives(int fd, const char *expected) {
  char text[256];
  size_t bytes = client_receive(fd, text, strlen(expected));
  assert_true(str_equal_c((Str){text, bytes}, expected));
}

static void shared_bytes_reach_every_stream_in_order(void **state) {
  Arena *arena = arena_new();
  HttpStream *streams[3];
  int fds[3];
  for (int i = 0; i < 3; i++) fds[i] = open_stream(*state, arena, &streams[i]);
  SharedBytes *one = shared_bytes_new(S("data: one\n\n")), *two = shared_bytes_new(S("data: two\n\n"));
  for (int i = 0; i < 3; i++) http_stream_send(streams[i], one);
  for (int i = 0; i < 3; i++) http_stream_send(streams[i], two);
  shared_bytes_drop(one);
  shared_bytes_drop(two);
  for (int i = 0; i < 3; i++) {
    assert_receives(fds[i], "data: one\n\ndata: two\n\n");
    close(fds[i]);
  }
  WAIT_FOR(((Fixture *)*state)->streams_closed == 3);
  arena_free(arena);
}

static void an_ended_stream_sends_what_it_has_and_closes(void **state) {
  Fixture *f = *state;
  Arena *arena = arena_new();
  HttpStream *stream;
  int fd = open_stream(f, arena, &stream);
  send_text(stream, S("data: last\n\n"));
  http_stream_end(stream);
  assert_receives(fd, "data: last\n\n");
  assert_true(client_at_end(fd));
  close(fd);
  WAIT_FOR(f->streams_closed == 1);
  arena_free(arena);
}

static void a_reader_that_is_too_slow_is_closed(void **state) {
  Fixture *f = *state;
  Arena *arena = arena_new();
  HttpStream *stream;
  int fd = open_stream(f, arena, &stream);
  char *block = arena_alloc(arena, 32000);
  memset(block, 'x', 32000);
  SharedBytes *bytes = shared_bytes_new((Str){block, 32000});
  for (int i = 0; i < 2000; i++) {
    pthread_mutex_lock(&f->mutex); /* the handle is good until on_closed returns, which wants this lock */
    if (f->streams_closed == 0) http_stream_send(stream, bytes);
    pthread_mutex_unlock(&f->mutex);
    if (i % 4 == 0) pause_ms(1);
  }
  WAIT_FOR(f->streams_closed == 1);
  shared_bytes_drop(bytes);
  close(fd);
  arena_free(arena);
}

static void a_stream_waits_for_the_answers_before_it(void **state) {
  Fixture *f = *state;
  Arena *arena = arena_new();
  int fd = client_open(f);
  client_send(fd, S("GET /hold HTTP/1.1\r\nHost: a\r\n\r\nGET /stream HTTP/1.1\r\nHost: a\r\n\r\n"));
  WAIT_FOR(stream_count(f) == 1);
  send_text(f->streams[0], S("data: early\n\n"));
  fixture_answer(f, 0);
  assert_int_equal(client_answer(arena, fd, false).status, 200);
  assert_int_equal(client_answer(arena, fd, true).status, 200);
  assert_receives(fd, "data: early\n\n");
  close(fd);
  WAIT_FOR(f->streams_closed == 1);
  arena_free(arena);
}

static void a_stream_for_head_is_only_a_head(void **state) {
  Fixture *f = *state;
  Arena *arena = arena_new();
  int fd = client_open(f);
  client_send(fd, S("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n"));
  assert_int_equal(client_answer(arena, fd, true).status, 200);
  assert_true(client_at_end(fd));
  close(fd);
  WAIT_FOR(f->streams_closed == 1);
  arena_free(arena);
}

static void streams_are_closed_when_the_server_ends(void **state) {
  (void)state;
  Fixture *f = fixture_start(NULL);
  Arena *arena = arena_new();
  HttpStream *stream;
  int fd = open_stream(f, arena, &stream);
  send_text(stream, S("data: x\n\n"));
  http_server_free(f->server);
  assert_int_equal(f->streams_closed, 1);
  close(fd);
  pthread_mutex_destroy(&f->mutex);
  free(f);
  arena_free(arena);
}

#define STREAM_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      STREAM_TEST(shared_bytes_reach_every_stream_in_order), STREAM_TEST(an_ended_stream_sends_what_it_has_and_closes),
      STREAM_TEST(a_reader_that_is_too_slow_is_closed),      STREAM_TEST(a_stream_waits_for_the_answers_before_it),
      STREAM_TEST(a_stream_for_head_is_only_a_head),         cmocka_unit_test(streams_are_closed_when_the_server_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The pool of readers, and the gate that a long log closes. */
#include <pthread.h>

#include "unit/db_fixture.h"

static DbPool *must_pool(Fixture *f, size_t max) {
  DbPool *pool = NULL;
  Error err = {0};
  assert_true(db_pool_new(f->url, max, &pool, &err));
  return pool;
}

static Db *must_take(DbPool *pool) {
  Db *db = NULL;
  Error err = {0};
  assert_true(db_pool_take(pool, &db, &err));
  return db;
}

/* So many pages into the log, with one commit. Syncing is not what is tested here. */
static void grow_log(Db *writer, int pages) {
  static const DbStmt GROW = {"grow",
                              "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) "
                              "INSERT INTO big (data) SELECT zeroblob(4000) FROM n",
                              NULL};
  Error err = {0};
  assert_true(db_run(writer, &GROW, &err, db_int(pages)));
}

static Db *big_writer(Fixture *f) {
  Db *writer = fixture_writer(f);
  must_do(writer, "CREATE TABLE big (data BLOB)");
  must_int(writer, "PRAGMA max_page_count");
  must_do(writer, "PRAGMA synchronous=OFF");
  return writer;
}

static void pool_needs_a_database(void **state) {
  Fixture *f = *state;
  DbPool *pool = NULL;
  Error err = {0};
  assert_false(db_pool_new(f->url, 2, &pool, &err));
  assert_int_equal(err.code, ERR_STORAGE);
  assert_null(pool);
}

static void readers_are_made_up_to_the_limit_and_used_again(void **state) {
  Fixture *f = *state;
  fixture_writer(f);
  DbPool *pool = must_pool(f, 2);
  Db *a = must_take(pool), *b = must_take(pool);
  assert_ptr_not_equal(a, b);
  db_pool_give(pool, a);
  assert_ptr_equal(must_take(pool), a);
  db_pool_give(pool, a);
  db_pool_give(pool, b);
  db_pool_give(pool, NULL);
  db_pool_free(pool);
}

static void reader_given_back_is_as_new(void **state) {
  Fixture *f = *state;
  fixture_writer(f);
  DbPool *pool = must_pool(f, 1);
  Db *reader = must_take(pool);
  must_begin(reader);
  assert_int_equal(must_int(reader, "SELECT count(*) FROM item"), 0);
  db_read_limit_ms(reader, 1); /* the next one has the usual limit again */
  db_pool_give(pool, reader);
  must_do(f->writer, "INSERT INTO item (id) VALUES (1)");
  reader = must_take(pool);
  assert_false(db_in_transaction(reader));
  assert_int_equal(must_int(reader, "SELECT count(*) FROM item"), 1);
  must_int(reader, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 200000) SELECT max(i) FROM n");
  db_pool_give(pool, reader);
  db_pool_free(pool);
}

typedef struct Taker {
  DbPool *pool;
  i64 count;
} Taker;

static void *take_and_count(void *ctx) {
  Taker *taker = ctx;
  for (int i = 0; i < 100; i++) {
    Db *db = must_take(taker->pool);
    taker->count = must_int(db, "SELECT count(*) FROM item");
    db_pool_give(taker->pool, db);
  }
  return NULL;
}

static void many_threads_share_few_readers(void **state) {
  Fixture *f = *state;
  fixture_writer(f);
  must_do(f->writer, "INSERT INTO item (id) VALUES (1)");
  DbPool *pool = must_pool(f, 2);
  pthread_t threads[6];
  Taker takers[6];
  for (size_t i = 0; i < COUNT(threads); i++) {
    takers[i] = (Taker){.pool = pool};
    assert_int_equal(pthread_create(&threads[i], NULL, take_and_count, &takers[i]), 0);
  }
  for (size_t i = 0; i < COUNT(threads); i++) {
    pthread_join(threads[i], NULL);
    assert_int_equal(takers[i].count, 1);
  }
  db_pool_free(pool);
}

static i64 file_bytes(Fixture *f, const char *suffix) {
  FILE *file = fopen(str_to_c(f->arena, str_format(f->arena, "%s%s", f->path, suffix)), "r");
  if (!file) return 0;
  fseek(file, 0, SEEK_END);
  i64 bytes = ftell(file);
  fclose(file);
  return bytes;
}

static void log_moves_into_the_file_when_nothing_waits(void **state) {
  Fixture *f = *state;
  Db *writer = big_writer(f);
  grow_log(writer, 4100);
  assert_true(file_bytes(f, "") < (i64)MIB(1));
  db_checkpoint(writer, false); /* others wait: not now */
  assert_true(file_bytes(f, "") < (i64)MIB(1));
  db_checkpoint(writer, true);
  assert_true(file_bytes(f, "") > (i64)MIB(15));
  i64 log = file_bytes(f, "-wal");
  grow_log(writer, 3000); /* the log began anew and did not grow */
  assert_true(file_bytes(f, "-wal") == log);
  assert_false(db_gate_is_closed(writer->gate));
}

static void short_log_is_left_alone(void **state) {
  Fixture *f = *state;
  Db *writer = big_writer(f);
  grow_log(writer, 1000);
  db_checkpoint(writer, true);
  assert_true(file_bytes(f, "") < (i64)MIB(1));
}

static void *take_one(void *ctx) {
  Taker *taker = ctx;
  Db *db = must_take(taker->pool);
  taker->count = must_int(db, "SELECT count(*) FROM item");
  db_pool_give(taker->pool, db);
  return NULL;
}

static void long_log_closes_the_gate_until_it_begins_anew(void **state) {
  Fixture *f = *state;
  Db *writer = big_writer(f);
  DbPool *pool = must_pool(f, 4);
  Db *old = must_take(pool);
  db_read_limit_ms(old, 0);
  must_begin(old);
  assert_int_equal(must_int(old, "SELECT count(*) FROM item"), 0);

  grow_log(writer, 16500);
  db_checkpoint(writer, false);
  assert_true(db_gate_is_closed(writer->gate));
  assert_false(db_gate_pass(writer->gate, 5));

  Taker taker = {.pool = pool};
  pthread_t thread;
  must_do(writer, "INSERT INTO item (id) VALUES (1)");
  assert_int_equal(pthread_create(&thread, NULL, take_one, &taker), 0);
  db_checkpoint(writer, false); /* the old reader is still there */
  assert_true(db_gate_is_closed(writer->gate));
  must_do(writer, "INSERT INTO item (id) VALUES (2)");

  db_rollback(old);
  db_checkpoint(writer, false);
  assert_false(db_gate_is_closed(writer->gate));
  pthread_join(thread, NULL);
  assert_int_equal(taker.count, 2); /* it waited */
  db_pool_give(pool, old);
  db_pool_free(pool);
}

static void *end_soon(void *ctx) {
  usleep(30000);
  db_rollback(ctx);
  return NULL;
}

static void writer_with_nothing_to_do_waits_for_readers(void **state) {
  Fixture *f = *state;
  Db *writer = big_writer(f);
  Db *reader = must_open(f->url, DB_READER);
  db_read_limit_ms(reader, 0);
  must_begin(reader);
  assert_int_equal(must_int(reader, "SELECT count(*) FROM item"), 0);
  grow_log(writer, 16500);
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, end_soon, reader), 0);
  db_checkpoint(writer, true);
  pthread_join(thread, NULL);
  assert_false(db_gate_is_closed(writer->gate));
  db_close(reader);
}

static void writer_that_leaves_opens_the_gate(void **state) {
  Fixture *f = *state;
  Db *writer = big_writer(f);
  DbPool *pool = must_pool(f, 1);
  db_gate_close(writer->gate);
  db_close(f->writer);
  f->writer = NULL;
  db_pool_give(pool, must_take(pool));
  db_pool_free(pool);
}

static void gates_are_shared_by_path(void **state) {
  Fixture *f = *state;
  DbGate *a = db_gate_take(f->path), *b = db_gate_take(f->path), *other = db_gate_take(f->folder);
  assert_ptr_equal(a, b);
  assert_ptr_not_equal(a, other);
  db_gate_close(a);
  assert_true(db_gate_is_closed(b));
  assert_true(db_gate_pass(other, 0));
  assert_true(db_gate_pass(NULL, 0));
  db_gate_drop(a);
  assert_true(db_gate_is_closed(b));
  db_gate_drop(b);
  db_gate_drop(other);
  db_gate_drop(NULL);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(pool_needs_a_database),
      CASE(readers_are_made_up_to_the_limit_and_used_again),
      CASE(reader_given_back_is_as_new),
      CASE(many_threads_share_few_readers),
      CASE(log_moves_into_the_file_when_nothing_waits),
      CASE(short_log_is_left_alone),
      CASE(long_log_closes_the_gate_until_it_begins_anew),
      CASE(writer_with_nothing_to_do_waits_for_readers),
      CASE(writer_that_leaves_opens_the_gate),
      CASE(gates_are_shared_by_path),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

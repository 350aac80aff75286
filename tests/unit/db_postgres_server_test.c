/* PostgreSQL as a server: sessions that end, commits of which nobody knows, locks, turns, migrations. */
#include <pthread.h>

#include "db/migrations.h"
#include "unit/db_private_postgres.h"

static void must_add(Db *db, i64 id) {
  static const DbStmt ADD = {"item_add", "INSERT INTO item (id, name) VALUES ($1, CAST($1 AS TEXT))", NULL};
  Error err = {0};
  bool ok = db_run(db, &ADD, &err, db_int(id));
  if (!ok) print_error("%s\n", err.message);
  assert_true(ok);
}

/* Ends all sessions but that of `by`, and waits until they are gone. */
static void end_sessions(Db *by) {
  must_int(
      by, "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE datname = current_database() AND "
          "pid <> pg_backend_pid()");
}

/* Sessions --------------------------------------------------------------------------------------------------------- */

static void writer_that_lost_its_session_fails_until_it_begins_anew(void **state) {
  Fixture *f = *state;
  Db *db = fixture_writer(f), *other = must_open(f->url, DB_WRITER);
  Error err = {0};
  must_begin(db);
  must_add(db, 1);
  end_sessions(other);
  for (int i = 0; i < 2; i++) {
    err = (Error){0};
    assert_false(db_exec_text(db, S("INSERT INTO item (id, name) VALUES (2, 'b')"), 0, NULL, NULL, &err));
    assert_int_equal(err.code, ERR_STORAGE);
    assert_false(db_in_transaction(db));
  }
  assert_false(db_commit(db, &err));
  db_rollback(db);
  must_begin(db);
  must_add(db, 3);
  must_commit(db);
  assert_true(must_int(db, "SELECT sum(id) FROM item") == 3);
  db_close(other);
}

static void reader_that_has_read_nothing_asks_again_by_itself(void **state) {
  Fixture *f = *state;
  Db *db = fixture_writer(f), *reader = must_open(f->url, DB_READER);
  must_add(db, 1);
  assert_true(must_int(reader, "SELECT count(*) FROM item") == 1);
  end_sessions(db);
  assert_true(must_int(reader, "SELECT count(*) FROM item") == 1);
  end_sessions(db);
  must_begin(reader);
  assert_true(must_int(reader, "SELECT count(*) FROM item") == 1);
  db_rollback(reader);
  must_begin(reader);
  assert_true(must_int(reader, "SELECT count(*) FROM item") == 1);
  end_sessions(db);
  i64 count = 0;
  Error err = {0};
  assert_false(db_query_text(reader, S("SELECT count(*) FROM item"), 0, NULL, fixture_take_int, &count, &err));
  assert_int_equal(err.code, ERR_STORAGE); /* it would be another snapshot */
  db_rollback(reader);
  assert_true(must_int(reader, "SELECT count(*) FROM item") == 1);
  db_close(reader);
}

static void commit_on_a_session_that_is_gone_is_unknown_until_asked(void **state) {
  Fixture *f = *state;
  Db *db = fixture_writer(f), *other = must_open(f->url, DB_WRITER);
  Error err = {0};
  bool committed = true;
  must_begin(db);
  must_add(db, 1);
  end_sessions(other);
  assert_false(db_commit(db, &err));
  assert_int_equal(err.system, DB_COMMIT_UNKNOWN);
  db_rollback(db);
  err = (Error){0};
  bool known = db_commit_outcome(db, &committed, &err);
  if (!known) print_error("%s\n", err.message);
  assert_true(known);
  assert_false(committed);
  must_begin(db);
  must_add(db, 1);
  must_commit(db);
  db_close(other);
}

/* Locks ------------------------------------------------------------------------------------------------------------ */

static void lock_that_is_not_given_is_told_apart_from_a_deadlock(void **state) {
  Fixture *f = *state;
  Db *db = fixture_writer(f);
  Error err = {0};
  must_add(db, 1);
  must_begin(db);
  must_do(db, "SELECT 1 FROM item WHERE id = 1 FOR UPDATE");
  Db *other = must_open(f->url, DB_WRITER);
  must_do(other, "SET lock_timeout = '20ms'");
  assert_false(db_exec_text(other, S("UPDATE item SET note = 'x' WHERE id = 1"), 0, NULL, NULL, &err));
  assert_int_equal(err.code, ERR_STORAGE);
  assert_int_equal(err.system, DB_LOCKED);
  must_commit(db);
  must_do(other, "UPDATE item SET note = 'x' WHERE id = 1");
  db_close(other);
}

static void failures_that_want_another_try_say_so(void **state) {
  static const char *const CODES[] = {"40001", "40P01"};
  Fixture *f = *state;
  Db *db = fixture_writer(f);
  for (size_t i = 0; i < COUNT(CODES); i++) {
    Error err = {0};
    Str sql = str_format(f->arena, "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '%s'; END $$", CODES[i]);
    must_begin(db);
    assert_false(db_exec_text(db, sql, 0, NULL, NULL, &err));
    assert_int_equal(err.code, ERR_STORAGE);
    assert_int_equal(err.system, DB_TRY_AGAIN);
    db_rollback(db);
    must_begin(db);
    must_add(db, (i64)i + 1);
    must_commit(db);
  }
}

static void failures_of_the_servers_disk_and_role_are_storage(void **state) {
  static const struct {
    const char *code;
    int system;
  } CASES[] = {
      {"53100", DB_DISK_FULL}, {"25006", DB_READ_ONLY}, {"53200", 0}, {"58030", 0}, {"42501", 0}, {"57P01", 0}};
  Fixture *f = *state;
  Db *db = fixture_writer(f);
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Error err = {0};
    Str sql = str_format(f->arena, "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '%s'; END $$", CASES[i].code);
    must_begin(db);
    assert_false(db_exec_text(db, sql, 0, NULL, NULL, &err));
    assert_int_equal(err.code, ERR_STORAGE);
    assert_int_equal(err.system, CASES[i].system);
    db_rollback(db);
  }
  must_begin(db);
  must_add(db, 1);
  must_commit(db);
}

/* Turns ------------------------------------------------------------------------------------------------------------ */

static void *write_two(void *ctx) {
  Db *db = ctx;
  must_begin(db);
  i64 seen = must_int(db, "SELECT count(*) FROM item");
  must_add(db, 2);
  must_commit(db);
  return (void *)(intptr_t)seen;
}

static void second_writer_waits_and_sees_what_the_first_wrote(void **state) {
  Fixture *f = *state;
  Db *db = fixture_writer(f), *other = must_open(f->url, DB_WRITER), *look = must_open(f->url, DB_READER);
  pthread_t thread;
  void *seen = NULL;
  must_begin(db);
  must_add(db, 1);
  assert_int_equal(pthread_create(&thread, NULL, write_two, other), 0);
  while (must_int(look, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") == 0) continue;
  must_commit(db);
  pthread_join(thread, &seen);
  assert_int_equal((intptr_t)seen, 1);
  assert_true(must_int(look, "SELECT count(*) FROM item") == 2);
  db_close(other);
  db_close(look);
}

/* Migrations ------------------------------------------------------------------------------------------------------- */

static void embedded_migrations_build_an_empty_database(void **state) {
  Fixture *f = *state;
  u32 from = 9, to = 0;
  Error err = {0};
  f->writer = must_open(f->url, DB_WRITER);
  bool ok = db_migrate(f->writer, &from, &to, &err);
  if (!ok) print_error("%s\n", err.message);
  assert_true(ok);
  assert_int_equal(from, 0);
  assert_int_equal(to, db_migrations_latest());
  assert_true(must_int(f->writer, "SELECT count(*) FROM alert") == 0);
  assert_true(must_int(f->writer, "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'public' AND "
                                  "data_type = 'text' AND collation_name IS DISTINCT FROM 'C'") == 0);
}

static void database_in_use_is_migrated_only_when_somebody_said_so(void **state) {
  Fixture *f = *state;
  u32 from = 0, to = 0;
  Error err = {0};
  f->writer = must_open(f->url, DB_WRITER);
  assert_true(db_migrate_with(f->writer, DB_MIGRATIONS, DB_MIGRATION_COUNT - 1, &from, &to, &err));
  must_do(f->writer,
          "INSERT INTO organization (id, slug, name, time_zone, created_at, updated_at, version) VALUES (4096, 'a', "
          "'A', 'UTC', 0, 0, 1)");
  assert_false(db_migrate(f->writer, &from, &to, &err));
  assert_int_equal(err.code, ERR_CONFLICT);
  assert_non_null(strstr(err.message, "--migrate"));
  db_allow_migration(f->writer);
  err = (Error){0};
  assert_true(db_migrate(f->writer, &from, &to, &err));
  assert_int_equal(to, db_migrations_latest());
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, postgres_setup, fixture_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(writer_that_lost_its_session_fails_until_it_begins_anew),
      CASE(reader_that_has_read_nothing_asks_again_by_itself),
      CASE(commit_on_a_session_that_is_gone_is_unknown_until_asked),
      CASE(lock_that_is_not_given_is_told_apart_from_a_deadlock),
      CASE(failures_that_want_another_try_say_so),
      CASE(failures_of_the_servers_disk_and_role_are_storage),
      CASE(second_writer_waits_and_sees_what_the_first_wrote),
      CASE(embedded_migrations_build_an_empty_database),
      CASE(database_in_use_is_migrated_only_when_somebody_said_so),
  };
  return cmocka_run_group_tests(tests, postgres_start, postgres_stop);
}

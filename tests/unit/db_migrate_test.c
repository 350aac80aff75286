/* Migrations: from nothing, onwards, refused, and failing half-way; the ballast beside the database. */
#include <sys/stat.h>

#include "db/ballast.h"
#include "db/migrations.h"
#include "unit/db_fixture.h"

static const DbMigration LIST[] = {
    {1, "main",
     "-- the first\n"
     "CREATE TABLE thing (id BIGINT PRIMARY KEY);\n"
     "-- pg: CREATE TABLE only_postgres (id BIGINT);\n"
     "-- sqlite: CREATE TABLE only_sqlite (id BIGINT);\n"
     "INSERT INTO thing VALUES (1);\n"},
    {2, "names", "ALTER TABLE thing ADD COLUMN name TEXT NOT NULL DEFAULT 'x;y';\nUPDATE thing SET name = 'a'"},
    {5, "gap",
     "CREATE TRIGGER t AFTER INSERT ON thing BEGIN UPDATE thing SET name = 'z'; DELETE FROM only_sqlite; END;"},
};

static void must_migrate(Db *db, size_t count, u32 from, u32 to) {
  u32 got_from = 99, got_to = 99;
  Error err = {0};
  bool ok = db_migrate_with(db, LIST, count, &got_from, &got_to, &err);
  if (!ok) print_error("%s\n", err.message);
  assert_true(ok);
  assert_int_equal(got_from, from);
  assert_int_equal(got_to, to);
}

static i64 tables_named(Db *db, const char *name) {
  static const DbStmt TABLES = {"tables", "SELECT count(*) FROM sqlite_schema WHERE name = $1", NULL};
  i64 count = 0;
  bool found = false;
  Error err = {0};
  assert_true(db_query_int(db, &TABLES, DB_ARGS(db_text(str_from_c(name))), &count, &found, &err));
  return count;
}

static Db *open_writer(Fixture *f) {
  f->writer = must_open(f->url, DB_WRITER);
  return f->writer;
}

static const char *copy_of(Fixture *f, const char *suffix) {
  return str_to_c(f->arena, str_format(f->arena, "%s.before-%s", f->path, suffix));
}

static void embedded_migrations_build_an_empty_database(void **state) {
  Fixture *f = *state;
  Db *db = open_writer(f);
  u32 from = 99, to = 0;
  Error err = {0};
  bool ok = db_migrate(db, &from, &to, &err);
  if (!ok) print_error("%s\n", err.message);
  assert_true(ok);
  assert_int_equal(from, 0);
  assert_int_equal(to, db_migrations_latest());
  assert_true(to >= 1);
  assert_true(must_int(db, "SELECT count(*) FROM schema") == (i64)DB_MIGRATION_COUNT);
  assert_true(db_migrate(db, &from, &to, &err)); /* again: nothing */
  assert_int_equal(from, to);
}

static void embedded_migrations_ascend(void **state) {
  (void)state;
  for (size_t i = 0; i < DB_MIGRATION_COUNT; i++) {
    assert_int_equal(DB_MIGRATIONS[i].version, i + 1);
    assert_true(strlen(DB_MIGRATIONS[i].name) > 0);
    assert_true(strlen(DB_MIGRATIONS[i].sql) > 0);
  }
}

static void new_database_is_not_copied(void **state) {
  Fixture *f = *state;
  Db *db = open_writer(f);
  must_migrate(db, 1, 0, 1);
  assert_int_equal(access(copy_of(f, "0001"), F_OK), -1);
  assert_int_equal(must_int(db, "SELECT count(*) FROM schema WHERE version = 1 AND name = 'main' AND applied_at > 0"),
                   1);
}

static void lines_of_the_other_engine_are_left_out(void **state) {
  Db *db = open_writer(*state);
  must_migrate(db, 1, 0, 1);
  assert_int_equal(tables_named(db, "only_sqlite"), 1);
  assert_int_equal(tables_named(db, "only_postgres"), 0);
}

static void database_in_use_is_copied_then_taken_on(void **state) {
  Fixture *f = *state;
  Db *db = open_writer(f);
  must_migrate(db, 1, 0, 1);
  must_migrate(db, 3, 1, 5);
  must_migrate(db, 3, 5, 5);
  assert_int_equal(must_int(db, "SELECT count(*) FROM thing WHERE name = 'a'"), 1);
  assert_int_equal(must_int(db, "SELECT max(version) FROM schema"), 5);

  const char *copy = copy_of(f, "0002");
  Db *before = must_open(str_to_c(f->arena, str_format(f->arena, "sqlite:%s", copy)), DB_WRITER);
  assert_int_equal(must_int(before, "SELECT max(version) FROM schema"), 1);
  assert_int_equal(must_int(before, "SELECT count(*) FROM thing"), 1);
  db_close(before);
  struct stat about;
  assert_int_equal(stat(copy, &about), 0);
  assert_int_equal(about.st_mode & 077, 0); /* secrets are in it */
}

static void copy_that_cannot_be_made_stops_the_migration(void **state) {
  Fixture *f = *state;
  Db *db = open_writer(f);
  must_migrate(db, 1, 0, 1);
  const char *copy = copy_of(f, "0002");
  assert_int_equal(mkdir(copy, 0700), 0); /* something is in the way */
  u32 from = 0, to = 0;
  Error err = {0};
  assert_false(db_migrate_with(db, LIST, 3, &from, &to, &err));
  assert_int_equal(err.code, ERR_STORAGE);
  assert_non_null(strstr(err.message, copy));
  assert_int_equal(must_int(db, "SELECT max(version) FROM schema"), 1);
  rmdir(copy);
  assert_int_equal(access(str_to_c(f->arena, str_format(f->arena, "%s.part", copy)), F_OK), -1);
}

static void newer_database_is_refused_and_untouched(void **state) {
  Db *db = open_writer(*state);
  must_migrate(db, 3, 0, 5);
  u32 from = 77, to = 77;
  Error err = {0};
  assert_false(db_migrate_with(db, LIST, 2, &from, &to, &err));
  assert_int_equal(err.code, ERR_CONFLICT);
  assert_non_null(strstr(err.message, "version 5"));
  assert_non_null(strstr(err.message, "newer"));
  assert_int_equal(from, 77);
  assert_int_equal(must_int(db, "SELECT max(version) FROM schema"), 5);
}

static void migration_that_fails_leaves_no_trace(void **state) {
  Db *db = open_writer(*state);
  static const DbMigration BAD[] = {{1, "good", "CREATE TABLE a (id BIGINT);"},
                                    {2, "bad", "CREATE TABLE b (id BIGINT);\nINSERT INTO nowhere VALUES (1);"}};
  u32 from = 0, to = 0;
  Error err = {0};
  assert_false(db_migrate_with(db, BAD, 2, &from, &to, &err));
  assert_non_null(strstr(err.message, "0002_bad"));
  assert_non_null(strstr(err.message, "nowhere"));
  assert_false(db_in_transaction(db));
  assert_int_equal(tables_named(db, "a"), 1);
  assert_int_equal(tables_named(db, "b"), 0);
  assert_int_equal(must_int(db, "SELECT max(version) FROM schema"), 1);
}

static void ballast_takes_room_and_gives_it_back(void **state) {
  Fixture *f = *state;
  const char *path = str_to_c(f->arena, str_format(f->arena, "%s/ballast", f->folder));
  struct stat about;
  assert_true(db_ballast_make(f->folder));
  assert_true(db_ballast_make(f->folder)); /* it is there */
  assert_int_equal(stat(path, &about), 0);
  assert_true(about.st_size == (off_t)MIB(64));
  assert_true(about.st_blocks * 512 >= (off_t)MIB(64));
  db_ballast_release(f->folder);
  assert_int_equal(stat(path, &about), -1);
  db_ballast_release(f->folder);
  assert_false(db_ballast_make("/nonexistent/folder"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(embedded_migrations_build_an_empty_database),
      CASE(embedded_migrations_ascend),
      CASE(new_database_is_not_copied),
      CASE(lines_of_the_other_engine_are_left_out),
      CASE(database_in_use_is_copied_then_taken_on),
      CASE(copy_that_cannot_be_made_stops_the_migration),
      CASE(newer_database_is_refused_and_untouched),
      CASE(migration_that_fails_leaves_no_trace),
      CASE(ballast_takes_room_and_gives_it_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

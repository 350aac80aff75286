/* PostgreSQL without a server: what migrations become, passwords in files, errors about URLs. */
#include "db/postgres_conn.h"
#include "unit/db_fixture.h"

static void migrations_are_translated(void **state) {
  static const struct {
    const char *ours, *theirs;
  } CASES[] = {
      {"CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b BLOB, c REAL, d BOOLEAN NOT NULL, e BIGINT);",
       "CREATE TABLE t (id BIGINT PRIMARY KEY, a TEXT COLLATE \"C\" NOT NULL, b BYTEA, c DOUBLE PRECISION, d BIGINT "
       "NOT "
       "NULL, e BIGINT);"},
      {"CREATE TABLE t (\"key\" TEXT PRIMARY KEY) WITHOUT ROWID;",
       "CREATE TABLE t (\"key\" TEXT COLLATE \"C\" PRIMARY KEY)  ;"},
      {"create table t (text TEXT, real REAL);", "create table t (text TEXT COLLATE \"C\", real DOUBLE PRECISION);"},
      {"ALTER TABLE t ADD COLUMN text TEXT NOT NULL DEFAULT 'a TEXT';",
       "ALTER TABLE t ADD COLUMN text TEXT COLLATE \"C\" NOT NULL DEFAULT 'a TEXT';"},
      {"-- a TEXT in a comment\nCREATE INDEX i ON t (a) WHERE b = 'x TEXT';",
       "-- a TEXT in a comment\nCREATE INDEX i ON t (a) WHERE b = 'x TEXT';"},
      {"UPDATE t SET a = CAST(b AS TEXT) WHERE c = 'it''s; CREATE TABLE x (y TEXT)';",
       "UPDATE t SET a = CAST(b AS TEXT) WHERE c = 'it''s; CREATE TABLE x (y TEXT)';"},
      {"CREATE TABLE a (b TEXT); UPDATE a SET b = 'c'; CREATE TABLE d (e INTEGER)",
       "CREATE TABLE a (b TEXT COLLATE \"C\"); UPDATE a SET b = 'c'; CREATE TABLE d (e BIGINT)"},
      {"CREATE INDEX session_user ON session (org_id);", "CREATE INDEX \"session_user\" ON session (org_id);"},
      {"", ""},
      {"'never ends", "'never ends"},
  };
  Fixture *f = *state;
  for (size_t i = 0; i < COUNT(CASES); i++)
    assert_string_equal(str_to_c(f->arena, pg_translate(f->arena, str_from_c(CASES[i].ours))), CASES[i].theirs);
}

static const char *password_file(Fixture *f, const char *text) {
  const char *path = str_to_c(f->arena, str_format(f->arena, "%s/password", f->folder));
  FILE *file = fopen(path, "we");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
  return path;
}

static void password_of_a_file_goes_into_the_url(void **state) {
  Fixture *f = *state;
  const char *out = NULL;
  Error err = {0};
  assert_true(
      db_url_with_password(f->arena, "postgresql://u@h/d", password_file(f, "p@ss w%rd\r\nsecond line\n"), &out, &err));
  assert_string_equal(out, "postgresql://u@h/d?password=p%40ss%20w%25rd");
  assert_true(db_url_with_password(f->arena, "postgres://h/d?sslmode=require", password_file(f, "x"), &out, &err));
  assert_string_equal(out, "postgres://h/d?sslmode=require&password=x");
}

static void password_file_that_will_not_do_is_named(void **state) {
  Fixture *f = *state;
  const char *out = NULL;
  Error err = {0};
  assert_false(db_url_with_password(f->arena, "postgresql://h/d", "/nowhere/password", &out, &err));
  assert_non_null(strstr(err.message, "/nowhere/password"));
  assert_false(db_url_with_password(f->arena, "postgresql://h/d", password_file(f, "\n"), &out, &err));
  assert_non_null(strstr(err.message, "empty"));
  assert_false(db_url_with_password(f->arena, "sqlite:x", password_file(f, "x"), &out, &err));
  assert_non_null(strstr(err.message, "postgresql://"));
}

static void server_that_is_not_there_is_told_without_the_password(void **state) {
  (void)state;
  Db *db = NULL;
  Error err = {0};
  assert_false(db_open("postgresql://u:hush@127.0.0.1:1/d?connect_timeout=2", DB_WRITER, &db, &err));
  assert_int_equal(err.code, ERR_STORAGE);
  assert_non_null(strstr(err.message, "127.0.0.1"));
  assert_null(strstr(err.message, "hush"));
  assert_false(db_open("postgresql://h/d?no_such=1", DB_WRITER, &db, &err));
  assert_int_equal(err.code, ERR_INVALID);
  assert_non_null(strstr(err.message, "no_such"));
}

int main(void) {
  static const struct CMUnitTest TESTS[] = {
      cmocka_unit_test_setup_teardown(migrations_are_translated, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(password_of_a_file_goes_into_the_url, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(password_file_that_will_not_do_is_named, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(server_that_is_not_there_is_told_without_the_password, fixture_setup,
                                      fixture_teardown),
  };
  return cmocka_run_group_tests(TESTS, NULL, NULL);
}

/* Gathered rows (db_gather), on both engines: many may become one statement, and nobody sees a difference. */
#include "unit/db_items.h"
#include "unit/db_private_postgres.h"

static const DbStmt ITEM_PUT = {
    "item_put", "INSERT INTO item (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = excluded.name",
    NULL};
static const DbStmt ITEM_RENAME = {"item_rename", "UPDATE item SET name = $2 WHERE id = $1", NULL};

static bool put(Fixture *f, Db *db, const DbStmt *stmt, i64 id, const char *prefix, Error *err) {
  return db_run_gathered(db, stmt, 1, err, db_int(id), db_text(str_format(f->arena, "%s%lld", prefix, (long long)id)));
}

static bool read_name(const DbRow *row, void *ctx) {
  snprintf(ctx, 64, "%.*s", STR_ARG(db_row_peek(row, 0)));
  return true;
}

static void assert_name(Db *db, i64 id, const char *name) {
  static const DbStmt NAME = {"item_name", "SELECT name FROM item WHERE id = $1", NULL};
  char found_name[64] = "";
  bool found = false;
  Error err = {0};
  assert_true(db_query_one(db, &NAME, DB_ARGS(db_int(id)), read_name, found_name, &found, &err));
  assert_true(found);
  assert_string_equal(found_name, name);
}

static void gathered_rows_are_there_for_whoever_asks(void **state) {
  Fixture *f = *state;
  Db *db = fixture_writer(f);
  Error err = {0};
  must_begin(db);
  for (i64 i = 1; i <= 700; i++) assert_true(put(f, db, &ITEM_ADD, i, "n", &err));
  assert_true(count_items(db) == 700);
  for (i64 i = 1; i <= 700; i++) assert_true(put(f, db, &ITEM_RENAME, i, "m", &err));
  must_commit(db);
  assert_true(count_items(db) == 700);
  assert_name(db, 1, "m1");
  assert_name(db, 699, "m699");
}

static void gathered_rows_of_one_table_keep_their_order(void **state) {
  Fixture *f = *state;
  Db *db = fixture_writer(f);
  Error err = {0};
  must_begin(db);
  for (i64 i = 1; i <= 3; i++) assert_true(put(f, db, &ITEM_RENAME, i, "nobody", &err));
  for (i64 i = 1; i <= 3; i++) assert_true(put(f, db, &ITEM_PUT, i, "a", &err));
  for (i64 i = 1; i <= 2; i++) assert_true(put(f, db, &ITEM_RENAME, i, "b", &err));
  for (i64 i = 2; i <= 3; i++) assert_true(put(f, db, &ITEM_PUT, i, "c", &err));
  for (i64 i = 3; i <= 3; i++) assert_true(put(f, db, &ITEM_PUT, i, "d", &err)); /* twice the same key */
  must_commit(db);
  assert_true(count_items(db) == 3);
  assert_name(db, 1, "b1");
  assert_name(db, 2, "c2");
  assert_name(db, 3, "d3");
}

static void a_gathered_row_that_fails_fails_its_step_alone(void **state) {
  Fixture *f = *state;
  Db *db = fixture_writer(f);
  Error err = {0};
  must_begin(db);
  for (i64 i = 1; i <= 3; i++) assert_true(put(f, db, &ITEM_ADD, i, "a", &err));
  assert_true(db_savepoint(db, &err));
  bool ok = true;
  for (i64 i = 3; i <= 5 && ok; i++) ok = put(f, db, &ITEM_ADD, i, "again", &err);
  assert_false(ok && db_settle(db, &err));
  assert_int_equal(err.code, ERR_CONFLICT);
  db_rollback_to(db);
  assert_true(db_savepoint(db, &err));
  assert_true(put(f, db, &ITEM_ADD, 9, "undone", &err));
  db_rollback_to(db); /* nobody has asked for it yet */
  assert_true(put(f, db, &ITEM_ADD, 4, "a", &err));
  must_commit(db);
  assert_true(count_items(db) == 4);
  must_begin(db);
  assert_true(put(f, db, &ITEM_ADD, 5, "a", &err));
  db_rollback(db);
  must_begin(db);
  assert_true(put(f, db, &ITEM_ADD, 4, "a", &err) || err.code == ERR_CONFLICT);
  assert_false(db_commit(db, &err) && db_in_transaction(db));
  db_rollback(db);
  assert_true(count_items(db) == 4);
}

static void gathered_values_come_back_as_they_are(void **state) {
  static const DbStmt MAKE = {
      "kept_make", "CREATE TABLE kept (id BIGINT PRIMARY KEY, n BIGINT, t TEXT, b BLOB, r REAL)",
      "CREATE TABLE kept (id BIGINT PRIMARY KEY, n BIGINT, t TEXT, b BYTEA, r DOUBLE PRECISION)"};
  static const DbStmt KEEP = {"kept_put", "INSERT INTO kept (id, n, t, b, r) VALUES ($1, $2, $3, $4, $5)", NULL};
  static const DbStmt SUM = {
      "kept_sum", "SELECT SUM(n + length(t) + length(b) + r) FROM kept WHERE t = 'a''{}\\\",' AND n < 0", NULL};
  static const DbStmt NULLS = {
      "kept_nulls", "SELECT COUNT(*) FROM kept WHERE n IS NULL AND t IS NULL AND b IS NULL AND r IS NULL", NULL};
  Db *db = fixture_writer(*state);
  Error err = {0};
  i64 number = 0;
  bool found = false;
  assert_true(db_exec(db, &MAKE, 0, NULL, NULL, &err));
  must_begin(db);
  assert_true(db_run_gathered(db, &KEEP, 1, &err, db_int(1), db_null(), db_null(), db_null(), db_null()));
  for (i64 i = 2; i <= 4; i++)
    assert_true(db_run_gathered(db, &KEEP, 1, &err, db_int(i), db_int(-i), db_text(S("a'{}\\\",")),
                                db_blob((Str){"\0\1\0", 3}), db_double(0.5)));
  assert_true(db_run_gathered(db, &KEEP, 1, &err, db_int(5), db_int(1), db_text(S("")), db_blob(S("")), db_null()));
  must_commit(db);
  assert_true(db_query_int(db, &NULLS, 0, NULL, &number, &found, &err) && number == 1);
  assert_true(db_query_int(db, &SUM, 0, NULL, &number, &found, &err));
  assert_int_equal(number, -9 + 3 * 7 + 3 * 3 + 1);
}

#define CASE(test)                                                                                                     \
  {"sqlite: " #test, test, fixture_setup, fixture_teardown, NULL}, {                                                   \
    "postgresql: " #test, test, postgres_setup, fixture_teardown, NULL                                                 \
  }

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(gathered_rows_are_there_for_whoever_asks),
      CASE(gathered_rows_of_one_table_keep_their_order),
      CASE(a_gathered_row_that_fails_fails_its_step_alone),
      CASE(gathered_values_come_back_as_they_are),
  };
  return cmocka_run_group_tests(tests, postgres_start, postgres_stop);
}

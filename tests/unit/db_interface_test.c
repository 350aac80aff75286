/* What db.h promises, of both engines: SQLite in a folder, PostgreSQL in a private server. */
#include "unit/db_items.h"
#include "unit/db_private_postgres.h"

static bool is_shared(const Fixture *f) {
  return db_is_shared(f->writer);
}

/* Values ----------------------------------------------------------------------------------------------------------- */

typedef struct Seen {
  Arena *arena;
  DbType type;
  i64 i;
  double d;
  Str text;
  bool null;
} Seen;

static bool see(const DbRow *row, void *ctx) {
  Seen *seen = ctx;
  seen->type = db_row_type(row, 0);
  seen->null = db_row_is_null(row, 0);
  seen->i = db_row_int(row, 0);
  seen->d = db_row_double(row, 0);
  seen->text = db_row_text(row, 0, seen->arena);
  return true;
}

static Seen echo(Fixture *f, DbValue value) {
  static const DbStmt ECHO = {"echo", "SELECT $1", NULL};
  Seen seen = {.arena = f->arena};
  Error err = {0};
  assert_true(db_query(f->writer, &ECHO, 1, &value, see, &seen, &err));
  return seen;
}

static void values_come_back_as_they_went(void **state) {
  Fixture *f = *state;
  fixture_writer(f);
  static const i64 INTS[] = {0, 1, -1, INT64_MAX, INT64_MIN};
  for (size_t i = 0; i < COUNT(INTS); i++) {
    Seen seen = echo(f, db_int(INTS[i]));
    assert_int_equal(seen.type, DB_TYPE_INT);
    assert_true(seen.i == INTS[i]);
  }
  static const double DOUBLES[] = {0.5, -1e300, 5e-324};
  for (size_t i = 0; i < COUNT(DOUBLES); i++) {
    Seen seen = echo(f, db_double(DOUBLES[i]));
    assert_int_equal(seen.type, DB_TYPE_DOUBLE);
    assert_memory_equal(&seen.d, &DOUBLES[i], sizeof(double));
  }
  static const Str TEXTS[] = {STR(""), STR("a"), STR("Gr\xc3\xb6\xc3\x9f\x65"), STR("with\0zero"),
                              STR("'; DROP TABLE item;--")};
  for (size_t i = 0; i < COUNT(TEXTS); i++) {
    Seen text = echo(f, db_text(TEXTS[i])), blob = echo(f, db_blob(TEXTS[i]));
    bool has_zero = memchr(TEXTS[i].ptr, 0, TEXTS[i].len) != NULL; /* PostgreSQL's text has none */
    assert_int_equal(text.type, DB_TYPE_TEXT);
    assert_true(str_equal(text.text, has_zero && is_shared(f) ? S("with\xef\xbf\xbdzero") : TEXTS[i]));
    assert_int_equal(blob.type, DB_TYPE_BLOB);
    assert_true(str_equal(blob.text, TEXTS[i]));
    assert_non_null(blob.text.ptr);
  }
}

static void null_is_nothing_else(void **state) {
  Fixture *f = *state;
  fixture_writer(f);
  const DbValue nulls[] = {db_null(), db_id(0), db_id(-5), db_text_or_null(STR_NONE)};
  for (size_t i = 0; i < COUNT(nulls); i++) {
    Seen seen = echo(f, nulls[i]);
    assert_true(seen.null);
    assert_null(seen.text.ptr);
    assert_true(seen.i == 0);
  }
  assert_false(echo(f, db_text(S(""))).null);
  assert_false(echo(f, db_text(STR_NONE)).null);
}

static bool stop_at_once(const DbRow *row, void *ctx) {
  (void)row;
  ++*(int *)ctx;
  return false;
}

static void row_callback_ends_the_query(void **state) {
  Db *db = fixture_writer(fixture_of(state));
  int calls = 0;
  Error err = {0};
  must_add(db, 1, "a");
  must_add(db, 2, "b");
  assert_true(db_query_text(db, S("SELECT id FROM item"), 0, NULL, stop_at_once, &calls, &err));
  assert_int_equal(calls, 1);
}

static bool name_columns(const DbRow *row, void *ctx) {
  (void)ctx;
  assert_int_equal(db_row_columns(row), 2);
  assert_string_equal(db_row_name(row, 0), "id");
  assert_string_equal(db_row_name(row, 1), "label");
  return true;
}

static void columns_have_names(void **state) {
  Db *db = fixture_writer(fixture_of(state));
  Error err = {0};
  must_add(db, 1, "a");
  assert_true(db_query_text(db, S("SELECT id, name AS label FROM item"), 0, NULL, name_columns, NULL, &err));
}

static void missing_row_and_null_are_not_found(void **state) {
  Db *db = fixture_writer(fixture_of(state));
  static const DbStmt NONE = {"none", "SELECT id FROM item WHERE id = -1", NULL};
  static const DbStmt EMPTY = {"empty", "SELECT max(id) FROM item", NULL};
  i64 value = 42;
  bool found = true;
  Error err = {0};
  assert_true(db_query_int(db, &NONE, 0, NULL, &value, &found, &err));
  assert_false(found);
  found = true;
  assert_true(db_query_int(db, &EMPTY, 0, NULL, &value, &found, &err));
  assert_false(found);
  assert_true(value == 42);
  found = true;
  assert_true(db_query_one(db, &NONE, 0, NULL, see, NULL, &found, &err));
  assert_false(found);
}

/* Statements ------------------------------------------------------------------------------------------------------- */

static void parameters_may_repeat_and_stand_in_any_order(void **state) {
  Db *db = fixture_writer(fixture_of(state));
  static const DbStmt MIX = {"mix", "SELECT $2 * 100 + $1 * 10 + $2 WHERE $3 > 0", NULL};
  i64 value = 0;
  bool found = false;
  Error err = {0};
  assert_true(db_query_int(db, &MIX, DB_ARGS(db_int(1), db_int(2), db_int(3)), &value, &found, &err));
  assert_true(value == 212);
}

static void arguments_of_an_earlier_call_do_not_stay(void **state) {
  Db *db = fixture_writer(fixture_of(state));
  Error err = {0};
  static const DbStmt TWO = {"two", "SELECT $1 + $2", NULL};
  i64 value = 0;
  bool found = false;
  assert_true(db_query_int(db, &TWO, DB_ARGS(db_int(1), db_int(2)), &value, &found, &err));
  assert_false(db_query_int(db, &TWO, DB_ARGS(db_int(1)), &value, &found, &err));
  assert_int_equal(err.code, ERR_INTERNAL);
}

static void texts_that_are_not_one_statement_are_refused(void **state) {
  Db *db = fixture_writer(fixture_of(state));
  static const char *const TEXTS[] = {"SELECT 1; SELECT 2", "",          "  ",       "SELEC 1", "SELECT ?",
                                      "SELECT :name",       "SELECT $0", "SELECT $x"};
  for (size_t i = 0; i < COUNT(TEXTS); i++) {
    Error err = {0};
    assert_false(db_exec_text(db, str_from_c(TEXTS[i]), 0, NULL, NULL, &err));
    assert_int_equal(err.code, ERR_INTERNAL);
  }
}

static void more_texts_than_the_cache_holds_all_work(void **state) {
  Fixture *f = *state;
  Db *db = fixture_writer(f);
  for (int round = 0; round < 2; round++)
    for (int i = 0; i < 450; i++) {
      const char *sql = str_to_c(f->arena, str_format(f->arena, "SELECT %d", i));
      assert_true(must_int(db, sql) == i);
    }
}

static void statement_at_the_address_of_another_is_told_apart(void **state) {
  Fixture *f = *state;
  Db *db = fixture_writer(f);
  for (int i = 0; i < 3; i++) {
    char sql[32];
    snprintf(sql, sizeof sql, "SELECT %d", i);
    DbStmt stmt = {"same place", sql, NULL};
    i64 value = -1;
    bool found = false;
    Error err = {0};
    assert_true(db_query_int(db, &stmt, 0, NULL, &value, &found, &err));
    assert_true(value == i);
  }
}

typedef struct Nest {
  Db *db;
  int depth;
  int rows;
} Nest;

static const DbStmt LIST = {"item_list", "SELECT id FROM item ORDER BY id", NULL};

static bool nest(const DbRow *row, void *ctx) {
  Nest *n = ctx;
  Error err = {0};
  i64 id = db_row_int(row, 0);
  n->rows++;
  if (n->depth < 2) {
    Nest inner = {n->db, n->depth + 1, 0};
    assert_true(db_query(n->db, &LIST, 0, NULL, nest, &inner, &err));
    assert_int_equal(inner.rows, 3);
    inner = (Nest){n->db, n->depth + 1, 0};
    assert_true(db_query_text(n->db, S("SELECT id FROM item ORDER BY id"), 0, NULL, nest, &inner, &err));
    assert_int_equal(inner.rows, 3);
  }
  assert_true(db_row_int(row, 0) == id); /* the outer row is still there */
  return true;
}

static void statement_may_run_inside_its_own_rows(void **state) {
  Db *db = fixture_writer(fixture_of(state));
  Error err = {0};
  for (i64 i = 1; i <= 3; i++) must_add(db, i, i == 1 ? "a" : i == 2 ? "b" : "c");
  Nest n = {db, 0, 0};
  assert_true(db_query(db, &LIST, 0, NULL, nest, &n, &err));
  assert_int_equal(n.rows, 3);
}

static void bind_item(size_t i, DbValue *args, void *ctx) {
  Fixture *f = ctx;
  args[0] = db_int((i64)i + 1);
  args[1] = db_text(str_format(f->arena, "n%zu", i == 7 ? 3 : i));
}

static void batch_stops_at_the_first_error(void **state) {
  Fixture *f = *state;
  Db *db = fixture_writer(f);
  Error err = {0};
  assert_true(db_exec_batch(db, &ITEM_ADD, 2, 7, bind_item, f, &err));
  assert_true(count_items(db) == 7);
  must_do(db, "DELETE FROM item");
  assert_false(db_exec_batch(db, &ITEM_ADD, 2, 20, bind_item, f, &err));
  assert_int_equal(err.code, ERR_CONFLICT);
  assert_true(count_items(db) == (is_shared(f) ? 0 : 7)); /* outside a transaction a pipeline is one */
}

static void changes_are_counted(void **state) {
  Db *db = fixture_writer(fixture_of(state));
  Error err = {0};
  i64 changes = -1;
  for (i64 i = 1; i <= 3; i++) must_add(db, i, i == 1 ? "a" : i == 2 ? "b" : "c");
  assert_true(db_exec_text(db, S("UPDATE item SET note = 'x' WHERE id > 1"), 0, NULL, &changes, &err));
  assert_true(changes == 2);
  assert_true(db_exec_text(db, S("SELECT * FROM item"), 0, NULL, &changes, &err));
  assert_true(changes == 0);
  assert_true(db_exec_text(db, S("DELETE FROM item WHERE id = 99"), 0, NULL, &changes, &err));
  assert_true(changes == 0);
}

static void broken_constraints_have_their_codes(void **state) {
  Db *db = fixture_writer(fixture_of(state));
  Error err = {0};
  must_add(db, 1, "a");
  assert_false(add(db, 1, "b", &err)); /* primary key */
  assert_int_equal(err.code, ERR_CONFLICT);
  assert_false(add(db, 2, "a", &err)); /* unique */
  assert_int_equal(err.code, ERR_CONFLICT);
  assert_false(db_exec_text(db, S("INSERT INTO item (id, note) VALUES (3, NULL)"), 0, NULL, NULL, &err));
  assert_int_equal(err.code, ERR_INTERNAL);
  must_add(db, 3, "c"); /* the statement works on */
}

/* Transactions ----------------------------------------------------------------------------------------------------- */

static void rollback_undoes_and_commit_keeps(void **state) {
  Db *db = fixture_writer(fixture_of(state));
  must_begin(db);
  assert_true(db_in_transaction(db));
  must_add(db, 1, "a");
  db_rollback(db);
  assert_false(db_in_transaction(db));
  assert_true(count_items(db) == 0);
  must_begin(db);
  must_add(db, 1, "a");
  must_commit(db);
  assert_true(db_last_commit_us(db) > 0);
  assert_true(count_items(db) == 1);
  db_rollback(db); /* without a transaction: nothing */
}

static void savepoints_nest(void **state) {
  Db *db = fixture_writer(fixture_of(state));
  Error err = {0};
  must_begin(db);
  must_add(db, 1, "outside");
  assert_true(db_savepoint(db, &err));
  must_add(db, 2, "outer");
  assert_true(db_savepoint(db, &err));
  must_add(db, 3, "inner");
  db_rollback_to(db);
  assert_true(count_items(db) == 2);
  must_add(db, 4, "outer again");
  assert_true(db_release(db, &err));
  assert_true(db_savepoint(db, &err));
  must_add(db, 5, "undone");
  assert_true(db_savepoint(db, &err));
  must_add(db, 6, "released into what is undone");
  assert_true(db_release(db, &err));
  db_rollback_to(db);
  must_commit(db);
  assert_true(must_int(db, "SELECT sum(id) FROM item") == 1 + 2 + 4);
}

static void savepoints_have_a_ceiling(void **state) {
  Db *db = fixture_writer(fixture_of(state));
  Error err = {0};
  int depth = 0;
  must_begin(db);
  while (depth < 1000 && db_savepoint(db, &err)) depth++;
  assert_in_range(depth, 32, 999);
  assert_int_equal(err.code, ERR_INTERNAL);
  db_rollback(db);
}

/* Later: the error of what was sent without waiting comes at the latest when the step is settled. */

static void what_is_sent_later_fails_at_the_latest_when_it_is_settled(void **state) {
  Db *db = fixture_writer(fixture_of(state));
  Error err = {0};
  must_begin(db);
  must_add(db, 1, "a");
  assert_true(db_savepoint(db, &err));
  bool ok = true;
  for (i64 i = 1; i < 5 && ok; i++) ok = db_run_later(db, &ITEM_ADD, &err, db_int(i), db_text(S("b")));
  assert_false(ok && db_settle(db, &err));
  assert_int_equal(err.code, ERR_CONFLICT);
  db_rollback_to(db);
  for (i64 i = 2; i < 600; i++) { /* more than one pipeline holds */
    Str name = str_format(((Fixture *)*state)->arena, "n%lld", (long long)i);
    assert_true(db_run_later(db, &ITEM_ADD, &err, db_int(i), db_text(name)));
  }
  assert_true(count_items(db) == 599); /* who asks sees it */
  must_commit(db);
  assert_true(count_items(db) == 599);
}

static void what_fails_unseen_does_not_commit(void **state) {
  Db *db = fixture_writer(fixture_of(state));
  Error err = {0};
  must_begin(db);
  must_add(db, 1, "a");
  bool ok = db_run_later(db, &ITEM_ADD, &err, db_int(1), db_text(S("b"))) && db_commit(db, &err);
  assert_false(ok);
  db_rollback(db);
  assert_true(count_items(db) == 0);
}

static void bind_number(size_t i, DbValue *args, void *ctx) {
  (void)ctx;
  args[0] = db_int((i64)i);
}

static bool add_answer(size_t i, const DbRow *row, void *ctx) {
  i64 *sums = ctx;
  sums[i] += db_row_int(row, 0);
  return true;
}

static void one_question_many_times_is_answered_for_each(void **state) {
  Fixture *f = *state;
  static const DbStmt EACH = {"each", "SELECT id FROM item WHERE id <= $1 ORDER BY id", NULL};
  enum { QUESTIONS = 300 };
  Db *db = fixture_writer(f);
  Error err = {0};
  i64 *sums = ARENA_ARRAY(f->arena, i64, QUESTIONS);
  must_begin(db);
  for (i64 i = 1; i < QUESTIONS; i++)
    assert_true(db_run_later(db, &ITEM_ADD, &err, db_int(i), db_text(str_format(f->arena, "n%lld", (long long)i))));
  assert_true(db_query_each(db, &EACH, 1, QUESTIONS, bind_number, add_answer, sums, &err));
  for (i64 i = 0; i < QUESTIONS; i++) assert_true(sums[i] == i * (i + 1) / 2);
  must_commit(db);
}

/* Readers ---------------------------------------------------------------------------------------------------------- */

static void reader_sees_commits_and_keeps_its_snapshot(void **state) {
  Fixture *f = *state;
  fixture_writer(f);
  Db *reader = must_open(f->url, DB_READER);
  must_begin(f->writer);
  must_add(f->writer, 1, "a");
  assert_true(count_items(reader) == 0);
  must_commit(f->writer);
  must_begin(reader);
  assert_true(count_items(reader) == 1);
  must_add(f->writer, 2, "b");
  assert_true(count_items(reader) == 1);
  db_rollback(reader);
  assert_true(count_items(reader) == 2);
  db_close(reader);
}

static void reader_never_writes(void **state) {
  Fixture *f = *state;
  fixture_writer(f);
  Db *reader = must_open(f->url, DB_READER);
  static const char *const TEXTS[] = {"INSERT INTO item (id, name) VALUES (9, 'x')", "DROP TABLE item",
                                      "CREATE TABLE t (a INTEGER)", "DELETE FROM item"};
  for (size_t i = 0; i < COUNT(TEXTS); i++) {
    Error err = {0};
    assert_false(db_exec_text(reader, str_from_c(TEXTS[i]), 0, NULL, NULL, &err));
    assert_int_equal(err.code, ERR_STORAGE);
  }
  assert_true(count_items(reader) == 0);
  db_close(reader);
}

static const char ENDLESS[] = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

static void read_that_lasts_too_long_is_stopped(void **state) {
  Fixture *f = *state;
  fixture_writer(f);
  Db *reader = must_open(f->url, DB_READER);
  Error err = {0};
  db_read_limit_ms(reader, 300); /* enough for a short one, also where the machine has other work */
  assert_false(db_query_text(reader, str_from_c(ENDLESS), 0, NULL, NULL, NULL, &err));
  assert_int_equal(err.code, ERR_UNAVAILABLE);
  assert_true(count_items(reader) == 0); /* the next one has its own time */
  db_close(reader);
}

static bool dawdle(const DbRow *row, void *ctx) {
  (void)row;
  i64 until_us = clock_monotonic_us() + 3000;
  while (clock_monotonic_us() < until_us) continue;
  ++*(int *)ctx;
  return true;
}

static void slow_callbacks_count_as_reading(void **state) {
  Fixture *f = *state;
  fixture_writer(f);
  Db *reader = must_open(f->url, DB_READER);
  Error err = {0};
  int calls = 0;
  db_read_limit_ms(reader, 20);
  Str sql = S("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i FROM n");
  assert_false(db_query_text(reader, sql, 0, NULL, dawdle, &calls, &err));
  assert_int_equal(err.code, ERR_UNAVAILABLE);
  assert_in_range(calls, 1, 20);
  db_close(reader);
}

static void read_transaction_has_one_limit(void **state) {
  Fixture *f = *state;
  fixture_writer(f);
  Db *reader = must_open(f->url, DB_READER);
  Error err = {0};
  int calls = 0;
  db_read_limit_ms(reader, 20);
  must_begin(reader);
  bool ok = true;
  for (int i = 0; i < 1000 && ok; i++) ok = db_query_text(reader, S("SELECT 1"), 0, NULL, dawdle, &calls, &err);
  assert_false(ok);
  assert_int_equal(err.code, ERR_UNAVAILABLE);
  db_rollback(reader);
  assert_true(count_items(reader) == 0);
  db_close(reader);
}

#define CASE(test)                                                                                                     \
  {"sqlite: " #test, test, fixture_setup, fixture_teardown, NULL}, {                                                   \
    "postgresql: " #test, test, postgres_setup, fixture_teardown, NULL                                                 \
  }

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(values_come_back_as_they_went),
      CASE(null_is_nothing_else),
      CASE(row_callback_ends_the_query),
      CASE(columns_have_names),
      CASE(missing_row_and_null_are_not_found),
      CASE(parameters_may_repeat_and_stand_in_any_order),
      CASE(arguments_of_an_earlier_call_do_not_stay),
      CASE(texts_that_are_not_one_statement_are_refused),
      CASE(more_texts_than_the_cache_holds_all_work),
      CASE(statement_at_the_address_of_another_is_told_apart),
      CASE(statement_may_run_inside_its_own_rows),
      CASE(batch_stops_at_the_first_error),
      CASE(changes_are_counted),
      CASE(broken_constraints_have_their_codes),
      CASE(rollback_undoes_and_commit_keeps),
      CASE(savepoints_nest),
      CASE(savepoints_have_a_ceiling),
      CASE(what_is_sent_later_fails_at_the_latest_when_it_is_settled),
      CASE(what_fails_unseen_does_not_commit),
      CASE(one_question_many_times_is_answered_for_each),
      CASE(reader_sees_commits_and_keeps_its_snapshot),
      CASE(reader_never_writes),
      CASE(read_that_lasts_too_long_is_stopped),
      CASE(slow_callbacks_count_as_reading),
      CASE(read_transaction_has_one_limit),
  };
  return cmocka_run_group_tests(tests, postgres_start, postgres_stop);
}

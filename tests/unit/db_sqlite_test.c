/* The SQLite engine: opening, its settings and its log, and what it does when the disk does not. What both engines
 * promise is in db_interface_test.c. */
#include <sqlite3.h>

#include "db/fault.h"
#include "unit/db_items.h"

/* Opening ---------------------------------------------------------------------------------------------------------- */

static void url_that_names_no_file_is_refused(void **state) {
  (void)state;
  static const char *const URLS[] = {"oracle://x", "sqlite:", "sqlite::memory:", "sqlite:/tmp/x?vfs=other",
                                     "/tmp/x.db",  ""};
  for (size_t i = 0; i < COUNT(URLS); i++) {
    Db *db = NULL;
    Error err = {0};
    assert_false(db_open(URLS[i], DB_WRITER, &db, &err));
    assert_int_equal(err.code, ERR_INVALID);
    assert_null(db);
  }
}

static void reader_of_a_file_that_is_not_there_fails(void **state) {
  Fixture *f = *state;
  Db *db = NULL;
  Error err = {0};
  assert_false(db_open(f->url, DB_READER, &db, &err));
  assert_int_equal(err.code, ERR_STORAGE);
  assert_non_null(strstr(err.message, f->path));
  assert_int_equal(access(f->path, F_OK), -1);
}

static void file_that_is_no_database_is_told(void **state) {
  Fixture *f = *state;
  FILE *file = fopen(f->path, "w");
  for (int i = 0; i < 100; i++) fputs("this is no database, but long enough to be taken for one. ", file);
  fclose(file);
  Db *db = NULL;
  Error err = {0};
  assert_false(db_open(f->url, DB_WRITER, &db, &err));
  assert_int_equal(err.code, ERR_STORAGE);
  assert_int_equal(err.system, SQLITE_NOTADB);
  assert_non_null(strstr(err.message, f->path));
}

static void writer_is_set_up_for_safety(void **state) {
  Db *db = fixture_writer(*state);
  static const struct {
    const char *sql;
    i64 value;
  } CASES[] = {{"PRAGMA synchronous", 2},     {"PRAGMA wal_autocheckpoint", 0}, {"PRAGMA foreign_keys", 0},
               {"PRAGMA mmap_size", 0},       {"PRAGMA temp_store", 2},         {"PRAGMA trusted_schema", 0},
               {"PRAGMA cache_size", -65536}, {"PRAGMA busy_timeout", 250}};
  for (size_t i = 0; i < COUNT(CASES); i++) assert_int_equal(must_int(db, CASES[i].sql), CASES[i].value);
}

/* Connections ------------------------------------------------------------------------------------------------------ */

static void second_writer_is_busy_and_told_so(void **state) {
  Fixture *f = *state;
  fixture_writer(f);
  Db *other = must_open(f->url, DB_WRITER);
  Error err = {0};
  must_begin(f->writer);
  assert_false(db_begin(other, &err));
  assert_int_equal(err.code, ERR_STORAGE);
  assert_int_equal(err.system & 0xff, SQLITE_BUSY);
  must_commit(f->writer);
  must_begin(other);
  db_rollback(other);
  db_close(other);
}

static void reader_never_writes(void **state) {
  Fixture *f = *state;
  fixture_writer(f);
  Db *reader = must_open(f->url, DB_READER);
  static const char *const TEXTS[] = {"INSERT INTO item (id, name) VALUES (9, 'x')", "DROP TABLE item",
                                      "CREATE TABLE t (a)", "DELETE FROM item"};
  for (size_t i = 0; i < COUNT(TEXTS); i++) {
    Error err = {0};
    assert_false(db_exec_text(reader, str_from_c(TEXTS[i]), 0, NULL, NULL, &err));
    assert_int_equal(err.code, ERR_STORAGE);
    assert_int_equal(err.system & 0xff, SQLITE_READONLY);
  }
  must_do(reader, "PRAGMA query_only=OFF"); /* not even then: the file is open for reading */
  Error err = {0};
  assert_false(add(reader, 9, "x", &err));
  db_close(reader);
}

static void last_reader_leaves_the_log_alone(void **state) {
  Fixture *f = *state;
  fixture_writer(f);
  const char *wal = str_to_c(f->arena, str_format(f->arena, "%s-wal", f->path));
  Db *reader = must_open(f->url, DB_READER);
  assert_true(count_items(reader) == 0);
  must_add(f->writer, 1, "a");
  db_close(f->writer);
  f->writer = NULL;
  assert_true(count_items(reader) == 1);
  db_close(reader);
  assert_int_equal(access(wal, F_OK), 0);
  reader = must_open(f->url, DB_READER);
  assert_true(count_items(reader) == 1);
  db_close(reader);
}

/* Bad disks -------------------------------------------------------------------------------------------------------- */

/* Writes until the file may grow no more. Returns how many rows there are then. */
static i64 fill(Db *db, Error *err) {
  static const DbStmt BIG = {"big", "INSERT INTO item (id, name, note) VALUES ($1, $1, zeroblob(3000))", NULL};
  for (i64 i = 1; i < 1000; i++)
    if (!db_run(db, &BIG, err, db_int(i))) return i - 1;
  return -1;
}

static void full_disk_is_recognised_and_left_behind(void **state) {
  Db *db = fixture_writer(*state);
  Error err = {0};
  must_int(db, "PRAGMA max_page_count=40");
  must_begin(db);
  assert_in_range(fill(db, &err), 1, 40);
  assert_int_equal(err.code, ERR_STORAGE);
  assert_int_equal(err.system & 0xff, SQLITE_FULL);
  db_rollback(db);
  assert_true(count_items(db) == 0);
  must_int(db, "PRAGMA max_page_count=100000");
  must_begin(db);
  must_add(db, 1, "a");
  must_commit(db);
  assert_true(count_items(db) == 1);
}

static void planned_faults_look_like_true_ones(void **state) {
  Fixture *f = *state;
  static const struct {
    int code;
    ErrorCode as;
    bool undone;
  } CASES[] = {{SQLITE_FULL, ERR_STORAGE, true},
               {SQLITE_IOERR_WRITE, ERR_STORAGE, true},
               {SQLITE_NOMEM, ERR_STORAGE, true},
               {SQLITE_CORRUPT, ERR_STORAGE, false},
               {SQLITE_CONSTRAINT_UNIQUE, ERR_CONFLICT, false},
               {SQLITE_TOOBIG, ERR_INTERNAL, false}};
  Db *db = fixture_writer(f);
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Error err = {0};
    must_begin(db);
    must_add(db, 1, "a");
    db_fault_next(db, CASES[i].code);
    assert_true(count_items(db) == 1); /* reading is no write */
    assert_false(add(db, 2, "b", &err));
    assert_int_equal(err.code, CASES[i].as);
    assert_int_equal(err.system, CASES[i].code);
    assert_int_equal(db_in_transaction(db), !CASES[i].undone);
    db_rollback(db);
    assert_true(count_items(db) == 0);
  }
}

static void nothing_commits_alone_after_the_engine_undid_the_transaction(void **state) {
  Db *db = fixture_writer(*state);
  Error err = {0};
  must_begin(db);
  assert_true(db_savepoint(db, &err));
  must_add(db, 1, "a");
  db_fault_next(db, SQLITE_FULL);
  assert_false(add(db, 2, "b", &err));
  db_rollback_to(db);
  Error after = {0};
  assert_false(add(db, 3, "c", &after));
  assert_int_equal(after.code, ERR_STORAGE);
  assert_false(db_savepoint(db, &after));
  assert_false(db_commit(db, &after));
  assert_int_equal(after.code, ERR_STORAGE);
  db_rollback(db);
  assert_true(count_items(db) == 0);
  must_add(db, 4, "d");
}

static void after_a_failed_sync_nothing_is_written(void **state) {
  Fixture *f = *state;
  Db *db = fixture_writer(f);
  Error err = {0};
  must_begin(db);
  db_fault_next(db, SQLITE_IOERR_FSYNC);
  must_add(db, 1, "a");
  assert_false(db_commit(db, &err));
  assert_int_equal(err.code, ERR_STORAGE);
  assert_int_equal(err.system, SQLITE_IOERR_FSYNC);
  db_rollback(db);
  error_clear(&err);
  assert_false(db_begin(db, &err));
  assert_int_equal(err.system, SQLITE_IOERR_FSYNC);
  error_clear(&err);
  assert_false(add(db, 2, "b", &err));
  assert_int_equal(err.system, SQLITE_IOERR_FSYNC);
  assert_true(count_items(db) == 0); /* reading goes on */
  db_close(f->writer);
  f->writer = must_open(f->url, DB_WRITER);
  must_add(f->writer, 3, "c");
}

/* The page cache --------------------------------------------------------------------------------------------------- */

static bool take_word(const DbRow *row, void *ctx) {
  snprintf(ctx, 64, "%.*s", STR_ARG(db_row_peek(row, 0)));
  return false;
}

static void must_be_whole(Db *db) {
  Error err = {0};
  char word[64] = "";
  assert_true(db_query_text(db, S("PRAGMA integrity_check"), 0, NULL, take_word, word, &err));
  assert_string_equal(word, "ok");
}

/* Keys in the order of a hash split pages everywhere, and a balancing puts its pages in order by parking one under
 * another number (sqlite_pcache.h); a small cache gives pages away meanwhile. */
static void pages_that_change_places_stay_whole(void **state) {
  static const DbStmt PUT = {"item_put", "INSERT INTO item (id, name, note) VALUES ($1, $2, $3)", NULL};
  Fixture *f = *state;
  Db *db = fixture_writer(f);
  Error err = {0};
  i64 kept = 0;
  must_do(db, "PRAGMA cache_size=40");
  for (u64 round = 0; round < 40; round++) {
    bool keep = round % 4 != 3;
    must_begin(db);
    assert_true(db_savepoint(db, &err));
    for (u64 i = 0; i < 100; i++) {
      u64 key = (round * 100 + i) * 11400714819323198485ull >> 8;
      Str name = str_format(f->arena, "%llx", (unsigned long long)(key * 2654435761u));
      Str note = str_format(f->arena, "%0*llu", (int)(key % 900) + 1, (unsigned long long)key);
      assert_true(db_run(db, &PUT, &err, db_int((i64)key), db_text(name), db_text(note)));
    }
    if (keep)
      assert_true(db_release(db, &err));
    else
      db_rollback_to(db);
    must_commit(db);
    kept += keep ? 100 : 0;
    db_checkpoint(db, true);
  }
  assert_true(count_items(db) == kept);
  must_be_whole(db);
  db_close(f->writer);
  f->writer = must_open(f->url, DB_WRITER);
  assert_true(count_items(f->writer) == kept);
  must_be_whole(f->writer);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(url_that_names_no_file_is_refused),      CASE(reader_of_a_file_that_is_not_there_fails),
      CASE(file_that_is_no_database_is_told),       CASE(writer_is_set_up_for_safety),
      CASE(second_writer_is_busy_and_told_so),      CASE(reader_never_writes),
      CASE(last_reader_leaves_the_log_alone),       CASE(full_disk_is_recognised_and_left_behind),
      CASE(planned_faults_look_like_true_ones),     CASE(nothing_commits_alone_after_the_engine_undid_the_transaction),
      CASE(after_a_failed_sync_nothing_is_written), CASE(pages_that_change_places_stay_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Rows of the fixture's table item(id, name). */
#ifndef TOCSIN_TESTS_DB_ITEMS_H
#define TOCSIN_TESTS_DB_ITEMS_H

#include "unit/db_fixture.h"

static const DbStmt ITEM_ADD = {"item_add", "INSERT INTO item (id, name) VALUES ($1, $2)", NULL};

static inline bool add(Db *db, i64 id, const char *name, Error *err) {
  return db_run(db, &ITEM_ADD, err, db_int(id), db_text(str_from_c(name)));
}

static inline void must_add(Db *db, i64 id, const char *name) {
  Error err = {0};
  bool ok = add(db, id, name, &err);
  if (!ok) print_error("%s\n", err.message);
  assert_true(ok);
}

static inline i64 count_items(Db *db) {
  static const DbStmt COUNT_ALL = {"item_count", "SELECT count(*) FROM item", NULL};
  Error err = {0};
  i64 n = -1;
  bool found = false;
  assert_true(db_query_int(db, &COUNT_ALL, 0, NULL, &n, &found, &err));
  assert_true(found);
  return n;
}

#endif

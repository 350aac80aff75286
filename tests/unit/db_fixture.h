/* A folder of its own with a database, for the tests of db/. Everything fails loudly: a test asserts outcomes, not
 * set-up. */
#ifndef TOCSIN_TESTS_DB_FIXTURE_H
#define TOCSIN_TESTS_DB_FIXTURE_H

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/db.h"
#include "db/engine.h"

#include <cmocka.h> /* after ours: it has a macro named fail */

typedef struct Fixture {
  Arena *arena;
  char folder[64];
  const char *path;
  const char *url;
  Db *writer; /* NULL until fixture_writer */
} Fixture;

static inline Fixture *fixture_of(void **state) {
  return *state;
}

static int fixture_setup(void **state) {
  Fixture *f = xcalloc(1, sizeof *f);
  f->arena = arena_new();
  snprintf(f->folder, sizeof f->folder, "/tmp/tocsin-db-XXXXXX");
  assert_non_null(mkdtemp(f->folder));
  f->path = str_to_c(f->arena, str_format(f->arena, "%s/tocsin.db", f->folder));
  f->url = str_to_c(f->arena, str_format(f->arena, "sqlite:%s", f->path));
  *state = f;
  return 0;
}

static int fixture_teardown(void **state) {
  Fixture *f = *state;
  db_close(f->writer);
  DIR *folder = opendir(f->folder);
  for (struct dirent *entry; folder && (entry = readdir(folder));) {
    Str path = str_format(f->arena, "%s/%s", f->folder, entry->d_name);
    if (entry->d_name[0] != '.') unlink(str_to_c(f->arena, path));
  }
  if (folder) closedir(folder);
  rmdir(f->folder);
  arena_free(f->arena);
  free(f);
  return 0;
}

static inline Db *must_open(const char *url, DbRole role) {
  Db *db = NULL;
  Error err = {0};
  if (!db_open(url, role, &db, &err)) print_error("%s\n", err.message);
  assert_non_null(db);
  return db;
}

static inline void must_do(Db *db, const char *sql) {
  Error err = {0};
  bool ok = db_exec_text(db, str_from_c(sql), 0, NULL, NULL, &err);
  if (!ok) print_error("%s: %s\n", sql, err.message);
  assert_true(ok);
}

static inline bool fixture_take_int(const DbRow *row, void *ctx) {
  *(i64 *)ctx = db_row_int(row, 0);
  return false;
}

static inline i64 must_int(Db *db, const char *sql) {
  Error err = {0};
  i64 out = -1;
  bool ok = db_query_text(db, str_from_c(sql), 0, NULL, fixture_take_int, &out, &err);
  if (!ok) print_error("%s: %s\n", sql, err.message);
  assert_true(ok);
  return out;
}

static inline void must_begin(Db *db) {
  Error err = {0};
  assert_true(db_begin(db, &err));
}

static inline void must_commit(Db *db) {
  Error err = {0};
  assert_true(db_commit(db, &err));
}

/* A writer with the table item(id, name). */
static inline Db *fixture_writer(Fixture *f) {
  f->writer = must_open(f->url, DB_WRITER);
  must_do(f->writer, "CREATE TABLE item (id BIGINT PRIMARY KEY, name TEXT UNIQUE, note TEXT NOT NULL DEFAULT '')");
  return f->writer;
}

#endif

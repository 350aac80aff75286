/* The doors that a database engine has: db.c calls them, sqlite.c (and PostgreSQL beside it) answers. */
#ifndef TOCSIN_DB_ENGINE_H
#define TOCSIN_DB_ENGINE_H

#include "db/db.h"

typedef struct DbEngine {
  const char *scheme; /* "sqlite:" */
  bool (*open)(const char *url, DbRole role, Db **out, Error *err);
  void (*close)(Db *db);
  /* stmt NULL: `sql` is run-time text */
  bool (*run)(Db *db, const DbStmt *stmt, Str sql, size_t count, const DbValue *args, DbRowFn row, void *ctx, i64 *out_changes,
              Error *err);
  bool (*begin)(Db *db, Error *err);
  bool (*commit)(Db *db, Error *err);
  void (*rollback)(Db *db);
  bool (*in_transaction)(const Db *db);
  bool (*savepoint)(Db *db, Error *err);
  bool (*release)(Db *db, Error *err);
  void (*rollback_to)(Db *db);
  void (*checkpoint)(Db *db, bool queue_is_short);
  void (*read_limit)(Db *db, i64 ms);
  i64 (*row_int)(const DbRow *row, int column);
  double (*row_double)(const DbRow *row, int column);
  Str (*row_peek)(const DbRow *row, int column);
  DbType (*row_type)(const DbRow *row, int column);
  int (*row_columns)(const DbRow *row);
  const char *(*row_name)(const DbRow *row, int column);
  /* A script of statements (a migration), in the present transaction. */
  bool (*script)(Db *db, const char *sql, Error *err);
  /* A copy of the whole database beside it, before a migration. Empty databases are not copied. */
  bool (*copy_before)(Db *db, u32 version, Error *err);
} DbEngine;

/* What every connection starts with. */
struct Db {
  const DbEngine *engine;
  DbRole role;
  i64 last_commit_us;
};
struct DbRow {
  const DbEngine *engine;
};

extern const DbEngine SQLITE_ENGINE;

/* Readers wait here while the log of the writer is too long . One per database file. */
typedef struct DbGate DbGate;
DbGate *db_gate_of(const char *path);
void db_gate_close(DbGate *gate);
void db_gate_open(DbGate *gate);
void db_gate_pass(DbGate *gate);

#endif

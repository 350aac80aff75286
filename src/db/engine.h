/* The doors that a database engine has: db.c calls them, sqlite.c (and PostgreSQL beside it) answers. */
#ifndef TOCSIN_DB_ENGINE_H
#define TOCSIN_DB_ENGINE_H

#include "db/db.h"
#include "db/gate.h"

/* Every door is filled, but for those that say NULL and those of copies, which an engine may lack. */
typedef struct DbEngine {
  const char *word; /* "sqlite": lines of a migration that begin with "-- sqlite: " are for this engine alone */
  bool shared;      /* several programs may use one database at a time */
  bool (*open)(const char *url, DbRole role, Db **out, Error *err);
  void (*close)(Db *db);
  /* stmt NULL: `sql` is run-time text. row NULL: rows are passed over. out_changes may be NULL. */
  bool (*run)(Db *db, const DbStmt *stmt, Str sql, size_t count, const DbValue *args, DbRowFn row, void *ctx,
              i64 *out_changes, Error *err);
  /* NULL: one after the other. */
  bool (*batch)(Db *db, const DbStmt *stmt, size_t arg_count, size_t n, DbBindFn bind, void *ctx, Error *err);
  /* All four NULL: a statement costs no journey, so later is at once. */
  bool (*later)(Db *db, const DbStmt *stmt, size_t count, const DbValue *args, Error *err);
  bool (*gather)(Db *db, const DbStmt *stmt, size_t key_count, size_t count, const DbValue *args, Error *err);
  bool (*settle)(Db *db, Error *err);
  bool (*each)(Db *db, const DbStmt *stmt, size_t arg_count, size_t n, DbBindFn bind, DbEachFn row, void *ctx,
               Error *err);
  bool (*begin)(Db *db, Error *err);
  bool (*commit)(Db *db, Error *err);
  bool (*commit_outcome)(Db *db, bool *out_committed, Error *err); /* NULL: a commit's outcome is always known */
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
  /* Statements one after the other (a migration), in the present transaction if there is one. */
  bool (*script)(Db *db, const char *sql, Error *err);
  /* Before the migration to `version` of a database in use: SQLite makes a copy beside it, PostgreSQL asks whether it
   * may. */
  bool (*before_migration)(Db *db, u32 version, Error *err);
  bool (*lock_schema)(Db *db, bool lock, Error *err); /* NULL: nobody else is there */
  /* See db_copy_begin. */
  bool (*copy_begin)(Db *db, const char *path, DbCopy **out, Error *err);
  bool (*copy_step)(DbCopy *copy, i64 budget_us, i64 *out_left, i64 *out_pages, bool *out_done, Error *err);
  void (*copy_end)(DbCopy *copy);
} DbEngine;

/* How long a read may last unless db_read_limit_ms says otherwise. */
enum { DB_READ_LIMIT_MS = 1000 };

/* What every connection starts with. */
struct Db {
  const DbEngine *engine;
  DbRole role;
  i64 last_commit_us;
  DbGate *gate; /* NULL: the engine has none */
  bool may_migrate;
};
struct DbRow {
  const DbEngine *engine;
};

struct DbCopy {
  const DbEngine *engine;
};

extern const DbEngine SQLITE_ENGINE;
extern const DbEngine POSTGRES_ENGINE;

#endif

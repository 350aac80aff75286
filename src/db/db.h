/* Db: one connection to the database, whichever engine it is. Statements are named static texts with $1 parameters, the
 * same for both engines unless `pg` says otherwise; each is prepared once per connection.
 *
 * A Db belongs to one thread at a time. Exactly one connection writes (DB_WRITER); readers are read-only and never
 * checkpoint. Rows handed to callbacks point into the engine's memory: copy what must stay (db_row_text copies). */
#ifndef TOCSIN_DB_DB_H
#define TOCSIN_DB_DB_H

#include "base/base.h"

typedef struct Db Db;
typedef struct DbRow DbRow;

typedef struct DbStmt {
  const char *name; /* "alert_by_key": for errors and EXPLAIN tests */
  const char *sql;
  const char *pg; /* PostgreSQL's text when it must differ; NULL: the same */
} DbStmt;

typedef enum DbType { DB_TYPE_NULL, DB_TYPE_INT, DB_TYPE_DOUBLE, DB_TYPE_TEXT, DB_TYPE_BLOB } DbType;

typedef struct DbValue {
  DbType type;
  union {
    i64 i;
    double d;
    Str s;
  };
} DbValue;

static inline DbValue db_null(void) {
  return (DbValue){.type = DB_TYPE_NULL};
}
static inline DbValue db_int(i64 i) {
  return (DbValue){.type = DB_TYPE_INT, .i = i};
}
static inline DbValue db_double(double d) {
  return (DbValue){.type = DB_TYPE_DOUBLE, .d = d};
}
static inline DbValue db_text(Str s) {
  return (DbValue){.type = DB_TYPE_TEXT, .s = s};
}
static inline DbValue db_blob(Str s) {
  return (DbValue){.type = DB_TYPE_BLOB, .s = s};
}
/* NULL for 0 or less: ids and times that may be absent. */
static inline DbValue db_id(i64 i) {
  return i > 0 ? db_int(i) : db_null();
}
/* NULL for a slice whose ptr is NULL. */
static inline DbValue db_text_or_null(Str s) {
  return s.ptr ? db_text(s) : db_null();
}

/* db_run(db, &STMT, err, db_int(1), db_text(x)): counts its arguments. */
#define DB_ARGS(...)                                                                                                   \
  (sizeof((DbValue[]){__VA_ARGS__}) / sizeof(DbValue)), (DbValue[]) {                                                  \
    __VA_ARGS__                                                                                                        \
  }

typedef enum DbRole { DB_WRITER, DB_READER } DbRole;

/* What err->system says beside ERR_STORAGE, where callers can do something about it. SQLite's codes are positive. */
enum {
  DB_TRY_AGAIN = -1,      /* deadlock, serialization: the same transaction again, at once */
  DB_COMMIT_UNKNOWN = -2, /* the connection was lost in COMMIT: ask db_commit_outcome after db_rollback */
  DB_READ_ONLY = -3,      /* the server became a standby */
  DB_DISK_FULL = -4,
  DB_LOCKED = -5, /* a lock was waited for in vain, for seconds */
};

/* url: "sqlite:/path/tocsin.db", or "postgresql://user@host,host/name?sslmode=verify-full" with all that libpq knows. A
 * reader fails when the file does not exist. */
MUST_CHECK bool db_open(const char *url, DbRole role, Db **out, Error *err);
bool db_is_shared(const Db *db); /* other nodes may use the same database */
/* The URL with the password that stands in the file's first line. */
MUST_CHECK bool db_url_with_password(Arena *arena, const char *url, const char *password_file, const char **out,
                                     Error *err);
void db_close(Db *db);
void db_closep(Db **db);

/* Without rows. out_changes may be NULL. Errors: ERR_CONFLICT for a broken unique constraint, ERR_STORAGE for disk
 * full, read-only or I/O errors (err->system holds the engine's code), else ERR_INTERNAL. */
MUST_CHECK bool db_exec(Db *db, const DbStmt *stmt, size_t count, const DbValue *args, i64 *out_changes, Error *err);
#define db_run(db, stmt, err, ...) db_exec((db), (stmt), DB_ARGS(__VA_ARGS__), NULL, (err))

/* Calls row() for each row until it returns false (which is not an error). */
typedef bool (*DbRowFn)(const DbRow *row, void *ctx);
MUST_CHECK bool db_query(Db *db, const DbStmt *stmt, size_t count, const DbValue *args, DbRowFn row, void *ctx,
                         Error *err);
/* At most one row; *out_found tells. */
MUST_CHECK bool db_query_one(Db *db, const DbStmt *stmt, size_t count, const DbValue *args, DbRowFn row, void *ctx,
                             bool *out_found, Error *err);
/* One integer; *out_found false when there is no row or it is NULL. */
MUST_CHECK bool db_query_int(Db *db, const DbStmt *stmt, size_t count, const DbValue *args, i64 *out, bool *out_found,
                             Error *err);

i64 db_row_int(const DbRow *row, int column); /* 0 for NULL */
double db_row_double(const DbRow *row, int column);
bool db_row_is_null(const DbRow *row, int column);
Str db_row_text(const DbRow *row, int column, Arena *arena); /* copied; STR_NONE for NULL; also blobs */
Str db_row_peek(const DbRow *row, int column);               /* not copied: valid inside the callback */
int db_row_columns(const DbRow *row);
const char *db_row_name(const DbRow *row, int column);
DbType db_row_type(const DbRow *row, int column);

/* The same statement n times; bind fills args for call i. The engine may pipeline. Stops at the first error. */
typedef void (*DbBindFn)(size_t i, DbValue *args, void *ctx);
MUST_CHECK bool db_exec_batch(Db *db, const DbStmt *stmt, size_t arg_count, size_t n, DbBindFn bind, void *ctx,
                              Error *err);

/* For hot paths, inside a writer's transaction: sent without waiting for the answer where that costs a journey to a
 * server. When it fails, the next statement that waits fails with its error, at the latest db_settle, db_release or
 * db_commit; so whoever must tell apart which step failed settles at the step's end. */
MUST_CHECK bool db_exec_later(Db *db, const DbStmt *stmt, size_t count, const DbValue *args, Error *err);
#define db_run_later(db, stmt, err, ...) db_exec_later((db), (stmt), DB_ARGS(__VA_ARGS__), (err))
/* As db_exec_later, for an INSERT ... VALUES or an UPDATE ... WHERE of one row that comes many times in a round: where
 * it is cheaper, many calls become one statement. The row's key stands in the first `key_count` arguments. Two kinds of
 * order are kept: statements of one table, and before whatever is not gathered. All arguments of UPDATEs need a column
 * to tell their type; an INSERT may not use its arguments outside VALUES. */
MUST_CHECK bool db_gather(Db *db, const DbStmt *stmt, size_t key_count, size_t count, const DbValue *args, Error *err);
#define db_run_gathered(db, stmt, key_count, err, ...) db_gather((db), (stmt), (key_count), DB_ARGS(__VA_ARGS__), (err))
MUST_CHECK bool db_settle(Db *db, Error *err);

/* The same question n times, on their way together; row() gets the number of the question. It must not use the
 * connection. Returning false passes over the other rows of that question. */
typedef bool (*DbEachFn)(size_t i, const DbRow *row, void *ctx);
MUST_CHECK bool db_query_each(Db *db, const DbStmt *stmt, size_t arg_count, size_t n, DbBindFn bind, DbEachFn row,
                              void *ctx, Error *err);

/* Text made at run time (the registry's lists). Prepared and cached by its text, at most 200 per connection. */
MUST_CHECK bool db_query_text(Db *db, Str sql, size_t count, const DbValue *args, DbRowFn row, void *ctx, Error *err);
MUST_CHECK bool db_exec_text(Db *db, Str sql, size_t count, const DbValue *args, i64 *out_changes, Error *err);

/* Transactions: begin takes the write lock on a writer, a snapshot on a reader. Savepoints nest, inside a transaction
 * only. When the engine undid everything by itself (disk full), every call fails with ERR_STORAGE until db_rollback:
 * nothing can commit by halves. A commit that failed is still to be rolled back. After a failed fsync (err->system is
 * the engine's code) the connection writes nothing more. */
MUST_CHECK bool db_begin(Db *db, Error *err);
MUST_CHECK bool db_commit(Db *db, Error *err);
/* After DB_COMMIT_UNKNOWN and the rollback, once: what became of that commit. Opens another session; fails with
 * ERR_STORAGE as long as there is none, or the server has not ended the old one: then it is to be asked again. */
MUST_CHECK bool db_commit_outcome(Db *db, bool *out_committed, Error *err);
void db_rollback(Db *db);
bool db_in_transaction(const Db *db); /* false when the engine undid everything by itself (disk full) */
MUST_CHECK bool db_savepoint(Db *db, Error *err);
MUST_CHECK bool db_release(Db *db, Error *err);
void db_rollback_to(Db *db); /* undoes and releases the newest savepoint */

/* SQLite: the writer moves its log into the file between transactions, and closes the gate of the pools while the log
 * is too long. To be called after each round, and while idle too as long as it may be closed; with a short queue it may
 * wait 1.5 s for readers. A no-op elsewhere. */
void db_checkpoint(Db *writer, bool queue_is_short);
/* A whole copy of the database in a file that must not exist, made in steps on the writer's own connection between its
 * transactions: what is committed meanwhile goes into the copy too, so the copy is the state at its last step. Only one
 * at a time. The copy is not synced. Engines that cannot do it refuse with a sentence. */
typedef struct DbCopy DbCopy;
MUST_CHECK bool db_copy_begin(Db *writer, const char *path, DbCopy **out, Error *err);
/* Copies for about `budget_us`. *out_done: nothing is left. */
MUST_CHECK bool db_copy_step(DbCopy *copy, i64 budget_us, i64 *out_pages_left, i64 *out_pages, bool *out_done,
                             Error *err);
void db_copy_end(DbCopy *copy); /* accepts NULL; an unfinished file is removed */

/* Limits how long one read, or one read transaction, may last on a reader (1,000 ms unless set; 0: no limit); past it
 * the statement fails with ERR_UNAVAILABLE. Ignored on a writer. */
void db_read_limit_ms(Db *db, i64 ms);
i64 db_last_commit_us(const Db *db);

/* A shared database in use is only migrated when somebody said so. */
void db_allow_migration(Db *writer);
/* Applies the numbered migrations that are missing, each in a transaction. Fails when the database needs a newer
 * program (its greatest min_reader); newer migrations that old programs can live with are left alone. */
MUST_CHECK bool db_migrate(Db *writer, u32 *out_from, u32 *out_to, Error *err);
u32 db_migrations_latest(void);

/* Shared databases: calls told() from a thread of its own when another node says SELECT pg_notify('tocsin', text) with
 * a text other than `own`, and when it cannot know. */
typedef struct DbListener DbListener;
MUST_CHECK bool db_listen(const char *url, Str own, void (*told)(void *ctx), void *ctx, DbListener **out, Error *err);
void db_listen_stop(DbListener *listener); /* accepts NULL */

/* A pool of readers for blocking reads on pool threads. */
typedef struct DbPool DbPool;
MUST_CHECK bool db_pool_new(const char *url, size_t max, DbPool **out, Error *err);
void db_pool_free(DbPool *pool); /* all readers were given back */
/* Waits for a free reader (and for the gate of a long log), at most 10 s: then ERR_UNAVAILABLE. Not for the writer's
 * thread: it opens the gate. */
MUST_CHECK bool db_pool_take(DbPool *pool, Db **out, Error *err);
void db_pool_give(DbPool *pool, Db *db); /* ends its transaction; accepts NULL */

#endif

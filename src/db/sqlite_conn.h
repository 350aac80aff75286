/* A SQLite connection, shared by the sqlite*.c files only: sqlite.c opens it and keeps its transactions, sqlite_stmt.c
 * its prepared statements, sqlite_checkpoint.c its log. */
#ifndef TOCSIN_DB_SQLITE_CONN_H
#define TOCSIN_DB_SQLITE_CONN_H

#include <sqlite3.h>

#include "db/engine.h"

enum { SQLITE_BUSY_WRITER_MS = 250, SQLITE_BUSY_READER_MS = 1000 };
enum { SQLITE_PLACES = 1024, SQLITE_STATICS_MAX = 800, SQLITE_TEXTS_MAX = 200 };

typedef struct Prepared {
  const DbStmt *key; /* NULL for run-time text */
  char *text;        /* of a run-time one, owned */
  size_t text_bytes;
  u64 hash;
  u64 used; /* when, in runs of this connection */
  sqlite3_stmt *stmt;
  u16 *numbers; /* numbers[i] of the parameter at place i + 1: its n of $n */
  int place_count;
  bool running; /* a row callback may ask the same again: that one is prepared apart */
} Prepared;

typedef struct Sqlite {
  Db base;
  sqlite3 *handle;

  Prepared *statics[SQLITE_PLACES]; /* open addressing by DbStmt's address */
  size_t static_count;
  Prepared *texts[SQLITE_TEXTS_MAX];
  size_t text_count;
  u64 runs;
  int running; /* statements that are being stepped: row callbacks nest */

  bool begun; /* db_begin succeeded and neither commit nor rollback followed */
  int savepoint_count;
  int sync_code;  /* extended code of the first failed fsync; from then on nothing is written */
  int fault_code; /* db_fault_next */

  i64 read_limit_ms; /* 0: none */
  i64 read_until_us; /* of the read, or read transaction, that goes on now */

  int log_pages;  /* frames in the log after the last commit */
  int log_next;   /* frames at which a passive checkpoint is worth trying */
  bool log_stuck; /* a checkpoint failed and was logged; one line until one succeeds */
} Sqlite;

static inline Sqlite *sqlite_of(Db *db) {
  return (Sqlite *)(void *)db;
}

/* Fills err from the connection's last error. Returns false. */
bool sqlite_failed(Sqlite *s, const char *what, Error *err);
bool sqlite_is_sync_error(int extended);
/* Makes a new, empty file for its owner alone (SQLite would let all read it; its log takes the file's rights). Does
 * nothing when there is one: to open and close a file that this process has open in SQLite would drop SQLite's locks.
 */
void sqlite_make_private(const char *path);
/* Remembers a failed fsync. */
void sqlite_note_sync(Sqlite *s, int extended);

/* sqlite_stmt.c: finds or prepares. Give back with sqlite_stmt_done, which also resets it. */
MUST_CHECK bool sqlite_stmt_static(Sqlite *s, const DbStmt *stmt, Prepared **out, Error *err);
MUST_CHECK bool sqlite_stmt_text(Sqlite *s, Str sql, Prepared **out, Error *err);
MUST_CHECK bool sqlite_stmt_bind(Sqlite *s, Prepared *p, const char *name, size_t count, const DbValue *args,
                                 Error *err);
void sqlite_stmt_done(Prepared *p);
void sqlite_stmt_free_all(Sqlite *s);

/* sqlite_checkpoint.c */
void sqlite_checkpoint_init(Sqlite *s); /* a writer: counts the log's pages from now on */
void sqlite_checkpoint(Db *db, bool queue_is_short);

/* sqlite_copy.c */
bool sqlite_copy_before(Db *db, u32 version, Error *err);
bool sqlite_copy_begin(Db *db, const char *path, DbCopy **out, Error *err);
bool sqlite_copy_step(DbCopy *copy, i64 budget_us, i64 *out_left, i64 *out_pages, bool *out_done, Error *err);
void sqlite_copy_end(DbCopy *copy);

#endif

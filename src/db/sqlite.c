/* SQLite: opening, running statements, rows, transactions.
 *
 * One connection writes and checkpoints with synchronous=FULL; all others only read, never checkpoint, and no read
 * lasts longer than its limit (a read, or a read transaction, keeps the log from beginning anew).
 *
 * Two things that SQLite does are kept from the callers' way:
 * - It may undo a whole transaction by itself (disk full, I/O error). A statement that followed would then commit
 * alone, so until db_rollback every one is refused with ERR_STORAGE.
 * - After a failed fsync nobody knows what is on the disk, and the next one may lie. From then on nothing is written.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/fault.h"
#include "db/sqlite_conn.h"
#include "db/sqlite_pcache.h"
#include "db/sqlite_vfs.h"
#include "db/sqlite_vfs_gather.h"

enum { STEPS_BETWEEN_LOOKS = 4000, SAVEPOINTS_MAX = 64 };

typedef struct SqliteRow {
  DbRow base;
  sqlite3_stmt *stmt;
} SqliteRow;

static const Sqlite *of_const(const Db *db) {
  return (const Sqlite *)(const void *)db;
}
static sqlite3_stmt *stmt_of(const DbRow *row) {
  return ((const SqliteRow *)(const void *)row)->stmt;
}

/* Errors ---------------------------------------------------------------------------------------------------------- */

static ErrorCode code_of(int extended) {
  switch (extended & 0xff) {
  case SQLITE_INTERRUPT: return ERR_UNAVAILABLE;
  case SQLITE_CONSTRAINT: {
    bool unique = extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY ||
                  extended == SQLITE_CONSTRAINT_ROWID;
    return unique ? ERR_CONFLICT : ERR_INTERNAL;
  }
  case SQLITE_FULL:
  case SQLITE_IOERR:
  case SQLITE_NOMEM:
  case SQLITE_READONLY:
  case SQLITE_CANTOPEN:
  case SQLITE_PERM:
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
  case SQLITE_PROTOCOL:
  case SQLITE_BUSY:
  case SQLITE_LOCKED: return ERR_STORAGE;
  default: return ERR_INTERNAL;
  }
}

bool sqlite_is_sync_error(int extended) {
  return extended == SQLITE_IOERR_FSYNC || extended == SQLITE_IOERR_DIR_FSYNC;
}

void sqlite_note_sync(Sqlite *s, int extended) {
  if (s->sync_code == 0) s->sync_code = extended;
}

static bool fail_with(Sqlite *s, int extended, const char *what, const char *words, Error *err) {
  ErrorCode code = code_of(extended);
  if (s->base.role == DB_WRITER && sqlite_is_sync_error(extended)) sqlite_note_sync(s, extended);
  if (code == ERR_UNAVAILABLE)
    fail(err, code, "the database read took longer than %lld ms and was stopped; ask for less at a time",
         (long long)s->read_limit_ms);
  else
    fail(err, code, "%s: %s", what, words);
  if (err) err->system = extended;
  return false;
}

bool sqlite_failed(Sqlite *s, const char *what, Error *err) {
  return fail_with(s, sqlite3_extended_errcode(s->handle), what, sqlite3_errmsg(s->handle), err);
}

/* Opening --------------------------------------------------------------------------------------------------------- */

/* The progress handler: asked every few thousand steps of a reader; 1 stops the statement. */
static int is_over(void *ctx) {
  const Sqlite *s = ctx;
  return s->read_until_us > 0 && clock_monotonic_us() > s->read_until_us;
}

static bool pragmas(Sqlite *s, const char *sql, Error *err) {
  return sqlite3_exec(s->handle, sql, NULL, NULL, NULL) == SQLITE_OK || sqlite_failed(s, "setting it up", err);
}

static int take_mode(void *ctx, int count, char **values, char **names) {
  (void)names;
  *(bool *)ctx = count == 1 && values[0] && strcmp(values[0], "wal") == 0;
  return 0;
}

static bool set_up_writer(Sqlite *s, Error *err) {
  bool wal = false;
  if (sqlite3_exec(s->handle, "PRAGMA journal_mode=WAL", take_mode, &wal, NULL) != SQLITE_OK)
    return sqlite_failed(s, "switching to a write-ahead log", err);
  if (!wal) return fail(err, ERR_STORAGE, "no write-ahead log is possible here; use a file on a local disk");
  /* A log that once grew long is cut back to 64 MiB when it begins anew. */
  if (!pragmas(
          s,
          "PRAGMA synchronous=FULL; PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=0; PRAGMA foreign_keys=OFF; "
          "PRAGMA journal_size_limit=67108864; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0; PRAGMA trusted_schema=OFF",
          err))
    return false;
  sqlite_checkpoint_init(s);
  return true;
}

static bool set_up_reader(Sqlite *s, Error *err) {
  sqlite3_db_config(s->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  sqlite3_progress_handler(s->handle, STEPS_BETWEEN_LOOKS, is_over, s);
  return pragmas(
      s,
      "PRAGMA query_only=ON; PRAGMA cache_size=-8192; PRAGMA wal_autocheckpoint=0; PRAGMA temp_store=MEMORY; "
      "PRAGMA mmap_size=0; PRAGMA trusted_schema=OFF",
      err);
}

enum { LOOKASIDE_BYTES = 1200, LOOKASIDE_SLOTS = 400 };

static bool set_up(Sqlite *s, Error *err) {
  bool writer = s->base.role == DB_WRITER;
  sqlite3_extended_result_codes(s->handle, 1);
  sqlite3_busy_timeout(s->handle, writer ? SQLITE_BUSY_WRITER_MS : SQLITE_BUSY_READER_MS);
  sqlite3_db_config(s->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config(s->handle, SQLITE_DBCONFIG_LOOKASIDE, NULL, LOOKASIDE_BYTES, LOOKASIDE_SLOTS); /* fewer mallocs */
  if (!(writer ? set_up_writer(s, err) : set_up_reader(s, err))) return false;
  s->base.gate = db_gate_take(sqlite3_db_filename(s->handle, "main"));
  return true;
}

static void sqlite_close(Db *db) {
  Sqlite *s = sqlite_of(db);
  ASSERT(s->running == 0);
  if (s->sync_code) sqlite3_db_config(s->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  sqlite_stmt_free_all(s);
  ASSERT(sqlite3_close(s->handle) == SQLITE_OK);
  if (s->base.gate && db->role == DB_WRITER) db_gate_open(s->base.gate); /* nobody else would */
  db_gate_drop(s->base.gate);
  free(s);
}

/* "sqlite:/path" or "sqlite:/path?vfs=forget" */
static bool read_url(Arena *arena, const char *url, const char **out_path, bool *out_forget, Error *err) {
  Str rest = str_from_c(url + strlen("sqlite:")), path, query;
  bool has_query = str_cut(rest, '?', &path, &query);
  if (has_query && !str_equal_c(query, "vfs=forget"))
    return fail(err, ERR_INVALID, "--db \"%s\": \"%.*s\" is not known; use sqlite:FILE", url, STR_ARG(query));
  if (path.len == 0 || path.ptr[0] == ':')
    return fail(err, ERR_INVALID, "--db \"%s\" names no file; use sqlite:FILE", url);
  *out_path = str_to_c(arena, path);
  *out_forget = has_query;
  return true;
}

void sqlite_make_private(const char *path) {
  int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) close(fd);
}

static bool open_handle(Sqlite *s, const char *path, bool forget, Error *err) {
  bool writer = s->base.role == DB_WRITER;
  int flags = SQLITE_OPEN_NOMUTEX | (writer ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY);
  if (forget) db_vfs_forget_register();
  if (writer) sqlite_make_private(path);
  const char *vfs = writer ? db_vfs_gather(forget) : forget ? "forget" : NULL;
  if (sqlite3_open_v2(path, &s->handle, flags, vfs) == SQLITE_OK) return true;
  return sqlite_failed(s, "opening it", err);
}

/* SQLite counts its memory under one lock, at each allocation; nobody asks for the count. */
static void configure(void) {
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite_pcache_install();
}

static bool sqlite_open(const char *url, DbRole role, Db **out, Error *err) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  const char *path = NULL;
  bool forget = false;
  static pthread_once_t configured = PTHREAD_ONCE_INIT;
  pthread_once(&configured, configure);
  if (!read_url(arena, url, &path, &forget, err)) return false;
  Sqlite *s = xcalloc(1, sizeof *s);
  s->base = (Db){.engine = &SQLITE_ENGINE, .role = role};
  s->read_limit_ms = role == DB_READER ? DB_READ_LIMIT_MS : 0;
  if (!open_handle(s, path, forget, err) || !set_up(s, err)) {
    sqlite_close(&s->base);
    return error_prefix(err, "the database %s: ", path);
  }
  *out = &s->base;
  return true;
}

/* Running --------------------------------------------------------------------------------------------------------- */

static const DbStmt BEGIN_WRITE = {"begin", "BEGIN IMMEDIATE", NULL};
static const DbStmt BEGIN_READ = {"begin_read", "BEGIN", NULL};
static const DbStmt COMMIT = {"commit", "COMMIT", NULL};
static const DbStmt ROLLBACK = {"rollback", "ROLLBACK", NULL};
static const DbStmt SAVEPOINT = {"savepoint", "SAVEPOINT s", NULL};
static const DbStmt RELEASE = {"release", "RELEASE s", NULL};
static const DbStmt ROLLBACK_TO = {"rollback_to", "ROLLBACK TO s", NULL};

static bool sqlite_in_transaction(const Db *db) {
  return !sqlite3_get_autocommit(of_const(db)->handle);
}

void db_fault_next(Db *db, int sqlite_code) {
  ASSERT(db->engine == &SQLITE_ENGINE);
  sqlite_of(db)->fault_code = sqlite_code;
}

/* A planned fault strikes where the true one would: a failed sync at a commit, others at a write or a commit. */
static bool strikes(Sqlite *s, const Prepared *p) {
  if (!s->fault_code || p->key == &BEGIN_WRITE) return false;
  bool write = !sqlite3_stmt_readonly(p->stmt);
  if (sqlite_is_sync_error(s->fault_code)) write = write && sqlite3_get_autocommit(s->handle);
  return write || p->key == &COMMIT;
}

static bool strike(Sqlite *s, const char *name, Error *err) {
  int code = s->fault_code, kind = code & 0xff;
  s->fault_code = 0;
  if (kind == SQLITE_FULL || kind == SQLITE_IOERR || kind == SQLITE_NOMEM)
    sqlite3_exec(s->handle, "ROLLBACK", NULL, NULL, NULL);
  return fail_with(s, code, name, sqlite3_errstr(code), err);
}

static bool may_run(Sqlite *s, const Prepared *p, const char *name, Error *err) {
  if (s->begun && sqlite3_get_autocommit(s->handle) && p->key != &BEGIN_WRITE && p->key != &BEGIN_READ)
    return fail(err, ERR_STORAGE, "%s: the database undid the transaction", name);
  if (s->sync_code && !sqlite3_stmt_readonly(p->stmt))
    return fail_with(s, s->sync_code, name, "an earlier sync of the file failed; nothing is written until a restart",
                     err);
  return !strikes(s, p) || strike(s, name, err);
}

static void start_limit(Sqlite *s) {
  s->read_until_us = s->read_limit_ms > 0 ? clock_monotonic_us() + s->read_limit_ms * 1000 : 0;
}

static bool step_all(Sqlite *s, sqlite3_stmt *stmt, const char *name, DbRowFn row, void *ctx, Error *err) {
  SqliteRow here = {.base = {&SQLITE_ENGINE}, .stmt = stmt};
  for (;;) {
    int result = sqlite3_step(stmt);
    if (result == SQLITE_DONE) return true;
    if (result != SQLITE_ROW) return sqlite_failed(s, name, err);
    if (row && !row(&here.base, ctx)) return true;
    if (is_over(s)) return fail_with(s, SQLITE_INTERRUPT, name, "", err); /* callbacks take time, too */
  }
}

static bool sqlite_run(Db *db, const DbStmt *stmt, Str sql, size_t count, const DbValue *args, DbRowFn row, void *ctx,
                       i64 *out_changes, Error *err) {
  Sqlite *s = sqlite_of(db);
  const char *name = stmt ? stmt->name : "the query";
  Prepared *p = NULL;
  if (!(stmt ? sqlite_stmt_static(s, stmt, &p, err) : sqlite_stmt_text(s, sql, &p, err))) return false;
  if (s->running++ == 0 && !s->begun) start_limit(s);
  bool ok = may_run(s, p, name, err) && sqlite_stmt_bind(s, p, name, count, args, err) &&
            step_all(s, p->stmt, name, row, ctx, err);
  if (ok && out_changes) *out_changes = sqlite3_stmt_readonly(p->stmt) ? 0 : sqlite3_changes64(s->handle);
  sqlite_stmt_done(p);
  s->running--;
  return ok;
}

static void sqlite_read_limit(Db *db, i64 ms) {
  Sqlite *s = sqlite_of(db);
  if (db->role == DB_WRITER) return;
  s->read_limit_ms = ms;
  if (s->begun || s->running > 0) start_limit(s);
}

static bool sqlite_script(Db *db, const char *sql, Error *err) {
  Sqlite *s = sqlite_of(db);
  return sqlite3_exec(s->handle, sql, NULL, NULL, NULL) == SQLITE_OK || sqlite_failed(s, "the script", err);
}

/* Rows ------------------------------------------------------------------------------------------------------------ */

static i64 sqlite_row_int(const DbRow *row, int column) {
  return sqlite3_column_int64(stmt_of(row), column);
}
static double sqlite_row_double(const DbRow *row, int column) {
  return sqlite3_column_double(stmt_of(row), column);
}
static int sqlite_row_columns(const DbRow *row) {
  return sqlite3_column_count(stmt_of(row));
}
static const char *sqlite_row_name(const DbRow *row, int column) {
  return sqlite3_column_name(stmt_of(row), column);
}

static Str sqlite_row_peek(const DbRow *row, int column) {
  sqlite3_stmt *stmt = stmt_of(row);
  bool blob = sqlite3_column_type(stmt, column) == SQLITE_BLOB;
  const char *ptr = blob ? sqlite3_column_blob(stmt, column) : (const char *)sqlite3_column_text(stmt, column);
  if (ptr) return (Str){ptr, (size_t)sqlite3_column_bytes(stmt, column)};
  return blob ? S("") : STR_NONE; /* an empty blob has no address in SQLite */
}

static DbType sqlite_row_type(const DbRow *row, int column) {
  switch (sqlite3_column_type(stmt_of(row), column)) {
  case SQLITE_INTEGER: return DB_TYPE_INT;
  case SQLITE_FLOAT: return DB_TYPE_DOUBLE;
  case SQLITE_TEXT: return DB_TYPE_TEXT;
  case SQLITE_BLOB: return DB_TYPE_BLOB;
  default: return DB_TYPE_NULL;
  }
}

/* Transactions ---------------------------------------------------------------------------------------------------- */

static bool plain(Db *db, const DbStmt *stmt, Error *err) {
  return sqlite_run(db, stmt, STR_NONE, 0, NULL, NULL, NULL, NULL, err);
}

static bool sqlite_begin(Db *db, Error *err) {
  Sqlite *s = sqlite_of(db);
  ASSERT(!s->begun);
  start_limit(s);
  if (!plain(db, db->role == DB_WRITER ? &BEGIN_WRITE : &BEGIN_READ, err)) return false;
  s->begun = true;
  s->savepoint_count = 0;
  return true;
}

/* On failure the transaction is still to be rolled back, whether SQLite has undone it or not. */
static bool sqlite_commit(Db *db, Error *err) {
  Sqlite *s = sqlite_of(db);
  ASSERT(s->begun);
  if (!plain(db, &COMMIT, err)) return false;
  s->begun = false;
  return true;
}

static void sqlite_rollback(Db *db) {
  Sqlite *s = sqlite_of(db);
  Error ignored = {0};
  s->begun = false;
  s->savepoint_count = 0;
  if (sqlite_in_transaction(db)) (void)!plain(db, &ROLLBACK, &ignored);
}

static bool sqlite_savepoint(Db *db, Error *err) {
  Sqlite *s = sqlite_of(db);
  ASSERT(s->begun);
  if (s->savepoint_count == SAVEPOINTS_MAX)
    return fail(err, ERR_INTERNAL, "savepoints are nested deeper than %d", SAVEPOINTS_MAX);
  if (!plain(db, &SAVEPOINT, err)) return false;
  s->savepoint_count++;
  return true;
}

static bool sqlite_release(Db *db, Error *err) {
  Sqlite *s = sqlite_of(db);
  ASSERT(s->savepoint_count > 0);
  if (!plain(db, &RELEASE, err)) return false;
  s->savepoint_count--;
  return true;
}

/* When SQLite undid all, the savepoint went with it and may_run refuses what follows. */
static void sqlite_rollback_to(Db *db) {
  Sqlite *s = sqlite_of(db);
  Error ignored = {0};
  ASSERT(s->savepoint_count > 0);
  s->savepoint_count--;
  if (!sqlite_in_transaction(db)) return;
  if (!plain(db, &ROLLBACK_TO, &ignored) || !plain(db, &RELEASE, &ignored))
    sqlite3_exec(s->handle, "ROLLBACK", NULL, NULL, NULL); /* rather nothing than half */
}

const DbEngine SQLITE_ENGINE = {
    .word = "sqlite",
    .open = sqlite_open,
    .close = sqlite_close,
    .run = sqlite_run,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .in_transaction = sqlite_in_transaction,
    .savepoint = sqlite_savepoint,
    .release = sqlite_release,
    .rollback_to = sqlite_rollback_to,
    .checkpoint = sqlite_checkpoint,
    .read_limit = sqlite_read_limit,
    .row_int = sqlite_row_int,
    .row_double = sqlite_row_double,
    .row_peek = sqlite_row_peek,
    .row_type = sqlite_row_type,
    .row_columns = sqlite_row_columns,
    .row_name = sqlite_row_name,
    .script = sqlite_script,
    .before_migration = sqlite_copy_before,
    .copy_begin = sqlite_copy_begin,
    .copy_step = sqlite_copy_step,
    .copy_end = sqlite_copy_end,
};

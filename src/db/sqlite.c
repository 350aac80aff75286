/* SQLite: one connection writes and checkpoints with synchronous=FULL; all others only read, never checkpoint, and no read
 * lasts longer than its limit. Statements are prepared once per connection: the static ones by their address, run-time texts
 * by their text. `$1` is a name to SQLite; each statement keeps where its parameters went. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/sqlite_vfs.h"
#include "db/engine.h"

enum { PARAMS_MAX = 64, SLOTS = 1024, TEXTS_MAX = 200, DEPTH_MAX = 32 };

typedef struct Prepared {
  const DbStmt *key; /* NULL for run-time text */
  char *text;
  sqlite3_stmt *stmt;
  int places[PARAMS_MAX + 1]; /* of $n, 0 when it does not occur */
  u64 used;
} Prepared;

typedef struct Sqlite {
  Db base;
  sqlite3 *handle;
  char *path;
  Prepared *slots[SLOTS]; /* open addressing by address */
  Prepared *texts[TEXTS_MAX];
  size_t text_count;
  u64 uses;
  int depth; /* of savepoints */
  i64 read_limit_ms, read_until_us;
  DbGate *gate;
} Sqlite;

typedef struct SqliteRow {
  DbRow base;
  sqlite3_stmt *stmt;
} SqliteRow;

static Sqlite *of(Db *db) { return (Sqlite *)(void *)db; }
static sqlite3_stmt *stmt_of(const DbRow *row) { return ((const SqliteRow *)(const void *)row)->stmt; }

/* Errors -------------------------------------------------------------------------------------------------------------- */

static ErrorCode code_of(int extended) {
  switch (extended & 0xff) {
  case SQLITE_FULL:
  case SQLITE_IOERR:
  case SQLITE_READONLY:
  case SQLITE_CANTOPEN:
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
  case SQLITE_BUSY:
  case SQLITE_LOCKED: return ERR_STORAGE;
  case SQLITE_INTERRUPT: return ERR_UNAVAILABLE;
  case SQLITE_CONSTRAINT:
    return extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY ? ERR_CONFLICT : ERR_INTERNAL;
  default: return ERR_INTERNAL;
  }
}

static bool failed(Sqlite *s, const char *what, Error *err) {
  int extended = sqlite3_extended_errcode(s->handle);
  ErrorCode code = code_of(extended);
  if (code == ERR_UNAVAILABLE) fail(err, code, "the read took longer than %lld ms and was stopped", (long long)s->read_limit_ms);
  else fail(err, code, "%s: %s", what, sqlite3_errmsg(s->handle));
  if (err) err->system = extended;
  return false;
}

/* Opening ------------------------------------------------------------------------------------------------------------- */

/* Reads are stopped when their time is over; the handler is asked every few thousand steps. */
static int over_time(void *ctx) {
  Sqlite *s = ctx;
  return s->read_until_us > 0 && clock_monotonic_us() > s->read_until_us;
}

static bool pragma(Sqlite *s, const char *sql, Error *err) {
  return sqlite3_exec(s->handle, sql, NULL, NULL, NULL) == SQLITE_OK || failed(s, sql, err);
}

static bool set_up(Sqlite *s, Error *err) {
  static const char WRITER[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536; "
                               "PRAGMA wal_autocheckpoint=0; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0; "
                               "PRAGMA trusted_schema=OFF; PRAGMA foreign_keys=OFF; PRAGMA journal_size_limit=67108864";
  static const char READER[] = "PRAGMA query_only=ON; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-8192; "
                               "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0; PRAGMA trusted_schema=OFF";
  sqlite3_extended_result_codes(s->handle, 1);
  sqlite3_busy_timeout(s->handle, s->base.role == DB_WRITER ? 2000 : 500);
  sqlite3_db_config(s->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  if (s->base.role == DB_READER) sqlite3_progress_handler(s->handle, 4000, over_time, s);
  return pragma(s, s->base.role == DB_WRITER ? WRITER : READER, err);
}

static void sqlite_close(Db *db) {
  Sqlite *s = of(db);
  for (size_t i = 0; i < SLOTS; i++) {
    if (!s->slots[i]) continue;
    sqlite3_finalize(s->slots[i]->stmt);
    free(s->slots[i]);
  }
  for (size_t i = 0; i < s->text_count; i++) {
    sqlite3_finalize(s->texts[i]->stmt);
    free(s->texts[i]->text);
    free(s->texts[i]);
  }
  sqlite3_close(s->handle);
  free(s->path);
  free(s);
}

/* "sqlite:/path?vfs=forget" */
static char *path_of(const char *url, bool *out_forget) {
  Str rest = str_from_c(url + strlen("sqlite:")), path = rest, query = STR_NONE;
  *out_forget = str_cut(rest, '?', &path, &query) && str_equal_c(query, "vfs=forget");
  char *text = xmalloc(path.len + 1);
  memcpy(text, path.ptr, path.len);
  text[path.len] = 0;
  return text;
}

static bool sqlite_open(const char *url, DbRole role, Db **out, Error *err) {
  Sqlite *s = xcalloc(1, sizeof *s);
  bool forget = false;
  s->base = (Db){.engine = &SQLITE_ENGINE, .role = role};
  s->read_limit_ms = role == DB_READER ? 1000 : 0;
  s->path = path_of(url, &forget);
  s->gate = db_gate_of(s->path);
  if (forget) db_vfs_forget_register();
  int flags = role == DB_WRITER ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  if (sqlite3_open_v2(s->path, &s->handle, flags | SQLITE_OPEN_NOMUTEX, forget ? "forget" : NULL) != SQLITE_OK) {
    fail(err, ERR_STORAGE, "cannot open the database %s: %s", s->path, s->handle ? sqlite3_errmsg(s->handle) : "out of memory");
    sqlite_close(&s->base);
    return false;
  }
  if (!set_up(s, err)) {
    error_prefix(err, "the database %s: ", s->path);
    sqlite_close(&s->base);
    return false;
  }
  *out = &s->base;
  return true;
}

/* Statements ---------------------------------------------------------------------------------------------------------- */

static bool prepare(Sqlite *s, Prepared *p, const char *name, Str sql, Error *err) {
  unsigned flags = SQLITE_PREPARE_PERSISTENT;
  if (sqlite3_prepare_v3(s->handle, sql.ptr, (int)sql.len, flags, &p->stmt, NULL) != SQLITE_OK) return failed(s, name, err);
  int count = sqlite3_bind_parameter_count(p->stmt);
  for (int i = 1; i <= count; i++) {
    const char *param = sqlite3_bind_parameter_name(p->stmt, i);
    i64 n = 0;
    if (param && param[0] == '$' && str_to_i64(str_from_c(param + 1), 1, PARAMS_MAX, &n)) p->places[n] = i;
  }
  return true;
}

static bool static_statement(Sqlite *s, const DbStmt *stmt, Prepared **out, Error *err) {
  size_t i = ((uintptr_t)stmt >> 4) * 11400714819323198485ull >> 54;
  for (size_t tries = 0; tries < SLOTS; tries++, i = (i + 1) % SLOTS) {
    if (s->slots[i] && s->slots[i]->key == stmt) return *out = s->slots[i], true;
    if (s->slots[i]) continue;
    Prepared *p = xcalloc(1, sizeof *p);
    p->key = stmt;
    if (!prepare(s, p, stmt->name, str_from_c(stmt->sql), err)) return free(p), false;
    return *out = s->slots[i] = p, true;
  }
  return fail(err, ERR_INTERNAL, "more than %d statements", SLOTS);
}

static Prepared **oldest_text(Sqlite *s) {
  Prepared **oldest = &s->texts[0];
  for (size_t i = 1; i < s->text_count; i++)
    if (s->texts[i]->used < (*oldest)->used) oldest = &s->texts[i];
  return oldest;
}

static bool text_statement(Sqlite *s, Str sql, Prepared **out, Error *err) {
  for (size_t i = 0; i < s->text_count; i++)
    if (str_equal_c(sql, s->texts[i]->text)) return *out = s->texts[i], true;
  Prepared *p = xcalloc(1, sizeof *p);
  p->text = xmalloc(sql.len + 1);
  memcpy(p->text, sql.ptr, sql.len);
  p->text[sql.len] = 0;
  if (!prepare(s, p, "a list", sql, err)) return free(p->text), free(p), false;
  if (s->text_count < TEXTS_MAX) {
    s->texts[s->text_count++] = p;
  } else {
    Prepared **slot = oldest_text(s);
    sqlite3_finalize((*slot)->stmt);
    free((*slot)->text);
    free(*slot);
    *slot = p;
  }
  return *out = p, true;
}

static int bind(sqlite3_stmt *stmt, int place, const DbValue *v) {
  static const char EMPTY[] = "";
  const char *ptr = v->s.ptr ? v->s.ptr : EMPTY;
  switch (v->type) {
  case DB_TYPE_INT: return sqlite3_bind_int64(stmt, place, v->i);
  case DB_TYPE_DOUBLE: return sqlite3_bind_double(stmt, place, v->d);
  case DB_TYPE_TEXT: return sqlite3_bind_text64(stmt, place, ptr, v->s.len, SQLITE_STATIC, SQLITE_UTF8);
  case DB_TYPE_BLOB: return sqlite3_bind_blob64(stmt, place, ptr, v->s.len, SQLITE_STATIC);
  case DB_TYPE_NULL: break;
  }
  return sqlite3_bind_null(stmt, place);
}

static bool step_all(Sqlite *s, Prepared *p, const char *name, DbRowFn row, void *ctx, Error *err) {
  SqliteRow here = {.base = {&SQLITE_ENGINE}, .stmt = p->stmt};
  s->read_until_us = s->read_limit_ms > 0 ? clock_monotonic_us() + s->read_limit_ms * 1000 : 0;
  for (;;) {
    int result = sqlite3_step(p->stmt);
    if (result == SQLITE_DONE) return true;
    if (result != SQLITE_ROW) return failed(s, name, err);
    if (row && !row(&here.base, ctx)) return true;
  }
}

static bool sqlite_run(Db *db, const DbStmt *stmt, Str sql, size_t count, const DbValue *args, DbRowFn row, void *ctx,
                       i64 *out_changes, Error *err) {
  Sqlite *s = of(db);
  Prepared *p = NULL;
  if (!(stmt ? static_statement(s, stmt, &p, err) : text_statement(s, sql, &p, err))) return false;
  ASSERT(count <= PARAMS_MAX);
  p->used = ++s->uses;
  for (size_t i = 0; i < count; i++)
    if (p->places[i + 1] && bind(p->stmt, p->places[i + 1], &args[i]) != SQLITE_OK) return failed(s, "bind", err);
  bool ok = step_all(s, p, stmt ? stmt->name : "a list", row, ctx, err);
  if (ok && out_changes) *out_changes = sqlite3_changes64(s->handle);
  sqlite3_reset(p->stmt);
  sqlite3_clear_bindings(p->stmt);
  return ok;
}

/* Rows ---------------------------------------------------------------------------------------------------------------- */

static i64 sqlite_row_int(const DbRow *row, int column) { return sqlite3_column_int64(stmt_of(row), column); }
static double sqlite_row_double(const DbRow *row, int column) { return sqlite3_column_double(stmt_of(row), column); }
static int sqlite_row_columns(const DbRow *row) { return sqlite3_column_count(stmt_of(row)); }
static const char *sqlite_row_name(const DbRow *row, int column) { return sqlite3_column_name(stmt_of(row), column); }

static Str sqlite_row_peek(const DbRow *row, int column) {
  const char *ptr = sqlite3_column_type(stmt_of(row), column) == SQLITE_BLOB
                        ? sqlite3_column_blob(stmt_of(row), column)
                        : (const char *)sqlite3_column_text(stmt_of(row), column);
  return (Str){ptr, ptr ? (size_t)sqlite3_column_bytes(stmt_of(row), column) : 0};
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

/* Transactions -------------------------------------------------------------------------------------------------------- */

static const DbStmt BEGIN_WRITE = {"begin", "BEGIN IMMEDIATE", NULL};
static const DbStmt BEGIN_READ = {"begin_read", "BEGIN", NULL};
static const DbStmt COMMIT = {"commit", "COMMIT", NULL};
static const DbStmt ROLLBACK = {"rollback", "ROLLBACK", NULL};
static const DbStmt SAVEPOINT = {"savepoint", "SAVEPOINT s", NULL};
static const DbStmt RELEASE = {"release", "RELEASE s", NULL};
static const DbStmt ROLLBACK_TO = {"rollback_to", "ROLLBACK TO s", NULL};

static bool plain(Db *db, const DbStmt *stmt, Error *err) { return sqlite_run(db, stmt, STR_NONE, 0, NULL, NULL, NULL, NULL, err); }
static bool sqlite_in_transaction(const Db *db) { return !sqlite3_get_autocommit(((const Sqlite *)(const void *)db)->handle); }

static bool sqlite_begin(Db *db, Error *err) {
  of(db)->depth = 0;
  return plain(db, db->role == DB_WRITER ? &BEGIN_WRITE : &BEGIN_READ, err);
}
static bool sqlite_commit(Db *db, Error *err) { return plain(db, &COMMIT, err); }
static void sqlite_rollback(Db *db) {
  Error ignored = {0};
  if (sqlite_in_transaction(db)) (void)!plain(db, &ROLLBACK, &ignored);
  of(db)->depth = 0;
}
static bool sqlite_savepoint(Db *db, Error *err) {
  ASSERT(of(db)->depth < DEPTH_MAX);
  if (!plain(db, &SAVEPOINT, err)) return false;
  of(db)->depth++;
  return true;
}
static bool sqlite_release(Db *db, Error *err) {
  if (!plain(db, &RELEASE, err)) return false;
  of(db)->depth--;
  return true;
}
static void sqlite_rollback_to(Db *db) {
  Error ignored = {0};
  if (!plain(db, &ROLLBACK_TO, &ignored) || !plain(db, &RELEASE, &ignored)) sqlite_rollback(db);
  else of(db)->depth--;
}

/* Checkpoints --------------------------------------------------------------------------------------------------------- */

enum { PAGES_CHECKPOINT = 4000, PAGES_GATE = 16000 };

/* Frames that are in the log now. A passive checkpoint also tells how many. */
static void sqlite_checkpoint(Db *db, bool queue_is_short) {
  Sqlite *s = of(db);
  struct stat st;
  char wal[4096];
  snprintf(wal, sizeof wal, "%s-wal", s->path);
  i64 pages = stat(wal, &st) == 0 ? (i64)st.st_size / 4120 : 0;
  if (pages < PAGES_CHECKPOINT || (!queue_is_short && pages < PAGES_GATE)) return;
  int in_log = 0, moved = 0;
  int result = sqlite3_wal_checkpoint_v2(s->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);
  if (result == SQLITE_OK && in_log == moved && pages < PAGES_GATE) return;
  if (in_log < PAGES_GATE) return;
  db_gate_close(s->gate); /* running reads end within their second; then the log can start anew */
  result = sqlite3_wal_checkpoint_v2(s->handle, NULL, SQLITE_CHECKPOINT_RESTART, &in_log, &moved);
  if (result == SQLITE_OK) db_gate_open(s->gate);
}

static void sqlite_read_limit(Db *db, i64 ms) { of(db)->read_limit_ms = ms; }

/* Migrations ---------------------------------------------------------------------------------------------------------- */

static bool sqlite_script(Db *db, const char *sql, Error *err) {
  Sqlite *s = of(db);
  return sqlite3_exec(s->handle, sql, NULL, NULL, NULL) == SQLITE_OK || failed(s, "the migration", err);
}

static bool sqlite_copy_before(Db *db, u32 version, Error *err) {
  Sqlite *s = of(db);
  char *sql = sqlite3_mprintf("VACUUM INTO '%q.before-%04u'", s->path, version);
  char *copy = sqlite3_mprintf("%s.before-%04u", s->path, version);
  unlink(copy);
  bool ok = sqlite3_exec(s->handle, sql, NULL, NULL, NULL) == SQLITE_OK || failed(s, "the copy before the migration", err);
  if (ok) log_info("db", "copied the database to %s before the migration", copy);
  sqlite3_free(sql);
  sqlite3_free(copy);
  return ok;
}

const DbEngine SQLITE_ENGINE = {
    .scheme = "sqlite:",
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
    .copy_before = sqlite_copy_before,
};

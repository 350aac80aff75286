/* Copies of the whole database. Before a migration: `tocsin.db.before-0002` beside it, in one transaction, synced and
 * then renamed, so that what has the name is whole. While running: in steps on the writer's connection. SQLite passes
 * on to the copy what this connection writes meanwhile; from any other one, each commit would begin the copy anew. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/sqlite_conn.h"

static bool copy_pages(Sqlite *s, sqlite3 *to, Error *err) {
  sqlite3_backup *backup = sqlite3_backup_init(to, "main", s->handle, "main");
  if (backup) sqlite3_backup_step(backup, -1);
  if (backup && sqlite3_backup_finish(backup) == SQLITE_OK) return true;
  fail(err, ERR_STORAGE, "%s", sqlite3_errmsg(to));
  if (err) err->system = sqlite3_extended_errcode(to);
  return false;
}

/* Closing syncs nothing by itself: the file, and the folder that has its new name, are synced here. */
static bool sync_path(const char *path, int flags, Error *err) {
  int fd = open(path, flags | O_CLOEXEC);
  bool ok = fd >= 0 && fsync(fd) == 0;
  int code = errno;
  if (fd >= 0) close(fd);
  return ok || fail(err, ERR_STORAGE, "cannot sync %s: %s", path, strerror(code));
}

static bool publish(Arena *arena, const char *part, const char *copy, Error *err) {
  const char *slash = strrchr(copy, '/');
  const char *folder = slash ? str_to_c(arena, (Str){copy, MAX((size_t)(slash - copy), 1)}) : ".";
  if (!sync_path(part, O_RDONLY, err)) return false;
  if (rename(part, copy) != 0) return fail(err, ERR_STORAGE, "cannot name %s: %s", copy, strerror(errno));
  return sync_path(folder, O_RDONLY | O_DIRECTORY, err);
}

static bool copy_to(Sqlite *s, const char *part, Error *err) {
  sqlite3 *to = NULL;
  sqlite_make_private(part);
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  bool ok = sqlite3_open_v2(part, &to, flags, "unix") == SQLITE_OK ? copy_pages(s, to, err)
                                                                   : fail(err, ERR_STORAGE, "%s", sqlite3_errmsg(to));
  sqlite3_close(to);
  return ok;
}

bool sqlite_copy_before(Db *db, u32 version, Error *err) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Sqlite *s = sqlite_of(db);
  Str name = str_format(arena, "%s.before-%04u", sqlite3_db_filename(s->handle, "main"), version);
  const char *copy = str_to_c(arena, name), *part = str_to_c(arena, str_format(arena, "%s.part", copy));
  unlink(part);
  if (!copy_to(s, part, err) || !publish(arena, part, copy, err)) {
    unlink(part);
    return error_prefix(err, "the copy before the migration (%s) failed; free space or move the file: ", copy);
  }
  log_info("db", "copied the database to %s before the migration", copy);
  return true;
}

/* In steps --------------------------------------------------------------------------------------------------------- */

enum { PAGES_A_STEP = 64 };

typedef struct SqliteCopy {
  DbCopy base;
  sqlite3 *to;
  sqlite3_backup *backup;
  char *path;
  bool whole;
} SqliteCopy;

bool sqlite_copy_begin(Db *db, const char *path, DbCopy **out, Error *err) {
  Sqlite *s = sqlite_of(db);
  SqliteCopy *copy = xcalloc(1, sizeof *copy);
  copy->base.engine = db->engine;
  copy->path = xstrdup(path);
  ASSERT(db->role == DB_WRITER);
  sqlite_make_private(path);
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  bool open = sqlite3_open_v2(path, &copy->to, flags, "unix") == SQLITE_OK &&
              sqlite3_exec(copy->to, "PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF", NULL, NULL, NULL) == SQLITE_OK;
  if (open) copy->backup = sqlite3_backup_init(copy->to, "main", s->handle, "main");
  if (copy->backup) return *out = &copy->base, true;
  fail(err, ERR_STORAGE, "the copy %s cannot be begun: %s", path, copy->to ? sqlite3_errmsg(copy->to) : "no memory");
  sqlite_copy_end(&copy->base);
  return false;
}

bool sqlite_copy_step(DbCopy *base, i64 budget_us, i64 *out_left, i64 *out_pages, bool *out_done, Error *err) {
  SqliteCopy *copy = (SqliteCopy *)(void *)base;
  i64 until_us = clock_monotonic_us() + budget_us;
  int result = SQLITE_OK;
  while (result == SQLITE_OK && clock_monotonic_us() < until_us)
    result = sqlite3_backup_step(copy->backup, PAGES_A_STEP);
  *out_left = sqlite3_backup_remaining(copy->backup);
  *out_pages = sqlite3_backup_pagecount(copy->backup);
  *out_done = result == SQLITE_DONE;
  copy->whole = *out_done;
  if (result == SQLITE_OK || result == SQLITE_DONE) return true;
  if (result == SQLITE_BUSY || result == SQLITE_LOCKED) return true; /* again after the next round */
  bool full = result == SQLITE_FULL;
  fail(err, ERR_STORAGE, "the copy %s cannot be written: %s%s", copy->path, sqlite3_errstr(result),
       full ? "; it takes as much space as the database" : "");
  if (err) err->system = result;
  return false;
}

void sqlite_copy_end(DbCopy *base) {
  SqliteCopy *copy = (SqliteCopy *)(void *)base;
  if (copy->backup) sqlite3_backup_finish(copy->backup);
  sqlite3_close(copy->to);
  if (!copy->whole) unlink(copy->path);
  free(copy->path);
  free(copy);
}

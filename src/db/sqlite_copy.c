/* A copy of the whole database beside it, before a migration: `tocsin.db.before-0002`. Page by page in one transaction,
 * synced and then renamed, so that what has the name is whole. Cost: reads and writes the file once. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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

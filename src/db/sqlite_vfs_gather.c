/* See sqlite_vfs_gather.h. A shim: only files opened as a log are wrapped, all else is the lower VFS's own. A wrapped
 * file holds back one run of bytes; whatever is not the continuation of that run (a read that touches it, another
 * offset, a sync, a size) writes it first, so the file always answers as if nothing were held back. A run that cannot
 * be written is dropped: the commit it belongs to fails, and SQLite writes over it. */
#include "db/sqlite_vfs_gather.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

/* The unix VFS writes at most 131,071 bytes at a time and takes less for a full disk. */
enum { RUN_BYTES_MAX = 31 * (4096 + 24) };

typedef struct GatherFile {
  sqlite3_file base;
  sqlite3_file *real;
  char *run;            /* RUN_BYTES_MAX, made at the first write */
  size_t run_bytes;     /* 0: nothing is held back */
  sqlite3_int64 run_at; /* its offset in the file */
} GatherFile;

static GatherFile *of(sqlite3_file *file) {
  return (GatherFile *)file;
}
static const sqlite3_io_methods *methods(const GatherFile *f) {
  return f->real->pMethods;
}

static int flush(GatherFile *f) {
  size_t bytes = f->run_bytes;
  f->run_bytes = 0;
  return bytes ? methods(f)->xWrite(f->real, f->run, (int)bytes, f->run_at) : SQLITE_OK;
}

static int gather_close(sqlite3_file *file) {
  GatherFile *f = of(file);
  int flushed = flush(f), closed = methods(f)->xClose(f->real);
  free(f->run);
  f->run = NULL;
  return flushed != SQLITE_OK ? flushed : closed;
}

static int gather_read(sqlite3_file *file, void *out, int bytes, sqlite3_int64 at) {
  GatherFile *f = of(file);
  bool touches = f->run_bytes && at + bytes > f->run_at;
  int result = touches ? flush(f) : SQLITE_OK;
  return result == SQLITE_OK ? methods(f)->xRead(f->real, out, bytes, at) : result;
}

static int gather_write(sqlite3_file *file, const void *data, int bytes, sqlite3_int64 at) {
  GatherFile *f = of(file);
  bool continues = f->run_bytes && at == f->run_at + (sqlite3_int64)f->run_bytes;
  if (!continues || f->run_bytes + (size_t)bytes > RUN_BYTES_MAX) {
    int result = flush(f);
    if (result != SQLITE_OK) return result;
  }
  if (bytes > RUN_BYTES_MAX) return methods(f)->xWrite(f->real, data, bytes, at);
  if (!f->run) f->run = xmalloc(RUN_BYTES_MAX);
  if (f->run_bytes == 0) f->run_at = at;
  memcpy(f->run + f->run_bytes, data, (size_t)bytes);
  f->run_bytes += (size_t)bytes;
  return SQLITE_OK;
}

static int gather_truncate(sqlite3_file *file, sqlite3_int64 size) {
  int result = flush(of(file));
  return result == SQLITE_OK ? methods(of(file))->xTruncate(of(file)->real, size) : result;
}

static int gather_sync(sqlite3_file *file, int flags) {
  int result = flush(of(file));
  return result == SQLITE_OK ? methods(of(file))->xSync(of(file)->real, flags) : result;
}

static int gather_size(sqlite3_file *file, sqlite3_int64 *out) {
  int result = flush(of(file));
  return result == SQLITE_OK ? methods(of(file))->xFileSize(of(file)->real, out) : result;
}

static int gather_lock(sqlite3_file *file, int level) {
  return methods(of(file))->xLock(of(file)->real, level);
}
static int gather_unlock(sqlite3_file *file, int level) {
  return methods(of(file))->xUnlock(of(file)->real, level);
}
static int gather_check_lock(sqlite3_file *file, int *out) {
  return methods(of(file))->xCheckReservedLock(of(file)->real, out);
}
static int gather_control(sqlite3_file *file, int operation, void *argument) {
  return methods(of(file))->xFileControl(of(file)->real, operation, argument);
}
static int gather_sector(sqlite3_file *file) {
  return methods(of(file))->xSectorSize(of(file)->real);
}
static int gather_traits(sqlite3_file *file) {
  return methods(of(file))->xDeviceCharacteristics(of(file)->real);
}

static const sqlite3_io_methods METHODS = {.iVersion = 1,
                                           .xClose = gather_close,
                                           .xRead = gather_read,
                                           .xWrite = gather_write,
                                           .xTruncate = gather_truncate,
                                           .xSync = gather_sync,
                                           .xFileSize = gather_size,
                                           .xLock = gather_lock,
                                           .xUnlock = gather_unlock,
                                           .xCheckReservedLock = gather_check_lock,
                                           .xFileControl = gather_control,
                                           .xSectorSize = gather_sector,
                                           .xDeviceCharacteristics = gather_traits};

static int gather_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags) {
  sqlite3_vfs *lower = vfs->pAppData;
  if (!(flags & SQLITE_OPEN_WAL)) return lower->xOpen(lower, name, file, flags, out_flags);
  GatherFile *f = of(file);
  *f = (GatherFile){.real = (sqlite3_file *)(f + 1)};
  memset(f->real, 0, (size_t)lower->szOsFile);
  int result = lower->xOpen(lower, name, f->real, flags, out_flags);
  if (result == SQLITE_OK) f->base.pMethods = &METHODS;
  return result;
}

/* The rest is the lower VFS's own; each call hands it itself, since it may keep things in its struct. */
static sqlite3_vfs *lower_of(sqlite3_vfs *vfs) {
  return vfs->pAppData;
}
static int gather_delete(sqlite3_vfs *vfs, const char *name, int sync_folder) {
  return lower_of(vfs)->xDelete(lower_of(vfs), name, sync_folder);
}
static int gather_access(sqlite3_vfs *vfs, const char *name, int flags, int *out) {
  return lower_of(vfs)->xAccess(lower_of(vfs), name, flags, out);
}
static int gather_full_path(sqlite3_vfs *vfs, const char *name, int bytes, char *out) {
  return lower_of(vfs)->xFullPathname(lower_of(vfs), name, bytes, out);
}
static int gather_randomness(sqlite3_vfs *vfs, int bytes, char *out) {
  return lower_of(vfs)->xRandomness(lower_of(vfs), bytes, out);
}
static int gather_sleep(sqlite3_vfs *vfs, int us) {
  return lower_of(vfs)->xSleep(lower_of(vfs), us);
}
static int gather_time(sqlite3_vfs *vfs, double *out) {
  return lower_of(vfs)->xCurrentTime(lower_of(vfs), out);
}
static int gather_time_ms(sqlite3_vfs *vfs, sqlite3_int64 *out) {
  return lower_of(vfs)->xCurrentTimeInt64(lower_of(vfs), out);
}
static int gather_last_error(sqlite3_vfs *vfs, int bytes, char *out) {
  return lower_of(vfs)->xGetLastError(lower_of(vfs), bytes, out);
}

static sqlite3_vfs plain, over_forget; /* written once each, by the functions below */
static pthread_once_t plain_once = PTHREAD_ONCE_INIT, over_forget_once = PTHREAD_ONCE_INIT;

static void make(sqlite3_vfs *out, const char *name, const char *lower_name) {
  sqlite3_vfs *lower = sqlite3_vfs_find(lower_name);
  ASSERT(lower != NULL);
  *out = (sqlite3_vfs){.iVersion = 2,
                       .szOsFile = (int)sizeof(GatherFile) + lower->szOsFile,
                       .mxPathname = lower->mxPathname,
                       .zName = name,
                       .pAppData = lower,
                       .xOpen = gather_open,
                       .xDelete = gather_delete,
                       .xAccess = gather_access,
                       .xFullPathname = gather_full_path,
                       .xRandomness = gather_randomness,
                       .xSleep = gather_sleep,
                       .xCurrentTime = gather_time,
                       .xCurrentTimeInt64 = gather_time_ms,
                       .xGetLastError = gather_last_error};
  ASSERT(sqlite3_vfs_register(out, 0) == SQLITE_OK);
}
static void make_plain(void) {
  make(&plain, "gather", NULL);
}
static void make_over_forget(void) {
  make(&over_forget, "gather-forget", "forget");
}

const char *db_vfs_gather(bool forget) {
  if (forget)
    pthread_once(&over_forget_once, make_over_forget);
  else
    pthread_once(&plain_once, make_plain);
  return forget ? over_forget.zName : plain.zName;
}

/* A shim over the default VFS for crash tests. What is written to a file stays in memory until the file is synced; readers of
 * the same process see it. When the process is killed, the disk is as of the last sync: what a power cut leaves. Shared memory
 * and locks go to the default VFS. Cost: a list of pending writes per open file; fine for tests. */
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "db/sqlite_vfs.h"

typedef struct Pending {
  struct Pending *next;
  sqlite3_int64 at;
  int bytes;
  char data[];
} Pending;

/* Files are shared by path: a reader's handle must see what the writer's has not synced. */
typedef struct Shared {
  struct Shared *next;
  char *path;
  Pending *first, **last;
  sqlite3_int64 size; /* as seen; -1 when the disk says */
  int users;
} Shared;

typedef struct ForgetFile {
  sqlite3_file base;
  Shared *shared; /* NULL: not one of those that are kept back (temporary files, journals) */
  sqlite3_file *real;
} ForgetFile;

static pthread_mutex_t files_lock = PTHREAD_MUTEX_INITIALIZER; /* guards the list and every Shared */
static Shared *shared_files;
static sqlite3_vfs forget_vfs;

static ForgetFile *of(sqlite3_file *file) { return (ForgetFile *)file; }
static sqlite3_file *real(sqlite3_file *file) { return of(file)->real; }

static void drop_pending(Shared *s) {
  for (Pending *p = s->first, *next; p; p = next) {
    next = p->next;
    free(p);
  }
  s->first = NULL;
  s->last = &s->first;
}

static Shared *shared_of(const char *path) {
  Shared *s = shared_files;
  while (s && strcmp(s->path, path) != 0) s = s->next;
  if (!s) {
    s = xcalloc(1, sizeof *s);
    s->path = xstrdup(path);
    s->last = &s->first;
    s->size = -1;
    s->next = shared_files;
    shared_files = s;
  }
  s->users++;
  return s;
}

static int forget_close(sqlite3_file *file) {
  ForgetFile *f = of(file);
  int result = f->real->pMethods ? f->real->pMethods->xClose(f->real) : SQLITE_OK;
  free(f->real);
  pthread_mutex_lock(&files_lock);
  if (f->shared) f->shared->users--;
  pthread_mutex_unlock(&files_lock);
  return result;
}

static sqlite3_int64 seen_size(ForgetFile *f) {
  sqlite3_int64 size = 0;
  if (f->shared && f->shared->size >= 0) return f->shared->size;
  f->real->pMethods->xFileSize(f->real, &size);
  return size;
}

static void overlay(const Shared *s, char *out, int bytes, sqlite3_int64 at) {
  for (const Pending *p = s->first; p; p = p->next) {
    sqlite3_int64 from = p->at > at ? p->at : at;
    sqlite3_int64 to = p->at + p->bytes < at + bytes ? p->at + p->bytes : at + bytes;
    if (to > from) memcpy(out + (from - at), p->data + (from - p->at), (size_t)(to - from));
  }
}

static int forget_read(sqlite3_file *file, void *out, int bytes, sqlite3_int64 at) {
  ForgetFile *f = of(file);
  pthread_mutex_lock(&files_lock);
  int result = f->real->pMethods->xRead(f->real, out, bytes, at);
  if (f->shared && (result == SQLITE_OK || result == SQLITE_IOERR_SHORT_READ)) {
    overlay(f->shared, out, bytes, at);
    result = at + bytes <= seen_size(f) ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  }
  pthread_mutex_unlock(&files_lock);
  return result;
}

static int forget_write(sqlite3_file *file, const void *data, int bytes, sqlite3_int64 at) {
  ForgetFile *f = of(file);
  if (!f->shared) return f->real->pMethods->xWrite(f->real, data, bytes, at);
  Pending *p = xmalloc(sizeof *p + (size_t)bytes);
  *p = (Pending){.at = at, .bytes = bytes};
  memcpy(p->data, data, (size_t)bytes);
  pthread_mutex_lock(&files_lock);
  sqlite3_int64 size = seen_size(f);
  *f->shared->last = p;
  f->shared->last = &p->next;
  f->shared->size = at + bytes > size ? at + bytes : size;
  pthread_mutex_unlock(&files_lock);
  return SQLITE_OK;
}

static int flush_pending(ForgetFile *f) {
  Shared *s = f->shared;
  for (Pending *p = s->first; p; p = p->next) {
    int result = f->real->pMethods->xWrite(f->real, p->data, p->bytes, p->at);
    if (result != SQLITE_OK) return result;
  }
  drop_pending(s);
  s->size = -1;
  return SQLITE_OK;
}

static int forget_truncate(sqlite3_file *file, sqlite3_int64 size) {
  ForgetFile *f = of(file);
  if (!f->shared) return f->real->pMethods->xTruncate(f->real, size);
  pthread_mutex_lock(&files_lock);
  int result = flush_pending(f); /* truncation is rare (a restarted log): nothing before it is kept back */
  if (result == SQLITE_OK) result = f->real->pMethods->xTruncate(f->real, size);
  pthread_mutex_unlock(&files_lock);
  return result;
}

static int forget_sync(sqlite3_file *file, int flags) {
  ForgetFile *f = of(file);
  int result = SQLITE_OK;
  if (f->shared) {
    pthread_mutex_lock(&files_lock);
    result = flush_pending(f);
    pthread_mutex_unlock(&files_lock);
  }
  return result == SQLITE_OK ? f->real->pMethods->xSync(f->real, flags) : result;
}

static int forget_size(sqlite3_file *file, sqlite3_int64 *out) {
  pthread_mutex_lock(&files_lock);
  *out = seen_size(of(file));
  pthread_mutex_unlock(&files_lock);
  return SQLITE_OK;
}

static int forget_lock(sqlite3_file *file, int level) { return real(file)->pMethods->xLock(real(file), level); }
static int forget_unlock(sqlite3_file *file, int level) { return real(file)->pMethods->xUnlock(real(file), level); }
static int forget_check(sqlite3_file *file, int *out) { return real(file)->pMethods->xCheckReservedLock(real(file), out); }
static int forget_control(sqlite3_file *file, int op, void *arg) { return real(file)->pMethods->xFileControl(real(file), op, arg); }
static int forget_sector(sqlite3_file *file) { return real(file)->pMethods->xSectorSize(real(file)); }
static int forget_traits(sqlite3_file *file) { return real(file)->pMethods->xDeviceCharacteristics(real(file)); }
static int forget_shm_map(sqlite3_file *file, int page, int bytes, int extend, void volatile **out) {
  return real(file)->pMethods->xShmMap(real(file), page, bytes, extend, out);
}
static int forget_shm_lock(sqlite3_file *file, int at, int n, int flags) { return real(file)->pMethods->xShmLock(real(file), at, n, flags); }
static void forget_shm_barrier(sqlite3_file *file) { real(file)->pMethods->xShmBarrier(real(file)); }
static int forget_shm_unmap(sqlite3_file *file, int remove) { return real(file)->pMethods->xShmUnmap(real(file), remove); }

static const sqlite3_io_methods FORGET_METHODS = {
    .iVersion = 2,
    .xClose = forget_close,
    .xRead = forget_read,
    .xWrite = forget_write,
    .xTruncate = forget_truncate,
    .xSync = forget_sync,
    .xFileSize = forget_size,
    .xLock = forget_lock,
    .xUnlock = forget_unlock,
    .xCheckReservedLock = forget_check,
    .xFileControl = forget_control,
    .xSectorSize = forget_sector,
    .xDeviceCharacteristics = forget_traits,
    .xShmMap = forget_shm_map,
    .xShmLock = forget_shm_lock,
    .xShmBarrier = forget_shm_barrier,
    .xShmUnmap = forget_shm_unmap,
};

static sqlite3_vfs *below(void) { return (sqlite3_vfs *)forget_vfs.pAppData; }

static int forget_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags) {
  (void)vfs;
  ForgetFile *f = of(file);
  memset(f, 0, sizeof *f);
  f->real = xcalloc(1, (size_t)below()->szOsFile);
  int result = below()->xOpen(below(), name, f->real, flags, out_flags);
  if (result != SQLITE_OK) {
    free(f->real);
    return result;
  }
  f->base.pMethods = &FORGET_METHODS;
  if (name && flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) {
    pthread_mutex_lock(&files_lock);
    f->shared = shared_of(name);
    pthread_mutex_unlock(&files_lock);
  }
  return SQLITE_OK;
}

static int forget_delete(sqlite3_vfs *vfs, const char *name, int sync) {
  (void)vfs;
  pthread_mutex_lock(&files_lock);
  for (Shared *s = shared_files; s; s = s->next)
    if (strcmp(s->path, name) == 0) {
      drop_pending(s);
      s->size = -1;
    }
  pthread_mutex_unlock(&files_lock);
  return below()->xDelete(below(), name, sync);
}

static void register_once(void) {
  sqlite3_vfs *base = sqlite3_vfs_find(NULL);
  forget_vfs = *base;
  forget_vfs.zName = "forget";
  forget_vfs.pNext = NULL;
  forget_vfs.pAppData = base;
  forget_vfs.szOsFile = (int)sizeof(ForgetFile);
  forget_vfs.xOpen = forget_open;
  forget_vfs.xDelete = forget_delete;
  sqlite3_vfs_register(&forget_vfs, 0);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
void db_vfs_forget_register(void) { pthread_once(&once, register_once); }

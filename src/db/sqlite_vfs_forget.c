/* See sqlite_vfs.h. A shim over the default VFS: each file has an overlay of the 4 KiB blocks that were written since
 * its last sync, shared by all handles of that path. Locks, shared memory and temporary files go to the default VFS.
 * One lock guards everything: this is for tests. */
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "db/sqlite_vfs.h"

enum { BLOCK = 4096 };
#define KEPT_BYTES_MAX (sqlite3_int64) MIB(512)
#define FILE_BYTES_MAX ((sqlite3_int64)16 << 30)

typedef struct Overlay {
  struct Overlay *next;
  char *path;
  size_t users;
  char **blocks; /* by number; NULL: as on the disk */
  size_t block_count;
  bool dirty;
  sqlite3_int64 size;  /* as seen; meaningful while dirty */
  sqlite3_int64 floor; /* the shortest it was cut to since the sync: the disk's bytes past it no longer count */
} Overlay;

typedef struct ForgetFile {
  sqlite3_file base;
  Overlay *overlay; /* NULL: not kept back */
  u64 life;         /* of which power-on; an older one is dead */
  sqlite3_file *real;
} ForgetFile;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards all below and every overlay */
static Overlay *overlays;
static u64 life;
static sqlite3_int64 kept_bytes;
static bool fail_next_sync;
static sqlite3_vfs forget_vfs; /* written once, by register_once */

static ForgetFile *of(sqlite3_file *file) {
  return (ForgetFile *)file;
}
static const sqlite3_io_methods *methods(const ForgetFile *f) {
  return f->real->pMethods;
}
static sqlite3_vfs *below(void) {
  return (sqlite3_vfs *)forget_vfs.pAppData;
}

static bool is_dead(const ForgetFile *f) {
  pthread_mutex_lock(&lock);
  bool dead = f->life != life;
  pthread_mutex_unlock(&lock);
  return dead;
}

/* The overlay (under the lock) ------------------------------------------------------------------------------------ */

static void drop_blocks(Overlay *o, size_t from) {
  for (size_t i = from; i < o->block_count; i++) {
    if (!o->blocks[i]) continue;
    free(o->blocks[i]);
    o->blocks[i] = NULL;
    kept_bytes -= BLOCK;
  }
}

static void forget(Overlay *o) {
  drop_blocks(o, 0);
  free(o->blocks);
  o->blocks = NULL;
  o->block_count = 0;
  o->dirty = false;
}

static Overlay *find_overlay(const char *path) {
  Overlay *o = overlays;
  while (o && strcmp(o->path, path) != 0) o = o->next;
  return o;
}

static Overlay *take_overlay(const char *path) {
  Overlay *o = find_overlay(path);
  if (!o) {
    o = xcalloc(1, sizeof *o);
    o->path = xstrdup(path);
    o->next = overlays;
    overlays = o;
  }
  o->users++;
  return o;
}

/* A dirty one stays without users, as the page cache does. */
static void drop_overlay(Overlay *o) {
  if (--o->users > 0 || o->dirty) return;
  Overlay **at = &overlays;
  while (*at != o) at = &(*at)->next;
  *at = o->next;
  forget(o);
  free(o->path);
  free(o);
}

static int disk_size(ForgetFile *f, sqlite3_int64 *out) {
  return methods(f)->xFileSize(f->real, out);
}

static int seen_size(ForgetFile *f, sqlite3_int64 *out) {
  if (!f->overlay->dirty) return disk_size(f, out);
  *out = f->overlay->size;
  return SQLITE_OK;
}

static int make_dirty(ForgetFile *f) {
  Overlay *o = f->overlay;
  if (o->dirty) return SQLITE_OK;
  int result = disk_size(f, &o->size);
  o->floor = o->size;
  o->dirty = result == SQLITE_OK;
  return result;
}

/* From the disk, with zeros for what is past its end or was cut off. */
static int read_disk(ForgetFile *f, char *out, int bytes, sqlite3_int64 at) {
  const Overlay *o = f->overlay;
  int result = methods(f)->xRead(f->real, out, bytes, at);
  if (result != SQLITE_OK && result != SQLITE_IOERR_SHORT_READ) return result;
  if (o->dirty && at + bytes > o->floor) {
    sqlite3_int64 good = o->floor > at ? o->floor - at : 0;
    memset(out + good, 0, (size_t)(bytes - good));
  }
  return SQLITE_OK;
}

/* The block at this number, taken from the disk when it is not there yet. */
static int own_block(ForgetFile *f, size_t number, char **out) {
  Overlay *o = f->overlay;
  if (number >= o->block_count) {
    size_t count = MAX(number + 1, o->block_count * 2);
    o->blocks = xrealloc(o->blocks, count * sizeof *o->blocks);
    memset(o->blocks + o->block_count, 0, (count - o->block_count) * sizeof *o->blocks);
    o->block_count = count;
  }
  if (!o->blocks[number]) {
    if (kept_bytes + BLOCK > KEPT_BYTES_MAX) return SQLITE_FULL;
    char *block = xmalloc(BLOCK);
    int result = read_disk(f, block, BLOCK, (sqlite3_int64)number * BLOCK);
    if (result != SQLITE_OK) {
      free(block);
      return result;
    }
    o->blocks[number] = block;
    kept_bytes += BLOCK;
  }
  *out = o->blocks[number];
  return SQLITE_OK;
}

/* The part of [at, at + bytes) that lies in at's block. */
static int part_in_block(int bytes, sqlite3_int64 at) {
  int left = BLOCK - (int)(at % BLOCK);
  return MIN(bytes, left);
}

static int overlay_read(ForgetFile *f, char *out, int bytes, sqlite3_int64 at) {
  const Overlay *o = f->overlay;
  while (bytes > 0) {
    int part = part_in_block(bytes, at), result = SQLITE_OK;
    size_t number = (size_t)(at / BLOCK);
    if (number < o->block_count && o->blocks[number])
      memcpy(out, o->blocks[number] + at % BLOCK, (size_t)part);
    else
      result = read_disk(f, out, part, at);
    if (result != SQLITE_OK) return result;
    out += part;
    at += part;
    bytes -= part;
  }
  return SQLITE_OK;
}

static int overlay_write(ForgetFile *f, const char *data, int bytes, sqlite3_int64 at) {
  Overlay *o = f->overlay;
  if (at + bytes > FILE_BYTES_MAX) return SQLITE_FULL;
  int result = make_dirty(f);
  while (bytes > 0 && result == SQLITE_OK) {
    int part = part_in_block(bytes, at);
    char *block = NULL;
    result = own_block(f, (size_t)(at / BLOCK), &block);
    if (result != SQLITE_OK) return result;
    memcpy(block + at % BLOCK, data, (size_t)part);
    data += part;
    at += part;
    bytes -= part;
    o->size = MAX(o->size, at);
  }
  return result;
}

static int overlay_truncate(ForgetFile *f, sqlite3_int64 size) {
  Overlay *o = f->overlay;
  int result = make_dirty(f);
  if (result != SQLITE_OK) return result;
  size_t whole = (size_t)(size / BLOCK);
  int rest = (int)(size % BLOCK);
  if (rest && whole < o->block_count && o->blocks[whole]) memset(o->blocks[whole] + rest, 0, (size_t)(BLOCK - rest));
  drop_blocks(o, whole + (rest ? 1 : 0));
  o->floor = MIN(o->floor, size);
  o->size = size;
  return SQLITE_OK;
}

/* Puts everything where the sync that follows finds it. */
static int overlay_flush(ForgetFile *f) {
  Overlay *o = f->overlay;
  sqlite3_int64 disk = 0;
  if (!o->dirty) return SQLITE_OK;
  int result = disk_size(f, &disk);
  if (result == SQLITE_OK && o->floor < disk) result = methods(f)->xTruncate(f->real, o->floor);
  for (size_t i = 0; i < o->block_count && result == SQLITE_OK; i++) {
    sqlite3_int64 at = (sqlite3_int64)i * BLOCK;
    if (o->blocks[i]) result = methods(f)->xWrite(f->real, o->blocks[i], (int)MIN(BLOCK, o->size - at), at);
  }
  if (result == SQLITE_OK) result = disk_size(f, &disk);
  if (result == SQLITE_OK && disk < o->size) result = methods(f)->xTruncate(f->real, o->size); /* ends in a hole */
  if (result == SQLITE_OK) forget(o);
  return result;
}

/* Files ----------------------------------------------------------------------------------------------------------- */

static int forget_close(sqlite3_file *file) {
  ForgetFile *f = of(file);
  int result = methods(f)->xClose(f->real);
  free(f->real);
  pthread_mutex_lock(&lock);
  if (f->overlay) drop_overlay(f->overlay);
  pthread_mutex_unlock(&lock);
  return result;
}

static int forget_read(sqlite3_file *file, void *out, int bytes, sqlite3_int64 at) {
  ForgetFile *f = of(file);
  if (is_dead(f)) return SQLITE_IOERR_READ;
  if (!f->overlay) return methods(f)->xRead(f->real, out, bytes, at);
  pthread_mutex_lock(&lock);
  sqlite3_int64 size = 0;
  int result = seen_size(f, &size);
  if (result == SQLITE_OK) result = overlay_read(f, out, bytes, at);
  pthread_mutex_unlock(&lock);
  return result == SQLITE_OK && at + bytes > size ? SQLITE_IOERR_SHORT_READ : result;
}

static int forget_write(sqlite3_file *file, const void *data, int bytes, sqlite3_int64 at) {
  ForgetFile *f = of(file);
  if (is_dead(f)) return SQLITE_IOERR_WRITE;
  if (!f->overlay) return methods(f)->xWrite(f->real, data, bytes, at);
  pthread_mutex_lock(&lock);
  int result = overlay_write(f, data, bytes, at);
  pthread_mutex_unlock(&lock);
  return result;
}

static int forget_truncate(sqlite3_file *file, sqlite3_int64 size) {
  ForgetFile *f = of(file);
  if (is_dead(f)) return SQLITE_IOERR_TRUNCATE;
  if (!f->overlay) return methods(f)->xTruncate(f->real, size);
  pthread_mutex_lock(&lock);
  int result = overlay_truncate(f, size);
  pthread_mutex_unlock(&lock);
  return result;
}

static int forget_sync(sqlite3_file *file, int flags) {
  ForgetFile *f = of(file);
  if (is_dead(f)) return SQLITE_IOERR_FSYNC;
  int result = SQLITE_OK;
  pthread_mutex_lock(&lock);
  if (f->overlay && fail_next_sync) {
    fail_next_sync = false;
    forget(f->overlay);
    result = SQLITE_IOERR_FSYNC;
  } else if (f->overlay) {
    result = overlay_flush(f);
  }
  pthread_mutex_unlock(&lock);
  return result == SQLITE_OK ? methods(f)->xSync(f->real, flags) : result;
}

static int forget_size(sqlite3_file *file, sqlite3_int64 *out) {
  ForgetFile *f = of(file);
  if (is_dead(f)) return SQLITE_IOERR_FSTAT;
  if (!f->overlay) return disk_size(f, out);
  pthread_mutex_lock(&lock);
  int result = seen_size(f, out);
  pthread_mutex_unlock(&lock);
  return result;
}

/* Dead handles may unlock and let go of shared memory, nothing else. */
static int forget_lock(sqlite3_file *file, int level) {
  ForgetFile *f = of(file);
  return is_dead(f) ? SQLITE_IOERR_LOCK : methods(f)->xLock(f->real, level);
}
static int forget_unlock(sqlite3_file *file, int level) {
  return methods(of(file))->xUnlock(of(file)->real, level);
}
static int forget_check(sqlite3_file *file, int *out) {
  return methods(of(file))->xCheckReservedLock(of(file)->real, out);
}

static int forget_control(sqlite3_file *file, int op, void *arg) {
  ForgetFile *f = of(file);
  if (op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE) return SQLITE_OK; /* they would change the disk */
  return methods(f)->xFileControl(f->real, op, arg);
}

static int forget_sector(sqlite3_file *file) {
  return methods(of(file))->xSectorSize(of(file)->real);
}
static int forget_traits(sqlite3_file *file) {
  return methods(of(file))->xDeviceCharacteristics(of(file)->real);
}

static int forget_shm_map(sqlite3_file *file, int page, int bytes, int extend, void volatile **out) {
  ForgetFile *f = of(file);
  return is_dead(f) ? SQLITE_IOERR_SHMMAP : methods(f)->xShmMap(f->real, page, bytes, extend, out);
}
static int forget_shm_lock(sqlite3_file *file, int at, int count, int flags) {
  ForgetFile *f = of(file);
  bool refused = !(flags & SQLITE_SHM_UNLOCK) && is_dead(f);
  return refused ? SQLITE_IOERR_SHMLOCK : methods(f)->xShmLock(f->real, at, count, flags);
}
static void forget_shm_barrier(sqlite3_file *file) {
  methods(of(file))->xShmBarrier(of(file)->real);
}
static int forget_shm_unmap(sqlite3_file *file, int and_delete) {
  ForgetFile *f = of(file);
  return methods(f)->xShmUnmap(f->real, and_delete && !is_dead(f));
}

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

/* The VFS --------------------------------------------------------------------------------------------------------- */

static int forget_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags) {
  (void)vfs;
  ForgetFile *f = of(file);
  *f = (ForgetFile){.real = xcalloc(1, (size_t)below()->szOsFile)};
  int result = below()->xOpen(below(), name, f->real, flags, out_flags);
  if (result != SQLITE_OK) {
    free(f->real);
    return result;
  }
  f->base.pMethods = &FORGET_METHODS;
  pthread_mutex_lock(&lock);
  f->life = life;
  if (name && flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL))
    f->overlay = take_overlay(name);
  pthread_mutex_unlock(&lock);
  return SQLITE_OK;
}

static int forget_delete(sqlite3_vfs *vfs, const char *name, int sync_folder) {
  (void)vfs;
  pthread_mutex_lock(&lock);
  Overlay *o = find_overlay(name);
  if (o) forget(o);
  if (o && o->users == 0) {
    o->users = 1;
    drop_overlay(o);
  }
  pthread_mutex_unlock(&lock);
  return below()->xDelete(below(), name, sync_folder);
}

/* SQLite takes an empty file for absent, and one whose first bytes are still in memory is empty on the disk. */
static int forget_access(sqlite3_vfs *vfs, const char *name, int flags, int *out) {
  (void)vfs;
  pthread_mutex_lock(&lock);
  const Overlay *o = find_overlay(name);
  bool kept = flags == SQLITE_ACCESS_EXISTS && o && o->dirty;
  if (kept) *out = o->size > 0;
  pthread_mutex_unlock(&lock);
  return kept ? SQLITE_OK : below()->xAccess(below(), name, flags, out);
}

static void register_once(void) {
  sqlite3_vfs *base = sqlite3_vfs_find(NULL);
  ASSERT(base);
  forget_vfs = *base;
  forget_vfs.zName = "forget";
  forget_vfs.pNext = NULL;
  forget_vfs.pAppData = base;
  forget_vfs.szOsFile = (int)sizeof(ForgetFile);
  forget_vfs.xOpen = forget_open;
  forget_vfs.xDelete = forget_delete;
  forget_vfs.xAccess = forget_access;
  ASSERT(sqlite3_vfs_register(&forget_vfs, 0) == SQLITE_OK);
}

void db_vfs_forget_register(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, register_once);
}

void db_vfs_forget_crash(void) {
  pthread_mutex_lock(&lock);
  life++;
  for (Overlay *o = overlays, *next; o; o = next) {
    next = o->next;
    forget(o);
    if (o->users == 0) {
      o->users = 1;
      drop_overlay(o);
    }
  }
  pthread_mutex_unlock(&lock);
}

void db_vfs_forget_fail_sync(void) {
  pthread_mutex_lock(&lock);
  fail_next_sync = true;
  pthread_mutex_unlock(&lock);
}

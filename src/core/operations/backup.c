/* Backups of a running server. The engine copies SQLite's file to DIR/backup.part between its rounds; PostgreSQL's rows
 * are exported there from one snapshot, beside its rounds. Only then it is packed: by the command's own process, or for
 * the timer by its thread. One at a time. */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/operations/operations.h"
#include "core/operations/transfer.h"
#include "lang/time.h"

enum { ROOM_BYTES_MIN = 32 * 1024 * 1024, TICK_MS = 200, RETRY_MS = 60 * 1000, TELL_EVERY_US = 100 * 1000 };

Str backup_copy_path(Arena *arena, const char *data_folder) {
  return str_format(arena, "%s/backup.part", data_folder);
}

/* Copying ---------------------------------------------------------------------------------------------------------- */

typedef struct Copying {
  EngineCopy copy;
  void (*progress)(void *ctx, i64 left, i64 pages);
  void *ctx;
  i64 told_us;
  pthread_mutex_t lock; /* guards ended, ok, err */
  pthread_cond_t done;
  bool ended, ok;
  Error err;
} Copying;

static void copy_progress(void *ctx, i64 left, i64 pages) {
  Copying *copying = ctx;
  i64 now_us = clock_monotonic_us();
  if (!copying->progress || now_us - copying->told_us < TELL_EVERY_US) return;
  copying->told_us = now_us;
  copying->progress(copying->ctx, left, pages);
}

static void copy_done(void *ctx, const Error *err) {
  Copying *copying = ctx;
  pthread_mutex_lock(&copying->lock);
  copying->ok = err == NULL;
  if (err) copying->err = *err;
  copying->ended = true;
  pthread_cond_signal(&copying->done);
  pthread_mutex_unlock(&copying->lock);
}

/* The copy must leave room for the alerts that come meanwhile. */
static bool check_room(const char *data_folder, i64 wanted, Error *err) {
  struct statvfs fs;
  if (statvfs(data_folder, &fs) != 0) return true;
  i64 room = (i64)fs.f_bavail * (i64)fs.f_frsize;
  return room >= wanted + ROOM_BYTES_MIN ||
         fail(err, ERR_STORAGE, "%s has %lld MB free; a backup copies the database of %lld MB there first", data_folder,
              (long long)(room / 1000000), (long long)(wanted / 1000000));
}

static i64 database_bytes(const char *data_folder) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  struct stat st;
  return stat(str_to_c(arena, str_format(arena, "%s/tocsin.db", data_folder)), &st) == 0 ? (i64)st.st_size : 0;
}

static bool is_file(const char *db_url) {
  return str_starts_with(str_from_c(db_url), S("sqlite:"));
}

static bool copy_rows(const char *url, const char *data_folder, const char *keys_folder, Error *err) {
  static const DbStmt SIZE = {"backup_size", "SELECT 0", "SELECT pg_database_size(current_database())"};
  CLEANUP(arena_freep) Arena *arena = arena_new();
  CLEANUP(db_closep) Db *db = NULL;
  TransferReport report = {0};
  i64 bytes = 0;
  bool found = false;
  const char *path = str_to_c(arena, backup_copy_path(arena, data_folder));
  return db_open(url, DB_READER, &db, err) && db_query_int(db, &SIZE, 0, NULL, &bytes, &found, err) &&
         check_room(data_folder, bytes, err) &&
         transfer_export(db, true, path, keys_folder, (TransferProgress){0}, &report, err);
}

bool backup_copy(App *app, const char *keys_folder, CopyProgress progress, Error *err) {
  if (!is_file(app->db_url)) return copy_rows(app->db_url, app->data_folder, keys_folder, err);
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Copying copying = {.progress = progress.fn, .ctx = progress.ctx};
  const char *path = str_to_c(arena, backup_copy_path(arena, app->data_folder));
  if (!check_room(app->data_folder, database_bytes(app->data_folder), err)) return false;
  copying.copy = (EngineCopy){.path = path, .ctx = &copying, .progress = copy_progress, .done = copy_done};
  pthread_mutex_init(&copying.lock, NULL);
  pthread_cond_init(&copying.done, NULL);
  unlink(path);
  bool ok = engine_copy(app->engine, &copying.copy, err);
  if (ok) {
    pthread_mutex_lock(&copying.lock);
    while (!copying.ended) pthread_cond_wait(&copying.done, &copying.lock);
    pthread_mutex_unlock(&copying.lock);
    ok = copying.ok;
    if (!ok && err) *err = copying.err;
  }
  pthread_mutex_destroy(&copying.lock);
  pthread_cond_destroy(&copying.done);
  return ok;
}

bool backup_copy_offline(const char *db_url, const char *data_folder, const char *keys_folder, Error *err) {
  if (!is_file(db_url)) return copy_rows(db_url, data_folder, keys_folder, err);
  CLEANUP(arena_freep) Arena *arena = arena_new();
  CLEANUP(db_closep) Db *db = NULL;
  DbCopy *copy = NULL;
  const char *path = str_to_c(arena, backup_copy_path(arena, data_folder));
  i64 left = 0, pages = 0;
  bool done = false;
  unlink(path);
  if (!check_room(data_folder, database_bytes(data_folder), err) || !db_open(db_url, DB_WRITER, &db, err) ||
      !db_copy_begin(db, path, &copy, err))
    return false;
  bool ok = true;
  while (ok && !done) ok = db_copy_step(copy, SECOND_MS * 1000, &left, &pages, &done, err);
  db_copy_end(copy);
  return ok;
}

/* The socket's verb: the copy stays while the peer packs it. ------------------------------------------------------- */

/* Held while DIR/backup.part belongs to somebody. */
static pthread_mutex_t backup_lock = PTHREAD_MUTEX_INITIALIZER;

static void tell_progress(void *ctx, i64 left, i64 pages) {
  LocalCall *call = ctx;
  CLEANUP(arena_freep) Arena *arena = arena_new();
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "left", value_int(left));
  map_put_c(&map, "pages", value_int(pages));
  Value line = map_done(&map);
  LocalCall here = {.app = call->app, .fd = call->fd, .arena = arena};
  (void)local_tell(&here, &line);
}

bool backup_local(LocalCall *call, MapBuilder *answer, Error *err) {
  if (pthread_mutex_trylock(&backup_lock) != 0)
    return fail(err, ERR_CONFLICT, "a backup is being made already; wait until it has ended");
  Str path = backup_copy_path(call->arena, call->app->data_folder);
  bool keys = value_bool_or(value_get_c(&call->question, "keys"), false);
  bool ok = backup_copy(call->app, keys ? call->app->data_folder : NULL, (CopyProgress){tell_progress, call}, err);
  if (ok) {
    MapBuilder map = map_builder(call->arena);
    map_put_c(&map, "copied", value_bool(true));
    Value line = map_done(&map);
    if (local_tell(call, &line)) local_wait(call);
    unlink(str_to_c(call->arena, path));
  }
  pthread_mutex_unlock(&backup_lock);
  (void)answer;
  return ok;
}

/* The timer -------------------------------------------------------------------------------------------------------- */

struct BackupTimer {
  App *app;
  BackupPlan plan;
  pthread_t thread;
  i64 next_ms; /* true clock */
  Metric *outcomes, *last;
  _Atomic i64 last_ms;
  _Atomic bool stopping;
};

static double read_last(void *ctx) {
  BackupTimer *timer = ctx;
  return (double)atomic_load(&timer->last_ms) / 1000.0;
}

static bool is_backup(const char *name) {
  Str text = str_from_c(name);
  return str_starts_with(text, S("tocsin-")) && str_ends_with(text, S(".backup"));
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

typedef VEC(char *) Names;

/* Those made by the timer, oldest first: the name is the time. */
static Names backups_in(Arena *arena, const char *folder) {
  Names names = {0};
  DIR *dir = opendir(folder);
  for (struct dirent *entry; dir && (entry = readdir(dir));)
    if (is_backup(entry->d_name)) *VEC_PUSH(arena, &names) = str_to_c(arena, str_from_c(entry->d_name));
  if (dir) closedir(dir);
  if (names.count) qsort(names.items, names.count, sizeof names.items[0], by_name);
  return names;
}

static void prune(BackupTimer *timer, Arena *arena) {
  Names names = backups_in(arena, timer->plan.folder);
  for (size_t i = 0; i + (size_t)timer->plan.keep < names.count; i++)
    unlink(str_to_c(arena, str_format(arena, "%s/%s", timer->plan.folder, names.items[i])));
}

/* When the newest was made, so that restarts neither skip nor repeat one. */
static i64 newest_ms(BackupTimer *timer, Arena *arena) {
  Names names = backups_in(arena, timer->plan.folder);
  struct stat st;
  if (names.count == 0) return 0;
  const char *path = str_to_c(arena, str_format(arena, "%s/%s", timer->plan.folder, names.items[names.count - 1]));
  return stat(path, &st) == 0 ? (i64)st.st_mtim.tv_sec * 1000 : 0;
}

static Str name_now(Arena *arena) {
  Civil c = zone_to_local(zone_utc(), clock_true_ms() / 1000);
  return str_format(arena, "tocsin-%04d%02d%02dT%02d%02d%02dZ.backup", c.year, c.month, c.day, c.hour, c.minute,
                    c.second);
}

static bool make_one(BackupTimer *timer, Arena *arena, Error *err) {
  const char *copy = str_to_c(arena, backup_copy_path(arena, timer->app->data_folder));
  Str name = name_now(arena);
  const char *path = str_to_c(arena, str_format(arena, "%s/%.*s", timer->plan.folder, STR_ARG(name)));
  i64 bytes = 0;
  pthread_mutex_lock(&backup_lock);
  bool ok = backup_copy(timer->app, NULL, (CopyProgress){0}, err) &&
            backup_pack_to(copy, path, NULL, (BackupProgress){0}, &bytes, err);
  unlink(copy);
  pthread_mutex_unlock(&backup_lock);
  if (ok) log_info("backup", "made %s, %lld bytes", path, (long long)bytes);
  return ok;
}

static void make_and_prune(BackupTimer *timer) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Error err = {0};
  if (make_one(timer, arena, &err)) {
    metric_add(timer->outcomes, "ok", 1);
    atomic_store(&timer->last_ms, clock_true_ms());
    timer->next_ms = clock_true_ms() + timer->plan.every_ms;
    prune(timer, arena);
  } else if (!atomic_load(&timer->app->draining)) {
    metric_add(timer->outcomes, "failed", 1);
    log_error("backup", "no backup was made: %s; trying again in %lld s", err.message,
              (long long)MIN(timer->plan.every_ms, RETRY_MS) / 1000);
    timer->next_ms = clock_true_ms() + MIN(timer->plan.every_ms, RETRY_MS);
  }
}

static void *timer_main(void *ctx) {
  BackupTimer *timer = ctx;
  while (!atomic_load(&timer->stopping)) {
    if (clock_true_ms() >= timer->next_ms) make_and_prune(timer);
    usleep(TICK_MS * 1000);
  }
  return NULL;
}

bool backup_timer_start(App *app, const BackupPlan *plan, BackupTimer **out, Error *err) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  if (!plan->folder) return *out = NULL, true;
  if (mkdir(plan->folder, 0700) != 0 && errno != EEXIST)
    return fail(err, ERR_INVALID, "--backup-dir: cannot make %s: %s", plan->folder, strerror(errno));
  if (access(plan->folder, W_OK | X_OK) != 0)
    return fail(err, ERR_INVALID, "--backup-dir: %s cannot be written: %s", plan->folder, strerror(errno));
  BackupTimer *timer = xcalloc(1, sizeof *timer);
  timer->app = app;
  timer->plan = *plan;
  timer->outcomes = metrics_counter(app->metrics, "tocsin_backups_total", "Backups by the timer.", "outcome");
  atomic_store(&timer->last_ms, newest_ms(timer, arena));
  timer->next_ms = atomic_load(&timer->last_ms) + plan->every_ms;
  metrics_gauge_fn(app->metrics, "tocsin_backup_last_seconds", "When the last backup by the timer was made.", read_last,
                   timer);
  if (pthread_create(&timer->thread, NULL, timer_main, timer) != 0) {
    free(timer);
    return fail(err, ERR_INTERNAL, "cannot start the thread for backups");
  }
  *out = timer;
  return true;
}

void backup_timer_stop(BackupTimer *timer) {
  if (!timer) return;
  atomic_store(&timer->stopping, true);
  pthread_join(timer->thread, NULL);
  free(timer);
}

/* tocsin restore: an empty data folder, or an empty PostgreSQL, from a backup of either engine. The backup is unpacked
 * under another name and checked. A database in a file is changed as a restored one must be and gets its name last;
 * rows are imported and changed in one transaction. So a restore that was killed leaves no server's data behind. What
 * changes: paging is held, numbers jump so that none is given twice, sessions and the links of messages end. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/operations/operations.h"
#include "core/operations/transfer.h"
#include "core/paging/paging.h"
#include "core/server/folder.h"

enum { NUMBERS_JUMP = 1000 };

static const DbStmt NUMBERS = {"restore_numbers", "UPDATE counter SET value = value + $1", NULL};
static const DbStmt LINKS_END = {"restore_links", "DELETE FROM meta WHERE name = 'link_secret'", NULL};
static const DbStmt ALERTS_OPEN = {"restore_alerts",
                                   "SELECT count(*) FROM alert WHERE status IN ('triggered', 'acknowledged')", NULL};
static const DbStmt PAGES_OWED = {
    "restore_pages",
    "SELECT count(*) FROM page WHERE status IN ('active', 'exhausted') AND id IN (SELECT subject_id FROM job WHERE "
    "kind IN ('page.level', 'page.exhausted_again'))",
    NULL};
static const DbStmt SCHEMA = {"restore_schema", "SELECT MAX(version) FROM schema", NULL};
/* Emptied when the backup's schema has them. */
static const char *const ENDED_TABLES[] = {"session", "sign_in", "invitation"};

typedef struct Checked {
  Arena *arena;
  Str first; /* of integrity_check: "ok" */
} Checked;

static bool read_check(const DbRow *row, void *ctx) {
  Checked *checked = ctx;
  checked->first = db_row_text(row, 0, checked->arena);
  return false;
}

static bool check_database(Arena *arena, Db *db, RestoreReport *out, Error *err) {
  Checked checked = {.arena = arena};
  bool found = false;
  if (!db_query_text(db, S("PRAGMA integrity_check(1)"), 0, NULL, read_check, &checked, err)) return false;
  if (!str_equal_c(checked.first, "ok"))
    return fail(err, ERR_INVALID, "the database in the backup is damaged: %.*s", STR_ARG(checked.first));
  if (!db_query_int(db, &SCHEMA, 0, NULL, &out->schema, &found, err)) return false;
  if (!found) return fail(err, ERR_INVALID, "the backup holds no database of Tocsin");
  return out->schema <= db_migrations_latest() ||
         fail(err, ERR_CONFLICT,
              "the backup is at version %lld of the database, newer than this program (%u); restore with the newer "
              "program",
              (long long)out->schema, db_migrations_latest());
}

static bool empty_tables(Arena *arena, Db *db, Error *err) {
  TransferTables tables = {0};
  if (!transfer_tables(db, arena, &tables, err)) return false;
  for (size_t t = 0; t < tables.count; t++)
    for (size_t i = 0; i < COUNT(ENDED_TABLES); i++)
      if (str_equal_c(tables.items[t], ENDED_TABLES[i]) &&
          !db_exec_text(db, str_format(arena, "DELETE FROM %s", ENDED_TABLES[i]), 0, NULL, NULL, err))
        return false;
  return true;
}

static bool change(Arena *arena, Db *db, RestoreReport *out, Error *err) {
  static const JobKind *const TABLES[] = {PAGING_JOBS, NULL};
  bool found = false;
  return db_query_int(db, &PAGES_OWED, 0, NULL, &out->pages_owed, &found, err) &&
         db_query_int(db, &ALERTS_OPEN, 0, NULL, &out->alerts_open, &found, err) &&
         engine_hold_paging(db, TABLES, clock_true_ms(), err) && db_run(db, &NUMBERS, err, db_int(NUMBERS_JUMP)) &&
         db_exec(db, &LINKS_END, 0, NULL, NULL, err) && empty_tables(arena, db, err);
}

static bool prepare(Arena *arena, const char *part, RestoreReport *out, Error *err) {
  CLEANUP(db_closep) Db *db = NULL;
  if (!db_open(str_to_c(arena, str_format(arena, "sqlite:%s", part)), DB_WRITER, &db, err) ||
      !check_database(arena, db, out, err) || !db_begin(db, err))
    return false;
  if (change(arena, db, out, err) && db_commit(db, err)) return true;
  db_rollback(db);
  return false;
}

static bool sync_and_name(const char *folder, const char *part, const char *path, Error *err) {
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  bool ok = rename(part, path) == 0 && fd >= 0 && fsync(fd) == 0;
  if (!ok) fail(err, ERR_STORAGE, "cannot name %s: %s", path, strerror(errno));
  if (fd >= 0) close(fd);
  return ok;
}

static void remove_part(Arena *arena, const char *part) {
  static const char *const ENDS[] = {"", "-wal", "-shm", "-journal"};
  for (size_t i = 0; i < COUNT(ENDS); i++) unlink(str_to_c(arena, str_format(arena, "%s%s", part, ENDS[i])));
}

typedef struct Restore {
  Arena *arena;
  const char *folder, *part, *url; /* url NULL: the file in the folder */
  Value header;                    /* of the backup */
  RestoreReport *out;
} Restore;

static const char *path_in(const Restore *r, const char *name) {
  return str_to_c(r->arena, str_format(r->arena, "%s/%s", r->folder, name));
}

static const char *url_of(const Restore *r, const char *path) {
  return str_to_c(r->arena, str_format(r->arena, "sqlite:%s", path));
}

static bool change_imported(void *ctx, Db *db, Error *err) {
  Restore *r = ctx;
  return change(r->arena, db, r->out, err) && backup_keys_write(&r->header, r->folder, &r->out->keys, err);
}

static bool import_rows(Restore *r, const char *rows, const char *url, Error *err) {
  CLEANUP(db_closep) Db *db = NULL;
  TransferReport report = {0};
  return db_open(url, DB_WRITER, &db, err) &&
         transfer_import(r->arena, db, rows, r->folder, (TransferChange){change_imported, r}, (TransferProgress){0},
                         &report, err);
}

/* A file's rows, for the other engine. */
static bool rows_of_file(Restore *r, const char *rows, Error *err) {
  CLEANUP(db_closep) Db *db = NULL;
  TransferReport report = {0};
  return db_open(url_of(r, r->part), DB_WRITER, &db, err) && check_database(r->arena, db, r->out, err) &&
         transfer_export(db, false, rows, NULL, (TransferProgress){0}, &report, err);
}

static bool into_database(Restore *r, Error *err) {
  const char *rows = path_in(r, "restore.rows");
  if (transfer_is_export(r->part)) return import_rows(r, r->part, r->url, err);
  bool ok = rows_of_file(r, rows, err) && import_rows(r, rows, r->url, err);
  unlink(rows);
  return ok;
}

static bool into_folder(Restore *r, const char *path, Error *err) {
  const char *made = r->part, *imported = path_in(r, "restore.db");
  if (transfer_is_export(r->part)) {
    remove_part(r->arena, imported);
    made = imported;
    if (!import_rows(r, r->part, url_of(r, imported), err)) return remove_part(r->arena, imported), false;
  } else if (!prepare(r->arena, r->part, r->out, err) ||
             !backup_keys_write(&r->header, r->folder, &r->out->keys, err)) {
    return false;
  }
  return sync_and_name(r->folder, made, path, err);
}

static bool fill(Restore *r, const char *file, BackupProgress progress, Error *err) {
  const char *path = path_in(r, "tocsin.db");
  struct stat st;
  if (!r->url && stat(path, &st) == 0)
    return fail(err, ERR_CONFLICT, "%s is there already; restore into another folder, or move it away first", path);
  remove_part(r->arena, r->part);
  bool ok = backup_unpack(r->arena, file, r->part, progress, &r->header, err) &&
            (r->url ? into_database(r, err) : into_folder(r, path, err));
  if (ok) r->out->made_at = value_text_or(value_get_c(&r->header, "made_at"), S("?"));
  remove_part(r->arena, r->part);
  return ok;
}

bool restore_run(Arena *arena, const char *file, const char *data_folder, const char *db_url, BackupProgress progress,
                 RestoreReport *out, Error *err) {
  int lock = -1;
  Restore r = {.arena = arena, .folder = data_folder, .url = db_url, .out = out};
  r.part = path_in(&r, "restore.part");
  *out = (RestoreReport){0};
  if (access(file, R_OK) != 0) return fail(err, ERR_INVALID, "cannot read %s: %s", file, strerror(errno));
  if (!folder_lock(data_folder, &lock, err)) return false;
  bool ok = fill(&r, file, progress, err);
  close(lock);
  return ok;
}

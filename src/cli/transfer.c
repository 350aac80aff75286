/* tocsin export-all, tocsin import: all of it as JSON lines, from one engine to the other. A running SQLite
 * server is copied first, as for a backup; PostgreSQL gives a snapshot. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/backup.h"
#include "cli/operate.h"
#include "core/operations/operations.h"
#include "core/operations/transfer.h"
#include "core/server/folder.h"

/* export-all ---------------------------------------------------------------------------------------------- */

const Option EXPORT_ALL_OPTIONS[] = {
    {"data", OPTION_TEXT, "DIR", "./tocsin-data", "the folder that holds everything"},
    OPERATE_DB_OPTIONS,
    {"with-key", OPTION_FLAG, NULL, NULL, "the keys in the folder go in too: keep the file as safe as they are"},
    {"quiet", OPTION_FLAG, NULL, NULL, "says nothing when it goes well"},
    {"help", OPTION_FLAG, NULL, NULL, "this list"},
};
const size_t EXPORT_ALL_OPTION_COUNT = COUNT(EXPORT_ALL_OPTIONS);
static const Operate EXPORT_ALL = {"export-all",
                                   "export-all FILE [--data DIR] [--db URL]",
                                   "Every row as JSON lines, for \"tocsin import\" into an empty database.",
                                   EXPORT_ALL_OPTIONS,
                                   COUNT(EXPORT_ALL_OPTIONS),
                                   1,
                                   1};

static void exported(void *ctx, i64 done, i64 total) {
  (void)ctx;
  (void)total;
  if (isatty(STDERR_FILENO)) fprintf(stderr, "\rexporting  %lld rows", (long long)done);
}

static bool export_from(const char *url, DbRole role, const char *file, const char *keys, TransferReport *out,
                        Error *err) {
  CLEANUP(db_closep) Db *db = NULL;
  return db_open(url, role, &db, err) &&
         transfer_export(db, role == DB_READER, file, keys, (TransferProgress){.fn = exported}, out, err);
}

/* What a server on PostgreSQL made is an export already. */
static bool copy_file(const char *from, const char *to, Error *err) {
  char bytes[65536];
  FILE *in = fopen(from, "re"), *out = fopen(to, "wxe");
  bool ok = in && out && fchmod(fileno(out), 0600) == 0;
  for (size_t got = 1; ok && got > 0;) {
    got = fread(bytes, 1, sizeof bytes, in);
    ok = fwrite(bytes, 1, got, out) == got && !ferror(in);
  }
  ok = ok && fflush(out) == 0 && fsync(fileno(out)) == 0;
  if (!ok) fail(err, ERR_STORAGE, "%s cannot be written: %s", to, strerror(errno));
  if (in) fclose(in);
  if (out) fclose(out);
  if (!ok && out) unlink(to);
  return ok;
}

static bool copy_export(Arena *arena, const char *from, const char *to, TransferReport *out, Error *err) {
  Value header = value_null();
  if (!transfer_header(arena, from, &header, err) || !copy_file(from, to, err)) return false;
  const Value *tables = value_get_c(&header, "tables");
  out->schema = value_int_or(value_get_c(&header, "schema"), 0);
  for (size_t i = 0; value_is(tables, VALUE_MAP) && i < tables->size; i++)
    out->rows += value_int_or(&tables->members[i].value, 0);
  return true;
}

static bool export_copy(Arena *arena, const Options *o, const char *file, const char *keys, TransferReport *out,
                        Error *err) {
  CopyOfDatabase copy;
  const char *folder = options_get(o, "data"), *url = NULL;
  if (!operate_database(arena, o, &url, err)) return false;
  if (url) return export_from(url, DB_READER, file, keys, out, err);
  if (!copy_of_database(arena, folder, NULL, keys != NULL, &copy, err)) return false;
  const char *path = str_to_c(arena, backup_copy_path(arena, folder));
  bool ok = transfer_is_export(path)
                ? copy_export(arena, path, file, out, err)
                : export_from(str_to_c(arena, str_format(arena, "sqlite:%s", path)), DB_WRITER, file, keys, out, err);
  copy_of_database_done(arena, folder, &copy);
  return ok;
}

int command_export_all(int argc, char **argv) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Options *o = NULL;
  Error err = {0};
  TransferReport report = {0};
  int code = EXIT_DONE;
  log_setup(LOG_TEXT, LOG_WARN);
  if (!operate_begin(&EXPORT_ALL, arena, argc, argv, &o, &code)) return code;
  const char *file = options_positional(o, 0);
  const char *keys = options_flag(o, "with-key") ? options_get(o, "data") : NULL;
  bool ok = access(file, F_OK) != 0 || fail(&err, ERR_CONFLICT, "%s is there already; choose another name", file);
  if (!ok || !export_copy(arena, o, file, keys, &report, &err)) return operate_failed(&EXPORT_ALL, &err);
  operate_progress_end();
  if (!options_flag(o, "quiet"))
    printf("%s: %lld rows, version %lld of the database\n", file, (long long)report.rows, (long long)report.schema);
  return EXIT_DONE;
}

/* import ----------------------------------------------------------------------------------------------------------- */

const Option IMPORT_OPTIONS[] = {
    {"data", OPTION_TEXT, "DIR", "./tocsin-data", "the folder that holds everything; made when it is missing"},
    OPERATE_DB_OPTIONS,
    {"help", OPTION_FLAG, NULL, NULL, "this list"},
};
const size_t IMPORT_OPTION_COUNT = COUNT(IMPORT_OPTIONS);
static const Operate IMPORT = {"import",
                               "import FILE [--data DIR] [--db URL]",
                               "Fills an empty database of either engine from what \"export-all\" wrote.",
                               IMPORT_OPTIONS,
                               COUNT(IMPORT_OPTIONS),
                               1,
                               1};

static void imported(void *ctx, i64 done, i64 total) {
  (void)ctx;
  operate_progress("importing", done, total);
}

static bool import_into(Arena *arena, const Options *o, TransferReport *out, Error *err) {
  CLEANUP(db_closep) Db *db = NULL;
  const char *folder = options_get(o, "data"), *url = NULL;
  int lock = -1;
  if (!operate_database(arena, o, &url, err)) return false;
  if (!url) url = str_to_c(arena, str_format(arena, "sqlite:%s/tocsin.db", folder));
  if (access(options_positional(o, 0), R_OK) != 0)
    return fail(err, ERR_INVALID, "cannot read %s", options_positional(o, 0));
  if (!folder_lock(folder, &lock, err)) return false;
  bool ok = db_open(url, DB_WRITER, &db, err) &&
            transfer_import(arena, db, options_positional(o, 0), folder, (TransferChange){0},
                            (TransferProgress){.fn = imported}, out, err);
  close(lock);
  return ok;
}

int command_import(int argc, char **argv) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Options *o = NULL;
  Error err = {0};
  TransferReport report = {0};
  int code = EXIT_DONE;
  log_setup(LOG_TEXT, LOG_WARN);
  if (!operate_begin(&IMPORT, arena, argc, argv, &o, &code)) return code;
  if (!import_into(arena, o, &report, &err)) return operate_failed(&IMPORT, &err);
  operate_progress_end();
  printf("imported %lld rows as they were at %.*s: %lld open alerts, %lld active pages, %lld jobs owed\n",
         (long long)report.rows, STR_ARG(report.made_at), (long long)report.alerts_open, (long long)report.pages_open,
         (long long)report.jobs);
  printf("paging goes on as soon as a server is started here: stop the old one first\n");
  if (report.schema < report.schema_program)
    printf("the export is of version %lld of the database; the first start of the server brings it to %lld\n",
           (long long)report.schema, (long long)report.schema_program);
  if (!report.keys)
    printf("the export holds no keys: if there was a secret.key, copy it to %s\n", options_get(o, "data"));
  return EXIT_DONE;
}

/* tocsin backup, restore, resume: what an operator does around a data folder. They speak with the running server over
 * the socket in the folder, so they need no key, but the server's user or root. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/backup.h"
#include "cli/operate.h"
#include "core/operations/operations.h"
#include "core/server/folder.h"
#include "lang/time.h"

/* backup ----------------------------------------------------------------------------------------------------------- */

const Option BACKUP_OPTIONS[] = {
    {"data", OPTION_TEXT, "DIR", "./tocsin-data", "the folder that holds everything"},
    OPERATE_DB_OPTIONS,
    {"with-key", OPTION_FLAG, NULL, NULL, "the keys in the folder go in too: keep the backup as safe as they are"},
    {"quiet", OPTION_FLAG, NULL, NULL, "says nothing when it goes well"},
    {"help", OPTION_FLAG, NULL, NULL, "this list"},
};
const size_t BACKUP_OPTION_COUNT = COUNT(BACKUP_OPTIONS);
static const Operate BACKUP = {"backup",
                               "backup FILE [--data DIR] [--with-key]",
                               "A consistent copy, also of a running server, of SQLite and PostgreSQL. FILE \"-\" is "
                               "standard output.",
                               BACKUP_OPTIONS,
                               COUNT(BACKUP_OPTIONS),
                               1,
                               1};

static void packed(void *ctx, i64 done, i64 total) {
  (void)ctx;
  operate_progress("packing", done, total);
}

/* Waits until the running server has made the copy; then it is ours until the connection is closed. */
static bool copy_by_server(Arena *arena, LocalClient *server, bool keys, Error *err) {
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "do", value_c("backup"));
  map_put_c(&map, "keys", value_bool(keys));
  Value question = map_done(&map), line = value_null();
  if (!local_ask(server, &question, err)) return false;
  for (;;) {
    if (!local_answer(server, arena, &line, err)) return false;
    if (value_bool_or(value_get_c(&line, "copied"), false)) return true;
    i64 pages = value_int_or(value_get_c(&line, "pages"), 0);
    operate_progress("copying", pages - value_int_or(value_get_c(&line, "left"), 0), pages);
  }
}

static bool copy_alone(Arena *arena, const char *folder, const char *url, bool keys, int *out_lock, Error *err) {
  const char *file = str_to_c(arena, str_format(arena, "sqlite:%s/tocsin.db", folder));
  if (!url && access(file + strlen("sqlite:"), R_OK) != 0)
    return fail(err, ERR_INVALID,
                "there is no database in %s; name the data folder with --data, or PostgreSQL with --db", folder);
  return folder_lock(folder, out_lock, err) && backup_copy_offline(url ? url : file, folder, keys ? folder : NULL, err);
}

bool copy_of_database(Arena *arena, const char *folder, const char *url, bool keys, CopyOfDatabase *out, Error *err) {
  *out = (CopyOfDatabase){.lock = -1};
  bool ok = local_connect(folder, &out->server, err);
  if (!ok && err->code != ERR_NOT_FOUND) return false;
  ok = ok ? copy_by_server(arena, out->server, keys, err) : copy_alone(arena, folder, url, keys, &out->lock, err);
  if (!ok) copy_of_database_done(arena, folder, out);
  return ok;
}

void copy_of_database_done(Arena *arena, const char *folder, CopyOfDatabase *copy) {
  static const char *const ENDS[] = {"", "-wal", "-shm", "-journal"};
  Str path = backup_copy_path(arena, folder);
  for (size_t i = 0; i < COUNT(ENDS) && (copy->server || copy->lock >= 0); i++)
    unlink(str_to_c(arena, str_format(arena, "%.*s%s", STR_ARG(path), ENDS[i])));
  local_close(copy->server);
  if (copy->lock >= 0) close(copy->lock);
  *copy = (CopyOfDatabase){.lock = -1};
}

static bool pack(Arena *arena, const char *folder, const char *file, bool with_key, i64 *out_bytes, Error *err) {
  BackupProgress progress = {.fn = packed};
  const char *copy = str_to_c(arena, backup_copy_path(arena, folder)), *keys = with_key ? folder : NULL;
  if (strcmp(file, "-") != 0) return backup_pack_to(copy, file, keys, progress, out_bytes, err);
  *out_bytes = 0;
  return backup_pack(copy, stdout, keys, progress, err);
}

static bool back_up(Arena *arena, const Options *o, const char *file, i64 *out_bytes, Error *err) {
  const char *folder = options_get(o, "data"), *url = NULL;
  CopyOfDatabase copy;
  if (strcmp(file, "-") != 0 && access(file, F_OK) == 0)
    return fail(err, ERR_CONFLICT, "%s is there already; choose another name", file);
  if (strcmp(file, "-") == 0 && isatty(STDOUT_FILENO))
    return fail(err, ERR_INVALID, "a backup is not for the terminal; send standard output into a file");
  if (!operate_database(arena, o, &url, err) || !copy_of_database(arena, folder, url, false, &copy, err)) return false;
  bool ok = pack(arena, folder, file, options_flag(o, "with-key"), out_bytes, err);
  copy_of_database_done(arena, folder, &copy);
  return ok;
}

int command_backup(int argc, char **argv) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Options *o = NULL;
  Error err = {0};
  int code = EXIT_DONE;
  i64 bytes = 0;
  log_setup(LOG_TEXT, LOG_WARN);
  if (!operate_begin(&BACKUP, arena, argc, argv, &o, &code)) return code;
  const char *file = options_positional(o, 0);
  if (!back_up(arena, o, file, &bytes, &err)) return operate_failed(&BACKUP, &err);
  operate_progress_end();
  if (!options_flag(o, "quiet") && strcmp(file, "-") != 0)
    printf("%s: %.*s%s\n", file, STR_ARG(operate_bytes(arena, bytes)),
           options_flag(o, "with-key") ? ", with the keys: keep it as safe as they are" : "");
  return EXIT_DONE;
}

/* restore ---------------------------------------------------------------------------------------------------------- */

const Option RESTORE_OPTIONS[] = {
    {"data", OPTION_TEXT, "DIR", "./tocsin-data", "an empty or new folder"},
    OPERATE_DB_OPTIONS,
    {"help", OPTION_FLAG, NULL, NULL, "this list"},
};
const size_t RESTORE_OPTION_COUNT = COUNT(RESTORE_OPTIONS);
static const Operate RESTORE = {
    "restore",
    "restore FILE [--data DIR] [--db URL]",
    "Fills an empty data folder, or an empty PostgreSQL, from a backup of either, and holds all paging until \"tocsin "
    "resume\".",
    RESTORE_OPTIONS,
    COUNT(RESTORE_OPTIONS),
    1,
    1};

static void unpacked(void *ctx, i64 done, i64 total) {
  (void)ctx;
  operate_progress("restoring", done, total);
}

int command_restore(int argc, char **argv) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Options *o = NULL;
  Error err = {0};
  RestoreReport report;
  int code = EXIT_DONE;
  log_setup(LOG_TEXT, LOG_WARN);
  if (!operate_begin(&RESTORE, arena, argc, argv, &o, &code)) return code;
  const char *folder = options_get(o, "data"), *url = NULL;
  if (!operate_database(arena, o, &url, &err) ||
      !restore_run(arena, options_positional(o, 0), folder, url, (BackupProgress){.fn = unpacked}, &report, &err))
    return operate_failed(&RESTORE, &err);
  operate_progress_end();
  printf("%s is as it was at %.*s: %lld open alerts, %lld pages owed\n", url ? "the database" : folder,
         STR_ARG(report.made_at), (long long)report.alerts_open, (long long)report.pages_owed);
  printf("all paging is held: start \"tocsin serve\", then \"tocsin resume --data %s\" lists what is owed\n", folder);
  if (!report.keys)
    printf("the backup holds no keys: if there was a secret.key, copy it to %s; people's API keys go on working\n",
           folder);
  return EXIT_DONE;
}

/* resume ----------------------------------------------------------------------------------------------------------- */

const Option RESUME_OPTIONS[] = {
    {"data", OPTION_TEXT, "DIR", "./tocsin-data", "the folder that holds everything"},
    {"cancel-before", OPTION_TEXT, "TIME", NULL, "pages that began before are cancelled, the others go on"},
    {"all", OPTION_FLAG, NULL, NULL, "everything goes on"},
    {"help", OPTION_FLAG, NULL, NULL, "this list"},
};
const size_t RESUME_OPTION_COUNT = COUNT(RESUME_OPTIONS);
static const Operate RESUME = {
    "resume",
    "resume [--all | --cancel-before TIME] [--data DIR]",
    "After a restore: lists what is owed, or lets paging go on. TIME is such as 2026-01-05T09:00:00Z.",
    RESUME_OPTIONS,
    COUNT(RESUME_OPTIONS),
    0,
    0};

static bool ask(Arena *arena, const char *folder, const Value *question, Value *out, Error *err) {
  LocalClient *server = NULL;
  bool ok =
      local_connect(folder, &server, err) && local_ask(server, question, err) && local_answer(server, arena, out, err);
  local_close(server);
  if (!ok && err->code == ERR_NOT_FOUND) fail(err, ERR_FORBIDDEN, "%s; start \"tocsin serve\" first", err->message);
  return ok;
}

static Str text_of(const Value *map, const char *name) {
  return value_text_or(value_get_c(map, name), STR_NONE);
}

static void print_owed(const Value *answer) {
  const Value *pages = value_get_c(answer, "pages");
  i64 total = value_int_or(value_get_c(answer, "total"), 0);
  if (!value_bool_or(value_get_c(answer, "held"), false)) {
    printf("paging is not held\n");
    return;
  }
  printf("restored at %.*s; all paging is held, %lld pages are owed\n", STR_ARG(text_of(answer, "since")),
         (long long)total);
  for (size_t i = 0; value_is(pages, VALUE_LIST) && i < pages->size; i++) {
    const Value *page = value_at(pages, i);
    printf("  %.*s  %.*s, level %lld, %lld messages queued  %.*s\n", STR_ARG(text_of(page, "created_at")),
           STR_ARG(text_of(page, "status")), (long long)value_int_or(value_get_c(page, "level"), 0),
           (long long)value_int_or(value_get_c(page, "messages"), 0), STR_ARG(text_of(page, "title")));
  }
  printf("\"tocsin resume --cancel-before TIME\" cancels those that began before and lets the others go on; --all "
         "lets all go on\n");
}

static bool read_choice(const Options *o, i64 *out_before_ms, Error *err) {
  const char *before = options_get(o, "cancel-before");
  if (before && options_flag(o, "all"))
    return fail(err, ERR_INVALID, "--all and --cancel-before exclude each other; give one of them");
  *out_before_ms = 0;
  return !before || time_parse_ms(str_from_c(before), out_before_ms) ||
         fail(err, ERR_INVALID, "--cancel-before \"%s\" is no time; write it as 2026-01-05T09:00:00Z", before);
}

int command_resume(int argc, char **argv) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Options *o = NULL;
  Error err = {0};
  int code = EXIT_DONE;
  i64 before_ms = 0;
  Value answer = value_null();
  if (!operate_begin(&RESUME, arena, argc, argv, &o, &code)) return code;
  if (!read_choice(o, &before_ms, &err)) {
    fprintf(stderr, "tocsin resume: %s\n", err.message);
    return EXIT_USAGE;
  }
  bool acts = options_flag(o, "all") || options_get(o, "cancel-before");
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "do", value_c(acts ? "resume" : "held"));
  map_put_c(&map, "before_ms", value_int(before_ms));
  Value question = map_done(&map);
  if (!ask(arena, options_get(o, "data"), &question, &answer, &err)) return operate_failed(&RESUME, &err);
  if (acts)
    printf("paging goes on; %lld pages were cancelled\n",
           (long long)value_int_or(value_get_c(&answer, "cancelled"), 0));
  else
    print_owed(&answer);
  return EXIT_DONE;
}

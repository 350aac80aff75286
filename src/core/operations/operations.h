/* What the operator of a running server asks for: backups, paging that is held after a restore, the state of things. */
#ifndef TOCSIN_CORE_OPERATIONS_H
#define TOCSIN_CORE_OPERATIONS_H

#include "core/operations/backup_file.h"
#include "core/operations/local.h"

/* Verbs of the local socket. */
bool backup_local(LocalCall *call, MapBuilder *answer, Error *err);
bool held_local(LocalCall *call, MapBuilder *answer, Error *err);
bool resume_local(LocalCall *call, MapBuilder *answer, Error *err);
bool status_local(LocalCall *call, MapBuilder *answer, Error *err);
bool doctor_local(LocalCall *call, MapBuilder *answer, Error *err);

/* Says at start what is owed while paging is held. */
void held_say(App *app);

/* Backups on a timer: `--backup-dir`, `--backup-every`, `--backup-keep`. */
typedef struct BackupPlan {
  const char *folder; /* NULL: none are made */
  i64 every_ms;
  i64 keep; /* so many, the newest; at least 1 */
} BackupPlan;
typedef struct BackupTimer BackupTimer;
MUST_CHECK bool backup_timer_start(App *app, const BackupPlan *plan, BackupTimer **out, Error *err);
void backup_timer_stop(BackupTimer *timer); /* accepts NULL */

/* A copy of the database in DIR/backup.part, from the running engine or, without one, from the database: SQLite's file,
 * or PostgreSQL's rows as an export (then keys_folder may be given, as for transfer_export). The first one blocks until
 * it is whole; not for the engine's thread. */
typedef struct CopyProgress {
  void (*fn)(void *ctx, i64 left, i64 pages); /* NULL: nobody looks */
  void *ctx;
} CopyProgress;
MUST_CHECK bool backup_copy(App *app, const char *keys_folder, CopyProgress progress, Error *err);
MUST_CHECK bool backup_copy_offline(const char *db_url, const char *data_folder, const char *keys_folder, Error *err);
Str backup_copy_path(Arena *arena, const char *data_folder);

typedef struct RestoreReport {
  i64 pages_owed, alerts_open, schema;
  Str made_at; /* in the arena given */
  bool keys;   /* the backup held the keys */
} RestoreReport;
/* Fills an empty data folder, or with db_url an empty PostgreSQL, from a backup of either engine, checks it, and holds
 * paging. */
MUST_CHECK bool restore_run(Arena *arena, const char *file, const char *data_folder, const char *db_url,
                            BackupProgress progress, RestoreReport *out, Error *err);

#endif

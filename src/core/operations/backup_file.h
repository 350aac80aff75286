/* The file that `tocsin backup` writes: one line of JSON that says what it is, the database compressed (zstd; SQLite's
 * file, or the rows of PostgreSQL as an export), one line with the SHA-256 of all before it. So a file that was cut
 * short or changed is known as such before anything is kept.
 *
 *   {"tocsin_backup":1,"program":"0.1.0","made_at":"…","form":"file","database_bytes":N,"keys":{"secret.key":"…"}}\n
 *   <zstd>\nsha256 <64 hex digits>\n */
#ifndef TOCSIN_CORE_BACKUP_FILE_H
#define TOCSIN_CORE_BACKUP_FILE_H

#include <stdio.h>

#include "lang/value.h"

typedef struct BackupProgress {
  void (*fn)(void *ctx, i64 done, i64 total); /* bytes; NULL: nobody looks */
  void *ctx;
} BackupProgress;

/* Packs a database file that nobody writes. keys_folder: the files with keys in this data folder go in too; NULL: they
 * do not. Writes to `out` only, syncs nothing. */
MUST_CHECK bool backup_pack(const char *database, FILE *out, const char *keys_folder, BackupProgress progress,
                            Error *err);
/* Packs into `path` through a part file beside it, synced and renamed: what has the name is whole. */
MUST_CHECK bool backup_pack_to(const char *database, const char *path, const char *keys_folder, BackupProgress progress,
                               i64 *out_bytes, Error *err);
/* Unpacks into `database` (new, mode 0600) and checks everything; on failure no file stays. */
MUST_CHECK bool backup_unpack(Arena *arena, const char *path, const char *database, BackupProgress progress,
                              Value *out_header, Error *err);
/* {"secret.key": base64, …}: what this data folder has of them. */
Value backup_keys_value(Arena *arena, const char *folder);
/* Writes the keys that the header holds into the folder, mode 0600. *out_any: there were some. */
MUST_CHECK bool backup_keys_write(const Value *header, const char *folder, bool *out_any, Error *err);

const char *tocsin_version(void);

#endif

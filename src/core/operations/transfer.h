/* Everything as JSON lines, for the way from one engine to the other, or out of here:
 *
 *   {"tocsin_export":1,"program":"0.1.0","schema":4,"made_at":"…","lines":123,"tables":{"account":7},"check":"<16
 * hex>"}
 *   {"table":"account","columns":["id","org_id"],"check":"<16 hex>"}
 *   {"row":[73,1],"check":"<16 hex>"}
 *
 * The first line has a fixed length (spaces before its end), because it is known last. Each check is a hash of the line
 * before it, and the one of the line before that; so a line that was changed, lost or moved is known by its number, and
 * the check of the first line (that of the last one) by a missing end. Not a signature: against accidents. */
#ifndef TOCSIN_CORE_TRANSFER_H
#define TOCSIN_CORE_TRANSFER_H

#include "db/db.h"
#include "lang/value.h"

enum { TRANSFER_HEADER_BYTES = 8192 };

typedef struct TransferProgress {
  void (*fn)(void *ctx, i64 done, i64 total); /* lines or bytes; NULL: nobody looks */
  void *ctx;
} TransferProgress;

typedef struct TransferReport {
  i64 rows, schema, schema_program; /* schema_program: what this program would use */
  i64 alerts_open, pages_open, jobs;
  Str made_at;
  bool keys;
} TransferReport;

/* From a connection of its own, in one snapshot. by_cursor: the engine would else send a whole table at once.
 * keys_folder: the files with keys go in too; NULL: they do not. */
MUST_CHECK bool transfer_export(Db *db, bool by_cursor, const char *path, const char *keys_folder,
                                TransferProgress progress, TransferReport *out, Error *err);
/* What is changed in the same transaction, once everything is there; fn NULL: nothing. */
typedef struct TransferChange {
  bool (*fn)(void *ctx, Db *db, Error *err);
  void *ctx;
} TransferChange;
/* Into a database without an organization (it is migrated as far as the export was), all or nothing. Keys go to
 * keys_folder. */
MUST_CHECK bool transfer_import(Arena *arena, Db *db, const char *path, const char *keys_folder, TransferChange change,
                                TransferProgress progress, TransferReport *out, Error *err);
bool transfer_is_export(const char *path); /* by its first bytes */
/* What the first line says, without a look at the others. */
MUST_CHECK bool transfer_header(Arena *arena, const char *path, Value *out, Error *err);

/* What both ways share. */
#define TRANSFER_CHECK_TAIL 28 /* ,"check":"<16 hex>"} */
u64 transfer_check(u64 before, Str body);
Str transfer_check_text(Arena *arena, u64 check);
/* Names of tables that go along, sorted. */
typedef VEC(Str) TransferTables;
MUST_CHECK bool transfer_tables(Db *db, Arena *arena, TransferTables *out, Error *err);

#endif

/* Migrations: numbered files, embedded at build time, forward only, each in a transaction of its own. A line that begins
 * with "-- sqlite: " holds for SQLite alone, with "-- pg: " for PostgreSQL alone. */
#include <stdlib.h>
#include <string.h>

#include "db/engine.h"
#include "db/migrations.h"

static const DbStmt VERSION = {"schema_version", "SELECT MAX(version) FROM schema", NULL};
static const DbStmt RECORD = {
    "schema_record", "INSERT INTO schema (version, name, applied_at, min_reader) VALUES ($1, $2, $3, $4)", NULL};

static const char SCHEMA_TABLE[] = "CREATE TABLE IF NOT EXISTS schema (version BIGINT PRIMARY KEY, name TEXT NOT NULL, "
                                   "applied_at BIGINT NOT NULL, min_reader BIGINT NOT NULL)";

u32 db_migrations_latest(void) { return DB_MIGRATION_COUNT ? DB_MIGRATIONS[DB_MIGRATION_COUNT - 1].version : 0; }

/* The script with the other engine's lines left out and its own uncommented. */
static char *for_engine(Arena *arena, const Db *db, const char *sql) {
  bool sqlite = db->engine == &SQLITE_ENGINE;
  Str own = sqlite ? S("-- sqlite: ") : S("-- pg: "), rest = str_from_c(sql), line;
  Buf out = buf_new(arena, MIB(4));
  while (rest.len) {
    if (!str_cut(rest, '\n', &line, &rest)) {
      line = rest;
      rest = STR_NONE;
    }
    buf_put(&out, str_starts_with(line, own) ? str_slice(line, own.len, line.len) : line);
    buf_putc(&out, '\n');
  }
  return str_to_c(arena, buf_str(&out));
}

static bool apply(Db *db, Arena *arena, const DbMigration *m, Error *err) {
  if (!db_begin(db, err)) return false;
  bool ok = db->engine->script(db, for_engine(arena, db, m->sql), err) &&
            db_run(db, &RECORD, err, db_int(m->version), db_text(str_from_c(m->name)), db_int(clock_true_ms()), db_int(m->version)) &&
            db_commit(db, err);
  if (ok) return true;
  db_rollback(db);
  return error_prefix(err, "migration %04u_%s: ", m->version, m->name);
}

bool db_migrate(Db *writer, u32 *out_from, u32 *out_to, Error *err) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  i64 have = 0;
  bool found = false;
  if (!writer->engine->script(writer, SCHEMA_TABLE, err) || !db_query_int(writer, &VERSION, 0, NULL, &have, &found, err)) return false;
  if (!found) have = 0;
  *out_from = *out_to = (u32)have;
  if (have > db_migrations_latest())
    return fail(err, ERR_CONFLICT, "the database is at version %lld, newer than this program (%u); use the newer program",
                (long long)have, db_migrations_latest());
  if (have > 0 && have < db_migrations_latest() && !writer->engine->copy_before(writer, (u32)have + 1, err)) return false;
  for (size_t i = 0; i < DB_MIGRATION_COUNT; i++) {
    if (DB_MIGRATIONS[i].version <= have) continue;
    if (!apply(writer, arena, &DB_MIGRATIONS[i], err)) return false;
    *out_to = DB_MIGRATIONS[i].version;
  }
  return true;
}

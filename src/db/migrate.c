/* Migrations: numbered files, forward only, each in a transaction of its own together with its row in `schema`. Before
 * the first one that changes a database in use, a copy is made beside it. A line that begins with "-- sqlite: " holds
 * for SQLite alone, with "-- pg: " for PostgreSQL alone; to the other engine, and to tools, it is a comment. */
#include <string.h>

#include "db/engine.h"
#include "db/migrations.h"

static const char SCHEMA_TABLE[] = "CREATE TABLE IF NOT EXISTS schema (\n"
                                   "  version BIGINT PRIMARY KEY,\n"
                                   "  name TEXT NOT NULL,\n"
                                   "  applied_at BIGINT NOT NULL,\n"
                                   "  min_reader BIGINT NOT NULL\n" /* the oldest program that may use it */
                                   ")";
static const DbStmt VERSION = {"schema_version", "SELECT MAX(version) FROM schema", NULL};
static const DbStmt MIN_READER = {"schema_min_reader", "SELECT MAX(min_reader) FROM schema", NULL};
static const DbStmt RECORD = {
    "schema_record", "INSERT INTO schema (version, name, applied_at, min_reader) VALUES ($1, $2, $3, $4)", NULL};

u32 db_migrations_latest(void) {
  return DB_MIGRATION_COUNT ? DB_MIGRATIONS[DB_MIGRATION_COUNT - 1].version : 0;
}

/* The script with the engine's own lines uncommented. */
static const char *script_for(Arena *arena, const DbEngine *engine, const char *sql) {
  Str own = str_format(arena, "-- %s: ", engine->word), rest = str_from_c(sql), line;
  Buf out = buf_new(arena, rest.len + 2);
  while (rest.len > 0) {
    if (!str_cut(rest, '\n', &line, &rest)) rest = STR_NONE;
    buf_put(&out, str_starts_with(line, own) ? str_slice(line, own.len, line.len) : line);
    buf_putc(&out, '\n');
  }
  ASSERT(!out.overflow);
  return str_to_c(arena, buf_str(&out));
}

/* The oldest program that can live with it: itself, unless a line "-- min_reader: N" says an older one. */
static i64 min_reader_of(const DbMigration *m) {
  static const char WORD[] = "-- min_reader: ";
  Str sql = str_from_c(m->sql), number, rest;
  size_t at = str_find(sql, str_from_c(WORD), 0);
  i64 out = m->version;
  if (at == SIZE_MAX) return out;
  (void)str_cut(str_slice(sql, at + sizeof WORD - 1, sql.len), '\n', &number, &rest);
  return str_to_i64(str_trim(number), 1, m->version, &out) ? out : m->version;
}

static bool apply(Db *db, const DbMigration *m, Error *err) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  if (!db_begin(db, err)) return false;
  bool ok = db->engine->script(db, script_for(arena, db->engine, m->sql), err) &&
            db_run(db, &RECORD, err, db_int(m->version), db_text(str_from_c(m->name)), db_int(clock_true_ms()),
                   db_int(min_reader_of(m))) &&
            db_commit(db, err);
  if (ok) return true;
  db_rollback(db);
  return error_prefix(err, "migration %04u_%s: ", m->version, m->name);
}

static bool read_version(Db *db, i64 *out, Error *err) {
  bool found = false;
  *out = 0;
  return db->engine->script(db, SCHEMA_TABLE, err) && db_query_int(db, &VERSION, 0, NULL, out, &found, err);
}

bool db_needs_newer_program(Db *db, u32 latest, Error *err) {
  i64 needed = 0;
  bool found = false;
  if (!db_query_int(db, &MIN_READER, 0, NULL, &needed, &found, err)) return false;
  return needed <= latest || fail(err, ERR_CONFLICT,
                                  "the database is for programs from version %lld on, newer than this one (%u); use "
                                  "the newer program",
                                  (long long)needed, latest);
}

static bool migrate_locked(Db *writer, const DbMigration *list, size_t count, u32 *out_from, u32 *out_to, Error *err) {
  i64 from = 0;
  u32 latest = count ? list[count - 1].version : 0, to = 0;
  if (!read_version(writer, &from, err)) return false;
  if (from > latest) {
    if (!db_needs_newer_program(writer, latest, err)) return false;
    to = (u32)from;
  }
  if (from > 0 && from < latest && !writer->engine->before_migration(writer, (u32)from + 1, err)) return false;
  for (size_t i = 0; i < count; i++) {
    ASSERT(i == 0 || list[i].version > list[i - 1].version);
    if (list[i].version > from && !apply(writer, &list[i], err)) return false;
    to = MAX(to, list[i].version);
  }
  *out_from = (u32)from;
  *out_to = to;
  return true;
}

bool db_migrate_with(Db *writer, const DbMigration *list, size_t count, u32 *out_from, u32 *out_to, Error *err) {
  Error ignored = {0};
  ASSERT(writer->role == DB_WRITER);
  if (writer->engine->lock_schema && !writer->engine->lock_schema(writer, true, err)) return false;
  bool ok = migrate_locked(writer, list, count, out_from, out_to, err);
  if (writer->engine->lock_schema && !writer->engine->lock_schema(writer, false, &ignored) && ok)
    return *err = ignored, false;
  return ok;
}

void db_allow_migration(Db *writer) {
  writer->may_migrate = true;
}

bool db_migrate(Db *writer, u32 *out_from, u32 *out_to, Error *err) {
  return db_migrate_with(writer, DB_MIGRATIONS, DB_MIGRATION_COUNT, out_from, out_to, err);
}

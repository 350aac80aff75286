/* Writing an export. Tables and columns are asked from the database itself, so nothing that is added later is
 * forgotten; only what belongs to one database or one process stays behind. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>

#include "core/operations/backup_file.h"
#include "core/operations/transfer.h"
#include "lang/json.h"
#include "lang/time.h"

enum { LINE_BYTES_MAX = 256 * 1024 * 1024, FETCH_ROWS = 1000, PROGRESS_EVERY = 4096 };

static const char *const STAYS[] = {"schema", "node", "lease", "clock", "live_event"};

static const DbStmt TABLES = {
    "transfer_tables", "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name",
    "SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = current_schema() AND "
    "table_type = 'BASE TABLE' ORDER BY 1"};
static const DbStmt SCHEMA = {"transfer_schema", "SELECT MAX(version) FROM schema", NULL};

u64 transfer_check(u64 before, Str body) {
  return XXH3_64bits_withSeed(body.len ? body.ptr : "", body.len, before);
}

Str transfer_check_text(Arena *arena, u64 check) {
  return str_format(arena, "%016llx", (unsigned long long)check);
}

typedef struct TableRows {
  Arena *arena;
  TransferTables *tables;
} TableRows;

static bool read_table(const DbRow *row, void *ctx) {
  TableRows *rows = ctx;
  Str name = db_row_text(row, 0, rows->arena);
  for (size_t i = 0; i < COUNT(STAYS); i++)
    if (str_equal_c(name, STAYS[i])) return true;
  *VEC_PUSH(rows->arena, rows->tables) = name;
  return true;
}

bool transfer_tables(Db *db, Arena *arena, TransferTables *out, Error *err) {
  TableRows rows = {arena, out};
  return db_query(db, &TABLES, 0, NULL, read_table, &rows, err);
}

/* Lines ------------------------------------------------------------------------------------------------------------ */

typedef struct Exporter {
  Db *db;
  Arena *arena;      /* of the whole */
  Arena *line_arena; /* of one row */
  FILE *out;
  const char *path;
  u64 check;
  i64 lines, rows;
  Str table;
  i64 table_rows, fetched;
  MapBuilder tables;
  TransferProgress progress;
  bool failed;
  Error err;
} Exporter;

/* body: everything of the line but its last member. */
static bool put_line(Exporter *e, Str body) {
  e->check = transfer_check(e->check, body);
  e->lines++;
  if (fwrite(body.ptr, 1, body.len, e->out) == body.len &&
      fprintf(e->out, ",\"check\":\"%016llx\"}\n", (unsigned long long)e->check) > 0)
    return true;
  e->failed = true;
  return fail(&e->err, ERR_STORAGE, "%s cannot be written: %s", e->path, strerror(errno));
}

static void put_bytes(Buf *out, Arena *arena, const char *kind, Str bytes) {
  buf_format(out, "{\"%s\":\"", kind);
  buf_put(out, base64_encode(arena, bytes));
  buf_puts(out, "\"}");
}

static void put_cell(Exporter *e, Buf *out, const DbRow *row, int column) {
  Str text = STR_NONE;
  switch (db_row_type(row, column)) {
  case DB_TYPE_NULL: buf_puts(out, "null"); break;
  case DB_TYPE_INT: buf_i64(out, db_row_int(row, column)); break;
  case DB_TYPE_DOUBLE:
    buf_puts(out, "{\"real\":");
    buf_double(out, db_row_double(row, column));
    buf_putc(out, '}');
    break;
  case DB_TYPE_TEXT:
    text = db_row_peek(row, column);
    if (utf8_valid(text))
      json_write_string(out, text);
    else
      put_bytes(out, e->line_arena, "text", text);
    break;
  case DB_TYPE_BLOB: put_bytes(out, e->line_arena, "blob", db_row_peek(row, column)); break;
  }
}

static bool put_columns(Exporter *e, const DbRow *row) {
  Buf out = buf_new(e->line_arena, KIB(64));
  buf_format(&out, "{\"table\":\"%.*s\",\"columns\":[", STR_ARG(e->table));
  for (int i = 0; i < db_row_columns(row); i++) {
    if (i) buf_putc(&out, ',');
    json_write_string(&out, str_from_c(db_row_name(row, i)));
  }
  buf_putc(&out, ']');
  return put_line(e, buf_str(&out));
}

static bool put_row(const DbRow *row, void *ctx) {
  Exporter *e = ctx;
  ArenaMark mark = arena_mark(e->line_arena);
  bool ok = e->table_rows > 0 || put_columns(e, row);
  Buf out = buf_new(e->line_arena, LINE_BYTES_MAX);
  buf_puts(&out, "{\"row\":[");
  for (int i = 0; i < db_row_columns(row); i++) {
    if (i) buf_putc(&out, ',');
    put_cell(e, &out, row, i);
  }
  buf_putc(&out, ']');
  if (out.overflow) e->failed = !(ok = fail(&e->err, ERR_TOO_LARGE, "a row of %.*s is too large", STR_ARG(e->table)));
  ok = ok && put_line(e, buf_str(&out));
  arena_rewind(e->line_arena, mark);
  e->table_rows++;
  e->fetched++;
  if (e->progress.fn && (e->lines % PROGRESS_EVERY) == 0) e->progress.fn(e->progress.ctx, e->lines, 0);
  return ok;
}

/* PostgreSQL would send a whole table at once; a cursor sends it in parts. SQLite steps by itself. */
static bool put_table_by_cursor(Exporter *e, Error *err) {
  Str declare = str_format(e->arena, "DECLARE transfer NO SCROLL CURSOR FOR SELECT * FROM \"%.*s\"", STR_ARG(e->table));
  Str fetch = str_format(e->arena, "FETCH %d FROM transfer", FETCH_ROWS);
  if (!db_exec_text(e->db, declare, 0, NULL, NULL, err)) return false;
  do {
    e->fetched = 0;
    if (!db_query_text(e->db, fetch, 0, NULL, put_row, e, err)) return false;
  } while (e->fetched == FETCH_ROWS && !e->failed);
  return db_exec_text(e->db, S("CLOSE transfer"), 0, NULL, NULL, err);
}

static bool put_table(Exporter *e, Str table, bool by_cursor, Error *err) {
  e->table = table;
  e->table_rows = 0;
  Str sql = str_format(e->arena, "SELECT * FROM \"%.*s\"", STR_ARG(table));
  if (!(by_cursor ? put_table_by_cursor(e, err) : db_query_text(e->db, sql, 0, NULL, put_row, e, err))) return false;
  map_put(&e->tables, table, value_int(e->table_rows));
  e->rows += e->table_rows;
  if (e->failed) *err = e->err;
  return !e->failed;
}

/* Head and end ----------------------------------------------------------------------------------------------------- */

static bool put_header(Exporter *e, i64 schema, const char *keys_folder, Error *err) {
  MapBuilder map = map_builder(e->arena);
  Buf out = buf_new(e->arena, TRANSFER_HEADER_BYTES);
  map_put_c(&map, "tocsin_export", value_int(1));
  map_put_c(&map, "program", value_c(tocsin_version()));
  map_put_c(&map, "schema", value_int(schema));
  map_put_c(&map, "made_at", value_string(time_text_ms(e->arena, clock_true_ms())));
  map_put_c(&map, "lines", value_int(e->lines));
  map_put_c(&map, "tables", map_done(&e->tables));
  if (keys_folder) map_put_c(&map, "keys", backup_keys_value(e->arena, keys_folder));
  map_put_c(&map, "check", value_string(transfer_check_text(e->arena, e->check)));
  Value header = map_done(&map);
  json_write(&out, &header);
  while (!out.overflow && out.len < TRANSFER_HEADER_BYTES - 1) buf_putc(&out, ' ');
  buf_putc(&out, '\n');
  if (out.overflow) return fail(err, ERR_INTERNAL, "the header of the export is too long");
  rewind(e->out);
  return (fwrite(out.ptr, 1, out.len, e->out) == out.len && fflush(e->out) == 0 && fsync(fileno(e->out)) == 0) ||
         fail(err, ERR_STORAGE, "%s cannot be written: %s", e->path, strerror(errno));
}

static bool put_all(Exporter *e, bool by_cursor, const char *keys_folder, TransferReport *out, Error *err) {
  TransferTables tables = {0};
  bool found = false;
  e->tables = map_builder(e->arena);
  if (fseek(e->out, TRANSFER_HEADER_BYTES, SEEK_SET) != 0)
    return fail(err, ERR_INVALID, "%s cannot be written from its middle; give a file", e->path);
  if (!transfer_tables(e->db, e->arena, &tables, err)) return false;
  if (tables.count == 0)
    return fail(err, ERR_INVALID, "there is no database of Tocsin there: it has no tables; name another with --db");
  if (!db_query_int(e->db, &SCHEMA, 0, NULL, &out->schema, &found, err)) return false;
  for (size_t i = 0; i < tables.count; i++)
    if (!put_table(e, tables.items[i], by_cursor, err)) return false;
  out->rows = e->rows;
  return put_header(e, out->schema, keys_folder, err);
}

bool transfer_export(Db *db, bool by_cursor, const char *path, const char *keys_folder, TransferProgress progress,
                     TransferReport *out, Error *err) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  CLEANUP(arena_freep) Arena *line_arena = arena_new();
  const char *part = str_to_c(arena, str_format(arena, "%s.part", path));
  int fd = open(part, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
  Exporter e = {.db = db, .arena = arena, .line_arena = line_arena, .path = path, .progress = progress};
  e.out = fd >= 0 ? fdopen(fd, "w+") : NULL;
  if (!e.out) return fail(err, ERR_STORAGE, "cannot write %s: %s", part, strerror(errno));
  db_read_limit_ms(db, 0);
  bool ok = db_begin(db, err);
  if (ok) {
    ok = put_all(&e, by_cursor, keys_folder, out, err);
    db_rollback(db);
  }
  fclose(e.out);
  if (ok && rename(part, path) != 0) ok = fail(err, ERR_STORAGE, "cannot name %s: %s", path, strerror(errno));
  if (!ok) unlink(part);
  return ok;
}

/* Reading an export: line by line, each checked before anything of it is believed, everything in one transaction. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/operations/backup_file.h"
#include "core/operations/transfer.h"
#include "db/migrations.h"
#include "lang/json.h"

enum { BATCH_ROWS = 400, COLUMNS_MAX = 64, BATCH_BYTES_MAX = 8 * 1024 * 1024 };

static const DbStmt ORGANIZATIONS = {"import_organizations", "SELECT count(*) FROM organization", NULL};
static const DbStmt ALERTS = {"import_alerts",
                              "SELECT count(*) FROM alert WHERE status IN ('triggered', 'acknowledged')", NULL};
static const DbStmt PAGES = {"import_pages", "SELECT count(*) FROM page WHERE status = 'active'", NULL};
static const DbStmt JOBS = {"import_jobs", "SELECT count(*) FROM job", NULL};
/* Whoever had a job under way is not here. */
static const DbStmt LEASES_END = {"import_leases", "UPDATE job SET leased_until = 0 WHERE leased_until > 0", NULL};

typedef struct Importer {
  Db *db;
  Arena *arena;       /* of the whole */
  Arena *batch_arena; /* of the rows that wait */
  FILE *in;
  const char *path;
  i64 line, bytes, total;
  u64 check;
  Value header;
  TransferTables tables; /* of the database */
  const DbStmt *insert;  /* in `arena`: a statement is known by its address */
  Str table;
  size_t column_count;
  VEC(DbValue) cells; /* column_count a row */
  i64 table_rows, rows;
  MapBuilder seen; /* rows by table */
  TransferProgress progress;
  TransferChange change;
} Importer;

static bool bad_line(const Importer *im, Error *err, const char *why) {
  return fail(err, ERR_INVALID, "%s, line %lld: %s; nothing was imported", im->path, (long long)im->line, why);
}

/* Rows ------------------------------------------------------------------------------------------------------------- */

static void bind_row(size_t i, DbValue *args, void *ctx) {
  Importer *im = ctx;
  memcpy(args, &im->cells.items[i * im->column_count], im->column_count * sizeof *args);
}

static bool flush_rows(Importer *im, Error *err) {
  size_t rows = im->column_count ? im->cells.count / im->column_count : 0;
  Error why = {0};
  if (rows == 0) return true;
  if (!db_exec_batch(im->db, im->insert, im->column_count, rows, bind_row, im, &why)) {
    if (why.code == ERR_STORAGE) return *err = why, false;
    return fail(err, ERR_INVALID,
                "%s, line %lld or shortly before: a row of %.*s does not fit: %s; nothing was imported", im->path,
                (long long)im->line, STR_ARG(im->table), why.message);
  }
  memset(&im->cells, 0, sizeof im->cells);
  arena_clear(im->batch_arena);
  return true;
}

static bool decode(Importer *im, const Value *map, const char *name, DbValue (*make)(Str), DbValue *out) {
  const Value *text = value_get_c(map, name);
  Str bytes = STR_NONE;
  if (!value_is(text, VALUE_STRING) || !base64_decode(im->batch_arena, value_text(text), &bytes)) return false;
  *out = make(bytes.len ? bytes : S(""));
  return true;
}

static bool read_cell(Importer *im, const Value *v, DbValue *out) {
  switch (v->kind) {
  case VALUE_NULL: *out = db_null(); return true;
  case VALUE_INT: *out = db_int(v->i); return true;
  case VALUE_STRING: *out = db_text(str_copy(im->batch_arena, value_text(v))); return true;
  case VALUE_MAP: break;
  default: return false;
  }
  const Value *real = value_get_c(v, "real");
  if (value_is(real, VALUE_INT)) return *out = db_double((double)real->i), true;
  if (value_is(real, VALUE_DOUBLE)) return *out = db_double(real->d), true;
  return decode(im, v, "blob", db_blob, out) || decode(im, v, "text", db_text, out);
}

static bool take_row(Importer *im, const Value *row, Error *err) {
  if (im->column_count == 0) return bad_line(im, err, "a row before its table");
  if (row->size != im->column_count) return bad_line(im, err, "a row with another number of columns than its table");
  for (size_t i = 0; i < row->size; i++)
    if (!read_cell(im, value_at(row, i), VEC_PUSH(im->batch_arena, &im->cells)))
      return bad_line(im, err, "a value of a form that is not known");
  im->table_rows++;
  im->rows++;
  bool full = im->cells.count >= BATCH_ROWS * im->column_count || arena_bytes(im->batch_arena) > BATCH_BYTES_MAX;
  return !full || flush_rows(im, err);
}

/* Tables ----------------------------------------------------------------------------------------------------------- */

static bool is_name(Str name) {
  for (size_t i = 0; i < name.len; i++) {
    char c = name.ptr[i];
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
  }
  return name.len > 0 && name.len < 64;
}

static bool known_table(const Importer *im, Str name) {
  for (size_t i = 0; i < im->tables.count; i++)
    if (str_equal(im->tables.items[i], name)) return true;
  return false;
}

static bool end_table(Importer *im, Error *err) {
  if (!flush_rows(im, err)) return false;
  if (im->table.len) map_put(&im->seen, im->table, value_int(im->table_rows));
  im->table = STR_NONE;
  im->column_count = 0;
  im->table_rows = 0;
  return true;
}

static bool take_table(Importer *im, const Value *line, Error *err) {
  const Value *columns = value_get_c(line, "columns");
  Str name = value_text_or(value_get_c(line, "table"), STR_NONE);
  if (!end_table(im, err)) return false;
  if (!is_name(name) || !known_table(im, name)) return bad_line(im, err, "a table that this program does not know");
  if (!value_is(columns, VALUE_LIST) || columns->size == 0 || columns->size > COLUMNS_MAX)
    return bad_line(im, err, "a table without columns");
  Buf names = buf_new(im->arena, KIB(16)), places = buf_new(im->arena, KIB(4));
  for (size_t i = 0; i < columns->size; i++) {
    Str column = value_text_or(value_at(columns, i), STR_NONE);
    if (!is_name(column)) return bad_line(im, err, "a column without a proper name");
    buf_format(&names, "%s\"%.*s\"", i ? "," : "", STR_ARG(column));
    buf_format(&places, "%s$%zu", i ? "," : "", i + 1);
  }
  im->table = str_copy(im->arena, name);
  im->column_count = columns->size;
  Str sql = str_format(im->arena, "INSERT INTO \"%.*s\" (%.*s) VALUES (%.*s)", STR_ARG(name), STR_ARG(buf_str(&names)),
                       STR_ARG(buf_str(&places)));
  DbStmt *insert = ARENA_NEW(im->arena, DbStmt);
  *insert = (DbStmt){str_to_c(im->arena, str_format(im->arena, "import_%.*s", STR_ARG(name))), str_to_c(im->arena, sql),
                     NULL};
  im->insert = insert;
  return db_exec_text(im->db, str_format(im->arena, "DELETE FROM \"%.*s\"", STR_ARG(name)), 0, NULL, NULL, err);
}

/* Lines ------------------------------------------------------------------------------------------------------------ */

static bool take_line(Importer *im, Arena *line_arena, Str line, Error *err) {
  Value value = value_null();
  Error why = {0};
  if (line.len == 0 || line.ptr[line.len - 1] != '\n') return bad_line(im, err, "the line is cut short");
  line.len--;
  if (line.len < TRANSFER_CHECK_TAIL) return bad_line(im, err, "the line is too short");
  Str body = str_slice(line, 0, line.len - TRANSFER_CHECK_TAIL), tail = str_slice(line, body.len, line.len);
  im->check = transfer_check(im->check, body);
  Str wanted = str_format(line_arena, ",\"check\":\"%.*s\"}", STR_ARG(transfer_check_text(line_arena, im->check)));
  if (!str_equal(tail, wanted))
    return bad_line(im, err, "its check does not fit: this line, or the one before it, was changed or is missing");
  if (!json_parse(line_arena, line, NULL, &value, &why)) return bad_line(im, err, why.message);
  const Value *row = value_get_c(&value, "row");
  return value_is(row, VALUE_LIST) ? take_row(im, row, err) : take_table(im, &value, err);
}

static bool take_lines(Importer *im, Error *err) {
  CLEANUP(arena_freep) Arena *line_arena = arena_new();
  char *text = NULL;
  size_t room = 0;
  ssize_t got = 0;
  bool ok = true;
  while (ok && (got = getline(&text, &room, im->in)) > 0) {
    im->line++;
    im->bytes += got;
    ok = take_line(im, line_arena, (Str){text, (size_t)got}, err);
    arena_clear(line_arena);
    if (im->progress.fn && im->line % BATCH_ROWS == 0) im->progress.fn(im->progress.ctx, im->bytes, im->total);
  }
  free(text);
  if (ok && ferror(im->in)) return fail(err, ERR_STORAGE, "%s cannot be read: %s", im->path, strerror(errno));
  return ok && end_table(im, err);
}

/* Head and end ----------------------------------------------------------------------------------------------------- */

static bool parse_header(Arena *arena, FILE *in, const char *path, Value *out, Error *err) {
  char *text = arena_alloc(arena, TRANSFER_HEADER_BYTES);
  Error why = {0};
  Str line = {text, fread(text, 1, TRANSFER_HEADER_BYTES, in)};
  if (json_parse(arena, line, NULL, out, &why) && value_int_or(value_get_c(out, "tocsin_export"), 0) == 1) return true;
  return fail(err, ERR_INVALID, "%s is no export of Tocsin; give a file that \"tocsin export-all\" wrote", path);
}

static bool read_header(Importer *im, TransferReport *out, Error *err) {
  im->line = 1;
  im->bytes = TRANSFER_HEADER_BYTES;
  if (!parse_header(im->arena, im->in, im->path, &im->header, err)) return false;
  out->schema = value_int_or(value_get_c(&im->header, "schema"), 0);
  out->schema_program = db_migrations_latest();
  out->made_at = value_text_or(value_get_c(&im->header, "made_at"), S("?"));
  return out->schema <= out->schema_program ||
         fail(err, ERR_CONFLICT,
              "%s is of version %lld of the database, newer than this program (%lld); import with the newer program",
              im->path, (long long)out->schema, (long long)out->schema_program);
}

static bool check_end(Importer *im, Error *err) {
  i64 lines = value_int_or(value_get_c(&im->header, "lines"), -1);
  Str check = value_text_or(value_get_c(&im->header, "check"), STR_NONE);
  const Value *tables = value_get_c(&im->header, "tables");
  if (im->line - 1 != lines || !str_equal(check, transfer_check_text(im->arena, im->check)))
    return fail(err, ERR_INVALID, "%s ends after line %lld, and should have %lld lines; nothing was imported", im->path,
                (long long)im->line, (long long)lines + 1);
  Value seen = map_done(&im->seen);
  for (size_t i = 0; value_is(tables, VALUE_MAP) && i < tables->size; i++) {
    Str name = value_text(&tables->members[i].key);
    i64 wanted = value_int_or(&tables->members[i].value, -1), got = value_int_or(value_get(&seen, name), 0);
    if (wanted != got)
      return fail(err, ERR_INVALID, "%s has %lld rows of %.*s and should have %lld; nothing was imported", im->path,
                  (long long)got, STR_ARG(name), (long long)wanted);
  }
  return true;
}

/* As far as the export was, and no further: its rows have the columns of then. */
static bool migrate_as_far(Importer *im, i64 schema, Error *err) {
  size_t count = 0;
  u32 from = 0, to = 0;
  while (count < DB_MIGRATION_COUNT && DB_MIGRATIONS[count].version <= schema) count++;
  if (!db_migrate_with(im->db, DB_MIGRATIONS, count, &from, &to, err)) return false;
  i64 organizations = 0;
  bool found = false;
  if (!db_query_int(im->db, &ORGANIZATIONS, 0, NULL, &organizations, &found, err)) return false;
  return organizations == 0 || fail(err, ERR_CONFLICT, "this database has an organization already; use an empty one");
}

static bool count_all(Importer *im, TransferReport *out, Error *err) {
  bool found = false;
  out->rows = im->rows;
  return db_query_int(im->db, &ALERTS, 0, NULL, &out->alerts_open, &found, err) &&
         db_query_int(im->db, &PAGES, 0, NULL, &out->pages_open, &found, err) &&
         db_query_int(im->db, &JOBS, 0, NULL, &out->jobs, &found, err);
}

static bool import_all(Importer *im, const char *keys_folder, TransferReport *out, Error *err) {
  im->seen = map_builder(im->arena);
  if (!read_header(im, out, err) || !migrate_as_far(im, out->schema, err) ||
      !transfer_tables(im->db, im->arena, &im->tables, err) || !db_begin(im->db, err))
    return false;
  if (take_lines(im, err) && check_end(im, err) && db_exec(im->db, &LEASES_END, 0, NULL, NULL, err) &&
      count_all(im, out, err) && (!im->change.fn || im->change.fn(im->change.ctx, im->db, err)) &&
      backup_keys_write(&im->header, keys_folder, &out->keys, err) && db_commit(im->db, err))
    return true;
  db_rollback(im->db);
  return false;
}

bool transfer_import(Arena *arena, Db *db, const char *path, const char *keys_folder, TransferChange change,
                     TransferProgress progress, TransferReport *out, Error *err) {
  CLEANUP(arena_freep) Arena *batch_arena = arena_new();
  Importer im = {
      .db = db, .arena = arena, .batch_arena = batch_arena, .path = path, .progress = progress, .change = change};
  struct stat st;
  im.in = fopen(path, "re");
  if (!im.in || fstat(fileno(im.in), &st) != 0) {
    if (im.in) fclose(im.in);
    return fail(err, ERR_INVALID, "cannot read %s: %s", path, strerror(errno));
  }
  im.total = st.st_size;
  bool ok = import_all(&im, keys_folder, out, err);
  fclose(im.in);
  return ok;
}

bool transfer_is_export(const char *path) {
  char text[16] = "";
  FILE *in = fopen(path, "re");
  bool is =
      in && fread(text, 1, sizeof text, in) == sizeof text && memcmp(text, "{\"tocsin_export\"", sizeof text) == 0;
  if (in) fclose(in);
  return is;
}

bool transfer_header(Arena *arena, const char *path, Value *out, Error *err) {
  FILE *in = fopen(path, "re");
  if (!in) return fail(err, ERR_INVALID, "cannot read %s: %s", path, strerror(errno));
  bool ok = parse_header(arena, in, path, out, err);
  fclose(in);
  return ok;
}

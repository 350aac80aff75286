/* The interface: dispatches to the engine that the URL names. What is the same for all engines is here. */
#include <string.h>

#include "db/engine.h"

static const struct {
  const char *scheme;
  const DbEngine *engine;
} ENGINES[] = {
    {"sqlite:", &SQLITE_ENGINE},
    {"postgresql://", &POSTGRES_ENGINE},
    {"postgres://", &POSTGRES_ENGINE},
};

bool db_open(const char *url, DbRole role, Db **out, Error *err) {
  for (size_t i = 0; i < COUNT(ENGINES); i++)
    if (str_starts_with(str_from_c(url), str_from_c(ENGINES[i].scheme)))
      return ENGINES[i].engine->open(url, role, out, err);
  Str scheme, rest;
  (void)str_cut(str_from_c(url), ':', &scheme, &rest); /* what follows may hold a password */
  return fail(err, ERR_INVALID,
              "--db \"%.*s:...\" names no database that is known; use sqlite:FILE or "
              "postgresql://USER@HOST:PORT/DATABASE",
              STR_ARG(scheme));
}

bool db_is_shared(const Db *db) {
  return db->engine->shared;
}

void db_close(Db *db) {
  if (db) db->engine->close(db);
}
void db_closep(Db **db) {
  db_close(*db);
}

bool db_exec(Db *db, const DbStmt *stmt, size_t count, const DbValue *args, i64 *out_changes, Error *err) {
  return db->engine->run(db, stmt, STR_NONE, count, args, NULL, NULL, out_changes, err);
}
bool db_query(Db *db, const DbStmt *stmt, size_t count, const DbValue *args, DbRowFn row, void *ctx, Error *err) {
  return db->engine->run(db, stmt, STR_NONE, count, args, row, ctx, NULL, err);
}
bool db_exec_text(Db *db, Str sql, size_t count, const DbValue *args, i64 *out_changes, Error *err) {
  return db->engine->run(db, NULL, sql, count, args, NULL, NULL, out_changes, err);
}
bool db_query_text(Db *db, Str sql, size_t count, const DbValue *args, DbRowFn row, void *ctx, Error *err) {
  return db->engine->run(db, NULL, sql, count, args, row, ctx, NULL, err);
}

typedef struct OneRow {
  DbRowFn row;
  void *ctx;
  bool found;
} OneRow;

static bool take_one(const DbRow *row, void *ctx) {
  OneRow *one = ctx;
  one->found = true;
  if (one->row) one->row(row, one->ctx);
  return false;
}

bool db_query_one(Db *db, const DbStmt *stmt, size_t count, const DbValue *args, DbRowFn row, void *ctx,
                  bool *out_found, Error *err) {
  OneRow one = {.row = row, .ctx = ctx};
  if (!db_query(db, stmt, count, args, take_one, &one, err)) return false;
  *out_found = one.found;
  return true;
}

typedef struct OneInt {
  i64 value;
  bool found;
} OneInt;

static bool take_int(const DbRow *row, void *ctx) {
  OneInt *one = ctx;
  one->found = !db_row_is_null(row, 0);
  one->value = db_row_int(row, 0);
  return false;
}

bool db_query_int(Db *db, const DbStmt *stmt, size_t count, const DbValue *args, i64 *out, bool *out_found,
                  Error *err) {
  OneInt one = {0};
  if (!db_query(db, stmt, count, args, take_int, &one, err)) return false;
  *out_found = one.found;
  if (one.found) *out = one.value;
  return true;
}

enum { BATCH_ARGS_MAX = 64 };

bool db_exec_batch(Db *db, const DbStmt *stmt, size_t arg_count, size_t n, DbBindFn bind, void *ctx, Error *err) {
  DbValue args[BATCH_ARGS_MAX];
  if (n == 0) return true;
  if (db->engine->batch && n > 1) return db->engine->batch(db, stmt, arg_count, n, bind, ctx, err);
  ASSERT(arg_count <= BATCH_ARGS_MAX);
  for (size_t i = 0; i < n; i++) {
    memset(args, 0, sizeof args);
    bind(i, args, ctx);
    if (!db_exec(db, stmt, arg_count, args, NULL, err)) return false;
  }
  return true;
}

bool db_exec_later(Db *db, const DbStmt *stmt, size_t count, const DbValue *args, Error *err) {
  return db->engine->later ? db->engine->later(db, stmt, count, args, err) : db_exec(db, stmt, count, args, NULL, err);
}

bool db_gather(Db *db, const DbStmt *stmt, size_t key_count, size_t count, const DbValue *args, Error *err) {
  return db->engine->gather ? db->engine->gather(db, stmt, key_count, count, args, err)
                            : db_exec(db, stmt, count, args, NULL, err);
}

bool db_settle(Db *db, Error *err) {
  return !db->engine->settle || db->engine->settle(db, err);
}

typedef struct EachRow {
  size_t i;
  DbEachFn row;
  void *ctx;
} EachRow;

static bool take_each(const DbRow *row, void *ctx) {
  const EachRow *each = ctx;
  return each->row(each->i, row, each->ctx);
}

bool db_query_each(Db *db, const DbStmt *stmt, size_t arg_count, size_t n, DbBindFn bind, DbEachFn row, void *ctx,
                   Error *err) {
  DbValue args[BATCH_ARGS_MAX];
  ASSERT(arg_count <= BATCH_ARGS_MAX);
  if (db->engine->each && n > 1) return db->engine->each(db, stmt, arg_count, n, bind, row, ctx, err);
  for (size_t i = 0; i < n; i++) {
    EachRow each = {i, row, ctx};
    memset(args, 0, sizeof args);
    bind(i, args, ctx);
    if (!db_query(db, stmt, arg_count, args, take_each, &each, err)) return false;
  }
  return true;
}

i64 db_row_int(const DbRow *row, int column) {
  return row->engine->row_int(row, column);
}
double db_row_double(const DbRow *row, int column) {
  return row->engine->row_double(row, column);
}
Str db_row_peek(const DbRow *row, int column) {
  return row->engine->row_peek(row, column);
}
DbType db_row_type(const DbRow *row, int column) {
  return row->engine->row_type(row, column);
}
bool db_row_is_null(const DbRow *row, int column) {
  return db_row_type(row, column) == DB_TYPE_NULL;
}
int db_row_columns(const DbRow *row) {
  return row->engine->row_columns(row);
}
const char *db_row_name(const DbRow *row, int column) {
  return row->engine->row_name(row, column);
}

Str db_row_text(const DbRow *row, int column, Arena *arena) {
  if (db_row_is_null(row, column)) return STR_NONE;
  Str text = db_row_peek(row, column);
  return text.len ? str_copy(arena, text) : S("");
}

bool db_begin(Db *db, Error *err) {
  return db->engine->begin(db, err);
}
bool db_commit(Db *db, Error *err) {
  i64 before = clock_monotonic_us();
  if (!db->engine->commit(db, err)) return false;
  db->last_commit_us = clock_monotonic_us() - before;
  return true;
}
bool db_commit_outcome(Db *db, bool *out_committed, Error *err) {
  return db->engine->commit_outcome(db, out_committed, err);
}
void db_rollback(Db *db) {
  db->engine->rollback(db);
}
bool db_in_transaction(const Db *db) {
  return db->engine->in_transaction(db);
}
bool db_savepoint(Db *db, Error *err) {
  return db->engine->savepoint(db, err);
}
bool db_release(Db *db, Error *err) {
  return db->engine->release(db, err);
}
void db_rollback_to(Db *db) {
  db->engine->rollback_to(db);
}
void db_checkpoint(Db *writer, bool queue_is_short) {
  writer->engine->checkpoint(writer, queue_is_short);
}
void db_read_limit_ms(Db *db, i64 ms) {
  db->engine->read_limit(db, ms);
}
i64 db_last_commit_us(const Db *db) {
  return db->last_commit_us;
}

bool db_copy_begin(Db *writer, const char *path, DbCopy **out, Error *err) {
  if (writer->engine->copy_begin) return writer->engine->copy_begin(writer, path, out, err);
  return fail(err, ERR_INVALID,
              "this database is not a file to copy; use its own tools (pg_dump, base backups), or tocsin export-all");
}
bool db_copy_step(DbCopy *copy, i64 budget_us, i64 *out_pages_left, i64 *out_pages, bool *out_done, Error *err) {
  return copy->engine->copy_step(copy, budget_us, out_pages_left, out_pages, out_done, err);
}
void db_copy_end(DbCopy *copy) {
  if (copy) copy->engine->copy_end(copy);
}

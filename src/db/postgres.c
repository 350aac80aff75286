/* PostgreSQL: running statements, transactions, reconnecting.
 *
 * A round trip costs more than most statements, so what nobody waits for (SAVEPOINT, RELEASE, a reader's BEGIN) is kept
 * and sent in front of the next statement, in one pipeline with it (postgres_pipeline.c); a batch is one pipeline, too.
 *
 * A session may be lost at any time. The writer then fails with ERR_STORAGE until its next db_begin has opened another
 * one; a reader that has read nothing yet in its transaction opens another and asks again. When the session goes while
 * COMMIT is under way, nobody knows what became of it: db_commit says DB_COMMIT_UNKNOWN, and db_commit_outcome asks the
 * server by the transaction's number. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/postgres_conn.h"

enum { PG_SAVEPOINTS_MAX = 64, BATCH_STATEMENTS = 256, BATCH_ARGS_MAX = 64 };

static const char BEGIN_READ[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/* Writers take turns, as on SQLite: the lock is held until the commit can be seen by all. Two nodes therefore never
 * decide about the same rows at the same time, whatever they load. The key is ours. */
static const char BEGIN_WRITE[] =
    "BEGIN; SELECT pg_advisory_xact_lock(7598805624000002); SELECT pg_current_xact_id()::text::bigint";
static const char SAVEPOINT[] = "SAVEPOINT s";
static const char RELEASE[] = "RELEASE s";
static const char COMMIT[] = "COMMIT";

/* What waits ------------------------------------------------------------------------------------------------------- */

static bool keep_unsent(Postgres *p, const char *command, Error *err) {
  if (p->unsent_count == PG_UNSENT_MAX && !pg_flush_unsent(p, err)) return false;
  p->unsent[p->unsent_count++] = command;
  return true;
}

/* Takes back the newest one, if it is this. */
static bool drop_unsent(Postgres *p, const char *command) {
  if (p->unsent_count == 0 || p->unsent[p->unsent_count - 1] != command) return false;
  p->unsent_count--;
  return true;
}

/* Running --------------------------------------------------------------------------------------------------------- */

static void start_limit(Postgres *p) {
  p->read_until_us = p->read_limit_ms > 0 ? clock_monotonic_us() + p->read_limit_ms * 1000 : 0;
}

static bool is_in_time(const Postgres *p, Error *err) {
  if (p->read_until_us == 0 || clock_monotonic_us() <= p->read_until_us) return true;
  return fail(err, ERR_UNAVAILABLE,
              "the database read took longer than %lld ms and was stopped; ask for less at a time",
              (long long)p->read_limit_ms);
}

static bool set_limit(Postgres *p, Error *err) {
  char set[64];
  if (p->base.role == DB_WRITER || p->server_limit_ms == p->read_limit_ms) return true;
  snprintf(set, sizeof set, "SET statement_timeout = %lld", (long long)p->read_limit_ms);
  if (!pg_simple(p, set, "setting the limit of reads", err)) return false;
  p->server_limit_ms = p->read_limit_ms;
  return true;
}

static bool may_run(Postgres *p, const char *name, Error *err) {
  if (p->begun && p->lost)
    return fail(err, ERR_STORAGE, "%s: the connection to the database was lost in the transaction", name);
  if (!p->begun && (p->lost || PQstatus(p->conn) != CONNECTION_OK) && !pg_connect(p, err)) return false;
  return p->begun || set_limit(p, err);
}

typedef struct PgQuestion {
  const DbStmt *stmt;
  Str sql;
  const char *name;
  size_t count;
  const DbValue *args;
} PgQuestion;

static bool ask(Postgres *p, const PgQuestion *q, PGresult **out, Error *err) {
  PgPrepared *s = NULL;
  size_t sent = 0, later = 0;
  if (!pg_stmt(p, q->stmt, q->sql, q->count, q->args, &s, err) || !pg_send_gathered(p, err)) return false;
  later = pg_take_later(p);
  if (p->unsent_count == 0 && later == 0) {
    CLEANUP(arena_freep) Arena *arena = NULL;
    PgArgs bound;
    char name[24];
    snprintf(name, sizeof name, "t%u", s->number);
    pg_bind(&bound, q->count, q->args, &arena);
    *out = PQexecPrepared(p->conn, name, (int)q->count, bound.values, bound.bytes, bound.formats, 1);
    if (pg_is_good(*out)) return true;
    pg_failed(p, *out, q->name, err);
    PQclear(*out);
    return false;
  }
  if (!PQenterPipelineMode(p->conn) || !pg_send_unsent(p, &sent) || !pg_send_prepared(p, s, q->count, q->args) ||
      !PQpipelineSync(p->conn)) {
    p->lost = true;
    return pg_failed(p, NULL, q->name, err);
  }
  return pg_collect(p, later + sent + 1, q->name, out, err);
}

/* A reader whose session went before it had read anything asks again in another one. */
static bool ask_again(Postgres *p, const PgQuestion *q, bool nothing_read, PGresult **out, Error *err) {
  if (ask(p, q, out, err)) return true;
  if (!p->lost || p->base.role != DB_READER || !nothing_read) return false;
  bool begun = p->begun;
  if (!pg_connect(p, err) || !set_limit(p, err)) return false;
  if (begun && !keep_unsent(p, BEGIN_READ, err)) return false;
  return ask(p, q, out, err);
}

static bool pg_run(Db *db, const DbStmt *stmt, Str sql, size_t count, const DbValue *args, DbRowFn row, void *ctx,
                   i64 *out_changes, Error *err) {
  Postgres *p = pg_of(db);
  PgQuestion q = {stmt, sql, stmt ? stmt->name : "the query", count, args};
  PgRow here = {.base = {&POSTGRES_ENGINE}};
  bool nothing_read = !p->begun || (p->unsent_count > 0 && p->unsent[0] == BEGIN_READ), ok = true;
  if (!may_run(p, q.name, err)) return false;
  if (!p->begun) start_limit(p);
  if (!ask_again(p, &q, nothing_read, &here.result, err)) return false;
  int rows = PQntuples(here.result);
  for (here.row = 0; row && ok && here.row < rows; here.row++) {
    if (!row(&here.base, ctx)) break;
    ok = is_in_time(p, err);
  }
  i64 changes = 0;
  bool only_read = str_starts_with(str_from_c(PQcmdStatus(here.result)), S("SELECT"));
  if (ok && out_changes)
    *out_changes = !only_read && str_to_i64(str_from_c(PQcmdTuples(here.result)), 0, INT64_MAX, &changes) ? changes : 0;
  PQclear(here.result);
  return ok;
}

static bool pg_later(Db *db, const DbStmt *stmt, size_t count, const DbValue *args, Error *err) {
  Postgres *p = pg_of(db);
  if (!p->begun || db->role != DB_WRITER) return pg_run(db, stmt, STR_NONE, count, args, NULL, NULL, NULL, err);
  return may_run(p, stmt->name, err) && pg_send_later(p, stmt, count, args, err);
}

static bool pg_gather_db(Db *db, const DbStmt *stmt, size_t key_count, size_t count, const DbValue *args, Error *err) {
  Postgres *p = pg_of(db);
  if (!p->begun || db->role != DB_WRITER) return pg_run(db, stmt, STR_NONE, count, args, NULL, NULL, NULL, err);
  return may_run(p, stmt->name, err) && pg_gather(p, stmt, key_count, count, args, err);
}

static bool pg_settle_db(Db *db, Error *err) {
  return pg_settle(pg_of(db), err);
}

static bool pg_each(Db *db, const DbStmt *stmt, size_t arg_count, size_t n, DbBindFn bind, DbEachFn row, void *ctx,
                    Error *err) {
  Postgres *p = pg_of(db);
  ASSERT(arg_count <= BATCH_ARGS_MAX);
  if (!may_run(p, stmt->name, err)) return false;
  for (size_t from = 0; from < n; from += BATCH_STATEMENTS)
    if (!pg_ask_each(p, &(PgEach){stmt, arg_count, from, MIN(n, from + BATCH_STATEMENTS), bind, row, ctx}, err))
      return false;
  return true;
}

/* One pipeline for up to BATCH_STATEMENTS of them: their answers are small and fit into the sockets' buffers. */
static bool send_batch(Postgres *p, const DbStmt *stmt, size_t arg_count, size_t from, size_t to, DbBindFn bind,
                       void *ctx, Error *err) {
  DbValue args[BATCH_ARGS_MAX];
  size_t sent = 0, unsent = 0;
  for (size_t i = from; i < to; i++) {
    PgPrepared *s = NULL;
    memset(args, 0, sizeof args);
    bind(i, args, ctx);
    if (sent > 0 && !pg_stmt_fits(p, stmt, arg_count, args)) { /* it must be prepared again */
      if (!PQpipelineSync(p->conn) || !pg_collect(p, unsent + sent, stmt->name, NULL, err)) return false;
      sent = 0;
    }
    if (sent == 0) {
      if (!pg_stmt(p, stmt, STR_NONE, arg_count, args, &s, err)) return false;
      if (!PQenterPipelineMode(p->conn) || !pg_send_unsent(p, &unsent)) break;
    } else if (!pg_stmt(p, stmt, STR_NONE, arg_count, args, &s, err)) {
      return false;
    }
    if (!pg_send_prepared(p, s, arg_count, args)) break;
    sent++;
  }
  if (sent == 0 || !PQpipelineSync(p->conn)) {
    p->lost = true;
    return pg_failed(p, NULL, stmt->name, err);
  }
  return pg_collect(p, unsent + sent, stmt->name, NULL, err);
}

static bool pg_batch(Db *db, const DbStmt *stmt, size_t arg_count, size_t n, DbBindFn bind, void *ctx, Error *err) {
  Postgres *p = pg_of(db);
  ASSERT(arg_count <= BATCH_ARGS_MAX);
  if (!may_run(p, stmt->name, err) || !pg_settle(p, err)) return false;
  for (size_t from = 0; from < n; from += BATCH_STATEMENTS)
    if (!send_batch(p, stmt, arg_count, from, MIN(n, from + BATCH_STATEMENTS), bind, ctx, err)) return false;
  return true;
}

static void pg_read_limit(Db *db, i64 ms) {
  Postgres *p = pg_of(db);
  if (db->role == DB_WRITER) return;
  p->read_limit_ms = ms;
  if (p->begun) start_limit(p);
}

/* Transactions ---------------------------------------------------------------------------------------------------- */

static bool begin_write(Postgres *p, Error *err) {
  PGresult *result = PQexec(p->conn, BEGIN_WRITE);
  i64 number = 0;
  bool ok = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1 &&
            str_to_i64(str_from_c(PQgetvalue(result, 0, 0)), 1, INT64_MAX, &number);
  if (!ok) pg_failed(p, result, "begin", err);
  PQclear(result);
  p->transaction = number;
  return ok;
}

static bool pg_begin(Db *db, Error *err) {
  Postgres *p = pg_of(db);
  ASSERT(!p->begun);
  if (!may_run(p, "begin", err)) return false;
  start_limit(p);
  p->unsent_count = p->later_count = 0;
  pg_drop_gathered(p);
  if (!(db->role == DB_WRITER ? begin_write(p, err) : keep_unsent(p, BEGIN_READ, err))) return false;
  p->begun = true;
  p->savepoint_count = 0;
  return true;
}

static void unknown_commit(Postgres *p, Error *err) {
  p->unknown = p->transaction;
  fail(err, ERR_STORAGE, "the connection to the database was lost in a commit, and its outcome is not known yet");
  if (err) err->system = DB_COMMIT_UNKNOWN;
}

/* Sends COMMIT with what still waits. A transaction that had failed is answered with ROLLBACK. */
static bool commit(Postgres *p, Error *err) {
  size_t sent = 0;
  PGresult *result = NULL;
  if (!pg_send_gathered(p, err)) return false;
  size_t later = pg_take_later(p);
  if (!PQenterPipelineMode(p->conn) || !pg_send_unsent(p, &sent) || !pg_send_command(p, COMMIT) ||
      !PQpipelineSync(p->conn)) {
    p->lost = true;
    return pg_failed(p, NULL, "commit", err);
  }
  if (!pg_collect(p, later + sent + 1, "commit", &result, err)) return false;
  bool done = strcmp(PQcmdStatus(result), "COMMIT") == 0;
  PQclear(result);
  return done || fail(err, ERR_STORAGE, "the database undid the transaction instead of committing it");
}

static bool pg_commit(Db *db, Error *err) {
  Postgres *p = pg_of(db);
  ASSERT(p->begun);
  if (p->lost) return fail(err, ERR_STORAGE, "the connection to the database was lost before the commit");
  if (db->role == DB_READER && drop_unsent(p, BEGIN_READ)) return p->begun = false, true;
  if (!commit(p, err)) {
    if (p->lost && db->role == DB_WRITER) unknown_commit(p, err);
    return false;
  }
  p->begun = false;
  return true;
}

static bool take_status(const DbRow *row, void *ctx) {
  *(Str *)ctx = str_equal_c(db_row_peek(row, 0), "committed")     ? S("committed")
                : str_equal_c(db_row_peek(row, 0), "in progress") ? S("in progress")
                                                                  : S("aborted");
  return false;
}

/* A number that this server never gave (a standby took over that had not received it) is a commit that never was. */
static const DbStmt OUTCOME = {"commit_outcome",
                               "SELECT CASE WHEN pg_current_xact_id()::text::bigint <= $1 THEN 'aborted' "
                               "ELSE pg_xact_status($1::text::xid8) END",
                               NULL};

static bool pg_commit_outcome(Db *db, bool *out_committed, Error *err) {
  Postgres *p = pg_of(db);
  Str status = S("aborted");
  bool found = false;
  ASSERT(!p->begun && p->unknown > 0);
  if (!db_query_one(db, &OUTCOME, DB_ARGS(db_int(p->unknown)), take_status, &status, &found, err)) return false;
  if (str_equal_c(status, "in progress"))
    return fail(err, ERR_STORAGE, "the database has not ended the lost commit yet");
  *out_committed = str_equal_c(status, "committed");
  p->unknown = 0;
  return true;
}

static bool pg_in_transaction(const Db *db) {
  const Postgres *p = (const Postgres *)(const void *)db;
  return p->begun && !p->lost;
}

static void pg_rollback(Db *db) {
  Postgres *p = pg_of(db);
  Error ignored = {0};
  bool begun = p->begun, nothing_sent = drop_unsent(p, BEGIN_READ);
  p->begun = false;
  p->savepoint_count = 0;
  p->unsent_count = 0;
  pg_drop_gathered(p);
  if (!p->lost) (void)!pg_settle(p, &ignored);
  p->later_count = 0;
  if (!p->lost && begun && !nothing_sent && PQtransactionStatus(p->conn) != PQTRANS_IDLE)
    (void)!pg_simple(p, "ROLLBACK", "rollback", &ignored);
}

static bool pg_savepoint(Db *db, Error *err) {
  Postgres *p = pg_of(db);
  ASSERT(p->begun);
  if (p->savepoint_count == PG_SAVEPOINTS_MAX)
    return fail(err, ERR_INTERNAL, "savepoints are nested deeper than %d", PG_SAVEPOINTS_MAX);
  if (!may_run(p, "savepoint", err) || !pg_send_gathered(p, err) || !keep_unsent(p, SAVEPOINT, err)) return false;
  p->savepoint_count++;
  return true;
}

static bool pg_release(Db *db, Error *err) {
  Postgres *p = pg_of(db);
  ASSERT(p->savepoint_count > 0);
  if (!may_run(p, "release", err) || !pg_settle(p, err)) return false;
  if (PQtransactionStatus(p->conn) == PQTRANS_INERROR)
    return fail(err, ERR_INTERNAL, "a statement of this step failed and was passed over");
  if (!drop_unsent(p, SAVEPOINT) && !keep_unsent(p, RELEASE, err)) return false;
  p->savepoint_count--;
  return true;
}

static void pg_rollback_to(Db *db) {
  Postgres *p = pg_of(db);
  Error ignored = {0};
  ASSERT(p->savepoint_count > 0);
  p->savepoint_count--;
  pg_drop_gathered(p); /* all of it is younger than the savepoint */
  if (p->lost || drop_unsent(p, SAVEPOINT)) return;
  (void)!pg_settle(p, &ignored); /* what failed is what is undone */
  if (!pg_flush_unsent(p, &ignored) || !pg_simple(p, "ROLLBACK TO s; RELEASE s", "rollback_to", &ignored))
    p->lost = true; /* rather nothing than half */
}

/* Life ------------------------------------------------------------------------------------------------------------ */

static void pg_close(Db *db) {
  Postgres *p = pg_of(db);
  pg_disconnect(p);
  pg_stmt_free_all(p);
  pg_gather_free(p);
  free(p->url);
  free(p);
}

static bool pg_open(const char *url, DbRole role, Db **out, Error *err) {
  Postgres *p = xcalloc(1, sizeof *p);
  p->base = (Db){.engine = &POSTGRES_ENGINE, .role = role};
  p->url = xstrdup(url);
  p->read_limit_ms = role == DB_READER ? DB_READ_LIMIT_MS : 0;
  if (!pg_connect(p, err)) {
    pg_close(&p->base);
    return false;
  }
  *out = &p->base;
  return true;
}

static void pg_checkpoint(Db *db, bool queue_is_short) {
  (void)db;
  (void)queue_is_short;
}

const DbEngine POSTGRES_ENGINE = {
    .word = "pg",
    .shared = true,
    .open = pg_open,
    .close = pg_close,
    .run = pg_run,
    .batch = pg_batch,
    .later = pg_later,
    .gather = pg_gather_db,
    .settle = pg_settle_db,
    .each = pg_each,
    .begin = pg_begin,
    .commit = pg_commit,
    .commit_outcome = pg_commit_outcome,
    .rollback = pg_rollback,
    .in_transaction = pg_in_transaction,
    .savepoint = pg_savepoint,
    .release = pg_release,
    .rollback_to = pg_rollback_to,
    .checkpoint = pg_checkpoint,
    .read_limit = pg_read_limit,
    .row_int = pg_row_int,
    .row_double = pg_row_double,
    .row_peek = pg_row_peek,
    .row_type = pg_row_type,
    .row_columns = pg_row_columns,
    .row_name = pg_row_name,
    .script = pg_script,
    .before_migration = pg_before_migration,
    .lock_schema = pg_lock_schema,
};

/* Several statements on their way at once. In a pipeline nobody waits between them; the first that fails makes the
 * server pass over the rest up to the next sync. What is sent "later" (pg_send_later) opens a pipeline that stays open
 * until a statement waits for its answer: that one goes into the same pipeline and brings all answers home. */
#include <stdio.h>
#include <string.h>

#include "db/postgres_conn.h"

/* Answers are small (a few words each) and fit into the sockets' buffers while we go on sending. */
enum { LATER_MAX = 256, EACH_ARGS_MAX = 64 };

bool pg_is_good(const PGresult *result) {
  ExecStatusType status = PQresultStatus(result);
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

bool pg_send_command(Postgres *p, const char *sql) {
  return PQsendQueryParams(p->conn, sql, 0, NULL, NULL, NULL, NULL, 1);
}

bool pg_send_unsent(Postgres *p, size_t *out_count) {
  *out_count = p->unsent_count;
  p->unsent_count = 0;
  for (size_t i = 0; i < *out_count; i++)
    if (!pg_send_command(p, p->unsent[i])) return false;
  return true;
}

bool pg_send_prepared(Postgres *p, const PgPrepared *s, size_t count, const DbValue *args) {
  CLEANUP(arena_freep) Arena *arena = NULL;
  PgArgs bound;
  char name[24];
  snprintf(name, sizeof name, "t%u", s->number);
  pg_bind(&bound, count, args, &arena);
  return PQsendQueryPrepared(p->conn, name, (int)count, bound.values, bound.bytes, bound.formats, 1);
}

/* Reads the answers of `count` commands and the end of the pipeline. *out_last, unless it is NULL, gets the last one's
 * result when all went well, to be cleared. `name` is that of the last. */
bool pg_collect(Postgres *p, size_t count, const char *name, PGresult **out_last, Error *err) {
  PGresult *last = NULL;
  bool ok = true;
  for (size_t i = 0; i < count && PQstatus(p->conn) == CONNECTION_OK; i++) {
    PGresult *result = PQgetResult(p->conn);
    if (ok && !pg_is_good(result) && PQresultStatus(result) != PGRES_PIPELINE_ABORTED)
      ok = pg_failed(p, result, name, err);
    PQclear(last);
    last = result;
    if (result) PQclear(PQgetResult(p->conn)); /* the NULL that ends one command */
  }
  PGresult *end = PQstatus(p->conn) == CONNECTION_OK ? PQgetResult(p->conn) : NULL;
  if (ok && PQresultStatus(end) != PGRES_PIPELINE_SYNC) {
    p->lost = true;
    ok = pg_failed(p, NULL, name, err);
  }
  PQclear(end);
  if (!PQexitPipelineMode(p->conn)) p->lost = true;
  if (ok && last && out_last)
    *out_last = last;
  else
    PQclear(last);
  return ok;
}

/* Later ------------------------------------------------------------------------------------------------------------ */

size_t pg_take_later(Postgres *p) {
  size_t count = p->later_count;
  p->later_count = 0;
  return count;
}

bool pg_flush_unsent(Postgres *p, Error *err) {
  size_t count = 0, later = 0;
  if (!pg_send_gathered(p, err)) return false;
  later = pg_take_later(p);
  if (p->unsent_count == 0 && later == 0) return true;
  if (!PQenterPipelineMode(p->conn) || !pg_send_unsent(p, &count) || !PQpipelineSync(p->conn)) {
    p->lost = true;
    return pg_failed(p, NULL, "beginning a step", err);
  }
  return pg_collect(p, later + count, "what was sent before", NULL, err);
}

bool pg_settle(Postgres *p, Error *err) {
  if (p->lost) pg_drop_gathered(p);
  if (!pg_send_gathered(p, err)) return false;
  size_t later = pg_take_later(p);
  if (later == 0) return true;
  if (p->lost || !PQpipelineSync(p->conn)) {
    p->lost = true;
    return pg_failed(p, NULL, "what was sent before", err);
  }
  return pg_collect(p, later, "what was sent before", NULL, err);
}

bool pg_send_later(Postgres *p, const DbStmt *stmt, size_t count, const DbValue *args, Error *err) {
  PgPrepared *s = NULL;
  size_t sent = 0;
  if (p->later_count >= LATER_MAX && !pg_settle(p, err)) return false;
  if (!pg_stmt(p, stmt, STR_NONE, count, args, &s, err) || !pg_send_gathered(p, err)) return false;
  if (!PQenterPipelineMode(p->conn) || !pg_send_unsent(p, &sent) || !pg_send_prepared(p, s, count, args)) {
    p->lost = true;
    return pg_failed(p, NULL, stmt->name, err);
  }
  p->later_count += sent + 1;
  return true;
}

/* One question, many times ------------------------------------------------------------------------------------------
 */

static bool send_each(Postgres *p, const PgEach *each, size_t *out_unsent, Error *err) {
  DbValue args[EACH_ARGS_MAX];
  for (size_t i = each->from; i < each->to; i++) {
    PgPrepared *s = NULL;
    memset(args, 0, sizeof args);
    each->bind(i, args, each->ctx);
    if (i > each->from && !pg_stmt_fits(p, each->stmt, each->arg_count, args))
      return fail(err, ERR_INTERNAL, "%s: its arguments change their types from one to the next", each->stmt->name);
    if (!pg_stmt(p, each->stmt, STR_NONE, each->arg_count, args, &s, err)) return false;
    if (i == each->from && (!PQenterPipelineMode(p->conn) || !pg_send_unsent(p, out_unsent)))
      return p->lost = true, false;
    if (!pg_send_prepared(p, s, each->arg_count, args)) return p->lost = true, false;
  }
  return PQpipelineSync(p->conn) || (p->lost = true, false);
}

static void take_rows(const PgEach *each, size_t i, PGresult *result) {
  PgRow here = {.base = {&POSTGRES_ENGINE}, .result = result};
  for (int rows = PQntuples(result); here.row < rows; here.row++)
    if (!each->row(i, &here.base, each->ctx)) return;
}

bool pg_ask_each(Postgres *p, const PgEach *each, Error *err) {
  size_t unsent = 0, asked = each->to - each->from;
  bool ok = true;
  if (!pg_settle(p, err)) return false;
  if (!send_each(p, each, &unsent, err)) {
    p->lost = true; /* half a pipeline is on its way */
    return pg_failed(p, NULL, each->stmt->name, err);
  }
  for (size_t i = 0; i < unsent + asked && PQstatus(p->conn) == CONNECTION_OK; i++) {
    PGresult *result = PQgetResult(p->conn);
    if (ok && pg_is_good(result) && i >= unsent)
      take_rows(each, each->from + i - unsent, result);
    else if (ok && !pg_is_good(result) && PQresultStatus(result) != PGRES_PIPELINE_ABORTED)
      ok = pg_failed(p, result, each->stmt->name, err);
    PQclear(result);
    if (result) PQclear(PQgetResult(p->conn)); /* the NULL that ends one command */
  }
  return pg_collect(p, 0, each->stmt->name, NULL, err) && ok;
}

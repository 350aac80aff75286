/* A PostgreSQL connection, shared by the postgres*.c files only: postgres.c runs statements and keeps transactions,
 * postgres_connect.c opens and opens again, postgres_stmt.c knows the prepared statements, postgres_row.c reads what
 * came back, postgres_migrate.c is what migrations need. */
#ifndef TOCSIN_DB_POSTGRES_CONN_H
#define TOCSIN_DB_POSTGRES_CONN_H

#include <libpq-fe.h>

#include "db/engine.h"

enum { PG_PLACES = 2048, PG_STATICS_MAX = 1600, PG_TEXTS_MAX = 200, PG_INLINE = 64, PG_UNSENT_MAX = 16 };
/* Types as pg_type numbers them; these numbers are part of the protocol and do not change. */
enum {
  PG_BOOL = 16,
  PG_BYTEA = 17,
  PG_INT8 = 20,
  PG_INT2 = 21,
  PG_INT4 = 23,
  PG_TEXT = 25,
  PG_OID = 26,
  PG_FLOAT4 = 700,
  PG_FLOAT8 = 701,
  PG_NUMERIC = 1700,
  PG_XID8 = 5069,
};

typedef struct PgPrepared {
  const DbStmt *key; /* NULL for run-time text */
  char *text;
  size_t text_bytes;
  u64 hash;
  u64 used; /* when, in runs of this connection */
  u32 number;
  u64 session; /* the session that knows it */
  size_t type_count;
  Oid *types; /* 0: the server inferred it, because the first value was NULL */
} PgPrepared;

typedef struct Postgres {
  Db base;
  char *url;
  PGconn *conn;
  bool lost;   /* the session is gone; the next begin, or statement outside a transaction, opens another */
  u64 session; /* counts them */

  PgPrepared *statics[PG_PLACES]; /* open addressing by DbStmt's address */
  size_t static_count;
  PgPrepared *texts[PG_TEXTS_MAX];
  size_t text_count;
  u32 next_number;
  u64 runs;

  bool begun; /* db_begin succeeded and neither commit nor rollback followed */
  int savepoint_count;
  const char *unsent[PG_UNSENT_MAX]; /* commands whose answer nobody waits for: they go with the next statement */
  size_t unsent_count;
  size_t later_count;      /* commands in the open pipeline whose answers nobody has read; 0: no pipeline is open */
  struct PgGather *gather; /* rows that wait for company; NULL until the first */
  i64 transaction;         /* pg_current_xact_id of a writer's transaction; 0: none yet */
  i64 unknown;             /* a transaction whose commit was not answered */

  i64 read_limit_ms, server_limit_ms; /* what is wanted, what the session has */
  i64 read_until_us;
} Postgres;

typedef struct PgRow {
  DbRow base;
  PGresult *result;
  int row;
  unsigned next_word;
  char words[8][32]; /* numbers that were asked for as text */
} PgRow;

static inline Postgres *pg_of(Db *db) {
  return (Postgres *)(void *)db;
}

/* postgres_pipeline.c */
bool pg_is_good(const PGresult *result);
MUST_CHECK bool pg_send_command(Postgres *p, const char *sql);
MUST_CHECK bool pg_send_unsent(Postgres *p, size_t *out_count);
MUST_CHECK bool pg_send_prepared(Postgres *p, const PgPrepared *s, size_t count, const DbValue *args);
MUST_CHECK bool pg_collect(Postgres *p, size_t count, const char *name, PGresult **out_last, Error *err);
MUST_CHECK bool pg_flush_unsent(Postgres *p, Error *err); /* sends what waits in `unsent`, brings all answers home */
MUST_CHECK bool pg_send_later(Postgres *p, const DbStmt *stmt, size_t count, const DbValue *args, Error *err);
MUST_CHECK bool pg_settle(Postgres *p, Error *err); /* brings the answers of what was sent later home */
size_t pg_take_later(Postgres *p);                  /* how many answers are due; whoever takes them collects them */

/* postgres_gather.c */
typedef struct PgGather PgGather;
MUST_CHECK bool pg_gather(Postgres *p, const DbStmt *stmt, size_t key_count, size_t count, const DbValue *args,
                          Error *err);
MUST_CHECK bool pg_send_gathered(Postgres *p, Error *err); /* into the open pipeline, as if sent later */
void pg_drop_gathered(Postgres *p);
void pg_gather_free(Postgres *p);

/* postgres_pipeline.c, too */
typedef struct PgEach {
  const DbStmt *stmt;
  size_t arg_count, from, to;
  DbBindFn bind;
  DbEachFn row;
  void *ctx;
} PgEach;
MUST_CHECK bool pg_ask_each(Postgres *p, const PgEach *each, Error *err);

/* postgres_connect.c */
MUST_CHECK bool pg_connect(Postgres *p, Error *err); /* a new session; closes the old one */
void pg_disconnect(Postgres *p);
MUST_CHECK bool pg_simple(Postgres *p, const char *sql, const char *what, Error *err);

/* postgres_error.c: fills err from a result (NULL: the connection's own words) and marks a session that is gone.
 * Returns false. */
bool pg_failed(Postgres *p, const PGresult *result, const char *what, Error *err);

/* postgres_stmt.c: finds or prepares, for arguments of these types. */
MUST_CHECK bool pg_stmt(Postgres *p, const DbStmt *stmt, Str sql, size_t count, const DbValue *args, PgPrepared **out,
                        Error *err);
Oid pg_oid_of(DbType type); /* 0 for NULL */
/* It is prepared, and for such arguments. */
bool pg_stmt_fits(Postgres *p, const DbStmt *stmt, size_t count, const DbValue *args);
void pg_stmt_free_all(Postgres *p);

/* The arguments as libpq wants them. Small enough for the stack; what must be copied lives in the arena. */
typedef struct PgArgs {
  const char *values[PG_INLINE];
  int bytes[PG_INLINE];
  int formats[PG_INLINE];
  char numbers[PG_INLINE][8];
} PgArgs;
/* `arena` is made when it is needed; the caller frees it. */
void pg_bind(PgArgs *out, size_t count, const DbValue *args, Arena **arena);

/* postgres_row.c */
i64 pg_row_int(const DbRow *row, int column);
double pg_row_double(const DbRow *row, int column);
Str pg_row_peek(const DbRow *row, int column);
DbType pg_row_type(const DbRow *row, int column);
int pg_row_columns(const DbRow *row);
const char *pg_row_name(const DbRow *row, int column);

/* postgres_migrate.c */
Str pg_translate(Arena *arena, Str sql); /* a migration's text in PostgreSQL's words */
bool pg_script(Db *db, const char *sql, Error *err);
bool pg_before_migration(Db *db, u32 version, Error *err);
bool pg_lock_schema(Db *db, bool lock, Error *err);

#endif

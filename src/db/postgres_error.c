/* What PostgreSQL's errors mean to us, by SQLSTATE. A session that is gone, that ends, or that no longer may write (its
 * server became a standby) is marked as lost: the next transaction looks for the primary again. */
#include <string.h>

#include "db/postgres_conn.h"

typedef struct PgCode {
  const char *prefix; /* of the SQLSTATE */
  ErrorCode code;
  int system;
  bool lost;
} PgCode;

/* The first that fits. */
static const PgCode CODES[] = {
    {"23505", ERR_CONFLICT, 0, false},           /* unique_violation */
    {"57014", ERR_UNAVAILABLE, 0, false},        /* query_canceled: statement_timeout */
    {"40001", ERR_STORAGE, DB_TRY_AGAIN, false}, /* serialization_failure */
    {"40P01", ERR_STORAGE, DB_TRY_AGAIN, false}, /* deadlock_detected */
    {"55P03", ERR_STORAGE, DB_LOCKED, false},    /* lock_not_available */
    {"25006", ERR_STORAGE, DB_READ_ONLY, true},  /* read_only_sql_transaction */
    {"25P03", ERR_STORAGE, 0, true},             /* idle_in_transaction_session_timeout */
    {"57P", ERR_STORAGE, 0, true},               /* shutdown, crash, cannot connect now */
    {"08P01", ERR_INTERNAL, 0, false},           /* protocol_violation: too few arguments */
    {"08", ERR_STORAGE, 0, true},                /* connection */
    {"53100", ERR_STORAGE, DB_DISK_FULL, false}, /* disk_full */
    {"53", ERR_STORAGE, 0, false},               /* out of something */
    {"58", ERR_STORAGE, 0, false},               /* I/O */
    {"XX001", ERR_STORAGE, 0, false},            /* data_corrupted */
    {"XX002", ERR_STORAGE, 0, false},            /* index_corrupted */
    {"28", ERR_STORAGE, 0, true},                /* authorization */
    {"3D", ERR_STORAGE, 0, true},                /* no such database */
    {"42501", ERR_STORAGE, 0, false},            /* insufficient_privilege */
    {"0A000", ERR_STORAGE, DB_TRY_AGAIN, true},  /* cached plan must not change result type: after a migration */
};

static void read_words(const PGresult *result, const PGconn *conn, char *out, size_t out_bytes) {
  const char *primary = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
  const char *words = primary ? primary : conn ? PQerrorMessage(conn) : "there is no connection";
  Str first = str_trim(str_from_c(words)), rest;
  (void)str_cut(first, '\n', &first, &rest);
  first = utf8_cut(first, out_bytes - 1);
  memcpy(out, first.ptr, first.len);
  out[first.len] = 0;
}

bool pg_failed(Postgres *p, const PGresult *result, const char *what, Error *err) {
  char words[400];
  const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
  read_words(result, p->conn, words, sizeof words);
  bool gone = !p->conn || PQstatus(p->conn) != CONNECTION_OK;
  if (!gone && PQresultStatus(result) == PGRES_EMPTY_QUERY)
    return fail(err, ERR_INTERNAL, "%s: the statement is empty", what);
  PgCode code = {.code = gone || !state ? ERR_STORAGE : ERR_INTERNAL, .lost = gone || !state};
  for (size_t i = 0; state && i < COUNT(CODES); i++)
    if (str_starts_with(str_from_c(state), str_from_c(CODES[i].prefix))) {
      code = CODES[i];
      break;
    }
  p->lost = p->lost || gone || code.lost;
  if (code.code == ERR_UNAVAILABLE && p->base.role == DB_WRITER) code.code = ERR_STORAGE;
  if (code.code == ERR_UNAVAILABLE)
    fail(err, code.code, "the database read took longer than %lld ms and was stopped; ask for less at a time",
         (long long)p->read_limit_ms);
  else
    fail(err, code.code, "%s: %s%s%s%s", what, words, state ? " (" : "", state ? state : "", state ? ")" : "");
  if (err) err->system = code.system;
  return false;
}

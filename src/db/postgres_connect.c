/* Opening a session, and opening another when it was lost. libpq reads the URL: several hosts, TLS parameters and all
 * else it knows are passed on; what the URL does not say gets our defaults, so that a dead host is noticed within
 * seconds and, of several hosts, the one that takes writes is found. */
#include <string.h>

#include "db/postgres_conn.h"

enum { PG_VERSION_MIN = 150000, CONNINFO_MAX = 80 };

typedef struct Default {
  const char *keyword, *value;
} Default;

static const Default DEFAULTS[] = {
    {"connect_timeout", "5"},      {"target_session_attrs", "read-write"}, {"application_name", "tocsin"},
    {"keepalives_idle", "10"},     {"keepalives_interval", "5"},           {"keepalives_count", "3"},
    {"tcp_user_timeout", "15000"},
};

/* Those of the writer: a commit that was answered is on disk; a process that was stopped in the middle of a transaction
 * does not hold its locks for good. A server that waits for more than its own disk is left alone. */
static const char WRITER_SETTINGS[] =
    "SET default_transaction_isolation = 'read committed'; SET lock_timeout = '10s'; SET statement_timeout = '60s'; "
    "SET idle_in_transaction_session_timeout = '5s'; SET timezone = 'UTC'; SET standard_conforming_strings = on; "
    "SELECT set_config('synchronous_commit', 'on', false) "
    "WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')";
/* A reader is asked to be read-only after it is open: target_session_attrs looks at the same setting. */
static const char READER_SETTINGS[] =
    "SET default_transaction_read_only = on; SET lock_timeout = '1s'; SET idle_in_transaction_session_timeout = '60s'; "
    "SET timezone = 'UTC'; SET standard_conforming_strings = on";

bool pg_simple(Postgres *p, const char *sql, const char *what, Error *err) {
  PGresult *result = PQexec(p->conn, sql);
  ExecStatusType status = PQresultStatus(result);
  bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
  if (!ok) pg_failed(p, result, what, err);
  PQclear(result);
  return ok;
}

void pg_disconnect(Postgres *p) {
  PQfinish(p->conn);
  p->conn = NULL;
  p->lost = true;
  p->unsent_count = 0;
}

static size_t add_parameter(const char **words, const char **values, size_t count, const char *word,
                            const char *value) {
  words[count] = word;
  values[count] = value;
  return count + 1;
}

static bool is_given(const PQconninfoOption *given, const char *word) {
  for (const PQconninfoOption *o = given; o->keyword; o++)
    if (strcmp(o->keyword, word) == 0) return o->val && o->val[0];
  return false;
}

static PGconn *open_with(const PQconninfoOption *given) {
  const char *words[CONNINFO_MAX], *values[CONNINFO_MAX];
  size_t count = 0;
  for (const PQconninfoOption *o = given; o->keyword && count < CONNINFO_MAX - COUNT(DEFAULTS) - 2; o++)
    if (o->val && o->val[0]) count = add_parameter(words, values, count, o->keyword, o->val);
  for (size_t i = 0; i < COUNT(DEFAULTS); i++)
    if (!is_given(given, DEFAULTS[i].keyword))
      count = add_parameter(words, values, count, DEFAULTS[i].keyword, DEFAULTS[i].value);
  count = add_parameter(words, values, count, "client_encoding", "UTF8");
  words[count] = values[count] = NULL;
  return PQconnectdbParams(words, values, 0);
}

static bool check_server(Postgres *p, Error *err) {
  const char *encoding = PQparameterStatus(p->conn, "server_encoding");
  if (PQserverVersion(p->conn) < PG_VERSION_MIN)
    return fail(err, ERR_INVALID, "the server is PostgreSQL %d; 15 or newer is needed",
                PQserverVersion(p->conn) / 10000);
  if (!encoding || strcmp(encoding, "UTF8") != 0)
    return fail(err, ERR_INVALID,
                "its encoding is %s; make it again: CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0",
                encoding ? encoding : "unknown");
  return pg_simple(p, p->base.role == DB_WRITER ? WRITER_SETTINGS : READER_SETTINGS, "setting it up", err);
}

static void pass_over(void *ctx, const char *notice) {
  (void)ctx;
  (void)notice;
}

bool pg_connect(Postgres *p, Error *err) {
  char *words = NULL;
  pg_disconnect(p);
  PQconninfoOption *given = PQconninfoParse(p->url, &words);
  if (!given) {
    fail(err, ERR_INVALID, "--db is not a URL that PostgreSQL understands: %s", words ? words : "out of memory");
    PQfreemem(words);
    return false;
  }
  p->conn = open_with(given);
  PQsetNoticeProcessor(p->conn, pass_over, NULL);
  PQconninfoFree(given);
  p->lost = false;
  p->session++;
  p->server_limit_ms = -1;
  bool ok = PQstatus(p->conn) == CONNECTION_OK ? check_server(p, err) : pg_failed(p, NULL, "cannot connect", err);
  if (!ok) {
    pg_disconnect(p);
    return error_prefix(err, "the PostgreSQL database: ");
  }
  return true;
}

/* Prepared statements of a connection, found as SQLite's are: static ones by their address (and proved by their text),
 * run-time ones by their text. Each argument's type is told when it is prepared, because the server would read `$1 + 1`
 * as 32 bits; a NULL has none, so a statement first met with NULLs is prepared again when a value comes. A new session
 * knows none of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/postgres_conn.h"

enum { STMT_NAME_BYTES = 24 };

static void prepared_free(PgPrepared *s) {
  if (!s) return;
  free(s->types);
  free(s->text);
  free(s);
}

Oid pg_oid_of(DbType type) {
  switch (type) {
  case DB_TYPE_INT: return PG_INT8;
  case DB_TYPE_DOUBLE: return PG_FLOAT8;
  case DB_TYPE_TEXT: return PG_TEXT;
  case DB_TYPE_BLOB: return PG_BYTEA;
  case DB_TYPE_NULL: break;
  }
  return 0;
}

static bool fits(const PgPrepared *s, size_t count, const DbValue *args) {
  if (s->type_count != count) return false;
  for (size_t i = 0; i < count; i++)
    if (args[i].type != DB_TYPE_NULL && s->types[i] != pg_oid_of(args[i].type)) return false;
  return true;
}

/* Where a new value is NULL, the type that was known stays. */
static void learn_types(PgPrepared *s, size_t count, const DbValue *args) {
  if (s->type_count != count) {
    free(s->types);
    s->types = xcalloc(count + 1, sizeof *s->types);
    s->type_count = count;
  }
  for (size_t i = 0; i < count; i++)
    if (args[i].type != DB_TYPE_NULL) s->types[i] = pg_oid_of(args[i].type);
}

static void deallocate(Postgres *p, const PgPrepared *s) {
  char sql[64];
  if (s->session != p->session || p->lost || PQtransactionStatus(p->conn) == PQTRANS_INERROR) return;
  snprintf(sql, sizeof sql, "DEALLOCATE t%u", s->number);
  PQclear(PQexec(p->conn, sql));
}

static bool prepare(Postgres *p, PgPrepared *s, const char *name, size_t count, const DbValue *args, Error *err) {
  char stmt_name[STMT_NAME_BYTES];
  if (count > PG_INLINE)
    return fail(err, ERR_INTERNAL, "statement %s has %zu parameters; %d is the most", name, count, PG_INLINE);
  if (!pg_flush_unsent(p, err)) return false; /* it may fail: in the present savepoint, not in the one before */
  deallocate(p, s);
  s->session = 0;
  s->number = ++p->next_number;
  learn_types(s, count, args);
  snprintf(stmt_name, sizeof stmt_name, "t%u", s->number);
  PGresult *result = PQprepare(p->conn, stmt_name, s->text, (int)count, s->types);
  bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;
  if (!ok) pg_failed(p, result, name, err);
  PQclear(result);
  if (ok) s->session = p->session;
  return ok;
}

static PgPrepared *prepared_new(const DbStmt *key, Str text) {
  PgPrepared *s = xcalloc(1, sizeof *s);
  s->key = key;
  s->text = xmalloc(text.len + 1);
  memcpy(s->text, text.ptr, text.len);
  s->text[text.len] = 0;
  s->text_bytes = text.len;
  return s;
}

/* Static statements ----------------------------------------------------------------------------------------------- */

static size_t place_of(const Postgres *p, const DbStmt *stmt) {
  size_t place = (size_t)((((uintptr_t)stmt >> 3) * 11400714819323198485ull) >> 53);
  while (p->statics[place] && p->statics[place]->key != stmt) place = (place + 1) % PG_PLACES;
  return place;
}

static PgPrepared *find_static(Postgres *p, const DbStmt *stmt) {
  size_t place = place_of(p, stmt);
  PgPrepared *s = p->statics[place];
  const char *text = stmt->pg ? stmt->pg : stmt->sql;
  if (s && strcmp(s->text, text) == 0) return s;
  if (s) {
    deallocate(p, s);
    prepared_free(s);
  } else {
    ASSERT(p->static_count < PG_STATICS_MAX);
    p->static_count++;
  }
  return p->statics[place] = prepared_new(stmt, str_from_c(text));
}

/* Run-time texts -------------------------------------------------------------------------------------------------- */

static PgPrepared *find_text(Postgres *p, Str sql) {
  u64 hash = hash_stable(sql);
  size_t place = 0;
  for (size_t i = 0; i < p->text_count; i++) {
    PgPrepared *s = p->texts[i];
    if (s->hash == hash && str_equal(sql, (Str){s->text, s->text_bytes})) return s;
    if (s->used < p->texts[place]->used) place = i;
  }
  if (p->text_count < PG_TEXTS_MAX) {
    place = p->text_count++;
  } else {
    deallocate(p, p->texts[place]);
    prepared_free(p->texts[place]);
  }
  PgPrepared *s = p->texts[place] = prepared_new(NULL, sql);
  s->hash = hash;
  return s;
}

bool pg_stmt(Postgres *p, const DbStmt *stmt, Str sql, size_t count, const DbValue *args, PgPrepared **out,
             Error *err) {
  PgPrepared *s = stmt ? find_static(p, stmt) : find_text(p, sql);
  s->used = ++p->runs;
  *out = s;
  return (s->session == p->session && fits(s, count, args)) ||
         prepare(p, s, stmt ? stmt->name : "the query", count, args, err);
}

bool pg_stmt_fits(Postgres *p, const DbStmt *stmt, size_t count, const DbValue *args) {
  PgPrepared *s = find_static(p, stmt);
  return s->session == p->session && fits(s, count, args);
}

void pg_stmt_free_all(Postgres *p) {
  for (size_t i = 0; i < PG_PLACES; i++) prepared_free(p->statics[i]);
  for (size_t i = 0; i < p->text_count; i++) prepared_free(p->texts[i]);
}

/* Arguments ------------------------------------------------------------------------------------------------------- */

/* PostgreSQL's text holds neither a zero byte nor broken UTF-8; what came from outside may. */
static Str clean_text(Str text, Arena **arena) {
  if (!memchr(text.ptr, 0, text.len) && utf8_valid(text)) return text;
  if (!*arena) *arena = arena_new();
  return utf8_clean(*arena, text);
}

static void put_big_endian(char out[8], u64 number) {
  for (int i = 0; i < 8; i++) out[i] = (char)(number >> (56 - 8 * i));
}

static void bind_one(PgArgs *out, size_t i, const DbValue *value, Arena **arena) {
  u64 bits = 0;
  Str bytes = value->s;
  out->formats[i] = 1;
  switch (value->type) {
  case DB_TYPE_NULL:
    out->values[i] = NULL;
    out->bytes[i] = 0;
    return;
  case DB_TYPE_INT:
  case DB_TYPE_DOUBLE:
    memcpy(&bits, value->type == DB_TYPE_INT ? (const void *)&value->i : (const void *)&value->d, sizeof bits);
    put_big_endian(out->numbers[i], bits);
    out->values[i] = out->numbers[i];
    out->bytes[i] = 8;
    return;
  case DB_TYPE_TEXT:
    if (bytes.len) bytes = clean_text(bytes, arena);
    break;
  case DB_TYPE_BLOB: break;
  }
  out->values[i] = bytes.len ? bytes.ptr : "";
  out->bytes[i] = (int)bytes.len;
}

void pg_bind(PgArgs *out, size_t count, const DbValue *args, Arena **arena) {
  for (size_t i = 0; i < count; i++) bind_one(out, i, &args[i], arena);
}

/* Prepared statements of a connection. Static ones are found by their address, and proved by their text (a registry
 * that was made again may put another statement there); run-time texts by their text, and the one that was not used for
 * longest makes room. `$1` is only a name to SQLite, so each statement remembers which $n stands at which of its
 * places. A statement that is asked again from one of its own row callbacks gets a copy that lives for that call. */
#include <stdlib.h>
#include <string.h>

#include "db/sqlite_conn.h"

enum { PARAMETERS_MAX = 2000 };

/* Preparing ------------------------------------------------------------------------------------------------------- */

static void prepared_free(Prepared *p) {
  if (!p) return;
  sqlite3_finalize(p->stmt);
  free(p->numbers);
  free(p->text);
  free(p);
}

static bool read_parameters(Prepared *p, const char *name, Error *err) {
  p->place_count = sqlite3_bind_parameter_count(p->stmt);
  if (p->place_count > PARAMETERS_MAX)
    return fail(err, ERR_INTERNAL, "statement %s has %d parameters; %d is the most", name, p->place_count,
                PARAMETERS_MAX);
  p->numbers = xcalloc((size_t)p->place_count + 1, sizeof *p->numbers);
  for (int i = 0; i < p->place_count; i++) {
    const char *parameter = sqlite3_bind_parameter_name(p->stmt, i + 1);
    i64 number = 0;
    if (!parameter || parameter[0] != '$' || !str_to_i64(str_from_c(parameter + 1), 1, PARAMETERS_MAX, &number))
      return fail(err, ERR_INTERNAL, "statement %s: parameter %s is not of the form $1", name,
                  parameter ? parameter : "?");
    p->numbers[i] = (u16)number;
  }
  return true;
}

static bool prepare(Sqlite *s, const char *name, Str sql, Prepared **out, Error *err) {
  Prepared *p = xcalloc(1, sizeof *p);
  const char *tail = NULL;
  if (sql.len > INT32_MAX ||
      sqlite3_prepare_v3(s->handle, sql.ptr, (int)sql.len, SQLITE_PREPARE_PERSISTENT, &p->stmt, &tail) != SQLITE_OK) {
    prepared_free(p);
    return sqlite_failed(s, name, err);
  }
  Str rest = str_slice(sql, (size_t)(tail - sql.ptr), sql.len);
  bool ok = p->stmt && str_is_blank(rest) ? read_parameters(p, name, err)
                                          : fail(err, ERR_INTERNAL, "%s is not exactly one statement", name);
  if (!ok) {
    prepared_free(p);
    return false;
  }
  *out = p;
  return true;
}

/* Static statements ----------------------------------------------------------------------------------------------- */

static size_t place_of(const Sqlite *s, const DbStmt *stmt) {
  size_t place = (size_t)((((uintptr_t)stmt >> 3) * 11400714819323198485ull) >> 54);
  while (s->statics[place] && s->statics[place]->key != stmt) place = (place + 1) % SQLITE_PLACES;
  return place;
}

/* Puts a newly prepared statement at its place; what was there had another text under the same address. */
static bool keep_static(Sqlite *s, size_t place, Prepared *p, const DbStmt *stmt, Error *err) {
  if (s->statics[place]) {
    prepared_free(s->statics[place]);
  } else if (s->static_count == SQLITE_STATICS_MAX) {
    prepared_free(p);
    return fail(err, ERR_INTERNAL, "statement %s is one more than the %d that a connection keeps", stmt->name,
                SQLITE_STATICS_MAX);
  } else {
    s->static_count++;
  }
  p->key = stmt;
  s->statics[place] = p;
  return true;
}

bool sqlite_stmt_static(Sqlite *s, const DbStmt *stmt, Prepared **out, Error *err) {
  size_t place = place_of(s, stmt);
  Prepared *known = s->statics[place], *p = known;
  bool running = known && known->running;
  if (running || !known || strcmp(sqlite3_sql(known->stmt), stmt->sql) != 0) {
    if (!prepare(s, stmt->name, str_from_c(stmt->sql), &p, err)) return false;
    if (!running && !keep_static(s, place, p, stmt, err)) return false;
  }
  p->running = true;
  *out = p;
  return true;
}

/* Run-time texts -------------------------------------------------------------------------------------------------- */

static Prepared *find_text(const Sqlite *s, Str sql, u64 hash) {
  for (size_t i = 0; i < s->text_count; i++) {
    Prepared *p = s->texts[i];
    if (p->hash == hash && str_equal(sql, (Str){p->text, p->text_bytes})) return p;
  }
  return NULL;
}

static void keep_text(Sqlite *s, Prepared *p, Str sql, u64 hash) {
  size_t place = s->text_count;
  if (place == SQLITE_TEXTS_MAX) {
    place = SIZE_MAX;
    for (size_t i = 0; i < s->text_count; i++)
      if (!s->texts[i]->running && (place == SIZE_MAX || s->texts[i]->used < s->texts[place]->used)) place = i;
    if (place == SIZE_MAX) return; /* all are running: this one goes when it is done */
    prepared_free(s->texts[place]);
  } else {
    s->text_count++;
  }
  p->text = xmalloc(sql.len + 1);
  memcpy(p->text, sql.ptr, sql.len);
  p->text[sql.len] = 0;
  p->text_bytes = sql.len;
  p->hash = hash;
  s->texts[place] = p;
}

bool sqlite_stmt_text(Sqlite *s, Str sql, Prepared **out, Error *err) {
  u64 hash = hash_stable(sql);
  Prepared *known = find_text(s, sql, hash), *p = known;
  if (!known || known->running) {
    if (!prepare(s, "the query", sql, &p, err)) return false;
    if (!known) keep_text(s, p, sql, hash);
  }
  p->used = ++s->runs;
  p->running = true;
  *out = p;
  return true;
}

/* Using ----------------------------------------------------------------------------------------------------------- */

/* The arguments outlive the run: nothing is copied. An empty text is not NULL. */
static int bind_value(sqlite3_stmt *stmt, int place, const DbValue *value) {
  const char *ptr = value->s.ptr ? value->s.ptr : "";
  switch (value->type) {
  case DB_TYPE_NULL: return sqlite3_bind_null(stmt, place);
  case DB_TYPE_INT: return sqlite3_bind_int64(stmt, place, value->i);
  case DB_TYPE_DOUBLE: return sqlite3_bind_double(stmt, place, value->d);
  case DB_TYPE_TEXT: return sqlite3_bind_text64(stmt, place, ptr, value->s.len, SQLITE_STATIC, SQLITE_UTF8);
  case DB_TYPE_BLOB: return sqlite3_bind_blob64(stmt, place, ptr, value->s.len, SQLITE_STATIC);
  }
  return SQLITE_MISUSE;
}

bool sqlite_stmt_bind(Sqlite *s, Prepared *p, const char *name, size_t count, const DbValue *args, Error *err) {
  for (int i = 0; i < p->place_count; i++) {
    if (p->numbers[i] > count)
      return fail(err, ERR_INTERNAL, "statement %s uses $%d but was given %zu arguments", name, p->numbers[i], count);
    if (bind_value(p->stmt, i + 1, &args[p->numbers[i] - 1]) != SQLITE_OK) return sqlite_failed(s, name, err);
  }
  return true;
}

void sqlite_stmt_done(Prepared *p) {
  if (!p->key && !p->text) { /* not kept */
    prepared_free(p);
    return;
  }
  sqlite3_reset(p->stmt); /* every place is bound anew before it runs again */
  p->running = false;
}

void sqlite_stmt_free_all(Sqlite *s) {
  for (size_t i = 0; i < SQLITE_PLACES; i++) prepared_free(s->statics[i]);
  for (size_t i = 0; i < s->text_count; i++) prepared_free(s->texts[i]);
}

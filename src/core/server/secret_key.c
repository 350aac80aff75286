/* Where the sealing key comes from, and what is sealed with it. */
#include "core/server/secret_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/seal.h"
#include "resource/resource.h"

enum { FILE_BYTES_MAX = 4096 };

/* The file --------------------------------------------------------------------------------------------------------- */

static const char *from_environment(void) {
  const char *key = getenv("TOCSIN_SECRET_KEY");
  return key && key[0] ? key : NULL;
}

const char *secret_key_path(Arena *arena, const char *data_folder, const char *file) {
  if (from_environment()) return NULL;
  return file ? file : str_to_c(arena, str_format(arena, "%s/secret.key", data_folder));
}

/* *out_there false: there is no such file. */
static bool read_file(Arena *arena, const char *path, Str *out, bool *out_there, Error *err) {
  FILE *file = fopen(path, "re");
  *out_there = file != NULL;
  if (!file) return errno == ENOENT || fail(err, ERR_INVALID, "cannot read the key in %s: %s", path, strerror(errno));
  char *text = arena_alloc(arena, FILE_BYTES_MAX);
  size_t got = fread(text, 1, FILE_BYTES_MAX, file);
  fclose(file);
  if (got == FILE_BYTES_MAX) return fail(err, ERR_INVALID, "%s is too long to be a file of keys", path);
  return *out = (Str){text, got}, true;
}

static bool write_all(int fd, Str text) {
  return write(fd, text.ptr, text.len) == (ssize_t)text.len && fsync(fd) == 0;
}

/* Beside it, then over it: a crash leaves the old file or the new one. */
static bool replace_file(Arena *arena, const char *path, Str text, Error *err) {
  const char *beside = str_to_c(arena, str_format(arena, "%s.new", path));
  int fd = open(beside, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
  bool ok = fd >= 0 && write_all(fd, text) && rename(beside, path) == 0;
  if (!ok) fail(err, ERR_INVALID, "cannot write %s: %s", path, strerror(errno));
  if (fd >= 0) close(fd);
  return ok;
}

bool secret_key_add(Arena *arena, const char *path, Error *err) {
  Str old = STR_NONE;
  bool there = false;
  if (!read_file(arena, path, &old, &there, err)) return false;
  return replace_file(arena, path,
                      str_format(arena, "%.*s\n%.*s", STR_ARG(seal_new_key(arena)), STR_ARG(there ? old : S(""))), err);
}

bool secret_key_drop_old(Arena *arena, const char *path, Error *err) {
  Str text = STR_NONE, line, rest;
  bool there = false;
  if (!read_file(arena, path, &text, &there, err)) return false;
  for (rest = text; rest.len;) {
    (void)str_cut(rest, '\n', &line, &rest);
    line = str_trim(line);
    if (line.len && line.ptr[0] != '#')
      return replace_file(arena, path, str_format(arena, "%.*s\n", STR_ARG(line)), err);
  }
  return fail(err, ERR_INVALID, "there is no key in %s", path);
}

/* Secrets in the database ------------------------------------------------------------------------------------------ */

typedef struct Secret {
  i64 id, org_id;
  Str stored;
} Secret;

typedef struct Secrets {
  Arena *arena;
  VEC(Secret) rows;
} Secrets;

static bool take_secret(const DbRow *row, void *ctx) {
  Secrets *all = ctx;
  *VEC_PUSH(all->arena, &all->rows) = (Secret){db_row_int(row, 0), db_row_int(row, 1), db_row_text(row, 2, all->arena)};
  return true;
}

typedef struct Walk {
  App *app;
  Db *db;
  Arena *arena;
  bool renew, forget;
  SecretCounts counts;
} Walk;

static bool store(Walk *w, const Resource *r, const char *column, i64 id, DbValue value, Error *err) {
  Str sql = str_format(w->arena, "UPDATE \"%s\" SET \"%s\" = $2 WHERE id = $1", r->table, column);
  DbValue args[] = {db_int(id), value};
  return db_exec_text(w->db, sql, COUNT(args), args, NULL, err);
}

static bool walk_one(Walk *w, const Resource *r, const Field *f, const Secret *secret, Error *err) {
  Str place = resource_secret_place(w->arena, f->name, secret->org_id), plain = STR_NONE;
  const char *column = f->column ? f->column : f->name;
  Error why = {0};
  if (!unseal(w->arena, w->app->sealer, secret->stored, place, &plain, &why)) {
    w->counts.closed++;
    return !w->forget || store(w, r, column, secret->id, db_null(), err);
  }
  if (is_sealed(secret->stored))
    w->counts.sealed++;
  else
    w->counts.plain++;
  return !w->renew || store(w, r, column, secret->id, db_text(seal(w->arena, w->app->sealer, plain, place)), err);
}

static bool walk_field(Walk *w, const Resource *r, const Field *f, Error *err) {
  Secrets all = {.arena = w->arena};
  const char *column = f->column ? f->column : f->name;
  Str sql = str_format(w->arena, "SELECT id, org_id, \"%s\" FROM \"%s\" WHERE \"%s\" IS NOT NULL ORDER BY id", column,
                       r->table, column);
  if (!db_query_text(w->db, sql, 0, NULL, take_secret, &all, err)) return false;
  for (size_t i = 0; i < all.rows.count; i++)
    if (!walk_one(w, r, f, &all.rows.items[i], err)) return false;
  return true;
}

bool secrets_walk(App *app, Db *db, bool renew, bool forget, SecretCounts *out, Error *err) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Walk w = {.app = app, .db = db, .arena = arena, .renew = renew, .forget = forget};
  for (size_t i = 0; i < registry_count(app->registry); i++) {
    const Resource *r = registry_at(app->registry, i);
    for (size_t k = 0; k < r->field_count; k++)
      if (r->fields[k].write_only && !r->fields[k].computed && !walk_field(&w, r, &r->fields[k], err)) return false;
  }
  *out = w.counts;
  return true;
}

/* Opening ---------------------------------------------------------------------------------------------------------- */

static const DbStmt ID_GET = {"secret_key_id", "SELECT value FROM meta WHERE name = 'secret_key_id'", NULL};
static const DbStmt ID_PUT = {
    "secret_key_id_put",
    "INSERT INTO meta (name, value) VALUES ('secret_key_id', $1) ON CONFLICT (name) DO UPDATE "
    "SET value = excluded.value",
    NULL};

typedef struct KeyText {
  Str text;
  const char *source; /* for messages */
  const char *path;   /* to be written when it was made; NULL: it is there */
} KeyText;

static bool find_key(App *app, const char *file, KeyText *out, Error *err) {
  bool there = false;
  const char *path = secret_key_path(app->arena, app->data_folder, file);
  *out = (KeyText){.source = path ? path : "TOCSIN_SECRET_KEY"};
  if (!path) return out->text = str_from_c(from_environment()), true;
  if (!read_file(app->arena, path, &out->text, &there, err)) return false;
  if (there) return true;
  if (file)
    return fail(err, ERR_INVALID, "--secret-key-file: there is no file %s; `openssl rand -hex 32` makes a key", file);
  out->text = str_format(app->arena, "%.*s\n", STR_ARG(seal_new_key(app->arena)));
  out->path = path;
  return true;
}

static bool read_id(const DbRow *row, void *ctx) {
  Secrets *out = ctx;
  *VEC_PUSH(out->arena, &out->rows) = (Secret){.stored = db_row_text(row, 0, out->arena)};
  return true;
}

/* A new key where another one was: only while nothing is sealed that it does not open. On PostgreSQL it is surely the
 * other node's key that is missing here. */
static bool may_replace(App *app, Db *db, const KeyText *key, Str known, Error *err) {
  SecretCounts counts = {0};
  bool shared = str_starts_with(str_from_c(app->db_url), S("postgres"));
  if (!secrets_walk(app, db, false, false, &counts, err)) return false;
  if (counts.closed == 0 && !(shared && key->path)) return true;
  if (counts.closed == 0)
    return fail(
        err, ERR_CONFLICT,
        "the nodes of this database seal with the key %.*s, which is not in %s; copy secret.key from another node, "
        "or begin anew with `tocsin doctor --forget-secrets`",
        STR_ARG(known), key->source);
  return fail(
      err, ERR_CONFLICT,
      "%lld stored secrets are sealed with the key %.*s, which is not in %s; put that key there (a backup made with "
      "--with-key has it, as has each other node), or give the secrets up with `tocsin doctor --forget-secrets`",
      (long long)counts.closed, STR_ARG(known), key->source);
}

static bool renew(App *app, Db *db, Error *err) {
  SecretCounts counts = {0};
  if (!db_begin(db, err)) return false;
  if (secrets_walk(app, db, true, app->forget_secrets, &counts, err) &&
      db_run(db, &ID_PUT, err, db_text(sealer_id(app->sealer))) && db_commit(db, err)) {
    if (counts.sealed + counts.plain + counts.closed)
      log_info("server", "sealed %lld secrets with the key %.*s", (long long)(counts.sealed + counts.plain),
               STR_ARG(sealer_id(app->sealer)));
    return true;
  }
  db_rollback(db);
  return false;
}

bool secret_key_open(App *app, const char *file, Db *db, Error *err) {
  KeyText key = {0};
  Secrets known = {.arena = app->arena};
  if (!find_key(app, file, &key, err)) return false;
  if (!sealer_new(key.text, &app->sealer, err)) return error_prefix(err, "%s: ", key.source);
  if (!db_query(db, &ID_GET, 0, NULL, read_id, &known, err)) return false;
  Str id = known.rows.count ? known.rows.items[0].stored : STR_NONE;
  if (id.len && !sealer_knows(app->sealer, id) && !app->forget_secrets && !may_replace(app, db, &key, id, err))
    return false;
  if (key.path && !replace_file(app->arena, key.path, key.text, err)) return false;
  return (str_equal(id, sealer_id(app->sealer)) && !app->forget_secrets) || renew(app, db, err);
}

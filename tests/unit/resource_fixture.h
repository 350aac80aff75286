/* A real SQLite file in a temporary folder, and a registry over it. */
#ifndef TOCSIN_TESTS_RESOURCE_FIXTURE_H
#define TOCSIN_TESTS_RESOURCE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* cmocka's; ours tells why */
#undef fail_msg
#define fail_msg(...) (print_error("ERROR: " __VA_ARGS__), print_error("\n"), _fail(__FILE__, __LINE__))

#include "lang/json.h"
#include "resource/resource.h"

enum { FIXTURE_NOW_MS = 1772000000 };

typedef struct Fixture {
  char folder[64];
  Db *db;
  Arena *arena;
  IdGen ids;
  ZoneDb *zones;
  Registry *registry;
  ResourceCtx ctx;
  Error err;
} Fixture;

static inline void fixture_open(Fixture *f, const Resource *const *list, size_t count) {
  char url[160];
  u32 from = 0, to = 0;
  *f = (Fixture){.folder = "/tmp/tocsin-resource-XXXXXX"};
  assert_non_null(mkdtemp(f->folder));
  snprintf(url, sizeof url, "sqlite:%s/tocsin.db", f->folder);
  f->arena = arena_new();
  f->zones = zone_db_new(NULL);
  id_gen_init(&f->ids, 1, 0);
  if (!db_open(url, DB_WRITER, &f->db, &f->err)) fail_msg("%s", f->err.message);
  if (!db_migrate(f->db, &from, &to, &f->err)) fail_msg("%s", f->err.message);
  if (!registry_new(list, count, &f->registry, &f->err)) fail_msg("%s", f->err.message);
  f->ctx = (ResourceCtx){.db = f->db,
                         .arena = f->arena,
                         .now_ms = (i64)FIXTURE_NOW_MS * 1000,
                         .ids = &f->ids,
                         .zones = f->zones,
                         .actor = {.kind = "user", .name = STR("Test")},
                         .registry = f->registry,
                         .public_url = "https://tocsin.example",
                         .administrator = true};
  if (!db_begin(f->db, &f->err)) fail_msg("%s", f->err.message);
}

static inline void fixture_close(Fixture *f) {
  static const char *const SUFFIXES[] = {"", "-wal", "-shm", "-journal"};
  db_rollback(f->db);
  db_close(f->db);
  registry_free(f->registry);
  zone_db_free(f->zones);
  arena_free(f->arena);
  for (size_t i = 0; i < COUNT(SUFFIXES); i++) {
    char path[160];
    snprintf(path, sizeof path, "%s/tocsin.db%s", f->folder, SUFFIXES[i]);
    unlink(path);
  }
  rmdir(f->folder);
}

static inline Value fixture_json(Fixture *f, const char *text) {
  Value value = value_null();
  Error err = {0};
  if (!json_parse(f->arena, str_copy(f->arena, str_from_c(text)), NULL, &value, &err))
    fail_msg("%s in %s", err.message, text);
  return value;
}

static inline const Resource *fixture_resource(Fixture *f, const char *name) {
  const Resource *r = registry_find(f->registry, str_from_c(name));
  if (!r) fail_msg("no resource %s", name);
  return r;
}

/* Creates, which must work, and answers the answer. */
static inline Value fixture_make(Fixture *f, const char *name, const char *body) {
  Value in = fixture_json(f, body), out = value_null();
  error_clear(&f->err);
  if (!resource_create(&f->ctx, fixture_resource(f, name), &in, &out, &f->err))
    fail_msg("%s: %s", body, f->err.message);
  return out;
}

static inline bool fixture_try(Fixture *f, const char *name, const char *body) {
  Value in = fixture_json(f, body), out = value_null();
  error_clear(&f->err);
  assert_true(db_savepoint(f->db, &f->err));
  bool ok = resource_create(&f->ctx, fixture_resource(f, name), &in, &out, &f->err);
  db_rollback_to(f->db);
  return ok;
}

static inline i64 fixture_id(Fixture *f, const Value *row) {
  return resource_ref_id(f->registry, value_get_c(row, "id"));
}

static inline bool fixture_patch(Fixture *f, const char *name, i64 id, const char *patch, i64 version, Value *out) {
  Value in = fixture_json(f, patch);
  error_clear(&f->err);
  return resource_update(&f->ctx, fixture_resource(f, name), id, &in, version, out, &f->err);
}

/* The text of a member, as a person reads it. */
static inline const char *fixture_text(Fixture *f, const Value *row, const char *pointer) {
  const Value *value = value_pointer(row, str_from_c(pointer));
  return value ? str_to_c(f->arena, value_display(f->arena, value)) : "(absent)";
}

/* "pointer code" of the i-th error. */
static inline const char *fixture_error(Fixture *f, size_t i) {
  if (i >= f->ctx.errors.count) return "(none)";
  return str_to_c(
      f->arena, str_format(f->arena, "%.*s %s", STR_ARG(f->ctx.errors.items[i].pointer), f->ctx.errors.items[i].code));
}

#endif

/* tocsin doctor: what can be looked at and mended with the server stopped. */
#include <stdio.h>

#include "base/seal.h"
#include "cli/operate.h"
#include "core/server/secret_key.h"
#include "core/server/server.h"

const Option DOCTOR_OPTIONS[] = {
    {"data", OPTION_TEXT, "DIR", "./tocsin-data", "the folder that holds everything"},
    {"db", OPTION_TEXT, "URL", NULL, "the database (default sqlite:DIR/tocsin.db)"},
    {"secret-key-file", OPTION_TEXT, "FILE", NULL, "the key that seals secrets (default DIR/secret.key)"},
    {"rotate-key", OPTION_FLAG, NULL, NULL, "seals all stored secrets with a new key"},
    {"forget-secrets", OPTION_FLAG, NULL, NULL, "removes the stored secrets whose key is lost"},
    {"help", OPTION_FLAG, NULL, NULL, "this list"},
};
const size_t DOCTOR_OPTION_COUNT = COUNT(DOCTOR_OPTIONS);

static const Operate DOCTOR = {
    "doctor",
    "doctor [--data DIR] [--rotate-key | --forget-secrets]",
    "Looks whether every stored secret opens with its key; changes that key. The server must be "
    "stopped.",
    DOCTOR_OPTIONS,
    COUNT(DOCTOR_OPTIONS),
    0,
    0};

static bool add_key(Arena *arena, const char *path, Error *err) {
  if (path) return secret_key_add(arena, path, err);
  return fail(
      err, ERR_CONFLICT,
      "the key comes from TOCSIN_SECRET_KEY: put a new one on a line above the old one there and start the server; "
      "then take the old line out");
}

static bool count(const ServeOptions *serve, SecretCounts *out, Str *out_key, Arena *arena, Error *err) {
  App *app = NULL;
  Db *db = NULL;
  if (!app_open(serve, &app, err)) return false;
  *out_key = str_copy(arena, sealer_id(app->sealer));
  bool ok = db_pool_take(app->readers, &db, err) && secrets_walk(app, db, false, false, out, err);
  db_pool_give(app->readers, db);
  app_close(app);
  return ok;
}

/* The folder is locked by app_open only: a key is added first, so a running server is asked for before. */
static bool run(Arena *arena, const Options *o, ServeOptions *serve, SecretCounts *counts, Str *key, Error *err) {
  const char *path = secret_key_path(arena, serve->data_folder, serve->secret_key_file);
  bool rotate = options_flag(o, "rotate-key");
  if (!count(serve, counts, key, arena, err)) return false;
  if (!rotate) return true;
  return add_key(arena, path, err) && count(serve, counts, key, arena, err) && secret_key_drop_old(arena, path, err);
}

int command_doctor(int argc, char **argv) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Options *o = NULL;
  Error err = {0};
  SecretCounts counts = {0};
  Str key = STR_NONE;
  int code = EXIT_DONE;
  if (!operate_begin(&DOCTOR, arena, argc, argv, &o, &code)) return code;
  ServeOptions serve = {.data_folder = options_get(o, "data"),
                        .db_url = options_get(o, "db"),
                        .secret_key_file = options_get(o, "secret-key-file"),
                        .forget_secrets = options_flag(o, "forget-secrets")};
  log_setup(LOG_TEXT, LOG_WARN);
  if (!run(arena, o, &serve, &counts, &key, &err)) return operate_failed(&DOCTOR, &err);
  printf("secrets: %lld, sealed with the key %.*s%s\n", (long long)counts.sealed, STR_ARG(key),
         options_flag(o, "rotate-key") ? ", which is new" : "");
  if (counts.closed)
    printf("secrets: %lld more do not open; give them again, or remove them with --forget-secrets\n",
           (long long)counts.closed);
  return counts.closed ? EXIT_FAILED : EXIT_DONE;
}

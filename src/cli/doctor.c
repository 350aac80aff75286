/* tocsin doctor: what would let a page get lost, asked of the running server or looked at here; and the key that seals
 * secrets, which is changed with the server stopped. */
#include <stdio.h>
#include <unistd.h>

#include "base/seal.h"
#include "cli/operate.h"
#include "cli/print.h"
#include "cli/serve.h"
#include "core/operations/doctor.h"
#include "core/operations/operations.h"
#include "core/server/secret_key.h"
#include "core/server/server.h"
#include "lang/json.h"

const Option DOCTOR_OPTIONS[] = {
    {"data", OPTION_TEXT, "DIR", "./tocsin-data", "the folder that holds everything"},
    {"db", OPTION_TEXT, "URL", NULL, "the database (default sqlite:DIR/tocsin.db)"},
    {"config", OPTION_TEXT, "FILE", NULL, "the server's configuration file, when no server runs"},
    {"output", OPTION_TEXT, "FORM", "text", "text or json"},
    {"secret-key-file", OPTION_TEXT, "FILE", NULL, "the key that seals secrets (default DIR/secret.key)"},
    {"rotate-key", OPTION_FLAG, NULL, NULL, "seals all stored secrets with a new key"},
    {"forget-secrets", OPTION_FLAG, NULL, NULL, "removes the stored secrets whose key is lost"},
    {"help", OPTION_FLAG, NULL, NULL, "this list"},
};
const size_t DOCTOR_OPTION_COUNT = COUNT(DOCTOR_OPTIONS);

static const Operate DOCTOR = {
    "doctor",
    "doctor [--data DIR] [-o text|json]",
    "Looks at all that lets a page get lost: versions, disk, clock, zones, relay, providers, public URL, people, "
    "policies, schedules, what is unsafe. Exit code 1 when something is wrong. With --rotate-key or --forget-secrets "
    "(the server stopped) it changes the key that seals stored secrets.",
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

static int change_secrets(Arena *arena, const Options *o) {
  Error err = {0};
  SecretCounts counts = {0};
  Str key = STR_NONE;
  ServeOptions serve = {.data_folder = options_get(o, "data"),
                        .db_url = options_get(o, "db"),
                        .secret_key_file = options_get(o, "secret-key-file"),
                        .forget_secrets = options_flag(o, "forget-secrets")};
  if (!run(arena, o, &serve, &counts, &key, &err)) return operate_failed(&DOCTOR, &err);
  printf("secrets: %lld, sealed with the key %.*s%s\n", (long long)counts.sealed, STR_ARG(key),
         options_flag(o, "rotate-key") ? ", which is new" : "");
  if (counts.closed)
    printf("secrets: %lld more do not open; give them again, or remove them with --forget-secrets\n",
           (long long)counts.closed);
  return counts.closed ? EXIT_FAILED : EXIT_DONE;
}

/* Looking ---------------------------------------------------------------------------------------------------------- */

static bool ask_server(Arena *arena, LocalClient *server, Value *out, Error *err) {
  MapBuilder map = map_builder(arena);
  Value answer = value_null();
  map_put_c(&map, "do", value_c("doctor"));
  Value question = map_done(&map);
  if (!local_ask(server, &question, err) || !local_answer(server, arena, &answer, err)) return false;
  *out = *value_get_c(&answer, "findings");
  return true;
}

/* As `serve` would read its options: the file, the environment, and what was given here. */
static bool serve_options_here(Arena *arena, const Options *o, ServeOptions *out, Error *err) {
  static const char *const PASSED[] = {"data", "db", "config", "secret-key-file"};
  char *words[COUNT(PASSED)];
  int count = 0;
  bool help = false;
  for (size_t i = 0; i < COUNT(PASSED); i++)
    if (options_given(o, PASSED[i]))
      words[count++] = str_to_c(arena, str_format(arena, "--%s=%s", PASSED[i], options_get(o, PASSED[i])));
  return serve_options_read(arena, count, words, out, &help, err);
}

static bool look_here(Arena *arena, const Options *o, Value *out, Error *err) {
  ServeOptions serve;
  App *app = NULL;
  if (!serve_options_here(arena, o, &serve, err)) return false;
  log_setup(LOG_TEXT, LOG_WARN);
  const char *path = str_to_c(arena, str_format(arena, "%s/tocsin.db", serve.data_folder));
  if (!serve.db_url && access(path, F_OK) != 0)
    return fail(err, ERR_INVALID, "there is no database in %s; name the data folder with --data", serve.data_folder);
  if (!app_open(&serve, &app, err)) return false;
  bool ok = doctor_run(app, arena, out, err);
  Value copy = value_null();
  if (ok) copy = *out;
  app_close(app);
  *out = copy;
  return ok;
}

static bool look(Arena *arena, const Options *o, Value *out, bool *out_running, Error *err) {
  LocalClient *server = NULL;
  *out_running = local_connect(options_get(o, "data"), &server, err);
  if (!*out_running && err->code == ERR_FORBIDDEN) return false;
  error_clear(err);
  bool ok = *out_running ? ask_server(arena, server, out, err) : look_here(arena, o, out, err);
  local_close(server);
  return ok;
}

static Str member(const Value *map, const char *name) {
  return value_text_or(value_get_c(map, name), STR_NONE);
}

static void print_findings(Arena *arena, const Value *findings, bool running) {
  static const char *const COLOURS[] = {"\x1b[32m", "\x1b[36m", "\x1b[33m", "\x1b[31m"};
  bool colour = screen_of().colour;
  if (!running) printf("no server runs here; looked at the folder and the options given\n");
  for (size_t i = 0; i < findings->size; i++) {
    const Value *f = value_at(findings, i);
    Str level = member(f, "level");
    size_t at = 0;
    while (at + 1 < FINDING_LEVEL_COUNT && !str_equal_c(level, finding_level_name((FindingLevel)at))) at++;
    printf("%s%-7.*s%s  %-12.*s  %.*s\n", colour ? COLOURS[at] : "", STR_ARG(level), colour ? "\x1b[0m" : "",
           STR_ARG(member(f, "about")), STR_ARG(print_clean(arena, member(f, "text"))));
  }
}

static bool any_error(const Value *findings) {
  for (size_t i = 0; i < findings->size; i++)
    if (str_equal_c(member(value_at(findings, i), "level"), "error")) return true;
  return false;
}

int command_doctor(int argc, char **argv) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  char **words = operate_short_output(arena, argc, argv);
  Options *o = NULL;
  Error err = {0};
  Value findings = value_null();
  int code = EXIT_DONE;
  bool running = false;
  if (!operate_begin(&DOCTOR, arena, argc, words, &o, &code)) return code;
  log_setup(LOG_TEXT, LOG_WARN);
  Str form = str_from_c(options_get(o, "output"));
  if (!str_equal_c(form, "text") && !str_equal_c(form, "json")) {
    fprintf(stderr, "tocsin doctor: --output \"%.*s\" is neither text nor json\n", STR_ARG(form));
    return EXIT_USAGE;
  }
  if (options_flag(o, "rotate-key") || options_flag(o, "forget-secrets")) return change_secrets(arena, o);
  if (!look(arena, o, &findings, &running, &err)) return operate_failed(&DOCTOR, &err);
  if (str_equal_c(form, "json"))
    print_value(arena, &findings, OUTPUT_JSON);
  else
    print_findings(arena, &findings, running);
  return any_error(&findings) ? EXIT_FAILED : EXIT_DONE;
}

/* tocsin init: the first organization (or a further one, apart from it), its owner, a default policy that pages the
 * owner, and the owner's API key. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "core/identity/password.h"
#include "core/server/first_organization.h"

const Option INIT_OPTIONS[] = {
    {"data", OPTION_TEXT, "DIR", "./tocsin-data", "the folder that holds everything"},
    {"db", OPTION_TEXT, "URL", NULL, "the database (default sqlite:DIR/tocsin.db), or postgresql://USER@HOST/NAME"},
    {"db-password-file", OPTION_TEXT, "FILE", NULL, "PostgreSQL's password"},
    {"organization", OPTION_TEXT, "NAME", NULL, "name of the organization"},
    {"time-zone", OPTION_TEXT, "ZONE", "UTC", "its time zone, such as Europe/Berlin"},
    {"email", OPTION_TEXT, "ADDRESS", NULL, "e-mail of the owner"},
    {"name", OPTION_TEXT, "NAME", NULL, "name of the owner"},
    {"secret-key-file", OPTION_TEXT, "FILE", NULL,
     "the key that seals secrets (default DIR/secret.key, made at first)"},
    {"password-file", OPTION_TEXT, "FILE", NULL, "the owner's password for the web page"},
    {"help", OPTION_FLAG, NULL, NULL, "this list"},
};
const size_t INIT_OPTION_COUNT = COUNT(INIT_OPTIONS);

/* The first line of the file, without its end. */
static bool read_password(Arena *arena, const char *path, InitWork *work, Error *err) {
  char *text = arena_alloc(arena, PASSWORD_BYTES_MAX + 2);
  FILE *file = fopen(path, "re");
  if (!file) return fail(err, ERR_INVALID, "--password-file: cannot read %s: %s", path, strerror(errno));
  size_t got = fread(text, 1, PASSWORD_BYTES_MAX + 2, file);
  fclose(file);
  Str password = {text, got}, rest;
  (void)str_cut(password, '\n', &password, &rest);
  if (str_ends_with(password, S("\r"))) password.len--;
  return (password_check(password, str_from_c(work->email), str_from_c(work->name), err) ||
          error_prefix(err, "--password-file: ")) &&
         password_hash(arena, password, &work->password_hash, err);
}

static const char *key_path(const InitWork *work, const char *folder) {
  return str_to_c(work->arena, init_key_path(work->arena, folder, work->slug));
}

static bool run(const ServeOptions *serve, InitWork *work, Error *err) {
  App *app = NULL;
  if (!app_open(serve, &app, err)) return false;
  engine_start(app->engine);
  bool ok = engine_run(app->engine, init_organization, work, err) &&
            init_write_key_file(key_path(work, serve->data_folder), work->key, err);
  app_close(app);
  return ok;
}

/* Which option a wrong member came from. */
static const char *option_of(const Error *err) {
  static const char *const OPTIONS[][2] = {
      {"/name", ""}, {"/email", "--email: "}, {"/time_zone", "--time-zone: "}, {"/slug", "--organization: "}};
  for (size_t i = 0; i < COUNT(OPTIONS); i++)
    if (strcmp(err->pointer, OPTIONS[i][0]) == 0) return OPTIONS[i][1];
  return "";
}

int command_init(int argc, char **argv) {
  static const char *const NEEDED[] = {"organization", "email", "name"};
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Options *o = NULL;
  Error err = {0};
  bool ok = options_parse(arena, INIT_OPTIONS, COUNT(INIT_OPTIONS), argc, argv, 0, &o, &err);
  if (ok && options_flag(o, "help")) {
    Buf out = buf_new(arena, KIB(16));
    options_help(INIT_OPTIONS, COUNT(INIT_OPTIONS), &out);
    printf("tocsin init: an organization and its owner; again with another name, a further one\n\n%.*s",
           STR_ARG(buf_str(&out)));
    return EXIT_DONE;
  }
  for (size_t i = 0; ok && i < COUNT(NEEDED); i++)
    if (!options_get(o, NEEDED[i]))
      ok = fail(&err, ERR_INVALID, "--%s is missing; --help lists the options", NEEDED[i]);
  if (!ok) {
    fprintf(stderr, "tocsin init: %s\n", err.message);
    return EXIT_USAGE;
  }
  InitWork work = {.arena = arena,
                   .further = true,
                   .organization = options_get(o, "organization"),
                   .time_zone = options_get(o, "time-zone"),
                   .email = options_get(o, "email"),
                   .name = options_get(o, "name")};
  ServeOptions serve = {.data_folder = options_get(o, "data"),
                        .db_url = options_get(o, "db"),
                        .secret_key_file = options_get(o, "secret-key-file"),
                        .db_password_file = options_get(o, "db-password-file")};
  log_setup(LOG_TEXT, LOG_WARN);
  if (options_get(o, "password-file") && !read_password(arena, options_get(o, "password-file"), &work, &err)) {
    fprintf(stderr, "tocsin init: %s\n", err.message);
    return EXIT_USAGE;
  }
  if (!run(&serve, &work, &err)) {
    fprintf(stderr, "tocsin init: %s%s\n", option_of(&err), err.message);
    return err.pointer[0] ? EXIT_USAGE : EXIT_FAILED;
  }
  printf("organization \"%s\" is ready; the owner's API key is in %s\n", work.organization,
         key_path(&work, serve.data_folder));
  printf("%s can be paged by e-mail only, and only when serve is given --smtp-url; for ntfy or a webhook: %s create "
         "contact-methods\n\"%s doctor\" says whether a page would reach somebody\n",
         work.name, cli_program(), cli_program());
  return EXIT_DONE;
}

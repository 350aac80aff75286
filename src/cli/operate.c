/* See operate.h. */
#include "cli/operate.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "db/db.h"

bool operate_begin(const Operate *what, Arena *arena, int argc, char **argv, Options **out, int *out_code) {
  Error err = {0};
  bool ok = options_parse(arena, what->table, what->count, argc, argv, what->words_max, out, &err);
  if (ok && options_flag(*out, "help")) {
    Buf text = buf_new(arena, KIB(16));
    options_help(what->table, what->count, &text);
    printf("tocsin %s\n\n%s\n\n%.*s", what->usage, what->doc, STR_ARG(buf_str(&text)));
    return *out_code = EXIT_DONE, false;
  }
  if (ok && options_positional_count(*out) < what->words_min)
    ok = fail(&err, ERR_INVALID, "a word is missing: tocsin %s", what->usage);
  if (ok) return true;
  fprintf(stderr, "tocsin %s: %s\n", what->name, err.message);
  return *out_code = EXIT_USAGE, false;
}

bool operate_database(Arena *arena, const Options *o, const char **out_url, Error *err) {
  const char *url = options_get(o, "db"), *file = options_get(o, "db-password-file");
  Str own = str_format(arena, "sqlite:%s/tocsin.db", options_get(o, "data"));
  *out_url = NULL;
  if (url && file && !db_url_with_password(arena, url, file, &url, err)) return false;
  if (!url || str_equal_c(own, url)) return true;
  if (str_starts_with(str_from_c(url), S("sqlite:")))
    return fail(err, ERR_INVALID, "--db %s is not the file in the data folder; give the folder with --data", url);
  *out_url = url;
  return true;
}

char **operate_short_output(Arena *arena, int argc, char **argv) {
  static char long_name[] = "--output";
  char **words = ARENA_ARRAY(arena, char *, (size_t)argc + 1);
  for (int i = 0; i < argc; i++) words[i] = strcmp(argv[i], "-o") == 0 ? long_name : argv[i];
  return words;
}

int operate_failed(const Operate *what, const Error *err) {
  operate_progress_end();
  fprintf(stderr, "tocsin %s: %s\n", what->name, err->message);
  return err->code == ERR_CONFLICT || err->code == ERR_FORBIDDEN ? EXIT_REFUSED : EXIT_FAILED;
}

void operate_progress(const char *what, i64 done, i64 total) {
  if (!isatty(STDERR_FILENO) || total <= 0) return;
  enum { WIDTH = 30 };
  int full = (int)(MIN(done, total) * WIDTH / total);
  fprintf(stderr, "\r%-10s [%.*s%*s] %3lld%%", what, full, "##############################", WIDTH - full, "",
          (long long)(MIN(done, total) * 100 / total));
  fflush(stderr);
}

void operate_progress_end(void) {
  if (isatty(STDERR_FILENO)) fprintf(stderr, "\r%60s\r", "");
}

Str operate_bytes(Arena *arena, i64 bytes) {
  static const char *const UNITS[] = {"B", "kB", "MB", "GB", "TB"};
  double number = (double)bytes;
  size_t unit = 0;
  while (number >= 1000 && unit + 1 < COUNT(UNITS)) {
    number /= 1000;
    unit++;
  }
  return str_format(arena, unit == 0 ? "%.0f %s" : "%.1f %s", number, UNITS[unit]);
}

/* What the operator's commands share: options, help, the last line of an error, progress. */
#ifndef TOCSIN_CLI_OPERATE_H
#define TOCSIN_CLI_OPERATE_H

#include "base/options.h"
#include "cli/cli.h"
#include "lang/value.h"

typedef struct Operate {
  const char *name, *usage, *doc; /* "backup", "backup FILE [--data DIR]", one sentence */
  const Option *table;
  size_t count, words_min, words_max;
} Operate;

/* Reads the arguments. False: the command ends with *out_code (help was printed, or what is wrong). */
bool operate_begin(const Operate *what, Arena *arena, int argc, char **argv, Options **out, int *out_code);
/* --db with the password of --db-password-file; *out_url NULL: the file in the data folder. */
#define OPERATE_DB_OPTIONS                                                                                             \
  {"db", OPTION_TEXT, "URL", NULL, "the database (default sqlite:DIR/tocsin.db)"}, {                                   \
    "db-password-file", OPTION_TEXT, "FILE", NULL, "PostgreSQL's password"                                             \
  }
MUST_CHECK bool operate_database(Arena *arena, const Options *o, const char **out_url, Error *err);
/* The words with "-o" spelt out. */
char **operate_short_output(Arena *arena, int argc, char **argv);
/* "tocsin NAME: sentence" on standard error; the exit code that fits it. */
int operate_failed(const Operate *what, const Error *err);
/* A line of progress on standard error, when that is a terminal; done: leaves the line. */
void operate_progress(const char *what, i64 done, i64 total);
void operate_progress_end(void);
/* "12.3 MB" */
Str operate_bytes(Arena *arena, i64 bytes);

#endif

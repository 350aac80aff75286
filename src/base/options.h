/* Options: one table says name, default, form and help; values come from the command line, else TOCSIN_X, else the
 * configuration file, else the default. Unknown or malformed options are one clear sentence. */
#ifndef TOCSIN_BASE_OPTIONS_H
#define TOCSIN_BASE_OPTIONS_H

#include "base/buf.h"
#include "base/error.h"
#include "base/map.h"

typedef enum OptionForm { OPTION_TEXT, OPTION_FLAG, OPTION_NUMBER } OptionForm;

typedef struct Option {
  const char *name; /* "public-url": --public-url, TOCSIN_PUBLIC_URL, public_url in the file */
  OptionForm form;
  const char *value; /* word for the help text: "URL"; NULL for flags */
  const char *def;   /* NULL: none */
  const char *doc;
} Option;

typedef struct Options Options;

/* Reads argv (without the command's name). What does not begin with "--" is positional (at most `positional_max`).
 * `file` (name with underscores -> char *) may be NULL. */
MUST_CHECK bool options_parse(Arena *arena, const Option *table, size_t count, int argc, char **argv,
                              size_t positional_max, Options **out, Error *err);
/* Values of a configuration file: asked last before defaults. Unknown keys fail. */
MUST_CHECK bool options_add_file(Options *options, const Map *values, const char *file_name, Error *err);
const char *options_get(const Options *options, const char *name); /* NULL when unset and without default */
bool options_flag(const Options *options, const char *name);
i64 options_number(const Options *options, const char *name);
bool options_given(const Options *options, const char *name); /* set anywhere but by default */
size_t options_positional_count(const Options *options);
const char *options_positional(const Options *options, size_t i);
void options_help(const Option *table, size_t count, Buf *out);

#endif

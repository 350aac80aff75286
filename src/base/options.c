/* Options: all sources are folded into one value per option as they are read; a source that comes later never replaces
 * one that came before, so the order of reading is the order of precedence. */
#include "base/options.h"

#include <stdlib.h>
#include <string.h>

#include "base/spelling.h"

enum { HELP_COLUMN = 30, HELP_WIDTH = 110 };

struct Options {
  Arena *arena;
  const Option *table;
  size_t count;
  const char **values; /* as in the table; NULL when not given */
  VEC(const char *) positional;
};

typedef struct Flag {
  const char *word;
  bool value;
} Flag;

static const Flag FLAG_WORDS[] = {
    {"true", true},   {"1", true},  {"yes", true}, {"on", true},
    {"false", false}, {"0", false}, {"no", false}, {"off", false},
};

static const Flag *flag_find(const char *word) {
  for (size_t i = 0; i < COUNT(FLAG_WORDS); i++)
    if (str_equal_nocase(str_from_c(word), str_from_c(FLAG_WORDS[i].word))) return &FLAG_WORDS[i];
  return NULL;
}

static bool read_number(const char *text, i64 *out) {
  return str_to_i64(str_from_c(text), INT64_MIN, INT64_MAX, out);
}

static size_t option_find(const Option *table, size_t count, Str name) {
  for (size_t i = 0; i < count; i++)
    if (str_equal_c(name, table[i].name)) return i;
  return SIZE_MAX;
}

/* Empty when nothing is near. */
static Str nearest_name(const Option *table, size_t count, Str name) {
  Spelling near = spelling_of(name);
  for (size_t i = 0; i < count; i++) spelling_try(&near, str_from_c(table[i].name));
  return near.word;
}

static bool fail_unknown(const Option *table, size_t count, Str name, Error *err) {
  Str nearest = nearest_name(table, count, name);
  if (nearest.len)
    return fail(err, ERR_INVALID, "unknown option --%.*s; did you mean --%.*s?", STR_ARG(name), STR_ARG(nearest));
  return fail(err, ERR_INVALID, "unknown option --%.*s; --help lists the options", STR_ARG(name));
}

/* `source` is how the person knows the option: "--port", "TOCSIN_PORT", "tocsin.yaml: port". */
static bool check_value(const Option *option, const char *value, const char *source, Error *err) {
  i64 number;
  if (option->form == OPTION_NUMBER && !read_number(value, &number))
    return fail(err, ERR_INVALID, "%s takes a whole number, not \"%s\"", source, value);
  if (option->form == OPTION_FLAG && !flag_find(value))
    return fail(err, ERR_INVALID, "%s is on or off; write true or false, not \"%s\"", source, value);
  return true;
}

static const char *value_word(const Option *option) {
  if (option->value) return option->value;
  return option->form == OPTION_NUMBER ? "NUMBER" : "TEXT";
}

/* The word after the option. One that looks like an option is a value forgotten, unless it is written with '='. */
static const char *next_word(int argc, char **argv, int *i) {
  if (*i + 1 >= argc || strncmp(argv[*i + 1], "--", 2) == 0) return NULL;
  return argv[++*i];
}

/* The last of several wins: wrappers put their own first. */
static bool read_option(Options *options, int argc, char **argv, int *i, Error *err) {
  Str name, value;
  bool joined = str_cut(str_from_c(argv[*i] + 2), '=', &name, &value);
  size_t at = option_find(options->table, options->count, name);
  if (at == SIZE_MAX) return fail_unknown(options->table, options->count, name, err);
  const Option *option = &options->table[at];
  const char *text = joined                        ? value.ptr /* ends with the word */
                     : option->form == OPTION_FLAG ? "true"
                                                   : next_word(argc, argv, i);
  if (!text)
    return fail(err, ERR_INVALID, "--%s needs a value: --%s=%s", option->name, option->name, value_word(option));
  options->values[at] = text;
  return check_value(option, text, str_format(options->arena, "--%s", option->name).ptr, err);
}

static bool read_arguments(Options *options, int argc, char **argv, size_t positional_max, Error *err) {
  bool options_end = false;
  for (int i = 0; i < argc; i++) {
    bool is_option = !options_end && strncmp(argv[i], "--", 2) == 0;
    if (is_option && argv[i][2] == '\0') {
      options_end = true;
    } else if (is_option) {
      if (!read_option(options, argc, argv, &i, err)) return false;
    } else if (options->positional.count < positional_max) {
      *VEC_PUSH(options->arena, &options->positional) = argv[i];
    } else {
      return fail(err, ERR_INVALID, "\"%s\" is one word too many; --help shows how the command is called", argv[i]);
    }
  }
  return true;
}

static char upper(char c) {
  return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

static const char *variable_name(Arena *arena, const char *name) {
  char *variable = str_to_c(arena, str_format(arena, "TOCSIN_%s", name));
  for (char *c = variable; *c; c++) *c = *c == '-' ? '_' : upper(*c);
  return variable;
}

/* A variable set to nothing counts as not set: that is how compose files leave one out. */
static bool read_environment(Options *options, Error *err) {
  for (size_t i = 0; i < options->count; i++) {
    const char *variable = variable_name(options->arena, options->table[i].name);
    const char *value = getenv(variable);
    if (options->values[i] || !value || !*value) continue;
    options->values[i] = str_to_c(options->arena, str_from_c(value));
    if (!check_value(&options->table[i], options->values[i], variable, err)) return false;
  }
  return true;
}

bool options_parse(Arena *arena, const Option *table, size_t count, int argc, char **argv, size_t positional_max,
                   Options **out, Error *err) {
  Options *options = ARENA_NEW(arena, Options);
  options->arena = arena;
  options->table = table;
  options->count = count;
  options->values = ARENA_ARRAY(arena, const char *, count);
  if (!read_arguments(options, argc, argv, positional_max, err)) return false;
  if (!read_environment(options, err)) return false;
  *out = options;
  return true;
}

static Str file_key_to_name(Arena *arena, Str key) {
  char *name = str_to_c(arena, key);
  for (size_t i = 0; i < key.len; i++)
    if (name[i] == '_') name[i] = '-';
  return (Str){name, key.len};
}

static bool fail_unknown_key(const Options *options, Str key, Str name, const char *file_name, Error *err) {
  Str nearest = nearest_name(options->table, options->count, name);
  fail(err, ERR_INVALID, "%s: unknown key \"%.*s\"", file_name, STR_ARG(key));
  if (!nearest.len || !err) return false;
  char *hint = str_to_c(options->arena, nearest);
  for (char *c = hint; *c; c++) *c = *c == '-' ? '_' : *c;
  return fail(err, ERR_INVALID, "%s; did you mean \"%s\"?", err->message, hint);
}

bool options_add_file(Options *options, const Map *values, const char *file_name, Error *err) {
  for (size_t i = 0; i < map_count(values); i++) {
    const MapEntry *entry = map_at(values, i);
    Str name = file_key_to_name(options->arena, entry->key);
    size_t at = option_find(options->table, options->count, name);
    if (at == SIZE_MAX) return fail_unknown_key(options, entry->key, name, file_name, err);
    if (!entry->value) continue;
    const char *source = str_format(options->arena, "%s: %.*s", file_name, STR_ARG(entry->key)).ptr;
    if (!check_value(&options->table[at], entry->value, source, err)) return false;
    if (!options->values[at]) options->values[at] = entry->value;
  }
  return true;
}

static size_t option_index(const Options *options, const char *name) {
  size_t at = option_find(options->table, options->count, str_from_c(name));
  ASSERT(at != SIZE_MAX);
  return at;
}

const char *options_get(const Options *options, const char *name) {
  size_t at = option_index(options, name);
  return options->values[at] ? options->values[at] : options->table[at].def;
}

bool options_flag(const Options *options, const char *name) {
  const char *value = options_get(options, name);
  const Flag *flag = value ? flag_find(value) : NULL;
  return flag && flag->value;
}

i64 options_number(const Options *options, const char *name) {
  const char *value = options_get(options, name);
  i64 number = 0;
  bool ok = !value || read_number(value, &number);
  ASSERT(ok); /* checked when it was read; defaults are ours */
  return number;
}

bool options_given(const Options *options, const char *name) {
  return options->values[option_index(options, name)] != NULL;
}

size_t options_positional_count(const Options *options) {
  return options->positional.count;
}

const char *options_positional(const Options *options, size_t i) {
  return i < options->positional.count ? options->positional.items[i] : NULL;
}

/* Words of `text` in lines of HELP_WIDTH, each but the first behind HELP_COLUMN. */
static void wrap(Buf *out, size_t column, Str text) {
  Str word;
  for (bool more = text.len > 0, first = true; more; first = false) {
    more = str_cut(text, ' ', &word, &text);
    size_t size = utf8_count(word) + !first;
    if (!first && column + size > HELP_WIDTH) {
      buf_format(out, "\n%*s", HELP_COLUMN, "");
      column = HELP_COLUMN + size - 1;
    } else {
      if (!first) buf_putc(out, ' ');
      column += size;
    }
    buf_put(out, word);
  }
}

void options_help(const Option *table, size_t count, Buf *out) {
  for (size_t i = 0; i < count; i++) {
    size_t start = out->len;
    buf_format(out, "  --%s", table[i].name);
    if (table[i].form != OPTION_FLAG) buf_format(out, " %s", value_word(&table[i]));
    size_t width = out->len - start;
    buf_format(out, "%*s", (int)(width < HELP_COLUMN ? HELP_COLUMN - width : 1), "");
    Str doc = str_from_c(table[i].doc);
    if (table[i].def) doc = str_format(out->arena, "%s (default: %s)", table[i].doc, table[i].def);
    wrap(out, MAX(width + 1, (size_t)HELP_COLUMN), doc);
    buf_putc(out, '\n');
  }
}

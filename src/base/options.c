/* Options: command line, environment, file, default, in this order. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"

struct Options {
  Arena *arena;
  const Option *table;
  size_t count;
  const char **values; /* by option; NULL unset */
  const char **positional;
  size_t positional_count;
};

static size_t find(const Option *table, size_t count, Str name) {
  for (size_t i = 0; i < count; i++)
    if (str_equal_c(name, table[i].name)) return i;
  return SIZE_MAX;
}

static size_t distance(Str a, Str b) {
  size_t row[64];
  if (a.len >= COUNT(row) || b.len >= COUNT(row)) return SIZE_MAX;
  for (size_t j = 0; j <= b.len; j++) row[j] = j;
  for (size_t i = 1; i <= a.len; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.len; j++) {
      size_t above = row[j], change = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);
      row[j] = MIN(change, MIN(above, row[j - 1]) + 1);
      diagonal = above;
    }
  }
  return row[b.len];
}

static bool unknown(const Option *table, size_t count, Str name, Error *err) {
  size_t best = 4, at = SIZE_MAX;
  for (size_t i = 0; i < count; i++) {
    size_t d = distance(name, str_from_c(table[i].name));
    if (d < best) {
      best = d;
      at = i;
    }
  }
  if (at == SIZE_MAX) return fail(err, ERR_INVALID, "unknown option --%.*s; --help lists the options", STR_ARG(name));
  return fail(err, ERR_INVALID, "unknown option --%.*s; did you mean --%s?", STR_ARG(name), table[at].name);
}

static bool check(const Option *option, const char *value, const char *from, Error *err) {
  i64 number = 0;
  if (option->form == OPTION_NUMBER && !str_to_i64(str_from_c(value), INT64_MIN, INT64_MAX, &number))
    return fail(err, ERR_INVALID, "%s: \"%s\" is not a whole number", from, value);
  bool flag = strcmp(value, "true") == 0 || strcmp(value, "false") == 0 || strcmp(value, "1") == 0 || strcmp(value, "0") == 0;
  if (option->form == OPTION_FLAG && !flag)
    return fail(err, ERR_INVALID, "%s: \"%s\" is neither true nor false", from, value);
  return true;
}

static bool read_argument(Options *o, int argc, char **argv, int *i, Error *err) {
  Str text = str_from_c(argv[*i] + 2), name = text, value = STR_NONE;
  bool inline_value = str_cut(text, '=', &name, &value);
  size_t at = find(o->table, o->count, name);
  if (at == SIZE_MAX) return unknown(o->table, o->count, name, err);
  const Option *option = &o->table[at];
  const char *given = inline_value ? str_to_c(o->arena, value) : NULL;
  if (!given && option->form == OPTION_FLAG) given = "true";
  if (!given) {
    if (*i + 1 >= argc) return fail(err, ERR_INVALID, "--%s needs a value (%s)", option->name, option->value ? option->value : "VALUE");
    given = argv[++*i];
  }
  o->values[at] = given;
  return check(option, given, str_to_c(o->arena, str_format(o->arena, "--%s", option->name)), err);
}

static bool read_environment(Options *o, Error *err) {
  for (size_t i = 0; i < o->count; i++) {
    if (o->values[i]) continue;
    char *name = str_to_c(o->arena, str_format(o->arena, "TOCSIN_%s", o->table[i].name));
    for (char *p = name; *p; p++) *p = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
    const char *value = getenv(name);
    if (!value || !*value) continue;
    o->values[i] = value;
    if (!check(&o->table[i], value, name, err)) return false;
  }
  return true;
}

bool options_parse(Arena *arena, const Option *table, size_t count, int argc, char **argv, size_t positional_max, Options **out,
                   Error *err) {
  Options *o = ARENA_NEW(arena, Options);
  *o = (Options){.arena = arena, .table = table, .count = count, .values = ARENA_ARRAY(arena, const char *, count + 1),
                 .positional = ARENA_ARRAY(arena, const char *, (size_t)argc + 1)};
  bool only_positional = false;
  for (int i = 0; i < argc; i++) {
    if (!only_positional && strcmp(argv[i], "--") == 0) {
      only_positional = true;
    } else if (!only_positional && strncmp(argv[i], "--", 2) == 0) {
      if (!read_argument(o, argc, argv, &i, err)) return false;
    } else if (o->positional_count >= positional_max) {
      return fail(err, ERR_INVALID, "\"%s\" is one word too many; --help shows how it is called", argv[i]);
    } else {
      o->positional[o->positional_count++] = argv[i];
    }
  }
  if (!read_environment(o, err)) return false;
  *out = o;
  return true;
}

bool options_add_file(Options *o, const Map *values, const char *file_name, Error *err) {
  for (size_t i = 0; i < map_count(values); i++) {
    const MapEntry *entry = map_at(values, i);
    char *name = str_to_c(o->arena, entry->key);
    for (char *p = name; *p; p++)
      if (*p == '_') *p = '-';
    size_t at = find(o->table, o->count, str_from_c(name));
    if (at == SIZE_MAX) {
      unknown(o->table, o->count, str_from_c(name), err);
      return error_prefix(err, "%s: ", file_name);
    }
    if (o->values[at]) continue;
    o->values[at] = entry->value;
    if (!check(&o->table[at], entry->value, name, err)) return error_prefix(err, "%s: ", file_name);
  }
  return true;
}

const char *options_get(const Options *o, const char *name) {
  size_t at = find(o->table, o->count, str_from_c(name));
  ASSERT(at != SIZE_MAX);
  return o->values[at] ? o->values[at] : o->table[at].def;
}

bool options_flag(const Options *o, const char *name) {
  const char *value = options_get(o, name);
  return value && (strcmp(value, "true") == 0 || strcmp(value, "1") == 0);
}

i64 options_number(const Options *o, const char *name) {
  const char *value = options_get(o, name);
  i64 number = 0;
  return value && str_to_i64(str_from_c(value), INT64_MIN, INT64_MAX, &number) ? number : 0;
}

bool options_given(const Options *o, const char *name) {
  size_t at = find(o->table, o->count, str_from_c(name));
  ASSERT(at != SIZE_MAX);
  return o->values[at] != NULL;
}

size_t options_positional_count(const Options *o) { return o->positional_count; }
const char *options_positional(const Options *o, size_t i) { return i < o->positional_count ? o->positional[i] : NULL; }

void options_help(const Option *table, size_t count, Buf *out) {
  for (size_t i = 0; i < count; i++) {
    size_t from = out->len;
    buf_format(out, "  --%s", table[i].name);
    if (table[i].form != OPTION_FLAG) buf_format(out, " %s", table[i].value ? table[i].value : "VALUE");
    while (out->len - from < 30) buf_putc(out, ' ');
    buf_format(out, " %s", table[i].doc);
    if (table[i].def) buf_format(out, " (default %s)", table[i].def);
    buf_putc(out, '\n');
  }
}

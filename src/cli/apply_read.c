/* Apply, first part: files into wanted things. A document is a map of kinds, each with a list of rows (or one row):
 *
 *   teams:
 *   - slug: payments
 *     name: Payments
 *
 * A YAML file may hold several documents, separated by lines "---". */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/apply.h"
#include "lang/json.h"
#include "lang/yaml.h"
#include "lang/yaml_lines.h"

enum { FILES_MAX = 1000, FOLDERS_DEEP_MAX = 8 };

typedef struct Document {
  const char *file;
  Str text;
  u32 line; /* where it begins */
} Document;

/* One row --------------------------------------------------------------------------------------------------------- */

static void put_wanted(Apply *a, const Resource *kind, const Value *map, const Place *place) {
  Thing here = {.kind = kind, .place = *place};
  if (!value_is(map, VALUE_MAP)) {
    apply_tell_wrong(a, &here, STR_NONE,
                     str_format(a->arena, "%s %s is a map of its members", str_article(kind->name), kind->name));
    return;
  }
  Str name = stock_name(a->stock, kind, map);
  if (name.len == 0) {
    const char *needs = kind->lookup ? kind->lookup : kind->has_slug ? "slug or a name" : "value for each of ";
    Buf list = buf_new(a->arena, 300);
    for (const char *const *part = kind->key; part && *part; part++)
      buf_format(&list, "%s%s", part == kind->key ? "" : ", ", *part);
    apply_tell_wrong(
        a, &here, STR_NONE,
        str_format(a->arena, "this %s has no name: it needs a %s%.*s", kind->name, needs, STR_ARG(buf_str(&list))));
    return;
  }
  Thing *thing = stock_find(a->stock, kind, name);
  if (!thing) thing = stock_add(a->stock, kind, name);
  if (thing->doc) {
    here.name = thing->name;
    apply_tell_wrong(
        a, &here, STR_NONE,
        str_format(a->arena, "%.*s stands in the files twice, also at %s:%u", STR_ARG(thing_label(a->arena, thing)),
                   thing->place.file,
                   thing->place.line + yaml_line_of(a->arena, thing->place.text, thing->place.pointer) - 1));
    return;
  }
  thing->doc = map;
  thing->place = *place;
  *VEC_PUSH(a->arena, &a->wanted) = thing;
}

/* Documents ------------------------------------------------------------------------------------------------------- */

static void read_kind(Apply *a, const Document *d, const Member *m) {
  const Resource *kind = NULL;
  Str key = value_text(&m->key);
  Place place = {d->file, d->text, d->line, str_format(a->arena, "/%.*s", STR_ARG(key))};
  Thing here = {.place = place};
  Error err = {0};
  if (!kind_find(key, &kind, &err)) {
    apply_tell_wrong(a, &here, STR_NONE, str_from_c(err.message));
  } else if (!kind->configured) {
    apply_tell_wrong(
        a, &here, STR_NONE,
        str_format(a->arena, "%s are not configured in files; they come about by themselves or by hand", kind->plural));
  } else if (m->value.kind != VALUE_LIST) {
    put_wanted(a, kind, &m->value, &place);
  } else {
    for (size_t i = 0; i < m->value.size; i++) {
      Place item = place;
      item.pointer = str_format(a->arena, "%.*s/%zu", STR_ARG(place.pointer), i);
      put_wanted(a, kind, value_at(&m->value, i), &item);
    }
  }
}

static bool parse(Arena *arena, const Document *d, Value *out, Error *err) {
  Str begin = str_trim(d->text);
  bool json = begin.len && begin.ptr[0] == '{';
  if (json ? json_parse(arena, d->text, NULL, out, err) : yaml_parse(arena, d->text, out, err)) return true;
  return error_prefix(err, d->line > 1 ? "%s, document at line %u: " : "%s: ", d->file, d->line);
}

static bool read_document(Apply *a, const Document *d, Error *err) {
  Value root = value_null();
  if (!parse(a->arena, d, &root, err)) return false;
  if (root.kind == VALUE_NULL) return true;
  if (root.kind != VALUE_MAP)
    return fail(err, ERR_INVALID, "%s:%u: a document is a map of kinds, such as \"teams:\" with a list below it",
                d->file, d->line);
  for (size_t i = 0; i < root.size; i++) read_kind(a, d, &root.members[i]);
  return true;
}

static bool is_separator(Str line) {
  return str_equal_c(str_trim(line), "---") || str_starts_with(line, S("--- "));
}

static bool read_text(Apply *a, const char *file, Str text, Error *err) {
  size_t begin = 0;
  u32 begin_line = 1, line = 1;
  for (size_t at = 0; at <= text.len; line++) {
    size_t end = str_find_char(text, '\n', at);
    if (end == SIZE_MAX) end = text.len;
    bool last = end == text.len;
    if (is_separator(str_slice(text, at, end)) || last) {
      Document d = {file, str_slice(text, begin, last && !is_separator(str_slice(text, at, end)) ? end : at),
                    begin_line};
      if (!read_document(a, &d, err)) return false;
      begin = MIN(end + 1, text.len);
      begin_line = line + 1;
    }
    at = end + 1;
  }
  return true;
}

/* Files and folders -------------------------------------------------------------------------------------------------
 */

typedef struct Files {
  Arena *arena;
  VEC(Str) paths;
} Files;

static bool is_document_file(Str name) {
  static const char *const ENDINGS[] = {".yaml", ".yml", ".json"};
  for (size_t i = 0; i < COUNT(ENDINGS); i++)
    if (str_ends_with(name, str_from_c(ENDINGS[i]))) return !str_starts_with(name, S("."));
  return false;
}

static bool find_files(Files *files, Str path, u32 depth, Error *err) {
  DIR *dir = opendir(path.ptr);
  bool ok = dir || fail(err, ERR_INVALID, "cannot read the folder %s: %s", path.ptr, strerror(errno));
  for (struct dirent *entry; ok && (entry = readdir(dir));) {
    Str name = str_from_c(entry->d_name), below = str_format(files->arena, "%.*s/%s", STR_ARG(path), entry->d_name);
    struct stat about;
    if (str_starts_with(name, S(".")) || stat(below.ptr, &about) != 0) continue;
    if (S_ISDIR(about.st_mode) && depth < FOLDERS_DEEP_MAX)
      ok = find_files(files, below, depth + 1, err);
    else if (S_ISREG(about.st_mode) && is_document_file(name))
      *VEC_PUSH(files->arena, &files->paths) = below;
    if (files->paths.count > FILES_MAX) ok = fail(err, ERR_INVALID, "%s holds more than %d files", path.ptr, FILES_MAX);
  }
  if (dir) closedir(dir);
  return ok;
}

static int by_name(const void *a, const void *b) {
  return str_compare(*(const Str *)a, *(const Str *)b);
}

static bool read_file(Apply *a, const char *path, Error *err) {
  Str text = STR_NONE;
  if (!verb_read_file(a->arena, path, &text, err)) return false;
  return read_text(a, strcmp(path, "-") == 0 ? "standard input" : path, text, err);
}

bool apply_read(Apply *a, const char *path, Error *err) {
  struct stat about;
  Files files = {.arena = a->arena};
  if (strcmp(path, "-") == 0 || stat(path, &about) != 0 || !S_ISDIR(about.st_mode)) return read_file(a, path, err);
  if (!find_files(&files, str_from_c(path), 0, err)) return false;
  if (files.paths.count == 0)
    return fail(err, ERR_INVALID, "%s holds no file that ends with .yaml, .yml or .json", path);
  qsort(files.paths.items, files.paths.count, sizeof(Str), by_name);
  for (size_t i = 0; i < files.paths.count; i++)
    if (!read_file(a, files.paths.items[i].ptr, err)) return false;
  return true;
}

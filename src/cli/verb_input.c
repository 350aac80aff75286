/* What people give to a verb: files, lengths of time, moments, pairs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/verb.h"
#include "lang/json.h"
#include "lang/time.h"
#include "lang/yaml.h"

enum { FILE_BYTES_MAX = 32 * 1024 * 1024 };

bool verb_read_file(Arena *arena, const char *path, Str *out, Error *err) {
  bool standard = strcmp(path, "-") == 0;
  FILE *file = standard ? stdin : fopen(path, "re");
  if (!file) return fail(err, ERR_INVALID, "cannot read %s: %s", path, strerror(errno));
  Buf text = buf_new(arena, FILE_BYTES_MAX);
  char part[16384];
  for (size_t got; (got = fread(part, 1, sizeof part, file)) > 0;) buf_put(&text, (Str){part, got});
  bool broken = ferror(file) != 0;
  if (!standard) fclose(file);
  if (broken) return fail(err, ERR_INVALID, "cannot read %s: %s", path, strerror(errno));
  if (text.overflow) return fail(err, ERR_TOO_LARGE, "%s has more than 32 MiB", path);
  *out = buf_str(&text);
  return true;
}

bool verb_read_value(Arena *arena, const char *path, Value *out, Error *err) {
  Str text = STR_NONE;
  if (!verb_read_file(arena, path, &text, err)) return false;
  Str begin = str_trim(text);
  bool json = begin.len && (begin.ptr[0] == '{' || begin.ptr[0] == '[');
  bool ok = json ? json_parse(arena, text, NULL, out, err) : yaml_parse(arena, text, out, err);
  return ok || error_prefix(err, "%s: ", path);
}

bool verb_seconds(Str text, i64 *out) {
  static const struct {
    char unit;
    i64 seconds;
  } UNITS[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
  i64 number = 0;
  for (size_t i = 0; text.len && i < COUNT(UNITS); i++)
    if (text.ptr[text.len - 1] == UNITS[i].unit && str_to_i64(str_slice(text, 0, text.len - 1), 1, 100000, &number))
      return *out = number * UNITS[i].seconds, true;
  return false;
}

bool verb_time(Arena *arena, Str text, int direction, Str *out, Error *err) {
  i64 seconds = 0, ms = 0;
  if (str_equal_c(text, "now"))
    *out = time_text_ms(arena, clock_true_ms());
  else if (verb_seconds(text, &seconds))
    *out = time_text_ms(arena, clock_true_ms() + direction * seconds * 1000);
  else if (time_parse_ms(text, &ms))
    *out = text;
  else
    return fail(
        err, ERR_INVALID,
        "\"%.*s\" is no time; write 2026-01-05T18:00:00Z, with a zone as 2026-01-05T18:00:00+01:00, or a length "
        "%s such as 30m, 8h, 2d",
        STR_ARG(text), direction > 0 ? "from now" : "ago");
  return true;
}

bool verb_pair(Str text, const char *option, Str *out_name, Str *out_value, Error *err) {
  return (str_cut(text, '=', out_name, out_value) && out_name->len > 0) ||
         fail(err, ERR_INVALID, "--%s wants NAME=VALUE, not \"%.*s\"", option, STR_ARG(text));
}

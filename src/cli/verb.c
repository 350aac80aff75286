/* Verb: the frame around every client verb. */
#include "cli/verb.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include "lang/json.h"
#include "lang/yaml.h"

enum { HELP_BYTES_MAX = 64 * 1024, OWN_OPTIONS_MAX = 24, FILE_BYTES_MAX = 32 * 1024 * 1024 };

static const Option COMMON[] = {
    {"data", OPTION_TEXT, "DIR", NULL, "data folder of a server on this machine: its key and its address"},
    {"url", OPTION_TEXT, "URL", NULL, "the server, when not --data; its key is TOCSIN_KEY"},
    {"output", OPTION_TEXT, "FORM", "table", "table, json or yaml; also -o"},
    {"quiet", OPTION_FLAG, NULL, NULL, "only what was asked for"},
    {"help", OPTION_FLAG, NULL, NULL, "this list"},
};

int verb_usage(const char *format, ...) {
  va_list args;
  va_start(args, format);
  fprintf(stderr, "tocsin: ");
  vfprintf(stderr, format, args);
  fprintf(stderr, "\n");
  va_end(args);
  return EXIT_USAGE;
}

void verb_say(const Verb *verb, const char *format, ...) {
  va_list args;
  if (verb->quiet) return;
  va_start(args, format);
  Str text = print_clean(verb->arena, str_vformat(verb->arena, format, args));
  va_end(args);
  printf("%.*s\n", STR_ARG(text));
}

bool verb_printed(const Verb *verb, const Value *answer) {
  if (verb->output == OUTPUT_TABLE) return false;
  print_value(verb->arena, answer, verb->output);
  return true;
}

void verb_put(const Verb *verb, MapBuilder *body, const char *option, const char *member) {
  const char *text = options_get(verb->options, option);
  if (text) map_put_c(body, member, value_c(text));
}

/* Files --------------------------------------------------------------------------------------------------------------
 */

bool verb_read_file(const Verb *verb, const char *path, Str *out, Error *err) {
  bool standard = strcmp(path, "-") == 0;
  FILE *file = standard ? stdin : fopen(path, "re");
  if (!file) return fail(err, ERR_INVALID, "cannot read %s: %s", path, strerror(errno));
  Buf text = buf_new(verb->arena, FILE_BYTES_MAX);
  char part[16384];
  for (size_t got; (got = fread(part, 1, sizeof part, file)) > 0;) buf_put(&text, (Str){part, got});
  bool broken = ferror(file) != 0;
  if (!standard) fclose(file);
  if (broken) return fail(err, ERR_INVALID, "cannot read %s: %s", path, strerror(errno));
  if (text.overflow) return fail(err, ERR_TOO_LARGE, "%s has more than 32 MiB", path);
  *out = buf_str(&text);
  return true;
}

bool verb_read_value(const Verb *verb, const char *path, Value *out, Error *err) {
  Str text = STR_NONE;
  if (!verb_read_file(verb, path, &text, err)) return false;
  Str begin = str_trim(text);
  bool json = begin.len && (begin.ptr[0] == '{' || begin.ptr[0] == '[');
  bool ok = json ? json_parse(verb->arena, text, NULL, out, err) : yaml_parse(verb->arena, text, out, err);
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

/* Words and options --------------------------------------------------------------------------------------------------
 */

/* base/options.h knows long options only, and each once: -o and -f are spelt out here, and what may come often is taken
 * out. "--key" becomes "--integration-key", because the environment's TOCSIN_KEY is the API key and must never be sent
 * as an integration's. */
typedef struct Words {
  char **items;
  int count;
} Words;

static const char *spelt_out(Arena *arena, const char *word) {
  static const struct {
    const char *is, *means;
  } SHORT[] = {
      {"-o", "--output"}, {"-f", "--file"}, {"-q", "--quiet"}, {"-h", "--help"}, {"--key", "--integration-key"}};
  for (size_t i = 0; i < COUNT(SHORT); i++) {
    size_t len = strlen(SHORT[i].is);
    if (strncmp(word, SHORT[i].is, len) != 0) continue;
    if (word[len] == '\0') return SHORT[i].means;
    if (word[len] == '=') return str_format(arena, "%s%s", SHORT[i].means, word + len).ptr;
  }
  return word;
}

static bool take_pair(Verb *verb, const char *option, const char *text, Error *err) {
  Pair pair = {STR_NONE, STR_NONE};
  if (!text || !str_cut(str_from_c(text), '=', &pair.name, &pair.value) || pair.name.len == 0)
    return fail(err, ERR_INVALID, "--%s wants NAME=VALUE, not \"%s\"", option, text ? text : "");
  if (verb->pair_count == VERB_PAIRS_MAX)
    return fail(err, ERR_INVALID, "--%s may come %d times", option, VERB_PAIRS_MAX);
  verb->pairs[verb->pair_count++] = pair;
  return true;
}

static bool sort_words(Verb *verb, const VerbSpec *spec, int argc, char **argv, Words *out, Error *err) {
  const char *often = spec->pairs_option ? str_format(verb->arena, "--%s", spec->pairs_option).ptr : NULL;
  size_t often_len = often ? strlen(often) : 0;
  bool words_only = false;
  out->items = ARENA_ARRAY(verb->arena, char *, (size_t)argc + 1);
  for (int i = 0; i < argc; i++) {
    words_only = words_only || strcmp(argv[i], "--") == 0;
    bool mine = often && !words_only && strncmp(argv[i], often, often_len) == 0;
    if (mine && argv[i][often_len] == '=') {
      if (!take_pair(verb, spec->pairs_option, argv[i] + often_len + 1, err)) return false;
    } else if (mine && argv[i][often_len] == '\0') {
      if (!take_pair(verb, spec->pairs_option, ++i < argc ? argv[i] : NULL, err)) return false;
    } else {
      const char *word = words_only ? argv[i] : spelt_out(verb->arena, argv[i]);
      out->items[out->count++] = str_to_c(verb->arena, str_from_c(word));
    }
  }
  return true;
}

static size_t join_options(const VerbSpec *spec, Option out[OWN_OPTIONS_MAX]) {
  size_t count = 0;
  ASSERT(spec->option_count + COUNT(COMMON) <= OWN_OPTIONS_MAX);
  for (size_t i = 0; i < spec->option_count; i++) out[count++] = spec->options[i];
  for (size_t i = 0; i < COUNT(COMMON); i++) out[count++] = COMMON[i];
  return count;
}

static void help(Arena *arena, const VerbSpec *spec, const Option *options, size_t count) {
  Buf text = buf_new(arena, HELP_BYTES_MAX);
  options_help(options, count, &text);
  printf("tocsin %s\n\n%s\n\n%.*s", spec->usage, spec->doc, STR_ARG(buf_str(&text)));
}

static bool check_words(const Verb *verb, const VerbSpec *spec, Error *err) {
  size_t count = options_positional_count(verb->options);
  return count >= spec->words_min ||
         fail(err, ERR_INVALID, "too few words; it is called as \"tocsin %s\"", spec->usage);
}

static bool prepare(Verb *verb, const VerbSpec *spec, Error *err) {
  const Options *o = verb->options;
  ClientOptions where = {options_get(o, "data"), options_get(o, "url"), spec->keyless};
  Str form = str_from_c(options_get(o, "output"));
  verb->quiet = options_flag(o, "quiet");
  verb->screen = screen_of();
  if (!output_form_parse(form, &verb->output))
    return fail(err, ERR_INVALID, "--output \"%.*s\" is not table, json or yaml", STR_ARG(form));
  return check_words(verb, spec, err) && client_open(verb->arena, &where, &verb->client, err);
}

int verb_main(const VerbSpec *spec, int argc, char **argv) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Verb *verb = ARENA_NEW(arena, Verb);
  Option options[OWN_OPTIONS_MAX];
  size_t count = join_options(spec, options);
  Words words = {0};
  Error err = {0};
  verb->spec = spec;
  verb->arena = arena;
  bool ok = sort_words(verb, spec, argc, argv, &words, &err) &&
            options_parse(arena, options, count, words.count, words.items, spec->words_max, &verb->options, &err);
  if (ok && options_flag(verb->options, "help")) return help(arena, spec, options, count), EXIT_DONE;
  if (!ok || !prepare(verb, spec, &err)) return verb_usage("%s", err.message);
  return spec->run(verb);
}

static void group_help(FILE *out, const VerbSpec *specs) {
  for (const VerbSpec *spec = specs; spec->name; spec++) fprintf(out, "  tocsin %-58s %s\n", spec->usage, spec->doc);
}

int verb_group(const char *group, const VerbSpec *specs, int argc, char **argv) {
  const char *word = argc ? argv[0] : "";
  for (const VerbSpec *spec = specs; spec->name; spec++)
    if (strcmp(spec->name, word) == 0) return verb_main(spec, argc - 1, argv + 1);
  if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
    return group_help(stdout, specs), EXIT_DONE;
  fprintf(stderr, argc ? "tocsin: %s has no verb \"%s\"; there are:\n" : "tocsin: %s what? There are:\n", group, word);
  group_help(stderr, specs);
  return EXIT_USAGE;
}

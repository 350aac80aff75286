/* Verb: the frame around every client verb. */
#include "cli/verb.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/kinds.h"
#include "cli/many.h"

enum { HELP_BYTES_MAX = 64 * 1024, OPTIONS_MAX = 32 };

const Option VERB_COMMON[] = {
    {"data", OPTION_TEXT, "DIR", NULL, "data folder of a server on this machine: its key and its address"},
    {"url", OPTION_TEXT, "URL", NULL, "the server, when not --data; its key is TOCSIN_KEY"},
    {"output", OPTION_TEXT, "FORM", "table", "table, wide, json, yaml or name; also -o"},
    {"quiet", OPTION_FLAG, NULL, NULL, "only what was asked for; also -q"},
    {"help", OPTION_FLAG, NULL, NULL, "this list; also -h"},
};
const size_t VERB_COMMON_COUNT = COUNT(VERB_COMMON);

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
  if (verb->output == OUTPUT_TABLE || verb->output == OUTPUT_WIDE) return false;
  print_value(verb->arena, answer, verb->output);
  return true;
}

/* A second acknowledgement changes nothing and answers who was first: that is news for whoever is not. */
static bool say_first(const Verb *verb, const Value *row) {
  const Value *by = value_get_c(row, "acknowledged_by");
  Str at = verb_text_of(row, "acknowledged_at"), id = verb_text_of(by, "id"), title = verb_text_of(row, "title");
  Value me = value_null();
  if (strcmp(verb->spec->done, "acknowledged") != 0 || !value_is(by, VALUE_MAP) || id.len == 0) return false;
  if (!client_try(verb->client, S("/api/v1/me"), &me)) return false;
  const char *names = verb_text_of(&me, "id").len ? "id" : "name"; /* a service's key has no id there */
  if (str_equal(verb_text_of(&me, names), verb_text_of(by, names))) return false;
  verb_say(verb, "%.*s already acknowledged by %.*s at %.*s%s%.*s", STR_ARG(kind_label(row)),
           STR_ARG(verb_text_of(by, "name")), STR_ARG(at), title.len ? ": " : "", STR_ARG(title));
  return true;
}

void verb_say_done(const Verb *verb, const Value *row) {
  if (verb_printed(verb, row) || verb->quiet || say_first(verb, row)) return;
  Str title = verb_text_of(row, "title");
  verb_say(verb, "%.*s %s%s%.*s", STR_ARG(kind_label(row)), verb->spec->done, title.len ? ": " : "", STR_ARG(title));
}

/* The body ------------------------------------------------------------------------------------------------------------
 */

static const char *part_text(const Verb *verb, const BodyPart *part) {
  i64 place = 0;
  if (strcmp(part->source, "@last") == 0) return verb_word(verb, verb_word_count(verb) - 1);
  if (part->source[0] == '@' && str_to_i64(str_from_c(part->source + 1), 0, VERB_WORDS_MAX, &place))
    return verb_word(verb, (size_t)place);
  return options_get(verb->options, part->source);
}

static Value repeated_list(const Verb *verb) {
  ValueVec items = {0};
  for (size_t i = 0; i < verb->repeated_count; i++) *VEC_PUSH(verb->arena, &items) = value_string(verb->repeated[i]);
  return list_done(&items);
}

static bool repeated_map(const Verb *verb, const char *option, Value *out, Error *err) {
  MapBuilder map = map_builder(verb->arena);
  for (size_t i = 0; i < verb->repeated_count; i++) {
    Str name, value;
    if (!verb_pair(verb->repeated[i], option, &name, &value, err)) return false;
    map_put(&map, name, value_string(value));
  }
  *out = map_done(&map);
  return true;
}

static bool part_value(const Verb *verb, const BodyPart *part, const char *text, Value *out, Error *err) {
  i64 number = 0;
  Str moment = STR_NONE;
  switch (part->form) {
  case PART_NUMBER:
    if (!str_to_i64(str_from_c(text), INT64_MIN, INT64_MAX, &number))
      return part->source[0] == '@' ? fail(err, ERR_INVALID, "%s \"%s\" is not a whole number; usage: tocsin %s",
                                           part->member, text, verb->spec->usage)
                                    : fail(err, ERR_INVALID, "--%s \"%s\" is not a whole number", part->source, text);
    *out = value_int(number);
    return true;
  case PART_SECONDS:
    if (!verb_seconds(str_from_c(text), &number))
      return fail(err, ERR_INVALID, "--%s \"%s\" is not a length of time such as 90s, 30m, 2h or 1d", part->source,
                  text);
    *out = value_int(number);
    return true;
  case PART_TIME:
    if (!verb_time(verb->arena, str_from_c(text), 1, &moment, err)) return error_prefix(err, "--%s: ", part->source);
    *out = value_string(moment);
    return true;
  case PART_YES: *out = value_bool(true); return true;
  default: *out = value_c(text); return true;
  }
}

static bool fail_missing(const Verb *verb, const BodyPart *part, Error *err) {
  if (part->other)
    return fail(err, ERR_INVALID, "give either --%s or --%s; it is called as \"tocsin %s\"", part->source, part->other,
                verb->spec->usage);
  return fail(err, ERR_INVALID, "--%s is missing; it is called as \"tocsin %s\"", part->source, verb->spec->usage);
}

static bool put_part(const Verb *verb, const BodyPart *part, MapBuilder *body, Error *err) {
  Value value = value_null();
  if (part->form == PART_LIST || part->form == PART_PAIRS) {
    if (verb->repeated_count == 0) return !part->required || fail_missing(verb, part, err);
    if (part->form == PART_LIST)
      value = repeated_list(verb);
    else if (!repeated_map(verb, part->source, &value, err))
      return false;
    return map_put_c(body, part->member, value), true;
  }
  const char *text = part_text(verb, part);
  bool there = text && (part->form != PART_YES || options_flag(verb->options, part->source));
  bool other = part->other && options_get(verb->options, part->other);
  if (part->other && there == other && (there || part->required)) return fail_missing(verb, part, err);
  if (!there) return !part->required || other || fail_missing(verb, part, err);
  if (!part_value(verb, part, text, &value, err)) return false;
  map_put_c(body, part->member, value);
  return true;
}

bool verb_body(const Verb *verb, Value *out, Error *err) {
  MapBuilder body = map_builder(verb->arena);
  for (const BodyPart *part = verb->spec->body; part && part->source; part++)
    if (!put_part(verb, part, &body, err)) return false;
  *out = map_done(&body);
  return true;
}

/* The call ------------------------------------------------------------------------------------------------------------
 */

/* Words that the body takes are not subjects. */
static size_t subject_count(const Verb *verb) {
  size_t count = verb_word_count(verb);
  i64 place = 0;
  for (const BodyPart *part = verb->spec->body; part && part->source; part++) {
    if (strcmp(part->source, "@last") == 0) return count - 1;
    if (part->source[0] == '@' && str_to_i64(str_from_c(part->source + 1), 0, VERB_WORDS_MAX, &place))
      count = MIN(count, (size_t)place);
  }
  return count;
}

static Str call_path(const Verb *verb, const char *word) {
  Str path = str_from_c(verb->spec->path);
  size_t hole = str_find(path, S("{}"), 0);
  if (hole == SIZE_MAX) return str_format(verb->arena, "/api/v1/%.*s", STR_ARG(path));
  return str_format(verb->arena, "/api/v1/%.*s%.*s%.*s", STR_ARG(str_slice(path, 0, hole)),
                    STR_ARG(client_escape(verb->arena, str_from_c(word))),
                    STR_ARG(str_slice(path, hole + 2, path.len)));
}

/* "alerts/{}/acknowledge" without the hole. */
static Str many_path(const Verb *verb) {
  Str path = str_from_c(verb->spec->path);
  size_t hole = str_find(path, S("{}/"), 0);
  return str_format(verb->arena, "%.*s%.*s", STR_ARG(str_slice(path, 0, hole)),
                    STR_ARG(str_slice(path, hole + 3, path.len)));
}

int verb_call(Verb *verb) {
  bool each = str_find(str_from_c(verb->spec->path), S("{}"), 0) != SIZE_MAX;
  size_t count = each ? subject_count(verb) : 1;
  const char *method = verb->spec->method ? verb->spec->method : "POST";
  Value body = value_null();
  Error err = {0};
  int first = EXIT_DONE;
  if (!verb_body(verb, &body, &err)) return verb_usage("%s", err.message);
  if (verb->spec->many && many_wanted(verb, count)) return many_call(verb, many_path(verb), &body, 0, count);
  Progress progress = progress_start(verb->spec->done, count, verb->quiet);
  for (size_t i = 0; i < count; i++) {
    Value row = value_null();
    int code = client_call(verb->client, method, call_path(verb, each ? verb_word(verb, i) : NULL), &body, &row);
    if (code == EXIT_DONE) verb_say_done(verb, &row);
    if (first == EXIT_DONE) first = code;
    progress_step(&progress);
  }
  progress_end(&progress);
  return first;
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

static Str spelt_out(Arena *arena, const char *word) {
  static const struct {
    const char *is, *means;
  } SHORT[] = {
      {"-o", "--output"}, {"-f", "--file"}, {"-q", "--quiet"}, {"-h", "--help"}, {"--key", "--integration-key"}};
  for (size_t i = 0; i < COUNT(SHORT); i++) {
    size_t len = strlen(SHORT[i].is);
    if (strncmp(word, SHORT[i].is, len) != 0) continue;
    if (word[len] == '\0') return str_from_c(SHORT[i].means);
    if (word[len] == '=') return str_format(arena, "%s%s", SHORT[i].means, word + len);
  }
  return str_from_c(word);
}

static bool take_repeated(Verb *verb, const char *text, Error *err) {
  const char *option = verb->spec->repeated;
  if (!text) return fail(err, ERR_INVALID, "--%s needs a value", option);
  if (verb->repeated_count == VERB_REPEATED_MAX)
    return fail(err, ERR_INVALID, "--%s may come %d times", option, VERB_REPEATED_MAX);
  verb->repeated[verb->repeated_count++] = str_from_c(text);
  return true;
}

static bool sort_words(Verb *verb, int argc, char **argv, Words *out, Error *err) {
  Arena *arena = verb->arena;
  Str often = verb->spec->repeated ? str_format(arena, "--%s", verb->spec->repeated) : S("--\n");
  bool words_only = false;
  out->items = ARENA_ARRAY(arena, char *, (size_t)argc + 1);
  for (int i = 0; i < argc; i++) {
    words_only = words_only || strcmp(argv[i], "--") == 0;
    Str word = words_only ? str_from_c(argv[i]) : spelt_out(arena, argv[i]), name = word, value = STR_NONE;
    bool joined = str_cut(word, '=', &name, &value);
    if (words_only || !str_equal(joined ? name : word, often))
      out->items[out->count++] = str_to_c(arena, word);
    else if (!take_repeated(verb, joined ? str_to_c(arena, value) : ++i < argc ? argv[i] : NULL, err))
      return false;
  }
  return true;
}

static size_t join_options(const VerbSpec *spec, Option out[OPTIONS_MAX]) {
  size_t count = 0;
  ASSERT(spec->option_count + VERB_COMMON_COUNT <= OPTIONS_MAX);
  for (size_t i = 0; i < spec->option_count; i++) out[count++] = spec->options[i];
  for (size_t i = 0; i < VERB_COMMON_COUNT; i++) out[count++] = VERB_COMMON[i];
  return count;
}

static void help(Arena *arena, const VerbSpec *spec, const Option *options, size_t count) {
  Buf text = buf_new(arena, HELP_BYTES_MAX);
  options_help(options, count, &text);
  printf("tocsin %s\n\n%s\n\n%.*s", spec->usage, spec->doc, STR_ARG(buf_str(&text)));
  if (strstr(spec->usage, "KIND"))
    printf("\n\"tocsin fields\" lists the kinds, \"tocsin fields KIND\" what one is made of.\n");
}

static bool check_words(const Verb *verb, const VerbSpec *spec, Error *err) {
  size_t wanted = spec->words_min - (spec->many && options_get(verb->options, "filter"));
  return verb_word_count(verb) >= wanted ||
         fail(err, ERR_INVALID, "too few words; it is called as \"tocsin %s\"", spec->usage);
}

bool verb_connect(Verb *verb, Error *err) {
  ClientOptions where = {options_get(verb->options, "data"), options_get(verb->options, "url"), verb->spec->keyless};
  return client_open(verb->arena, &where, &verb->client, err);
}

static bool prepare(Verb *verb, const VerbSpec *spec, Error *err) {
  const Options *o = verb->options;
  Str form = str_from_c(options_get(o, "output"));
  verb->quiet = options_flag(o, "quiet");
  verb->screen = screen_of();
  if (!output_form_parse(form, &verb->output))
    return fail(err, ERR_INVALID, "--output \"%.*s\" is not table, wide, json, yaml or name", STR_ARG(form));
  return check_words(verb, spec, err) && (spec->local || verb_connect(verb, err));
}

int verb_main(const VerbSpec *spec, int argc, char **argv) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Verb *verb = ARENA_NEW(arena, Verb);
  Option options[OPTIONS_MAX];
  size_t count = join_options(spec, options);
  Words words = {0};
  Error err = {0};
  verb->spec = spec;
  verb->arena = arena;
  bool ok = sort_words(verb, argc, argv, &words, &err) &&
            options_parse(arena, options, count, words.count, words.items, spec->words_max, &verb->options, &err);
  if (ok && options_flag(verb->options, "help")) return help(arena, spec, options, count), EXIT_DONE;
  if (!ok || !prepare(verb, spec, &err)) return verb_usage("%s", err.message);
  return spec->run ? spec->run(verb) : verb_call(verb);
}

void verb_usage_list(FILE *out, const VerbSpec *specs) {
  size_t widest = 0;
  for (const VerbSpec *spec = specs; spec->name; spec++) widest = MAX(widest, MIN(strlen(spec->usage), (size_t)60));
  for (const VerbSpec *spec = specs; spec->name; spec++)
    fprintf(out, "  tocsin %-*s  %s\n", (int)widest, spec->usage, spec->doc);
}

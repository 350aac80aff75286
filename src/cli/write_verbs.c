/* create, update, delete: any resource, from the registry. */
#include "cli/list.h"
#include "cli/many.h"
#include "cli/verbs.h"
#include "lang/json.h"

enum { CREATE_MAX = 10000 };

/* Bodies: --file, or name=value
 * ---------------------------------------------------------------------------------------- */

static bool is_text(const Field *field) {
  static const FieldKind TEXTS[] = {F_TEXT, F_ENUM, F_TIME, F_REF, F_CEL, F_LOCAL_TIME, F_ZONE, F_EMAIL, F_PRIORITY};
  for (size_t i = 0; field && i < COUNT(TEXTS); i++)
    if (field->kind == TEXTS[i]) return true;
  return false;
}

/* The field table says what a word means: "7" is a text in `name` and a number in `severity`. */
static Value word_value(Arena *arena, const Field *field, Str text) {
  Value value = value_null();
  Error ignored = {0};
  if (str_equal_c(text, "null")) return value_null();
  if (!is_text(field) && json_parse(arena, text, NULL, &value, &ignored)) return value;
  return value_string(text);
}

static bool words_body(const Verb *verb, const Resource *kind, size_t from, Value *out, Error *err) {
  MapBuilder body = map_builder(verb->arena);
  size_t count = verb_word_count(verb);
  for (size_t i = from; i < count; i++) {
    Str word = str_from_c(verb_word(verb, i)), name, value;
    if (!str_cut(word, '=', &name, &value) || name.len == 0)
      return fail(err, ERR_INVALID, "\"%.*s\" is not NAME=VALUE", STR_ARG(word));
    map_put(&body, name, word_value(verb->arena, resource_field(kind, name), value));
  }
  *out = map_done(&body);
  return true;
}

/* One body, or of a file a list of them. */
static bool read_bodies(const Verb *verb, const Resource *kind, size_t from, Value *out, Error *err) {
  const char *file = options_get(verb->options, "file");
  bool words = verb_word_count(verb) > from;
  if (file && words) return fail(err, ERR_INVALID, "give either --file or NAME=VALUE, not both");
  if (!file && !words) return fail(err, ERR_INVALID, "say what: --file FILE, or NAME=VALUE");
  if (words) return words_body(verb, kind, from, out, err);
  if (!verb_read_value(verb->arena, file, out, err)) return false;
  if (out->kind == VALUE_LIST && out->size > CREATE_MAX)
    return fail(err, ERR_INVALID, "%s lists more than %d", file, CREATE_MAX);
  return out->kind == VALUE_MAP || out->kind == VALUE_LIST ||
         fail(err, ERR_INVALID, "%s holds neither a map nor a list of maps", file);
}

/* "contact method webhook of Ann" would need her name: the id in brackets tells two alike apart. */
static Str described(Arena *arena, const Value *row) {
  Str kind = verb_text_of(row, "kind"), label = kind_label(row), id = verb_text_of(row, "id");
  if (str_equal(label, id)) return kind.len ? str_format(arena, "%.*s (%.*s)", STR_ARG(kind), STR_ARG(id)) : id;
  return str_format(arena, "%.*s%s%.*s (%.*s)", STR_ARG(kind), kind.len ? " " : "", STR_ARG(label), STR_ARG(id));
}

/* "contact_method" in a sentence. */
static Str kind_words(Arena *arena, const Resource *kind) {
  char *words = str_to_c(arena, str_from_c(kind->name));
  for (char *c = words; *c; c++) *c = *c == '_' ? ' ' : *c;
  return str_from_c(words);
}

/* What the answer to a write says to a person. What is shown only once is shown now. */
static void say_written(const Verb *verb, const Resource *kind, const Value *row) {
  static const char *const ONCE[] = {"key", "url"};
  if (verb_printed(verb, row)) return;
  if (verb->quiet) {
    printf("%.*s\n", STR_ARG(value_text_or(value_get_c(row, "id"), S("?"))));
    return;
  }
  verb_say(verb, "%.*s %.*s %s", STR_ARG(kind_words(verb->arena, kind)), STR_ARG(described(verb->arena, row)),
           verb->spec->done);
  for (size_t i = 0; i < COUNT(ONCE); i++) {
    Str text = verb_text_of(row, ONCE[i]);
    if (text.len) verb_say(verb, "  %s: %.*s", ONCE[i], STR_ARG(text));
  }
}

/* Create, update, delete ----------------------------------------------------------------------------------------------
 */

static int create_one(Verb *verb, const Resource *kind, const Value *body) {
  Value made = value_null();
  int code = client_call(verb->client, "POST", str_format(verb->arena, "/api/v1/%s", kind->plural), body, &made);
  if (code == EXIT_DONE) say_written(verb, kind, &made);
  return code;
}

static int run_create(Verb *verb) {
  const Resource *kind = NULL;
  Value bodies = value_null();
  Error err = {0};
  int code = EXIT_DONE;
  if (!kind_find(str_from_c(verb_word(verb, 0)), &kind, &err) || !read_bodies(verb, kind, 1, &bodies, &err))
    return verb_usage("%s", err.message);
  if (bodies.kind == VALUE_MAP) return create_one(verb, kind, &bodies);
  Progress progress = progress_start("created", bodies.size, verb->quiet);
  for (size_t i = 0; code == EXIT_DONE && i < bodies.size; i++, progress_step(&progress)) {
    code = create_one(verb, kind, value_at(&bodies, i));
    if (code != EXIT_DONE)
      fprintf(stderr, "tocsin: item %zu of %u was refused; %zu before it were made\n", i + 1, bodies.size, i);
  }
  progress_end(&progress);
  return code;
}

static int run_update(Verb *verb) {
  const Resource *kind = NULL;
  Value patch = value_null(), row = value_null();
  Error err = {0};
  bool ok = kind_find(str_from_c(verb_word(verb, 0)), &kind, &err) && read_bodies(verb, kind, 2, &patch, &err);
  if (ok && patch.kind != VALUE_MAP) ok = fail(&err, ERR_INVALID, "an update is one map of what to change");
  if (!ok) return verb_usage("%s", err.message);
  Str path = list_path_of(verb->arena, kind, verb_word(verb, 1));
  int code = client_call(verb->client, "PATCH", path, &patch, &row);
  if (code == EXIT_DONE) say_written(verb, kind, &row);
  return code;
}

static int run_delete(Verb *verb) {
  const Resource *kind = NULL;
  Value answer = value_null();
  Error err = {0};
  int code = EXIT_DONE;
  if (!kind_find(str_from_c(verb_word(verb, 0)), &kind, &err)) return verb_usage("%s", err.message);
  size_t count = verb_word_count(verb);
  if (many_wanted(verb, count - 1))
    return many_call(verb, str_format(verb->arena, "%s/delete", kind->plural), NULL, 1, count - 1);
  for (size_t i = 1; code == EXIT_DONE && i < count; i++) {
    Str path = list_path_of(verb->arena, kind, verb_word(verb, i));
    code = client_call(verb->client, "DELETE", path, NULL, &answer);
    if (code == EXIT_DONE)
      verb_say(verb, "%.*s %s deleted", STR_ARG(kind_words(verb->arena, kind)), verb_word(verb, i));
  }
  return code;
}

static const Option WRITE_OPTIONS[] = {
    {"file", OPTION_TEXT, "FILE", NULL, "JSON or YAML; - reads standard input; also -f"},
};
static const Option DELETE_OPTIONS[] = {MANY_OPTION_ROWS};
const VerbSpec CREATE = {.name = "create",
                         .usage = "create KIND --file FILE | NAME=VALUE...",
                         .doc = "Makes one, or each of the list that a file holds. VALUE may be JSON.",
                         .run = run_create,
                         .words_min = 1,
                         .words_max = VERB_WORDS_MAX,
                         .options = WRITE_OPTIONS,
                         .option_count = COUNT(WRITE_OPTIONS),
                         .done = "created"};
const VerbSpec UPDATE = {.name = "update",
                         .usage = "update KIND ID --file FILE | NAME=VALUE...",
                         .doc = "Changes what is named and leaves the rest; null takes a value away.",
                         .run = run_update,
                         .words_min = 2,
                         .words_max = VERB_WORDS_MAX,
                         .options = WRITE_OPTIONS,
                         .option_count = COUNT(WRITE_OPTIONS),
                         .done = "updated"};
const VerbSpec DELETE = {.name = "delete",
                         .usage = "delete KIND ID... | --filter CEL",
                         .doc = "Removes resources; refused while something refers to one.",
                         .run = run_delete,
                         .many = true,
                         .options = DELETE_OPTIONS,
                         .option_count = COUNT(DELETE_OPTIONS),
                         .words_min = 2,
                         .words_max = VERB_WORDS_MAX,
                         .done = "deleted"};

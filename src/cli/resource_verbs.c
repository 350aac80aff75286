/* get, create, update, delete: any resource, from the registry. */
#include "cli/kinds.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "lang/json.h"

enum { CREATE_MAX = 10000 };

static Str api_path(Arena *arena, const Resource *kind, const char *id) {
  return str_format(arena, "/api/v1/%s/%.*s", kind->plural, STR_ARG(client_escape(arena, str_from_c(id))));
}

/* Get ----------------------------------------------------------------------------------------------------------------
 */

static Str list_path(const Verb *verb, const Resource *kind) {
  static const char *const PASSED_ON[] = {"limit", "sort", "since", "until", "cursor"};
  Arena *arena = verb->arena;
  Buf path = buf_new(arena, KIB(64));
  buf_format(&path, "/api/v1/%s?", kind->plural);
  for (size_t i = 0; i < COUNT(PASSED_ON); i++) {
    const char *value = options_get(verb->options, PASSED_ON[i]);
    if (value) buf_format(&path, "%s=%.*s&", PASSED_ON[i], STR_ARG(client_escape(arena, str_from_c(value))));
  }
  for (size_t i = 0; i < verb->pair_count; i++)
    buf_format(&path, "%.*s=%.*s&", STR_ARG(client_escape(arena, verb->pairs[i].name)),
               STR_ARG(client_escape(arena, verb->pairs[i].value)));
  return str_slice(buf_str(&path), 0, path.len - 1);
}

static int get_list(Verb *verb, const Resource *kind) {
  Value answer = value_null();
  int code = client_call(verb->client, "GET", list_path(verb, kind), NULL, &answer);
  if (code != EXIT_DONE || verb_printed(verb, &answer)) return code;
  const Value *items = value_get_c(&answer, "items");
  if (!value_is(items, VALUE_LIST)) return EXIT_FAILED;
  if (items->size)
    print_table(verb->client, &verb->screen, kind_columns(kind), items);
  else if (!verb->quiet)
    fprintf(stderr, "there are no %s%s\n", kind->plural, verb->pair_count ? " like that" : "");
  Str cursor = value_text_or(value_get_c(&answer, "next_cursor"), STR_NONE);
  if (cursor.len && !verb->quiet)
    fprintf(stderr, "there are more: --limit N (at most 1000), or --cursor %.*s\n", STR_ARG(cursor));
  return EXIT_DONE;
}

static int get_one(Verb *verb, const Resource *kind, const char *id) {
  Value answer = value_null();
  int code = client_call(verb->client, "GET", api_path(verb->arena, kind, id), NULL, &answer);
  if (code != EXIT_DONE || verb_printed(verb, &answer)) return code;
  print_members(verb->client, &answer);
  return EXIT_DONE;
}

static int run_get(Verb *verb) {
  const Resource *kind = NULL;
  const char *id = verb_word(verb, 1);
  Error err = {0};
  if (!kind_find(str_from_c(verb_word(verb, 0)), &kind, &err)) return verb_usage("%s", err.message);
  return id ? get_one(verb, kind, id) : get_list(verb, kind);
}

static const Option GET_OPTIONS[] = {
    {"filter", OPTION_TEXT, "NAME=VALUE", NULL, "only those; as often as wanted, the same name twice means or"},
    {"limit", OPTION_NUMBER, "N", "50", "at most so many, 1000 at most"},
    {"sort", OPTION_TEXT, "FIELD", NULL, "a field with an index; -FIELD turns the order"},
    {"since", OPTION_TEXT, "TIME", NULL, "from this time, such as 2026-01-05T09:00:00Z"},
    {"until", OPTION_TEXT, "TIME", NULL, "before this time"},
    {"cursor", OPTION_TEXT, "CURSOR", NULL, "the page after, as the list before said"},
};
static const VerbSpec GET = {.name = "get",
                             .usage = "get KIND [ID] [--filter NAME=VALUE] [-o table|json|yaml]",
                             .doc = "Shows resources. An ID is an id, slug, number, or the e-mail of a user.",
                             .run = run_get,
                             .words_min = 1,
                             .words_max = 2,
                             .options = GET_OPTIONS,
                             .option_count = COUNT(GET_OPTIONS),
                             .pairs_option = "filter"};

int command_get(int argc, char **argv) {
  return verb_main(&GET, argc, argv);
}

/* Bodies: --file, or name=value
 * ---------------------------------------------------------------------------------------- */

static const Field *field_named(const Resource *kind, Str name) {
  for (size_t i = 0; i < kind->field_count; i++)
    if (str_equal_c(name, kind->fields[i].name)) return &kind->fields[i];
  return NULL;
}

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
  size_t count = options_positional_count(verb->options);
  for (size_t i = from; i < count; i++) {
    Str word = str_from_c(verb_word(verb, i)), name, value;
    if (!str_cut(word, '=', &name, &value) || name.len == 0)
      return fail(err, ERR_INVALID, "\"%.*s\" is not NAME=VALUE", STR_ARG(word));
    map_put(&body, name, word_value(verb->arena, field_named(kind, name), value));
  }
  *out = map_done(&body);
  return true;
}

/* One body, or of a file a list of them. */
static bool read_bodies(const Verb *verb, const Resource *kind, size_t from, Value *out, Error *err) {
  const char *file = options_get(verb->options, "file");
  bool words = options_positional_count(verb->options) > from;
  if (file && words) return fail(err, ERR_INVALID, "give either --file or NAME=VALUE, not both");
  if (!file && !words) return fail(err, ERR_INVALID, "say what: --file FILE, or NAME=VALUE");
  if (words) return words_body(verb, kind, from, out, err);
  if (!verb_read_value(verb, file, out, err)) return false;
  if (out->kind == VALUE_LIST && out->size > CREATE_MAX)
    return fail(err, ERR_INVALID, "%s lists more than %d", file, CREATE_MAX);
  return out->kind == VALUE_MAP || out->kind == VALUE_LIST ||
         fail(err, ERR_INVALID, "%s holds neither a map nor a list of maps", file);
}

/* What the answer to a write says to a person. What is shown only once is shown now. */
static void say_written(const Verb *verb, const Resource *kind, const Value *row, const char *what) {
  static const char *const ONCE[] = {"key", "url"};
  if (verb_printed(verb, row)) return;
  if (verb->quiet) {
    printf("%.*s\n", STR_ARG(value_text_or(value_get_c(row, "id"), S("?"))));
    return;
  }
  verb_say(verb, "%s %.*s %s (%.*s)", kind->name, STR_ARG(kind_label(row)), what,
           STR_ARG(value_text_or(value_get_c(row, "id"), S("?"))));
  for (size_t i = 0; i < COUNT(ONCE); i++) {
    Str text = value_text_or(value_get_c(row, ONCE[i]), STR_NONE);
    if (text.len) verb_say(verb, "  %s: %.*s", ONCE[i], STR_ARG(text));
  }
}

/* Create, update, delete ----------------------------------------------------------------------------------------------
 */

static int create_one(Verb *verb, const Resource *kind, const Value *body) {
  Value made = value_null();
  int code = client_call(verb->client, "POST", str_format(verb->arena, "/api/v1/%s", kind->plural), body, &made);
  if (code == EXIT_DONE) say_written(verb, kind, &made, "created");
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
  for (size_t i = 0; code == EXIT_DONE && i < bodies.size; i++) code = create_one(verb, kind, value_at(&bodies, i));
  return code;
}

static int run_update(Verb *verb) {
  const Resource *kind = NULL;
  Value patch = value_null(), row = value_null();
  Error err = {0};
  bool ok = kind_find(str_from_c(verb_word(verb, 0)), &kind, &err) && read_bodies(verb, kind, 2, &patch, &err);
  if (ok && patch.kind != VALUE_MAP) ok = fail(&err, ERR_INVALID, "an update is one map of what to change");
  if (!ok) return verb_usage("%s", err.message);
  Str path = api_path(verb->arena, kind, verb_word(verb, 1));
  int code = client_call(verb->client, "PATCH", path, &patch, &row);
  if (code == EXIT_DONE) say_written(verb, kind, &row, "updated");
  return code;
}

static int run_delete(Verb *verb) {
  const Resource *kind = NULL;
  Value answer = value_null();
  Error err = {0};
  int code = EXIT_DONE;
  if (!kind_find(str_from_c(verb_word(verb, 0)), &kind, &err)) return verb_usage("%s", err.message);
  size_t count = options_positional_count(verb->options);
  for (size_t i = 1; code == EXIT_DONE && i < count; i++) {
    Str path = api_path(verb->arena, kind, verb_word(verb, i));
    code = client_call(verb->client, "DELETE", path, NULL, &answer);
    if (code == EXIT_DONE) verb_say(verb, "%s %s deleted", kind->name, verb_word(verb, i));
  }
  return code;
}

static const Option WRITE_OPTIONS[] = {
    {"file", OPTION_TEXT, "FILE", NULL, "JSON or YAML; - reads standard input; also -f"},
};
static const VerbSpec CREATE = {.name = "create",
                                .usage = "create KIND --file FILE | NAME=VALUE...",
                                .doc = "Makes one, or each of the list that a file holds. VALUE may be JSON.",
                                .run = run_create,
                                .words_min = 1,
                                .words_max = VERB_WORDS_MAX,
                                .options = WRITE_OPTIONS,
                                .option_count = COUNT(WRITE_OPTIONS)};
static const VerbSpec UPDATE = {.name = "update",
                                .usage = "update KIND ID --file FILE | NAME=VALUE...",
                                .doc = "Changes what is named and leaves the rest; null takes a value away.",
                                .run = run_update,
                                .words_min = 2,
                                .words_max = VERB_WORDS_MAX,
                                .options = WRITE_OPTIONS,
                                .option_count = COUNT(WRITE_OPTIONS)};
static const VerbSpec DELETE = {.name = "delete",
                                .usage = "delete KIND ID...",
                                .doc = "Removes resources; refused while something refers to one.",
                                .run = run_delete,
                                .words_min = 2,
                                .words_max = VERB_WORDS_MAX};

int command_create(int argc, char **argv) {
  return verb_main(&CREATE, argc, argv);
}
int command_update(int argc, char **argv) {
  return verb_main(&UPDATE, argc, argv);
}
int command_delete(int argc, char **argv) {
  return verb_main(&DELETE, argc, argv);
}

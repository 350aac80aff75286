/* eval: tries an expression. Without --request and --alert everything happens here, by the code that the server runs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/verb.h"
#include "cli/verbs.h"
#include "core/expressions/expressions.h"
#include "lang/json.h"

enum { LINE_BYTES_MAX = 8 * 1024 * 1024 };

/* What the options say, as the body of the API has it. */
static bool eval_body(const Verb *verb, Value *out, Error *err) {
  static const char *const MEMBERS[][2] = {{"language", "language"},   {"escape", "escape"}, {"place", "place"},
                                           {"time-zone", "time_zone"}, {"now", "now"},       {"request", "request_id"},
                                           {"alert", "alert_id"}};
  const char *file = options_get(verb->options, "file"), *context = options_get(verb->options, "context");
  MapBuilder body = map_builder(verb->arena);
  Value value = value_null();
  Str source = STR_NONE;
  bool word = options_positional_count(verb->options) > 0;
  if (word == (file != NULL)) return fail(err, ERR_INVALID, "give an EXPRESSION, or --file FILE that holds one");
  if (word) source = str_from_c(verb_word(verb, 0));
  if (file && !verb_read_file(verb->arena, file, &source, err)) return false;
  if (context && !verb_read_value(verb->arena, context, &value, err)) return error_prefix(err, "--context: ");
  map_put_c(&body, "source", value_string(utf8_clean(verb->arena, source)));
  for (size_t i = 0; i < COUNT(MEMBERS); i++) {
    const char *given = options_get(verb->options, MEMBERS[i][0]);
    if (given) map_put_c(&body, MEMBERS[i][1], value_c(given));
  }
  if (context) map_put_c(&body, "context", value);
  if (options_flag(verb->options, "no-check")) map_put_c(&body, "check", value_bool(false));
  *out = map_done(&body);
  return true;
}

static Value evaluate_here(Arena *arena, ZoneDb *zones, const Value *body, bool *out_ok) {
  Expression e = {.now_ms = clock_true_ms()};
  Error err = {0};
  *out_ok = expression_read(arena, zones, body, &e, &err);
  if (*out_ok) return expression_evaluate(arena, zones, &e);
  MapBuilder map = map_builder(arena), error = map_builder(arena);
  map_put_c(&error, "code", value_c(error_code_name(err.code)));
  map_put_c(&error, "message", value_string(str_copy(arena, str_from_c(err.message))));
  if (err.pointer[0]) map_put_c(&error, "pointer", value_string(str_copy(arena, str_from_c(err.pointer))));
  map_put_c(&map, "error", map_done(&error));
  return map_done(&map);
}

/* As it stands for a file or a pipe; without control characters for a terminal. */
static void say_text(const Verb *verb, Str text) {
  Str line;
  for (bool more = true; more && verb->screen.width;) {
    more = str_cut(text, '\n', &line, &text);
    printf("%.*s\n", STR_ARG(print_clean(verb->arena, line)));
  }
  if (!verb->screen.width) printf("%.*s\n", STR_ARG(text));
}

/* The value for people and pipes on standard output; an error with its caret on standard error. */
static int say_answer(const Verb *verb, const Value *answer) {
  const Value *error = value_get_c(answer, "error"), *value = value_get_c(answer, "value");
  if (verb_printed(verb, answer)) return error ? EXIT_FAILED : EXIT_DONE;
  if (error) {
    i64 line = value_int_or(value_get_c(error, "line"), 0), column = value_int_or(value_get_c(error, "column"), 0);
    Str message = verb_text_of(error, "message"), caret = verb_text_of(error, "caret");
    bool placed = line > 0 && !str_starts_with(message, S("line "));
    if (placed) fprintf(stderr, "line %lld, column %lld: ", (long long)line, (long long)column);
    fprintf(stderr, "%.*s\n", STR_ARG(message));
    if (caret.len) fprintf(stderr, "%.*s\n", STR_ARG(caret));
    return EXIT_FAILED;
  }
  Buf out = buf_new(verb->arena, UINT32_MAX);
  if (!value || value->kind == VALUE_NULL)
    buf_puts(&out, "null");
  else if (value->kind == VALUE_LIST || value->kind == VALUE_MAP)
    json_write_pretty(&out, value);
  else
    buf_put(&out, value_display(verb->arena, value));
  say_text(verb, buf_str(&out));
  if (!verb->quiet && verb->screen.width)
    fprintf(stderr, "%.*s, cost %lld\n", STR_ARG(verb_text_of(answer, "type")),
            (long long)value_int_or(value_get_c(answer, "cost"), 0));
  return EXIT_DONE;
}

/* A line of standard input is a body of the API, a line of standard output its answer. */
static int run_lines(ZoneDb *zones) {
  Arena *arena = arena_new();
  char *line = NULL;
  size_t capacity = 0;
  for (ssize_t got; (got = getline(&line, &capacity, stdin)) > 0; arena_clear(arena)) {
    Value body = value_null(), answer;
    Error err = {0};
    bool ok = got <= LINE_BYTES_MAX && json_parse(arena, (Str){line, (size_t)got}, NULL, &body, &err);
    if (got > LINE_BYTES_MAX) (void)fail(&err, ERR_TOO_LARGE, "a line has at most 8 MiB");
    if (ok) {
      answer = evaluate_here(arena, zones, &body, &ok);
    } else {
      MapBuilder map = map_builder(arena), error = map_builder(arena);
      map_put_c(&error, "code", value_c(error_code_name(err.code)));
      map_put_c(&error, "message", value_c(err.message));
      map_put_c(&map, "error", map_done(&error));
      answer = map_done(&map);
    }
    printf("%.*s\n", STR_ARG(json_text(arena, &answer)));
    fflush(stdout);
  }
  free(line);
  arena_free(arena);
  return EXIT_DONE;
}

static int run_vocabulary(const Verb *verb, ZoneDb *zones) {
  const ExpressionPlace *place = NULL;
  Error err = {0};
  if (!expression_place(str_from_c(options_get(verb->options, "place")), &place, &err))
    return verb_usage("%s", err.message);
  Value answer = expression_vocabulary(verb->arena, zones, place);
  Buf out = buf_new(verb->arena, UINT32_MAX);
  json_write_pretty(&out, &answer);
  printf("%.*s\n", STR_ARG(buf_str(&out)));
  return EXIT_DONE;
}

static void free_zones(void *zones) {
  zone_db_free(zones);
}

static int run_eval(Verb *verb) {
  Value body = value_null(), answer = value_null();
  Error err = {0};
  bool ok = true;
  ZoneDb *zones = zone_db_new(NULL);
  arena_defer(verb->arena, free_zones, zones);
  if (options_flag(verb->options, "lines")) return run_lines(zones);
  if (options_flag(verb->options, "vocabulary")) return run_vocabulary(verb, zones);
  if (!eval_body(verb, &body, &err)) return verb_usage("%s", err.message);
  if (options_get(verb->options, "request") || options_get(verb->options, "alert")) {
    if (!verb_connect(verb, &err)) return verb_usage("%s", err.message);
    int code = client_call(verb->client, "POST", S("/api/v1/expressions/evaluate"), &body, &answer);
    return code == EXIT_DONE ? say_answer(verb, &answer) : code;
  }
  answer = evaluate_here(verb->arena, zones, &body, &ok);
  if (ok) return say_answer(verb, &answer);
  return verb_usage("%.*s", STR_ARG(verb_text_of(value_get_c(&answer, "error"), "message")));
}

static const Option EVAL_OPTIONS[] = {
    {"context", OPTION_TEXT, "FILE", NULL, "JSON or YAML whose members are the variables; - reads standard input"},
    {"request", OPTION_TEXT, "REQUEST", NULL, "a stored request instead: payload, headers, item, ..."},
    {"alert", OPTION_TEXT, "ALERT", NULL, "an alert instead: alert, labels, service, integration"},
    {"place", OPTION_TEXT, "PLACE", NULL, "check as in a rule, a mapping or a message"},
    {"language", OPTION_TEXT, "LANGUAGE", NULL, "cel (when not given), mustache, json_path, json_pointer"},
    {"escape", OPTION_TEXT, "ESCAPE", NULL, "of a template: text (when not given), html, json, url, slack"},
    {"time-zone", OPTION_TEXT, "ZONE", NULL, "of times without offset, such as Europe/Berlin"},
    {"now", OPTION_TEXT, "TIME", NULL, "what now() says"},
    {"no-check", OPTION_FLAG, NULL, NULL, "do not look for unknown names and wrong types first"},
    {"file", OPTION_TEXT, "FILE", NULL, "the expression stands in a file; - reads standard input"},
    {"lines", OPTION_FLAG, NULL, NULL, "bodies of the API as lines of JSON in, answers as lines out"},
    {"vocabulary", OPTION_FLAG, NULL, NULL, "prints the variables and functions instead, as JSON"},
};

const VerbSpec EVAL = {.name = "eval",
                       .usage = "eval EXPRESSION [--context FILE]",
                       .doc = "Tries an expression, template or path. Changes nothing.",
                       .run = run_eval,
                       .words_max = 1,
                       .options = EVAL_OPTIONS,
                       .option_count = COUNT(EVAL_OPTIONS),
                       .local = true};

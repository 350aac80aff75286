/* One call for many: what is sent, what is said of each, and waiting for a job. */
#include "cli/many.h"

#include <time.h>

#include "cli/kinds.h"

enum { LOOK_MS = 250 };

bool many_wanted(const Verb *verb, size_t subjects) {
  return subjects > 1 || options_get(verb->options, "filter") || options_flag(verb->options, "dry-run");
}

static Value with_choice(const Verb *verb, const Value *body, size_t first, size_t count) {
  MapBuilder map = map_builder(verb->arena);
  ValueVec ids = {0};
  const char *filter = options_get(verb->options, "filter");
  for (u32 i = 0; value_is(body, VALUE_MAP) && i < body->size; i++)
    map_put(&map, value_text(&body->members[i].key), body->members[i].value);
  for (size_t i = 0; i < count; i++) *VEC_PUSH(verb->arena, &ids) = value_c(verb_word(verb, first + i));
  if (filter) map_put_c(&map, "filter", value_c(filter));
  if (count) map_put_c(&map, "ids", list_done(&ids));
  return map_done(&map);
}

/* A refusal is told where it belongs, and the first of them is the exit code. */
static int say_failed(const Verb *verb, const Value *item) {
  fprintf(stderr, "tocsin: %.*s\n",
          STR_ARG(print_clean(verb->arena, value_text_or(value_get_c(item, "detail"), verb_text_of(item, "id")))));
  return client_exit_code((long)value_int_or(value_get_c(item, "status"), 0));
}

static int say_each(const Verb *verb, const Value *items) {
  bool dry = options_flag(verb->options, "dry-run");
  int first = EXIT_DONE;
  for (u32 i = 0; value_is(items, VALUE_LIST) && i < items->size; i++) {
    const Value *item = value_at(items, i);
    Str title = verb_text_of(item, "title"), label = verb_text_of(item, "number");
    bool failed = value_is(value_get_c(item, "code"), VALUE_STRING);
    int code = failed ? say_failed(verb, item) : EXIT_DONE;
    if (first == EXIT_DONE) first = code;
    if (failed) continue;
    if (label.len == 0) label = verb_text_of(item, "id");
    verb_say(verb, "%.*s %s%s%s%.*s", STR_ARG(label), dry ? "would be " : "", verb->spec->done, title.len ? ": " : "",
             STR_ARG(title));
  }
  return first;
}

static int say_outcome(Verb *verb, const Value *answer) {
  const Value *items = value_get_c(answer, "items");
  i64 total = value_int_or(value_get_c(answer, "total"), 0), failed = value_int_or(value_get_c(answer, "failed"), 0);
  if (verb_printed(verb, answer)) {
    for (u32 i = 0; failed && value_is(items, VALUE_LIST) && i < items->size; i++)
      if (value_is(value_get_c(value_at(items, i), "code"), VALUE_STRING)) return say_failed(verb, value_at(items, i));
    return EXIT_DONE;
  }
  if (total == 0 && !verb->quiet) fprintf(stderr, "there are none like that\n");
  return say_each(verb, items);
}

/* Jobs ----------------------------------------------------------------------------------------------------------------
 */

static void wait_a_moment(void) {
  nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
}

static i64 tried(const Value *job) {
  return value_int_or(value_get_c(job, "done"), 0) + value_int_or(value_get_c(job, "failed"), 0);
}

static int follow(Verb *verb, Value *job) {
  Str path = str_format(verb->arena, "/api/v1/jobs/%.*s", STR_ARG(verb_text_of(job, "id")));
  size_t total = (size_t)value_int_or(value_get_c(job, "total"), 0);
  Progress progress = progress_start(verb->spec->done, total, verb->quiet);
  int code = EXIT_DONE;
  while (code == EXIT_DONE && str_equal_c(verb_text_of(job, "status"), "running")) {
    wait_a_moment();
    code = client_call(verb->client, "GET", path, NULL, job);
    if (code == EXIT_DONE) progress_to(&progress, (size_t)tried(job));
  }
  progress_end(&progress);
  return code;
}

static int say_job(Verb *verb, const Value *job) {
  i64 done = value_int_or(value_get_c(job, "done"), 0), failed = value_int_or(value_get_c(job, "failed"), 0);
  Str status = verb_text_of(job, "status"), reason = verb_text_of(job, "reason");
  const Value *failures = value_get_c(job, "failures");
  int code = EXIT_DONE;
  bool printed = verb_printed(verb, job);
  for (u32 i = 0; value_is(failures, VALUE_LIST) && i < failures->size; i++) {
    int one = say_failed(verb, value_at(failures, i));
    if (code == EXIT_DONE) code = one;
  }
  if (!printed)
    verb_say(verb, "%lld %s%s", (long long)done, verb->spec->done,
             failed ? str_to_c(verb->arena, str_format(verb->arena, ", %lld refused", (long long)failed)) : "");
  if (str_equal_c(status, "done")) return code;
  fprintf(stderr, "tocsin: the job is %.*s%s%.*s\n", STR_ARG(status), reason.len ? ": " : "",
          STR_ARG(print_clean(verb->arena, reason)));
  return EXIT_FAILED;
}

int many_call(Verb *verb, Str path, const Value *body, size_t first, size_t count) {
  bool dry = options_flag(verb->options, "dry-run");
  Value whole = with_choice(verb, body, first, count), answer = value_null();
  Str where = str_format(verb->arena, "/api/v1/%.*s%s", STR_ARG(path), dry ? "?dry_run=true" : "");
  if (count && options_get(verb->options, "filter")) return verb_usage("give either names or --filter, not both");
  int code = client_call(verb->client, "POST", where, &whole, &answer);
  if (code != EXIT_DONE) return code;
  if (value_get_c(&answer, "items")) return say_outcome(verb, &answer);
  code = follow(verb, &answer);
  return code == EXIT_DONE ? say_job(verb, &answer) : code;
}

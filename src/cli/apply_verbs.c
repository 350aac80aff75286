/* apply, export: what people configure as files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/apply.h"
#include "cli/verbs.h"
#include "core/resources.h"
#include "lang/json.h"
#include "lang/time.h"
#include "lang/yaml.h"

enum { DOCUMENT_BYTES = 512 * 1024, EXPORT_BYTES_MAX = 256 * 1024 * 1024 };

/* apply --------------------------------------------------------------------------------------------------------------
 */

static bool set_name_fits(const char *set) {
  Str name = str_from_c(set);
  return name.len > 0 && name.len <= 80 && utf8_valid(name);
}

static int read_all(Apply *a) {
  Verb *verb = a->verb;
  size_t words = verb_word_count(verb);
  Error err = {0};
  if (verb->repeated_count + words == 0)
    return verb_usage("say what to apply: -f FILE, -f FOLDER, or -f - for standard input");
  for (size_t i = 0; i < verb->repeated_count + words; i++) {
    bool option = i < verb->repeated_count;
    const char *path = option ? str_to_c(a->arena, verb->repeated[i]) : verb_word(verb, i - verb->repeated_count);
    if (!apply_read(a, path, &err)) return verb_usage("%s", err.message);
  }
  if (a->stock->code != EXIT_DONE) return a->stock->code;
  if (a->wanted.count == 0 && a->wrong == 0 && a->prune)
    return verb_usage(
        "the files hold nothing: --prune would delete all that the set \"%s\" made; delete it by hand if that "
        "is meant",
        a->set);
  return EXIT_DONE;
}

static int refuse(const Apply *a) {
  fprintf(stderr, "tocsin: %zu document%s refused; nothing was written\n", a->wrong, a->wrong == 1 ? " is" : "s are");
  return EXIT_REFUSED;
}

static bool would_do(const Apply *a) {
  for (size_t i = 0; i < a->steps.count; i++)
    if (a->steps.items[i]->deed != DEED_NONE) return true;
  return false;
}

static int finish_dry(Apply *a) {
  if (a->verb->output == OUTPUT_JSON || a->verb->output == OUTPUT_YAML) {
    Value report = apply_report(a);
    print_value(a->arena, &report, a->verb->output);
  } else {
    apply_tell_plan(a);
  }
  return options_flag(a->verb->options, "exit-code") && would_do(a) ? EXIT_DIFFERS : EXIT_DONE;
}

static int finish_run(Apply *a) {
  int code = apply_run(a);
  if (a->verb->output == OUTPUT_JSON || a->verb->output == OUTPUT_YAML) {
    Value report = apply_report(a);
    print_value(a->arena, &report, a->verb->output);
    if (code != EXIT_DONE) apply_tell_summary(a, true);
  } else {
    apply_tell_summary(a, code != EXIT_DONE);
  }
  return code;
}

static int run_apply(Verb *verb) {
  Apply a = {.verb = verb,
             .arena = verb->arena,
             .stock = stock_new(verb->client),
             .set = options_get(verb->options, "set"),
             .prune = options_flag(verb->options, "prune"),
             .dry_run = options_flag(verb->options, "dry-run")};
  if (a.prune && !a.set)
    return verb_usage("--prune wants --set NAME: it deletes only what that set made and its files no longer hold");
  if (a.set && !set_name_fits(a.set)) return verb_usage("--set wants a name of 1 to 80 characters");
  int code = read_all(&a);
  if (code != EXIT_DONE) return code;
  apply_plan(&a);
  if (a.stock->code != EXIT_DONE) return a.stock->code;
  if (!a.wrong) apply_order(&a);
  if (a.wrong) return refuse(&a);
  code = apply_check(&a);
  if (a.wrong) return refuse(&a);
  if (code != EXIT_DONE) return code;
  return a.dry_run ? finish_dry(&a) : finish_run(&a);
}

static const Option APPLY_OPTIONS[] = {
    {"file", OPTION_TEXT, "FILE", NULL,
     "a YAML or JSON file, a folder of them, or - for standard input; as often as wanted; also -f"},
    {"dry-run", OPTION_FLAG, NULL, NULL, "shows what would be created, changed and deleted; writes nothing"},
    {"exit-code", OPTION_FLAG, NULL, NULL, "with --dry-run: ends with 5 when something would be done"},
    {"set", OPTION_TEXT, "NAME", NULL, "marks what is made as made by this set of files"},
    {"prune", OPTION_FLAG, NULL, NULL, "with --set: deletes what the set made and its files no longer hold"},
};
const VerbSpec APPLY = {.name = "apply",
                        .usage = "apply -f FILE|FOLDER|- [--dry-run] [--set NAME [--prune]]",
                        .doc = "Makes the server hold what files say. What they leave out stays as it is.",
                        .run = run_apply,
                        .words_max = 100,
                        .options = APPLY_OPTIONS,
                        .option_count = COUNT(APPLY_OPTIONS),
                        .repeated = "file",
                        .done = "applied"};

/* export -------------------------------------------------------------------------------------------------------------
 */

typedef struct Export {
  Verb *verb;
  Stock *stock;
  MapBuilder document;
  size_t bytes; /* of the document so far, about */
  Buf out;
  const char *set;
  bool brief;
} Export;

static int by_name(const void *a, const void *b) {
  return str_compare((*(Thing *const *)a)->name, (*(Thing *const *)b)->name);
}

/* The first part of a name that is made of several. */
static Str owner_of(const Thing *thing) {
  Str owner = thing->name, rest;
  (void)str_cut(thing->name, '/', &owner, &rest);
  return owner;
}

/* By owner, then as they were made: overrides are applied in that order. */
static int by_owner(const void *a, const void *b) {
  const Thing *left = *(Thing *const *)a, *right = *(Thing *const *)b;
  int order = str_compare(owner_of(left), owner_of(right));
  return order ? order : str_compare(left->id, right->id);
}

/* An override that is over is history. */
static bool is_over(const Thing *thing) {
  const Value *end = thing->kind == &SCHEDULE_OVERRIDE ? value_get_c(thing->row, "ends_at") : NULL;
  i64 ms = 0;
  return end && time_parse_ms(value_text_or(end, STR_NONE), &ms) && ms < clock_true_ms();
}

static bool is_exported(const Export *e, const Thing *thing, const Thing *before) {
  if (e->set && !str_equal_c(thing_set(thing), e->set)) return false;
  if (before && str_equal(before->name, thing->name)) {
    Str label = thing_label(e->stock->arena, thing);
    fprintf(stderr, "tocsin: a second %.*s is left out: nothing tells it from the first\n", STR_ARG(label));
    return false;
  }
  return !is_over(thing);
}

static void flush(Export *e) {
  Value document = map_done(&e->document);
  if (document.size == 0) return;
  if (e->out.len) buf_puts(&e->out, "---\n");
  yaml_write(&e->out, &document);
  e->document = map_builder(e->verb->arena);
  e->bytes = 0;
}

static void put_kind(Export *e, const Resource *kind, ValueVec *items) {
  if (items->count == 0) return;
  if (kind->is_organization)
    map_put_c(&e->document, kind->name, items->items[0]);
  else
    map_put_c(&e->document, kind->plural, list_done(items));
  *items = (ValueVec){0};
}

static void export_kind(Export *e, const Resource *kind) {
  Arena *arena = e->verb->arena;
  Things things = *stock_kind(e->stock, kind);
  Thing **sorted = ARENA_ARRAY(arena, Thing *, things.count + 1);
  ValueVec items = {0};
  bool yaml = e->verb->output != OUTPUT_JSON;
  for (size_t i = 0; i < things.count; i++) sorted[i] = things.items[i];
  if (things.count) qsort(sorted, things.count, sizeof *sorted, kind->key ? by_owner : by_name);
  for (size_t i = 0; i < things.count; i++) {
    if (!is_exported(e, sorted[i], i ? sorted[i - 1] : NULL)) continue;
    Value form = form_of_row(e->stock, sorted[i], e->brief);
    *VEC_PUSH(arena, &items) = form;
    e->bytes += json_text(arena, &form).len * 2;
    if (!yaml || e->bytes < DOCUMENT_BYTES) continue;
    put_kind(e, kind, &items);
    flush(e);
  }
  put_kind(e, kind, &items);
}

/* No words: all kinds. */
static bool is_asked_for(const Verb *verb, const Resource *kind) {
  size_t count = verb_word_count(verb);
  if (count == 0) return true;
  for (size_t i = 0; i < count; i++) {
    const Resource *asked = NULL;
    Error ignored = {0};
    if (kind_find(str_from_c(verb_word(verb, i)), &asked, &ignored) && asked == kind) return true;
  }
  return false;
}

static int check_kinds(const Verb *verb) {
  for (size_t i = 0; i < verb_word_count(verb); i++) {
    const Resource *kind = NULL;
    Error err = {0};
    if (!kind_find(str_from_c(verb_word(verb, i)), &kind, &err)) return verb_usage("%s", err.message);
    if (!kind->configured)
      return verb_usage(
          "%s are not configured: an export holds what people configure; tocsin get %s -o json lists them",
          kind->plural, kind->plural);
  }
  return EXIT_DONE;
}

static int run_export(Verb *verb) {
  static const char HEAD[] = "# What is configured, as \"tocsin apply -f\" takes it. Secrets are not in it.\n";
  Export e = {.verb = verb,
              .stock = stock_new(verb->client),
              .document = map_builder(verb->arena),
              .out = buf_new(verb->arena, EXPORT_BYTES_MAX),
              .set = options_get(verb->options, "set"),
              .brief = options_flag(verb->options, "brief")};
  int code = check_kinds(verb);
  if (code != EXIT_DONE) return code;
  for (size_t i = 0; i < CORE_RESOURCE_COUNT; i++)
    if (CORE_RESOURCES[i]->configured && is_asked_for(verb, CORE_RESOURCES[i])) export_kind(&e, CORE_RESOURCES[i]);
  if (e.stock->code != EXIT_DONE) return e.stock->code;
  if (verb->output == OUTPUT_JSON) {
    Value document = map_done(&e.document);
    print_value(verb->arena, &document, OUTPUT_JSON);
    return EXIT_DONE;
  }
  flush(&e);
  if (e.out.overflow) return verb_usage("the export has more than 256 MiB; export kind by kind");
  if (!verb->quiet) fputs(HEAD, stdout);
  fwrite(e.out.ptr, 1, e.out.len, stdout);
  return EXIT_DONE;
}

static const Option EXPORT_OPTIONS[] = {
    {"set", OPTION_TEXT, "NAME", NULL, "only what this set of files made"},
    {"brief", OPTION_FLAG, NULL, NULL,
     "leaves out what is at its default; applying it again then does not restore a default"},
};
const VerbSpec EXPORT = {.name = "export",
                         .usage = "export [KIND...] [--set NAME] [--brief] [-o yaml|json]",
                         .doc = "Writes what is configured as files that apply takes back, references by name.",
                         .run = run_export,
                         .words_max = 30,
                         .options = EXPORT_OPTIONS,
                         .option_count = COUNT(EXPORT_OPTIONS),
                         .done = "exported"};

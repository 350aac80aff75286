/* Apply: what people read. The plan as a diff, each deed as it is done, and a sum that hides nothing. */
#include <stdio.h>
#include <string.h>

#include "cli/apply.h"
#include "lang/yaml.h"
#include "lang/yaml_lines.h"

enum { VALUE_BYTES_MAX = 256 * 1024, INLINE_PLACES = 60, CONTEXT_LINES = 2 };

static const struct {
  char mark;
  const char *colour, *infinitive, *past;
} DEEDS[] = {[DEED_NONE] = {'=', "", "", "as wanted"},
             [DEED_CREATE] = {'+', "\033[32m", "to create", "created"},
             [DEED_CHANGE] = {'~', "\033[33m", "to change", "changed"},
             [DEED_DELETE] = {'-', "\033[31m", "to delete", "deleted"}};

/* What is wrong -----------------------------------------------------------------------------------------------------
 */

void apply_tell_wrong(Apply *a, const Thing *thing, Str pointer, Str message) {
  const Place *place = &thing->place;
  Str clean = print_clean(a->arena, message);
  a->wrong++;
  if (!place->file) {
    Str label = thing_label(a->arena, thing);
    fprintf(stderr, "tocsin: %.*s: %.*s\n", STR_ARG(label), STR_ARG(clean));
    return;
  }
  Str whole = str_format(a->arena, "%.*s%.*s", STR_ARG(place->pointer), STR_ARG(pointer));
  u32 line = yaml_line_of(a->arena, place->text, whole);
  fprintf(stderr, "%s:%u: %.*s%s%.*s\n", place->file, place->line + (line ? line - 1 : 0), STR_ARG(whole),
          whole.len ? ": " : "", STR_ARG(clean));
}

void apply_tell_problem(Apply *a, const Thing *thing, const Value *problem) {
  const Value *errors = value_get_c(problem, "errors");
  Str detail = value_text_or(value_get_c(problem, "detail"), S("refused without a reason"));
  size_t wrong = a->wrong;
  for (size_t i = 0; value_is(errors, VALUE_LIST) && i < errors->size; i++) {
    const Value *e = value_at(errors, i);
    apply_tell_wrong(a, thing, value_text_or(value_get_c(e, "pointer"), STR_NONE),
                     value_text_or(value_get_c(e, "message"), detail));
  }
  if (a->wrong == wrong) apply_tell_wrong(a, thing, STR_NONE, detail);
  a->wrong = wrong + 1; /* one document */
}

/* The plan ----------------------------------------------------------------------------------------------------------
 */

typedef struct Painting {
  const Apply *apply;
  size_t indent;
} Painting;

static void paint_line(void *ctx, char mark, Str text) {
  const Painting *p = ctx;
  const char *colour = !p->apply->verb->screen.colour ? "" : mark == '+' ? "\033[32m" : mark == '-' ? "\033[31m" : "";
  Str clean = print_clean(p->apply->arena, text);
  printf("%*s%s%c %.*s%s\n", (int)p->indent, "", colour, mark, STR_ARG(clean), *colour ? PRINT_PLAIN : "");
}

static Str yaml_text(Arena *arena, const Value *value) {
  Buf out = buf_new(arena, VALUE_BYTES_MAX);
  yaml_write(&out, value);
  return str_trim(buf_str(&out));
}

static bool is_short(Str text) {
  return text.len <= INLINE_PLACES && str_find_char(text, '\n', 0) == SIZE_MAX;
}

static void tell_block(const Apply *a, Str text) {
  Str line;
  for (bool more = true; more;) {
    more = str_cut(text, '\n', &line, &text);
    Str clean = print_clean(a->arena, line);
    printf("      %.*s\n", STR_ARG(clean));
  }
}

static void tell_change(const Apply *a, const Step *step, const Change *change) {
  Str before = yaml_text(a->arena, &change->before), after = yaml_text(a->arena, &change->after);
  Painting painting = {a, 8};
  if (change->secret) {
    printf("    %.*s: (a secret)\n", STR_ARG(change->name));
  } else if (step->deed == DEED_CREATE) {
    bool inline_ = is_short(after) && change->after.kind != VALUE_LIST && change->after.kind != VALUE_MAP;
    bool nothing = change->after.kind == VALUE_NULL ||
                   ((change->after.kind == VALUE_LIST || change->after.kind == VALUE_MAP) && change->after.size == 0);
    if (nothing) return;
    Str shown = inline_ ? print_clean(a->arena, after) : S("");
    printf("    %.*s:%s%.*s\n", STR_ARG(change->name), inline_ ? " " : "", STR_ARG(shown));
    if (!inline_) tell_block(a, after);
  } else if (is_short(before) && is_short(after)) {
    printf("    %.*s: %.*s \xe2\x86\x92 %.*s\n", STR_ARG(change->name), STR_ARG(print_clean(a->arena, before)),
           STR_ARG(print_clean(a->arena, after)));
  } else {
    printf("    %.*s:\n", STR_ARG(change->name));
    diff_lines(a->arena, before, after, CONTEXT_LINES, paint_line, &painting);
  }
}

static void tell_head(const Apply *a, const Step *step, const char *word) {
  bool colour = a->verb->screen.colour;
  Str label = print_clean(a->arena, thing_label(a->arena, step->thing));
  printf("%s%c %.*s%s%s%s\n", colour ? DEEDS[step->deed].colour : "", DEEDS[step->deed].mark, STR_ARG(label),
         *word ? " " : "", word, colour ? PRINT_PLAIN : "");
}

static void count_all(const Apply *a, size_t counts[4]) {
  for (size_t i = 0; i < a->steps.count; i++) counts[a->steps.items[i]->deed]++;
}

void apply_tell_plan(const Apply *a) {
  size_t counts[4] = {0};
  for (size_t i = 0; i < a->steps.count; i++) {
    const Step *step = a->steps.items[i];
    if (step->deed == DEED_NONE) continue;
    tell_head(a, step, "");
    for (size_t k = 0; k < step->changes.count; k++) tell_change(a, step, &step->changes.items[k]);
  }
  count_all(a, counts);
  if (counts[DEED_CREATE] + counts[DEED_CHANGE] + counts[DEED_DELETE] == 0)
    verb_say(a->verb, "nothing to do: %zu as wanted", counts[DEED_NONE]);
  else
    verb_say(a->verb, "%zu to create, %zu to change, %zu to delete, %zu as wanted; nothing was written (--dry-run)",
             counts[DEED_CREATE], counts[DEED_CHANGE], counts[DEED_DELETE], counts[DEED_NONE]);
}

/* The run -----------------------------------------------------------------------------------------------------------
 */

void apply_tell_step(const Apply *a, const Step *step) {
  if (a->verb->quiet || step->deed == DEED_NONE || a->verb->output == OUTPUT_JSON || a->verb->output == OUTPUT_YAML)
    return;
  Buf names = buf_new(a->arena, KIB(4));
  buf_puts(&names, DEEDS[step->deed].past);
  for (size_t i = 0; step->deed == DEED_CHANGE && i < step->changes.count; i++)
    buf_format(&names, "%s%.*s", i ? ", " : ": ", STR_ARG(step->changes.items[i].name));
  tell_head(a, step, str_to_c(a->arena, print_clean(a->arena, buf_str(&names))));
}

void apply_tell_summary(const Apply *a, bool stopped) {
  size_t counts[4] = {0}, left = 0;
  count_all(a, counts);
  for (size_t i = 0; i < 4; i++) left += counts[i] - a->counts[i];
  if (stopped)
    fprintf(
        stderr,
        "tocsin: stopped there. Done before: %zu created, %zu changed, %zu deleted. Not done: %zu; mend the file and "
        "apply again, it goes on from here\n",
        a->counts[DEED_CREATE], a->counts[DEED_CHANGE], a->counts[DEED_DELETE], left - counts[DEED_NONE]);
  else
    verb_say(a->verb, "%zu created, %zu changed, %zu deleted, %zu as wanted", a->counts[DEED_CREATE],
             a->counts[DEED_CHANGE], a->counts[DEED_DELETE], counts[DEED_NONE]);
}

Value apply_report(const Apply *a) {
  static const char *const WORDS[] = {"none", "create", "change", "delete"};
  ValueVec items = {0};
  for (size_t i = 0; i < a->steps.count; i++) {
    const Step *step = a->steps.items[i];
    MapBuilder item = map_builder(a->arena), members = map_builder(a->arena);
    if (step->deed == DEED_NONE) continue;
    for (size_t k = 0; k < step->changes.count; k++) {
      const Change *change = &step->changes.items[k];
      MapBuilder pair = map_builder(a->arena);
      if (!change->secret) map_put_c(&pair, "before", change->before);
      if (!change->secret) map_put_c(&pair, "after", change->after);
      map_put(&members, change->name, map_done(&pair));
    }
    map_put_c(&item, "action", value_c(WORDS[step->deed]));
    map_put_c(&item, "kind", value_c(step->thing->kind->name));
    map_put_c(&item, "name", value_string(step->thing->name));
    map_put_c(&item, "done", value_bool(step->done));
    map_put_c(&item, "changes", map_done(&members));
    *VEC_PUSH(a->arena, &items) = map_done(&item);
  }
  MapBuilder report = map_builder(a->arena);
  map_put_c(&report, "dry_run", value_bool(a->dry_run));
  map_put_c(&report, "items", list_done(&items));
  return map_done(&report);
}

/* Apply, third part: the calls. First every write is tried where it can be (?dry_run=true: the server checks all and
 * keeps nothing), so that a wrong document stops the run before it began. Then one after the other; the first refusal
 * ends the run, and what was done is said. */
#include "cli/apply.h"
#include "cli/list.h"

static Str path_of(Apply *a, const Thing *thing, bool dry) {
  const char *query = dry ? "?dry_run=true" : "";
  if (thing->id.len == 0) return str_format(a->arena, "/api/v1/%s%s", thing->kind->plural, query);
  return str_format(a->arena, "/api/v1/%s/%.*s%s", thing->kind->plural, STR_ARG(thing->id), query);
}

/* Bodies ------------------------------------------------------------------------------------------------------------
 */

/* A merge patch leaves out nothing by itself: what is gone is said as null. */
static Value with_nulls(Arena *arena, const Value *before, const Value *after) {
  if (before->kind != VALUE_MAP || after->kind != VALUE_MAP) return *after;
  MapBuilder out = map_builder(arena);
  for (size_t i = 0; i < before->size; i++)
    if (!value_get(after, value_text(&before->members[i].key)))
      map_put(&out, value_text(&before->members[i].key), value_null());
  for (size_t i = 0; i < after->size; i++) {
    Str name = value_text(&after->members[i].key);
    const Value *old = value_get(before, name), *fresh = &after->members[i].value;
    map_put(&out, name, old ? with_nulls(arena, old, fresh) : *fresh);
  }
  return map_done(&out);
}

static bool waits(const Step *step, const Field *field) {
  for (size_t i = 0; i < step->later.count; i++)
    if (step->later.items[i] == field) return true;
  return false;
}

typedef enum Portion { ALL, FIRST, LATER } Portion; /* with, without, or only what waits */

static Value body_of(Apply *a, const Step *step, Portion part) {
  const Resource *kind = step->thing->kind;
  MapBuilder body = map_builder(a->arena);
  for (size_t i = 0; i < step->changes.count; i++) {
    const Change *change = &step->changes.items[i];
    if (part != ALL && change->field && waits(step, change->field) != (part == LATER)) continue;
    Value value = change->field ? form_wire(a->stock, change->field, &change->after) : change->after;
    bool replaced = change->field && (change->field->kind == F_LABELS || change->field->kind == F_JSON);
    if (replaced && step->deed == DEED_CHANGE) value = with_nulls(a->arena, &change->before, &value);
    map_put(&body, change->name, value);
  }
  if (step->deed == DEED_CREATE && part != LATER) {
    if (kind->has_slug && !kind->is_organization) map_put_c(&body, "slug", value_string(step->thing->name));
    if (a->set && thing_managed(kind)) map_put_c(&body, "managed_by", value_c(a->set));
  }
  return map_done(&body);
}

/* Trying ------------------------------------------------------------------------------------------------------------
 */

static void see_unmade(void *ctx, const Field *field, Str pointer, Str word, Thing *target) {
  bool *unmade = ctx;
  (void)field;
  (void)pointer;
  (void)word;
  *unmade = *unmade || !target || target->id.len == 0;
}

/* What refers to something that is not there yet cannot be tried. */
static bool can_be_tried(Apply *a, const Step *step) {
  bool unmade = false;
  for (size_t i = 0; i < step->changes.count; i++)
    if (step->changes.items[i].field)
      form_refs(a->stock, step->changes.items[i].field, &step->changes.items[i].after, STR_NONE, see_unmade, &unmade);
  return !unmade;
}

/* A secret cannot be compared here; the server knows whether it is another one. */
static void settle_secret(Step *step, const Value *answer) {
  i64 version = value_int_or(value_get_c(answer, "version"), 0);
  bool only_secrets = true;
  for (size_t i = 0; i < step->changes.count; i++) only_secrets = only_secrets && step->changes.items[i].secret;
  if (step->deed == DEED_CHANGE && only_secrets &&
      version == value_int_or(value_get_c(step->thing->row, "version"), -1))
    step->deed = DEED_NONE;
}

int apply_check(Apply *a) {
  Progress progress = progress_start("checked", a->steps.count, a->verb->quiet);
  int first = EXIT_DONE;
  for (size_t i = 0; i < a->steps.count; i++, progress_step(&progress)) {
    Step *step = a->steps.items[i];
    Value answer = value_null();
    bool writes = step->deed == DEED_CREATE || step->deed == DEED_CHANGE;
    if (!writes || !can_be_tried(a, step)) continue;
    Value body = body_of(a, step, ALL);
    const char *method = step->deed == DEED_CREATE ? "POST" : "PATCH";
    int code = client_ask(a->verb->client, method, path_of(a, step->thing, true), &body, &answer);
    if (code == EXIT_DONE) {
      settle_secret(step, &answer);
      continue;
    }
    if (first == EXIT_DONE) first = code;
    if (answer.kind == VALUE_NULL) break; /* nobody there: it was told */
    step->refused = true;
    apply_tell_problem(a, step->thing, &answer);
  }
  progress_end(&progress);
  return first;
}

/* Running -----------------------------------------------------------------------------------------------------------
 */

static int ask(Apply *a, Step *step, const char *method, const Value *body) {
  Value *answer = ARENA_NEW(a->arena, Value);
  int code = client_ask(a->verb->client, method, path_of(a, step->thing, false), body, answer);
  if (code == EXIT_DONE) {
    if (answer->kind == VALUE_MAP) stock_settle(a->stock, step->thing, answer);
    return code;
  }
  step->refused = true;
  if (answer->kind != VALUE_NULL) apply_tell_problem(a, step->thing, answer);
  return code;
}

/* A new person brings an address and rules: what the file calls so may be there by now. */
static bool came_with_parent(Apply *a, Step *step) {
  const Resource *kind = step->thing->kind;
  Value rows = value_null();
  if (!kind->key) return false;
  const Field *parent = resource_field(kind, str_from_c(kind->key[0]));
  const Value *word = value_get_c(step->thing->doc, parent->name);
  const Thing *owner =
      parent->ref && word ? stock_find(a->stock, kind_by_name(parent->ref), value_text_or(word, STR_NONE)) : NULL;
  if (!owner || !owner->made) return false;
  Str query = str_format(a->arena, "%s=%.*s&", parent->name, STR_ARG(owner->id));
  if (list_all(a->verb->client, kind, str_to_c(a->arena, query), &rows) != EXIT_DONE) return false;
  for (size_t i = 0; i < rows.size; i++) {
    Str name = stock_name(a->stock, kind, value_at(&rows, i));
    Thing *known = stock_find(a->stock, kind, name);
    if (known && !known->row) stock_settle(a->stock, known, value_at(&rows, i));
  }
  return step->thing->row != NULL;
}

/* Members that must not be sent again, and what is equal already, go. */
static void keep_differences(Apply *a, Step *step) {
  size_t kept = 0;
  for (size_t i = 0; i < step->changes.count; i++) {
    Change change = step->changes.items[i];
    const Value *row = value_get(step->thing->row, change.name);
    if (change.field && row) {
      change.before = form_member(a->stock, change.field, row, false);
      if (change.field->immutable || value_equal(&change.before, &change.after)) continue;
    }
    step->changes.items[kept++] = change;
  }
  step->changes.count = kept;
}

static int run_create(Apply *a, Step *step) {
  if (came_with_parent(a, step)) {
    keep_differences(a, step);
    step->thing->made = true;
    Value patch = body_of(a, step, ALL); /* kinds with such names have neither slug nor set */
    return step->changes.count ? ask(a, step, "PATCH", &patch) : EXIT_DONE;
  }
  Value body = body_of(a, step, FIRST);
  int code = ask(a, step, "POST", &body);
  if (code == EXIT_DONE) step->thing->made = true;
  return code;
}

static int run_later(Apply *a, Step *step) {
  if (step->later.count == 0) return EXIT_DONE;
  Value body = body_of(a, step, LATER);
  return ask(a, step, "PATCH", &body);
}

/* A doomed row lets go of other doomed rows, so that they can go in any order. */
static void see_doomed(void *ctx, const Field *field, Str pointer, Str word, Thing *target) {
  bool *any = ctx;
  (void)field;
  (void)pointer;
  (void)word;
  *any = *any || (target && target->doomed);
}

static int let_go(Apply *a, Step *step) {
  const Thing *thing = step->thing;
  MapBuilder body = map_builder(a->arena);
  bool any = false;
  for (size_t i = 0; i < thing->kind->field_count; i++) {
    const Field *field = &thing->kind->fields[i];
    const Value *value = value_get_c(thing->row, field->name);
    bool doomed = false;
    if (!value || !form_holds(field) || field->required || field->immutable) continue;
    form_refs(a->stock, field, value, STR_NONE, see_doomed, &doomed);
    if (doomed) map_put_c(&body, field->name, field->kind == F_LIST ? (Value){.kind = VALUE_LIST} : value_null());
    any = any || doomed;
  }
  Value value = map_done(&body);
  return any ? ask(a, step, "PATCH", &value) : EXIT_DONE;
}

static int run_step(Apply *a, Step *step) {
  switch (step->deed) {
  case DEED_CREATE: return run_create(a, step);
  case DEED_CHANGE: {
    Value body = body_of(a, step, ALL);
    return ask(a, step, "PATCH", &body);
  }
  case DEED_DELETE: return ask(a, step, "DELETE", NULL);
  default: return EXIT_DONE;
  }
}

/* Steps stand in order: makes, changes, deletes. What waited comes between the first and the second. */
static int run_deed(Apply *a, Deed deed, Progress *progress) {
  int code = EXIT_DONE;
  for (size_t i = 0; code == EXIT_DONE && i < a->steps.count; i++) {
    Step *step = a->steps.items[i];
    if (step->deed != deed) continue;
    code = run_step(a, step);
    if (code != EXIT_DONE) break;
    step->done = true;
    a->counts[deed]++;
    apply_tell_step(a, step);
    progress_step(progress);
  }
  return code;
}

static int for_each(Apply *a, Deed deed, int (*run)(Apply *a, Step *step)) {
  int code = EXIT_DONE;
  for (size_t i = 0; code == EXIT_DONE && i < a->steps.count; i++)
    if (a->steps.items[i]->deed == deed) code = run(a, a->steps.items[i]);
  return code;
}

int apply_run(Apply *a) {
  Progress progress = progress_start("done", a->steps.count, a->verb->quiet);
  int code = run_deed(a, DEED_CREATE, &progress);
  if (code == EXIT_DONE) code = for_each(a, DEED_CREATE, run_later);
  if (code == EXIT_DONE) code = run_deed(a, DEED_CHANGE, &progress);
  if (code == EXIT_DONE) code = for_each(a, DEED_DELETE, let_go);
  if (code == EXIT_DONE) code = run_deed(a, DEED_DELETE, &progress);
  if (code == EXIT_DONE) code = run_deed(a, DEED_NONE, &progress);
  progress_end(&progress);
  return code;
}

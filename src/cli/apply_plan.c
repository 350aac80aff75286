/* Apply, second part: what is to be done. Every member of a file is compared with the row in one form; members that a
 * file leaves out stay as they are. */
#include <string.h>

#include "cli/apply.h"
#include "core/resources.h"

/* What a file may hold without meaning anything: an answer of the API written down. */
static bool is_bookkeeping(const Resource *kind, Str name) {
  static const char *const NAMES[] = {"id", "created_at", "updated_at", "version", "number", "slug", "managed_by"};
  const Field *field = resource_field(kind, name);
  for (size_t i = 0; i < COUNT(NAMES); i++)
    if (str_equal_c(name, NAMES[i])) return true;
  return field && (field->read_only || field->computed || field->hidden);
}

/* Comparing ---------------------------------------------------------------------------------------------------------
 */

/* A map of the row itself is compared member by member. */
static bool is_same(const Field *field, const Value *before, const Value *after) {
  if (field->kind != F_OBJECT || after->kind != VALUE_MAP || before->kind != VALUE_MAP)
    return value_equal(before, after) || (field->kind != F_BOOL && before->kind == VALUE_NULL && after->size == 0 &&
                                          (after->kind == VALUE_LIST || after->kind == VALUE_MAP));
  for (size_t i = 0; i < after->size; i++) {
    const Value *old = value_get(before, value_text(&after->members[i].key));
    Value none = value_null();
    if (!value_equal(old ? old : &none, &after->members[i].value)) return false;
  }
  return true;
}

static void compare_member(Apply *a, Step *step, const Member *m) {
  const Thing *thing = step->thing;
  Str name = value_text(&m->key);
  const Field *field = resource_field(thing->kind, name);
  Change change = {.field = field, .name = name, .before = value_null(), .after = m->value};
  if (is_bookkeeping(thing->kind, name)) return;
  if (field && field->write_only) {
    change.secret = true;
  } else if (field) {
    const Value *row = thing->row ? value_get(thing->row, name) : NULL;
    change.after = form_member(a->stock, field, &m->value, !thing->row);
    if (row) change.before = form_member(a->stock, field, row, false);
    if (thing->row && is_same(field, &change.before, &change.after)) return;
  }
  if (thing->row && field && field->immutable && !change.secret)
    apply_tell_wrong(a, thing, str_format(a->arena, "/%.*s", STR_ARG(name)),
                     str_format(a->arena, "%.*s is \"%.*s\" and stays so: it is set when %s %s is made", STR_ARG(name),
                                STR_ARG(value_display(a->arena, &change.before)), str_article(thing->kind->name),
                                thing->kind->name));
  else
    *VEC_PUSH(a->arena, &step->changes) = change;
}

/* References that lead nowhere are told before anything is done. */
typedef struct Checking {
  Apply *apply;
  const Thing *thing;
} Checking;

static void check_ref(void *ctx, const Field *field, Str pointer, Str word, Thing *target) {
  Checking *c = ctx;
  Apply *a = c->apply;
  if (target && (target->row || target->doc)) return;
  Spelling spelling = spelling_of(word);
  const Things *known = stock_kind(a->stock, kind_by_name(field->ref));
  for (size_t i = 0; i < known->count; i++) spelling_try(&spelling, known->items[i]->name);
  apply_tell_wrong(a, c->thing, pointer,
                   str_format(a->arena, "there is no %s \"%.*s\", neither on the server nor in the files%s%.*s%s",
                              field->ref, STR_ARG(word), spelling.word.len ? "; did you mean \"" : "",
                              STR_ARG(spelling.word), spelling.word.len ? "\"?" : ""));
}

static void check_refs(Apply *a, const Thing *thing) {
  Checking c = {a, thing};
  for (size_t i = 0; i < thing->doc->size; i++) {
    Str name = value_text(&thing->doc->members[i].key);
    const Field *field = resource_field(thing->kind, name);
    if (field && !is_bookkeeping(thing->kind, name))
      form_refs(a->stock, field, &thing->doc->members[i].value, str_format(a->arena, "/%.*s", STR_ARG(name)), check_ref,
                &c);
  }
}

/* Planning ----------------------------------------------------------------------------------------------------------
 */

static Step *new_step(Apply *a, Thing *thing, Deed deed) {
  Step *step = ARENA_NEW(a->arena, Step);
  *step = (Step){.thing = thing, .deed = deed};
  *VEC_PUSH(a->arena, &a->steps) = step;
  return step;
}

static bool belongs_to_others(Apply *a, const Thing *thing) {
  Str owner = thing_set(thing);
  if (!a->set || owner.len == 0 || str_equal_c(owner, a->set)) return false;
  apply_tell_wrong(a, thing, STR_NONE,
                   str_format(a->arena,
                              "%.*s belongs to the set \"%.*s\"; change it there, or free it: %s update %s %.*s "
                              "managed_by=null",
                              STR_ARG(thing_label(a->arena, thing)), STR_ARG(owner), cli_program(), thing->kind->name,
                              STR_ARG(thing->name)));
  return true;
}

static void plan_wanted(Apply *a, Thing *thing) {
  check_refs(a, thing);
  if (belongs_to_others(a, thing)) return;
  Step *step = new_step(a, thing, thing->row ? DEED_CHANGE : DEED_CREATE);
  for (size_t i = 0; i < thing->doc->size; i++) compare_member(a, step, &thing->doc->members[i]);
  if (thing->row && step->changes.count == 0) step->deed = DEED_NONE;
}

/* What the set made and no file wants any more. */
static void plan_pruning(Apply *a) {
  for (size_t i = 0; i < CORE_RESOURCE_COUNT; i++) {
    const Resource *kind = CORE_RESOURCES[i];
    if (!kind->configured || !thing_managed(kind)) continue;
    const Things *things = stock_kind(a->stock, kind);
    for (size_t k = 0; k < things->count; k++) {
      Thing *thing = things->items[k];
      thing->doomed = thing->row && !thing->doc && str_equal_c(thing_set(thing), a->set);
      if (thing->doomed) new_step(a, thing, DEED_DELETE);
    }
  }
}

void apply_plan(Apply *a) {
  for (size_t i = 0; i < a->wanted.count; i++) plan_wanted(a, a->wanted.items[i]);
  if (a->prune) plan_pruning(a);
}

/* Order --------------------------------------------------------------------------------------------------------------
 * A thing is made after what it refers to. Where that goes in a circle (a team's policy, a policy's team), a member
 * that may be missing at first is set afterwards. Things go in the opposite order. */

typedef struct Needing {
  Apply *apply;
  Step *step;
} Needing;

/* Not there yet, and to be made in this run. */
static void note_need(void *ctx, const Field *field, Str pointer, Str word, Thing *target) {
  Needing *n = ctx;
  (void)field;
  (void)word;
  if (!target || !target->doc || target->id.len) return;
  Str rest, name = str_slice(pointer, 1, pointer.len);
  (void)str_cut(name, '/', &name, &rest);
  *VEC_PUSH(n->apply->arena, &n->step->needs) = (Need){resource_field(n->step->thing->kind, name), target};
}

static void note_needs(Apply *a, Step *step) {
  Needing n = {a, step};
  for (size_t i = 0; step->deed == DEED_CREATE && i < step->changes.count; i++) {
    const Change *change = &step->changes.items[i];
    if (change->field)
      form_refs(a->stock, change->field, &change->after, str_format(a->arena, "/%s", change->field->name), note_need,
                &n);
  }
}

static bool may_wait(const Field *field) {
  return field && !field->required && !field->immutable;
}

static bool is_later(const Step *step, const Field *field) {
  for (size_t i = 0; i < step->later.count; i++)
    if (step->later.items[i] == field) return true;
  return false;
}

/* May it be made now? `defer`: with members that wait. */
static bool is_ready(Apply *a, Step *step, bool defer) {
  bool waits = false;
  for (size_t i = 0; i < step->needs.count; i++) {
    const Need *need = &step->needs.items[i];
    if (need->target->made) continue;
    if (!defer || !may_wait(need->field)) return false;
    waits = true;
  }
  for (size_t i = 0; waits && i < step->needs.count; i++) {
    const Need *need = &step->needs.items[i];
    if (!need->target->made && !is_later(step, need->field)) *VEC_PUSH(a->arena, &step->later) = need->field;
  }
  return true;
}

typedef struct Ordering {
  Apply *apply;
  Step **out;
  size_t count;
} Ordering;

static void take(Ordering *o, Step *step) {
  o->out[o->count++] = step;
  step->done = true; /* placed; the run begins anew */
  step->thing->made = true;
}

/* Every step of one deed that can come now; false when none could. */
static bool take_ready(Ordering *o, bool defer) {
  bool any = false;
  for (size_t i = 0; i < o->apply->steps.count; i++) {
    Step *step = o->apply->steps.items[i];
    if (step->deed != DEED_CREATE || step->done || !is_ready(o->apply, step, defer)) continue;
    take(o, step);
    any = true;
    if (defer) return true;
  }
  return any;
}

static void refuse_circle(Ordering *o) {
  for (size_t i = 0; i < o->apply->steps.count; i++) {
    Step *step = o->apply->steps.items[i];
    if (step->deed != DEED_CREATE || step->done) continue;
    apply_tell_wrong(o->apply, step->thing, STR_NONE,
                     S("it refers to others that refer to it, and none of them can be made first"));
    take(o, step);
  }
}

static void take_deed(Ordering *o, Deed deed) {
  for (size_t i = 0; i < o->apply->steps.count; i++)
    if (o->apply->steps.items[i]->deed == deed) o->out[o->count++] = o->apply->steps.items[i];
}

/* Deletes: kinds in the opposite order of the registry; what still refers to another doomed row is cleared by the run.
 */
static void take_deletes(Ordering *o) {
  for (size_t i = o->apply->steps.count; i-- > 0;)
    if (o->apply->steps.items[i]->deed == DEED_DELETE) o->out[o->count++] = o->apply->steps.items[i];
}

void apply_order(Apply *a) {
  Ordering o = {a, ARENA_ARRAY(a->arena, Step *, a->steps.count + 1), 0};
  for (size_t i = 0; i < a->steps.count; i++) note_needs(a, a->steps.items[i]);
  while (take_ready(&o, false) || take_ready(&o, true)) {
  }
  refuse_circle(&o);
  take_deed(&o, DEED_CHANGE);
  take_deletes(&o);
  take_deed(&o, DEED_NONE);
  ASSERT(o.count == a->steps.count);
  memcpy(a->steps.items, o.out, o.count * sizeof(Step *));
  for (size_t i = 0; i < a->steps.count; i++) a->steps.items[i]->done = a->steps.items[i]->thing->made = false;
}

/* One request as events: body to values, the kind of the request or of each element, the elements one by one. Each
 * element stands alone: a bad one is listed, the others are taken. Pure; all in the caller's arena. */
#include <stdio.h>
#include <string.h>

#include "base/spelling.h"
#include "catalog/internal.h"

void run_init(Run *run, const Spec *spec, Arena *arena, const RawRequest *request, const NormaliseSettings *settings) {
  *run = (Run){.spec = spec, .arena = arena, .request = request, .settings = settings};
  run->limits = settings->limits.key_bytes ? &settings->limits : &EVENT_LIMITS;
  run->values[VAR_PAYLOAD] = run->values[VAR_ITEM] = run->values[VAR_EVENT] = value_null();
  run->values[VAR_HEADERS] = spec_headers(arena, request);
  run->values[VAR_QUERY] = spec_query(arena, request->query);
  run->values[VAR_INDEX] = value_int(0);
  run->values[VAR_VARS] = (Value){.kind = VALUE_MAP, .members = run->vars};
  run->values[VAR_NOW] = (Value){
      .kind = VALUE_TIMESTAMP, .i = request->received_ms / 1000, .size = (u32)(request->received_ms % 1000) * 1000000};
  run->values[VAR_VERIFIED] = value_bool(spec->auth_count > 0 && !str_is_blank(settings->secret));
  run->cel = (CelRun){.vars = run->values,
                      .now_ms = request->received_ms,
                      .zone = settings->zone,
                      .cost_max = SPEC_COST_BASE + SPEC_COST_PER_BYTE * (u64)request->body.len};
}

void run_warn(Run *run, const char *format, ...) {
  va_list args;
  va_start(args, format);
  Str text = str_vformat(run->arena, format, args);
  va_end(args);
  for (size_t i = 0; i < run->warnings.count; i++)
    if (str_equal(run->warnings.items[i], text)) return;
  if (run->warnings.count < SPEC_WARNINGS_MAX) *VEC_PUSH(run->arena, &run->warnings) = text;
}

bool run_eval(Run *run, const CelProgram *program, Value *out) {
  if (!cel_eval(program, run->arena, &run->cel, out, &run->why)) {
    *out = value_null();
    return run->why.code == ERR_MISSING;
  }
  if (out->kind == VALUE_OPTIONAL) *out = out->size ? out->items[0] : value_null();
  return true;
}

Str run_text(Run *run, const CelProgram *program) {
  Value v;
  return program && run_eval(run, program, &v) ? part_clean(run->arena, &v) : STR_NONE;
}

/* Vars stand in one small array that grows under the map `vars`; a var that fails is null, and what needs it says so.
 */
static void run_vars(Run *run, const NamedProgram *vars, size_t count, size_t from) {
  Value *map = &run->values[VAR_VARS];
  map->size = (u32)from;
  for (size_t i = 0; i < count; i++) {
    Value v;
    if (!run_eval(run, vars[i].program, &v)) run_warn(run, "vars.%.*s: %s", STR_ARG(vars[i].name), run->why.message);
    ASSERT(map->size < SPEC_VARS_MAX);
    run->vars[map->size] = (Member){value_string(vars[i].name), v};
    map->size++;
  }
}

/* Kinds ----------------------------------------------------------------------------------------------------------- */

/* A condition that meets something missing is false; the last other failure is kept for the answer. */
static const SpecKind *find_kind(Run *run) {
  run->when_failed.code = ERR_NONE;
  for (size_t i = 0; i < run->spec->kind_count; i++) {
    const SpecKind *kind = &run->spec->kinds[i];
    Value v = value_bool(true);
    if (kind->when && !run_eval(run, kind->when, &v)) {
      run->when_failed = run->why;
      (void)error_prefix(&run->when_failed, "kinds[%zu].when: ", i);
      continue;
    }
    if (value_bool_or(&v, false)) return kind;
  }
  return NULL;
}

static bool no_kind(const Run *run, Error *err) {
  if (run->when_failed.code == ERR_NONE)
    return fail(err, ERR_UNPROCESSABLE, "nothing in %.*s fits this; is it the right template?",
                STR_ARG(run->spec->name));
  if (err) {
    *err = run->when_failed;
    err->code = ERR_UNPROCESSABLE;
  }
  return false;
}

/* Elements -------------------------------------------------------------------------------------------------------- */

static void element_fails(Run *run, i64 index, const Error *why) {
  ElementError *error = VEC_PUSH(run->arena, &run->errors);
  *error = (ElementError){.index = index};
  if (run->errors.count == 1) run->first_error = *why;
  Str reason = utf8_cut(str_from_c(why->message), sizeof error->reason - 1);
  memcpy(error->reason, reason.ptr, reason.len);
}

/* A filter that fails keeps the element: nothing is lost because an expression met a payload it did not expect. */
static bool passes_filter(Run *run, const Event *event) {
  Value v;
  if (!run->settings->filter) return true;
  run->values[VAR_EVENT] = event_to_value(run->arena, event);
  if (!cel_eval(run->settings->filter, run->arena, &run->cel, &v, &run->why)) {
    run_warn(run, "the filter failed, the element was kept: %s", run->why.message);
    return true;
  }
  return value_bool_or(&v, true);
}

static bool is_known(const Spec *spec, Str name) {
  for (size_t i = 0; i < spec->known_count; i++)
    if (str_equal(spec->known[i], name)) return true;
  return false;
}

/* Warns of fields of the element that are probably misspelt: not known, near to a known one that is missing. Gives the
 * first of them as text; empty when there is none. */
static Str warn_of_fields(Run *run) {
  const Spec *spec = run->spec;
  const Value *item = &run->values[VAR_ITEM];
  Str first = STR_NONE;
  if (spec->known_count == 0 || item->kind != VALUE_MAP) return first;
  for (u32 i = 0; i < item->size && run->spelled < SPEC_SPELLED_MAX; i++) {
    Str name = value_text_or(&item->members[i].key, STR_NONE);
    if (name.len < 4 || is_known(spec, name)) continue; /* short names are near to everything */
    run->spelled++;
    Spelling near = spelling_of(str_lower(run->arena, name));
    for (size_t k = 0; k < spec->known_count; k++) spelling_try(&near, spec->known[k]);
    if (!near.word.len || value_get(item, near.word)) continue;
    Str text = str_format(run->arena, "the field \"%.*s\" is not known and was ignored; did you mean \"%.*s\"?",
                          STR_ARG(utf8_cut(name, 60)), STR_ARG(near.word));
    run_warn(run, "%.*s", STR_ARG(text));
    if (!first.len) first = text;
  }
  return first;
}

static void take_event(Run *run, const SpecKind *kind, u32 index) {
  Event event;
  Str misspelt = warn_of_fields(run);
  if (!spec_event(run, kind, index, &event)) {
    if (misspelt.len) (void)error_prefix(&run->why, "%.*s ", STR_ARG(misspelt));
    element_fails(run, index, &run->why);
  } else if (passes_filter(run, &event)) {
    *VEC_PUSH(run->arena, &run->events) = event;
  } else {
    run->seen_filtered = true;
  }
}

static void take_kind(Run *run, const SpecKind *kind, u32 index) {
  run_vars(run, kind->vars, kind->var_count, run->spec->var_count);
  if (kind->confirm_url && !run->out->confirm_url.len) run->out->confirm_url = run_text(run, kind->confirm_url);
  if (kind->answer && !run->out->vendor_answer.len) run->out->vendor_answer = run_text(run, kind->answer);
  switch (kind->of) {
  case KIND_ALERT:
  case KIND_CHANGE: take_event(run, kind, index); break;
  case KIND_TEST: run->seen_test = true; break;
  case KIND_CONFIRMATION: run->seen_confirmation = true; break;
  case KIND_IGNORE:
  case KIND_COUNT: run->seen_filtered = true; break;
  }
}

static bool elements(Run *run, const CelProgram *each, Value *out, Error *err) {
  if (!run_eval(run, each, out)) {
    if (err) *err = run->why;
    if (err) err->code = ERR_UNPROCESSABLE;
    return error_prefix(err, "each: ");
  }
  if (out->kind != VALUE_LIST)
    return fail(err, ERR_UNPROCESSABLE, "each: \"%.*s\" is not a list in this body", STR_ARG(cel_source(each)));
  if (!run->spec->elements_unlimited && out->size > SPEC_ELEMENTS_MAX)
    return fail(err, ERR_UNPROCESSABLE, "the body has %u elements; at most %d are taken at once", out->size,
                SPEC_ELEMENTS_MAX);
  return true;
}

static void stand_at(Run *run, const Value *list, u32 index) {
  run->values[VAR_ITEM] = list->items[index];
  run->values[VAR_INDEX] = value_int(index);
}

static void stand_at_whole(Run *run) {
  const Value *payload = &run->values[VAR_PAYLOAD];
  run->values[VAR_ITEM] = run->values[VAR_WEBHOOK] = run->values[VAR_WEBHOOK_UPPER] = *payload;
}

/* Kinds are asked for each element. */
static bool take_mixed(Run *run, Error *err) {
  Value list;
  if (!elements(run, run->spec->each, &list, err)) return false;
  for (u32 i = 0; i < list.size; i++) {
    stand_at(run, &list, i);
    run_vars(run, run->spec->vars, run->spec->var_count, 0);
    const SpecKind *kind = find_kind(run);
    if (kind) {
      take_kind(run, kind, i);
    } else {
      (void)no_kind(run, &run->why);
      element_fails(run, i, &run->why);
    }
  }
  return true;
}

/* One kind for the whole request, which may have a list. */
static bool take_one_kind(Run *run, Error *err) {
  Value list;
  run_vars(run, run->spec->vars, run->spec->var_count, 0);
  const SpecKind *kind = find_kind(run);
  if (!kind) return no_kind(run, err);
  if (!kind->each) {
    take_kind(run, kind, 0);
    return true;
  }
  if (!elements(run, kind->each, &list, err)) return false;
  for (u32 i = 0; i < list.size; i++) {
    stand_at(run, &list, i);
    take_kind(run, kind, i);
  }
  return true;
}

/* Trying out: the same variables as above, at one element. */
bool spec_variables(const Spec *spec, Arena *arena, const RawRequest *request, const NormaliseSettings *settings,
                    u32 element, Value *out, Error *err) {
  Run *run = ARENA_NEW(arena, Run);
  Value list = {.kind = VALUE_LIST};
  run_init(run, spec, arena, request, settings);
  if (!spec_read_body(spec, arena, request, &run->values[VAR_PAYLOAD], NULL, err)) return false;
  stand_at_whole(run);
  if (!spec->each) run_vars(run, spec->vars, spec->var_count, 0);
  const SpecKind *kind = spec->each ? NULL : find_kind(run);
  const CelProgram *each = spec->each ? spec->each : kind ? kind->each : NULL;
  if (each && !elements(run, each, &list, err)) return false;
  u32 count = each ? list.size : 1;
  if (element >= count)
    return fail(err, ERR_NOT_FOUND, "there is no element %u: the request has %u, counted from 0", element, count);
  if (each) stand_at(run, &list, element);
  if (spec->each) {
    run_vars(run, spec->vars, spec->var_count, 0);
    kind = find_kind(run);
  }
  if (kind) run_vars(run, kind->vars, kind->var_count, spec->var_count);
  MapBuilder map = map_builder(arena);
  for (size_t i = 0; i < VAR_COUNT; i++) map_put_c(&map, SPEC_VARS[i].name, run->values[i]);
  *out = map_done(&map);
  return true;
}

/* The whole ------------------------------------------------------------------------------------------------------- */

static void add_warnings(Run *run) {
  for (size_t i = 0; i < run->spec->warning_count; i++) {
    Str text = run_text(run, run->spec->warnings[i]);
    if (text.len) run_warn(run, "%.*s", STR_ARG(utf8_cut(text, 300)));
  }
}

static void warn_of_duplicates(Run *run, const Duplicates *twice) {
  Str key = utf8_cut(value_text_or(&twice->key, STR_NONE), 60);
  if (twice->count == 1)
    run_warn(run, "an object of the body has the key \"%.*s\" twice; the last counts", STR_ARG(key));
  else
    run_warn(run, "objects of the body have keys twice (%u times, \"%.*s\" first); the last counts", twice->count,
             STR_ARG(key));
}

static const char *outcome_of(const Run *run) {
  if (run->events.count) return run->errors.count ? "partial" : "accepted";
  if (run->seen_test) return "test";
  if (run->seen_confirmation) return "confirmation";
  return run->seen_filtered ? "filtered" : "accepted";
}

static bool nothing_maps(const Run *run, Error *err) {
  if (!err) return false;
  *err = run->first_error;
  err->code = ERR_UNPROCESSABLE;
  if (run->errors.count == 1) return false;
  return error_prefix(err, "none of %zu elements could be read; element %lld: ", run->errors.count,
                      (long long)run->errors.items[0].index);
}

bool spec_normalise(const Spec *spec, Arena *arena, const RawRequest *request, const NormaliseSettings *settings,
                    Normalised *out, Error *err) {
  Normalised result = {0};
  Run *run = ARENA_NEW(arena, Run);
  run_init(run, spec, arena, request, settings);
  run->out = &result;
  Duplicates twice = {0};
  if (!spec_read_body(spec, arena, request, &run->values[VAR_PAYLOAD], &twice, err)) return false;
  if (twice.count) warn_of_duplicates(run, &twice);
  stand_at_whole(run);
  if (!(spec->each ? take_mixed(run, err) : take_one_kind(run, err))) return false;
  bool other = run->events.count || run->seen_test || run->seen_confirmation || run->seen_filtered;
  if (run->errors.count && !other) return nothing_maps(run, err);
  run->values[VAR_ITEM] = run->values[VAR_PAYLOAD];
  add_warnings(run);
  result.outcome = outcome_of(run);
  result.events = run->events.items;
  result.event_count = run->events.count;
  result.errors = run->errors.items;
  result.error_count = run->errors.count;
  result.warnings = run->warnings.items;
  result.warning_count = run->warnings.count;
  result.delivery_id = utf8_cut(run_text(run, spec->delivery_id), 255);
  *out = result;
  return true;
}

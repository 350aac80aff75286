/* From YAML to a compiled Spec. Everything is checked here, so that a spec that loads can only fail on payloads:
 * unknown keys, unknown names in expressions, kinds without fields. Errors say the line, the place and the expression.
 */
#include <string.h>

#include "catalog/internal.h"
#include "lang/yaml.h"

/* Where things stand in the text ---------------------------------------------------------------------------------- */

/* Values carry no positions: the line is that of the first occurrence of the expression's first line. 0: not found. */
static u32 line_of(Str yaml, Str expression) {
  Str head, rest;
  (void)str_cut(str_trim(expression), '\n', &head, &rest);
  size_t at = head.len ? str_find(yaml, head, 0) : SIZE_MAX;
  if (at == SIZE_MAX) return 0;
  u32 line = 1;
  for (size_t i = 0; i < at; i++) line += yaml.ptr[i] == '\n';
  return line;
}

bool load_fail(const Loader *l, Str expression, Str place, const char *format, ...) {
  va_list args;
  va_start(args, format);
  Str message = str_vformat(l->arena, format, args);
  va_end(args);
  u32 line = line_of(l->yaml, expression);
  if (line) {
    (void)fail(l->err, ERR_INVALID, "line %u: %.*s: %.*s", line, STR_ARG(place), STR_ARG(message));
    if (l->err) l->err->line = line;
    return false;
  }
  return fail(l->err, ERR_INVALID, "%.*s: %.*s", STR_ARG(place), STR_ARG(message));
}

bool load_program(const Loader *l, const Value *value, Str place, const CelProgram **out) {
  Error err = {0};
  if (!value) return true;
  Str source = value_display(l->arena, value);
  if (value->kind == VALUE_LIST || value->kind == VALUE_MAP || value->kind == VALUE_NULL)
    return load_fail(l, STR_NONE, place, "an expression is a text; this is a %s",
                     value_kind_name((ValueKind)value->kind));
  if (cel_compile(l->arena, l->env, source, NULL, out, &err)) return true;
  (void)load_fail(l, source, place, "%s", err.message);
  if (l->err) memcpy(l->err->detail, err.detail, sizeof err.detail);
  return false;
}

bool load_text(const Loader *l, const Value *map, const char *name, Str *out) {
  const Value *v = value_get_c(map, name);
  if (!v) return true;
  if (v->kind != VALUE_STRING)
    return load_fail(l, STR_NONE, str_from_c(name), "this is a %s; write a text", value_kind_name((ValueKind)v->kind));
  *out = value_text(v);
  return true;
}

bool load_known_keys(const Loader *l, const Value *map, Str place, const char *const *known) {
  if (!value_is(map, VALUE_MAP)) return load_fail(l, STR_NONE, place, "a map was expected here");
  for (u32 i = 0; i < map->size; i++) {
    Str key = value_text(&map->members[i].key);
    bool found = false;
    for (size_t k = 0; known[k] && !found; k++) found = str_equal_c(key, known[k]);
    if (found) continue;
    Buf all = buf_new(l->arena, 500);
    for (size_t k = 0; known[k]; k++) buf_format(&all, "%s%s", k ? ", " : "", known[k]);
    return load_fail(l, str_format(l->arena, "%.*s:", STR_ARG(key)), place, "unknown key \"%.*s\"; known are %.*s",
                     STR_ARG(key), STR_ARG(buf_str(&all)));
  }
  return true;
}

/* Parts ----------------------------------------------------------------------------------------------------------- */

static bool load_vars(const Loader *l, const Value *map, Str place, NamedProgram **out, size_t *out_count) {
  if (!map) return true;
  if (map->kind != VALUE_MAP || map->size > SPEC_VARS_MAX)
    return load_fail(l, STR_NONE, place, "vars is a map of at most %d expressions", SPEC_VARS_MAX);
  NamedProgram *vars = ARENA_ARRAY(l->arena, NamedProgram, map->size + 1);
  for (u32 i = 0; i < map->size; i++) {
    vars[i].name = value_text(&map->members[i].key);
    Str at = str_format(l->arena, "%.*s.%.*s", STR_ARG(place), STR_ARG(vars[i].name));
    if (!load_program(l, &map->members[i].value, at, &vars[i].program)) return false;
  }
  *out = vars;
  *out_count = map->size;
  return true;
}

static bool load_fields(const Loader *l, const Value *map, Str place, SpecKind *kind) {
  bool change = kind->of == KIND_CHANGE;
  if (!value_is(map, VALUE_MAP)) return load_fail(l, STR_NONE, place, "the fields are missing");
  for (u32 i = 0; i < map->size; i++) {
    Str name = value_text(&map->members[i].key);
    i32 field = field_find(name);
    if (field < 0 || !(change ? FIELDS[field].change : FIELDS[field].alert))
      return load_fail(l, str_format(l->arena, "%.*s:", STR_ARG(name)), place, "\"%.*s\" is no field of %s",
                       STR_ARG(name), change ? "a change" : "an alert");
    Str at = str_format(l->arena, "%.*s.%.*s", STR_ARG(place), STR_ARG(name));
    if (!load_program(l, &map->members[i].value, at, &kind->fields[field])) return false;
  }
  if (!kind->fields[FIELD_TITLE]) return load_fail(l, STR_NONE, place, "title is missing");
  if (change && !kind->fields[FIELD_KIND]) return load_fail(l, STR_NONE, place, "kind is missing");
  return true;
}

static const char *const KIND_NAMES[KIND_COUNT] = {"alert", "change", "test", "confirmation", "ignore"};

static bool load_kind(const Loader *l, const Value *map, Spec *spec, u32 position) {
  static const char *const KNOWN[] = {"when", "kind", "each", "vars", "alert", "change", "confirm_url", "answer", NULL};
  SpecKind *kind = &spec->kinds[position];
  Str place = str_format(l->arena, "kinds[%u]", position), name = STR_NONE;
  if (!load_known_keys(l, map, place, KNOWN) || !load_text(l, map, "kind", &name)) return false;
  kind->of = KIND_COUNT;
  kind->position = position;
  for (size_t i = 0; i < KIND_COUNT; i++)
    if (str_equal_c(name, KIND_NAMES[i])) kind->of = (KindOf)i;
  if (kind->of == KIND_COUNT)
    return load_fail(l, STR_NONE, place, "kind \"%.*s\" is none of alert, change, test, confirmation, ignore",
                     STR_ARG(name));
  const Value *each = value_get_c(map, "each");
  if (each && spec->each) return load_fail(l, STR_NONE, place, "each stands at the spec or at its kinds, not at both");
  Str vars = str_format(l->arena, "%.*s.vars", STR_ARG(place));
  if (!load_program(l, value_get_c(map, "when"), str_format(l->arena, "%.*s.when", STR_ARG(place)), &kind->when) ||
      !load_program(l, each, str_format(l->arena, "%.*s.each", STR_ARG(place)), &kind->each) ||
      !load_program(l, value_get_c(map, "confirm_url"), place, &kind->confirm_url) ||
      !load_program(l, value_get_c(map, "answer"), place, &kind->answer) ||
      !load_vars(l, value_get_c(map, "vars"), vars, &kind->vars, &kind->var_count))
    return false;
  if (kind->var_count + spec->var_count > SPEC_VARS_MAX)
    return load_fail(l, STR_NONE, vars, "a spec and one kind may have %d vars together", SPEC_VARS_MAX);
  if (kind->of != KIND_ALERT && kind->of != KIND_CHANGE) return true;
  Str fields = str_format(l->arena, "%.*s.%s", STR_ARG(place), KIND_NAMES[kind->of]);
  return load_fields(l, value_get_c(map, KIND_NAMES[kind->of]), fields, kind);
}

static bool load_kinds(const Loader *l, const Value *list, Spec *spec) {
  if (!value_is(list, VALUE_LIST) || list->size == 0 || list->size > SPEC_KINDS_MAX)
    return load_fail(l, STR_NONE, S("kinds"), "a list of 1 to %d kinds was expected", SPEC_KINDS_MAX);
  spec->kinds = ARENA_ARRAY(l->arena, SpecKind, list->size);
  spec->kind_count = list->size;
  for (u32 i = 0; i < list->size; i++)
    if (!load_kind(l, &list->items[i], spec, i)) return false;
  return true;
}

static bool read_meaning(const Loader *l, const Value *value, bool status, i32 *out) {
  Str text = value_text_or(value, STR_NONE);
  EventStatus meaning;
  *out = 0;
  if (status) {
    if (!event_status_parse(text, &meaning))
      return load_fail(l, text, S("status_words"), "a word means triggered, acknowledged or resolved, not \"%.*s\"",
                       STR_ARG(text));
    *out = (i32)meaning;
    return true;
  }
  if (value->kind == VALUE_NULL) return true; /* the word says nothing about priority */
  if (text.len != 2 || text.ptr[0] != 'p' || text.ptr[1] < '1' || text.ptr[1] > '4')
    return load_fail(l, text, S("severity_words"), "a word means p1, p2, p3, p4 or null, not \"%.*s\"", STR_ARG(text));
  *out = text.ptr[1] - '0';
  return true;
}

static bool load_words(const Loader *l, const Value *map, bool status, WordList *out) {
  if (!map) return true;
  if (map->kind != VALUE_MAP || map->size > SPEC_WORDS_MAX)
    return load_fail(l, STR_NONE, status ? S("status_words") : S("severity_words"),
                     "a map of at most %d words was expected", SPEC_WORDS_MAX);
  out->items = ARENA_ARRAY(l->arena, Word, map->size + 1);
  for (u32 i = 0; i < map->size; i++) {
    out->items[i].word = str_lower(l->arena, value_text(&map->members[i].key));
    if (!read_meaning(l, &map->members[i].value, status, &out->items[i].means)) return false;
  }
  out->count = map->size;
  return true;
}

static bool load_warnings(const Loader *l, const Value *list, Spec *spec) {
  if (!list) return true;
  if (list->kind != VALUE_LIST || list->size > SPEC_WARNINGS_MAX)
    return load_fail(l, STR_NONE, S("warnings"), "a list of at most %d expressions was expected", SPEC_WARNINGS_MAX);
  spec->warnings = ARENA_ARRAY(l->arena, const CelProgram *, list->size + 1);
  spec->warning_count = list->size;
  for (u32 i = 0; i < list->size; i++)
    if (!load_program(l, &list->items[i], S("warnings"), &spec->warnings[i])) return false;
  return true;
}

static bool load_names_list(const Loader *l, const Value *list, Str place, Str **out, size_t *out_count) {
  if (!list) return true;
  if (list->kind != VALUE_LIST) return load_fail(l, STR_NONE, place, "a list of names was expected");
  *out = ARENA_ARRAY(l->arena, Str, list->size + 1);
  for (u32 i = 0; i < list->size; i++) (*out)[(*out_count)++] = value_text_or(&list->items[i], S(""));
  return true;
}

static bool load_known(const Loader *l, const Value *list, Spec *spec) {
  if (value_is(list, VALUE_LIST) && list->size > SPEC_KNOWN_MAX)
    return load_fail(l, STR_NONE, S("known"), "at most %d names", SPEC_KNOWN_MAX);
  return load_names_list(l, list, S("known"), &spec->known, &spec->known_count);
}

static bool load_body(const Loader *l, const Value *map, Spec *spec) {
  static const char *const NAMES[] = {"json", "form", "json_or_form"};
  Str body = S("json");
  if (!load_text(l, map, "body", &body) || !load_text(l, map, "form_field", &spec->form_field)) return false;
  bool found = false;
  for (size_t i = 0; i < COUNT(NAMES); i++)
    if (str_equal_c(body, NAMES[i])) {
      spec->body = (BodyKind)i;
      found = true;
    }
  if (!found) return load_fail(l, body, S("body"), "\"%.*s\" is none of json, form, json_or_form", STR_ARG(body));
  i64 max = value_int_or(value_get_c(map, "body_bytes_max"), SPEC_BODY_MAX_DEFAULT);
  if (max < 1 || max > SPEC_BODY_MAX)
    return load_fail(l, STR_NONE, S("body_bytes_max"), "%lld is outside of 1 to %d bytes", (long long)max,
                     SPEC_BODY_MAX);
  spec->body_bytes_max = (size_t)max;
  spec->elements_unlimited = value_bool_or(value_get_c(map, "elements_unlimited"), false);
  return true;
}

static bool load_names(const Loader *l, const Value *map, Spec *spec) {
  if (!load_text(l, map, "name", &spec->name) || !load_text(l, map, "title", &spec->title) ||
      !load_text(l, map, "category", &spec->category) || !load_text(l, map, "docs", &spec->docs) ||
      !load_text(l, map, "guide", &spec->guide))
    return false;
  if (spec->name.len == 0 || spec->name.len > 64)
    return load_fail(l, STR_NONE, S("name"), "a name of 1 to 64 characters is missing");
  for (size_t i = 0; i < spec->name.len; i++)
    if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_-", spec->name.ptr[i]))
      return load_fail(l, spec->name, S("name"), "\"%.*s\" may hold a-z, 0-9, _ and -", STR_ARG(spec->name));
  if (spec->title.len == 0) spec->title = spec->name;
  return true;
}

static bool load_spec(const Loader *l, const Value *map, Spec *spec) {
  static const char *const KNOWN[] = {"name",
                                      "title",
                                      "category",
                                      "docs",
                                      "guide",
                                      "body",
                                      "form_field",
                                      "body_bytes_max",
                                      "elements_unlimited",
                                      "auth",
                                      "vars",
                                      "each",
                                      "kinds",
                                      "severity_words",
                                      "status_words",
                                      "volatile_labels",
                                      "known",
                                      "delivery_id",
                                      "warnings",
                                      "samples",
                                      NULL};
  Value time_of = value_c("time(item)");
  if (!load_known_keys(l, map, S("the spec"), KNOWN) || !load_names(l, map, spec) || !load_body(l, map, spec) ||
      !load_auth(l, value_get_c(map, "auth"), spec) ||
      !load_program(l, value_get_c(map, "each"), S("each"), &spec->each) ||
      !load_program(l, value_get_c(map, "delivery_id"), S("delivery_id"), &spec->delivery_id) ||
      !load_program(l, &time_of, S("time"), &spec->time_of) ||
      !load_vars(l, value_get_c(map, "vars"), S("vars"), &spec->vars, &spec->var_count) ||
      !load_kinds(l, value_get_c(map, "kinds"), spec) ||
      !load_words(l, value_get_c(map, "severity_words"), false, &spec->priorities) ||
      !load_words(l, value_get_c(map, "status_words"), true, &spec->statuses) ||
      !load_names_list(l, value_get_c(map, "volatile_labels"), S("volatile_labels"), &spec->volatile_labels,
                       &spec->volatile_count) ||
      !load_known(l, value_get_c(map, "known"), spec) || !load_warnings(l, value_get_c(map, "warnings"), spec))
    return false;
  const Value *samples = value_get_c(map, "samples");
  if (samples && samples->kind != VALUE_LIST) return load_fail(l, STR_NONE, S("samples"), "a list was expected");
  spec->samples = samples ? *samples : (Value){.kind = VALUE_LIST};
  return true;
}

bool spec_compile_in(Arena *arena, const CelEnv *env, Str yaml, const Spec **out, Error *err) {
  Value map;
  Spec *spec = ARENA_NEW(arena, Spec);
  if (yaml.len > SPEC_YAML_MAX)
    return fail(err, ERR_TOO_LARGE, "a template has at most %d bytes, this one %zu", SPEC_YAML_MAX, yaml.len);
  yaml = str_copy(arena, yaml);
  if (!yaml_parse(arena, yaml, &map, err)) return false;
  Loader loader = {.arena = arena, .env = env, .yaml = yaml, .err = err};
  if (!load_spec(&loader, &map, spec)) return false;
  *out = spec;
  return true;
}

bool spec_compile(Arena *arena, ZoneDb *zones, Str yaml, const Spec **out, Error *err) {
  return spec_compile_in(arena, spec_env_new(arena, zones), yaml, out, err);
}

Str spec_name(const Spec *spec) {
  return spec->name;
}
Str spec_title(const Spec *spec) {
  return spec->title;
}
Str spec_guide(const Spec *spec) {
  return spec->guide;
}
size_t spec_body_bytes_max(const Spec *spec) {
  return spec->body_bytes_max;
}
bool spec_elements_unlimited(const Spec *spec) {
  return spec->elements_unlimited;
}
const Value *spec_samples(const Spec *spec) {
  return &spec->samples;
}

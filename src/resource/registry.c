/* The registry: the list of resources, checked against each other once, with every statement built. A table that is
 * wrong is a defect of ours and stops the start with a sentence that names the field. */
#include <stdlib.h>
#include <string.h>

#include "resource/internal.h"

static const char *const KIND_NAMES[F_KIND_COUNT] = {"text",       "int",  "bool",   "enum",     "time", "ref",
                                                     "labels",     "list", "object", "union",    "json", "cel",
                                                     "local_time", "zone", "email",  "priority", "actor"};

const char *field_kind_name(FieldKind kind) {
  ASSERT((unsigned)kind < F_KIND_COUNT);
  return KIND_NAMES[kind];
}

const EnumValue *enum_by_text(const EnumValue *values, Str text) {
  for (const EnumValue *v = values; v->text; v++)
    if (str_equal_c(text, v->text)) return v;
  return NULL;
}

const EnumValue *enum_by_number(const EnumValue *values, i64 number) {
  for (const EnumValue *v = values; v->text; v++)
    if (v->number == number) return v;
  return NULL;
}

/* Checking the tables --------------------------------------------------------------------------------------------- */

typedef struct Walk {
  const Registry *registry;
  const Resource *resource;
  Error *err;
} Walk;

static bool defect(const Walk *w, const Field *f, const char *what) {
  return fail(w->err, ERR_INTERNAL, "resource %s, field %s: %s", w->resource->name, f->name ? f->name : "(item)", what);
}

static bool check_fields(const Walk *w, const Field *fields, size_t count, u32 depth);

static bool check_field(const Walk *w, const Field *f, u32 depth) {
  if (depth > NESTING_MAX) return defect(w, f, "nested too deep");
  if (f->kind == F_ENUM && !f->values) return defect(w, f, "an enum needs its values");
  if (f->kind == F_REF && !f->ref_by && (!f->ref || !registry_find(w->registry, str_from_c(f->ref))))
    return defect(w, f, "refers to a resource that does not exist");
  if (f->kind == F_LIST) return f->of ? check_field(w, f->of, depth + 1) : defect(w, f, "a list needs its item");
  if (f->kind == F_UNION && !f->tag) return defect(w, f, "a union needs its tag");
  if (f->kind == F_OBJECT || f->kind == F_UNION) return check_fields(w, f->fields, f->field_count, depth + 1);
  return true;
}

static bool check_fields(const Walk *w, const Field *fields, size_t count, u32 depth) {
  for (size_t i = 0; i < count; i++) {
    if (!fields[i].doc) return defect(w, &fields[i], "has no doc");
    for (size_t k = 0; k < i; k++)
      if (strcmp(fields[i].name, fields[k].name) == 0) return defect(w, &fields[i], "is there twice");
    if (!check_field(w, &fields[i], depth)) return false;
  }
  return true;
}

static bool check_resource(const Registry *registry, const Resource *resource, Error *err) {
  Walk walk = {registry, resource, err};
  ASSERT(resource->field_count < COLUMNS_MAX);
  if (!resource->doc) return fail(err, ERR_INTERNAL, "resource %s has no doc", resource->name);
  if (resource->has_slug && !resource_field(resource, S("name")))
    return fail(err, ERR_INTERNAL, "resource %s has a slug and no name to make it from", resource->name);
  return check_fields(&walk, resource->fields, resource->field_count, 0);
}

static bool index_one(Map *map, const char *key, const Resource *resource, Error *err) {
  if (map_set(map, str_from_c(key), (void *)(uintptr_t)resource))
    return fail(err, ERR_INTERNAL, "two resources are called %s", key);
  return true;
}

static bool index_all(Registry *r, Error *err) {
  r->by_name = map_new(r->arena);
  r->by_plural = map_new(r->arena);
  r->by_prefix = map_new(r->arena);
  for (size_t i = 0; i < r->count; i++)
    if (!index_one(r->by_name, r->list[i]->name, r->list[i], err) ||
        !index_one(r->by_plural, r->list[i]->plural, r->list[i], err) ||
        !index_one(r->by_prefix, r->list[i]->prefix, r->list[i], err))
      return false;
  return true;
}

/* The doors ------------------------------------------------------------------------------------------------------- */

bool registry_new(const Resource *const *list, size_t count, Registry **out, Error *err) {
  Registry *r = xcalloc(1, sizeof *r);
  r->arena = arena_new();
  r->list = list;
  r->count = count;
  r->sql = ARENA_ARRAY(r->arena, ResourceSql, count);
  bool ok = index_all(r, err);
  for (size_t i = 0; ok && i < count; i++) ok = check_resource(r, list[i], err);
  for (size_t i = 0; ok && i < count; i++) {
    r->sql[i].resource = list[i];
    sql_build(r, &r->sql[i]);
  }
  if (!ok) {
    registry_free(r);
    return false;
  }
  *out = r;
  return true;
}

void registry_free(Registry *registry) {
  if (!registry) return;
  arena_free(registry->arena);
  free(registry);
}

size_t registry_count(const Registry *registry) {
  return registry->count;
}

const Resource *registry_at(const Registry *registry, size_t i) {
  ASSERT(i < registry->count);
  return registry->list[i];
}

const Resource *registry_find(const Registry *registry, Str name) {
  return map_get(registry->by_name, name);
}

const Resource *registry_plural(const Registry *registry, Str plural) {
  return map_get(registry->by_plural, plural);
}

const Resource *registry_prefix(const Registry *registry, Str prefix) {
  Str head = prefix, tail;
  (void)str_cut(prefix, '_', &head, &tail);
  return map_get(registry->by_prefix, head);
}

const ResourceSql *registry_sql(const Registry *registry, const Resource *resource) {
  size_t i = 0;
  while (i < registry->count && registry->list[i] != resource) i++;
  ASSERT(i < registry->count); /* else it belongs to another registry */
  return &registry->sql[i];
}

const Field *resource_field(const Resource *resource, Str name) {
  for (size_t i = 0; i < resource->field_count; i++)
    if (str_equal_c(name, resource->fields[i].name)) return &resource->fields[i];
  return NULL;
}

/* The catalog: every spec and channel that is embedded in the program, compiled once. A broken one is a defect of the
 * build, so that loading fails as a whole and says which file, line and expression. */
#include "base/embedded.h"
#include "catalog/internal.h"

extern const EmbeddedFile CATALOG_FILES[];
extern const size_t CATALOG_FILES_COUNT;

static bool add_spec(Catalog *catalog, Str yaml, Error *err) {
  const Spec *spec = NULL;
  if (!spec_compile_in(catalog->arena, catalog->env, yaml, &spec, err)) return false;
  if (catalog_find(catalog, spec->name))
    return fail(err, ERR_INVALID, "the name \"%.*s\" is taken by another file", STR_ARG(spec->name));
  *VEC_PUSH(catalog->arena, &catalog->specs) = spec;
  return true;
}

static bool add_channel(Catalog *catalog, Str yaml, Error *err) {
  const Channel *channel = NULL;
  if (!channel_compile(catalog->arena, catalog->zones, yaml, &channel, err)) return false;
  *VEC_PUSH(catalog->arena, &catalog->channels) = channel;
  return true;
}

static bool add_file(Catalog *catalog, const EmbeddedFile *file, Error *err) {
  Str path = str_from_c(file->path), yaml = {file->data, file->bytes};
  if (!str_ends_with(path, S(".yaml"))) return true;
  bool ok = true;
  if (str_starts_with(path, S("catalog/integrations/"))) ok = add_spec(catalog, yaml, err);
  if (str_starts_with(path, S("catalog/channels/"))) ok = add_channel(catalog, yaml, err);
  return ok || error_prefix(err, "%s: ", file->path);
}

bool catalog_new(ZoneDb *zones, Catalog **out, Error *err) {
  Arena *arena = arena_new();
  Catalog *catalog = ARENA_NEW(arena, Catalog);
  *catalog = (Catalog){.arena = arena, .zones = zones, .env = spec_env_new(arena, zones)};
  for (size_t i = 0; i < CATALOG_FILES_COUNT; i++)
    if (!add_file(catalog, &CATALOG_FILES[i], err)) {
      arena_free(arena);
      return false;
    }
  *out = catalog;
  return true;
}

void catalog_free(Catalog *catalog) {
  if (catalog) arena_free(catalog->arena);
}

const Spec *catalog_find(const Catalog *catalog, Str name) {
  for (size_t i = 0; i < catalog->specs.count; i++)
    if (str_equal(catalog->specs.items[i]->name, name)) return catalog->specs.items[i];
  return NULL;
}

size_t catalog_count(const Catalog *catalog) {
  return catalog->specs.count;
}

const Spec *catalog_at(const Catalog *catalog, size_t i) {
  ASSERT(i < catalog->specs.count);
  return catalog->specs.items[i];
}

bool catalog_override_compile(const Catalog *catalog, Arena *arena, Str field, Str cel, const CelProgram **out,
                              Error *err) {
  if (field_find(field) < 0)
    return fail(err, ERR_INVALID,
                "\"%.*s\" is not a field of an event; use one such as title, priority, service or labels",
                STR_ARG(field));
  return cel_compile(arena, catalog->env, cel, NULL, out, err);
}

bool catalog_filter_compile(const Catalog *catalog, Arena *arena, Str cel, const CelProgram **out, Error *err) {
  return cel_compile(arena, catalog->env, cel, NULL, out, err);
}

const Channel *channel_find(const Catalog *catalog, Str kind) {
  for (size_t i = 0; i < catalog->channels.count; i++)
    if (str_equal(channel_name(catalog->channels.items[i]), kind)) return catalog->channels.items[i];
  return NULL;
}

size_t channel_count(const Catalog *catalog) {
  return catalog->channels.count;
}

const Channel *channel_at(const Catalog *catalog, size_t i) {
  ASSERT(i < catalog->channels.count);
  return catalog->channels.items[i];
}

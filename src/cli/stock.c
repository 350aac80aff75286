/* Stock: lists are read whole, kind by kind, once. */
#include "cli/stock.h"

#include <string.h>

#include "cli/list.h"
#include "core/resources.h"
#include "lang/time.h"

Stock *stock_new(Client *client) {
  Arena *arena = client_arena(client);
  Stock *stock = ARENA_NEW(arena, Stock);
  *stock = (Stock){.client = client, .arena = arena, .by_word = map_new(arena), .loaded = map_new(arena)};
  return stock;
}

static Str word_key(Arena *arena, const Resource *kind, Str word) {
  return str_format(arena, "%s %.*s", kind->name, STR_ARG(word));
}

static void know(Stock *stock, Thing *thing, Str word) {
  if (word.len) map_set(stock->by_word, word_key(stock->arena, thing->kind, word), thing);
}

static bool same_field(const char *const *names, const char *name) {
  for (; names && *names; names++)
    if (strcmp(*names, name) == 0) return true;
  return false;
}

/* One part of a name that is made of several; what refers is called by its own name. */
static Str key_part(Stock *stock, const Field *field, const Value *value) {
  Str text = value_text_or(value, STR_NONE);
  i64 ms = 0;
  if (field->kind == F_REF && field->ref) {
    const Thing *target = stock_find(stock, kind_by_name(field->ref), text);
    return target ? target->name : text;
  }
  if (field->kind == F_TIME && time_parse_ms(text, &ms)) return time_text_ms(stock->arena, ms);
  return text;
}

static Str joined_name(Stock *stock, const Resource *kind, const Value *map) {
  Buf name = buf_new(stock->arena, KIB(4));
  for (const char *const *part = kind->key; part && *part; part++) {
    const Field *field = resource_field(kind, str_from_c(*part));
    const Value *value = value_get_c(map, *part);
    Value otherwise = field->def ? value_c(field->def) : value_null();
    Str text = key_part(stock, field, value ? value : &otherwise);
    if (text.len == 0) return STR_NONE;
    buf_format(&name, "%s%.*s", name.len ? "/" : "", STR_ARG(text));
  }
  return buf_str(&name);
}

static const Thing *named_so(Stock *stock, const Resource *kind, Str name) {
  const Things *things = stock_kind(stock, kind);
  for (size_t i = 0; i < things->count; i++) {
    const Value *row = things->items[i]->row;
    if (row && str_equal(value_text_or(value_get_c(row, "name"), STR_NONE), name)) return things->items[i];
  }
  return NULL;
}

Str stock_name(Stock *stock, const Resource *kind, const Value *map) {
  Str slug = value_text_or(value_get_c(map, "slug"), STR_NONE),
      name = value_text_or(value_get_c(map, "name"), STR_NONE);
  if (kind->is_organization) return S("organization");
  if (kind->lookup) return str_lower(stock->arena, value_text_or(value_get_c(map, kind->lookup), STR_NONE));
  if (!kind->has_slug) return joined_name(stock, kind, map);
  if (slug.len || name.len == 0) return slug;
  const Thing *known = named_so(stock, kind, name);
  return known ? known->name : resource_slug_of(stock->arena, name, kind->name);
}

static Thing *add(Stock *stock, Things *things, const Resource *kind, Str name) {
  Thing *thing = ARENA_NEW(stock->arena, Thing);
  *thing = (Thing){.kind = kind, .name = name};
  *VEC_PUSH(stock->arena, things) = thing;
  know(stock, thing, name);
  return thing;
}

void stock_settle(Stock *stock, Thing *thing, const Value *row) {
  thing->row = row;
  thing->id = value_text_or(value_get_c(row, "id"), STR_NONE);
  know(stock, thing, thing->id);
}

static Str list_query(const Resource *kind) {
  return kind->has_slug || kind->lookup ? S("") : S("sort=id&");
}

/* Which kinds a name is made of: they are read before. */
static void load_parents(Stock *stock, const Resource *kind) {
  for (size_t i = 0; i < kind->field_count; i++) {
    const Field *field = &kind->fields[i];
    if (field->ref && same_field(kind->key, field->name)) (void)stock_kind(stock, kind_by_name(field->ref));
  }
}

static Things *load(Stock *stock, const Resource *kind) {
  Things *things = ARENA_NEW(stock->arena, Things);
  Value rows = value_null();
  map_set(stock->loaded, str_from_c(kind->name), things);
  load_parents(stock, kind);
  if (!(kind->verbs & VERB_LIST)) return things;
  int code = list_all(stock->client, kind, list_query(kind).ptr, &rows);
  if (code != EXIT_DONE && stock->code == EXIT_DONE) stock->code = code;
  for (size_t i = 0; code == EXIT_DONE && i < rows.size; i++) {
    const Value *row = value_at(&rows, i);
    Str slug = kind->has_slug ? value_text_or(value_get_c(row, "slug"), STR_NONE) : STR_NONE;
    Str name = slug.len && !kind->is_organization ? slug : stock_name(stock, kind, row);
    if (name.len == 0) name = value_text_or(value_get_c(row, "id"), S("?"));
    stock_settle(stock, add(stock, things, kind, name), row);
  }
  return things;
}

const Things *stock_kind(Stock *stock, const Resource *kind) {
  const Things *things = map_get(stock->loaded, str_from_c(kind->name));
  return things ? things : load(stock, kind);
}

Thing *stock_find(Stock *stock, const Resource *kind, Str word) {
  (void)stock_kind(stock, kind);
  Thing *thing = map_get(stock->by_word, word_key(stock->arena, kind, word));
  if (thing || !kind->lookup) return thing;
  return map_get(stock->by_word, word_key(stock->arena, kind, str_lower(stock->arena, word)));
}

Thing *stock_add(Stock *stock, const Resource *kind, Str name) {
  (void)stock_kind(stock, kind);
  return add(stock, map_get(stock->loaded, str_from_c(kind->name)), kind, name);
}

Str thing_label(Arena *arena, const Thing *thing) {
  if (thing->kind->is_organization) return S("organization");
  char *kind = str_to_c(arena, str_from_c(thing->kind->name));
  for (char *c = kind; *c; c++) *c = *c == '_' ? ' ' : *c;
  return str_format(arena, "%s %.*s", kind, STR_ARG(thing->name));
}

bool thing_managed(const Resource *kind) {
  return resource_field(kind, S("managed_by")) != NULL;
}

Str thing_set(const Thing *thing) {
  return thing->row ? value_text_or(value_get_c(thing->row, "managed_by"), STR_NONE) : STR_NONE;
}

/* JSON Schema from field tables. Each kind says its type in `put_kind`; nullability and words are put around it. */
#include "resource/schema.h"

#include "lang/json.h"
#include "resource/internal.h"

enum { CEL_CHARS_MAX = 16384, LIST_ITEMS_MAX = 1000, LABELS_MAX = 256, LABEL_NAME_MAX = 255, LABEL_VALUE_MAX = 4096 };

/* Small pieces ---------------------------------------------------------------------------------------------------- */

static Value text_list(Arena *arena, const char *const *texts) {
  ValueVec list = {0};
  for (; *texts; texts++) *VEC_PUSH(arena, &list) = value_c(*texts);
  return list_done(&list);
}

Value schema_ref(Arena *arena, Str name) {
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "$ref", value_string(str_format(arena, "#/components/schemas/%.*s", STR_ARG(name))));
  return map_done(&map);
}

Str schema_pascal(Arena *arena, Str words) {
  Buf out = buf_new(arena, 200);
  bool up = true;
  for (size_t i = 0; i < words.len; i++) {
    char c = words.ptr[i];
    if (c == '_' || c == '-' || c == '/' || c == '.' || c == '{' || c == '}') {
      up = true;
      continue;
    }
    buf_putc(&out, up && c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
    up = false;
  }
  return buf_str(&out);
}

Str schema_name(Arena *arena, const Resource *r, SchemaForm form) {
  static const char *const ENDS[] = {"", "Create", "Update"};
  return str_format(arena, "%.*s%s", STR_ARG(schema_pascal(arena, str_from_c(r->name))), ENDS[form]);
}

static Str below(Arena *arena, Str name, const char *member) {
  return str_format(arena, "%.*s%.*s", STR_ARG(name), STR_ARG(schema_pascal(arena, str_from_c(member))));
}

/* Kinds ----------------------------------------------------------------------------------------------------------- */

static void put_limits(MapBuilder *map, const char *least, i64 min, const char *most, i64 max) {
  if (min) map_put_c(map, least, value_int(min));
  if (max) map_put_c(map, most, value_int(max));
}

static void put_text(MapBuilder *map, const Field *f, SchemaForm form) {
  map_put_c(map, "type", value_c("string"));
  if (form == SCHEMA_READ) return;
  i64 max = f->max ? f->max : f->kind == F_CEL ? CEL_CHARS_MAX : f->kind == F_TEXT ? TEXT_MAX_DEFAULT : 0;
  put_limits(map, "minLength", f->min ? f->min : f->required, "maxLength", max);
  if (f->required && f->kind == F_TEXT) map_put_c(map, "pattern", value_c("[^\\s]"));
}

static void put_formatted(MapBuilder *map, const Field *f, SchemaForm form, const char *format) {
  put_text(map, f, form);
  map_put_c(map, "format", value_c(format));
}

static void put_int(MapBuilder *map, const Field *f, SchemaForm form) {
  map_put_c(map, "type", value_c("integer"));
  map_put_c(map, "format", value_c("int64"));
  if (form == SCHEMA_READ || (!f->min && !f->max)) return;
  map_put_c(map, "minimum", value_int(f->min));
  map_put_c(map, "maximum", value_int(f->max));
}

static void put_enum(Schemas *s, MapBuilder *map, const Field *f) {
  ValueVec values = {0};
  for (const EnumValue *v = f->values; v->text; v++) *VEC_PUSH(s->arena, &values) = value_c(v->text);
  map_put_c(map, "type", value_c("string"));
  map_put_c(map, "enum", list_done(&values));
}

static void put_priority(Schemas *s, MapBuilder *map) {
  static const char *const PRIORITIES[] = {"p1", "p2", "p3", "p4", NULL};
  map_put_c(map, "type", value_c("string"));
  map_put_c(map, "enum", text_list(s->arena, PRIORITIES));
}

/* Times are answered as RFC 3339; milliseconds are taken, too. */
static void put_time(Schemas *s, MapBuilder *map, SchemaForm form) {
  if (form == SCHEMA_READ) {
    map_put_c(map, "type", value_c("string"));
    map_put_c(map, "format", value_c("date-time"));
    return;
  }
  MapBuilder text = map_builder(s->arena), number = map_builder(s->arena);
  map_put_c(&text, "type", value_c("string"));
  map_put_c(&text, "format", value_c("date-time"));
  map_put_c(&number, "type", value_c("integer"));
  map_put_c(&number, "format", value_c("int64"));
  map_put_c(&number, "minimum", value_int(0));
  map_put_c(&number, "maximum", value_int(TIME_MS_MAX));
  Value both[] = {map_done(&text), map_done(&number)};
  map_put_c(map, "anyOf", list_of(s->arena, both, 2));
}

/* Answers carry ids; slugs, numbers and e-mails are taken. */
static void put_ref(Schemas *s, MapBuilder *map, const Field *f, SchemaForm form) {
  const Resource *target = f->ref ? registry_find(s->registry, str_from_c(f->ref)) : NULL;
  map_put_c(map, "type", value_c("string"));
  if (form == SCHEMA_READ && target)
    map_put_c(map, "pattern", value_string(str_format(s->arena, "^%s_[0-9A-HJKMNP-TV-Z]{13}$", target->prefix)));
  if (form != SCHEMA_READ) map_put_c(map, "minLength", value_int(1));
  if (target) map_put_c(map, "x-resource", value_c(target->plural));
}

static void put_labels(Schemas *s, MapBuilder *map, const Field *f, SchemaForm form) {
  static const char *const TEXT_OR_NULL[] = {"string", "null", NULL};
  MapBuilder value = map_builder(s->arena), name = map_builder(s->arena);
  map_put_c(map, "type", value_c("object"));
  map_put_c(&value, "type", form == SCHEMA_READ ? value_c("string") : text_list(s->arena, TEXT_OR_NULL));
  if (form != SCHEMA_READ) {
    map_put_c(&value, "maxLength", value_int(LABEL_VALUE_MAX));
    map_put_c(&name, "minLength", value_int(1));
    map_put_c(&name, "maxLength", value_int(LABEL_NAME_MAX));
    map_put_c(map, "propertyNames", map_done(&name));
    map_put_c(map, "maxProperties", value_int(f->max ? f->max : LABELS_MAX));
  }
  map_put_c(map, "additionalProperties", map_done(&value));
}

static void put_list(Schemas *s, MapBuilder *map, const Field *f, SchemaForm form, Str name) {
  map_put_c(map, "type", value_c("array"));
  map_put_c(map, "items", schema_of_field(s, f->of, form == SCHEMA_UPDATE ? SCHEMA_CREATE : form, name));
  if (form != SCHEMA_READ) put_limits(map, "minItems", f->min, "maxItems", f->max ? f->max : LIST_ITEMS_MAX);
}

static void put_all(MapBuilder *map, const Value *from) {
  for (u32 i = 0; i < from->size; i++) map_put(map, value_text(&from->members[i].key), from->members[i].value);
}

/* A variant is a component of its own, so that the discriminator can name it. */
static Value add_variant(Schemas *s, const Field *f, const Field *variant, SchemaForm form, Str name) {
  Str own = below(s->arena, name, variant->name);
  Value object = schema_of_fields(s, variant->fields, variant->field_count, form, own);
  MapBuilder map = map_builder(s->arena), members = map_builder(s->arena), tag = map_builder(s->arena);
  map_put_c(&tag, "const", value_c(variant->name));
  map_put_c(&members, f->tag, map_done(&tag));
  put_all(&members, value_get_c(&object, "properties"));
  ValueVec required = {0};
  *VEC_PUSH(s->arena, &required) = value_c(f->tag);
  const Value *others = value_get_c(&object, "required");
  for (u32 i = 0; others && i < others->size; i++) *VEC_PUSH(s->arena, &required) = others->items[i];
  put_all(&map, &object);
  map_put_c(&map, "description", value_c(variant->doc));
  map_put_c(&map, "properties", map_done(&members));
  map_put_c(&map, "required", list_done(&required));
  schema_add(s, own, map_done(&map));
  return schema_ref(s->arena, own);
}

static void put_union(Schemas *s, MapBuilder *map, const Field *f, SchemaForm form, Str name) {
  ValueVec variants = {0};
  MapBuilder mapping = map_builder(s->arena), discriminator = map_builder(s->arena);
  for (size_t i = 0; i < f->field_count; i++) {
    Value ref = add_variant(s, f, &f->fields[i], form == SCHEMA_UPDATE ? SCHEMA_CREATE : form, name);
    *VEC_PUSH(s->arena, &variants) = ref;
    map_put_c(&mapping, f->fields[i].name, *value_get_c(&ref, "$ref"));
  }
  map_put_c(&discriminator, "propertyName", value_c(f->tag));
  map_put_c(&discriminator, "mapping", map_done(&mapping));
  map_put_c(map, "oneOf", list_done(&variants));
  map_put_c(map, "discriminator", map_done(&discriminator));
}

static void put_actor(Schemas *s, MapBuilder *map) {
  Value ref = schema_ref(s->arena, S("Actor")), one = list_of(s->arena, &ref, 1);
  map_put_c(map, "allOf", one);
}

static void put_object(Schemas *s, MapBuilder *map, const Field *f, SchemaForm form, Str name) {
  Value object = schema_of_fields(s, f->fields, f->field_count, form, name);
  put_all(map, &object);
}

static void put_kind(Schemas *s, MapBuilder *map, const Field *f, SchemaForm form, Str name) {
  switch (f->kind) {
  case F_TEXT: put_text(map, f, form); break;
  case F_INT: put_int(map, f, form); break;
  case F_BOOL: map_put_c(map, "type", value_c("boolean")); break;
  case F_ENUM: put_enum(s, map, f); break;
  case F_TIME: put_time(s, map, form); break;
  case F_REF: put_ref(s, map, f, form); break;
  case F_LABELS: put_labels(s, map, f, form); break;
  case F_LIST: put_list(s, map, f, form, name); break;
  case F_OBJECT: put_object(s, map, f, form, name); break;
  case F_UNION: put_union(s, map, f, form, name); break;
  case F_CEL: put_formatted(map, f, form, "cel"); break;
  case F_LOCAL_TIME: put_formatted(map, f, form, "local-date-time"); break;
  case F_ZONE: put_formatted(map, f, form, "time-zone"); break;
  case F_EMAIL: put_formatted(map, f, form, "email"); break;
  case F_PRIORITY: put_priority(s, map); break;
  case F_ACTOR: put_actor(s, map); break;
  case F_JSON:
  case F_KIND_COUNT: break; /* anything */
  }
}

/* Around it ------------------------------------------------------------------------------------------------------- */

/* A default stands in for null, unless null is a value of its own. */
static bool may_be_null(const Field *f, SchemaForm form) {
  if (form != SCHEMA_READ) return !f->required;
  if (f->kind == F_PRIORITY || f->nullable) return true;
  bool never = f->required || f->def || f->kind == F_LIST || f->kind == F_LABELS || (f->kind == F_BOOL && f->read_only);
  return !never;
}

/* Type and enum take null in; what has neither is wrapped. */
static Value with_null(Schemas *s, Value schema) {
  MapBuilder out = map_builder(s->arena);
  const Value *type = value_get_c(&schema, "type"), *values = value_get_c(&schema, "enum");
  Value null_type = value_null();
  if (schema.size == 0) return schema;
  if (!type) {
    MapBuilder null_schema = map_builder(s->arena);
    map_put_c(&null_schema, "type", value_c("null"));
    null_type = map_done(&null_schema);
    Value both[] = {schema, null_type};
    map_put_c(&out, "anyOf", list_of(s->arena, both, 2));
    return map_done(&out);
  }
  put_all(&out, &schema);
  Value types[] = {*type, value_c("null")};
  map_put_c(&out, "type", list_of(s->arena, types, 2));
  if (values) {
    ValueVec more = {0};
    for (u32 i = 0; i < values->size; i++) *VEC_PUSH(s->arena, &more) = values->items[i];
    *VEC_PUSH(s->arena, &more) = value_null();
    map_put_c(&out, "enum", list_done(&more));
  }
  return map_done(&out);
}

static Str words_of(Schemas *s, const Field *f) {
  Buf text = buf_new(s->arena, 4000);
  buf_puts(&text, f->doc ? f->doc : "");
  for (const EnumValue *v = f->values; f->kind == F_ENUM && v->text; v++)
    if (v->doc) buf_format(&text, "\n- `%s`: %s", v->text, v->doc);
  if (f->kind == F_REF && f->ref) {
    const Resource *target = registry_find(s->registry, str_from_c(f->ref));
    if (target && (target->has_slug || target->number || target->lookup))
      buf_format(&text, " Taken: id%s%s%s.", target->has_slug ? ", slug" : "", target->number ? ", number" : "",
                 target->lookup ? ", e-mail" : "");
  }
  return buf_str(&text);
}

static Value example_of(Schemas *s, const Field *f) {
  Value value = value_null();
  Error ignored = {0};
  bool json = f->kind == F_INT || f->kind == F_BOOL || f->kind == F_LABELS || f->kind == F_LIST ||
              f->kind == F_OBJECT || f->kind == F_UNION || f->kind == F_JSON;
  if (json && json_parse(s->arena, str_from_c(f->example), NULL, &value, &ignored)) return value;
  return value_c(f->example);
}

Value schema_of_field(Schemas *s, const Field *f, SchemaForm form, Str name) {
  MapBuilder kind = map_builder(s->arena), out = map_builder(s->arena);
  put_kind(s, &kind, f, form, name);
  Value schema = map_done(&kind);
  if (may_be_null(f, form)) schema = with_null(s, schema);
  put_all(&out, &schema);
  Str words = words_of(s, f);
  if (words.len) map_put_c(&out, "description", value_string(words));
  if (f->example) {
    Value example = example_of(s, f);
    map_put_c(&out, "examples", list_of(s->arena, &example, 1));
  }
  if (f->def && form == SCHEMA_CREATE) map_put_c(&out, "default", field_default(s->arena, f));
  if (f->read_only && form == SCHEMA_READ) map_put_c(&out, "readOnly", value_bool(true));
  if (f->write_only && form != SCHEMA_READ) map_put_c(&out, "writeOnly", value_bool(true));
  return map_done(&out);
}

/* Is the member a part of this form at all? */
static bool belongs(const Field *f, SchemaForm form) {
  if (f->hidden) return false;
  if (form == SCHEMA_READ) return !f->write_only;
  return !f->read_only && !(form == SCHEMA_UPDATE && f->immutable);
}

static bool must_be_there(const Field *f, SchemaForm form) {
  return form == SCHEMA_CREATE ? f->required && !f->filled : form == SCHEMA_READ && f->required;
}

static Value object_of(Schemas *s, MapBuilder *members, const ValueVec *required) {
  MapBuilder out = map_builder(s->arena);
  map_put_c(&out, "type", value_c("object"));
  map_put_c(&out, "properties", map_done(members));
  if (required->count) map_put_c(&out, "required", list_done(required));
  map_put_c(&out, "additionalProperties", value_bool(false));
  return map_done(&out);
}

Value schema_of_fields(Schemas *s, const Field *fields, size_t count, SchemaForm form, Str name) {
  MapBuilder members = map_builder(s->arena);
  ValueVec required = {0};
  for (size_t i = 0; i < count; i++) {
    if (!belongs(&fields[i], form)) continue;
    Str own = below(s->arena, name, fields[i].name);
    map_put_c(&members, fields[i].name, schema_of_field(s, &fields[i], form, own));
    if (must_be_there(&fields[i], form)) *VEC_PUSH(s->arena, &required) = value_c(fields[i].name);
  }
  return object_of(s, &members, &required);
}

/* Resources ------------------------------------------------------------------------------------------------------- */

#define COMMON(n, k, text)                                                                                             \
  { .name = n, .kind = k, .required = true, .read_only = true, .doc = text }

static const Field SLUG_READ = COMMON("slug", F_TEXT, "Names it, wherever an id is taken; stays when it is renamed.");
static const Field SLUG_WRITE = {
    .name = "slug", .kind = F_TEXT, .min = 1, .max = 80, .doc = "Chosen from the name when it is not given."};
static const Field NUMBER = COMMON("number", F_TEXT, "What people say; names it, wherever an id is taken.");
static const Field TAIL[] = {COMMON("created_at", F_TIME, "When it was made."),
                             COMMON("updated_at", F_TIME, "When it was last changed."),
                             COMMON("version", F_INT, "Rises with each change; send it as If-Match.")};

static void put_member(Schemas *s, MapBuilder *members, ValueVec *required, const Field *f, SchemaForm form, Str name) {
  map_put_c(members, f->name, schema_of_field(s, f, form, below(s->arena, name, f->name)));
  bool whole = form == SCHEMA_READ && !f->computed;
  if (whole || must_be_there(f, form)) *VEC_PUSH(s->arena, required) = value_c(f->name);
}

static Value resource_schema(Schemas *s, const Resource *r, SchemaForm form) {
  MapBuilder members = map_builder(s->arena);
  ValueVec required = {0};
  Str name = schema_name(s->arena, r, form);
  if (form == SCHEMA_READ) {
    Field id = {.name = "id", .kind = F_REF, .ref = r->name, .required = true, .read_only = true, .doc = "Its id."};
    put_member(s, &members, &required, &id, form, name);
    if (r->has_slug) put_member(s, &members, &required, &SLUG_READ, form, name);
    if (r->number) put_member(s, &members, &required, &NUMBER, form, name);
  } else if (r->has_slug && form == SCHEMA_CREATE) {
    put_member(s, &members, &required, &SLUG_WRITE, form, name);
  }
  for (size_t i = 0; i < r->field_count; i++)
    if (belongs(&r->fields[i], form)) put_member(s, &members, &required, &r->fields[i], form, name);
  for (size_t i = 0; form == SCHEMA_READ && !r->bare && i < COUNT(TAIL); i++)
    put_member(s, &members, &required, &TAIL[i], form, name);
  Value object = object_of(s, &members, &required);
  MapBuilder out = map_builder(s->arena);
  map_put_c(&out, "title", value_string(name));
  map_put_c(&out, "description", value_c(r->doc));
  put_all(&out, &object);
  return map_done(&out);
}

static Value list_schema(Schemas *s, const Resource *r) {
  static const Field CURSOR = {
      .name = "next_cursor", .kind = F_TEXT, .doc = "Give it as cursor for the next page; null: this was the last."};
  static const Field TOTAL = {.name = "total",
                              .kind = F_INT,
                              .required = true,
                              .doc = "How many there are, exact to 10,000; only when total=true was asked for."};
  static const Field LEAST = {
      .name = "total_is_minimum", .kind = F_BOOL, .doc = "True: there are more than total says."};
  static const char *const REQUIRED[] = {"items", "next_cursor", NULL};
  MapBuilder items = map_builder(s->arena), members = map_builder(s->arena), out = map_builder(s->arena);
  map_put_c(&items, "type", value_c("array"));
  map_put_c(&items, "items", schema_ref(s->arena, schema_name(s->arena, r, SCHEMA_READ)));
  map_put_c(&members, "items", map_done(&items));
  map_put_c(&members, "next_cursor", schema_of_field(s, &CURSOR, SCHEMA_READ, STR_NONE));
  map_put_c(&members, "total", schema_of_field(s, &TOTAL, SCHEMA_READ, STR_NONE));
  map_put_c(&members, "total_is_minimum", schema_of_field(s, &LEAST, SCHEMA_READ, STR_NONE));
  map_put_c(&out, "type", value_c("object"));
  map_put_c(&out, "properties", map_done(&members));
  map_put_c(&out, "required", text_list(s->arena, REQUIRED));
  return map_done(&out);
}

void schema_add_resource(Schemas *s, const Resource *r) {
  Str name = schema_name(s->arena, r, SCHEMA_READ);
  schema_add(s, name, resource_schema(s, r, SCHEMA_READ));
  if (r->verbs & VERB_LIST) schema_add(s, str_format(s->arena, "%.*sList", STR_ARG(name)), list_schema(s, r));
  if (r->verbs & VERB_CREATE)
    schema_add(s, schema_name(s->arena, r, SCHEMA_CREATE), resource_schema(s, r, SCHEMA_CREATE));
  if (r->verbs & VERB_UPDATE)
    schema_add(s, schema_name(s->arena, r, SCHEMA_UPDATE), resource_schema(s, r, SCHEMA_UPDATE));
}

void schema_add(Schemas *s, Str name, Value schema) {
  map_put(&s->components, name, schema);
}

Schemas schemas_new(Arena *arena, const Registry *registry) {
  static const Field ACTOR[] = {
      {.name = "kind", .kind = F_TEXT, .required = true, .doc = "user, key, rule, runbook, source or system."},
      {.name = "id", .kind = F_TEXT, .doc = "Of the user, key or rule; null: none."},
      {.name = "name", .kind = F_TEXT, .required = true, .doc = "As it was then."}};
  Schemas s = {.arena = arena, .registry = registry, .components = map_builder(arena)};
  schema_add(&s, S("Actor"), schema_of_fields(&s, ACTOR, COUNT(ACTOR), SCHEMA_READ, S("Actor")));
  return s;
}

Value schemas_done(Schemas *s) {
  return map_done(&s->components);
}

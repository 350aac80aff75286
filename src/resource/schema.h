/* JSON Schema (2020-12, as OpenAPI 3.1 has it) of resources and of any table of fields. What validation refuses, the
 * schema refuses, as far as a schema can say it; what an answer may hold, it allows. Pure: nothing is read.
 *
 *   Schemas s = schemas_new(arena, registry);
 *   schema_add_resource(&s, resource);      Service, ServiceCreate, ServiceUpdate, ServiceList
 *   Value components = schemas_done(&s);    what the references point to */
#ifndef TOCSIN_RESOURCE_SCHEMA_H
#define TOCSIN_RESOURCE_SCHEMA_H

#include "resource/resource.h"

typedef enum SchemaForm {
  SCHEMA_READ,   /* an answer */
  SCHEMA_CREATE, /* a whole input */
  SCHEMA_UPDATE  /* a merge patch */
} SchemaForm;

typedef struct Schemas {
  Arena *arena;
  const Registry *registry;
  MapBuilder components;
} Schemas;

Schemas schemas_new(Arena *arena, const Registry *registry);
Value schemas_done(Schemas *schemas);

/* Adds the forms that the resource's verbs need. */
void schema_add_resource(Schemas *schemas, const Resource *resource);
/* Adds any schema under a name of one's own. */
void schema_add(Schemas *schemas, Str name, Value schema);

/* {"$ref": "#/components/schemas/NAME"} */
Value schema_ref(Arena *arena, Str name);
/* "alert_rule", READ -> "AlertRule"; CREATE -> "AlertRuleCreate" */
Str schema_name(Arena *arena, const Resource *resource, SchemaForm form);
/* "alert_rule" or "alert-rules" -> "AlertRule", "AlertRules" */
Str schema_pascal(Arena *arena, Str words);
/* One value. `name` names the components of its unions. */
Value schema_of_field(Schemas *schemas, const Field *field, SchemaForm form, Str name);
/* An object with these members and no others. */
Value schema_of_fields(Schemas *schemas, const Field *fields, size_t count, SchemaForm form, Str name);

#endif

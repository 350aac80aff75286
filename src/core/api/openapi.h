/* What the two files of the OpenAPI document share. */
#ifndef TOCSIN_CORE_API_OPENAPI_H
#define TOCSIN_CORE_API_OPENAPI_H

#include "core/api/internal.h"
#include "resource/schema.h"

typedef struct Doc {
  Arena *arena;
  const Registry *registry;
  Schemas schemas;
  MapBuilder paths;
} Doc;

/* One operation, whichever table it came from. */
typedef struct Operation {
  HttpMethod method;
  Str path; /* below /api/v1/ */
  Str id, summary, tag, permission;
  const Resource *resource; /* of the resources' doors */
  ResourceVerbs verb;
  const Route *route;
} Operation;

/* openapi.c: the document as a value. */
Value api_openapi_value(Arena *arena, const Registry *registry);

/* openapi_parts.c */
Value openapi_one(Arena *arena, const char *name, Value value);
Value openapi_content(Arena *arena, const char *type, Value schema);
/* openapi_examples.c: the same content with an example beside each schema. */
Value openapi_with_example(Doc *d, Value content, bool answer);
/* Parameters of the path, the query and the headers. */
Value openapi_parameters(Doc *d, const Operation *op, const Resource *of);
/* Every answer, good and bad. */
Value openapi_answers(Doc *d, const Operation *op);
/* openapi_problems.c: what goes wrong, and components.responses */
void openapi_problem_answers(Doc *d, const Operation *op, MapBuilder *out);
Value openapi_problems(Doc *d);
Value openapi_problem_schema(Doc *d);

#endif

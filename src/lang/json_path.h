/* The part of JSONPath (RFC 9535) that webhook people write: $.a.b[0], $['a b'], [-1], [*], .*, and .. before a name,
 * an index or a star. Filters are refused: CEL has filter(). Compiled once, immutable. */
#ifndef TOCSIN_LANG_JSON_PATH_H
#define TOCSIN_LANG_JSON_PATH_H

#include "lang/value.h"

enum { JSON_PATH_BYTES_MAX = 2000, JSON_PATH_STEPS_MAX = 64 };

typedef struct JsonPath JsonPath;

/* Errors with column, what was expected and what was met. Copies `source`. */
MUST_CHECK bool json_path_compile(Arena *arena, Str source, const JsonPath **out, Error *err);
/* Names at most one value: no star and no "..". */
bool json_path_definite(const JsonPath *path);
/* Definite: the value, or ERR_MISSING. Else a list of what was found, in the order of the document, perhaps empty.
 * *steps_left counts down by the values that are looked at; ERR_COST when it is spent. */
MUST_CHECK bool json_path_find(const JsonPath *path, Arena *arena, const Value *root, i64 *steps_left, Value *out,
                               Error *err);

#endif

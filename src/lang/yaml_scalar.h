/* What plain scalars mean. Private to lang/. */
#ifndef TOCSIN_LANG_YAML_SCALAR_H
#define TOCSIN_LANG_YAML_SCALAR_H

#include "lang/value.h"

/* By the YAML 1.2 core schema. A string points to `text`; the text of a number beyond 64 bits is in the arena. */
Value yaml_resolve(Arena *arena, Str text);
/* Words that this or an older YAML takes for something else than a string: the writer quotes them. */
bool yaml_is_reserved(Str text);

#endif

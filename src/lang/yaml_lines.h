/* Where something stands in a YAML or JSON text: for messages about values that were read long before. */
#ifndef TOCSIN_LANG_YAML_LINES_H
#define TOCSIN_LANG_YAML_LINES_H

#include "base/base.h"

/* The line, from 1, of what an RFC 6901 pointer names, else of its nearest ancestor that is there; 0 when the text
 * cannot be read. Cost: one pass over the text. */
u32 yaml_line_of(Arena *arena, Str text, Str pointer);

#endif

/* YAML 1.2 core schema through libyaml, into Value: plain scalars become null, bool, int, double, else strings.
 * Duplicate keys, anchors past a small budget, tags and more than one document are refused with line and column. */
#ifndef TOCSIN_LANG_YAML_H
#define TOCSIN_LANG_YAML_H

#include "lang/value.h"

MUST_CHECK bool yaml_parse(Arena *arena, Str text, Value *out, Error *err);
/* Block style, reads back to the same value. */
void yaml_write(Buf *out, const Value *value);

#endif

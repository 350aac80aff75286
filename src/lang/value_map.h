/* What value.c and json_write.c need to know of maps. Private to lang/. */
#ifndef TOCSIN_LANG_VALUE_MAP_H
#define TOCSIN_LANG_VALUE_MAP_H

#include "lang/value.h"

/* Bytes behind `members`: the members, and the index when there is one. */
size_t map_bytes(const Value *map);
/* The members ordered by key; free() it. NULL when the map is empty. */
const Member **map_sorted(const Value *map);

#endif

/* What the files of mustache/ share: tokens (scan.c), the compiled node array (compile.c) and escaping (escape.c). */
#ifndef TOCSIN_LANG_MUSTACHE_INTERNAL_H
#define TOCSIN_LANG_MUSTACHE_INTERNAL_H

#include "lang/mustache/mustache.h"

enum {
  SOURCE_BYTES_MAX = 256 * 1024, /* one template or partial */
  UNIT_COUNT_MAX = 128,          /* a template and the partials it names */
  UNITS_BYTES_MAX = 1024 * 1024, /* all of them */
  NEST_MAX = 64,                 /* open sections in a source; partials, parents and arguments inside each other */
  NAME_BYTES_MAX = 512,
  DYNAMIC_COUNT_MAX = 64, /* different names that one rendering loads by {{>*name}} */
  RENDER_NEST_MAX = 256,  /* sections, partials and arguments inside each other while rendering: bounds the C stack */
  RENDER_STEPS_MAX = 1000 * 1000, /* nodes and steps of lookups: loops over loops that write nothing end too */
};

typedef enum TagKind {
  TAG_TEXT,
  TAG_VALUE,    /* {{x}} */
  TAG_RAW,      /* {{{x}}} {{&x}} */
  TAG_CEL,      /* ${{ x }} */
  TAG_SECTION,  /* {{#x}} */
  TAG_INVERTED, /* {{^x}} */
  TAG_PARTIAL,  /* {{>x}} */
  TAG_PARENT,   /* {{<x}} */
  TAG_BLOCK,    /* {{$x}}: a place to fill, or directly inside a parent the argument that fills it */
  TAG_CLOSE,    /* {{/x}} */
  TAG_COMMENT,
  TAG_DELIMITERS,
} TagKind;

/* A tag, or at most one line of text. Slices point into the source. */
typedef struct Token {
  TagKind kind;
  TagKind opener;   /* of a CLOSE: what it closes */
  u32 match;        /* of openers and CLOSE: index of the other one */
  u32 line, column; /* from 1, in characters */
  Str text;         /* text, name or expression */
  bool dynamic;     /* {{>*x}}, {{<*x}} */
  bool line_start;  /* text at the start of a source line */
  bool dropped;     /* white space around a standalone tag */
  bool standalone;
  Str indent;   /* of a standalone partial, parent or block: what its lines start with */
  Str line_end; /* of a block alone on its line with its end: the swallowed line end */
} Token;
typedef VEC(Token) TokenVec;

/* Cuts a source into tokens, pairs sections with their ends, and decides which lines vanish. */
MUST_CHECK bool mustache_scan(Arena *arena, Str source, bool cel, TokenVec *out, Error *err);
/* "line 3, column 7: ..." with the place in err too. Returns false. */
bool mustache_fail(Error *err, u32 line, u32 column, const char *format, ...) PRINTF_LIKE(4, 5);
/* Moves a complaint about an expression to its place in the template. Returns false. */
bool mustache_fail_cel(Error *err, u32 line, u32 column);

/* One step of a compiled template. The nodes of a section follow it directly, up to `end`. */
typedef struct Node {
  TagKind kind;
  bool dynamic, line_start, standalone; /* as in Token */
  u32 end;                              /* index after the node and all inside it */
  u32 unit;                             /* of static PARTIAL and PARENT */
  u32 part_first, part_count;           /* the dotted name; "." has no parts */
  u32 line, column;
  Str text; /* text, or the whole name */
  Str indent, line_end;
  const CelProgram *program;
} Node;

/* The template itself (unit 0), or a partial. */
typedef struct Unit {
  Str name;
  u32 first, end;
} Unit;

struct Mustache {
  MustacheOptions options;
  const Node *nodes;
  const Str *parts;
  const Unit *units;
  u32 unit_count;
};

/* Where JSON being written stands: inside a string or not. Reads what was written since the last question. */
typedef struct JsonPlace {
  size_t seen; /* bytes of the Buf already looked at */
  bool in_string, after_backslash;
} JsonPlace;
bool json_place_in_string(JsonPlace *place, const Buf *out);

void escape_html(Buf *out, Str text);
void escape_slack(Buf *out, Str text);
void escape_url(Buf *out, Str text);
/* As inside the quotes of a JSON string. */
void escape_json(Buf *out, Str text);

#endif

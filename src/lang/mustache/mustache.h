/* Mustache: the whole core spec, inheritance and dynamic names, plus ${{ cel }} inline. Compiled once, immutable,
 * shared by threads; rendered into a Buf with escaping by context. */
#ifndef TOCSIN_LANG_MUSTACHE_H
#define TOCSIN_LANG_MUSTACHE_H

#include "lang/cel/cel.h"

typedef enum MustacheContext {
  MUSTACHE_TEXT,  /* no escaping */
  MUSTACHE_HTML,  /* & < > " ' */
  MUSTACHE_JSON,  /* inside a JSON string: escaped without quotes; {{{x}}} and lists and maps render as JSON */
  MUSTACHE_URL,   /* percent-encoding */
  MUSTACHE_SLACK, /* & < > */
  MUSTACHE_CONTEXT_COUNT
} MustacheContext;

typedef struct Mustache Mustache;

typedef struct MustacheOptions {
  MustacheContext context;
  const CelEnv *cel_env;                                 /* for ${{ }}; NULL: ${{ is plain text */
  bool (*partial)(void *ctx, Str name, Str *out_source); /* at compile time and for dynamic names; NULL: none */
  void *partial_ctx;
} MustacheOptions;

/* Errors with line and column. Copies `source`. */
MUST_CHECK bool mustache_compile(Arena *arena, Str source, const MustacheOptions *options, const Mustache **out,
                                 Error *err);
/* `context` is the root value (usually a map); CEL variables are its members of the same names. Recursion at most 64,
 * output at most out->max: ERR_COST. */
MUST_CHECK bool mustache_render(const Mustache *template, Arena *arena, const Value *context, CelRun *cel, Buf *out,
                                Error *err);

#endif

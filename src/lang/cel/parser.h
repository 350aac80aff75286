/* Source text to tree: tokens, precedence, macros. */
#ifndef TOCSIN_LANG_CEL_PARSER_H
#define TOCSIN_LANG_CEL_PARSER_H

#include "lang/cel/ast.h"

typedef enum TokenKind {
  TOKEN_END,
  TOKEN_NAME, /* text without backticks; quoted says whether there were some */
  TOKEN_INT,  /* value holds literals */
  TOKEN_UINT,
  TOKEN_DOUBLE,
  TOKEN_STRING,
  TOKEN_BYTES,
  TOKEN_PUNCT, /* text is the operator */
} TokenKind;

typedef struct Token {
  TokenKind kind;
  bool quoted;
  u32 from, to;
  Str text;
  Value value;
} Token;

typedef struct Parser {
  Arena *arena;
  Str source;
  u32 at;   /* next byte for the lexer */
  u32 last; /* where the token before ended */
  u32 nesting;
  bool no_macros;
  Token token; /* looked at, not yet taken */
  Error *err;
} Parser;

/* Reads the next token into parser->token. */
MUST_CHECK bool lexer_next(Parser *parser);
/* Value of a quoted literal (with its prefix and quotes). */
MUST_CHECK bool lexer_quoted(Parser *parser, Str literal, u32 from, Value *out);
MUST_CHECK bool cel_parse(Arena *arena, Str source, bool no_macros, Node **out, Error *err);

Node *node_new(Arena *arena, NodeKind kind, u32 from, u32 to);
/* Adopts `args`; false when the tree becomes too deep. */
MUST_CHECK bool node_adopt(Parser *parser, Node *node, Node **args, u32 count);
/* Replaces *call by what the macro of its name stands for, or leaves it. */
MUST_CHECK bool macro_expand(Parser *parser, Node **call);
/* For suggestions and the vocabulary: macros by number, NULL past the last. */
const char *macro_name(size_t i);
const char *macro_usage(size_t i); /* "write list.map(x, value) or ..." */
const char *macro_doc(size_t i);

/* Fills line, column and the caret line. Returns false. */
bool cel_fail_at(Error *err, ErrorCode code, Str source, u32 at, const char *format, ...) PRINTF_LIKE(5, 6);
void cel_error_place(Error *err, Str source, u32 at);

#endif

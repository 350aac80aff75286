/* Scanner: a source becomes tokens, openers and ends are paired, and lines that hold nothing but tags are taken away.
 *
 * Surprises:
 * - An expression ends at the first "}}" outside of its own strings and braces, so that ${{ {'a': {'b': 1}} }} works.
 * - A line of several tags vanishes too when all of them are parents, blocks or their ends ("{{<p}}{{$b}}"), and a
 * parent with its end on the same line counts as one tag. The specification's inheritance cases ask for both. Cost:
 * linear in the source (searches for delimiters are remembered, not repeated). */
#include <stdarg.h>
#include <stdio.h>

#include "lang/mustache/internal.h"

typedef struct Scanner {
  Arena *arena;
  Str source;
  size_t pos;
  u32 line, column;       /* of pos */
  Str open, close;        /* delimiters */
  bool cel;               /* ${{ is a tag */
  size_t open_at, cel_at; /* next ones at or after pos, SIZE_MAX: none; stale when below pos */
  u32 stack[NEST_MAX];    /* tokens of sections that are open */
  u32 depth;
  TokenVec tokens;
  Error *err;
} Scanner;

bool mustache_fail(Error *err, u32 line, u32 column, const char *format, ...) {
  char text[480];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  fail(err, ERR_INVALID, "line %u, column %u: %s", line, column, text);
  if (err) err->line = line, err->column = column;
  return false;
}

bool mustache_fail_cel(Error *err, u32 line, u32 column) {
  if (!err) return false;
  u32 inner_line = MAX(err->line, 1), inner_column = MAX(err->column, 1);
  err->line = line + inner_line - 1;
  err->column = inner_line == 1 ? column + inner_column - 1 : inner_column;
  return error_prefix(err, "line %u, column %u: in ${{ }}: ", err->line, err->column);
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Moves to `to`, counting lines and characters. */
static void advance(Scanner *s, size_t to) {
  for (; s->pos < to; s->pos++) {
    u8 byte = (u8)s->source.ptr[s->pos];
    if (byte == '\n')
      s->line++, s->column = 1;
    else if ((byte & 0xc0) != 0x80)
      s->column++;
  }
}

static Token *push(Scanner *s, TagKind kind, Str text) {
  Token *token = VEC_PUSH(s->arena, &s->tokens);
  *token = (Token){.kind = kind, .text = text, .line = s->line, .column = s->column};
  return token;
}

/* Text up to `to`, a token for each line. */
static void scan_text(Scanner *s, size_t to) {
  while (s->pos < to) {
    size_t newline = str_find_char(str_slice(s->source, 0, to), '\n', s->pos);
    size_t end = newline < to ? newline + 1 : to;
    Token *token = push(s, TAG_TEXT, str_slice(s->source, s->pos, end));
    token->line_start = s->pos == 0 || s->source.ptr[s->pos - 1] == '\n';
    advance(s, end);
  }
}

/* After the quotes that start at `at`: past the end of that CEL string. */
static size_t skip_string(Str source, size_t at, bool raw) {
  char quote = source.ptr[at];
  bool triple = at + 2 < source.len && source.ptr[at + 1] == quote && source.ptr[at + 2] == quote;
  for (size_t i = at + (triple ? 3 : 1); i < source.len; i++) {
    if (source.ptr[i] == '\\' && !raw)
      i++;
    else if (source.ptr[i] == quote && !triple)
      return i + 1;
    else if (source.ptr[i] == quote && i + 2 < source.len && source.ptr[i + 1] == quote && source.ptr[i + 2] == quote)
      return i + 3;
    else if (source.ptr[i] == '\n' && !triple)
      return i; /* CEL will complain about it */
  }
  return source.len;
}

/* r"..." and b-prefixed forms of it: a backslash is a plain character there. */
static bool string_is_raw(Str source, size_t from, size_t quote) {
  for (size_t i = quote; i > from && i + 2 > quote; i--) {
    char c = source.ptr[i - 1];
    if (c == 'r' || c == 'R') return true;
    if (c != 'b' && c != 'B') return false;
  }
  return false;
}

/* Where the expression that starts at `from` ends: its "}}", or SIZE_MAX. */
static size_t find_cel_end(Str source, size_t from) {
  size_t braces = 0;
  for (size_t i = from; i < source.len;) {
    char c = source.ptr[i];
    if (c == '"' || c == '\'') {
      i = skip_string(source, i, string_is_raw(source, from, i));
      continue;
    }
    if (c == '}' && braces == 0) return i + 1 < source.len && source.ptr[i + 1] == '}' ? i : SIZE_MAX;
    if (c == '{') braces++;
    if (c == '}') braces--;
    i++;
  }
  return SIZE_MAX;
}

static bool scan_cel(Scanner *s) {
  u32 line = s->line, column = s->column;
  size_t from = s->pos + 3, end = find_cel_end(s->source, from);
  if (end == SIZE_MAX) return mustache_fail(s->err, line, column, "${{ is not closed by }}");
  while (from < end && is_blank(s->source.ptr[from])) from++;
  if (from == end) return mustache_fail(s->err, line, column, "${{ }} holds no expression");
  advance(s, from);
  push(s, TAG_CEL, str_trim(str_slice(s->source, from, end)));
  advance(s, end + 2);
  return true;
}

static TagKind tag_kind(char sigil) {
  switch (sigil) {
  case '#': return TAG_SECTION;
  case '^': return TAG_INVERTED;
  case '/': return TAG_CLOSE;
  case '>': return TAG_PARTIAL;
  case '<': return TAG_PARENT;
  case '$': return TAG_BLOCK;
  case '!': return TAG_COMMENT;
  case '&': return TAG_RAW;
  default: return TAG_VALUE;
  }
}

static bool check_name(Scanner *s, const Token *token) {
  Str name = token->text;
  if (name.len == 0) return mustache_fail(s->err, token->line, token->column, "a tag without a name");
  if (name.len > NAME_BYTES_MAX)
    return mustache_fail(s->err, token->line, token->column, "a name of %zu bytes; at most %d", name.len,
                         NAME_BYTES_MAX);
  for (size_t i = 0; i < name.len; i++)
    if (is_blank(name.ptr[i]))
      return mustache_fail(s->err, token->line, token->column, "\"%.*s\" is not a name: names hold no spaces%s",
                           STR_ARG(utf8_cut(name, 80)), s->cel ? "; expressions are written ${{ ... }}" : "");
  return true;
}

static bool open_section(Scanner *s) {
  u32 index = (u32)s->tokens.count - 1;
  const Token *token = &s->tokens.items[index];
  if (s->depth == NEST_MAX)
    return mustache_fail(s->err, token->line, token->column, "more than %d sections inside each other", NEST_MAX);
  s->stack[s->depth++] = index;
  return true;
}

static bool close_section(Scanner *s) {
  u32 index = (u32)s->tokens.count - 1;
  Token *token = &s->tokens.items[index];
  if (s->depth == 0)
    return mustache_fail(s->err, token->line, token->column, "{{/%.*s}} closes nothing",
                         STR_ARG(utf8_cut(token->text, 80)));
  Token *opener = &s->tokens.items[s->stack[s->depth - 1]];
  if (!str_equal(opener->text, token->text) || opener->dynamic != token->dynamic)
    return mustache_fail(s->err, token->line, token->column, "{{/%.*s}} does not close \"%.*s\" of line %u",
                         STR_ARG(utf8_cut(token->text, 80)), STR_ARG(utf8_cut(opener->text, 80)), opener->line);
  token->match = s->stack[--s->depth];
  token->opener = opener->kind;
  opener->match = index;
  return true;
}

/* {{=<% %>=}} */
static bool set_delimiters(Scanner *s, const Token *token) {
  Str open, close;
  bool two = str_cut(token->text, ' ', &open, &close);
  close = str_trim(close);
  bool bad = !two || open.len == 0 || close.len == 0;
  for (size_t i = 0; i < token->text.len && !bad; i++) bad = token->text.ptr[i] == '=';
  for (size_t i = 0; i < open.len && !bad; i++) bad = is_blank(open.ptr[i]);
  for (size_t i = 0; i < close.len && !bad; i++) bad = is_blank(close.ptr[i]);
  if (bad)
    return mustache_fail(s->err, token->line, token->column,
                         "delimiters are two words without \"=\", such as {{=<%% %%>=}}; met \"%.*s\"",
                         STR_ARG(utf8_cut(token->text, 80)));
  s->open = open;
  s->close = close;
  s->open_at = 0;
  return true;
}

/* The last token's own rules. */
static bool finish_tag(Scanner *s) {
  Token *token = &s->tokens.items[s->tokens.count - 1];
  switch (token->kind) {
  case TAG_COMMENT: return true;
  case TAG_DELIMITERS: return set_delimiters(s, token);
  case TAG_PARTIAL:
  case TAG_PARENT:
  case TAG_CLOSE:
    if (token->text.len > 0 && token->text.ptr[0] == '*') {
      token->dynamic = true;
      token->text = str_trim(str_slice(token->text, 1, token->text.len));
    }
    break;
  default: break;
  }
  if (!check_name(s, token)) return false;
  if (token->kind == TAG_CLOSE) return close_section(s);
  bool opens = token->kind == TAG_SECTION || token->kind == TAG_INVERTED || token->kind == TAG_PARENT ||
               token->kind == TAG_BLOCK;
  return opens ? open_section(s) : true;
}

static bool scan_tag(Scanner *s) {
  size_t from = s->pos + s->open.len;
  char first = from < s->source.len ? s->source.ptr[from] : '\0';
  bool wrapped = first == '{' || first == '='; /* these have an end of their own before the delimiter */
  Str close = s->close;
  if (wrapped) close = str_format(s->arena, "%c%.*s", first == '{' ? '}' : '=', STR_ARG(s->close));
  size_t end = str_find(s->source, close, wrapped ? from + 1 : from);
  if (end == SIZE_MAX)
    return mustache_fail(s->err, s->line, s->column, "the tag is not closed by %.*s", STR_ARG(close));
  Str content = str_trim(str_slice(s->source, wrapped ? from + 1 : from, end));
  TagKind kind = first == '{' ? TAG_RAW : first == '=' ? TAG_DELIMITERS : TAG_VALUE;
  if (!wrapped && content.len > 0) kind = tag_kind(content.ptr[0]);
  if (!wrapped && kind != TAG_VALUE) content = str_trim(str_slice(content, 1, content.len));
  push(s, kind, content);
  advance(s, end + close.len);
  return finish_tag(s);
}

static size_t next_tag(Scanner *s) {
  if (s->open_at < s->pos || s->open_at == 0) s->open_at = str_find(s->source, s->open, s->pos);
  if (s->cel && (s->cel_at < s->pos || s->cel_at == 0)) s->cel_at = str_find(s->source, S("${{"), s->pos);
  return MIN(s->open_at, s->cel_at);
}

static bool scan_tokens(Scanner *s) {
  while (s->pos < s->source.len) {
    size_t tag = next_tag(s);
    scan_text(s, MIN(tag, s->source.len));
    if (tag == SIZE_MAX) break;
    if (!(s->cel && tag == s->cel_at ? scan_cel(s) : scan_tag(s))) return false;
  }
  if (s->depth == 0) return true;
  const Token *open = &s->tokens.items[s->stack[s->depth - 1]];
  return mustache_fail(s->err, open->line, open->column, "\"%.*s\" is not closed; add {{/%.*s}}",
                       STR_ARG(utf8_cut(open->text, 80)), STR_ARG(utf8_cut(open->text, 80)));
}

static bool is_inheritance(const Token *token) {
  TagKind kind = token->kind == TAG_CLOSE ? token->opener : token->kind;
  return kind == TAG_PARENT || kind == TAG_BLOCK;
}

static bool vanishes_alone(TagKind kind) {
  return kind > TAG_CEL;
}

/* Index after the unit at `i`: a parent with all it holds, or a block directly followed by its end, counts as one. */
static size_t unit_end(const Token *tokens, size_t i, size_t to) {
  if (tokens[i].kind == TAG_PARENT && tokens[i].match < to) return tokens[i].match + 1;
  if (tokens[i].kind == TAG_BLOCK && tokens[i].match == i + 1) return i + 2;
  return i + 1;
}

/* Do the tokens from..to, a whole line, hold nothing to see? */
static bool line_is_standalone(const Token *tokens, size_t from, size_t to) {
  size_t units = 0, whole = 0;
  bool inheritance = true, vanishing = true;
  for (size_t i = from, next; i < to; i = next) {
    const Token *token = &tokens[i];
    next = unit_end(tokens, i, to);
    if (token->kind == TAG_TEXT) {
      if (!str_is_blank(token->text)) return false;
      continue;
    }
    if (token->kind == TAG_BLOCK && token->match < to && next == i + 1) return false; /* {{$a}} {{/a}}: text to keep */
    units++;
    whole += next > i + 1;
    inheritance &= is_inheritance(token);
    vanishing &= vanishes_alone(token->kind);
  }
  return vanishing && (units == 1 || (units > 1 && inheritance && whole == 0));
}

/* The white space that the text of a block opened at the end of a line starts with; the tag's own when it is empty. */
static Str block_indent(const TokenVec *tokens, size_t opener, size_t next, Str own) {
  size_t i = next, match = tokens->items[opener].match;
  while (i < match && tokens->items[i].kind == TAG_TEXT && str_is_blank(tokens->items[i].text) &&
         str_ends_with(tokens->items[i].text, S("\n")))
    i++;
  if (i >= match) return own;
  const Token *first = &tokens->items[i];
  if (first->kind != TAG_TEXT) return STR_NONE;
  size_t blank = 0;
  while (blank < first->text.len && (first->text.ptr[blank] == ' ' || first->text.ptr[blank] == '\t')) blank++;
  if (blank == first->text.len && i + 1 == match) return own;
  return str_slice(first->text, 0, blank);
}

/* "\n", "\r\n", or nothing. */
static Str line_end(const Token *token) {
  if (token->kind != TAG_TEXT || !str_ends_with(token->text, S("\n"))) return STR_NONE;
  size_t bytes = str_ends_with(token->text, S("\r\n")) ? 2 : 1;
  return str_slice(token->text, token->text.len - bytes, token->text.len);
}

static void mark_standalone(TokenVec *tokens, size_t from, size_t to) {
  Token *items = tokens->items;
  Str own = items[from].kind == TAG_TEXT ? items[from].text : STR_NONE;
  const Token *last = &items[to - 1];
  bool first_tag = true;
  for (size_t i = from, next; i < to; i = next) {
    Token *token = &items[i];
    next = unit_end(items, i, to);
    if (token->kind == TAG_TEXT) {
      token->dropped = true;
      continue;
    }
    token->standalone = true;
    if (first_tag) token->indent = own;
    first_tag = false;
    if (token->kind != TAG_BLOCK) continue;
    if (next > i + 1)
      token->line_end = line_end(last);
    else if (next == to || (next == to - 1 && last->kind == TAG_TEXT))
      token->indent = block_indent(tokens, i, to, token->indent);
  }
}

static void drop_standalone_lines(TokenVec *tokens) {
  for (size_t from = 0, to; from < tokens->count; from = to) {
    to = from;
    while (to < tokens->count && line_end(&tokens->items[to]).len == 0) to++;
    if (to < tokens->count) to++;
    if (line_is_standalone(tokens->items, from, to)) mark_standalone(tokens, from, to);
  }
}

bool mustache_scan(Arena *arena, Str source, bool cel, TokenVec *out, Error *err) {
  Scanner s = {.arena = arena,
               .source = source,
               .line = 1,
               .column = 1,
               .open = S("{{"),
               .close = S("}}"),
               .cel = cel,
               .cel_at = cel ? 0 : SIZE_MAX,
               .err = err};
  if (!scan_tokens(&s)) return false;
  drop_standalone_lines(&s.tokens);
  *out = s.tokens;
  return true;
}

/* The vocabulary of an environment: variables, functions, macros and operators with their signatures, as people write
 * them. Reads the checker's tables and nothing else, so it cannot say what the checker does not know. */
#include <string.h>

#include "lang/cel/program.h"

enum { SIGNATURES_MAX = 32 };

typedef VEC(CelWord) Words;

const char *cel_word_kind_name(CelWordKind kind) {
  static const char *const NAMES[] = {[CEL_WORD_VARIABLE] = "variable",
                                      [CEL_WORD_FUNCTION] = "function",
                                      [CEL_WORD_MACRO] = "macro",
                                      [CEL_WORD_OPERATOR] = "operator"};
  return NAMES[kind];
}

static void add_signature(Arena *arena, CelWord *word, Str text) {
  if (!word->signatures) word->signatures = ARENA_ARRAY(arena, Str, SIGNATURES_MAX);
  if (word->signature_count < SIGNATURES_MAX) word->signatures[word->signature_count++] = text;
}

/* "string.(int) -> string" of "charAt" becomes "string.charAt(int) -> string"; "(A) -> B" gets the name in front. */
static Str signature_text(Arena *arena, const char *name, Str overload) {
  size_t member = str_find(overload, S(".("), 0);
  size_t cut = member == SIZE_MAX ? 0 : member + 1;
  return str_format(arena, "%.*s%s%.*s", (int)cut, overload.ptr, name, STR_ARG(str_slice(overload, cut, overload.len)));
}

/* The first of the types in "int, map(A, B)", and the rest. */
static Str cut_type(Str *params) {
  size_t depth = 0, end = 0;
  for (; end < params->len && (depth || params->ptr[end] != ','); end++) {
    depth += params->ptr[end] == '(';
    depth -= params->ptr[end] == ')';
  }
  Str first = str_slice(*params, 0, end);
  *params = str_trim(str_slice(*params, MIN(end + 1, params->len), params->len));
  return first;
}

/* "(int, int) -> int" of "_+_" is "int + int -> int"; that of "-_" is "-int -> int". */
static Str operator_text(Arena *arena, const char *symbol, Str overload) {
  size_t arrow = str_find(overload, S(") -> "), 0);
  Str params = str_slice(overload, 1, arrow), result = str_slice(overload, arrow + 1, overload.len);
  Str left = cut_type(&params);
  if (params.len == 0) return str_format(arena, "%s%.*s%.*s", symbol, STR_ARG(left), STR_ARG(result));
  return str_format(arena, "%.*s %s %.*s%.*s", STR_ARG(left), symbol, STR_ARG(params), STR_ARG(result));
}

/* "_==_" is written "==", "@in_" "in", "-_" "-". */
static const char *operator_name(Arena *arena, const char *name) {
  Buf out = buf_new(arena, 40);
  for (const char *c = name; *c; c++)
    if (*c != '_' && *c != '@') buf_putc(&out, *c);
  return str_to_c(arena, buf_str(&out));
}

static bool is_operator(const char *name) {
  return !((name[0] >= 'a' && name[0] <= 'z') || (name[0] >= 'A' && name[0] <= 'Z'));
}

/* What has no row in a library, because it is part of the language itself. */
static void add_syntax(Arena *arena, Words *words) {
  static const struct {
    const char *name, *signatures[3], *doc;
  } ROWS[] = {
      {"&&", {"bool && bool -> bool"}, "Both. False on either side decides, whatever goes wrong on the other."},
      {"||", {"bool || bool -> bool"}, "At least one. True on either side decides, whatever goes wrong on the other."},
      {"?:", {"bool ? A : A -> A"}, "One of two values; the other is not evaluated."},
      {".", {"map.field -> value"}, "A field; missing is an error that conditions take as false."},
      {"[]", {"list(A)[int] -> A", "map(A, B)[A] -> B"}, "An element or a member."},
      {".?",
       {"map.?field -> optional_type(value)", "map[?key] -> optional_type(value)",
        "list[?index] -> optional_type(value)"},
       "An optional that is none when nothing is there; end with orValue(...)."},
  };
  for (size_t i = 0; i < COUNT(ROWS); i++) {
    CelWord word = {.kind = CEL_WORD_OPERATOR, .name = ROWS[i].name, .doc = ROWS[i].doc, .library = "basics"};
    for (size_t k = 0; k < COUNT(ROWS[i].signatures) && ROWS[i].signatures[k]; k++)
      add_signature(arena, &word, str_from_c(ROWS[i].signatures[k]));
    *VEC_PUSH(arena, words) = word;
  }
}

static void add_functions(const CelEnv *env, Arena *arena, Words *words) {
  for (size_t i = 0; i < map_count(env->functions); i++) {
    const CelFn *fn = map_at(env->functions, i)->value;
    bool symbol = is_operator(fn->name);
    CelWord word = {.kind = symbol ? CEL_WORD_OPERATOR : CEL_WORD_FUNCTION,
                    .name = symbol ? operator_name(arena, fn->name) : fn->name,
                    .library = fn->library,
                    .doc = fn->doc};
    for (; fn; fn = fn->next) {
      Str rest = str_from_c(fn->overloads), overload;
      for (bool more = true; more;) {
        more = str_cut(rest, ';', &overload, &rest);
        overload = str_trim(overload);
        add_signature(arena, &word,
                      symbol ? operator_text(arena, word.name, overload) : signature_text(arena, fn->name, overload));
      }
    }
    *VEC_PUSH(arena, words) = word;
  }
}

/* "write a or b" as its signatures. */
static void add_macros(Arena *arena, Words *words) {
  for (size_t i = 0; macro_name(i); i++) {
    CelWord word = {.kind = CEL_WORD_MACRO, .name = macro_name(i), .doc = macro_doc(i), .library = "macros"};
    Str usage = str_from_c(macro_usage(i));
    if (str_starts_with(usage, S("write "))) usage = str_slice(usage, 6, usage.len);
    for (size_t from = 0, to; from < usage.len; from = to + 4) {
      to = str_find(usage, S(" or "), from);
      add_signature(arena, &word, str_slice(usage, from, MIN(to, usage.len)));
      if (to == SIZE_MAX) break;
    }
    *VEC_PUSH(arena, words) = word;
  }
}

CelWord *cel_env_words(const CelEnv *env, Arena *arena, size_t *out_count) {
  Words words = {0};
  for (size_t i = 0; i < env->options.var_count; i++) {
    const CelVar *var = &env->options.vars[i];
    if (var->absent) continue;
    *VEC_PUSH(arena, &words) =
        (CelWord){.kind = CEL_WORD_VARIABLE, .name = var->name, .type = var->type ? var->type : "dyn", .doc = var->doc};
  }
  if (!env->options.no_macros) add_macros(arena, &words);
  add_syntax(arena, &words);
  add_functions(env, arena, &words);
  *out_count = words.count;
  return words.items;
}

/* Words: a usage line is read as it is written: brackets and dots mean what they mean to people. */
#include "cli/words.h"

#include <string.h>

static const VerbSpec *verb_named(const CliCommand *command, const char *word) {
  for (const VerbSpec *spec = command->verbs; spec && spec->name; spec++)
    if (strcmp(spec->name, word) == 0) return spec;
  return NULL;
}

Typed words_typed(int count, char **words) {
  Typed typed = {.rest = words, .rest_count = count};
  if (count < 2 || !(typed.command = cli_find(words[0]))) return typed;
  typed.rest = words + 1;
  typed.rest_count = count - 1;
  typed.spec = count > 2 ? verb_named(typed.command, words[1]) : NULL;
  if (typed.spec)
    typed.rest++, typed.rest_count--;
  else
    typed.spec = typed.command->verb;
  typed.options = typed.spec ? typed.spec->options : typed.command->options;
  typed.option_count = typed.spec                    ? typed.spec->option_count
                       : typed.command->option_count ? *typed.command->option_count
                                                     : 0;
  return typed;
}

static const Option *named(const Option *options, size_t count, Str name) {
  for (size_t i = 0; i < count; i++)
    if (str_equal_c(name, options[i].name)) return &options[i];
  return NULL;
}

const Option *words_option(const Typed *typed, Str name) {
  static const char *const SHORT[][2] = {{"-o", "output"}, {"-f", "file"}, {"-q", "quiet"}, {"-h", "help"}};
  for (size_t i = 0; i < COUNT(SHORT); i++)
    if (str_equal_c(name, SHORT[i][0])) name = str_from_c(SHORT[i][1]);
  while (str_starts_with(name, S("-"))) name = str_slice(name, 1, name.len);
  if (str_equal_c(name, "key")) name = S("integration-key");
  const Option *option = named(typed->options, typed->option_count, name);
  return option || !typed->spec ? option : named(VERB_COMMON, VERB_COMMON_COUNT, name);
}

size_t words_plain(const Typed *typed, const char **out, size_t max) {
  size_t count = 0;
  for (int i = 0; i + 1 < typed->rest_count && count < max; i++) {
    const char *word = typed->rest[i];
    const Option *option = word[0] == '-' && word[1] ? words_option(typed, str_from_c(word)) : NULL;
    if (option && option->form != OPTION_FLAG)
      i++;
    else if (word[0] != '-' || !word[1])
      out[count++] = word;
  }
  return count;
}

/* "[KIND...]" is KIND. */
static Str bare(Str token) {
  while (token.len && strchr("[", token.ptr[0])) token = str_slice(token, 1, token.len);
  while (token.len && strchr("].", token.ptr[token.len - 1])) token.len--;
  return token;
}

static bool is_word(Str token) {
  return token.len > 1 && token.ptr[0] >= 'A' && token.ptr[0] <= 'Z' && token.ptr[1] >= 'A' && token.ptr[1] <= 'Z';
}

Str words_usage(const VerbSpec *spec, size_t place) {
  Str rest = str_from_c(spec->usage), token, last = STR_NONE;
  size_t at = 0;
  for (bool more = true; more;) {
    more = str_cut(rest, ' ', &token, &rest);
    if (str_starts_with(token, S("-")) || str_starts_with(token, S("[-"))) break; /* options come last */
    bool again = str_find(token, S("..."), 0) != SIZE_MAX;
    token = bare(token);
    if (!is_word(token)) continue;
    if (at++ == place) return token;
    if (again) last = token;
  }
  return last;
}

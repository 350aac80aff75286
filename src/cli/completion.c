/* completion: the scripts for the shells, and `complete`, which answers them: a line for each word that may come next,
 * with a tab and what it means; "@files" when the shell knows better. Names of things are asked of the server, for at
 * most a second; without one there are none. */
#include <stdio.h>
#include <string.h>

#include "cli/list.h"
#include "cli/words.h"
#include "core/resources.h"

enum { PLAIN_MAX = 64, NAMES_MAX = 200, PATIENCE_S = 1 };

static void offer(const char *begun, const char *word, Str doc) {
  if (strncmp(word, begun, strlen(begun)) != 0) return;
  printf("%s\t%.*s\n", word, STR_ARG(doc));
}

static void offer_commands(const char *begun) {
  for (size_t t = 0; CLI_TABLES[t]; t++)
    for (const CliCommand *command = CLI_TABLES[t]; command->name; command++)
      if (!command->hidden) offer(begun, command->name, str_from_c(command->doc));
}

static void offer_verbs(const CliCommand *command, const char *begun) {
  for (const VerbSpec *spec = command->verbs; spec && spec->name; spec++)
    offer(begun, spec->name, str_from_c(spec->doc));
}

static void offer_options(Arena *arena, const Option *options, size_t count, const char *begun) {
  for (size_t i = 0; i < count; i++)
    offer(begun, str_format(arena, "--%s", options[i].name).ptr, str_from_c(options[i].doc));
}

static void offer_kinds(const char *begun) {
  for (size_t i = 0; i < CORE_RESOURCE_COUNT; i++)
    offer(begun, CORE_RESOURCES[i]->plural, str_from_c(CORE_RESOURCES[i]->doc));
}

/* Values -------------------------------------------------------------------------------------------------------------
 */

static bool offer_values(const Option *option, const char *begun) {
  static const struct {
    const char *option, *values;
  } VALUES[] = {{"output", "table wide json yaml name"},
                {"log-format", "text json"},
                {"urgency", "high low"},
                {"severity", "0 1 2 3 4"},
                {"priority", "p1 p2 p3 p4"},
                {"kind", "user team schedule policy"}};
  Str value, rest = STR_NONE;
  for (size_t i = 0; i < COUNT(VALUES); i++)
    if (strcmp(option->name, VALUES[i].option) == 0) rest = str_from_c(VALUES[i].values);
  if (rest.len == 0) return false;
  for (bool more = true; more;) {
    char word[32];
    more = str_cut(rest, ' ', &value, &rest);
    snprintf(word, sizeof word, "%.*s", STR_ARG(value));
    offer(begun, word, S(""));
  }
  return true;
}

static bool is_file(const Option *option) {
  static const char *const WORDS[] = {"FILE", "DIR", "SOCKET"};
  for (size_t i = 0; option->value && i < COUNT(WORDS); i++)
    if (strstr(option->value, WORDS[i])) return true;
  return false;
}

/* Things -------------------------------------------------------------------------------------------------------------
 */

static const char *given(const Typed *typed, const char *name) {
  for (int i = 0; i + 1 < typed->rest_count; i++) {
    const Option *option = typed->rest[i][0] == '-' ? words_option(typed, str_from_c(typed->rest[i])) : NULL;
    if (option && strcmp(option->name, name) == 0) return typed->rest[i + 1];
  }
  return NULL;
}

static void offer_things(Arena *arena, const Typed *typed, const Resource *kind, const char *begun) {
  ClientOptions where = {.data_folder = given(typed, "data"), .url = given(typed, "url"), .patience_s = PATIENCE_S};
  const char *open = kind == &ALERT      ? "&status=triggered&status=acknowledged"
                     : kind == &INCIDENT ? "&status=new&status=investigating&status=fixing&status=monitoring"
                                         : "";
  Client *client = NULL;
  Error ignored = {0};
  Value answer = value_null();
  if (!client_open(arena, &where, &client, &ignored) ||
      !client_try(client, str_format(arena, "/api/v1/%s?limit=%d&sort=-id%s", kind->plural, NAMES_MAX, open), &answer))
    return;
  const Value *items = value_get_c(&answer, "items");
  for (size_t i = 0; value_is(items, VALUE_LIST) && i < items->size; i++) {
    Str name = print_clean(arena, kind_name(value_at(items, i))), label = kind_label(value_at(items, i));
    Str title = verb_text_of(value_at(items, i), "title"), named = verb_text_of(value_at(items, i), "name");
    label = title.len ? title : named.len ? named : label;
    offer(begun, str_to_c(arena, name), print_clean(arena, label));
  }
}

static void offer_words(Arena *arena, const Typed *typed, const char *begun) {
  const char *plain[PLAIN_MAX];
  size_t count = words_plain(typed, plain, PLAIN_MAX);
  Str word = words_usage(typed->spec, count);
  const Resource *kind = NULL;
  Error ignored = {0};
  bool of_kind = str_equal_c(word, "ID") && count > 0 && kind_find(str_from_c(plain[0]), &kind, &ignored);
  if (str_equal_c(word, "KIND"))
    offer_kinds(begun);
  else if (of_kind || (word.len && !str_equal_c(word, "TEXT") && typed->spec->kind &&
                       kind_find(str_from_c(typed->spec->kind), &kind, &ignored)))
    offer_things(arena, typed, kind, begun);
}

int command_complete(int argc, char **argv) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  if (argc && strcmp(argv[0], "--") == 0) argc--, argv++;
  const char *begun = argc ? argv[argc - 1] : "";
  Typed typed = words_typed(argc, argv);
  if (!typed.command) {
    if (argc < 2) offer_commands(begun);
    return EXIT_DONE;
  }
  const char *before = typed.rest_count > 1 ? typed.rest[typed.rest_count - 2] : "";
  const Option *option = before[0] == '-' ? words_option(&typed, str_from_c(before)) : NULL;
  if (option && option->form != OPTION_FLAG) {
    if (!offer_values(option, begun) && is_file(option)) puts("@files");
  } else if (begun[0] == '-') {
    offer_options(arena, typed.options, typed.option_count, begun);
    if (typed.spec) offer_options(arena, VERB_COMMON, VERB_COMMON_COUNT, begun);
  } else {
    if (argc == 2) offer_verbs(typed.command, begun);
    if (typed.spec) offer_words(arena, &typed, begun);
    if (!typed.spec && !typed.command->verbs) puts("@files");
  }
  return EXIT_DONE;
}

/* The scripts ---------------------------------------------------------------------------------------------------------
 */

static const char BASH[] =
    "# tocsin completion bash > /etc/bash_completion.d/tocsin, or: source <(tocsin completion bash)\n"
    "_tocsin() {\n"
    "  local answer line IFS=$'\\n'\n"
    "  COMPREPLY=()\n"
    "  answer=$(\"${COMP_WORDS[0]}\" complete -- \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null)\n"
    "  if [ \"$answer\" = '@files' ]; then\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    COMPREPLY=($(compgen -f -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
    "    return\n"
    "  fi\n"
    "  while read -r line; do\n"
    "    [ -n \"$line\" ] && COMPREPLY+=(\"${line%%$'\\t'*}\")\n"
    "  done <<< \"$answer\"\n"
    "}\n"
    "complete -F _tocsin tocsin\n";

static const char ZSH[] = "#compdef tocsin\n"
                          "# tocsin completion zsh > \"${fpath[1]}/_tocsin\", or: source <(tocsin completion zsh)\n"
                          "_tocsin() {\n"
                          "  local -a lines described\n"
                          "  local line\n"
                          "  lines=(\"${(@f)$(\"${words[1]}\" complete -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)}\")\n"
                          "  if [[ \"${lines[1]}\" == '@files' ]]; then\n"
                          "    _files\n"
                          "    return\n"
                          "  fi\n"
                          "  for line in \"${lines[@]}\"; do\n"
                          "    [[ -n \"$line\" ]] && described+=(\"${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}\")\n"
                          "  done\n"
                          "  _describe tocsin described\n"
                          "}\n"
                          "if [ \"$funcstack[1]\" = \"_tocsin\" ]; then _tocsin; else compdef _tocsin tocsin; fi\n";

static const char FISH[] = "# tocsin completion fish > ~/.config/fish/completions/tocsin.fish\n"
                           "function __tocsin_complete\n"
                           "  set -l words (commandline -opc) (commandline -ct)\n"
                           "  set -l answer ($words[1] complete -- $words[2..-1] 2>/dev/null)\n"
                           "  if test \"$answer[1]\" = '@files'\n"
                           "    __fish_complete_path (commandline -ct)\n"
                           "  else\n"
                           "    printf '%s\\n' $answer\n"
                           "  end\n"
                           "end\n"
                           "complete -c tocsin -f -a '(__tocsin_complete)'\n";

int command_completion(int argc, char **argv) {
  static const struct { const char *shell, *script; } SCRIPTS[] = {{"bash", BASH}, {"zsh", ZSH}, {"fish", FISH}};
  const char *word = argc ? argv[0] : "--help";
  for (size_t i = 0; i < COUNT(SCRIPTS); i++)
    if (strcmp(word, SCRIPTS[i].shell) == 0) return fputs(SCRIPTS[i].script, stdout), EXIT_DONE;
  if (strcmp(word, "--help") != 0 && strcmp(word, "-h") != 0)
    return verb_usage("there is no completion for \"%s\"; there is for bash, zsh and fish", word);
  FILE *out = argc ? stdout : stderr;
  fputs("tocsin completion bash|zsh|fish\n\nPrints a script that completes commands, options, kinds and names:\n\n"
        "  bash  source <(tocsin completion bash)\n  zsh   source <(tocsin completion zsh)\n"
        "  fish  tocsin completion fish | source\n",
        out);
  return argc ? EXIT_DONE : EXIT_USAGE;
}

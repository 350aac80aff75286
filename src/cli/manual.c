/* manual: what the tables say, as Markdown (docs/cli.md, docs/configuration.md) and as a man page (docs/tocsin.1).
 * scripts/generate-docs writes the files; a test fails when they are stale. */
#include <stdio.h>
#include <string.h>

#include "cli/serve.h"
#include "cli/verb.h"
#include "core/api/api.h"
#include "core/resources.h"

/* Markdown ------------------------------------------------------------------------------------------------------------
 */

/* A | would end the cell. */
static void put_cell(const char *text) {
  for (; *text; text++) {
    if (*text == '|') putchar('\\');
    putchar(*text);
  }
}

static void options_markdown(const Option *options, size_t count, bool serve) {
  printf(serve ? "| option | default | what it does |\n| --- | --- | --- |\n"
               : "| option | what it does |\n| --- | --- |\n");
  for (size_t i = 0; i < count; i++) {
    const Option *option = &options[i];
    if (strcmp(option->name, "help") == 0) continue;
    printf("| `--%s%s%s` | ", option->name, option->value ? " " : "", option->value ? option->value : "");
    if (serve && option->def) printf("`%s`", option->def);
    if (serve) printf("%s| ", option->def ? " " : "");
    put_cell(option->doc);
    if (!serve && option->def) printf(" (default: `%s`)", option->def);
    printf(" |\n");
  }
}

static void spec_markdown(const VerbSpec *spec) {
  printf("\n**`tocsin %s`**\n\n%s\n", spec->usage, spec->doc);
  if (spec->option_count == 0) return;
  printf("\n");
  options_markdown(spec->options, spec->option_count, false);
}

static void command_markdown(const CliCommand *command) {
  printf("\n## %s\n", command->name);
  if (command->run) {
    printf("\n**`tocsin %s`**\n\n%c%s.\n", command->usage, (char)(command->doc[0] - 'a' + 'A'), command->doc + 1);
    if (command->options == SERVE_OPTIONS) {
      printf("\nOptions: [configuration.md](configuration.md).\n");
    } else if (command->option_count) {
      printf("\n");
      options_markdown(command->options, *command->option_count, false);
    }
  }
  if (command->verb) spec_markdown(command->verb);
  for (const VerbSpec *spec = command->verbs; spec && spec->name; spec++) spec_markdown(spec);
}

static void commands_markdown(void) {
  printf("Every client command also takes these:\n\n");
  options_markdown(VERB_COMMON, VERB_COMMON_COUNT, false);
  for (size_t t = 0; CLI_TABLES[t]; t++)
    for (const CliCommand *command = CLI_TABLES[t]; command->name; command++)
      if (!command->hidden) command_markdown(command);
}

/* The man page -------------------------------------------------------------------------------------------------------
 */

/* troff: a backslash is an escape, a dash is a minus, a line that begins with . or ' is a request. */
static void put_roff(const char *text) {
  if (*text == '.' || *text == '\'') fputs("\\&", stdout);
  for (; *text; text++) {
    if (*text == '\\')
      fputs("\\e", stdout);
    else if (*text == '-')
      fputs("\\-", stdout);
    else
      putchar(*text);
  }
}

static void options_roff(const Option *options, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(options[i].name, "help") == 0) continue;
    printf(".TP\n.B \\-\\-");
    put_roff(options[i].name);
    if (options[i].value) {
      putchar(' ');
      put_roff(options[i].value);
    }
    putchar('\n');
    put_roff(options[i].doc);
    if (options[i].def) {
      printf(" (default: ");
      put_roff(options[i].def);
      printf(")");
    }
    putchar('\n');
  }
}

static void usage_roff(const char *usage, const char *doc) {
  printf(".PP\n.B tocsin ");
  put_roff(usage);
  printf("\n.br\n");
  put_roff(doc);
  putchar('\n');
}

static void spec_roff(const VerbSpec *spec) {
  usage_roff(spec->usage, spec->doc);
  options_roff(spec->options, spec->option_count);
}

static void command_roff(const CliCommand *command) {
  printf(".SS %s\n", command->name);
  if (command->run) {
    usage_roff(command->usage, command->doc);
    if (command->option_count && (command->options != SERVE_OPTIONS || command->run == command_serve))
      options_roff(command->options, *command->option_count);
  }
  if (command->verb) spec_roff(command->verb);
  for (const VerbSpec *spec = command->verbs; spec && spec->name; spec++) spec_roff(spec);
}

static void page_roff(void) {
  static const char HEAD[] =
      ".TH TOCSIN 1\n"
      ".SH NAME\ntocsin \\- calls people to an alarm: alerts, on call, paging, incidents\n"
      ".SH SYNOPSIS\n.B tocsin\n.I COMMAND\n[\\-\\-help]\n"
      ".SH DESCRIPTION\nTocsin takes alerts from monitoring tools, turns them into few incidents, and calls the right "
      "person until somebody answers. One program is the server and its client. Every option of serve is also a "
      "variable "
      "TOCSIN_X of the environment and a key of the YAML file that \\-\\-config names.\n";
  static const char TAIL[] =
      ".SH EXIT STATUS\n0 done; 1 failed; 2 wrong usage; 3 not found; 4 refused; 5 something would be done (apply "
      "\\-\\-dry\\-run "
      "\\-\\-exit\\-code).\n"
      ".SH ENVIRONMENT\n.TP\n.B TOCSIN_URL, TOCSIN_KEY\nthe server and its API key, for the client commands\n"
      ".TP\n.B TOCSIN_DATA\nthe data folder\n.TP\n.B NO_COLOR\nno colours\n.TP\n.B COLUMNS\nthe width of tables\n"
      ".SH FILES\n.TP\n.I ~/.config/tocsin/config.yaml\nurl and key, when neither \\-\\-data nor the environment says "
      "them\n"
      ".TP\n.I DIR/admin.key, DIR/address\nthe key and the address of a server on this machine (\\-\\-data DIR)\n";
  fputs(HEAD, stdout);
  printf(".SH OPTIONS OF EVERY CLIENT COMMAND\n");
  options_roff(VERB_COMMON, VERB_COMMON_COUNT);
  printf(".SH COMMANDS\n");
  for (size_t t = 0; CLI_TABLES[t]; t++)
    for (const CliCommand *command = CLI_TABLES[t]; command->name; command++)
      if (!command->hidden) command_roff(command);
  fputs(TAIL, stdout);
}

/* What is made of the registry alone: no server runs, no data is read. */
static int print_api(Str (*text_of)(Arena *arena, const Registry *registry)) {
  Registry *registry = NULL;
  Error err = {0};
  Arena *arena = arena_new();
  bool ok = registry_new(CORE_RESOURCES, CORE_RESOURCE_COUNT, &registry, &err);
  Str text = ok ? text_of(arena, registry) : STR_NONE;
  if (ok)
    printf("%.*s", STR_ARG(text));
  else
    fprintf(stderr, "tocsin: %s\n", err.message);
  registry_free(registry);
  arena_free(arena);
  return ok ? EXIT_DONE : EXIT_FAILED;
}

/* The requests and forms of the API. */
static Str api_markdown(Arena *arena, const Registry *registry) {
  return api_manual(arena, registry, false);
}

int command_manual(int argc, char **argv) {
  const char *part = argc ? argv[0] : "";
  if (strcmp(part, "commands") == 0)
    commands_markdown();
  else if (strcmp(part, "options") == 0)
    options_markdown(SERVE_OPTIONS, SERVE_OPTION_COUNT, true);
  else if (strcmp(part, "api") == 0)
    return print_api(api_markdown);
  else if (strcmp(part, "openapi") == 0)
    return print_api(api_openapi);
  else if (strcmp(part, "page") == 0)
    page_roff();
  else
    return verb_usage("manual commands, manual options, manual api, manual openapi or manual page");
  return EXIT_DONE;
}

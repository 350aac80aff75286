/* The commands by name. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/serve.h"
#include "cli/verbs.h"
#include "core/operations/backup_file.h"

const CliCommand CLI_SERVER_COMMANDS[] = {
    {"serve", command_serve, "runs the server", "serve [--data DIR] [--listen ADDR:PORT] [--public-url URL]",
     SERVE_OPTIONS, &SERVE_OPTION_COUNT},
    {"init", command_init, "makes the first organization and its owner",
     "init --organization NAME --email ADDRESS --name NAME", INIT_OPTIONS, &INIT_OPTION_COUNT},
    {"demo", command_demo, "serves a sample organization, with alerts coming in", "demo [--listen ADDR:PORT]",
     SERVE_OPTIONS, &SERVE_OPTION_COUNT},
    {"backup", command_backup, "makes a consistent copy, also of a running server", "backup FILE [--with-key]",
     BACKUP_OPTIONS, &BACKUP_OPTION_COUNT},
    {"restore", command_restore, "fills an empty data folder from a backup", "restore FILE --data DIR", RESTORE_OPTIONS,
     &RESTORE_OPTION_COUNT},
    {"resume", command_resume, "after a restore: lists what is owed, lets paging go on",
     "resume [--all | --cancel-before TIME]", RESUME_OPTIONS, &RESUME_OPTION_COUNT},
    {"doctor", command_doctor, "looks at all that lets a page get lost; changes the key of secrets",
     "doctor [--data DIR] [-o text|json]", DOCTOR_OPTIONS, &DOCTOR_OPTION_COUNT},
    {"export-all", command_export_all, "every row as JSON lines, for import into another database",
     "export-all FILE [--data DIR] [--db URL]", EXPORT_ALL_OPTIONS, &EXPORT_ALL_OPTION_COUNT},
    {"import", command_import, "fills an empty database of either engine from such a file",
     "import FILE [--data DIR] [--db URL]", IMPORT_OPTIONS, &IMPORT_OPTION_COUNT},
    {NULL},
};

const CliCommand CLI_COMMANDS[] = {
    {"get", .doc = "shows resources: get alerts, get service checkout", .verb = &GET},
    {"create", .doc = "makes one: create team name=Payments, or from --file", .verb = &CREATE},
    {"update", .doc = "changes one: update service checkout tier=tier1", .verb = &UPDATE},
    {"delete", .doc = "removes one", .verb = &DELETE},
    {"fields", .doc = "what a kind is made of: fields, fields service", .verb = &FIELDS_VERB},
    {"apply", .doc = "makes the server hold what files say; shows the difference first with --dry-run", .verb = &APPLY},
    {"export", .doc = "writes what is configured as files that apply takes back", .verb = &EXPORT},
    {"alert", .doc = "list, show, ack, resolve, snooze, escalate, note, why …", .verbs = ALERT_VERBS},
    {"incident", .doc = "declare, list, show, ack, say, update, resolve, close …", .verbs = INCIDENT_VERBS},
    {"page", .doc = "pages a person, team, schedule or policy by hand", .verb = &PAGE_BY_HAND},
    {"oncall", .doc = "who is on call; take: you are", .verb = &ONCALL, .verbs = ONCALL_VERBS},
    {"heartbeat", .doc = "send: something is alive", .verbs = HEARTBEAT_VERBS},
    {"event", .doc = "send: an alert of your own, through an integration", .verbs = EVENT_VERBS},
    {"replay", .doc = "maps a stored request again", .verb = &REPLAY},
    {"rule", .doc = "preview, try: what rules would do with a payload, with the newest alerts; versions, restore",
     .verbs = RULE_VERBS},
    {"quiet", .doc = "what makes no noise now, and why; report, inhibition", .verb = &QUIET_NOW, .verbs = QUIET_VERBS},
    {"together", .doc = "which alerts seem to belong together; accept, reject, rule", .verb = &TOGETHER,
     .verbs = TOGETHER_VERBS},
    {"silence", .doc = "add, end, list, preview: what keeps alerts quiet for a while", .verbs = SILENCE_VERBS},
    {"maintenance", .doc = "start, end, list: work during which alerts are quiet", .verbs = MAINTENANCE_VERBS},
    {"inhibition", .doc = "import: inhibit_rules of an Alertmanager's configuration", .verbs = INHIBITION_VERBS},
    {"user", .doc = "leave: hands over what somebody holds; second-factor-off", .verbs = USER_VERBS},
    {"contact", .doc = "code, verify, test: a contact method proves itself", .verbs = CONTACT_VERBS},
    {"connectors", .doc = "check: asks providers of messages whether they take us", .verbs = CONNECTOR_VERBS},
    {"timeline", .doc = "pin, unpin, correct: people put a timeline right", .verbs = TIMELINE_VERBS},
    {"eval", .doc = "tries an expression or template, with or without a server", .verb = &EVAL},
    {"watch", .doc = "prints what changes, as it changes", .verb = &WATCH},
    {"completion", command_completion, "completes commands, options and names in bash, zsh or fish",
     "completion bash|zsh|fish"},
    {"complete", command_complete, "what may come next; for the completion scripts", "complete -- WORD...",
     .hidden = true},
    {"manual", command_manual, "the manual from the tables; for scripts/generate-docs",
     "manual commands|options|api|openapi|page", .hidden = true},
    {NULL},
};

const CliCommand *const CLI_TABLES[] = {CLI_SERVER_COMMANDS, CLI_COMMANDS, NULL};

const CliCommand *cli_find(const char *name) {
  for (size_t t = 0; CLI_TABLES[t]; t++)
    for (const CliCommand *command = CLI_TABLES[t]; command->name; command++)
      if (strcmp(command->name, name) == 0) return command;
  return NULL;
}

const char *cli_program(void) {
  return program_invocation_name;
}

static void usage(FILE *out) {
  static const char *const TITLES[] = {"The server:", "The client:"};
  fprintf(out, "tocsin COMMAND [--help], tocsin --version\n");
  for (size_t t = 0; CLI_TABLES[t]; t++) {
    fprintf(out, "\n%s\n", TITLES[t]);
    for (const CliCommand *command = CLI_TABLES[t]; command->name; command++)
      if (!command->hidden) fprintf(out, "  %-12s %s\n", command->name, command->doc);
  }
}

static int unknown_command(const char *word) {
  Spelling near = spelling_of(str_from_c(word));
  for (size_t t = 0; CLI_TABLES[t]; t++)
    for (const CliCommand *command = CLI_TABLES[t]; command->name; command++)
      if (!command->hidden) spelling_try(&near, str_from_c(command->name));
  if (near.word.len) return verb_usage("there is no command \"%s\"; did you mean \"%.*s\"?", word, STR_ARG(near.word));
  return verb_usage("there is no command \"%s\"; tocsin --help lists them", word);
}

static bool asks_for_help(const char *word) {
  return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

static int unknown_verb(const CliCommand *command, const char *word) {
  Spelling near = spelling_of(str_from_c(word));
  for (const VerbSpec *spec = command->verbs; spec->name; spec++) spelling_try(&near, str_from_c(spec->name));
  if (near.word.len)
    return verb_usage("%s has no verb \"%s\"; did you mean \"%.*s\"?", command->name, word, STR_ARG(near.word));
  fprintf(stderr, *word ? "tocsin: %s has no verb \"%s\"; there are:\n" : "tocsin: %s what? There are:\n",
          command->name, word);
  verb_usage_list(stderr, command->verbs);
  return EXIT_USAGE;
}

static int run_verbs(const CliCommand *command, int argc, char **argv) {
  const char *word = argc ? argv[0] : "";
  for (const VerbSpec *spec = command->verbs; spec && spec->name; spec++)
    if (strcmp(spec->name, word) == 0) return verb_main(spec, argc - 1, argv + 1);
  if (command->verb) return verb_main(command->verb, argc, argv);
  if (!asks_for_help(word)) return unknown_verb(command, word);
  verb_usage_list(stdout, command->verbs);
  return EXIT_DONE;
}

static int run(const CliCommand *command, int argc, char **argv) {
  static char help[] = "--help";
  if (!command->run) return run_verbs(command, argc, argv);
  if (argc == 1 && strcmp(argv[0], "-h") == 0) argv[0] = help;
  return command->run(argc, argv);
}

/* "help alert" is "alert --help". */
static int help_on(int argc, char **argv) {
  static char help[] = "--help";
  char *words[] = {argc > 1 ? argv[1] : help, help};
  const CliCommand *command = cli_find(argv[0]);
  return command ? run(command, argc > 1 ? 2 : 1, words) : unknown_command(argv[0]);
}

/* What could not be written was not done: a full disk must not look like an empty list. */
static int flush_output(int code) {
  if (fflush(stdout) == 0 && !ferror(stdout)) return code;
  fprintf(stderr, "tocsin: cannot write the output: %s\n", strerror(errno));
  return code == EXIT_DONE ? EXIT_FAILED : code;
}

int cli_main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[0], "help") == 0) return help_on(argc - 1, argv + 1);
  if (argc == 0 || asks_for_help(argv[0])) {
    usage(argc == 0 ? stderr : stdout);
    return argc == 0 ? EXIT_USAGE : EXIT_DONE;
  }
  if (strcmp(argv[0], "--version") == 0) return printf("tocsin %s\n", tocsin_version()), EXIT_DONE;
  const CliCommand *command = cli_find(argv[0]);
  return command ? flush_output(run(command, argc - 1, argv + 1)) : unknown_command(argv[0]);
}

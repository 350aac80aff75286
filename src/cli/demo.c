/* tocsin demo: `serve` on a fresh folder with a sample organization, alerts that come and go, and everybody's phone on
 * this terminal. Nothing leaves the machine: there is no mail relay, and phones are addresses of the loopback.
 *
 * A folder is a demo's when it holds the file `demo` (the port of the phones, which stands in people's addresses). Such
 * a folder is used again; any other that holds something is refused. */
#include "cli/demo.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/serve.h"
#include "core/identity/password.h"

/* Printed at each start: the demo listens on the loopback and holds nothing. */
#define DEMO_EMAIL    "sam@example.org"
#define DEMO_PASSWORD "ring the bell"

typedef struct Demo {
  Arena *arena;
  ServeOptions serve;
  DemoPhones *phones;
  DemoAlerts *alerts;
} Demo;

static const char *file_in(Demo *d, const char *name) {
  return str_format(d->arena, "%s/%s", d->serve.data_folder, name).ptr;
}

/* The first line of a small file, in the arena; NULL when there is none. */
static const char *read_line(Demo *d, const char *name) {
  char text[256] = "";
  FILE *file = fopen(file_in(d, name), "re");
  if (!file) return NULL;
  char *line = fgets(text, sizeof text, file);
  fclose(file);
  return line ? str_to_c(d->arena, str_trim(str_from_c(line))) : NULL;
}

static bool is_empty(const char *folder) {
  DIR *dir = opendir(folder);
  bool empty = true;
  if (!dir) return errno == ENOENT;
  for (struct dirent *entry; empty && (entry = readdir(dir));)
    empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
  closedir(dir);
  return empty;
}

/* The port of the phones; 0: the folder is fresh. */
static bool read_marker(Demo *d, u16 *out, Error *err) {
  const char *line = read_line(d, "demo");
  u64 port = 0;
  *out = 0;
  if (!line)
    return is_empty(d->serve.data_folder) ||
           fail(err, ERR_CONFLICT, "%s holds something that is not a demo; choose another folder with --data",
                d->serve.data_folder);
  if (!str_to_u64(str_from_c(line), 65535, &port) || port == 0)
    return fail(err, ERR_INVALID, "%s is damaged; remove the folder", file_in(d, "demo"));
  *out = (u16)port;
  return true;
}

static bool write_marker(Demo *d, Error *err) {
  const char *path = file_in(d, "demo");
  if (mkdir(d->serve.data_folder, 0700) != 0 && errno != EEXIST)
    return fail(err, ERR_INVALID, "cannot make the folder %s: %s", d->serve.data_folder, strerror(errno));
  FILE *file = fopen(path, "we");
  if (!file) return fail(err, ERR_INVALID, "cannot write %s: %s", path, strerror(errno));
  fprintf(file, "%u\n", demo_phones_port(d->phones));
  return fclose(file) == 0 || fail(err, ERR_INVALID, "cannot write %s: %s", path, strerror(errno));
}

static bool make_world(Demo *d, Error *err) {
  InitWork work = {
      .arena = d->arena, .organization = "Tocsin Demo", .time_zone = "UTC", .email = DEMO_EMAIL, .name = "Sam Owner"};
  App *app = NULL;
  const char *phones = str_format(d->arena, "http://127.0.0.1:%u", demo_phones_port(d->phones)).ptr;
  if (!password_hash(d->arena, S(DEMO_PASSWORD), &work.password_hash, err) || !app_open(&d->serve, &app, err))
    return false;
  engine_start(app->engine);
  bool ok = demo_world_make(app, &work, phones, err) && init_write_key(d->serve.data_folder, work.key, err);
  app_close(app);
  return ok;
}

/* The phones' port stands in people's addresses: whoever has it is most likely this demo, running already. */
static bool fail_running(Demo *d, Error *err) {
  const char *url = read_line(d, "address");
  return fail(
      err, ERR_CONFLICT,
      "the demo in %s is running already%s%s; stop it first, or make another one: %s demo --data ./demo-2 --listen "
      "127.0.0.1:0",
      d->serve.data_folder, url ? " at " : "", url ? url : "", cli_program());
}

static bool prepare(Demo *d, Error *err) {
  u16 port = 0;
  if (!read_marker(d, &port, err)) return false;
  if (!demo_phones_start(port, &d->phones, err)) return port ? fail_running(d, err) : false;
  if (port == 0 && !write_marker(d, err)) return false;
  return read_line(d, "admin.key") || make_world(d, err);
}

/* What to try --------------------------------------------------------------------------------------------------------
 */

static void print_welcome(Demo *d, const App *app) {
  const char *url = app->public_url, *data = d->serve.data_folder, *program = cli_program();
  const char *key = read_line(d, "admin.key");
  printf("\nTocsin demo  %s\nSign in      %s, password: %s\nAPI key      %s\n", url, DEMO_EMAIL, DEMO_PASSWORD,
         key ? key : "?");
  printf("\nSeven people, three teams and eight services. Alerts come in by themselves, from six kinds of senders.\n"
         "Nothing leaves this machine: there is no mail relay, so e-mail steps fail at once and\n"
         "everybody's phone is this terminal.\n\n"
         "Three things to try, in another terminal:\n\n"
         "1. Page whoever is on call for payments; their phone rings here. Open the link and answer.\n"
         "   curl -d '{\"title\": \"Nothing works any more\", \"priority\": \"p1\", "
         "\"dedup_key\": "
         "\"mine\"}' %s/in/demo-generic\n\n"
         "2. See what is open, who is on call, and who was told.\n"
         "   %s alert list --data %s\n"
         "   %s oncall --data %s\n"
         "   %s get notifications --data %s\n\n"
         "3. Watch it live, and answer without a browser. Who does not answer within two minutes has the next level "
         "paged.\n"
         "   %s watch --data %s\n"
         "   %s alert ack ALERT-N --data %s\n\n",
         url, program, data, program, data, program, data, program, data, program, data);
  fflush(stdout);
}

static void ready(App *app, void *hook) {
  Demo *d = hook;
  Error err = {0};
  const char *url = read_line(d, "address");
  print_welcome(d, app);
  if (!url || !demo_alerts_start(url, &d->alerts, &err))
    log_warn("demo", "no alerts will come in by themselves: %s", url ? err.message : "the address is not known");
}

static void stopping(void *hook) {
  Demo *d = hook;
  demo_alerts_stop(d->alerts);
  d->alerts = NULL;
}

/* Options ------------------------------------------------------------------------------------------------------------
 */

/* Those of serve; its own folder stands in front, so that TOCSIN_DATA of a real server is never touched. */
static bool read_options(Demo *d, int argc, char **argv, bool *out_help, Error *err) {
  static char own_option[] = "--data", own_folder[] = "./demo-data";
  char **words = ARENA_ARRAY(d->arena, char *, (size_t)argc + 3);
  words[0] = own_option;
  words[1] = own_folder;
  for (int i = 0; i < argc; i++) words[i + 2] = argv[i];
  if (!serve_options_read(d->arena, argc + 2, words, &d->serve, out_help, err)) return false;
  if (!d->serve.outbound_allow) d->serve.outbound_allow = "127.0.0.0/8";
  d->serve.smtp_url = NULL; /* its people are of example.org */
  d->serve.ready = ready;
  d->serve.stopping = stopping;
  d->serve.hook = d;
  return true;
}

static int help(Arena *arena) {
  Buf text = buf_new(arena, KIB(64));
  options_help(SERVE_OPTIONS, SERVE_OPTION_COUNT, &text);
  printf(
      "tocsin demo: serves a sample organization from ./demo-data, with alerts coming in\n\nOptions of serve:\n\n%.*s",
      STR_ARG(buf_str(&text)));
  return EXIT_DONE;
}

/* Threads of the phones must not take the signals that server_run waits for. */
static void block_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int command_demo(int argc, char **argv) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Demo demo = {.arena = arena};
  Error err = {0};
  bool wants_help = false;
  if (!read_options(&demo, argc, argv, &wants_help, &err)) {
    fprintf(stderr, "tocsin demo: %s\n", err.message);
    return EXIT_USAGE;
  }
  if (wants_help) return help(arena);
  log_setup(LOG_TEXT, LOG_WARN);
  block_signals();
  int code = EXIT_FAILED;
  if (prepare(&demo, &err))
    code = server_run(&demo.serve);
  else
    fprintf(stderr, "tocsin demo: %s\n", err.message);
  if (err.code == ERR_CONFLICT) code = EXIT_REFUSED;
  demo_phones_stop(demo.phones);
  return code;
}

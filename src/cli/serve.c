/* tocsin serve: options into ServeOptions. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/serve.h"
#include "cli/verb.h"
#include "compat/compat.h"
#include "lang/yaml.h"
#include "net/http_server.h"

const Option SERVE_OPTIONS[] = {
    {"data", OPTION_TEXT, "DIR", "./tocsin-data",
     "the folder that holds everything; made when it is missing, with mode 0700"},
    {"db", OPTION_TEXT, "URL", NULL,
     "the database: sqlite:FILE, or postgresql://USER@HOST,HOST/NAME?sslmode=verify-full with all that libpq knows "
     "(default: sqlite:DIR/tocsin.db)"},
    {"db-password-file", OPTION_TEXT, "FILE", NULL, "a file with PostgreSQL's password in its first line"},
    {"migrate", OPTION_FLAG, NULL, NULL,
     "brings a PostgreSQL database in use to this program's version. An empty one, and SQLite, need no asking"},
    {"listen", OPTION_TEXT, "ADDR:PORT", "127.0.0.1:8080", "where to listen; port 0 picks a free one"},
    {"public-url", OPTION_TEXT, "URL", NULL,
     "how people reach the server: links in messages and the addresses of integrations begin with it, never with the "
     "Host header of a request (default: the listen address)"},
    {"config", OPTION_TEXT, "FILE", NULL, "a YAML file with these options"},
    {"smtp-url", OPTION_TEXT, "URL", NULL,
     "the mail relay: smtp://user@host:port, or smtps:// for TLS from the start. Without it e-mail notifications fail "
     "at once, and the person's next step starts"},
    {"smtp-password-file", OPTION_TEXT, "FILE", NULL, "a file with the relay's password"},
    {"smtp-from", OPTION_TEXT, "ADDRESS", NULL, "the sender of mails (default: Tocsin <tocsin@localhost>)"},
    {"outbound-allow", OPTION_TEXT, "CIDR,...", NULL,
     "private networks that webhooks may call. Loopback, private and link-local targets are refused otherwise; what "
     "these options name (relay, watchdog) is exempt"},
    {"outbound-ca", OPTION_TEXT, "FILE", NULL, "PEM: authorities that HTTPS and mail trust instead of the system's"},
    {"trusted-proxies", OPTION_TEXT, "CIDR,...", NULL,
     "proxies in front of Tocsin. Only from these are X-Forwarded-For (from its right end, the first that is no "
     "trusted proxy) and X-Forwarded-Proto believed: for limits, the audit, cookies and /metrics"},
    {"cors-origins", OPTION_TEXT, "ORIGIN,...", NULL,
     "web pages from elsewhere that may call the API with an API key of theirs, such as https://status.example.com. "
     "Exact origins, no wildcards; cookies are never taken from them (default: none)"},
    {"rate-limit", OPTION_NUMBER, "N", "0",
     "requests a minute that one API key or session may make to /api; more are answered with 429. A key's own "
     "requests_per_minute wins. 0 is no limit. Counted by each node. What comes in at /in is never limited"},
    {"rate-limit-address", OPTION_NUMBER, "N", "0",
     "requests a minute to /api from one address, with a key or without; see --trusted-proxies. 0 is no limit"},
    {"secret-key-file", OPTION_TEXT, "FILE", NULL,
     "the key that seals stored secrets (default: DIR/secret.key, made at the first start). TOCSIN_SECRET_KEY in the "
     "environment, holding the key itself, wins over it"},
    {"tls-cert", OPTION_TEXT, "FILE", NULL,
     "serves HTTPS: the certificate chain, PEM. Read again when the file changes"},
    {"tls-key", OPTION_TEXT, "FILE", NULL, "the certificate's key, PEM"},
    {"io-threads", OPTION_NUMBER, "N", "0", "I/O threads; 0 is one a core, at most 4"},
    {"log-format", OPTION_TEXT, "FORMAT", "text", "text or json; logs go to standard error"},
    {"log-requests", OPTION_FLAG, NULL, NULL,
     "a log line for each answer: method, path, status, time, address and X-Request-Id. Keys in paths are left out"},
    {"watchdog-url", OPTION_TEXT, "URL", NULL,
     "called with GET each minute while the cycle turns and the storage takes writes. Let a service outside tell you "
     "when the calls stop"},
    {"backup-dir", OPTION_TEXT, "DIR", NULL, "makes backups there by a timer; none without it"},
    {"backup-every", OPTION_TEXT, "TIME", "24h", "how often: 30m, 6h, 1d"},
    {"backup-keep", OPTION_NUMBER, "N", "7", "how many of them stay"},
    {"test-control", OPTION_TEXT, "SOCKET", NULL, "for tests: a socket that turns the clock"},
    {"help", OPTION_FLAG, NULL, NULL, "this list"},
};
const size_t SERVE_OPTION_COUNT = COUNT(SERVE_OPTIONS);

static bool read_file(Arena *arena, const char *path, Str *out, Error *err) {
  FILE *file = fopen(path, "re");
  if (!file) return fail(err, ERR_INVALID, "--config: cannot read %s: %s", path, strerror(errno));
  char *text = arena_alloc(arena, MIB(1));
  size_t got = fread(text, 1, MIB(1), file);
  fclose(file);
  *out = (Str){text, got};
  return true;
}

/* The line on which a key of the outermost map stands, from 1. */
static int line_of(Str text, Str key) {
  Str line, rest = text;
  for (int number = 1; rest.len; number++) {
    if (!str_cut(rest, '\n', &line, &rest)) rest = STR_NONE;
    if (line.len && (line.ptr[0] == '"' || line.ptr[0] == '\'')) line = str_slice(line, 1, line.len);
    if (str_starts_with(line, key)) return number;
  }
  return 1;
}

static bool add_member(Arena *arena, Options *options, const char *path, Str text, const Member *member, Error *err) {
  Map *one = map_new(arena);
  Str key = value_text(&member->key);
  const char *where = str_to_c(arena, str_format(arena, "%s, line %d", path, line_of(text, key)));
  if (member->value.kind == VALUE_LIST || member->value.kind == VALUE_MAP)
    return fail(err, ERR_INVALID, "%s: %.*s is one value, not a list or a map; write several as one text, a,b", where,
                STR_ARG(key));
  if (member->value.kind == VALUE_NULL) return true;
  map_set(one, key, str_to_c(arena, value_display(arena, &member->value)));
  return options_add_file(options, one, where, err);
}

static bool add_config(Arena *arena, Options *options, const char *path, Error *err) {
  Str text = STR_NONE;
  Value root = value_null();
  if (!read_file(arena, path, &text, err)) return false;
  if (!yaml_parse(arena, text, &root, err)) return error_prefix(err, "%s: ", path);
  if (root.kind == VALUE_NULL) return true;
  if (root.kind != VALUE_MAP) return fail(err, ERR_INVALID, "%s: a configuration file is a map of options", path);
  for (size_t i = 0; i < root.size; i++)
    if (!add_member(arena, options, path, text, &root.members[i], err)) return false;
  return true;
}

static bool read_backups(const Options *o, BackupPlan *out, Error *err) {
  i64 every_s = 0, keep = options_number(o, "backup-keep");
  const char *every = options_get(o, "backup-every");
  if (!verb_seconds(str_from_c(every), &every_s) || every_s < 1)
    return fail(err, ERR_INVALID, "--backup-every \"%s\" is no span of time; write 30m, 6h or 1d", every);
  if (keep < 1) return fail(err, ERR_INVALID, "--backup-keep %lld: at least 1 backup stays", (long long)keep);
  *out = (BackupPlan){.folder = options_get(o, "backup-dir"), .every_ms = every_s * SECOND_MS, .keep = keep};
  return true;
}

static bool check_numbers_and_urls(const Options *o, Error *err) {
  enum { IO_THREADS_MAX = 64 };
  i64 threads = options_number(o, "io-threads");
  Str watchdog = str_from_c(options_get(o, "watchdog-url"));
  if (threads < 0 || threads > IO_THREADS_MAX)
    return fail(err, ERR_INVALID, "--io-threads %lld: give 1 to %d, or 0 for one a core", (long long)threads,
                IO_THREADS_MAX);
  if (watchdog.len && !str_starts_with(watchdog, S("http://")) && !str_starts_with(watchdog, S("https://")))
    return fail(err, ERR_INVALID, "--watchdog-url \"%.*s\" must begin with http:// or https://", STR_ARG(watchdog));
  for (size_t i = 0; i < 2; i++) {
    const char *name = i ? "rate-limit-address" : "rate-limit";
    i64 limit = options_number(o, name);
    if (limit < 0 || limit > 100000000)
      return fail(err, ERR_INVALID, "--%s %lld: requests a minute, 1 to 100000000, or 0 for no limit", name,
                  (long long)limit);
  }
  if (!http_listen_check(options_get(o, "listen"), err)) return false;
  if (!options_get(o, "tls-cert") != !options_get(o, "tls-key"))
    return fail(err, ERR_INVALID, "--tls-cert and --tls-key belong together: give both, or none");
  return true;
}

bool serve_options_read(Arena *arena, int argc, char **argv, ServeOptions *out, bool *out_help, Error *err) {
  Options *o = NULL;
  *out_help = false;
  if (!options_parse(arena, SERVE_OPTIONS, SERVE_OPTION_COUNT, argc, argv, 0, &o, err)) return false;
  if (options_flag(o, "help")) return *out_help = true, true;
  if (options_get(o, "config") && !add_config(arena, o, options_get(o, "config"), err)) return false;
  const char *format = options_get(o, "log-format");
  if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
    return fail(err, ERR_INVALID, "--log-format \"%s\" is neither text nor json", format);
  log_setup(strcmp(format, "json") == 0 ? LOG_JSON : LOG_TEXT, LOG_INFO);
  Str url = str_from_c(options_get(o, "public-url")), relay = str_from_c(options_get(o, "smtp-url"));
  if (url.len && !str_starts_with(url, S("http://")) && !str_starts_with(url, S("https://")))
    return fail(err, ERR_INVALID, "--public-url \"%.*s\" must begin with http:// or https://", STR_ARG(url));
  if (relay.len && !str_starts_with(relay, S("smtp://")) && !str_starts_with(relay, S("smtps://")))
    return fail(err, ERR_INVALID, "--smtp-url \"%.*s\" must begin with smtp:// or smtps://", STR_ARG(relay));
  if (!check_numbers_and_urls(o, err)) return false;
  while (str_ends_with(url, S("/"))) url.len--;
  *out = (ServeOptions){.data_folder = options_get(o, "data"),
                        .db_url = options_get(o, "db"),
                        .db_password_file = options_get(o, "db-password-file"),
                        .migrate = options_flag(o, "migrate"),
                        .listen = options_get(o, "listen"),
                        .public_url = url.len ? str_to_c(arena, url) : NULL,
                        .smtp_url = options_get(o, "smtp-url"),
                        .smtp_password_file = options_get(o, "smtp-password-file"),
                        .smtp_from = options_get(o, "smtp-from"),
                        .outbound_allow = options_get(o, "outbound-allow"),
                        .outbound_ca = options_get(o, "outbound-ca"),
                        .trusted_proxies = options_get(o, "trusted-proxies"),
                        .cors_origins = options_get(o, "cors-origins"),
                        .key_limit = options_number(o, "rate-limit"),
                        .address_limit = options_number(o, "rate-limit-address"),
                        .log_requests = options_flag(o, "log-requests"),
                        .secret_key_file = options_get(o, "secret-key-file"),
                        .tls_cert = options_get(o, "tls-cert"),
                        .tls_key = options_get(o, "tls-key"),
                        .io_threads = options_number(o, "io-threads"),
                        .test_control = options_get(o, "test-control"),
                        .watchdog_url = options_get(o, "watchdog-url"),
                        .door_tables = COMPAT_DOORS};
  return read_backups(o, &out->backups, err);
}

int command_serve(int argc, char **argv) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  ServeOptions options;
  Error err = {0};
  bool help = false;
  if (!serve_options_read(arena, argc, argv, &options, &help, &err)) {
    fprintf(stderr, "tocsin serve: %s\n", err.message);
    return EXIT_USAGE;
  }
  if (help) {
    Buf text = buf_new(arena, KIB(64));
    options_help(SERVE_OPTIONS, SERVE_OPTION_COUNT, &text);
    printf("tocsin serve: runs the server\n\n%.*s\nEach option is also TOCSIN_X in the environment and a key of "
           "--config.\n",
           STR_ARG(buf_str(&text)));
    return EXIT_DONE;
  }
  return server_run(&options);
}

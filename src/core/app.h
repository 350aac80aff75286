/* App: what one running server is made of. Passed everywhere above the engine; nothing else is global. */
#ifndef TOCSIN_CORE_APP_H
#define TOCSIN_CORE_APP_H

#include "catalog/catalog.h"
#include "engine/engine.h"
#include "net/http_client.h"
#include "net/http_server.h"

typedef struct Setup Setup;
typedef struct SetupStore SetupStore;
typedef struct Live Live;
typedef struct Workers Workers;
typedef struct Registry Registry;
typedef struct InboundTables InboundTables;
typedef struct PageRates PageRates;
typedef struct DeadlineSeconds DeadlineSeconds;
typedef struct PasswordPool PasswordPool;

typedef struct App {
  Clock clock;
  IdGen ids;
  Metrics *metrics;
  ZoneDb *zones;
  Catalog *catalog;
  Arena *arena;     /* lives as long as the server */
  CelEnv *rule_env; /* alert, payload, labels, service, integration, now: for rules and grouping */
  const Registry *registry;
  const struct Access *access; /* every permission, and what the roles hold */
  Str api_page;                /* /api/docs */
  Str openapi;                 /* the document of the API, made once */
  Engine *engine;
  HttpServer *http;
  HttpClient *outbound;
  DbPool *readers;
  SetupStore *setup; /* the present picture of what people configured */
  Live *live;        /* /api/v1/stream */
  Workers *workers;  /* threads for blocking reads and large bodies */
  struct SignInGuard *sign_in_guard;
  struct OidcCache *oidc;  /* what identity providers say of themselves */
  PasswordPool *passwords; /* threads for hashing passwords: few, and each takes 64 MiB */
  InboundTables *inbound;
  PageRates *page_rates;
  SmtpRelay relay;       /* relay.url NULL: no e-mail */
  struct Sealer *sealer; /* seals stored secrets (base/seal.h) */
  bool forget_secrets;   /* those that do not open are removed at start */
  Str link_secret;       /* signs the links of messages; from meta, 32 bytes */
  Str push_key;          /* signs pushes to browsers, and is what they subscribe to: PEM, from meta */
  Str push_public;       /* its public half, in base64url */
  DeadlineSeconds *deadlines;
  const char *data_folder;
  bool data_folder_new; /* this start made it */
  const char *db_url;
  const char *public_url; /* without a slash at the end */
  const char *watchdog_url;
  const char *outbound_ca; /* NULL: the system's authorities */
  struct Origins *origins; /* whose pages may call the API; NULL: only our own */
  struct Limits *limits;
  i64 key_limit, address_limit; /* requests a minute; 0: none */
  Metric *limited;              /* requests refused by a limit */
  struct Proxies *proxies;      /* whose X-Forwarded-For is believed */
  bool test_control;
  i64 started_ms; /* true clock */
  _Atomic bool draining;
} App;

static inline App *cycle_app(const Cycle *cycle) {
  return (App *)cycle->app;
}

/* Who did something: stored as JSON {kind, id, name}; kind is user, key, rule, runbook, source or system. */
typedef struct Who {
  const char *kind;
  Str id; /* typed id text; empty for system */
  Str name;
} Who;
Str who_json(Arena *arena, const Who *who);
Value who_value(Arena *arena, const Who *who);
extern const Who WHO_SYSTEM;

#endif

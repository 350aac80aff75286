/* What must be reached: the relay, the hosts of people's contact methods; and the address that people are given. */
#include "core/operations/doctor.h"
#include "net/reach.h"

enum { HOSTS_MAX = 10 };

static const DbStmt ADDRESSES = {"doctor_addresses",
                                 "SELECT DISTINCT kind, address FROM contact_method WHERE kind IN ('webhook', 'ntfy') "
                                 "AND address LIKE 'http%' ORDER "
                                 "BY 1, 2 LIMIT 1000",
                                 NULL};

static bool is_loopback(Str url) {
  static const char *const HOSTS[] = {"://127.", "://localhost", "://[::1]", "://0.0.0.0", "://[::]"};
  for (size_t i = 0; i < COUNT(HOSTS); i++)
    if (str_find(url, str_from_c(HOSTS[i]), 0) != SIZE_MAX) return true;
  return false;
}

static void look_at_public_url(Doctor *doctor) {
  Str url = str_from_c(doctor->app->public_url);
  if (is_loopback(url))
    finding(doctor, FINDING_WARNING, "public-url",
            "links in messages point to %.*s, which only this machine can open; set --public-url", STR_ARG(url));
  else if (str_starts_with(url, S("http://")))
    finding(doctor, FINDING_WARNING, "public-url", "%.*s is not encrypted; serve HTTPS, or a proxy that does",
            STR_ARG(url));
  else
    finding(doctor, FINDING_OK, "public-url", "%.*s", STR_ARG(url));
}

static void look_at_relay(Doctor *doctor) {
  const SmtpRelay *relay = &doctor->app->relay;
  Error err = {0};
  if (!relay->url)
    finding(doctor, FINDING_WARNING, "mail", "there is no relay, so e-mail steps fail at once; give --smtp-url");
  else if (reach_relay(relay, doctor->app->outbound_ca, &err))
    finding(doctor, FINDING_OK, "mail", "the relay takes us");
  else
    finding(doctor, FINDING_ERROR, "mail", "the relay does not take us: %s; look at --smtp-url and its password",
            err.message);
}

typedef struct Hosts {
  Doctor *doctor;
  Str origins[HOSTS_MAX];
  size_t count;
} Hosts;

/* "https://ntfy.example.org" of the whole. */
static Str origin_of(Str url) {
  size_t start = str_find(url, S("://"), 0);
  size_t end = start == SIZE_MAX ? SIZE_MAX : str_find_char(url, '/', start + 3);
  return end == SIZE_MAX ? url : str_slice(url, 0, end);
}

static bool note_origin(const DbRow *row, void *ctx) {
  Hosts *hosts = ctx;
  Str origin = origin_of(db_row_text(row, 1, hosts->doctor->arena));
  for (size_t i = 0; i < hosts->count; i++)
    if (str_equal(hosts->origins[i], origin)) return true;
  if (hosts->count < HOSTS_MAX) hosts->origins[hosts->count++] = origin;
  return hosts->count < HOSTS_MAX;
}

static void look_at_providers(Doctor *doctor) {
  Hosts hosts = {.doctor = doctor};
  Error err = {0};
  if (!db_query(doctor->db, &ADDRESSES, 0, NULL, note_origin, &hosts, &err)) return;
  for (size_t i = 0; i < hosts.count; i++) {
    error_clear(&err);
    if (reach_url(hosts.origins[i], doctor->app->outbound_ca, &err))
      finding(doctor, FINDING_OK, "reach", "%.*s answers", STR_ARG(hosts.origins[i]));
    else
      finding(doctor, FINDING_ERROR, "reach",
              "%.*s, which people are told through, cannot be reached: %s; look at the network, or at their contact "
              "methods",
              STR_ARG(hosts.origins[i]), err.message);
  }
}

void doctor_reach(Doctor *doctor) {
  look_at_public_url(doctor);
  look_at_relay(doctor);
  look_at_providers(doctor);
}

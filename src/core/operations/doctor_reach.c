/* What must be reached: the relay, the hosts of people's contact methods; and the address that people are given. */
#include "core/operations/doctor.h"
#include "net/reach.h"

enum { HOSTS_MAX = 10 };

static const DbStmt ADDRESSES = {"doctor_addresses",
                                 "SELECT DISTINCT address FROM contact_method WHERE address LIKE 'http%' "
                                 "ORDER BY 1 LIMIT 1000",
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

/* "https://ntfy.example.org" of the whole. */
static Str origin_of(Str url) {
  size_t start = str_find(url, S("://"), 0);
  size_t end = start == SIZE_MAX ? SIZE_MAX : str_find_char(url, '/', start + 3);
  return end == SIZE_MAX ? url : str_slice(url, 0, end);
}

static void tell_of_host(Doctor *doctor, const ReachedHost *host) {
  if (host->ok)
    finding(doctor, FINDING_OK, "reach", "%.*s answers", STR_ARG(host->origin));
  else if (host->why.code == ERR_FORBIDDEN)
    finding(doctor, FINDING_ERROR, "reach",
            "%.*s, which people are told through, is refused by the guard against private targets; start serve with "
            "--outbound-allow and its address, or look at their contact methods",
            STR_ARG(host->origin));
  else
    finding(doctor, FINDING_ERROR, "reach",
            "%.*s, which people are told through, cannot be reached: %s; look at the network, or at their contact "
            "methods",
            STR_ARG(host->origin), host->why.message);
}

const ReachedHost *doctor_host(Doctor *doctor, Str url) {
  Str origin = origin_of(url);
  for (size_t i = 0; i < doctor->hosts.count; i++)
    if (str_equal(doctor->hosts.items[i]->origin, origin)) return doctor->hosts.items[i];
  if (doctor->hosts.count >= HOSTS_MAX) return NULL;
  ReachedHost *host = ARENA_NEW(doctor->arena, ReachedHost);
  *host = (ReachedHost){.origin = str_copy(doctor->arena, origin)};
  host->ok = reach_url(origin, doctor->app->outbound_ca, doctor->app->outbound, &host->why);
  *VEC_PUSH(doctor->arena, &doctor->hosts) = host;
  tell_of_host(doctor, host);
  return host;
}

static bool try_address(const DbRow *row, void *ctx) {
  Doctor *doctor = ctx;
  return doctor_host(doctor, db_row_text(row, 0, doctor->arena)) != NULL;
}

static void look_at_providers(Doctor *doctor) {
  Error ignored = {0};
  if (!db_query(doctor->db, &ADDRESSES, 0, NULL, try_address, doctor, &ignored))
    finding(doctor, FINDING_WARNING, "reach", "contact methods cannot be read: %s", ignored.message);
}

void doctor_reach(Doctor *doctor) {
  look_at_public_url(doctor);
  look_at_relay(doctor);
  look_at_providers(doctor);
}

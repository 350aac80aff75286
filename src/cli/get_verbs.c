/* get: any resource, from the registry. */
#include "cli/list.h"
#include "cli/verbs.h"

static int run_get(Verb *verb) {
  const Resource *kind = NULL;
  const char *id = verb_word(verb, 1);
  Error err = {0};
  if (!kind_find(str_from_c(verb_word(verb, 0)), &kind, &err)) return verb_usage("%s", err.message);
  return id ? list_show_one(verb, kind, id) : list_show(verb, kind, "", NULL);
}

static const Option GET_OPTIONS[] = {LIST_OPTION_ROWS};
const VerbSpec GET = {.name = "get",
                      .usage = "get KIND [ID] [--filter CEL] [--sort FIELD] [--limit N]",
                      .doc = "Shows resources. An ID is an id, slug, number, or the e-mail of a user.",
                      .run = run_get,
                      .words_min = 1,
                      .words_max = 2,
                      .options = GET_OPTIONS,
                      .option_count = COUNT(GET_OPTIONS),
                      .repeated = "filter"};

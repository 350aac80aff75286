/* The set-up page (see first_page.c): what a server without an organization serves. */
#ifndef TOCSIN_CORE_FIRST_PAGE_H
#define TOCSIN_CORE_FIRST_PAGE_H

#include "core/server/server.h"

/* True until somebody made the first organization; then never again. */
bool first_page_wanted(App *app);
/* The whole link, to be printed: whoever has it becomes the owner. */
Str first_page_url(App *app, Arena *arena);

#endif

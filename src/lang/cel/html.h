/* The text of HTML, for bodies of mails and descriptions of vendors. Not a browser: tags go, breaks become lines. */
#ifndef TOCSIN_LANG_CEL_HTML_H
#define TOCSIN_LANG_CEL_HTML_H

#include "base/base.h"

/* At most as long as `html`. */
Str html_to_text(Arena *arena, Str html);

#endif

/* Alertmanager's API: what its files share. */
#ifndef TOCSIN_COMPAT_ALERTMANAGER_H
#define TOCSIN_COMPAT_ALERTMANAGER_H

#include "compat/compat.h"

void alertmanager_list(App *app, HttpRequest *request);
void alertmanager_status(App *app, HttpRequest *request);

#endif

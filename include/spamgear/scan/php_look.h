/* php_look - one PHP text in, everything that is known of it out: lexed, walked, its features
 * noted.
 *
 * One a worker; it keeps its memory between files. What it gives is borrowed until the next look.
 */
#ifndef SPAMGEAR_SCAN_PHP_LOOK_H
#define SPAMGEAR_SCAN_PHP_LOOK_H

#include "spamgear/scan/php_judge.h"

struct php_look;

struct php_look *php_look_new(const struct php_limits *limits); /* NULL: the default */
void php_look_free(struct php_look *look);                      /* NULL is fine */

/* False when nothing in it is worth a look: it calls nothing that could do harm. Nothing is known
 * of it then. */
bool php_look_at(struct php_look *look, struct span text);

const struct php_form *php_look_form(const struct php_look *look);
const struct php_sightings *php_look_sightings(const struct php_look *look);
const struct php_features *php_look_features(const struct php_look *look);
/* For trails. */
const struct php_run *php_look_run(const struct php_look *look);

#endif

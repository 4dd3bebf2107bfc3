/* front - `spamgear` itself: the applet is its first word, or it lists, installs and describes
 * them. Its own options are rows too (front_applet), so that they have a manual page.
 */
#ifndef SPAMGEAR_CLI_FRONT_H
#define SPAMGEAR_CLI_FRONT_H

#include "spamgear/cli/applet.h"

extern const struct applet front_applet;

int front_main(const struct applet_list *list, int argc, char **argv);

/* What --version prints: the version, and each library that this build uses. Appends. */
void front_version(struct strbuf *out);

/* The run() of `spamgear check-config [FILE]`: tells every problem, or prints OK. */
int front_check_config(void *settings, const struct run *run);

#endif

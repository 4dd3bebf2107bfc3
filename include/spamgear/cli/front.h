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

/* The two halves of `spamgear check-config [FILE]`: what the config is, with what this layer
 * knows to be wrong in its problems; and all problems told in order, or OK. Between them the
 * applet adds what other layers know. */
void front_read_config(const struct run *run, struct config *config);
void front_tell_config(struct config *config);

#endif

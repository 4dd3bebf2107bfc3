/* manual - the short help and the manual page of an applet, from its declaration.
 */
#ifndef SPAMGEAR_CLI_MANUAL_H
#define SPAMGEAR_CLI_MANUAL_H

#include "spamgear/cli/applet.h"

/* What --help shows, for 80 columns. called: the name it was called by. Appends. */
void manual_help(struct strbuf *out, const struct applet *applet, const char *called);

/* The page for man(1), section 1, in the man macros (groff man(7)). Appends. */
void manual_page(struct strbuf *out, const struct applet *applet);

/* The commented sample of spamgear.conf for all applets: every key with its default. Appends. */
void manual_sample_config(struct strbuf *out, const struct applet_list *list);

#endif

/* manual - the short help, the manual page and the sample config, from the declarations. */
#ifndef SPAMGEAR_CLI_MANUAL_H
#define SPAMGEAR_CLI_MANUAL_H

#include "spamgear/cli/applet.h"
#include "spamgear/cli/settings.h"

/* What --help shows, for 80 columns. called: the name it was called by. Appends. */
void manual_help(struct strbuf *out, const struct applet *applet, const char *called);

/* The page for man(1), section 1, in the man macros (groff_man(7)). That of `spamgear`
 * itself lists the applets. Appends. */
void manual_page(struct strbuf *out, const struct applet *applet, const struct applet_list *list);

/* The sample of spamgear.conf: every key of every applet with its default, all commented
 * out. Appends. */
void manual_sample_config(struct strbuf *out, const struct applet_list *list);

/* Does the row's letter belong to it, or did an earlier row of the set take it? */
bool manual_has_letter(const struct option_set *set, const struct option *row);

#endif

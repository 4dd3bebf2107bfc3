/* completion - what bash and zsh need to complete applets, options, choices and files.
 */
#ifndef SPAMGEAR_CLI_COMPLETION_H
#define SPAMGEAR_CLI_COMPLETION_H

#include "spamgear/cli/applet.h"

/* The script for the shell "bash" or "zsh". Appends. */
void completion_bash(struct strbuf *out, const struct applet_list *list);
void completion_zsh(struct strbuf *out, const struct applet_list *list);

#endif

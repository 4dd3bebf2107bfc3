#include "spamgear/cli/completion.h"
void completion_bash(struct strbuf *out, const struct applet_list *list)
{
    (void)out;
    (void)list;
}
void completion_zsh(struct strbuf *out, const struct applet_list *list)
{
    (void)out;
    (void)list;
}

#include "spamgear/cli/manual.h"
void manual_help(struct strbuf *out, const struct applet *applet, const char *called)
{
    (void)applet;
    strbuf_format(out, "Usage: %s\n", called);
}
void manual_page(struct strbuf *out, const struct applet *applet)
{
    (void)out;
    (void)applet;
}
void manual_sample_config(struct strbuf *out, const struct applet_list *list)
{
    (void)out;
    (void)list;
}

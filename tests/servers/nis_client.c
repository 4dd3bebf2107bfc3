/* nis_client - the method `nis`, for nis_test.sh.
 *
 *     nis_client plan|apply|look|undo NAME SERVER USER COMMAND TIMEOUT-S [SSH-WORD...]
 *
 * prints one line: what came of it, and why. */
#include "spamgear/react/method.h"

#include <stdio.h>
#include <stdlib.h>

static const char *plan(const struct react_settings *settings, const struct target *target,
                        struct strbuf *why)
{
    struct strbuf what = {0}, memo = {0};
    enum method_plan result = method_nis.plan(settings, target, &what, &memo, why);
    strbuf_clear(&what);
    strbuf_clear(&memo);
    return result == METHOD_REFUSED ? "refused" : result == METHOD_NEEDED ? "needed" : "in force";
}

static const char *look(const struct react_settings *settings, const struct target *target,
                        struct strbuf *why)
{
    enum method_state state = method_nis.look(settings, target, SPAN(""), why);
    return state == METHOD_UNTOLD ? "untold" : state == METHOD_ON ? "on" : "off";
}

static const char *act(const char *verb, const struct react_settings *settings,
                       const struct target *target, struct strbuf *why)
{
    if (strcmp(verb, "plan") == 0)
        return plan(settings, target, why);
    if (strcmp(verb, "look") == 0)
        return look(settings, target, why);
    int result = strcmp(verb, "apply") == 0 ? method_nis.apply(settings, target, SPAN(""), why)
                                            : method_nis.undo(settings, target, SPAN(""), why);
    return result == 0 ? "done" : "failed";
}

int main(int argc, char **argv)
{
    struct strbuf why = {0};
    if (argc < 7)
        return 2;
    struct target target = {.name = argv[2], .reason = "test"};
    struct react_settings settings = {.nis_server = argv[3],
                                      .nis_user = argv[4],
                                      .nis_command = argv[5],
                                      .timeout_s = strtol(argv[6], NULL, 10)};
    for (int i = 7; i < argc; i++)
        texts_add(&settings.ssh_options, argv[i]);
    if (method_nis.check(&settings, &why) != 0)
        printf("wrong settings");
    else
        printf("%s", act(argv[1], &settings, &target, &why));
    printf("%s%s\n", why.len > 0 ? ": " : "", strbuf_text(&why));
    strbuf_clear(&why);
    texts_clear(&settings.ssh_options);
    return 0;
}

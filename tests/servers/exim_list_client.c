/* exim_list_client apply|undo|look NAME CASE FILE - the method `exim-list`, for exim_list_test.sh:
 * prints what came of it. */
#include "spamgear/react/method.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    struct strbuf why = {0};
    if (argc != 5)
        return 2;
    struct target target = {
        .name = argv[2], .reason = "132 messages", .case_id = strtol(argv[3], NULL, 10)};
    struct react_settings settings = {.exim_list = argv[4], .timeout_s = 10};
    const char *got = "no such verb";
    if (strcmp(argv[1], "look") == 0) {
        enum method_state state = method_exim_list.look(&settings, &target, SPAN(""), &why);
        got = state == METHOD_UNTOLD ? "untold" : state == METHOD_ON ? "on" : "off";
    } else {
        int result = strcmp(argv[1], "apply") == 0
                         ? method_exim_list.apply(&settings, &target, SPAN(""), &why)
                         : method_exim_list.undo(&settings, &target, SPAN(""), &why);
        got = result == 0 ? "done" : "failed";
    }
    printf("%s%s%s\n", got, why.len > 0 ? ": " : "", strbuf_text(&why));
    strbuf_clear(&why);
    return 0;
}

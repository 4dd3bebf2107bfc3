/* method_hold_queue - which messages are held, and which are let go again; postqueue, postsuper and
 * exim are the test's own, the queue of Postfix is one file. */
#include "method_steps.h"

static const struct method *const m = &method_hold_queue;
static struct texts ids;

static void queue_ids(const char *list)
{
    char *copy = mem_text(list);
    texts_clear(&ids);
    for (char *id = strtok(copy, " "); id != NULL; id = strtok(NULL, " "))
        texts_add(&ids, id);
    target.queue_ids = &ids;
    free(copy);
}

/* ---- Postfix ---- */

/* The queue: "active ID" or "hold ID" a line. */
static const char postqueue[] =
    "#!/bin/sh\n"
    "while read -r queue id; do\n"
    "  printf '{\"queue_name\": \"%s\", \"queue_id\": \"%s\", \"arrival_time\": 1, "
    "\"message_size\": 1, \"forced_expire\": false, \"sender\": \"bob@x\", \"recipients\": []}\\n' "
    "$queue $id\n"
    "done <\"$2/queue\"\n";
static const char postsuper[] =
    "#!/bin/sh\n"
    "[ ! -e \"$2/broken\" ] || exit 1\n"
    "[ \"$3\" = -h ] && to=hold || to=deferred\n"
    "while read -r id; do sed -i \"s/.* $id\\$/$to $id/\" \"$2/queue\"; done\n";

static void instance(const char *name, const char *more)
{
    struct strbuf path = {0}, text = {0};
    test_number(name, mkdir(in_folder(name), 0755), 0);
    strbuf_format(&path, "%s/main.cf", name);
    strbuf_format(&text, "queue_directory = %s/nowhere\ncommand_directory = %s\n%s", folder, folder,
                  more);
    put(strbuf_text(&path), strbuf_text(&text), 0644);
    strbuf_clear(&path);
    strbuf_clear(&text);
}

static void make_postfix(void)
{
    struct strbuf more = {0};
    put("postqueue", postqueue, 0755);
    put("postsuper", postsuper, 0755);
    strbuf_format(&more, "multi_instance_directories = %s/two\n", folder);
    instance("one", strbuf_text(&more));
    instance("two", "multi_instance_name = postfix-two\n");
    strbuf_clear(&more);
    settings.postfix_programs = folder;
}

static void test_postfix(void)
{
    target.name = "bob";
    put("one/queue",
        "active AAAAAA1\ndeferred AAAAAA2\nhold AAAAAA3\nactive BBBBBB1\nactive DDDDDD1\n", 0644);
    put("two/queue", "active CCCCCC1\nactive DDDDDD1\nmaildrop FFFFFF1\n", 0644);
    queue_ids("FFFFFF1 AAAAAA3 CCCCCC1 ALL AAAAAA1 -d ../x AAAAAA1 AAAAAA2 DDDDDD1 EEEEEE1 AA;rm");
    step(m, "check", "good");
    step(m, "plan", "needed: hold the queued mail of bob: 3 messages");
    struct strbuf want = {0};
    strbuf_format(&want, "%s/one\nAAAAAA1\nAAAAAA2\n%s/two\nCCCCCC1\n", folder, folder);
    test_text("memo", strbuf_text(&memo), strbuf_text(&want));
    strbuf_clear(&want);
    step(m, "look", "off");
    step(m, "apply", "good");
    step(m, "apply", "good");
    step(m, "look", "on");
    test_file("held", "one/queue",
              "hold AAAAAA1\nhold AAAAAA2\nhold AAAAAA3\nactive BBBBBB1\nactive DDDDDD1\n");
    test_file("held in two", "two/queue", "hold CCCCCC1\nactive DDDDDD1\nmaildrop FFFFFF1\n");
    put("two/queue", "active CCCCCC1\n", 0644);
    step(m, "look", "untold: 2 messages are held, 1 are not, or no more");
    put("two/queue", "", 0644); /* deleted */
    step(m, "look", "on");
    step(m, "undo", "good");
    step(m, "undo", "good");
    step(m, "look", "off");
    test_file("let go", "one/queue",
              "deferred AAAAAA1\ndeferred AAAAAA2\nhold AAAAAA3\nactive BBBBBB1\nactive DDDDDD1\n");
    put("one/queue", "", 0644);
    step(m, "look", "off");
    step(m, "apply", "good");
    step(m, "look", "on");
    step(m, "plan", "nothing: none of its own waits in the queue");
}

static void test_bounds(void)
{
    put("one/queue", "active AAAAAA1\nactive AAAAAA2\nactive AAAAAA3\n", 0644);
    queue_ids("AAAAAA1 AAAAAA2 AAAAAA3");
    settings.hold_max = 2;
    step(m, "plan", "needed: hold the queued mail of bob: 2 of 3 messages, no more for hold-max");
    settings.hold_max = 1000;
    put("one/broken", "", 0644);
    step(m, "apply", "failed: ...");
    step(m, "look", "off");
    unlink(in_folder("one/broken"));
    settings.mail_server = (char *)(uintptr_t) "exim";
    step(m, "plan", "nothing: none of its own waits in the queue");
    settings.mail_server = (char *)(uintptr_t) "sendmail";
    step(m, "check", "failed: mail-server: is neither postfix nor exim, but \"sendmail\"");
    settings.mail_server = NULL;
    target.queue_ids = NULL;
    step(m, "plan", "nothing: it is not known which messages are its own");
    step(m, "look", "untold: which messages are held is only known of a case");
    queue_ids("AAAAAA1");
    put("postqueue", "#!/bin/sh\necho 'postqueue: fatal: no'\nexit 69\n", 0755);
    step(m, "plan", "refused: ...");
}

/* ---- Postfix' spool, read as it is: postqueue is broken by now ---- */

static void test_spool(void)
{
    static const char *const folders[] = {
        "three/nowhere",          "three/nowhere/incoming",   "three/nowhere/active",
        "three/nowhere/deferred", "three/nowhere/deferred/A", "three/nowhere/hold"};
    char *before = settings.postfix_config, config[4096];
    struct strbuf text = {0};
    test_number("three", mkdir(in_folder("three"), 0755), 0);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        test_number(folders[i], mkdir(in_folder(folders[i]), 0755), 0);
    strbuf_format(&text, "queue_directory = %s/three/nowhere\n", folder);
    put("three/main.cf", strbuf_text(&text), 0644);
    put("three/nowhere/incoming/AAAAAA1", "", 0700);
    put("three/nowhere/incoming/AAAAAA2", "", 0600); /* not whole yet */
    put("three/nowhere/active/AAAAAA3", "", 0600);
    put("three/nowhere/deferred/A/AAAAAA4", "", 0700);
    put("three/nowhere/deferred/A/AAAAAA5", "", 0700);
    put("three/nowhere/hold/AAAAAA6", "", 0600);
    snprintf(config, sizeof config, "%s", in_folder("three"));
    settings.postfix_config = config;
    queue_ids("AAAAAA1 AAAAAA2 AAAAAA3 AAAAAA4 AAAAAA6 AAAAAA7");
    step(m, "plan", "needed: hold the queued mail of bob: 3 messages");
    strbuf_reset(&text);
    strbuf_format(&text, "%s\nAAAAAA1\nAAAAAA3\nAAAAAA4\n", config);
    test_text("memo", strbuf_text(&memo), strbuf_text(&text));
    step(m, "look", "off");
    settings.postfix_config = before;
    strbuf_clear(&text);
}

/* ---- what the case has already ---- */

static void test_further(void)
{
    struct texts memos = {0};
    target.memos = &memos;
    texts_format(&memos, "%s/one\nAAAAAA1\nAAAAAA2\n", folder);
    put("one/queue", "active AAAAAA1\nhold AAAAAA2\nactive AAAAAA3\nactive AAAAAA4\n", 0644);
    queue_ids("AAAAAA1 AAAAAA2 AAAAAA3 AAAAAA4");
    step(m, "plan", "needed: hold the queued mail of bob: 2 messages");
    settings.hold_max = 3;
    step(m, "plan", "needed: hold the queued mail of bob: 1 of 2 messages, no more for hold-max");
    settings.hold_max = 2;
    step(m, "plan", "nothing: 2 further messages are not held, for hold-max");
    settings.hold_max = 1000;
    queue_ids("AAAAAA1 AAAAAA2");
    step(m, "plan", "nothing: none of its own waits in the queue");
    target.memos = NULL;
    texts_clear(&memos);
}

/* ---- Exim ---- */

#define HEADER(more)                                                                               \
    "1xV0IG-0006Qj-1t-H\nbob 1000 1000\n<bob@x>\n1763793154 0\n-ident bob\n" more                  \
    "-body_linecount 1\nXX\n1\nx@y\n\n020T To: -frozen 1\n"

static void test_exim(void)
{
    static const char exim[] =
        "#!/bin/sh\n"
        "[ $1 = -Mf ] && change='s/^-ident/-frozen 1\\n-ident/' ||\n"
        "  change='/^-frozen 1$/{N; s/.*\\n-ident/-ident/}'\n"
        "shift; cd ${0%/*}\n"
        "for id; do sed -i \"$change\" spool/input/$id-H spool/input/*/$id-H 2>/dev/null; done\n"
        "exit 0\n";
    put("exim", exim, 0755);
    test_true("spool", mkdir(in_folder("spool"), 0755) == 0 &&
                           mkdir(in_folder("spool/input"), 0755) == 0 &&
                           mkdir(in_folder("spool/input/G"), 0755) == 0);
    put("spool/input/1xV0IG-0006Qj-1t-H", HEADER(""), 0600);
    put("spool/input/1xV0IG-0006Qj-1u-H", HEADER("-frozen 1763793154\n"), 0600);
    put("spool/input/1xV0IG-0006Qj-1v-H", HEADER("-aclm 0 14\nline\n-frozen 1\n"), 0600);
    put("spool/input/G/1xV0IG-0006Qj-1w-H",
        HEADER("--aclc _x 99999999999\n--(mysql)aclm _q 11\n-frozen 1\nx\n-acln 0\n--frozen 2\n"),
        0600);
    queue_ids("1xV0IG-0006Qj-1t 1xV0IG-0006Qj-1u 1xV0IG-0006Qj-1v 1xV0IG-0006Qj-1w "
              "1xV0IG-0006Qj-1x 1xV0IG-0006Qj-1 /etc/passwd-0006Qj-1x");
    step(m, "plan", "needed: hold the queued mail of bob: 3 messages");
    test_text("memo", strbuf_text(&memo),
              "exim\n1xV0IG-0006Qj-1t\n1xV0IG-0006Qj-1v\n1xV0IG-0006Qj-1w\n");
    step(m, "look", "off");
    step(m, "apply", "good");
    step(m, "look", "on");
    step(m, "undo", "good");
    step(m, "look", "off");
    test_file("who was frozen stays", "spool/input/1xV0IG-0006Qj-1u-H",
              HEADER("-frozen 1763793154\n"));
    unlink(in_folder("spool/input/1xV0IG-0006Qj-1t-H"));
    test_number("no file", mkdir(in_folder("spool/input/1xV0IG-0006Qj-1t-H"), 0700), 0);
    step(m, "look", "untold: ...");
}

int main(void)
{
    if (begin() != 0 || chdir(folder) != 0)
        return 1;
    char config[4096], program[4096], spool[4096];
    snprintf(config, sizeof config, "%s", in_folder("one"));
    snprintf(program, sizeof program, "%s", in_folder("exim"));
    snprintf(spool, sizeof spool, "%s", in_folder("spool"));
    settings.postfix_config = config;
    settings.exim = program;
    settings.exim_spool = spool;
    make_postfix();
    test_postfix();
    test_further();
    test_bounds();
    test_spool();
    test_exim();
    texts_clear(&ids);
    test_number("out of it", chdir("/"), 0);
    return end();
}

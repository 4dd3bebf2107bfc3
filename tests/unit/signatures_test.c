/* signatures - which files of a folder are read, and which are refused. */
#include "spamgear/scan/signatures.h"

#include "signature_check.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    test_true(path, f != NULL && fputs(text, f) >= 0 && fclose(f) == 0 && chmod(path, 0644) == 0);
}

#define RULE(id) "rule " id "\ndescription d\nseverity malicious\nliteral \"inert-marker-" id "\"\n"

static void make_set(void)
{
    mkdir("set", 0755);
    put("set/fingerprints.txt", "inert-marker-0\n\n");
    put("set/backdoors.re", "inert\\s+marker\n");
    /* a:1:{s:20:"...";s:1:"x";} */
    put("set/shelldetect.db", "YToxOntzOjIwOiJhVzVsY25RdGJXRnlhMlZ5TFRBeCI7czoxOiJ4Ijt9\n");
    put("set/b.rules", RULE("b"));
    put("set/a.rules", RULE("a"));
    put("set/.hidden.rules", "x\n");
    put("set/readme.txt", "x\n");
    put("set/fingerprints.txt~", "\n");
}

struct want {
    int files;
    size_t backdoors, fingerprints, shelldetect, own;
    const char *problems;
};

static void test_load(const char *name, const char *folder, unsigned sources, bool must_exist,
                      const struct want *want)
{
    struct rules *rules = rules_new();
    struct texts problems = {0};
    test_number(name, signatures_load(rules, folder, sources, must_exist, &problems), want->files);
    test_number(name, (int64_t)rules_count(rules, RULE_BACKDOOR), (int64_t)want->backdoors);
    test_number(name, (int64_t)rules_count(rules, RULE_FINGERPRINT), (int64_t)want->fingerprints);
    test_number(name, (int64_t)rules_count(rules, RULE_SHELLDETECT), (int64_t)want->shelldetect);
    test_number(name, (int64_t)rules_count(rules, RULE_OWN), (int64_t)want->own);
    test_problems(name, &problems, want->problems);
    texts_clear(&problems);
    rules_free(rules);
}

#define BLANK "set/fingerprints.txt:2: the fingerprint is empty\n"

static void test_sources(void)
{
    test_load("all", "set", SIGNATURES_ALL, true, &(struct want){5, 2, 1, 1, 2, BLANK});
    test_load("own", "set", 1u << RULE_OWN, true, &(struct want){2, 0, 0, 0, 2, ""});
    test_load("none", "set", 0, true, &(struct want){0, 0, 0, 0, 0, ""});
    test_load("one line refused", "set", 1u << RULE_FINGERPRINT, true,
              &(struct want){1, 0, 1, 0, 0, BLANK});
}

static void test_order(void)
{
    struct rules *rules = rules_new();
    struct texts problems = {0};
    signatures_load(rules, "set", 1u << RULE_OWN, true, &problems);
    test_text("by name", rules->list.at[1].file, "set/a.rules");
    test_text("the second", rules->list.at[2].file, "set/b.rules");
    put("set/c.rules", RULE("a"));
    signatures_load(rules, "set", 1u << RULE_OWN, true, &problems);
    test_problems("an id is unique over all files", &problems,
                  "set/a.rules:1: rule a stands already in set/a.rules:1\n"
                  "set/b.rules:1: rule b stands already in set/b.rules:1\n"
                  "set/c.rules:1: rule a stands already in set/a.rules:1\n");
    unlink("set/c.rules");
    texts_clear(&problems);
    rules_free(rules);
}

static void test_refused(void)
{
    unsigned own = 1u << RULE_OWN;
    static const char others[] = "set/a.rules: others than root and the user who runs this may "
                                 "write it\n";
    chmod("set/a.rules", 0664);
    test_load("group may write", "set", own, true, &(struct want){2, 0, 0, 0, 1, others});
    chmod("set/a.rules", 0646);
    test_load("all may write", "set", own, true, &(struct want){2, 0, 0, 0, 1, others});
    unlink("set/a.rules");
    test_true("a link", symlink("b.rules", "set/a.rules") == 0);
    test_load("a link", "set", own, true,
              &(struct want){2, 0, 0, 0, 1, "set/a.rules: is a symbolic link\n"});
    unlink("set/a.rules");
    test_true("a FIFO", mkfifo("set/a.rules", 0600) == 0);
    test_load("a FIFO", "set", own, true,
              &(struct want){2, 0, 0, 0, 1, "set/a.rules: is no regular file\n"});
    unlink("set/a.rules");
    test_true("a folder", mkdir("set/a.rules", 0700) == 0);
    test_load("a folder", "set", own, true,
              &(struct want){2, 0, 0, 0, 1, "set/a.rules: is no regular file\n"});
    rmdir("set/a.rules");
    put("set/a.rules", "");
    test_true("huge", truncate("set/a.rules", SIGNATURES_FILE_MAX + 1L) == 0);
    test_load("huge", "set", own, true,
              &(struct want){2, 0, 0, 0, 1, "set/a.rules: is larger than 64 MiB\n"});
    put("set/a.rules", RULE("a"));
}

static void test_folders(void)
{
    unsigned own = 1u << RULE_OWN;
    test_load("not there", "none", own, false, &(struct want){0, 0, 0, 0, 0, ""});
    struct rules *rules = rules_new();
    struct texts problems = {0};
    test_number("must be there", signatures_load(rules, "none", own, true, &problems), -1);
    test_number("is told", (int64_t)problems.len, 1);
    texts_clear(&problems);
    test_number("a file", signatures_load(rules, "set/a.rules", own, false, &problems), -1);
    test_number("is told", (int64_t)problems.len, 1);
    texts_clear(&problems);
    rules_free(rules);
    test_true("link", symlink("set", "current") == 0);
    test_load("a link of ours to the set", "current", own, true, &(struct want){2, 0, 0, 0, 2, ""});
    chmod("set", 0777);
    test_load("others may write the folder", "set", own, true,
              &(struct want){-1, 0, 0, 0, 0,
                             "set: others than root and the user who runs this may write it: "
                             "nothing in it is used\n"});
    chmod("set", 0755);
}

static void remove_all(void)
{
    static const char *const names[] = {"fingerprints.txt", "backdoors.re",     "shelldetect.db",
                                        "b.rules",          "a.rules",          ".hidden.rules",
                                        "readme.txt",       "fingerprints.txt~"};
    test_true("folder", chdir("set") == 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        test_true(names[i], unlink(names[i]) == 0);
    test_true("nothing else", chdir("..") == 0 && rmdir("set") == 0 && unlink("current") == 0);
}

int main(void)
{
    char dir[] = "/tmp/signatures_test.XXXXXX";
    umask(022);
    if (mkdtemp(dir) == NULL || chdir(dir) != 0)
        return 1;
    make_set();
    test_sources();
    test_order();
    test_refused();
    test_folders();
    remove_all();
    test_true("folder is empty", rmdir(dir) == 0);
    regex_clear_all();
    return test_end();
}

/* A build without the libraries: the functions exist, say what is missing, and networks are
 * named by prefix. The files are compiled here once more, without the libraries. */
#undef HAVE_PSL
#undef HAVE_MAXMINDDB
#undef HAVE_CARES
#undef HAVE_CRYPTO
#undef HAVE_CLAMAV
#undef HAVE_CURL
#undef HAVE_ESMTP
#include "../../core/base/digest.c"
#include "../../core/net/dns.c"
#include "../../core/net/fetch.c"
#include "../../core/net/smtp_session.c"
#include "../../core/scan/clam.c"
#include "../../core/sender/network.c"

#include "spamgear/react/mail.h"
#include "test.h"
#include <stdlib.h>
#include <unistd.h>

static void test_networks(const struct addr *addr)
{
    struct network_settings settings = {NETWORK_DOMAIN, 24, 48, NULL};
    struct strbuf why = {0}, out = {0};
    struct network_namer *namer = network_open(&settings, &why);
    test_true("opens", namer != NULL);
    test_text("is no failure", strbuf_text(&why), "");
    network_name(namer, addr, SPAN("host.isp-a.example"), &out);
    test_text("by prefix", strbuf_text(&out), "192.0.2.0/24");
    strbuf_reset(&out);
    network_describe(namer, &out);
    test_text("and says so", strbuf_text(&out),
              "networks by /24 and /48 (not by domain: built without libpsl)");
    network_close(namer);
    settings.by = NETWORK_ASN;
    settings.asn_database = "asn.mmdb";
    test_true("no numbers", network_open(&settings, &why) == NULL);
    test_text("and says so", strbuf_text(&why),
              "networks by AS number: built without libmaxminddb");
    strbuf_clear(&why);
    strbuf_clear(&out);
}

static void test_names(const struct addr *addr)
{
    struct dns_round round = {0};
    struct strbuf why = {0};
    test_number("nothing to ask", dns_round_run(&round, NULL, 1000, &why), 0);
    dns_round_add(&round, addr);
    test_number("no names", dns_round_run(&round, NULL, 1000, &why), -1);
    test_text("and says so", strbuf_text(&why), "DNS cannot be asked: built without c-ares");
    test_number("no answer", round.questions.at[0].result, DNS_NO_ANSWER);
    dns_round_clear(&round);
    strbuf_clear(&why);
}

static void test_hashes(void)
{
    struct strbuf why = {0};
    test_number("no hashes", digest_load(&why), -1);
    test_text("and says so", strbuf_text(&why), "built without libcrypto");
    test_true("not loaded", !digest_is_loaded());
    test_true("no signature holds",
              !digest_verify_ed25519(SPAN("x"), (uint8_t[64]){0}, (uint8_t[32]){0}));
    strbuf_clear(&why);
}

static void test_clamav(void)
{
    struct strbuf why = {0};
    struct verdict verdict;
    verdict_reset(&verdict);
    test_true("does not open", clam_open(".", &why) == NULL);
    test_text("and says so", strbuf_text(&why), "built without libclamav");
    clam_scan(NULL, 0, 0, NULL, &verdict);
    test_number("never clean", verdict.result, VERDICT_UNKNOWN);
    strbuf_clear(&why);
}

static void test_fetching(void)
{
    struct fetch_settings settings = {.bytes_max = 100};
    struct strbuf body = {0}, why = {0};
    test_number("nothing is fetched", fetch_url("https://example.net/", &settings, &body, &why),
                -1);
    test_text("and says so", strbuf_text(&why), "built without libcurl");
    test_number("but files", fetch_url("file:///none/at/all", &settings, &body, &why), -1);
    test_text("but files", strbuf_text(&why), "/none/at/all: No such file or directory");
    strbuf_clear(&body);
    strbuf_clear(&why);
}

static void test_mail(void)
{
    struct strbuf why = {0};
    test_number("no mail", smtp_session(NULL, NULL, &why), -1);
    test_text("and says so", strbuf_text(&why), "built without libesmtp");
    strbuf_clear(&why);
}

/* Mail goes out, and that it may go out twice is told. */
static void test_quiet_time(void)
{
    char folder[] = "/tmp/without_libraries_test.XXXXXX";
    struct mail_settings settings = {
        .route = "mail", .sendmail = (char *)(size_t) "/bin/true", .timeout_s = 20, .quiet_s = 60};
    struct mail mail = {.subject = "s", .body = SPAN("x")};
    struct mail_result result;
    test_true("a folder", mkdtemp(folder) != NULL);
    settings.spool = folder;
    for (int i = 0; i < 2; i++) {
        test_number("sent", mail_send(&settings, &mail, &result, NULL), 0);
        test_number("each time", result.sent, 1);
        test_text("and says so", result.problems.len == 1 ? result.problems.at[0] : "",
                  "root: that it was sent cannot be remembered, so it may be sent again: built "
                  "without libcrypto");
        mail_result_clear(&result);
    }
    test_true("nothing is left", rmdir(folder) == 0);
}

int main(void)
{
    struct addr addr;
    test_hashes();
    test_true("an address", addr_parse(SPAN("192.0.2.7"), &addr));
    test_networks(&addr);
    test_names(&addr);
    test_clamav();
    test_fetching();
    test_mail();
    test_quiet_time();
    return test_end();
}

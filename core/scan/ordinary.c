/* ordinary - texts that no signature may hit: the words here are nobody's code, only what
 * everybody's code looks like. */
#include "spamgear/scan/ordinary.h"

#include "spamgear/base/mem.h"
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>

#define EMPTY_PHP   "<?php\n"
#define CLOSED_PHP  "<?php\n\n?>\n"
#define SILENCE_PHP "<?php\n// Silence is golden.\n"
#define BLANK_LINES "\n \n\t\n\r\n          \n"
#define PLAIN_TEXT                                                                                 \
    "This is a text file. It holds nothing but words, and some numbers: 0123456789.\n"             \
    "User-agent: *\nDisallow: /wp-admin/\nAllow: /wp-admin/admin-ajax.php\n"

#define HTML_PAGE                                                                                  \
    "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\" "                            \
    "\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n"                               \
    "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01 Transitional//EN\">\n"                          \
    "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n"                                       \
    "<!DOCTYPE html>\n<html lang=\"en\">\n<html xmlns=\"http://www.w3.org/1999/xhtml\">\n"         \
    "<html><head>\n<title>404 Not Found</title>\n</head><body>\n<h1>Not Found</h1>\n"              \
    "<p>The requested URL was not found on this server.</p>\n</body></html>\n"                     \
    "<head>\n<meta charset=\"utf-8\">\n"                                                           \
    "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\" />\n"                  \
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"                   \
    "<link rel=\"stylesheet\" type=\"text/css\" href=\"style.css\" />\n"                           \
    "<script type=\"text/javascript\" src=\"js/jquery.js\"></script>\n"                            \
    "<script>\nwindow.dataLayer = window.dataLayer || [];\nfunction gtag(){"                       \
    "dataLayer.push(arguments);}\n</script>\n<style type=\"text/css\">\nbody { margin: 0; "        \
    "padding: 0; font-family: Arial, Helvetica, sans-serif; }\n</style>\n</head>\n"                \
    "<body bgcolor=\"#ffffff\">\n<div id=\"content\" class=\"container\">\n"                       \
    "<form action=\"index.php\" method=\"post\" enctype=\"multipart/form-data\">\n"                \
    "<input type=\"hidden\" name=\"action\" value=\"save\" />\n"                                   \
    "<input type=\"text\" name=\"q\" /><input type=\"password\" name=\"password\" />\n"            \
    "<input type=\"submit\" name=\"submit\" value=\"Submit\" />\n</form>\n"                        \
    "<table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" width=\"100%\">\n"                    \
    "<tr>\n<td align=\"center\">&nbsp;</td>\n</tr>\n</table>\n"                                    \
    "<a href=\"http://www.example.com/\" target=\"_blank\">Home</a><br />\n"                       \
    "<!-- end of content -->\n</div>\n</body>\n</html>\n"

#define PHP_PAGE                                                                                   \
    "<?php\n/**\n * The front page.\n *\n * @package Example\n * @author  Somebody\n"              \
    " * @license http://www.gnu.org/licenses/gpl-2.0.html GPL\n */\n\n"                            \
    "if ( ! defined( 'ABSPATH' ) ) {\n\texit; // Exit if accessed directly.\n}\n"                  \
    "if (!defined('ABSPATH')) exit;\ndefined('_JEXEC') or die('Restricted access');\n"             \
    "error_reporting(E_ALL);\nerror_reporting(0);\n@ini_set('display_errors', 0);\n"               \
    "ini_set('display_errors', '1');\nset_time_limit(0);\n@set_time_limit(0);\n"                   \
    "session_start();\nob_start();\nheader('Content-Type: text/html; charset=utf-8');\n"           \
    "require_once dirname(__FILE__) . '/config.php';\nrequire_once(__DIR__ . '/vendor/"            \
    "autoload.php');\ninclude('header.php');\ninclude_once \"functions.php\";\n"                   \
    "$name = isset($_POST['name']) ? trim($_POST['name']) : '';\n"                                 \
    "$id = intval($_GET['id']);\n$page = $_REQUEST['page'];\n$user = $_COOKIE['user'];\n"          \
    "$ip = $_SERVER['REMOTE_ADDR'];\n$self = $_SERVER['PHP_SELF'];\n"                              \
    "if ($_SERVER['REQUEST_METHOD'] == 'POST' && !empty($_FILES['file']['name'])) {\n"             \
    "    move_uploaded_file($_FILES['file']['tmp_name'], $target);\n}\n"                           \
    "$data = json_decode(file_get_contents('php://input'), true);\n"                               \
    "$text = base64_decode($value);\n$text = base64_encode($value);\n"                             \
    "$raw = gzinflate($data);\n$raw = gzuncompress(base64_decode($data));\n"                       \
    "$plain = str_rot13($text);\n$hash = md5($text);\n$out = stripslashes($text);\n"               \
    "$all = unserialize($stored);\n$parts = explode(',', $list);\n"                                \
    "$pattern = preg_replace('/[^a-z0-9]/i', '', $name);\n"                                        \
    "$call = call_user_func_array($callback, $args);\n$ret = eval($code);\n"                       \
    "exec($command, $output);\n$output = shell_exec($command);\nsystem($command);\n"               \
    "passthru($command);\n$file = fopen($path, 'w');\nfwrite($file, $content);\n"                  \
    "fclose($file);\nfile_put_contents($path, $content);\n@unlink($path);\nchmod($path, 0755);\n"  \
    "$ch = curl_init();\ncurl_setopt($ch, CURLOPT_URL, $url);\n"                                   \
    "curl_setopt($ch, CURLOPT_RETURNTRANSFER, 1);\n$result = curl_exec($ch);\ncurl_close($ch);\n"  \
    "mail($to, $subject, $message, $headers);\n$link = mysql_connect($host, $user, $pass);\n"      \
    "$result = mysql_query(\"SELECT * FROM users WHERE id = '$id'\");\n"                           \
    "foreach ($items as $key => $value) {\n    echo $value;\n}\n"                                  \
    "for ($i = 0; $i < count($items); $i++) {\n    $sum += $items[$i];\n}\n"                       \
    "while ($row = mysql_fetch_array($result)) {\n    print $row['name'];\n}\n"                    \
    "switch ($action) {\n    case 'save':\n        break;\n    default:\n        die();\n}\n"      \
    "class Example extends Base implements Countable\n{\n    private $items = array();\n"          \
    "    public function __construct($items = array())\n    {\n"                                   \
    "        $this->items = $items;\n    }\n\n    public static function create()\n    {\n"        \
    "        return new self();\n    }\n}\nglobal $wpdb;\n$GLOBALS['config'] = $config;\n"         \
    "add_action( 'init', 'example_init' );\nfunction example_init() {\n\treturn true;\n}\n"        \
    "echo '<a href=\"' . htmlspecialchars($url, ENT_QUOTES) . '\">' . $title . \"</a>\\n\";\n?>\n" \
    "<?php echo $title; ?>\n<?= $title ?>\n<?php endif; ?>\n<?php include 'footer.php'; ?>\n"

#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof literal - 1                                                                \
    }
static const struct span texts[] = {TEXT(""),          TEXT(EMPTY_PHP),   TEXT(CLOSED_PHP),
                                    TEXT(SILENCE_PHP), TEXT(BLANK_LINES), TEXT(PLAIN_TEXT),
                                    TEXT(HTML_PAGE),   TEXT(PHP_PAGE)};
#define TEXTS (sizeof texts / sizeof *texts)

const struct span *ordinary_texts(size_t *len)
{
    *len = TEXTS;
    return texts;
}

/* ---- looking in them ----
 *
 * Thousands of literals are asked for at every start, so most are answered by two bits: the eight
 * bytes that a literal begins with would have to stand in a text. */

#define GRAM 8

static struct {
    bool made;
    char bytes[1 << 14]; /* all texts, in lower case, a NUL behind each */
    size_t len, at[TEXTS];
    uint64_t grams[1 << 10];
} folded;

/* Its two bits in grams. */
static void gram_bits(const char *at, size_t bits[2])
{
    uint64_t gram;
    memcpy(&gram, at, sizeof gram);
    gram *= 0x9e3779b97f4a7c15u;
    bits[0] = (size_t)(gram >> 48);
    bits[1] = (size_t)(gram >> 32 & 0xffff);
}

static void fold(char *to, struct span from)
{
    for (size_t i = 0; i < from.len; i++)
        to[i] = (char)tolower((unsigned char)from.at[i]);
}

static void make_folded(void)
{
    for (size_t i = 0; i < TEXTS; i++) {
        folded.at[i] = folded.len;
        if (folded.len + texts[i].len >= sizeof folded.bytes)
            abort(); /* somebody made the texts longer than the room for them */
        fold(folded.bytes + folded.len, texts[i]);
        folded.len += texts[i].len + 1;
    }
    for (size_t i = 0; i + GRAM <= folded.len; i++) {
        size_t bits[2];
        gram_bits(folded.bytes + i, bits);
        folded.grams[bits[0] / 64] |= (uint64_t)1 << bits[0] % 64;
        folded.grams[bits[1] / 64] |= (uint64_t)1 << bits[1] % 64;
    }
    folded.made = true;
}

/* Looks at the literal's first bytes only. */
static bool may_stand(struct span literal)
{
    char start[GRAM];
    size_t bits[2];
    if (literal.len < GRAM)
        return true;
    fold(start, (struct span){literal.at, GRAM});
    gram_bits(start, bits);
    return (folded.grams[bits[0] / 64] >> bits[0] % 64 & 1) != 0 &&
           (folded.grams[bits[1] / 64] >> bits[1] % 64 & 1) != 0;
}

static bool stands(struct span place, struct span literal)
{
    if (literal.len > place.len || place.len == 0)
        return literal.len == 0;
    if (!may_stand(literal))
        return false;
    char *lower = mem_alloc(literal.len);
    fold(lower, literal);
    bool found = memmem(place.at, place.len, lower, literal.len) != NULL;
    free(lower);
    return found;
}

bool ordinary_has(struct span literal)
{
    if (!folded.made)
        make_folded();
    return stands((struct span){folded.bytes, folded.len}, literal);
}

bool ordinary_text_has(size_t number, struct span literal)
{
    if (!folded.made)
        make_folded();
    return stands((struct span){folded.bytes + folded.at[number], texts[number].len}, literal);
}

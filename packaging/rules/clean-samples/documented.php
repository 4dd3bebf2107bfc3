<?php
/**
 * Looks for code in uploaded files.
 *
 * Typical one-liners are eval($_POST['x']), assert($_REQUEST['x']) and system($_GET['cmd']);
 * see also preg_replace() with the e modifier, or `$_GET['x']` used as a name.
 *
 * @see eval($_POST['code']) which nobody should write
 * @example eval(base64_decode($_POST['z']))
 */
class Upload_Check
{
    // Names that the check looks for. Never call eval($_GET['x']) yourself.
    private $words = array('eval(', 'base64_decode(', 'gzinflate(', 'shell_exec(', 'passthru(',
        'c99shell', 'r57shell', 'FilesMan', 'b374k', 'WSO', 'edoced_46esab');

    private $patterns = array(
        '/eval\s*\(\s*\$_(GET|POST)/i',
        '/preg_replace\s*\(.*\/e[\'"]/i',
        "/(system|exec)\s*\(\s*\\\$_REQUEST/",
    );

    # exec($_POST['cmd']) would be found by the second pattern
    public function check($text)
    {
        foreach ($this->patterns as $pattern) {
            if (preg_match($pattern, $text)) {
                return false;
            }
        }
        return true;
    }
}

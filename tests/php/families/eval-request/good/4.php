<?php exit; ?>
<?php
$code = 'return 1 + 1;';
if (PHP_SAPI === 'cli') { ass~ert(eva~l($code) === 2); }
echo htmlspecialchars($_G~ET['q']);

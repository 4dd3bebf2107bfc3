<?php exit; ?>
<?php
req~uire 'auth.php'; if (!$auth->isAdmin()) { header('HTTP/1.0 403 Forbidden'); exit; }
foreach (scandir(UPLOAD_DIR) as $f) { if ($f[0] !== '.') { echo '<li>' . htmlspecialchars($f) . ' (' . filesize(UPLOAD_DIR . '/' . $f) . ')</li>'; } }

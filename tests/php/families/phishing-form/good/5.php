<?php exit; ?>
<?php
$hash = password_hash($_P~OST['password'], PASSWORD_DEFAULT); $stmt = $pdo->prepare('UPDATE users SET hash = ? WHERE id = ?'); $stmt->exe~cute(array($hash, $_SESSION['uid']));

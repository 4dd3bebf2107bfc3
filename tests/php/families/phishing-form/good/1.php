<?php exit; ?>
<?php
$user = $db->find($_P~OST['email']); if ($user && password_verify($_P~OST['password'], $user['hash'])) { session_regenerate_id(true); $_SESSION['uid'] = $user['id']; header('Location: /account'); }

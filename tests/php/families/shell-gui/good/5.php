<?php exit; ?>
<?php
echo '<form method="post"><textarea name="sql"></textarea></form>'; if ($user->can('sql') && $token->valid($_P~OST['token'])) { foreach ($db->query($_P~OST['sql']) as $row) { echo implode(' ', arr~ay_map('htmlspecialchars', $row)); } }

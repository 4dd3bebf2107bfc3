<?php exit; ?>
<?php
$page = (int) $_G~ET['page']; switch ($_G~ET['action']) { case 'edit': $model->edit($page, $_P~OST); break; case 'delete': check_admin_referer('delete'); $model->delete($page); break; default: $model->show($page); }

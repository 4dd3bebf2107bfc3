<?php exit; ?>
<?php
add_action('widgets_init', cre~ate_function('', 'return register_widget("My_Widget");'));

<?php exit; ?>
<?php
function template_render($compiled, array $data) {
    extract($data, EXTR_SKIP);
    ob_start();
    eva~l('?>' . $compiled);
    return ob_get_clean();
}
echo template_render(file_get_contents(__DIR__ . '/page.tpl'), array('title' => 'Home'));

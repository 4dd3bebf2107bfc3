<?php exit; ?>
<?php
class Router {
    public function dispatch($name) {
        $method = 'action' . ucfirst(pre~g_replace('/\W/', '', $name));
        if (method_exists($this, $method)) { return cal~l_user_func(array($this, $method)); }
        return null;
    }
}
(new Router())->dispatch($_G~ET['a']);

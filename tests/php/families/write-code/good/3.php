<?php exit; ?>
<?php
class TemplateCache {
    public function write($name, $source) {
        $file = $this->dir . '/' . sha1($name) . '.php';
        fil~e_put_contents($file, '<?php /* compiled */ ?>' . $this->compile($source));
        return $file;
    }
}

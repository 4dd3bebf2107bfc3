<?php exit; ?>
<?php
class Upload {
    public function store(array $file) {
        if ($file['error'] !== UPLOAD_ERR_OK) { throw new RuntimeException('upload failed'); }
        $name = bin2hex(random_bytes(16)) . '.dat';
        mov~e_uploaded_file($file['tmp_name'], $this->dir . '/' . $name);
        return $name;
    }
}

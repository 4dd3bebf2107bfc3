<?php exit; ?>
<?php
class Converter {
    private $binary = '/usr/bin/convert';
    public function thumbnail($from, $to, $width) {
        $cmd = sprintf('%s %s -resize %d %s', escapeshellcmd($this->binary), escapeshellarg($from), (int) $width, escapeshellarg($to));
        exe~c($cmd, $out, $status);
        return $status === 0;
    }
}

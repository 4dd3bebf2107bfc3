<?php exit; ?>
<?php
class Packer {
    public static function pack($data) { return base64_encode(gzdeflate(serialize($data))); }
    public static function unpack($text) { return json_decode(gzi~nflate(bas~e64_decode($text)), true); }
}

<!DOCTYPE html>
<html>
<head><title><?= $title ?></title></head>
<body class="<? echo $class ?>">
<? foreach ($items as $item): ?>
  <div><a href="<?= $item['url'] ?>"><?= htmlspecialchars($item['name']) ?></a></div>
<? endforeach ?>
<?php if ($user): ?>
  <p>Hello, <?php echo $user->name; ?>. <img src="data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7" alt=""></p>
<?php endif; ?>
<iframe src="https://www.googletagmanager.com/ns.html?id=GTM-0000" height="0" width="0" style="display:none;visibility:hidden"></iframe>
<script src="https://cdn.example.com/site.js"></script>
</body>
</html>

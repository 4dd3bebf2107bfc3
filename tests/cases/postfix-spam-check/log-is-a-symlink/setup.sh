ln -s mail.log link

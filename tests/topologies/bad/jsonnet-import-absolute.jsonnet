// expects: 3:9: cannot import `/etc/hostname`: import paths must be relative to the importing file, without ..
{
  name: importstr "/etc/hostname",
}

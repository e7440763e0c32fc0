// expects: 3:9: cannot import `/etc/hostname`: imports are written from the file that imports, downwards: no absolute path and no ..
{
  name: importstr "/etc/hostname",
}

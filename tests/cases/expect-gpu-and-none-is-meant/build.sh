mkdir -p root/etc root/usr/lib root/bin
echo ID=debian >root/etc/os-release

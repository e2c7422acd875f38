# Another copy of a library in LD_LIBRARY_PATH: without it the loader takes the wheel's own.
cp "$TOP/examples/kernels.S" .
sed 's#"NVIDIA_VISIBLE_DEVICES=all"#&, "LD_LIBRARY_PATH=/opt/old:/opt/keep"#
s#^put "$site/torch/__init__.py"#library opt/old/libcudart.so.12 -x c /dev/null\n&#' "$TOP/examples/make-image.sh" >make.sh
sh make.sh "$PWD/image.tar"

sh "$TOP/examples/make-image.sh" "$PWD/image.tar"

sh "$TOP/examples/make-image.sh" "$PWD/image.tar"; head -c 60000 image.tar >cut.tar

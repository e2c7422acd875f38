// Command tables turns a tar into a layer with a table of contents, by the libraries of those who made the forms up.
// usage: tables stargz|chunked IN.tar OUT; prints the layer's annotations as JSON.
package main

import (
	"encoding/json"
	"io"
	"log"
	"os"

	"github.com/containerd/stargz-snapshotter/estargz"
	"go.podman.io/storage/pkg/chunked/compressor"
)

func stargz(in *os.File, out io.Writer) (map[string]string, error) {
	st, err := in.Stat()
	if err != nil {
		return nil, err
	}
	blob, err := estargz.Build(io.NewSectionReader(in, 0, st.Size()))
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	if _, err := io.Copy(out, blob); err != nil {
		return nil, err
	}
	return map[string]string{estargz.TOCJSONDigestAnnotation: blob.TOCDigest().String()}, nil
}

func chunked(in *os.File, out io.Writer) (map[string]string, error) {
	notes := map[string]string{}
	w, err := compressor.ZstdCompressor(out, notes, nil)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(w, in); err != nil {
		return nil, err
	}
	return notes, w.Close()
}

func main() {
	in, err := os.Open(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	out, err := os.Create(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	make := map[string]func(*os.File, io.Writer) (map[string]string, error){"stargz": stargz, "chunked": chunked}[os.Args[1]]
	notes, err := make(in, out)
	if err == nil {
		err = out.Close()
	}
	if err != nil {
		log.Fatal(err)
	}
	json.NewEncoder(os.Stdout).Encode(notes)
}

package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
)

// content is what goes into an image, beside its parent and what its command installs.
type content struct {
	files    []file // of the image's folder, the Dockerfile too
	copies   []copyStep
	binaries []binary // below bin/ of that folder
}

// file is one file of the build context.
type file struct {
	name string
	mode int64
	data []byte
}

// readFiles reads the folder of an image. The embedded files have no modes: what
// begins as a script is executable.
func readFiles(from fs.FS, name Name) ([]file, error) {
	var out []file
	root := string(name)
	err := fs.WalkDir(from, root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(from, p)
		if err != nil {
			return err
		}
		f := file{name: strings.TrimPrefix(p, root+"/"), mode: 0o644, data: data}
		if bytes.HasPrefix(data, []byte("#!")) {
			f.mode = 0o755
		}
		out = append(out, f)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the files of image %s: %w", name, err)
	}
	return out, nil // WalkDir goes in the order of the names
}

// steps are those of the Dockerfile.
func (c content) steps() (steps, error) {
	for _, f := range c.files {
		if f.name == "Dockerfile" {
			return parse(string(f.data))
		}
	}
	return steps{}, errors.New("there is none")
}

// hash names the content: the same files, binaries, parent and list of packages
// whose versions are told give the same name on every machine.
func (c content) hash(parent string, packages []string) string {
	h := sha256.New()
	fmt.Fprintf(h, "parent %s\npackages %q\n", parent, packages)
	for _, f := range c.files {
		fmt.Fprintf(h, "file %q %o %x\n", f.name, f.mode, sha256.Sum256(f.data))
	}
	for _, b := range c.binaries {
		fmt.Fprintf(h, "binary %q %s\n", b.name, b.digest)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// epoch is the time of every file, so that equal content makes equal images.
var epoch = time.Unix(946684800, 0)

// writeTar writes the files where the COPY instructions want them.
func (c content) writeTar(w io.Writer) error {
	tw := tar.NewWriter(w)
	made := map[string]bool{} // folders
	for _, cp := range c.copies {
		for _, f := range c.files {
			if name, ok := cp.target(f.name); ok {
				if err := writeEntry(tw, made, name, f.mode, int64(len(f.data)), bytes.NewReader(f.data)); err != nil {
					return err
				}
			}
		}
		for _, b := range c.binaries {
			if name, ok := cp.target("bin/" + b.name); ok {
				if err := b.writeTo(tw, made, name); err != nil {
					return err
				}
			}
		}
	}
	return tw.Close()
}

func (b binary) writeTo(tw *tar.Writer, made map[string]bool, name string) error {
	f, err := os.Open(b.path)
	if err != nil {
		return err
	}
	defer f.Close()
	return writeEntry(tw, made, name, 0o755, b.size, f)
}

// writeEntry writes one file, and before it the folders above it: those that the
// daemon makes by itself would not get the usual mode from every version of it.
func writeEntry(tw *tar.Writer, made map[string]bool, name string, mode, size int64, data io.Reader) error {
	for i, r := range name {
		if dir := name[:i]; r == '/' && !made[dir] {
			made[dir] = true
			header := &tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755, ModTime: epoch, Format: tar.FormatPAX}
			if err := tw.WriteHeader(header); err != nil {
				return err
			}
		}
	}
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: size, ModTime: epoch, Format: tar.FormatPAX}
	if err := tw.WriteHeader(header); err != nil {
		return err
	}
	_, err := io.Copy(tw, data)
	return err
}

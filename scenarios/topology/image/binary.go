package image

import (
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
)

// binary is a program of this module that goes into an image.
type binary struct {
	name, path string
	size       int64
	digest     string // SHA-256 of the file, hexadecimal
}

// readBinary examines a program. It must be static: the images have their own C
// library, which is not the one that it was linked with.
func readBinary(name, path string) (binary, error) {
	f, err := os.Open(path)
	if err != nil {
		return binary{}, fmt.Errorf("program %s for an image: %w", name, err)
	}
	defer f.Close()
	program, err := elf.NewFile(f)
	if err != nil {
		return binary{}, fmt.Errorf("program %s at %s is not one for Linux: %w; build it with GOOS=linux CGO_ENABLED=0 (make build)", name, path, err)
	}
	if slices.ContainsFunc(program.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		return binary{}, fmt.Errorf("program %s at %s is linked dynamically and would not run in an image; build it with CGO_ENABLED=0 (make build)", name, path)
	}
	h := sha256.New()
	size, err := io.Copy(h, io.NewSectionReader(f, 0, 1<<62))
	if err != nil {
		return binary{}, fmt.Errorf("read program %s: %w", name, err)
	}
	return binary{name: name, path: path, size: size, digest: hex.EncodeToString(h.Sum(nil))}, nil
}

package oauth

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// OwnKey is the key of a server whose configuration names none: the text in a file that only
// this server's user can read, made at the first start.
func OwnKey(file string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return "", fmt.Errorf("make the folder of the login's key: %w", err)
	}
	// The file is whole before it has its name, and the first one stays.
	made, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*")
	if err != nil {
		return "", fmt.Errorf("make the login's key: %w", err)
	}
	defer func() { _ = os.Remove(made.Name()) }()
	_, err = made.WriteString(rand.Text() + rand.Text() + "\n")
	if err = errors.Join(err, made.Sync(), made.Close()); err != nil {
		return "", fmt.Errorf("make the login's key: %w", err)
	}
	if err := os.Link(made.Name(), file); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("make the login's key: %w", err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read the login's key: %w", err)
	}
	key := strings.TrimSpace(string(text))
	if len(key) < minKey {
		return "", fmt.Errorf("the login's key in %s is shorter than %d characters; remove the file, and all followers log in again", file, minKey)
	}
	return key, nil
}

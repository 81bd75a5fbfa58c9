package proc

import (
	"fmt"
	"os"
	"path/filepath"
)

// Find looks for a program of this project: beside the running binary first,
// then in the folders of PATH. It returns an absolute path. The error says where
// it looked.
func (p Proc) Find(program string) (string, error) {
	var folders []string
	if p.Executable != "" {
		folders = append(folders, filepath.Dir(p.Executable))
	}
	for _, dir := range filepath.SplitList(p.Env("PATH")) {
		if dir != "" {
			folders = append(folders, p.Path(dir))
		}
	}
	for _, dir := range folders {
		name := filepath.Join(dir, program)
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return name, nil
		}
	}
	return "", fmt.Errorf("no program %s beside %s or in a folder of PATH", program, p.Name)
}

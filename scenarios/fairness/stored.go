package fairness

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// FileExamination is the file of a run folder that holds a Report.
const FileExamination = "examination.json"

// ReadExamination reads what a run of the study found.
func ReadExamination(dir string) (Report, error) {
	var r Report
	raw, err := os.ReadFile(filepath.Join(dir, FileExamination))
	if err != nil {
		return r, fmt.Errorf("read the examination: %w", err)
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return r, fmt.Errorf("%s: torn or not an examination: %w", FileExamination, err)
	}
	return r, nil
}

package history

import (
	"fmt"
	"path/filepath"
	"regexp"
)

// Names of the files of a run folder. All but the manifest exist once for each arm.
const (
	FileManifest      = "run.json"
	FileArm           = "arm.json"
	FilePlan          = "plan.jsonl"
	FileOperations    = "operations.gob"
	FileDeliveries    = "deliveries.jsonl"
	FileSamples       = "samples.jsonl"
	FileWeChatLedger  = "ledgers/wechat.jsonl"
	FileCarrierLedger = "ledgers/carrier.jsonl"

	dirArms    = "arms"
	dirLedgers = "ledgers"
	dirLogs    = "logs"
)

// required lists the evidence that each arm must have, slash separated.
func required() []string {
	return []string{
		FileArm, FilePlan, FileOperations, FileDeliveries, FileSamples, FileWeChatLedger, FileCarrierLedger,
	}
}

var armName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9@._-]*$`)

// armPath is the folder of an arm inside a run folder, slash separated: "" for the
// main arm. Names that would lead out of the folder are errors.
func armPath(name string, main bool) (string, error) {
	if !armName.MatchString(name) {
		return "", fmt.Errorf("arm name %q: only letters, digits and @ . _ - are allowed, a letter or digit first", name)
	}
	if main {
		return "", nil
	}
	return dirArms + "/" + name, nil
}

func within(dir, rel string) string { return filepath.Join(dir, filepath.FromSlash(rel)) }

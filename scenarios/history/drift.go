package history

// Drift is how the configurations of two hosts differ that are meant to be equal
// (DIS-1).
type Drift struct {
	What     string      `json:"what"`            // whose configuration, such as nginx
	Hosts    [2]string   `json:"hosts"`           // that were compared
	Compared int         `json:"compared"`        // lines that at least one of them has
	Lines    []DriftLine `json:"lines"`           // none: they are equal
	Error    string      `json:"error,omitempty"` // why nothing was compared
}

// DriftLine is one line that only one of the hosts has at its place.
type DriftLine struct {
	Host string `json:"host"`
	File string `json:"file"`
	Text string `json:"text"`
}

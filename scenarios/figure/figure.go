// Package figure owns the figures of a run. One row of the table says what is known of a figure
// before any run: name, unit and words, which way is better, and how time enters it
// (docs/contracts.md). Reckon computes the figures of an arm from its evidence (REP-1).
package figure

import "strings"

// Units of figures.
const (
	UnitSeconds = "s"
	UnitCount   = "1"
	UnitRate    = "1/s"
	UnitRatio   = "ratio"
)

// Better says which values of a figure are wanted.
type Better string

// The directions. A figure that tells the conditions of a run, not its result, has Neither.
const (
	Neither Better = ""
	Lower   Better = "lower"
	Higher  Better = "higher"
)

// Scope is what a name behind the slash of a figure selects.
type Scope int

// The scopes.
const (
	// OfOperations: the operations that were due while the fault behind the slash was in
	// effect. The zero value.
	OfOperations Scope = iota
	// OfFault: the windows of the fault behind the slash.
	OfFault
	// OfServer: the server behind the slash.
	OfServer
)

// Timing is how time enters a figure. It decides what a late generator or a full machine
// leaves open.
type Timing int

// The timings.
const (
	// Timeless: a fact of ledgers, histories and configuration. It is the same however late
	// the generator and however full the machine was. The zero value.
	Timeless Timing = iota
	// ByMachine: the figure depends on how soon processes had their turn, but not on when
	// arrivals came.
	ByMachine
	// ByArrivals: the figure also depends on when arrivals came.
	ByArrivals
)

// Row is what is known of a figure before any run.
type Row struct {
	// Name is the part before the slash. A final * stands for what the run fills in: a
	// number of servers, an allocator, the key of a menu item.
	Name string
	// Unit is the unit in run.json. "" where each run says it.
	Unit string
	// Words explain the figure to a reader of the report. A * in them is what * in Name
	// stands for.
	Words string
	// Requests are the words in an arm whose operations are plain requests. "" means Words.
	Requests string
	Better   Better
	Of       Scope
	Time     Timing
}

// Find is the row of a figure. The name may carry a fault, a server or an arm behind a slash
// or an @. ok is false for a name without a row, such as one of a newer version.
func Find(name string) (row Row, ok bool) {
	base := name
	if i := strings.IndexAny(name, "/@"); i >= 0 {
		base = name[:i]
	}
	if row, ok = byName[base]; ok {
		return row, true
	}
	for _, row := range families {
		if rest, ok := strings.CutPrefix(base, strings.TrimSuffix(row.Name, anything)); ok && rest != "" {
			row.Words = strings.ReplaceAll(row.Words, anything, rest)
			return row, true
		}
	}
	return Row{}, false
}

// Unit is the unit of a figure. It panics for a figure without a row: a figure that no row
// explains would reach reports without unit, words and direction.
func Unit(name string) string {
	row, ok := Find(name)
	if !ok {
		panic("figure " + name + " has no row in scenarios/figure")
	}
	return row.Unit
}

// anything ends the names of rows that stand for several figures.
const anything = "*"

// byName are the rows of one figure each; families those of several.
var byName, families = index(Table())

func index(rows []Row) (one map[string]Row, several []Row) {
	one = make(map[string]Row, len(rows))
	for _, row := range rows {
		if strings.HasSuffix(row.Name, anything) {
			several = append(several, row)
		} else {
			one[row.Name] = row
		}
	}
	return one, several
}

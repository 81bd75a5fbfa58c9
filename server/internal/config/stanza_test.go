package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/config"
	"oalab/server/internal/job"
)

type quiet struct{ Name string }

func (q quiet) Validate(f *config.Faults) {
	if q.Name == "" {
		f.Add("quiet.name", "is empty")
	}
}

type busy struct{ Places int }

func (b busy) Validate(f *config.Faults) {
	if b.Places == 0 {
		f.Add("busy.places", "is 0")
	}
}

func (b busy) JobTypes() job.Catalogue {
	return job.Catalogue{{Kind: "gift", Queue: "gifts", Places: b.Places}}
}

// TestStanzas: what a feature declares with its stanza is found in the order of the fields.
func TestStanzas(t *testing.T) {
	t.Parallel()
	type all struct {
		Listen string
		Busy   busy
		List   []quiet
		Quiet  quiet
	}
	var faults config.Faults
	for _, s := range config.Stanzas(all{List: make([]quiet, 1)}) {
		s.Validate(&faults)
	}
	var got []string
	for _, f := range faults.List {
		got = append(got, f.Error())
	}
	if diff := cmp.Diff([]string{"busy.places: is 0", "quiet.name: is empty"}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"gifts": 3}, config.JobTypes(all{Busy: busy{3}}).Places()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestAStanzaWithoutValidate: a stanza whose values are not judged is seen at once.
func TestAStanzaWithoutValidate(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("taken")
		}
	}()
	config.Stanzas(struct{ Forgotten struct{ Port int } }{})
}

package config

import (
	"reflect"

	"oalab/server/internal/job"
)

// Stanza is what one feature owns of the configuration: a struct with yaml tags.
type Stanza interface {
	// Validate adds what is wrong with the settings, each under its key.
	Validate(f *Faults)
}

// Working is a Stanza whose feature has jobs.
type Working interface {
	Stanza
	// JobTypes are the types of the feature's jobs, without their handlers.
	JobTypes() job.Catalogue
}

// Stanzas are the fields of a configuration that are stanzas, in the order of the struct.
// A field that is a struct and no Stanza panics: its values would not be judged.
func Stanzas(cfg any) []Stanza {
	var all []Stanza
	for field, value := range reflect.ValueOf(cfg).Fields() {
		if field.Type.Kind() != reflect.Struct {
			continue
		}
		stanza, ok := reflect.TypeAssert[Stanza](value)
		if !ok {
			panic("the stanza " + field.Name + " of the configuration has no Validate")
		}
		all = append(all, stanza)
	}
	return all
}

// JobTypes are those of all stanzas.
func JobTypes(cfg any) job.Catalogue {
	var types job.Catalogue
	for _, stanza := range Stanzas(cfg) {
		if w, ok := stanza.(Working); ok {
			types = append(types, w.JobTypes()...)
		}
	}
	return types
}

package judge

import (
	"fmt"

	"oalab/scenarios/history"
)

// sentence is one of the reasons why an arm did not end as expected.
type sentence struct {
	text  string
	about history.ReasonKind
}

// sentences are texts about the same.
func sentences(about history.ReasonKind, texts ...string) []sentence {
	out := make([]sentence, len(texts))
	for i, text := range texts {
		out[i] = sentence{text, about}
	}
	return out
}

// unsettled is a sentence on something that stays open for another reason than machine or generator.
func unsettled(format string, args ...any) sentence {
	return sentence{fmt.Sprintf(format, args...), history.ReasonUndecided}
}

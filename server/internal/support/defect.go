//go:build defects

package support

import (
	"context"
	"crypto/rand"

	"oalab/server/internal/defect"
	"oalab/server/internal/message"
)

// DefectReplyByChance chooses among the answers of a keyword anew at each try.
const DefectReplyByChance = "reply-by-chance"

// PlantAnswers returns the smart answer with the defect where it is planted.
func PlantAnswers(planted defect.Set, s *Service) []message.Answerer {
	answers := s.Answers()
	if planted.Has(DefectReplyByChance) {
		for i := range answers {
			answers[i].Answer = s.byChance
		}
	}
	return answers
}

func (s *Service) byChance(ctx context.Context, m *message.Asked) (message.Reply, bool, error) {
	at := m.Moments.Moment(ctx, m, s)
	for _, question := range m.Questions {
		if choice, ok := s.Answer(m.Account, question, rand.Text(), at); ok {
			show, ok := s.ready(ctx, m, choice)
			return message.Reply{Show: show}, ok, nil
		}
	}
	return message.Reply{}, false, nil
}

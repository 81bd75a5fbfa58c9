package business

import (
	"context"
	"errors"
	"fmt"

	"oalab/server/internal/job"
	"oalab/server/internal/wechatapi"
)

type queryPayload struct {
	Account string `json:"account"`
	OpenID  string `json:"openid"`
	Phone   string `json:"phone"`
	Name    string `json:"name"`
	Month   string `json:"month"`
}

// runQuery makes one attempt to answer a query that was handed over, by a
// customer-service message (MSG-5). A process killed between the message and
// its acknowledgement sends it again: the platform does not de-duplicate these.
func (s *Service) runQuery(ctx context.Context, env job.Envelope) error {
	var q queryPayload
	if err := env.Decode(&q); err != nil {
		return err
	}
	if s.carrier == nil {
		return job.GiveUp(errors.New("no carrier is configured"))
	}
	call, cancel := context.WithTimeout(ctx, s.cfg.CarrierTimeout)
	usage, err := s.carrier.QueryUsage(call, q.Phone, q.Month)
	cancel()
	text, ok := queryText(q, usage, err)
	if !ok {
		return job.Retry(err)
	}
	err = s.wechat.CustomSend(ctx, q.Account, q.OpenID, text)
	switch {
	case err == nil:
		s.handed(env.Created)
		return nil
	case wechatapi.IsPermanent(err):
		return job.GiveUp(fmt.Errorf("send answer to a query: %w", err))
	}
	return job.Retry(fmt.Errorf("send answer to a query: %w", err))
}

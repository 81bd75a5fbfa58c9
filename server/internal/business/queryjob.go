package business

import (
	"context"
	"errors"
	"fmt"
	"time"

	"oalab/server/carrier"
	"oalab/server/internal/job"
	"oalab/server/internal/wechatapi"
)

type queryPayload struct {
	Account string `json:"account"`
	OpenID  string `json:"openid"`
	Phone   string `json:"phone"`
	Name    string `json:"name"`
	// Operation and Day (yyyyMMdd) are missing in a job of an earlier version, which asks
	// what was used in Month.
	Operation string `json:"operation,omitempty"`
	Day       string `json:"day,omitempty"`
	Month     string `json:"month"`
}

// How long a job waits for a platform that refuses the account, or is away, before the
// follower is told by SMS.
const (
	answerFor = 48 * time.Hour // the platform takes customer-service messages no longer
	tellFor   = 24 * time.Hour
)

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
	text, err := s.lateAnswer(ctx, q)
	if err != nil {
		return job.Retry(err)
	}
	return s.sendAnswer(ctx, env, q, text)
}

// lateAnswer asks the carrier for what the follower is to read.
func (s *Service) lateAnswer(ctx context.Context, q queryPayload) (string, error) {
	call, cancel := context.WithTimeout(ctx, s.cfg.CarrierTimeout)
	defer cancel()
	answer, err := s.ask(call, q, s.carrier.Query)
	if text, ok := s.queryText(q, answer, err); ok {
		return text, nil
	}
	return "", err
}

// sendAnswer sends a text by a customer-service message, or by SMS when the platform will
// never deliver it.
func (s *Service) sendAnswer(ctx context.Context, env job.Envelope, q queryPayload, text string) error {
	err := s.wechat.CustomSend(ctx, q.Account, q.OpenID, text)
	if err == nil {
		s.handed(env.Created)
		return nil
	}
	err = fmt.Errorf("send answer to a query: %w", err)
	switch age := s.cfg.Now().Sub(env.Created); wechatapi.ErrorClass(err) {
	case wechatapi.ClassUnknown:
		return job.Retry(err)
	case wechatapi.ClassMessage:
	default:
		if age < answerFor {
			return job.Postpone(job.Patience(age), err)
		}
	}
	return s.answerBySMS(ctx, env, q, text, err)
}

// answerBySMS is the other way of an answer. The carrier swallows a repeat by its serial.
func (s *Service) answerBySMS(ctx context.Context, env job.Envelope, q queryPayload, text string, because error) error {
	if s.carrier == nil {
		return job.GiveUp(because)
	}
	s.log.Info("query is answered by SMS", "job", env.Key, "because", because)
	call, cancel := context.WithTimeout(ctx, s.cfg.CarrierTimeout)
	defer cancel()
	err := s.carrier.SendSMS(call, serialOf(env.Key), q.Phone, text)
	if refused, ok := errors.AsType[*carrier.RefusedError](err); ok && refused.Final() {
		return job.GiveUp(errors.Join(because, err))
	}
	if err != nil {
		return job.Retry(errors.Join(because, err))
	}
	return nil
}

// endQuery tells the follower of a query whose attempts have ended: the callback has
// promised an answer. It is the answer itself where only the platform stood in the way.
func (s *Service) endQuery(ctx context.Context, env job.Envelope, cause error) error {
	var q queryPayload
	if err := env.Decode(&q); err != nil {
		return err
	}
	if s.cfg.Now().Sub(env.Created) >= answerFor+tellFor {
		return job.GiveUp(cause) // neither way is open
	}
	text := notHadText(q.Name)
	if class := wechatapi.ErrorClass(cause); class == wechatapi.ClassUnknown || class == wechatapi.ClassMessage {
		if answer, err := s.lateAnswer(ctx, q); err == nil {
			text = answer
		}
		return s.answerBySMS(ctx, env, q, text, cause)
	}
	err := s.sendAnswer(ctx, env, q, text)
	if err != nil && wechatapi.ErrorClass(err) == wechatapi.ClassUnknown {
		return s.answerBySMS(ctx, env, q, text, err)
	}
	return err
}

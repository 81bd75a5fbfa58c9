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

// By which way a follower was told.
const (
	ToldTemplate = "template"
	toldSMS      = "sms"
	toldNobody   = "nobody" // both ways are closed for good
)

// tellJob asks for a follower to be told how an order ended. It carries an order that was
// just done, so that it need not be read; the serial alone of any other.
func tellJob(known Order, at time.Time) (job.Envelope, error) {
	return tellType(Places{}).New(known.Serial, known, at)
}

// runTell makes one attempt to tell how an order ended: of a top-up first where the money is
// kept, and the follower: by template
// message, whose client_msg_id lets the platform swallow a repeat, or by SMS
// when the platform will never deliver it (BIZ-4).
func (s *Service) runTell(ctx context.Context, env job.Envelope) error {
	var o Order
	err := env.Decode(&o)
	if err != nil {
		return err
	}
	if env.Again || o.State != StateDone { // another worker may have told it
		o, err = s.store.Order(ctx, o.Serial)
	}
	switch {
	case errors.Is(err, ErrNoOrder):
		return job.GiveUp(fmt.Errorf("tell %s: %w", env.Key, err))
	case err != nil:
		return job.Retry(fmt.Errorf("tell %s: %w", env.Key, err))
	case o.Told != "":
		return nil
	case !o.State.Finished():
		return job.GiveUp(fmt.Errorf("tell order %s: it is still %s", o.Serial, o.State))
	}
	if err := s.settleMoney(ctx, o); err != nil {
		return job.Retry(err)
	}
	way, err := s.tell(ctx, o)
	if err != nil {
		err = fmt.Errorf("tell order %s: %w", o.Serial, err)
		wait, cancel := s.afterCall(ctx)
		defer cancel()
		if kept := s.store.OrderWaits(wait, o.Serial); kept != nil {
			err = errors.Join(err, kept)
		}
		switch wechatapi.ErrorClass(err) {
		case wechatapi.ClassUnknown, wechatapi.ClassMessage:
			return job.Retry(err)
		default:
			return job.Postpone(job.Patience(s.cfg.Now().Sub(o.Created)), err)
		}
	}
	return s.told(ctx, o, way)
}

// told notes that an order is told.
func (s *Service) told(ctx context.Context, o Order, way string) error {
	ctx, cancel := s.afterCall(ctx)
	defer cancel()
	if err := s.store.MarkTold(ctx, o.Serial, way); err != nil {
		return job.Retry(fmt.Errorf("note that order %s is told: %w", o.Serial, err))
	}
	return nil
}

// tell tells by template message. What the platform refuses for good is told by SMS, and
// what it did not take for a day: before, it may take it once it is mended or back.
func (s *Service) tell(ctx context.Context, o Order) (way string, err error) {
	result := "办理成功"
	if o.State == StateFailed {
		result = "办理未成功"
	}
	form := s.cfg.Results[o.Account].orDefault()
	err = s.wechat.TemplateSend(ctx, o.Account, wechatapi.Template{
		OpenID: o.OpenID, TemplateID: form.ID, ClientMsgID: o.Serial,
		Data: map[string]string{form.Text: resultText(o), form.Product: o.Name, form.Result: result, form.Serial: o.Serial},
	})
	if err == nil {
		s.handed(o.Created)
		return ToldTemplate, nil
	}
	if !wechatapi.IsPermanent(err) && s.cfg.Now().Sub(o.Created) < tellFor {
		return "", err
	}
	return s.tellBySMS(ctx, o, err)
}

// tellBySMS is the other way.
func (s *Service) tellBySMS(ctx context.Context, o Order, because error) (way string, err error) {
	s.log.Info("order is told by SMS", "serial", o.Serial, "because", because)
	if s.carrier == nil {
		return "", errors.Join(because, errors.New("no carrier is configured"))
	}
	call, cancel := context.WithTimeout(ctx, s.cfg.CarrierTimeout)
	defer cancel()
	sms := s.carrier.SendSMS(call, o.Serial, o.Phone, resultText(o))
	var refused *carrier.RefusedError
	switch {
	case sms == nil:
		return toldSMS, nil
	case errors.As(sms, &refused) && refused.Final():
		s.log.Error("order cannot be told", "serial", o.Serial, "platform", because, "carrier", sms)
		return toldNobody, nil
	}
	return "", errors.Join(because, sms)
}

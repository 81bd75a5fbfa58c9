package carrierapi

import (
	"context"
	"errors"
	"fmt"

	"oalab/server/carrier"
	"oalab/server/internal/resilience"
)

// ask makes a call of an operation whose answer the caller reads.
func ask[R carrier.Response](ctx context.Context, c *Client, req carrier.Request, answer R) (R, error) {
	var none R
	if err := c.call(ctx, req, answer); err != nil {
		return none, err
	}
	return answer, refusal(answer)
}

// do makes a call of an operation of which only the outcome counts.
func do(ctx context.Context, c *Client, req carrier.Request) error {
	answer := carrier.NewResponse(req.Operation())
	if err := c.call(ctx, req, answer); err != nil {
		return err
	}
	return refusal(answer)
}

// refusal is the *carrier.RefusedError of an answer, nil for success.
func refusal(answer carrier.Response) error {
	outcome := answer.Outcome()
	if err := outcome.Err(); err != nil {
		return fmt.Errorf("carrier %s: %w", answer.Operation(), err)
	}
	return nil
}

// Query makes a call of the family Query, or of another operation that changes nothing. The
// answer is the response of the request's operation; of a refusal it is returned too.
func (c *Client) Query(ctx context.Context, req carrier.Request) (carrier.Response, error) {
	if !carrier.Repeatable(req.Operation()) {
		return nil, fmt.Errorf("carrier %s changes something: it is no query", req.Operation())
	}
	return ask(ctx, c, req, carrier.NewResponse(req.Operation()))
}

// QueryNow is Query for a callback that waits: behind a bulkhead and a breaker, which refuse
// at once, so that a slow carrier holds up neither the process nor the follower.
func (c *Client) QueryNow(ctx context.Context, req carrier.Request) (carrier.Response, error) {
	op := req.Operation()
	answer, err := c.inline.Do(ctx, func(ctx context.Context) (carrier.Response, error) { return c.Query(ctx, req) })
	if errors.Is(err, resilience.ErrRefused) {
		c.calls.WithLabelValues(op).Inc()
		c.failed.WithLabelValues(op, string(ClassBreaker)).Inc()
		err = classify(op, err, false)
	}
	return answer, err
}

// OrderProduct orders a product under a serial number. It begins as carrier.EffectiveNow or
// carrier.EffectiveNextMonth say; "" is now.
func (c *Client) OrderProduct(ctx context.Context, serial, phone, product, effective string) error {
	return do(ctx, c, &carrier.OrderProductRequest{Serial: serial, Msisdn: phone, ProductCode: product, Effective: effective})
}

// QueryOrder asks what became of the call of an operation under a serial.
func (c *Client) QueryOrder(ctx context.Context, op, serial string) (*carrier.QueryOrderResponse, error) {
	return ask(ctx, c, &carrier.QueryOrderRequest{Serial: serial, Called: op}, &carrier.QueryOrderResponse{})
}

// ChangePackage gives a number another main package: carrier.EffectiveNow or
// carrier.EffectiveNextMonth.
func (c *Client) ChangePackage(ctx context.Context, serial, phone, code, effective string) error {
	return do(ctx, c, &carrier.ChangePackageRequest{Serial: serial, Msisdn: phone, PackageCode: code, Effective: effective})
}

// RedeemData gives a number data of a campaign, in MB.
func (c *Client) RedeemData(ctx context.Context, serial, phone string, mb int64, campaign string) error {
	return do(ctx, c, &carrier.RedeemDataRequest{Serial: serial, Msisdn: phone, MB: mb, Campaign: campaign})
}

// TopUp adds money to the balance of a number, in fen. ip is the address of the follower's
// device, "" when it is not known. The answer has the balance then.
func (c *Client) TopUp(ctx context.Context, serial, phone string, fen int64, ip string) (*carrier.TopUpResponse, error) {
	return ask(ctx, c, &carrier.TopUpRequest{Serial: serial, Msisdn: phone, Fen: fen, ClientIP: ip}, &carrier.TopUpResponse{})
}

// CheckPassword holds a service password against the one of a number. Of a wrong one the
// error is a *carrier.RefusedError, and the answer says how many tries are left. After an
// error of another kind the try may have counted.
func (c *Client) CheckPassword(ctx context.Context, phone, password, ip string) (*carrier.CheckPasswordResponse, error) {
	return ask(ctx, c, &carrier.CheckPasswordRequest{Msisdn: phone, Password: password, ClientIP: ip}, &carrier.CheckPasswordResponse{})
}

// QueryNumber asks whose a number is, and where it is from.
func (c *Client) QueryNumber(ctx context.Context, phone string) (*carrier.QueryNumberResponse, error) {
	return ask(ctx, c, &carrier.QueryNumberRequest{Msisdn: phone}, &carrier.QueryNumberResponse{})
}

// SendSMS sends a text to a number, once per serial.
func (c *Client) SendSMS(ctx context.Context, serial, phone, text string) error {
	return do(ctx, c, &carrier.SendSMSRequest{Serial: serial, Msisdn: phone, Text: text})
}

// SendCode sends a verification code to a number, once per serial. The text says for how many
// minutes it is taken.
func (c *Client) SendCode(ctx context.Context, serial, phone, code string, minutes int64) error {
	return do(ctx, c, &carrier.SendCodeRequest{Serial: serial, Msisdn: phone, Code: code, Minutes: minutes})
}

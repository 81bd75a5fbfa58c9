package carrierapi

import (
	"context"
	"errors"
	"fmt"

	"oalab/server/carrier"
	"oalab/server/internal/resilience"
)

// QueryUsage asks what a number has used in a month (yyyyMM).
func (c *Client) QueryUsage(ctx context.Context, phone, month string) (*carrier.QueryUsageResponse, error) {
	var answer carrier.QueryUsageResponse
	if err := c.call(ctx, &carrier.QueryUsageRequest{Msisdn: phone, Month: month}, &answer); err != nil {
		return nil, err
	}
	return &answer, refusal(carrier.OpQueryUsage, &answer.Result)
}

// QueryUsageNow is QueryUsage for a callback that waits: behind a bulkhead and a
// breaker, which refuse at once, so that a slow carrier holds up neither the
// process nor the follower.
func (c *Client) QueryUsageNow(ctx context.Context, phone, month string) (*carrier.QueryUsageResponse, error) {
	answer, err := c.inline.Do(ctx, func(ctx context.Context) (*carrier.QueryUsageResponse, error) {
		return c.QueryUsage(ctx, phone, month)
	})
	if errors.Is(err, resilience.ErrRefused) {
		c.calls.WithLabelValues(carrier.OpQueryUsage).Inc()
		c.failed.WithLabelValues(carrier.OpQueryUsage, string(ClassBreaker)).Inc()
		err = classify(carrier.OpQueryUsage, err, false)
	}
	return answer, err
}

// OrderProduct orders a product under a serial number.
func (c *Client) OrderProduct(ctx context.Context, serial, phone, product string) error {
	var answer carrier.OrderProductResponse
	if err := c.call(ctx, &carrier.OrderProductRequest{Serial: serial, Msisdn: phone, ProductCode: product}, &answer); err != nil {
		return err
	}
	return refusal(carrier.OpOrderProduct, &answer.Result)
}

// QueryOrder asks what became of an order.
func (c *Client) QueryOrder(ctx context.Context, serial string) (*carrier.QueryOrderResponse, error) {
	var answer carrier.QueryOrderResponse
	if err := c.call(ctx, &carrier.QueryOrderRequest{Serial: serial}, &answer); err != nil {
		return nil, err
	}
	return &answer, refusal(carrier.OpQueryOrder, &answer.Result)
}

// SendSMS sends a text to a number, once per serial.
func (c *Client) SendSMS(ctx context.Context, serial, phone, text string) error {
	var answer carrier.SendSMSResponse
	if err := c.call(ctx, &carrier.SendSMSRequest{Serial: serial, Msisdn: phone, Text: text}, &answer); err != nil {
		return err
	}
	return refusal(carrier.OpSendSMS, &answer.Result)
}

// refusal is the *carrier.RefusedError of an answer, nil for success.
func refusal(op string, r *carrier.Result) error {
	if err := r.Err(); err != nil {
		return fmt.Errorf("carrier %s: %w", op, err)
	}
	return nil
}

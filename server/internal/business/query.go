package business

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"oalab/server/carrier"
)

// How the carrier writes days and months.
const (
	dayForm   = "20060102"
	monthForm = "200601"
)

// historyCount is how many changes of the points a follower is told.
const historyCount = 10

// questions make the carrier's request of a query, by its operation. day is that of the
// message, on the carrier's clock.
var questions = map[string]func(phone, day string) carrier.Request{
	carrier.OpQueryUsage: func(phone, day string) carrier.Request {
		return &carrier.QueryUsageRequest{Msisdn: phone, Month: day[:len(monthForm)]}
	},
	carrier.OpQueryBillDay: func(phone, day string) carrier.Request {
		return &carrier.QueryBillDayRequest{Msisdn: phone, Day: day}
	},
	carrier.OpQueryBillMonth: func(phone, day string) carrier.Request {
		return &carrier.QueryBillMonthRequest{Msisdn: phone, Month: day[:len(monthForm)]}
	},
	carrier.OpQueryPackage: func(phone, _ string) carrier.Request { return &carrier.QueryPackageRequest{Msisdn: phone} },
	carrier.OpQueryPoints:  func(phone, _ string) carrier.Request { return &carrier.QueryPointsRequest{Msisdn: phone} },
	carrier.OpQueryPointsHistory: func(phone, _ string) carrier.Request {
		return &carrier.QueryPointsHistoryRequest{Msisdn: phone, Count: historyCount}
	},
	carrier.OpQueryBalance: func(phone, _ string) carrier.Request { return &carrier.QueryBalanceRequest{Msisdn: phone} },
}

// QueryOperations are the operations of the carrier that a query of the catalogue can name,
// sorted.
func QueryOperations() []string { return slices.Sorted(maps.Keys(questions)) }

func isQuery(operation string) bool { return questions[operation] != nil }

// ask asks the carrier, unless it was asked the same about the number just before.
func (s *Service) ask(
	ctx context.Context, q queryPayload, carrierAsk func(context.Context, carrier.Request) (carrier.Response, error),
) (carrier.Response, error) {
	operation, day := cmp.Or(q.Operation, carrier.OpQueryUsage), cmp.Or(q.Day, q.Month+"01")
	question := questions[operation]
	if question == nil || len(day) != len(dayForm) {
		return nil, fmt.Errorf("a query of the operation %q and the day %q is not known", operation, day)
	}
	request := question(q.Phone, day)
	if s.cfg.Recent == nil {
		return carrierAsk(ctx, request)
	}
	name := operation + " " + day
	raw, mark, found, asked := s.cfg.Recent.Get(ctx, q.Phone, name)
	if found {
		kept := carrier.NewResponse(operation)
		if err := carrier.DecodeResponse(raw, kept); err == nil { // otherwise it is of another version
			return kept, nil
		}
	}
	answer, err := carrierAsk(ctx, request)
	if err == nil && asked {
		s.cfg.Recent.Put(ctx, q.Phone, name, mark, carrier.EncodeResponse(carrier.SOAP11, answer))
	}
	return answer, err
}

// changed ends what is kept of a number, before its follower hears of the change.
func (s *Service) changed(ctx context.Context, phone string) {
	if s.cfg.Recent == nil {
		return
	}
	ctx, cancel := s.afterCall(ctx)
	defer cancel()
	s.cfg.Recent.Forget(ctx, phone)
}

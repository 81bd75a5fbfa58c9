package pay

import "oalab/mockwechat/ledger"

// Bill is what the payment sheet of a phone shows.
type Bill struct {
	Payee       string `json:"payee"`
	Description string `json:"description"`
	Fen         int64  `json:"fen"`
}

// Look is what a follower is asked to pay, without paying it. The error is the one that
// [Server.Pay] would join to ErrPayment.
func (s *Server) Look(openID string, sheet Sheet) (Bill, error) {
	a, o, unlock, err := s.payable(openID, sheet, &ledger.Call{At: s.p.Now()})
	if err != nil {
		return Bill{}, err
	}
	defer unlock()
	return Bill{Payee: a.Config.Name, Description: o.asked.Description, Fen: o.asked.Amount.Total}, nil
}

package figure

import (
	"oalab/scenarios/account"
	"oalab/scenarios/stat"
)

// tokenRows is what readers got of control nodes, and what it cost the platform.
var tokenRows = []Row{
	{Name: "token_reads", Unit: UnitCount, Words: "reads of tokens at control nodes"},
	{Name: "token_reads_failed", Unit: UnitCount, Words: "reads that were given no token", Better: Lower, Time: ByMachine},
	{Name: "token_reads_dead", Unit: UnitCount, Words: "reads that were given a dead token, or one that was never issued to the account", Better: Lower},
	{Name: "tokens_issued", Unit: UnitCount, Words: "tokens that the platform issued while the load lasted"},
	{Name: "tokens_given_again", Unit: UnitCount, Words: "calls by which the platform gave a token out once more: its first answer was lost, or the node that had it died"},
	{Name: "tokens_per_account_max", Unit: UnitCount, Words: "most tokens that the platform issued to an account while the load lasted", Better: Lower},
	{Name: "renewals_peak_per_s", Unit: UnitRate, Words: "most calls for tokens that came to the platform within a second", Better: Lower, Time: ByMachine},
	{Name: "token_read_p99_s", Unit: UnitSeconds, Words: "time of a read that asked a node, 99 of 100", Better: Lower, Time: ByMachine},
}

// tokenReads adds the figures of an arm with a load of token reads.
func (r *reckoning) tokenReads() {
	reads := account.TokenReads(r.arm)
	if len(reads) == 0 {
		return
	}
	failed, dead := 0, 0
	for _, t := range reads {
		failed += stat.Indicator(t.Token == "")
		dead += stat.Indicator(t.Fate == account.ReadDead || t.Fate == account.ReadStrange)
	}
	took := account.AskedS(reads, "")
	issued, again, most := account.IssuedIn(r.arm)
	r.count("token_reads", len(reads), len(reads))
	r.count("token_reads_failed", failed, len(reads))
	r.count("token_reads_dead", dead, len(reads))
	r.count("tokens_issued", issued, issued)
	r.count("tokens_given_again", again, issued)
	r.count("tokens_per_account_max", most, issued)
	peak, calls := account.TokenCallsPeak(r.arm)
	r.add("renewals_peak_per_s", float64(peak), calls)
	if len(took) > 0 {
		r.add("token_read_p99_s", stat.Quantile(took, 0.99), len(took))
	}
}

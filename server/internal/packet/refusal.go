package packet

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Refusal is a request that was understood and not done, with the words for the follower.
// Nothing was changed.
type Refusal struct {
	// Reason is the word for programs: the metric's label, and reason in the answer.
	Reason string
	// Status is that of HTTP.
	Status int
	// Text is what the follower reads.
	Text string
	// When says what leads to it, for the page of the API.
	When string
}

// Error is the text for the follower.
func (r *Refusal) Error() string { return r.Text }

// The refusals of the API.
var (
	refuseForm     = &Refusal{"form", http.StatusBadRequest, "请求格式有误。", "the body is not the JSON object of the call, or a value has no possible form"}
	refuseSerial   = &Refusal{"serial", http.StatusBadRequest, "请求流水号有误。", "the serial is not of 1 to 64 letters, digits, `-` and `_`"}
	refuseKind     = &Refusal{"kind", http.StatusBadRequest, "红包类型有误。", "the kind is neither `equal` nor `random`"}
	refuseWish     = &Refusal{"wish", http.StatusBadRequest, "祝福语过长或含有无效字符。", "the wish has more than 40 characters, or one that is not printed"}
	refuseNoShares = &Refusal{"no_shares", http.StatusBadRequest, "红包个数至少为 1 个。", "fewer shares than 1"}
	refuseShares   = &Refusal{"too_many_shares", http.StatusBadRequest, "红包个数超过上限。", "more shares than `packet.max_shares`"}
	refuseNoUnits  = &Refusal{"no_units", http.StatusBadRequest, "红包流量必须大于 0。", "an amount of 0 or below"}
	refuseUnits    = &Refusal{"too_many_units", http.StatusBadRequest, "红包流量超过单次上限。", "an amount above `packet.max_units`"}
	refuseFew      = &Refusal{"too_few_units", http.StatusBadRequest, "每个红包至少 1 MB，总流量不能少于红包个数。", "fewer units than shares"}
	refuseUneven   = &Refusal{"uneven", http.StatusBadRequest, "普通红包的总流量必须能按个数平分。", "the units of an equal packet are no multiple of its shares"}
	refuseSnapshot = &Refusal{"snapshot", http.StatusForbidden, "请进入完整页面并登录后再操作。", "the login is that of a snapshot page, whose openid is made up"}
	refusePrivate  = &Refusal{"not_for_you", http.StatusForbidden, "这个红包是发给其他人的。", "the packet is for another follower"}
	refuseUnknown  = &Refusal{"not_found", http.StatusNotFound, "红包不存在。", "the account has no packet of this id"}
	refusePoor     = &Refusal{"poor", http.StatusConflict, "您的流量余额不足。", "the balance is below the amount"}
	refuseReused   = &Refusal{"serial_used", http.StatusConflict, "该流水号已用于另一个红包。", "the serial came before, with another packet"}
	refuseOwn      = &Refusal{"own", http.StatusConflict, "不能领取自己发出的红包。", "the sender grabs"}
	refuseGrabbed  = &Refusal{"grabbed", http.StatusConflict, "您已领取过这个红包。", "a second grab; `units` is what the first one brought"}
	refuseSoldOut  = &Refusal{"sold_out", http.StatusConflict, "手慢了，红包已被领完。", "every share is taken"}
	refuseEnded    = &Refusal{"ended", http.StatusConflict, "红包已过期，剩余流量已退回发送者。", "the packet's time has passed"}
	refuseOpened   = &Refusal{"opened", http.StatusConflict, "今天的系统红包已领取，明天再来吧。", "the daily packet was opened today"}
	refuseNoDaily  = &Refusal{"no_daily", http.StatusConflict, "多参与互动，即可领取每日系统红包。", "`packet.daily` has nothing for the follower's activity"}
	refuseOften    = &Refusal{"too_often", http.StatusTooManyRequests, "操作过于频繁，请稍后再试。", "more calls of one follower than `packet.sends_per_minute` or `packet.grabs_per_minute`"}
	refuseBusy     = &Refusal{"busy", http.StatusServiceUnavailable, "抢红包的人太多了，请再试一次。", "all shares that are left are being grabbed at this moment"}
	refuseAway     = &Refusal{"unavailable", http.StatusServiceUnavailable, "系统繁忙，请稍后再试。", "the database does not answer, or it is not known whether the change is stored; the same request again is safe"}
)

// Refusals lists them all, in the order of their statuses.
func Refusals() []*Refusal {
	return []*Refusal{
		refuseForm, refuseSerial, refuseKind, refuseWish, refuseNoShares, refuseShares, refuseNoUnits, refuseUnits, refuseFew, refuseUneven,
		refuseSnapshot, refusePrivate, refuseUnknown, refusePoor, refuseReused, refuseOwn, refuseGrabbed, refuseSoldOut, refuseEnded,
		refuseOpened, refuseNoDaily, refuseOften, refuseBusy, refuseAway,
	}
}

// refusalOf is how the API says an error of the store; nil for one that is no refusal.
func refusalOf(err error) *Refusal {
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r
	}
	for _, entry := range []struct {
		err error
		as  *Refusal
	}{
		{ErrNoPacket, refuseUnknown}, {ErrOwn, refuseOwn}, {ErrNotForYou, refusePrivate}, {ErrGrabbed, refuseGrabbed}, {ErrSoldOut, refuseSoldOut},
		{ErrEnded, refuseEnded}, {ErrBusy, refuseBusy}, {ErrPoor, refusePoor}, {ErrSerialUsed, refuseReused}, {ErrRepeated, refuseOpened},
	} {
		if errors.Is(err, entry.err) {
			return entry.as
		}
	}
	return nil
}

// grabbedError is ErrGrabbed with what the follower has.
type grabbedError struct{ units int64 }

func (g grabbedError) Error() string { return fmt.Sprintf("%v: %d units", ErrGrabbed, g.units) }

// Unwrap returns ErrGrabbed.
func (grabbedError) Unwrap() error { return ErrGrabbed }

// oftenError is refuseOften with the time after which there is room.
type oftenError struct{ wait time.Duration }

func (o oftenError) Error() string { return refuseOften.Text }

// Unwrap returns the refusal.
func (oftenError) Unwrap() error { return refuseOften }
